//! Text from operators, file systems and pages.

use std::cmp::Ordering;

use sohoa_barcode::codes;
use sohoa_document::{Line, PageText, Part, Rect, Stamp, TextOrigin, Word};
use sohoa_extract::{Context, doubtful, extract, secrecy, unsettled_signature};
use sohoa_schemas::config::Config;
use sohoa_source::{
    identity::{DossierName, dossier_uid},
    order::compare,
};

/// The configuration file.
pub(crate) fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(config) = toml::from_str::<Config>(text) else { return };
    let written = toml::to_string(&config).expect("what was read can be written");
    let again = toml::from_str::<Config>(&written).expect("what was written can be read");
    assert_eq!(format!("{config:?}"), format!("{again:?}"));
}

/// What a barcode says: the codes that are kept are of the form that is looked for.
pub(crate) fn barcode(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let dossiers = codes::dossier_codes(&text);
    for code in &dossiers {
        let _day = codes::received_on(code);
        assert!(codes::dossier_codes(code).contains(code), "`{code}` is not found in itself");
    }
    for code in &codes::procedure_codes(&text) {
        assert!(codes::same_procedure(code, code), "`{code}` is another than itself");
    }
}

/// Names, a line each: their order is one, and none has another's identity.
pub(crate) fn names(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let names: Vec<&str> = text.lines().take(4).collect();
    for a in &names {
        assert_eq!(compare(a, a), Ordering::Equal);
        let uid = dossier_uid(None, &DossierName::Dossier(a));
        assert_eq!(uid, dossier_uid(None, &DossierName::Dossier(a)));
        for b in &names {
            let order = compare(a, b);
            assert_eq!(order, compare(b, a).reverse());
            assert_eq!(order == Ordering::Equal, a == b, "two names in one place");
            for c in &names {
                if order.is_le() && compare(b, c).is_le() {
                    assert!(compare(a, c).is_le(), "`{a}` `{b}` `{c}`");
                }
            }
        }
    }
}

/// A page: a line each, a tab to the right some columns further on.
pub(crate) fn page(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<Line> = (0_u16..120).zip(text.lines()).filter_map(line).collect();
    let mut page = PageText { lines, origin: TextOrigin::Ocr, ..PageText::empty(595.0, 842.0) };
    if let Some(place) = unsettled_signature(&page) {
        assert!(place.width() > 0.0 && place.height() > 0.0, "{place:?}");
        // Read again as it is, and with every line a stamp.
        page.signature.push(Part { place, lines: page.lines.clone() });
    }
    let framed = |(at, line): (usize, &Line)| Stamp { line: line.clone(), framed: at % 2 == 0 };
    page.stamps = page.lines.iter().enumerate().map(framed).collect();
    let settled = page.settled();
    assert!(settled.lines.iter().all(|line| !line.words.is_empty()), "{settled:?}");
    let _stamp = secrecy(&page);
    for zone in doubtful(&page) {
        assert!(zone.width() > 0.0 && zone.height() > 0.0, "{zone:?}");
    }
    let context = Context { scan_year: 2026, accept_line: 0.9 };
    let found = extract(&[(1, &page)], &context);
    assert_eq!(found.segments.len(), 1);
    let again = extract(&[(1, &page), (2, &page), (3, &page)], &context);
    assert!((1..=3).contains(&again.segments.len()));
}

fn line((number, row): (u16, &str)) -> Option<Line> {
    const LINE: f32 = 6.4;
    const LETTER: f32 = 6.2;
    let y = 50.0 + LINE * f32::from(number);
    let (mut x, mut words) = (60.0, Vec::new());
    for part in row.split([' ', '\t']).take(400) {
        if part.is_empty() {
            x += 4.0 * LETTER;
            continue;
        }
        let width = LETTER * part.chars().count() as f32;
        let bbox = Rect::new(x, y, x + width, y + 6.0);
        words.push(Word { text: part.to_owned(), bbox, confidence: 0.95 });
        x += width + LETTER;
    }
    let bbox = Rect::around(words.iter().map(|word| &word.bbox))?;
    Some(Line { words, bbox, baseline: (bbox.y1, bbox.y1), block: 0 })
}
