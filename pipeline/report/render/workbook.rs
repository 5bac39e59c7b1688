//! An Excel workbook: the table on one sheet, how it is computed on another.

use rust_xlsxwriter::{
    ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::vietnamese;
use crate::{
    answer::{Answer, Cell},
    columns::{Column, Kind},
    question::LevelAt,
};

/// Row of the table's header; what the report is stands above it.
const HEADER: u32 = 4;
/// Widest column, characters.
const WIDEST: usize = 48;

/// The workbook's bytes.
pub(super) fn workbook(answer: &Answer) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    table(answer, workbook.add_worksheet())?;
    explanation(answer, workbook.add_worksheet())?;
    workbook.save_to_buffer()
}

fn table(answer: &Answer, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let question = &answer.question;
    let title = Format::new().set_bold().set_font_size(14);
    let italic = Format::new().set_italic();
    sheet.set_name(answer.report.name)?;
    sheet.set_landscape();
    sheet.set_paper_size(9); // A4
    sheet.set_print_fit_to_pages(1, 0);
    sheet.write_string_with_format(0, 0, answer.report.title, &title)?;
    sheet.write_string(1, 0, &question.period.name)?;
    let days = format!(
        "Số liệu từ ngày {} đến hết ngày {}; lập ngày {}",
        vietnamese::day(question.period.from),
        vietnamese::day(question.period.to),
        vietnamese::day(question.today)
    );
    sheet.write_string_with_format(2, 0, days, &italic)?;
    let header = Format::new()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Center)
        .set_align(FormatAlign::VerticalCenter)
        .set_background_color("#E3EAF1")
        .set_border(FormatBorder::Thin);
    let last_column = u16::try_from(answer.columns.len()).unwrap_or(u16::MAX).saturating_sub(1);
    for (place, column) in (0..).zip(&answer.columns) {
        sheet.write_string_with_format(HEADER, place, column.title, &header)?;
        sheet.set_column_width(place, width(answer, usize::from(place)))?;
    }
    let mut row_number = HEADER;
    for row in &answer.rows {
        row_number += 1;
        let is_total = row.iter().any(|cell| cell.text() == Some("total"));
        for (place, (column, cell)) in (0..).zip(answer.columns.iter().zip(row)) {
            write(sheet, (row_number, place), column, cell, is_total)?;
        }
    }
    sheet.set_freeze_panes(HEADER + 1, 0)?;
    sheet.set_repeat_rows(HEADER, HEADER)?;
    sheet.autofilter(HEADER, 0, row_number, last_column)?;
    Ok(())
}

fn write(
    sheet: &mut Worksheet,
    (row, place): (u32, u16),
    column: &Column,
    cell: &Cell,
    is_total: bool,
) -> Result<(), XlsxError> {
    let format = Format::new().set_border(FormatBorder::Thin).set_num_format(match column.kind {
        Kind::Count => "#,##0",
        Kind::Date => "dd/mm/yyyy",
        Kind::Minutes | Kind::Number | Kind::Percent => "#,##0.00",
        Kind::Text => "@",
    });
    let format = if is_total { format.set_bold() } else { format };
    match cell {
        Cell::Null => sheet.write_blank(row, place, &format)?,
        Cell::Count(count) => sheet.write_number_with_format(row, place, *count as f64, &format)?,
        Cell::Number(number) => sheet.write_number_with_format(row, place, *number, &format)?,
        Cell::Date(date) => {
            let date = ExcelDateTime::parse_from_str(&date.to_string())?;
            sheet.write_datetime_with_format(row, place, &date, &format)?
        }
        Cell::Text(_) => {
            sheet.write_string_with_format(row, place, vietnamese::value(column, cell), &format)?
        }
    };
    Ok(())
}

/// Wide enough for the values; titles wrap.
fn width(answer: &Answer, place: usize) -> f64 {
    let column = &answer.columns[place];
    let values =
        answer.rows.iter().map(|row| vietnamese::value(column, &row[place]).chars().count());
    let longest_word = column.title.split(' ').map(|word| word.chars().count());
    (values.chain(longest_word).max().unwrap_or(0).clamp(8, WIDEST) + 2) as f64
}

fn explanation(answer: &Answer, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let report = answer.report;
    let question = &answer.question;
    let level = match question.level_at {
        LevelAt::Issue => "tại thời điểm ban hành văn bản hoặc tiếp nhận hồ sơ",
        LevelAt::Now => "hiện nay",
    };
    let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    sheet.set_name("Giải thích")?;
    sheet.set_column_width(0, 22)?;
    sheet.set_column_width(1, 110)?;
    let all = || "toàn bộ".to_owned();
    let mut lines = vec![
        ("Mã báo cáo", report.name.to_owned()),
        ("Nội dung", report.sentence.to_owned()),
        ("Tỉnh", question.province.as_ref().map_or_else(all, ToString::to_string)),
        ("Cơ quan", question.agency.as_ref().map_or_else(all, ToString::to_string)),
        ("Cơ quan và cấp", level.to_owned()),
        ("Căn cứ", report.basis.to_owned()),
    ];
    lines.extend(report.method.iter().map(|text| ("Cách tính", (*text).to_owned())));
    lines.push((
        "Số liệu chưa rõ",
        "Để ở dòng, cột “Chưa rõ”, không bỏ đi và không đoán; ô trống là chưa có số liệu, không phải số 0."
            .to_owned(),
    ));
    lines.push((
        "Nguồn",
        report.inputs.iter().chain(report.also).copied().collect::<Vec<_>>().join(", "),
    ));
    lines.push(("Hiện trạng", vietnamese::as_it_is(question.today)));
    lines.push(("SQL", question.sql(report)));
    for (row, (name, text)) in (0..).zip(&lines) {
        sheet.write_string_with_format(row, 0, *name, &wrap)?;
        sheet.write_string_with_format(row, 1, text, &wrap)?;
    }
    Ok(())
}
