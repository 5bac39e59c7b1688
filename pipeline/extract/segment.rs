//! Several documents in one file, only where the evidence is strong.
//!
//! A page starts another document when its top has the national title, a number line with a
//! notation and a date line that is filled. Forms in an annex carry the same letterhead with blank
//! number and date, so blanks never start a document. Less evidence leaves one segment.

use sohoa_document::PageText;

use crate::{
    assemble,
    fields::{Context, Extraction, Segment},
    rows::Sheet,
    zones::Head,
};

/// Cuts the pages into documents and reads each.
pub(crate) fn extract(pages: &[(u32, &PageText)], context: Context) -> Extraction {
    let sheets: Vec<Sheet<'_>> = pages.iter().map(|(page, text)| Sheet::new(*page, text)).collect();
    let mut starts = vec![0];
    let later = sheets.iter().enumerate().skip(1);
    starts.extend(later.filter(|(_, sheet)| starts_document(sheet, context)).map(|(at, _)| at));
    let ends = starts.iter().skip(1).copied().chain([sheets.len()]);
    let segments = starts.iter().zip(ends).filter_map(|(from, to)| {
        let sheets = &sheets[*from..to];
        let (first, last) = (sheets.first()?, sheets.last()?);
        let (fields, findings) = assemble::read(sheets, context);
        Some(Segment { page_from: first.page, page_to: last.page, fields, findings })
    });
    Extraction { segments: segments.collect() }
}

fn starts_document(sheet: &Sheet<'_>, context: Context) -> bool {
    let head = Head::find(sheet);
    if !head.is_first_page() {
        return false;
    }
    let notation = head.number.as_ref().and_then(|number| number.read(None).notation);
    let filled = head.date.as_ref().is_some_and(|date| date.read(context.scan_year).month_known());
    notation.is_some_and(|notation| notation.probability > 0.6) && filled
}

#[cfg(test)]
mod tests {
    use crate::testing::{Paper, context, extract};

    #[test]
    fn a_second_letterhead_starts_a_second_document() {
        let file = [Paper::decision(), Paper::decision()];
        let found = extract(&file, context());
        let ranges: Vec<_> = found.segments.iter().map(|s| (s.page_from, s.page_to)).collect();
        assert_eq!(ranges, [(1, 1), (2, 2)]);
    }

    #[test]
    fn a_blank_form_with_a_letterhead_is_an_annex() {
        let form = Paper::letterhead(
            "UBND XÃ MẪU",
            "Số:      /GM-UBND",
            "Mẫu, ngày ... tháng ... năm ....",
        );
        let found = extract(&[Paper::decision(), form], context());
        assert_eq!(found.segments.len(), 1);
        assert_eq!(found.segments[0].page_to, 2);
    }

    #[test]
    fn no_pages_no_document() {
        assert!(extract(&[], context()).segments.is_empty());
    }
}
