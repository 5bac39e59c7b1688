//! Values in the words and figures of a Vietnamese report: `1.600`, `94,04`, `14/9/2026`, `Chưa rõ`.

use chrono::{Datelike as _, NaiveDate};

use crate::{
    answer::Cell,
    columns::{Column, Kind},
};

/// What the answers' own words mean; whole values only.
const VALUES: [(&str, &str); 17] = [
    ("accepted", "Chấp nhận"),
    ("central", "Trung ương"),
    ("commune", "Xã"),
    ("district", "Huyện"),
    ("document", "Văn bản"),
    ("file", "Tệp"),
    ("held", "Chờ ký số"),
    ("no date of reception", "Không có ngày tiếp nhận"),
    ("no date of resolution", "Không có ngày giải quyết"),
    ("not comparable", "Không so sánh được"),
    ("other", "Địa bàn khác"),
    ("province", "Tỉnh"),
    ("published", "Đã vào kho"),
    ("remote", "Vùng sâu, vùng xa"),
    ("same bytes", "Cùng nội dung"),
    ("same number", "Cùng số, ký hiệu"),
    ("total", "Tổng số"),
];

/// Phrases that notes are made of. The longer stand before those they begin with.
const NOTES: [(&str, &str); 68] = [
    ("no data: missing ", "Không có số liệu: thiếu "),
    ("agencies that are one-stop units", "danh sách Bộ phận Một cửa"),
    (" agencies that have no inventory of the phase", " cơ quan chưa có số kiểm kê của giai đoạn"),
    (" agencies that have no inventory", " cơ quan chưa có số kiểm kê"),
    (" papers outside the inventory", " văn bản ngoài số kiểm kê"),
    (" papers of unknown role", " văn bản chưa rõ vai trò"),
    (" files of unknown channel", " tệp chưa rõ kênh tiếp nhận"),
    ("several agencies had this code at once", "Nhiều cơ quan từng cùng dùng mã này"),
    (" units that have no staff in the list", " đơn vị chưa có danh sách nhân sự"),
    ("without remote communes", "Không tính xã vùng sâu, vùng xa"),
    ("without ", "Không tính "),
    ("the inventory counts nothing to digitise", "Kiểm kê không có văn bản phải số hóa"),
    (
        "years unknown or of several phases: held against papers in the totals of R1",
        "Năm chưa rõ hoặc thuộc nhiều giai đoạn: chỉ đối chiếu ở dòng tổng của R1",
    ),
    (
        "years unknown or of several phases: only in the totals",
        "Năm chưa rõ hoặc thuộc nhiều giai đoạn: chỉ tính ở dòng tổng",
    ),
    ("more than the inventory counts: count again", "Nhiều hơn số kiểm kê: cần kiểm kê lại"),
    ("dossiers of no unit in the list", "Hồ sơ không thuộc đơn vị nào trong danh sách"),
    ("nothing of their dossiers says whose they are", "Hồ sơ không có tệp nào ghi bưu cục đã gửi"),
    (
        "nothing in the last four weeks: no forecast",
        "Bốn tuần gần nhất không có văn bản: không dự báo",
    ),
    ("at this pace not within a hundred years", "Với nhịp độ này không hoàn thành trong 100 năm"),
    ("later than the phase ends", "Muộn hơn hạn của giai đoạn"),
    (
        " by a test key: not legal signatures",
        " văn bản ký bằng khóa thử nghiệm, không có giá trị pháp lý",
    ),
    ("; in no period", "; không thuộc kỳ nào"),
    ("resolved dossiers for the period", "hồ sơ giải quyết trong kỳ"),
    ("documents of the period for ", "văn bản trong kỳ của "),
    ("dossiers for the period", "hồ sơ trong kỳ"),
    ("documents for the period", "văn bản trong kỳ"),
    ("received events for the period", "sự kiện nhận tệp trong kỳ"),
    ("intake for the period", "tệp tiếp nhận trong kỳ"),
    ("rows for the period", "số liệu trong kỳ"),
    (" for the period", " trong kỳ"),
    ("targets for area remote", "chỉ tiêu của địa bàn vùng sâu, vùng xa"),
    ("targets for area other", "chỉ tiêu của địa bàn khác"),
    ("targets for area ", "chỉ tiêu của địa bàn "),
    ("doc_role and validity_status", "vai trò và hiệu lực của văn bản"),
    ("custodian_agency_code of ", "cơ quan lưu giữ của "),
    (" papers", " văn bản"),
    ("channel of ", "kênh tiếp nhận của "),
    (" files", " tệp"),
    ("receiving_unit_code of the dossiers", "đơn vị tiếp nhận của hồ sơ"),
    ("components_digitised", "số thành phần đã số hóa"),
    ("components_reused", "số thành phần sử dụng lại"),
    ("results_digitised", "số kết quả đã số hóa"),
    ("result_electronic", "thông tin kết quả điện tử"),
    ("resubmission_demanded", "thông tin yêu cầu nộp lại"),
    ("extraction_confidence", "độ tin cậy"),
    ("received_at", "ngày tiếp nhận"),
    ("resolved_at", "ngày giải quyết"),
    ("accepted_at", "giờ chấp nhận hồ sơ"),
    ("served_at", "giờ phục vụ"),
    ("inventory", "số kiểm kê"),
    ("targets", "chỉ tiêu"),
    ("phases", "kế hoạch giai đoạn"),
    ("staff", "danh sách nhân sự"),
    ("times", "thời gian"),
    ("documents", "văn bản"),
    ("dossiers", "hồ sơ"),
    ("agencies", "danh mục cơ quan"),
    ("intake", "tệp tiếp nhận"),
    ("events", "sự kiện"),
    ("every agency", "mọi cơ quan"),
    ("every level", "mọi cấp"),
    ("every unit", "mọi đơn vị"),
    (", phase ", ", giai đoạn "),
    (" for ", " của "),
    ("commune", "cấp xã"),
    ("district", "cấp huyện"),
    ("province", "cấp tỉnh"),
    ("unknown", "chưa rõ"),
];

