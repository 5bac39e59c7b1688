//! The opened PDF: its page count, its survey, its pages.

use std::sync::Arc;

use hayro_interpret::{InterpreterCache, kurbo::Rect as Box2};
use hayro_syntax::{
    DecryptionError, LoadPdfError, Pdf,
    object::{Dict, Name, Object},
    page::Page,
};
use image::DynamicImage;
use sohoa_document::{PageFacts, Placement, Rect, Scan};

use super::{
    active::active,
    content::{check_content, check_end, lost},
    decide::{self, Liftable},
    fields,
    lift::{Lifted, images_say, lift, refuse_lost},
    observe::{Observed, observe},
    render::{ARCHIVE_DPI, render},
    words,
};
use crate::{
    error::DecodeError,
    judge::{Cover, judge},
    limits::Limits,
    page::{DecodedPage, Keep, image_facts, note_findings},
    raster::{self, TARGET_DPI},
    samples::encode_pixels,
    survey::{Format, LayerQuality, Origin, Survey},
    white,
};

pub(crate) struct PdfFile {
    pdf: Pdf,
    limits: Limits,
    encrypted: bool,
}

impl PdfFile {
    pub(crate) fn open(bytes: Arc<Vec<u8>>, limits: &Limits) -> Result<Self, DecodeError> {
        check_end(&bytes)?;
        let encrypted = bytes.windows(8).any(|window| window == b"/Encrypt");
        let pdf = Pdf::new(bytes).map_err(|error| match error {
            LoadPdfError::Decryption(DecryptionError::MissingIDEntry) => {
                DecodeError::unreadable("an encrypted PDF without its identifier")
            }
            LoadPdfError::Decryption(_) => DecodeError::Encrypted,
            LoadPdfError::Invalid => {
                DecodeError::unreadable("a PDF without a readable list of pages")
            }
        })?;
        let file = Self { pdf, limits: *limits, encrypted };
        file.check_count()?;
        Ok(file)
    }

    pub(crate) fn page_count(&self) -> usize {
        self.pdf.pages().len()
    }

    /// The reader repairs silently; a page it could not find would be lost with no word.
    fn check_count(&self) -> Result<(), DecodeError> {
        let catalog = self.pdf.xref().get::<Dict<'_>>(self.pdf.xref().root_id());
        let tree = catalog.and_then(|catalog| catalog.get::<Dict<'_>>("Pages"));
        let declared = tree.and_then(|tree| tree.get::<i64>("Count"));
        let found = u32::try_from(self.page_count()).unwrap_or(u32::MAX);
        match declared.map(u32::try_from) {
            Some(Ok(declared)) if declared == found || found == 0 => Ok(()),
            Some(Ok(declared)) => Err(DecodeError::PageCountMismatch { declared, found }),
            _ => Err(DecodeError::unreadable("a PDF whose list of pages is lost")),
        }
    }

    pub(crate) fn survey(&self) -> Result<Survey, DecodeError> {
        let cache = InterpreterCache::new();
        let mut survey = Survey {
            format: Format::Pdf,
            pages: self.page_count() as u32,
            origin: Origin::Paper,
            signed: self.is_signed(),
            active: active(&self.pdf),
            layers: Vec::new(),
            page_megapixels: Vec::new(),
            page_origins: Vec::new(),
        };
        for page in self.pdf.pages().iter() {
            let observed = match self.observe(page, &cache) {
                Ok(observed) => observed,
                Err(DecodeError::Encrypted) => return Err(DecodeError::Encrypted),
                // The page will be refused when it is asked for; the others are not to suffer.
                Err(_) => {
                    survey.layers.push(LayerQuality::None);
                    survey.page_origins.push(Some(Origin::Paper));
                    survey.page_megapixels.push(0.0);
                    continue;
                }
            };
            let layer = quality(&observed);
            survey.layers.push(layer);
            survey.page_origins.push(decide::origin(&observed, layer));
            survey.page_megapixels.push(megapixels(&observed));
        }
        let has = |origin| survey.page_origins.contains(&Some(origin));
        survey.origin = match (has(Origin::Paper), has(Origin::BornDigital)) {
            (true, true) => Origin::Mixed,
            (false, true) => Origin::BornDigital,
            (_, false) => Origin::Paper,
        };
        Ok(survey)
    }

    pub(crate) fn page(
        &self,
        index: usize,
        origin: Origin,
        keep: Keep,
    ) -> Result<DecodedPage, DecodeError> {
        let page = &self.pdf.pages()[index];
        let cache = InterpreterCache::new();
        let observed = self.observe(page, &cache)?;
        // Text that was read from the page's image by another engine is that engine's guess: what
        // it misread or did not see (a red stamp, a handwritten number) would count as printed.
        let good = quality(&observed) == LayerQuality::Good && !decide::to_be_read(&observed);
        let own = decide::origin(&observed, LayerQuality::Good) == Some(Origin::BornDigital);
        let layer = (good && own).then(|| words::layer(&observed));
        let mut decoded = if origin == Origin::BornDigital {
            self.original(page, &observed, good)?
        } else if let Some(liftable) = decide::liftable(&observed).filter(|_| keep == Keep::Stream)
        {
            self.lifted(page, &cache, &observed, &liftable)?
        } else {
            self.drawn(page, &observed)?
        };
        decoded.layer = layer;
        decoded.fields = fields::undrawn(page);
        if !decoded.fields.is_empty() {
            decoded.facts.findings.push("T06_FIELD_NOT_DRAWN".into());
        }
        Ok(decoded)
    }

    /// Interprets a page, and refuses images of absurd size before any is decoded.
    fn observe<'a>(
        &self,
        page: &'a Page<'a>,
        cache: &InterpreterCache<'a>,
    ) -> Result<Observed, DecodeError> {
        let checked = check_content(page);
        if checked.is_err() && self.encrypted {
            return Err(DecodeError::Encrypted);
        }
        let undefined = checked?;
        let observed = observe(page, cache, &self.limits)?;
        if undefined && !decide::shows(&observed) {
            return Err(lost("a picture"));
        }
        Ok(observed)
    }

