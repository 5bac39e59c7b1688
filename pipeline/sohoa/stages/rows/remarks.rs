//! What was seen and what was expected, for the findings of pages and of whole files.

use sohoa_decode::LayerQuality;
use sohoa_document::PageFacts;
use sohoa_flow::Rejection;
use sohoa_schemas::Code;

use crate::stages::{
    accept::Remark,
    read::{PageResult, ReadPage},
};

/// The findings of a page: what it shows, or why it was refused.
pub(crate) fn page_remarks(result: &PageResult, layer: LayerQuality) -> Vec<Remark> {
    let of_layer = match layer {
        LayerQuality::Junk => Some((Code::T01JunkLayer, "a text layer that is not Vietnamese")),
        LayerQuality::StampOnly => Some((Code::T02StampLayer, "the text of a stamp alone")),
        LayerQuality::Good | LayerQuality::None => None,
    };
    let of_layer = of_layer.map(|(code, seen)| Remark::seen(code, seen));
    let of_page: Vec<Remark> = match &result.page {
        Ok(page) => super::page_codes(result)
            .into_iter()
            .map(|code| Remark::seen(code, observed(code, page)))
            .collect(),
        Err(rejection) => vec![refusal(rejection)],
    };
    of_page.into_iter().chain(of_layer).collect()
}

/// The finding that a refusal is.
pub(crate) fn refusal(rejection: &Rejection) -> Remark {
    let Rejection { code, cause, seen_and_expected, .. } = rejection;
    match seen_and_expected.as_deref().cloned() {
        Some((seen, expected)) => Remark { expected: Some(expected), ..Remark::seen(*code, seen) },
        None => Remark::seen(*code, cause.error.to_string()),
    }
}

/// What a page showed that led to a code; nothing of its text.
fn observed(code: Code, page: &ReadPage) -> String {
    let facts = &page.facts;
    match code {
        Code::I01DpiLow => resolution(facts),
        Code::I02NotColour => format!("{} of {} bits", facts.colour_mode, facts.bit_depth),
        Code::I04Skew => facts.skew_deg.map_or_else(
            || "lines that lean".to_owned(),
            |lean| format!("lines that lean by {:.1} degrees", lean.abs()),
        ),
        Code::I05Blank => "nothing of a character's size".to_owned(),
        Code::I08DupPage => page.same_as.map_or_else(
            || "the image of another page".to_owned(),
            |number| format!("the image of page {number}"),
        ),
        Code::I12Rotated => format!(
            "a page that stands upright after {} degrees clockwise",
            page.rotation.unwrap_or_default()
        ),
        Code::M02LowConf => "words that are not valid text".to_owned(),
        Code::T03MarksRepaired => {
            format!("words whose tone marks were not read: {}", facts.repaired_words)
        }
        Code::T05LessCare => "a page that broke a bound when it was read with full care".to_owned(),
        Code::T06FieldNotDrawn => "a form field or a note without a picture of its text".to_owned(),
        Code::T07NotRead => "ink, and no word".to_owned(),
        code => code.as_str().to_owned(),
    }
}

fn resolution(facts: &PageFacts) -> String {
    match (facts.dpi_x, facts.dpi_y) {
        (Some(x), Some(y)) => format!("{x:.0} x {y:.0} dpi"),
        _ => format!("{} x {} pixels and no credible dpi", facts.width_px, facts.height_px),
    }
}

#[cfg(test)]
mod tests {
    use sohoa_document::{Barcodes, PageText};

    use super::*;
    use crate::stages::read::Place;

    fn page(facts: PageFacts) -> PageResult {
        let place = Place { number: 2, file: 0, number_in_file: 2 };
        let text = PageText::empty(595.0, 842.0);
        let page = ReadPage {
            readings: text.clone(),
            text,
            barcodes: Barcodes::default(),
            facts,
            rotation: Some(90),
            same_as: Some(1),
        };
        PageResult { place, page: Ok(page) }
    }

    #[test]
    fn every_code_that_a_page_may_carry_says_what_was_seen() {
        let codes = [
            (Code::I01DpiLow, "150 x 149 dpi"),
            (Code::I02NotColour, "bitonal of 1 bits"),
            (Code::I04Skew, "lines that lean by 3.2 degrees"),
            (Code::I05Blank, "nothing of a character's size"),
            (Code::I08DupPage, "the image of page 1"),
            (Code::I12Rotated, "a page that stands upright after 90 degrees clockwise"),
            (Code::M02LowConf, "words that are not valid text"),
            (Code::T03MarksRepaired, "words whose tone marks were not read: 7"),
            (Code::T05LessCare, "a page that broke a bound when it was read with full care"),
            (Code::T06FieldNotDrawn, "a form field or a note without a picture of its text"),
            (Code::T07NotRead, "ink, and no word"),
        ];
        let facts = PageFacts {
            dpi_x: Some(150.2),
            dpi_y: Some(149.1),
            skew_deg: Some(-3.21),
            colour_mode: "bitonal".into(),
            bit_depth: 1,
            repaired_words: 7,
            findings: codes.iter().map(|(code, _)| code.to_string()).collect(),
            ..PageFacts::default()
        };
        let remarks = page_remarks(&page(facts), LayerQuality::None);
        let seen: Vec<_> = remarks.iter().map(|r| (r.code, r.observed.as_deref())).collect();
        assert_eq!(seen, codes.map(|(code, seen)| (code, Some(seen))));
    }

    #[test]
    fn a_page_that_does_not_say_its_resolution_says_its_pixels() {
        let facts = PageFacts {
            width_px: 1240,
            height_px: 1754,
            findings: vec!["I01_DPI_LOW".into()],
            ..PageFacts::default()
        };
        let remarks = page_remarks(&page(facts), LayerQuality::Junk);
        assert_eq!(remarks[0].observed.as_deref(), Some("1240 x 1754 pixels and no credible dpi"));
        assert_eq!(remarks[1].code, Code::T01JunkLayer);
        assert!(remarks[1].observed.is_some());
    }

    #[test]
    fn a_refusal_says_both_sides_where_it_knows_them() {
        let plain = refusal(&Rejection::new(Code::F03Encrypted, "decode", "the file is locked"));
        assert_eq!(plain.observed.as_deref(), Some("the file is locked"));
        let pages = Rejection::new(Code::I10PageCountMismatch, "read", "2 pages")
            .held_against("2 pages in the file", "3 pages by its manifest");
        let pages = refusal(&pages);
        assert_eq!(pages.observed.as_deref(), Some("2 pages in the file"));
        assert_eq!(pages.expected.as_deref(), Some("3 pages by its manifest"));
    }
}
