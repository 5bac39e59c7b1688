//! Every codec, turn and strip shows what was scanned, and its stream is the scanner's own.

use hayro::{
    PixmapSettings, RenderCache, RenderSettings,
    hayro_interpret::InterpreterSettings,
    hayro_syntax::{Pdf, object::Stream},
    vello_cpu::{Pixmap, color::palette::css::WHITE},
};
use sohoa_document::{Codec, PageText};

use crate::samples;

fn render(pdf: &Pdf) -> Pixmap {
    let settings = PixmapSettings { x_scale: 2.0, y_scale: 2.0, bg_color: WHITE };
    hayro::render(
        &pdf.pages()[0],
        &RenderCache::new(),
        &InterpreterSettings::default(),
        &RenderSettings::default(),
        &settings,
    )
}

/// Mean of red, green and blue at a point of the upright page.
fn brightness(pixmap: &Pixmap, (x, y): (f32, f32)) -> u32 {
    let pixel = pixmap.sample((2.0 * x) as u16, (2.0 * y) as u16);
    (u32::from(pixel.r) + u32::from(pixel.g) + u32::from(pixel.b)) / 3
}

/// Bars are dark where words are, and the page is bright left of each line and between lines.
fn shows_the_bars(pixmap: &Pixmap, text: &PageText) -> Result<(), String> {
    for line in &text.lines {
        for word in &line.words {
            let at = brightness(pixmap, word.bbox.centre());
            if at > 110 {
                return Err(format!("{} is not printed: {at}", word.text));
            }
        }
        let first = line.words[0].bbox;
        for point in [(first.x0 - 8.0, first.centre().1), (first.centre().0, first.y1 + 8.0)] {
            let at = brightness(pixmap, point);
            if at < 200 {
                return Err(format!("{point:?} is not blank: {at}"));
            }
        }
    }
    Ok(())
}

#[test]
fn every_page_shows_its_bars() {
    for sample in samples::all() {
        let file = samples::compose([(&sample.scan, &sample.text)]);
        let pdf = Pdf::new(file.out).unwrap();
        let pixmap = render(&pdf);
        let size = (f32::from(pixmap.width()), f32::from(pixmap.height()));
        assert!((size.0 - 2.0 * samples::PAGE.0).abs() < 2.0, "{}: {size:?}", sample.name);
        assert!((size.1 - 2.0 * samples::PAGE.1).abs() < 2.0, "{}: {size:?}", sample.name);
        let shown = shows_the_bars(&pixmap, &sample.text);
        assert_eq!(shown, Ok(()), "{}", sample.name);
    }
}

#[test]
fn every_stream_is_the_scanners_own() {
    for sample in samples::all() {
        let file = samples::compose([(&sample.scan, &sample.text)]);
        let pdf = Pdf::new(file.out).unwrap();
        for (index, (_, image)) in sample.scan.images.iter().enumerate() {
            let name = format!("I{index}");
            let stream: Stream<'_> =
                pdf.pages()[0].resources().x_objects.get(name.as_bytes()).unwrap();
            let kept = stream.raw_data();
            let boxed = image.codec == Codec::Jpx && kept.ends_with(&image.data);
            assert!(kept == image.data || boxed, "{}", sample.name);
            for key in ["Interpolate", "Alternates", "SMask"] {
                assert!(!stream.dict().contains_key(key), "{}", sample.name);
            }
        }
    }
}
