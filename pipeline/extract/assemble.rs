//! One document: its fields joined, cross-checked, and what is wrong with them.
//!
//! Independent witnesses move probabilities: the notation against title and issuer, the date against
//! the dates it cites and the year in the number, the number against its own mention in an annex.

use chrono::{Datelike, NaiveDate};
use sohoa_document::{Field, Rect};

use crate::{
    arrival, confidence,
    date_line::DateLine,
    evidence::{self, Mention},
    fields::{Context, FieldFinding, Fields, Severity},
    issuer, kind, number,
    number_parts::REPAIRED,
    places, recipients,
    rows::Sheet,
    secrecy, signature, subject, urgency, validity,
    zones::Head,
};

/// What a page alone can be asked before its document is known.
const ANY_YEAR: Context = Context { scan_year: 9999, accept_line: 0.9 };

/// Odds factor of a year of issue before one that the paper cites.
const CITED_LATER: f32 = 0.03;

/// Reads one document from its sheets.
pub(crate) fn read(sheets: &[Sheet<'_>], context: Context) -> (Fields, Vec<FieldFinding>) {
    let Some(first) = sheets.first() else { return (Fields::default(), Vec::new()) };
    let head = Head::find(first);
    let mut findings = Vec::new();
    let mut fields = Fields::default();
    let sent = recipients::read(sheets);
    fields.recipients = sent.recipients;
    fields.archive_line = sent.archive_line;
    code_and_kind(&head, &mut fields, &mut findings);
    dates(&head, sheets, context, &mut fields, &mut findings);
    place_in_names(&mut fields);
    repeated(sheets, &mut fields);
    let head_end = first.rows.get(head.bottom).map_or(0.0, |row| row.bbox.y0);
    let body = head_end.max(0.3 * first.height);
    let signed = signature::read(sheets, body);
    fields.signer_authority = signed.authority;
    fields.signer_title = signed.title;
    fields.signer_name = signed.name;
    fields.secrecy_level = secrecy::stamp(first);
    fields.urgency_level = urgency::stamp(first);
    let arrived = arrival::read(first, context.scan_year);
    fields.arrival_number = arrived.number;
    fields.arrival_date = arrived.date;
    let kind = fields.type_name.as_ref().map(|field| field.value.as_str());
    fields.valid_to = validity::end(sheets, head_end, fields.issued_date.as_ref(), kind);
    fields.validity_stamp = validity::stamp(first);
    evidence::general(first, &head, &fields, &mut findings);
    evidence::gaps(&head, &fields, context, &mut findings);
    (fields, findings)
}

/// Boxes of the number and date lines that one reading does not settle and another one might: a number
/// that a pen wrote stays what it is.
pub(crate) fn doubtful(sheet: &Sheet<'_>) -> Vec<Rect> {
    let head = Head::find(sheet);
    if !head.is_letterhead() {
        return Vec::new();
    }
    let (fields, _) = read(std::slice::from_ref(sheet), ANY_YEAR);
    let sure = |probability: Option<f32>| probability.is_some_and(|p| p >= ANY_YEAR.accept_line);
    let number = head.number.as_ref().filter(|_| !sure(fields.code_full.map(|f| f.probability)));
    let number = number.filter(|line| !line.is_written(head.digit_height()));
    let date = head.date.as_ref().filter(|_| !sure(fields.issued_date.map(|f| f.probability)));
    let number = number.map(|line| line.span.bbox);
    number.into_iter().chain(date.map(DateLine::bbox)).collect()
}

/// Number, notation, issuer, kind and subject, which witness for each other.
fn code_and_kind(head: &Head<'_, '_>, fields: &mut Fields, findings: &mut Vec<FieldFinding>) {
    let code = head.number.as_ref().map(|line| line.read(head.digit_height()));
    let (number, mut notation, mut full) = match code {
        Some(read) => (read.number, read.notation, read.full),
        None => (None, None, None),
    };
    let archive = fields.archive_line.as_ref().map(|field| field.value.as_str());
    let issuer = issuer::read(head, notation.as_ref().map(|field| &field.value), archive);
    let heading = kind::heading(head);
    let read = kind::read(head, heading.as_ref(), notation.as_ref());
    if let Some((title, noted)) = &read.conflict {
        findings.push(FieldFinding {
            code: "M07_TYPE_CONFLICT",
            field: "type_code",
            observed: Some(title.clone()),
            expected: Some(noted.clone()),
            severity: Severity::Warn,
        });
    }
    if let Some(notation) = notation.as_mut() {
        let titled = read.conflict.is_none()
            && heading.as_ref().is_some_and(kind::Heading::is_known)
            && read.code.as_ref().is_some_and(|code| {
                notation.value.kind.is_some_and(|kind| kind.code == code.value)
            });
        // A title of a known kind wants its letters in the notation: what has none lost them.
        let bare =
            notation.value.kind.is_none() && heading.as_ref().is_some_and(kind::Heading::is_known);
        let lost = if bare { 0.02 } else { 1.0 };
        // Printed three times over: in the notation, the title and the issuer's name; a letter's in
        // the issuer's name and the archive line.
        let factor = match (titled, issuer.explains, issuer.agrees) {
            (true, true, _) if issuer.spelled => 30.0,
            (true, true, _) => 10.0,
            (false, true, _) if issuer.spelled && read.conflict.is_none() => 10.0,
            (true, false, true) | (false, _, true) => 3.0,
            (true, false, false) => 1.4,
            (false, _, false) => 0.5,
        };
        // What the title confirms was repaired rightly.
        let repaired = if titled && notation.value.repaired { 1.0 / REPAIRED } else { 1.0 };
        notation.probability = confidence::weigh(notation.probability, factor * lost * repaired);
        if let Some(full) = full.as_mut() {
            full.probability =
                number.as_ref().map_or(0.0, |number| number::joint(number, notation));
        }
    }
    fields.subject = subject::read(head, heading.as_ref());
    (fields.type_code, fields.type_abbr, fields.type_name) = (read.code, read.abbr, read.name);
    (fields.organ_name, fields.parent_organ_name) = (issuer.organ, issuer.parent);
    fields.level_at_issue = issuer.level;
    fields.code_notation = notation.map(|field| Field {
        value: field.value.text,
        probability: field.probability,
        page: field.page,
        bbox: field.bbox,
    });
    (fields.code_number, fields.code_full) = (number, full);
}

fn dates(
    head: &Head<'_, '_>,
    sheets: &[Sheet<'_>],
    context: Context,
    fields: &mut Fields,
    findings: &mut Vec<FieldFinding>,
) {
    let Some(read) = head.date.as_ref().map(|line| line.read(context.scan_year)) else { return };
    if read.future {
        findings.push(FieldFinding {
            code: "M03_DATE_FUTURE",
            field: "issued_date",
            observed: Some(read.observed.clone()),
            expected: Some(format!("<= {}", context.scan_year)),
            severity: Severity::Error,
        });
    }
    fields.issued_date = read.date;
    fields.issued_date_precision = read.precision;
    fields.document_year = read.year;
    fields.issued_place = read.place;
    let in_number = head.number.as_ref().and_then(|line| line.read(None).year);
    if let (Some(year), Some(date)) = (in_number, fields.issued_date.as_mut()) {
        let factor = if date.value.year() == year { 3.0 } else { 0.1 };
        date.probability = confidence::weigh(date.probability, factor);
    }
    if let (Some(line), Some(date)) = (&head.date, fields.issued_date.as_mut()) {
        let (years, same) = evidence::named_years(sheets, line.row, date.value);
        let factor =
            evidence::year_factor(date.value.year(), &years) * if same { 3.0 } else { 1.0 };
        date.probability = confidence::weigh(date.probability, factor);
    }
    let cited = sheets.first().and_then(|sheet| evidence::latest_cited(sheet, context.scan_year));
    if let (Some(cited), Some(year)) = (cited, fields.document_year.as_mut())
        && cited.year() > year.value
    {
        year.probability = confidence::weigh(year.probability, CITED_LATER);
    }
    if let (Some(cited), Some(date)) = (cited, fields.issued_date.as_mut())
        && cited > date.value
    {
        date.probability = confidence::weigh(date.probability, 0.15);
        findings.push(cited_after(cited, date.value));
    }
    if let (Some(date), Some(precision)) =
        (&fields.issued_date, fields.issued_date_precision.as_mut())
    {
        precision.probability = date.probability;
    }
}

/// A place that is no province is witnessed by the agency that is named after it.
fn place_in_names(fields: &mut Fields) {
    let Some(place) = fields.issued_place.as_mut() else { return };
    let named = |name: &Option<Field<String>>| {
        name.as_ref().is_some_and(|name| places::named_after(&name.value, &place.value))
    };
    if named(&fields.organ_name) || named(&fields.parent_organ_name) {
        place.probability = confidence::weigh(place.probability, 20.0);
    }
}

fn cited_after(cited: NaiveDate, issued: NaiveDate) -> FieldFinding {
    FieldFinding {
        code: "M11_CITED_YEAR_AFTER_ISSUE",
        field: "issued_date",
        observed: Some(issued.to_string()),
        expected: Some(format!(">= {cited}")),
        severity: Severity::Warn,
    }
}

/// An annex that names its own decision confirms or doubts number and date.
fn repeated(sheets: &[Sheet<'_>], fields: &mut Fields) {
    let Some(notation) = fields.code_notation.as_ref().map(|field| field.value.clone()) else {
        return;
    };
    let Some(Mention { number, date }) = evidence::own_mention(sheets, &notation) else { return };
    if let Some(field) = fields.code_number.as_mut() {
        let factor = if field.value == number { 8.0 } else { 0.1 };
        field.probability = confidence::weigh(field.probability, factor);
        if let (Some(full), Some(noted)) = (fields.code_full.as_mut(), &fields.code_notation) {
            full.probability = number::joint(field, noted);
        }
    }
    if let (Some(field), Some(date)) = (fields.issued_date.as_mut(), date) {
        let factor = if field.value == date { 8.0 } else { 0.1 };
        field.probability = confidence::weigh(field.probability, factor);
        if let Some(precision) = fields.issued_date_precision.as_mut() {
            precision.probability = field.probability;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fields::{Authority, Level, Segment, Urgency},
        testing::{Paper, context, extract},
    };

    fn one(papers: &[Paper]) -> Segment {
        let mut found = extract(papers, context());
        assert_eq!(found.segments.len(), 1);
        found.segments.remove(0)
    }

    fn signed(paper: Paper) -> Paper {
        paper
            .line(90.0, 600.0, "Nơi nhận:")
            .line(340.0, 600.0, "KT. CHỦ TỊCH")
            .line(90.0, 614.0, "- Như Điều 3;")
            .line(335.0, 614.0, "PHÓ CHỦ TỊCH")
            .line(90.0, 628.0, "- Văn phòng Chính phủ")
            .line(98.0, 642.0, "(để báo cáo);")
            .line(90.0, 656.0, "- Lưu: VT, KSTT.")
            .line(330.0, 690.0, "Trần Văn Mẫu")
    }

    fn codes(segment: &Segment) -> Vec<(&'static str, &'static str)> {
        segment.findings.iter().map(|finding| (finding.code, finding.field)).collect()
    }

    #[test]
    fn a_printed_decision_gives_every_field() {
        let segment = one(&[signed(Paper::decision())]);
        let Fields { issued_date, subject, organ_name, type_code, type_name, .. } = &segment.fields;
        let text = |field: &Option<Field<String>>| field.clone().unwrap().value;
        assert_eq!(text(type_code), "02");
        assert_eq!(text(type_name), "Quyết định");
        assert_eq!(text(organ_name), "Ủy ban nhân dân tỉnh Bình Định");
        assert_eq!(text(subject), "Về việc phê duyệt kế hoạch số hóa hồ sơ");
        assert_eq!(issued_date.as_ref().unwrap().value.to_string(), "2020-06-01");
        assert_eq!(text(&segment.fields.code_full), "2114/QĐ-UBND");
        assert_eq!(text(&segment.fields.signer_title), "PHÓ CHỦ TỊCH");
        assert_eq!(text(&segment.fields.signer_name), "Trần Văn Mẫu");
        assert_eq!(text(&segment.fields.archive_line), "VT, KSTT");
        assert_eq!(segment.fields.signer_authority.as_ref().unwrap().value, Authority::Kt);
        assert_eq!(segment.fields.level_at_issue.as_ref().unwrap().value, Level::Province);
        let sent = &segment.fields.recipients.as_ref().unwrap().value;
        assert_eq!(sent, &["Như Điều 3", "Văn phòng Chính phủ (để báo cáo)"]);
        assert_eq!(codes(&segment), [], "{:?}", segment.findings);
    }

    #[test]
    fn a_letter_has_its_subject_in_the_left_column() {
        let paper = Paper::letterhead(
            "UBND TỈNH GIA LAI",
            "Số: 31/SNV-CCVC",
            "Gia Lai, ngày 14 tháng 3 năm 2019",
        )
        .line(110.0, 76.0, "SỞ NỘI VỤ")
        .line(90.0, 122.0, "V/v báo cáo công tác")
        .line(100.0, 136.0, "cải cách hành chính")
        .line(70.0, 160.0, "HỎA TỐC")
        .line(220.0, 190.0, "Kính gửi: Các sở, ban, ngành tỉnh;");
        let fields = one(&[paper]).fields;
        assert_eq!(fields.type_code.unwrap().value, "22");
        assert_eq!(fields.type_abbr, None);
        assert_eq!(fields.subject.unwrap().value, "báo cáo công tác cải cách hành chính");
        assert_eq!(fields.organ_name.unwrap().value, "Sở Nội vụ");
        assert_eq!(fields.parent_organ_name.unwrap().value, "UBND tỉnh Gia Lai");
        assert_eq!(fields.urgency_level.unwrap().value, Urgency::HoaToc);
    }

    #[test]
    fn legislation_is_other_with_its_own_name() {
        let paper =
            Paper::letterhead("CHÍNH PHỦ", "Số: 30/2020/NĐ-CP", "Hà Nội, ngày 05 tháng 3 năm 2020")
                .line(260.0, 140.0, "NGHỊ ĐỊNH")
                .line(250.0, 156.0, "Về công tác văn thư");
        let fields = one(&[paper]).fields;
        assert_eq!(fields.type_code.unwrap().value, "32");
        assert_eq!(fields.type_name.unwrap().value, "Nghị định");
        assert_eq!(fields.level_at_issue.unwrap().value, Level::Central);
    }

    #[test]
    fn title_against_notation_is_a_finding() {
        let paper = Paper::letterhead(
            "UBND TỈNH GIA LAI",
            "Số: 31/QĐ-UBND",
            "Gia Lai, ngày 14 tháng 3 năm 2019",
        )
        .line(260.0, 140.0, "THÔNG BÁO");
        let segment = one(&[paper]);
        assert!(codes(&segment).contains(&("M07_TYPE_CONFLICT", "type_code")));
    }

    #[test]
    fn a_notation_that_lost_its_kind_does_not_pass() {
        let p = |number: &str| {
            let date = "Gia Lai, ngày 14 tháng 3 năm 2019";
            let paper =
                Paper::letterhead("SỞ NỘI VỤ", number, date).line(260.0, 140.0, "THÔNG BÁO");
            one(&[paper]).fields.code_notation.unwrap().probability
        };
        assert!(p("Số: 31/TB-SNV") > 0.9);
        assert!(p("Số: 31/B-SNV") < 0.9);
    }

    #[test]
    fn an_annex_confirms_or_doubts_the_number() {
        let annex = |number: &str| {
            Paper::default().line(230.0, 60.0, "PHỤ LỤC").line(
                90.0,
                80.0,
                &format!(
                    "(Ban hành kèm theo Quyết định số {number}/QĐ-UBND ngày 01 tháng 6 năm 2020)"
                ),
            )
        };
        let p = |number: &str| {
            let fields = one(&[Paper::decision(), annex(number)]).fields;
            fields.code_number.unwrap().probability
        };
        let alone = one(&[Paper::decision()]).fields.code_number.unwrap().probability;
        assert!(p("2114") > alone);
        assert!(p("2174") < 0.9);
    }

    #[test]
    fn a_basis_younger_than_the_paper_doubts_its_date() {
        let paper = Paper::decision().line(
            110.0,
            270.0,
            "Căn cứ Nghị quyết số 12/NQ-HĐND ngày 15/7/2020 của Hội đồng;",
        );
        let segment = one(&[paper]);
        assert!(segment.fields.issued_date.as_ref().unwrap().probability < 0.95);
        assert!(codes(&segment).contains(&("M11_CITED_YEAR_AFTER_ISSUE", "issued_date")));
    }

    #[test]
    fn years_named_elsewhere_bear_on_the_date() {
        let p = |line: &str| {
            let paper = Paper::decision().line(110.0, 300.0, line);
            one(&[paper]).fields.issued_date.unwrap().probability
        };
        let alone = p("Điều 1. Phê duyệt kế hoạch số hóa.");
        assert!(p("Điều 1. Phê duyệt kế hoạch năm 2020.") > alone);
        assert!(p("Điều 1. Phê duyệt kế hoạch năm 2022.") < 0.9);
        assert!(p("Điều 1. Thay Quyết định ngày 12/3/2018.") > 0.9);
        assert!(p("Điều 1. Giấy phép có giá trị đến ngày 12/3/2025.") > 0.9);
    }

    #[test]
    fn a_district_is_a_place_where_the_agency_bears_its_name() {
        let p = |organ: &str| {
            let paper =
                Paper::letterhead(organ, "Số: 31/QĐ-UBND", "Tuy Mẫu, ngày 14 tháng 3 năm 2019");
            one(&[paper]).fields.issued_place.unwrap().probability
        };
        assert!(p("UBND HUYỆN TUY MẪU") > 0.9);
        assert!(p("UBND HUYỆN MẪU") < 0.9);
    }

    #[test]
    fn what_is_missing_says_what_was_seen() {
        let paper =
            Paper::letterhead("SỞ NỘI VỤ", "Số:      /QĐ-SNV", "Gia Lai, ngày    tháng 3 năm 2019");
        let segment = one(&[paper]);
        let missing = |field: &str| {
            segment.findings.iter().find(|f| f.code == "M01_MISSING" && f.field == field).cloned()
        };
        assert!(missing("code_number").unwrap().observed.unwrap().contains("QĐ-SNV"));
        assert!(missing("issued_date").unwrap().observed.unwrap().contains("2019"));
        assert!(missing("signer_name").is_some());
    }

    #[test]
    fn only_doubtful_lines_of_a_letterhead_are_worth_another_reading() {
        let lines = |paper: Paper| {
            let text = paper.text();
            doubtful(&Sheet::new(1, &text)).len()
        };
        assert_eq!(lines(Paper::decision()), 0);
        let date = "Gia Lai, ngày 2Š tháng 3 năm 2019";
        assert_eq!(lines(Paper::letterhead("SỞ NỘI VỤ", "Số: 31/BC-SNV", date)), 1);
        assert_eq!(lines(Paper::letterhead("SỞ NỘI VỤ", "Số: B1/BC-SNV", date)), 2);
        let pen = Paper::letterhead("SỞ NỘI VỤ", "Số:", date).tall(132.0, 99.0, "731", 15.0);
        assert_eq!(lines(pen.line(170.0, 104.0, "/SNV-VP")), 1);
        let body = Paper::default().line(90.0, 60.0, "Số: B1/BC-SNV là văn bản đã ban hành");
        assert_eq!(lines(body), 0);
    }

    #[test]
    fn a_second_reading_is_told() {
        let date = "Gia Lai, ngày 2Š tháng 3 năm 2019";
        let paper = Paper::letterhead("SỞ NỘI VỤ", "Số: 31/BC-SNV", date);
        let segment = one(&[paper.again(330.0, 104.0, "Gia Lai, ngày 25 tháng 3 năm 2019", true)]);
        let told = segment.findings.iter().find(|found| found.code == "T04_READ_AGAIN").unwrap();
        assert_eq!(told.field, "issued_date");
        let seen = told.observed.as_ref().unwrap();
        assert!(seen.contains("2Š") && seen.contains("25"), "{seen}");
    }

    #[test]
    fn a_year_to_come_is_a_finding() {
        let paper =
            Paper::letterhead("SỞ NỘI VỤ", "Số: 12/QĐ-SNV", "Gia Lai, ngày 14 tháng 3 năm 2081");
        assert!(codes(&one(&[paper])).contains(&("M03_DATE_FUTURE", "issued_date")));
    }
}