    /// A page of a born-digital original: pixels only when something is left to recognise.
    fn original<'a>(
        &self,
        page: &'a Page<'a>,
        observed: &Observed,
        good: bool,
    ) -> Result<DecodedPage, DecodeError> {
        let mut raster = None;
        let mut raster_dpi = TARGET_DPI;
        if !good {
            let (pixels, dpi) = render(page, TARGET_DPI, &self.limits)?;
            refuse_empty(page, &pixels, observed)?;
            (raster, raster_dpi) = (Some(pixels), dpi);
        }
        let facts = PageFacts::default();
        Ok(DecodedPage::textless(None, (raster, raster_dpi), facts))
    }

    fn lifted<'a>(
        &self,
        page: &'a Page<'a>,
        cache: &InterpreterCache<'a>,
        observed: &Observed,
        liftable: &Liftable,
    ) -> Result<DecodedPage, DecodeError> {
        let lifted = lift(page, cache, liftable).map_err(|error| match error {
            DecodeError::Unreadable { .. } if self.encrypted => DecodeError::Encrypted,
            error => error,
        })?;
        let (mut facts, dpi) = facts_of(&lifted, liftable);
        let (raster, raster_dpi) = match (lifted.as_slice(), liftable.pieces.as_slice()) {
            ([only], [piece]) if fills(piece.bounds, observed.size) => {
                let size = stored_size(observed.size, liftable.rotation);
                raster::finish(only.pixels.clone(), size, liftable.rotation)
            }
            _ => render(page, TARGET_DPI.min(dpi), &self.limits)?,
        };
        note_findings(&mut facts);
        let scan = scan(lifted, liftable, observed.size);
        Ok(DecodedPage::textless(Some(scan), (Some(raster), raster_dpi), facts))
    }

    /// A page archived as it is drawn.
    fn drawn<'a>(
        &self,
        page: &'a Page<'a>,
        observed: &Observed,
    ) -> Result<DecodedPage, DecodeError> {
        let (pixels, dpi) = render(page, ARCHIVE_DPI, &self.limits)?;
        refuse_empty(page, &pixels, observed)?;
        if white::may_be_empty(&pixels) {
            refuse_lost(page, observed)?;
        }
        let image = encode_pixels(&pixels)?;
        let (width, height) = (observed.size.0 as f32, observed.size.1 as f32);
        let mut facts = drawn_facts(observed, image_facts(&image), dpi);
        let (raster, raster_dpi) = raster::finish(pixels, (width, height), 0);
        note_findings(&mut facts);
        let rect = Rect::new(0.0, 0.0, width, height);
        let scan = Scan { width, height, rotation: 0, images: vec![(Placement { rect }, image)] };
        Ok(DecodedPage::textless(Some(scan), (Some(raster), raster_dpi), facts))
    }

    /// Whether a signature field is filled: its value has a byte range.
    fn is_signed(&self) -> bool {
        self.pdf.objects().into_iter().any(|object| match object {
            Object::Dict(dict) => {
                dict.contains_key("ByteRange") && dict.contains_key("Contents")
                    || (dict.get::<Name<'_>>("FT").is_some_and(|kind| kind.as_ref() == b"Sig")
                        && dict
                            .get::<Dict<'_>>("V")
                            .is_some_and(|value| value.contains_key("ByteRange")))
            }
            _ => false,
        })
    }
}

/// The judged quality of a page's text layer.
fn quality(observed: &Observed) -> LayerQuality {
    let text = words::layer(observed);
    let drawn = decide::image_cover(observed) < 0.5 && !decide::to_be_read(observed);
    judge(&text, if drawn { Cover::Drawn } else { Cover::Image }).0
}

