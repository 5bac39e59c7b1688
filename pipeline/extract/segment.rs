//! Several documents in one file, only where the evidence is strong.
//!
//! A page starts another document when its top has the national title, a number line with a
//! notation and a date line that is filled. Forms in an annex carry the same letterhead with blank
//! number and date, so blanks never start a document. Less evidence leaves one segment. A page with a
//! title over `(kèm theo Quyết định số …)` starts an attachment of the document before it.

use sohoa_document::PageText;

use crate::{
    assemble,
    attachment::{self, Attachment},
    fields::{Context, Extraction, Segment},
    rows::Sheet,
    zones::Head,
};

/// Cuts the pages into documents and reads each.
pub(crate) fn extract(pages: &[(u32, &PageText)], context: Context) -> Extraction {
    let sheets: Vec<Sheet<'_>> = pages.iter().map(|(page, text)| Sheet::new(*page, text)).collect();
    let mut segments: Vec<Segment> = Vec::new();
    // The last document of its own: attachments belong to it, not to each other.
    let mut main = 0;
    let starts = starts(&sheets, context);
    let ends = starts.iter().skip(1).map(|start| start.at).chain([sheets.len()]);
    for (start, end) in starts.iter().zip(ends) {
        let sheets = &sheets[start.at..end];
        let (Some(first), Some(last)) = (sheets.first(), sheets.last()) else { continue };
        let owner = segments.get(main).filter(|owner| start.belongs_to(owner));
        let parent = owner.map(|_| main);
        let (fields, findings) = match (start.lettered, owner) {
            (true, _) => assemble::read(sheets, context),
            (false, Some(owner)) => attachment::read(sheets, &owner.fields, context.accept_line),
            // The page names a paper that is not here: it stays with what it was scanned with, which
            // has been read up to it, so that its signer is not sought among other papers' pages.
            (false, None) => {
                if let Some(before) = segments.last_mut() {
                    before.page_to = last.page;
                }
                continue;
            }
        };
        if parent.is_none() {
            main = segments.len();
        }
        let (page_from, page_to) = (first.page, last.page);
        segments.push(Segment { page_from, page_to, parent, fields, findings });
    }
    Extraction { segments }
}

/// Where a document may start.
struct Start {
    /// Place of its first page.
    at: usize,
    /// Whether it has a letterhead of its own; the first page of a file needs none.
    lettered: bool,
    /// What it says it was issued with.
    mention: Option<Attachment>,
}

impl Start {
    fn belongs_to(&self, owner: &Segment) -> bool {
        self.mention.as_ref().is_some_and(|mention| mention.belongs_to(&owner.fields))
    }
}

fn starts(sheets: &[Sheet<'_>], context: Context) -> Vec<Start> {
    let look = |(at, sheet): (usize, &Sheet<'_>)| {
        let lettered = at == 0 || starts_document(sheet, context);
        let mention = attachment::start(sheet).filter(|_| at > 0);
        (lettered || mention.is_some()).then_some(Start { at, lettered, mention })
    };
    sheets.iter().enumerate().filter_map(look).collect()
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

    fn attached(title: &str, mention: &str) -> Paper {
        Paper::default()
            .line(270.0, 60.0, title)
            .line(200.0, 78.0, "Số hóa hồ sơ trên địa bàn tỉnh")
            .line(150.0, 96.0, mention)
            .line(90.0, 130.0, "Điều 1. Phạm vi điều chỉnh")
    }

    #[test]
    fn what_is_issued_with_a_decision_is_its_attachment() {
        for mention in [
            "(Ban hành kèm theo Quyết định số 2114/QĐ-UBND ngày 01 tháng 6 năm 2020)",
            "(Ban hành kèm theo Quyết định số: ....../QĐ-UBND ngày ... tháng ... năm 2020)",
            "(Kèm theo Quyết định số       /QĐ-UBND ngày   /6/2020 của UBND tỉnh)",
        ] {
            let more = Paper::default().line(90.0, 60.0, "Điều 2. Trách nhiệm");
            let found =
                extract(&[Paper::decision(), attached("QUY CHẾ", mention), more], context());
            let [main, annexed] = &found.segments[..] else { panic!("{mention}") };
            assert_eq!((main.page_to, main.parent), (1, None));
            assert_eq!((annexed.page_from, annexed.page_to, annexed.parent), (2, 3, Some(0)));
            let fields = &annexed.fields;
            assert_eq!(fields.type_code.as_ref().unwrap().value, "04");
            assert_eq!(fields.subject.as_ref().unwrap().value, "Số hóa hồ sơ trên địa bàn tỉnh");
            assert_eq!(fields.issued_date, main.fields.issued_date);
            assert_eq!(fields.code_full, None, "the number is the decision's");
            assert_eq!(main.fields.code_full.as_ref().unwrap().value, "2114/QĐ-UBND", "{mention}");
        }
    }

    #[test]
    fn annexes_and_what_belongs_elsewhere_stay_with_their_document() {
        for (title, mention) in [
            ("PHỤ LỤC", "(Ban hành kèm theo Quyết định số 2114/QĐ-UBND ngày 01/6/2020)"),
            ("QUY CHẾ", "(Ban hành kèm theo Quyết định số 99/QĐ-UBND ngày 01/6/2020)"),
            ("QUY CHẾ", "(Ban hành kèm theo Kế hoạch số 2114/KH-UBND ngày 01/6/2020)"),
            ("QUY CHẾ", "kèm theo Quyết định số 2114/QĐ-UBND, các cơ quan báo cáo"),
        ] {
            let found = extract(&[Paper::decision(), attached(title, mention)], context());
            assert_eq!(found.segments.len(), 1, "{title} {mention}");
            assert_eq!(found.segments[0].page_to, 2);
        }
    }

    #[test]
    fn a_plan_with_a_letterhead_and_a_mention_has_a_number_and_a_parent() {
        let plan = Paper::letterhead(
            "UBND TỈNH BÌNH ĐỊNH",
            "Số: 15/KH-UBND",
            "Bình Định, ngày 02 tháng 6 năm 2020",
        )
        .line(270.0, 140.0, "KẾ HOẠCH")
        .line(150.0, 158.0, "(Kèm theo Quyết định số 2114/QĐ-UBND ngày 01/6/2020)");
        let found = extract(&[Paper::decision(), plan], context());
        assert_eq!(found.segments[1].parent, Some(0));
        assert_eq!(found.segments[1].fields.code_full.as_ref().unwrap().value, "15/KH-UBND");
    }

    #[test]
    fn no_pages_no_document() {
        assert!(extract(&[], context()).segments.is_empty());
    }
}