/// That the figures of a past period are of the records as they are.
pub(super) fn as_it_is(today: NaiveDate) -> String {
    format!(
        "Số liệu theo hiện trạng kho ngày {}, kể cả của kỳ đã qua: văn bản bị rút hoặc sửa đổi sau kỳ tính \
         theo hiện trạng.",
        day(today)
    )
}

/// A value as it is printed.
pub(super) fn value(column: &Column, cell: &Cell) -> String {
    match cell {
        Cell::Null => "–".to_owned(),
        Cell::Count(count) => grouped(*count),
        Cell::Number(value) => number(*value, 2),
        Cell::Date(date) => day(*date),
        Cell::Text(text) if column.name == "note" => note(text),
        Cell::Text(text) => word(column, text),
    }
}

fn word(column: &Column, text: &str) -> String {
    match (column.name, text) {
        (_, "unknown") => "Chưa rõ".to_owned(),
        ("phase", "0") => "0 (điện tử)".to_owned(),
        _ => VALUES
            .iter()
            .find(|(value, _)| *value == text)
            .map_or(text, |(_, word)| word)
            .to_owned(),
    }
}

/// A note, phrase by phrase; what is not a phrase of ours (a code, a number) stays.
fn note(text: &str) -> String {
    NOTES.iter().fold(text.to_owned(), |text, (phrase, words)| text.replace(phrase, words))
}

/// Whether a column's values stand to the right.
pub(super) const fn is_figure(kind: Kind) -> bool {
    !matches!(kind, Kind::Text)
}

/// A day as Decree 30/2020 writes it: days below 10 and months below 3 have a zero before them.
pub(super) fn day(date: NaiveDate) -> String {
    format!("{:02}/{}/{}", date.day(), month(date), date.year())
}

/// A month: January and February have a zero before them.
pub(super) fn month(date: NaiveDate) -> String {
    let month = date.month();
    if month < 3 { format!("0{month}") } else { month.to_string() }
}

/// A whole number with points between thousands.
pub(super) fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
    if value < 0 { format!("-{out}") } else { out }
}

/// A number with a decimal comma; zeros at its end are left out.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), grouped);
    let fraction = fraction.trim_end_matches('0');
    let sign = if value < 0.0 && (whole != "0" || !fraction.is_empty()) { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole},{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_in_vietnamese() {
        assert_eq!(grouped(1_234_567), "1.234.567");
        assert_eq!(grouped(-123), "-123");
        assert_eq!(number(94.04, 2), "94,04");
        assert_eq!(number(1600.0, 2), "1.600");
        assert_eq!(number(-0.001, 2), "0");
        assert_eq!(number(-0.5, 2), "-0,5");
        assert_eq!(day(NaiveDate::from_ymd_opt(2026, 9, 4).unwrap()), "04/9/2026");
        assert_eq!(day(NaiveDate::from_ymd_opt(2026, 1, 14).unwrap()), "14/01/2026");
    }

    #[test]
    fn notes_are_said_in_vietnamese_and_codes_stay() {
        assert_eq!(
            note("no data: missing inventory for H08.12, phase 3"),
            "Không có số liệu: thiếu số kiểm kê của H08.12, giai đoạn 3"
        );
        assert_eq!(
            note("without 2 agencies that have no inventory"),
            "Không tính 2 cơ quan chưa có số kiểm kê"
        );
    }

    /// Every text of several words in the SQL is a value or a phrase that is said in Vietnamese.
    #[test]
    fn every_phrase_of_the_reports_is_known() {
        let inner = ["28 days", "no result", "not digitised"];
        let english =
            ["no", "missing", "for", "that", "have", "without", "every", "data", "the", "of"];
        for report in &crate::REPORTS {
            let lines = report.sql.lines();
            let code: Vec<&str> =
                lines.map(|line| line.split_once("--").map_or(line, |(code, _)| code)).collect();
            let code = code.join("\n");
            let texts = code.split('\'').skip(1).step_by(2).filter(|text| text.contains(' '));
            for text in texts.filter(|text| !inner.contains(text)) {
                let is_value = VALUES.iter().any(|(value, _)| *value == text);
                let said = note(text);
                let mut words = said.split(|c: char| !c.is_alphabetic());
                assert!(
                    is_value || words.all(|word| !english.contains(&word)),
                    "{}: `{text}` becomes `{said}`",
                    report.name
                );
            }
        }
    }
}
