//! What a page worker sends its parent, for `tests/fuzz`: a child that hostile bytes took over may
//! send anything. No part of the crate's interface.

use sohoa_decode::{Format, LayerQuality, Origin, Survey};
use sohoa_document::{
    ArchiveImage, Barcodes, Codec, Colour, Line, Page, PageFacts, PageText, Placement, Rect, Scan,
    TextOrigin, Word,
};

use crate::{message::Reply, wire};

/// Reads frames until one is refused; a message that is understood is the same once sent on.
///
/// # Panics
/// Where it is not.
pub fn frames(mut bytes: &[u8]) {
    while let Ok(reply) = wire::read::<Reply>(&mut bytes) {
        let sent = encoded(&reply);
        let received: Reply = wire::read(&mut sent.as_slice()).expect("what was sent can be read");
        // By their bytes, for not every number equals itself.
        assert!(sent == encoded(&received), "a message changed on its way");
    }
}

/// Streams of frames that are in order.
pub fn good() -> Vec<Vec<u8>> {
    let survey = Survey {
        format: Format::Tiff,
        pages: 2,
        origin: Origin::Paper,
        signed: false,
        active: vec!["/JavaScript".into()],
        layers: vec![LayerQuality::None; 2],
        page_megapixels: vec![8.7, 0.1],
        page_origins: vec![None, Some(Origin::Paper)],
    };
    let frames = [Reply::Ready("tesseract 5".into()), Reply::Survey(survey), page()];
    let frames = frames.map(|reply| encoded(&reply));
    let whole = frames.concat();
    frames.into_iter().chain([whole]).collect()
}

fn page() -> Reply {
    let bbox = Rect::new(10.0, 20.0, 60.0, 32.0);
    let words = vec![Word { text: "Số:".into(), bbox, confidence: 0.9 }; 3];
    let line = Line { words, bbox, baseline: (32.0, 32.0), block: 1 };
    let mut text = PageText::empty(595.0, 842.0);
    (text.lines, text.origin) = (vec![line; 2], TextOrigin::Ocr);
    let image = ArchiveImage {
        data: vec![0; 40],
        codec: Codec::Jpeg { inverted: false },
        width: 8,
        height: 8,
        bits: 8,
        colour: Colour::Gray,
        inverted: false,
        icc: None,
        original_stream: true,
    };
    let images = vec![(Placement { rect: bbox }, image)];
    let scan = Some(Scan { width: 595.0, height: 842.0, rotation: 0, images });
    let facts = PageFacts { findings: vec!["I05_BLANK".into()], ..PageFacts::default() };
    Reply::Page(Box::new(Page { number: 1, scan, text, barcodes: Barcodes::default(), facts }))
}

fn encoded(reply: &Reply) -> Vec<u8> {
    let mut sent = Vec::new();
    wire::write(&mut sent, reply).expect("a message fits a frame");
    sent
}