fn megapixels(observed: &Observed) -> f32 {
    let drawn = observed.size.0 * observed.size.1 * f64::from(ARCHIVE_DPI / 72.0).powi(2);
    let images: f64 = decide::images(observed)
        .map(|(image, _)| f64::from(image.finest.0) * f64::from(image.finest.1))
        .sum();
    let lifts = decide::liftable(observed).is_some();
    (if lifts { images } else { images + drawn } / 1e6) as f32
}

/// A page on which something visible was to be drawn must not come out white. Images of empty
/// sheets may: a scanner that parts a page in layers makes several of one.
fn refuse_empty<'a>(
    page: &'a Page<'a>,
    pixels: &DynamicImage,
    observed: &Observed,
) -> Result<(), DecodeError> {
    use super::observe::MarkKind::{Image, Paint, Text};
    if !raster::is_uniform(pixels) {
        return Ok(());
    }
    let shows = observed.marks.iter().any(|mark| match mark.kind {
        Image(_) => false,
        Paint { ink } => ink,
        Text => true,
    });
    let pictured = || observed.images > 0 && images_say(page) > white::LEAST_SAID;
    if shows || pictured() {
        return Err(DecodeError::White { what: "a page with content was drawn as an empty sheet" });
    }
    Ok(())
}

/// Facts of the largest lifted image, and the finest resolution among the pieces.
fn facts_of(lifted: &[Lifted], liftable: &Liftable) -> (PageFacts, f32) {
    let pairs = lifted.iter().zip(&liftable.pieces);
    let largest = pairs.max_by(|a, b| a.1.bounds.area().total_cmp(&b.1.bounds.area()));
    let Some((image, piece)) = largest else { return (PageFacts::default(), TARGET_DPI) };
    let mut facts = image_facts(&image.image);
    let (mut across, mut down) = (piece.bounds.width(), piece.bounds.height());
    if matches!(liftable.rotation, 90 | 270) {
        std::mem::swap(&mut across, &mut down);
    }
    let x = (f64::from(piece.width) / across * 72.0) as f32;
    let y = (f64::from(piece.height) / down * 72.0) as f32;
    (facts.dpi_x, facts.dpi_y) = (Some(x), Some(y));
    (facts, x.max(y))
}

/// Facts of a drawn page: the resolution is that of the scan under the drawing, if there is one.
fn drawn_facts(observed: &Observed, drawn: PageFacts, dpi: f32) -> PageFacts {
    // Of layers laid over one another, as some scanners make them, the finest counts.
    let scan = decide::scans(observed)
        .max_by_key(|image| u64::from(image.finest.0) * u64::from(image.finest.1));
    let Some(image) = scan else {
        return PageFacts {
            width_px: 0,
            height_px: 0,
            dpi_x: Some(dpi),
            dpi_y: Some(dpi),
            ..drawn
        };
    };
    let [a, b, c, d, ..] = image.transform.as_coeffs();
    let (width_px, height_px) = image.finest;
    let across = a.hypot(b) * f64::from(image.width);
    let down = c.hypot(d) * f64::from(image.height);
    PageFacts {
        width_px,
        height_px,
        dpi_x: Some((f64::from(width_px) / across * 72.0) as f32),
        dpi_y: Some((f64::from(height_px) / down * 72.0) as f32),
        ..drawn
    }
}

fn fills(bounds: Box2, size: (f64, f64)) -> bool {
    let slack = 0.004 * size.0.max(size.1);
    bounds.x0.abs() < slack
        && bounds.y0.abs() < slack
        && (bounds.x1 - size.0).abs() < slack
        && (bounds.y1 - size.1).abs() < slack
}

fn stored_size((width, height): (f64, f64), rotation: u16) -> (f32, f32) {
    match rotation {
        90 | 270 => (height as f32, width as f32),
        _ => (width as f32, height as f32),
    }
}

/// The page as stored: every box turned back by the rotation that the viewer will apply.
fn scan(lifted: Vec<Lifted>, liftable: &Liftable, size: (f64, f64)) -> Scan {
    let (w, h) = size;
    let back = |b: Box2| match liftable.rotation {
        90 => Box2::new(b.y0, w - b.x1, b.y1, w - b.x0),
        180 => Box2::new(w - b.x1, h - b.y1, w - b.x0, h - b.y0),
        270 => Box2::new(h - b.y1, b.x0, h - b.y0, b.x1),
        _ => b,
    };
    let (width, height) = stored_size(size, liftable.rotation);
    let placed = liftable.pieces.iter().zip(lifted).map(|(piece, lifted)| {
        let b = back(piece.bounds);
        let rect = Rect::new(b.x0 as f32, b.y0 as f32, b.x1 as f32, b.y1 as f32);
        (Placement { rect }, lifted.image)
    });
    Scan { width, height, rotation: liftable.rotation, images: placed.collect() }
}
