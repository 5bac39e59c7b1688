//! The file's own structure, and what an error leaves behind.

use std::{cell::Cell, io, rc::Rc};

use sohoa_compose::{ComposeError, Composer};
use sohoa_document::{Colour, PageText, Placement, Rect, Scan};

use crate::samples;

fn blank() -> (Scan, PageText) {
    let (width, height) = samples::PAGE;
    (Scan { width, height, rotation: 0, images: Vec::new() }, PageText::empty(width, height))
}

/// Every entry of the table leads to the object it numbers, and `startxref` to the table.
#[test]
fn the_cross_reference_table_is_exact() {
    let samples = samples::all();
    let file = samples::compose(samples.iter().map(|sample| (&sample.scan, &sample.text))).out;
    assert!(file.starts_with(b"%PDF-1.7\n%"));
    assert!(file[10..14].iter().all(|byte| *byte > 127));
    let tail = String::from_utf8_lossy(&file[file.len() - 40..]).into_owned();
    let start: usize = tail
        .split("startxref\n")
        .nth(1)
        .unwrap()
        .strip_suffix("\n%%EOF\n")
        .unwrap()
        .parse()
        .unwrap();
    let table = std::str::from_utf8(&file[start..]).unwrap();
    let mut lines = table.split('\n');
    assert_eq!(lines.next(), Some("xref"));
    let size: usize = lines.next().unwrap().strip_prefix("0 ").unwrap().parse().unwrap();
    assert_eq!(lines.next(), Some("0000000000 65535 f "));
    for number in 1..size {
        let entry = lines.next().unwrap();
        assert_eq!(&entry[10..], " 00000 n ");
        let offset: usize = entry[..10].parse().unwrap();
        assert!(file[offset..].starts_with(format!("{number} 0 obj\n").as_bytes()), "{number}");
    }
    assert_eq!(lines.next(), Some("trailer"));
    assert!(lines.next().unwrap().contains(&format!("/Size {size}/")));
}

#[test]
fn the_same_pages_give_the_same_bytes() {
    let samples = samples::all();
    let once = || samples::compose(samples.iter().map(|sample| (&sample.scan, &sample.text)));
    let (first, second) = (once(), once());
    assert_eq!((first.pages as usize, first.bytes), (samples.len(), first.out.len() as u64));
    assert!(first.out == second.out && first.sha256 == second.sha256);
}

/// Pages that cannot be held, each for another reason.
fn refused() -> Vec<(&'static str, Scan)> {
    let sample = samples::all().into_iter().find(|sample| sample.name == "jpeg_rgb").unwrap();
    let change = |change: fn(&mut Scan)| {
        let mut scan = sample.scan.clone();
        change(&mut scan);
        scan
    };
    vec![
        ("rotation", change(|scan| scan.rotation = 17)),
        ("page size", change(|scan| scan.width = f32::INFINITY)),
        ("placement", change(|scan| scan.images[0].0 = Placement { rect: Rect::default() })),
        ("placement", change(|scan| scan.images[0].0.rect.x0 = f32::NAN)),
        ("cmyk", change(|scan| scan.images[0].1.colour = Colour::Cmyk)),
        ("channels", change(|scan| scan.images[0].1.colour = Colour::Gray)),
        ("width", change(|scan| scan.images[0].1.width += 1)),
        ("bits", change(|scan| scan.images[0].1.bits = 16)),
        ("no jpeg", change(|scan| scan.images[0].1.data = b"GIF89a".to_vec())),
        ("empty", change(|scan| scan.images[0].1.data.clear())),
        (
            "second image",
            change(|scan| {
                let mut bad = scan.images[0].clone();
                bad.1.width = 0;
                scan.images.push(bad);
            }),
        ),
    ]
}

#[test]
fn a_refused_page_leaves_the_file_as_it_was() {
    let (scan, text) = blank();
    let expected = samples::compose([(&scan, &text)]).out;
    let mut composer =
        Composer::new(Vec::new(), &samples::font(), &samples::description()).unwrap();
    for (name, refused) in refused() {
        let error = composer.add_page(&refused, &text).unwrap_err();
        let fits = match name {
            "rotation" | "page size" | "placement" => matches!(error, ComposeError::Page(_)),
            "cmyk" => matches!(error, ComposeError::CmykNeedsRecode { image: 0 }),
            "second image" => matches!(error, ComposeError::NotHeld { image: 1, .. }),
            _ => matches!(error, ComposeError::NotHeld { image: 0, .. }),
        };
        assert!(fits, "{name}: {error}");
    }
    composer.add_page(&scan, &text).unwrap();
    assert_eq!(composer.finish().unwrap().out, expected);
}

#[test]
fn a_document_without_pages_is_refused() {
    let composer = Composer::new(Vec::new(), &samples::font(), &samples::description()).unwrap();
    assert!(matches!(composer.finish(), Err(ComposeError::NoPages)));
}

/// Counts what passes and keeps nothing.
struct Counter(Rc<Cell<u64>>);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.set(self.0.get() + bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_page_has_left_when_it_is_added() {
    let sample = samples::all().into_iter().find(|sample| sample.name == "jpeg_rgb").unwrap();
    let written = Rc::new(Cell::new(0));
    let out = Counter(Rc::clone(&written));
    let mut composer = Composer::new(out, &samples::font(), &samples::description()).unwrap();
    let image = sample.scan.images[0].1.data.len() as u64;
    for _ in 0..500 {
        let before = written.get();
        composer.add_page(&sample.scan, &sample.text).unwrap();
        assert!(written.get() - before > image);
    }
    let before = written.get();
    let composed = composer.finish().unwrap();
    assert_eq!((composed.pages, composed.bytes), (500, written.get()));
    assert!(written.get() - before < 50_000, "the end holds offsets and the font alone");
}
