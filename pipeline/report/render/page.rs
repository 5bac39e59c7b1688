//! A page to be printed on A4 and sent: self-contained HTML without scripts.

use std::fmt::Write as _;

use chrono::Datelike as _;

use super::{chart, vietnamese};
use crate::{
    answer::{Answer, Cell},
    question::LevelAt,
};

/// Columns beyond which the sheet lies on its side.
const UPRIGHT_COLUMNS: usize = 9;
/// Figures shown above the chart.
const HEADLINES: usize = 4;

/// The whole page.
pub(super) fn page(answer: &Answer) -> String {
    let shown: Vec<usize> =
        (0..answer.columns.len()).filter(|place| is_shown(answer, *place)).collect();
    let side = if shown.len() > UPRIGHT_COLUMNS { "landscape" } else { "portrait" };
    let report = answer.report;
    let body = if answer.missing.is_empty() {
        format!(
            "{}{}{}",
            headlines(answer),
            chart::chart(answer).unwrap_or_default(),
            table(answer, &shown)
        )
    } else {
        table(answer, &shown)
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"vi\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{} – {} – {}</title>\n\
         <style>\n@page {{ size: A4 {side}; margin: 15mm 12mm 15mm 18mm; }}\n{STYLE}</style>\n</head>\n\
         <body class=\"{side}\">\n{}{body}{}{}</body>\n</html>\n",
        report.name,
        escaped(report.title),
        escaped(&answer.question.period.name),
        heading(answer),
        explanation(answer),
        signatures(answer),
    )
}

/// The heading says `level_at` already, and a column of nothing says nothing.
fn is_shown(answer: &Answer, place: usize) -> bool {
    let name = answer.columns[place].name;
    name != "level_at" && (name == "note" || answer.rows.iter().any(|row| row[place] != Cell::Null))
}

fn heading(answer: &Answer) -> String {
    let question = &answer.question;
    let period = &question.period;
    let due = period
        .due
        .map(|due| format!("; gửi trước ngày {}", vietnamese::day(due)))
        .unwrap_or_default();
    let open = if period.to >= question.today {
        format!(
            "<p class=\"open\">Kỳ báo cáo chưa kết thúc: số liệu đến ngày {}.</p>\n",
            vietnamese::day(question.today)
        )
    } else {
        String::new()
    };
    let level = match question.level_at {
        LevelAt::Issue => "Cơ quan và cấp: tại thời điểm ban hành văn bản hoặc tiếp nhận hồ sơ",
        LevelAt::Now => "Cơ quan và cấp: hiện nay, sau sắp xếp đơn vị hành chính",
    };
    format!(
        "<header>\n<div class=\"top\"><p>ĐƠN VỊ BÁO CÁO<br><span class=\"blank\">{}</span></p>\
         <p><b>CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM</b><br><b class=\"motto\">Độc lập - Tự do - Hạnh phúc</b></p></div>\n\
         <h1>BÁO CÁO<br>{}</h1>\n<p class=\"period\">{}</p>\n\
         <p class=\"days\">(Số liệu từ ngày {} đến hết ngày {}{due})</p>\n{open}\
         <p class=\"scope\">Phạm vi: {}. {level}. Mã báo cáo: {}.</p>\n</header>\n",
        // The unit's name where it is asked for and known, else a line to write on.
        escaped(&reporting_unit(answer).unwrap_or_default()),
        escaped(&answer.report.title.to_uppercase()),
        escaped(&period.name),
        vietnamese::day(period.from),
        vietnamese::day(period.to),
        escaped(&scope(answer)),
        answer.report.name,
    )
}

/// The name of the agency that was asked about, as the answer has it.
fn reporting_unit(answer: &Answer) -> Option<String> {
    let code = answer.question.agency.as_ref()?.to_string();
    answer.rows.iter().find_map(|row| {
        let is_it = answer.cell(row, "agency")?.text()? == code;
        is_it.then(|| answer.cell(row, "agency_name").and_then(Cell::text).map(str::to_owned))?
    })
}

fn scope(answer: &Answer) -> String {
    let question = &answer.question;
    let province = question.province.as_ref().map(|code| format!("tỉnh {code}"));
    let agency = question.agency.as_ref().map(|code| {
        let name = reporting_unit(answer).map(|name| format!("{name} ({code})"));
        format!("{} và các đơn vị trực thuộc", name.unwrap_or_else(|| code.to_string()))
    });
    match (province, agency) {
        (Some(province), Some(agency)) => format!("{agency}, {province}"),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => "toàn bộ cơ quan trong chỉ mục".to_owned(),
    }
}

/// The first figures of the total.
fn headlines(answer: &Answer) -> String {
    let is_total = |row: &&Vec<Cell>| {
        let words = answer.columns.iter().zip(row.iter()).filter(|(column, _)| {
            matches!(column.name, "agency" | "level" | "outcome" | "partner" | "phase")
        });
        let mut words = words.map(|(_, cell)| cell.text() == Some("total")).peekable();
        words.peek().is_some() && words.all(|is_total| is_total)
    };
    let Some(total) = answer.rows.iter().find(is_total) else { return String::new() };
    let figures = answer
        .columns
        .iter()
        .zip(total)
        .filter(|(column, cell)| vietnamese::is_figure(column.kind) && **cell != Cell::Null);
    let mut figures: Vec<_> = figures.collect();
    // The figure that is drawn comes first.
    figures.sort_by_key(|(column, _)| column.name != answer.report.chart.value);
    let cards: Vec<String> = figures
        .iter()
        .take(HEADLINES)
        .map(|(column, cell)| {
            let value = vietnamese::value(column, cell);
            format!("<div><b>{}</b><span>{}</span></div>", escaped(&value), escaped(column.title))
        })
        .collect();
    if cards.is_empty() {
        return String::new();
    }
    format!("<section class=\"cards\">{}</section>\n", cards.concat())
}

fn table(answer: &Answer, shown: &[usize]) -> String {
    let mut out = "<table>\n<thead><tr>".to_owned();
    for place in shown {
        // Writing to a string does not fail.
        write!(out, "<th>{}</th>", escaped(answer.columns[*place].title)).unwrap_or_default();
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &answer.rows {
        write!(out, "<tr{}>", row_class(answer, row)).unwrap_or_default();
        for place in shown {
            let column = &answer.columns[*place];
            let class = match column.name {
                "note" => "note",
                "agency_name" | "partner_name" => "name",
                _ if vietnamese::is_figure(column.kind) => "n",
                _ => "word",
            };
            let is_empty_word = row[*place] == Cell::Null && !vietnamese::is_figure(column.kind);
            let value =
                if is_empty_word { String::new() } else { vietnamese::value(column, &row[*place]) };
            write!(out, "<td class=\"{class}\">{}</td>", escaped(&value)).unwrap_or_default();
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
    out
}

fn row_class(answer: &Answer, row: &[Cell]) -> &'static str {
    let words = answer.columns.iter().zip(row).filter(|(column, _)| column.name != "note");
    let words: Vec<&str> = words.filter_map(|(_, cell)| cell.text()).collect();
    if words.contains(&"total") {
        " class=\"total\""
    } else if words.contains(&"unknown") {
        " class=\"unknown\""
    } else {
        ""
    }
}

fn explanation(answer: &Answer) -> String {
    let report = answer.report;
    let paragraph = |text: &&str| format!("<p>{}</p>\n", escaped(text));
    let method = report.method.iter().map(paragraph).collect::<Vec<_>>().concat();
    format!(
        "<section class=\"method\">\n<h2>Cách tính</h2>\n{method}<p>Căn cứ: {}.</p>\n\
         <h2>Số liệu chưa rõ</h2>\n<p>Giá trị không đọc được hoặc không được ghi nhận để ở dòng, cột “Chưa rõ”, \
         không bỏ đi và không đoán. Dấu “–” là chưa có số liệu, không phải số 0; cột Ghi chú nêu phần còn \
         thiếu. Dòng tổng cộng từ số đếm, không lấy bình quân các tỷ lệ.</p>\n\
         <p>Nguồn: chỉ mục của kho số hóa ({}). {}</p>\n</section>\n",
        escaped(report.basis),
        report.inputs.iter().chain(report.also).copied().collect::<Vec<_>>().join(", "),
        vietnamese::as_it_is(answer.question.today),
    )
}

fn signatures(answer: &Answer) -> String {
    let today = answer.question.today;
    format!(
        "<section class=\"sign\"><p><br><b>NGƯỜI LẬP BÁO CÁO</b><br><i>(Ký, ghi rõ họ tên)</i></p>\
         <p><i>Ngày {:02} tháng {} năm {}</i><br><b>THỦ TRƯỞNG ĐƠN VỊ</b><br>\
         <i>(Ký số, hoặc ký tên và đóng dấu)</i></p></section>\n",
        today.day(),
        vietnamese::month(today),
        today.year(),
    )
}

/// Text as HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// Print first: serif as in official papers, no colour that carries meaning alone.
const STYLE: &str = r#"
* { box-sizing: border-box; }
body { font: 11pt/1.35 "Times New Roman", Tinos, "Liberation Serif", serif; color: #111; margin: 0 auto; }
body.portrait { max-width: 180mm; }
body.landscape { max-width: 267mm; }
p { margin: 0 0 1.5mm; }
.top { display: flex; justify-content: space-between; text-align: center; font-size: 10.5pt; }
.top .blank { display: inline-block; min-width: 60mm; min-height: 1.3em; font-weight: bold; border-bottom: 0.3mm dotted #555; }
.top .motto { border-bottom: 0.3mm solid #111; padding-bottom: 0.5mm; }
h1 { font-size: 15pt; text-align: center; margin: 6mm 0 1mm; line-height: 1.3; }
.period { text-align: center; font-weight: bold; font-size: 12pt; }
.days, .scope, .open { text-align: center; font-style: italic; }
.scope { margin-bottom: 4mm; }
.open { color: #8a1c14; font-weight: bold; }
.cards { display: flex; gap: 3mm; margin: 0 0 4mm; }
.cards div { flex: 1; border: 0.3mm solid #9bb3c6; border-radius: 1mm; padding: 1.5mm 2mm; text-align: center; }
.cards b { display: block; font-size: 16pt; line-height: 1.2; color: #123f63; }
.cards span { font-size: 9pt; }
figure { margin: 0 0 4mm; break-inside: avoid; }
figcaption { font-weight: bold; margin-bottom: 1mm; }
svg { width: 100%; max-width: 210mm; display: block; }
svg text { font-size: 11px; fill: #111; }
svg .label { text-anchor: end; }
svg .room { fill: #edf1f5; }
svg .bar { fill: #2a6592; }
svg .mark { stroke: #b3261e; stroke-width: 2.5; }
.legend { font-size: 9.5pt; }
.legend span { display: inline-block; width: 0.8mm; height: 3mm; background: #b3261e; margin-right: 1mm; }
table { border-collapse: collapse; width: 99.8%; font-size: 9.5pt; }
thead { display: table-header-group; }
th { background: #e3eaf1; font-weight: bold; text-align: center; vertical-align: middle; }
th, td { border: 0.2mm solid #7d8b98; padding: 0.8mm 1.4mm; }
tr { break-inside: avoid; }
td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.note { font-size: 8.5pt; }
td.name { min-width: 42mm; }
td.word { white-space: nowrap; }
tr.total td { font-weight: bold; background: #f5f7f9; }
tr.unknown td { font-style: italic; background: #fdf6e3; }
h2 { font-size: 11pt; margin: 3mm 0 1mm; }
.method { margin-top: 4mm; font-size: 9.5pt; break-inside: avoid; }
.sign { display: flex; justify-content: space-around; text-align: center; margin-top: 6mm; min-height: 28mm; break-inside: avoid; }
* { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
@media screen { body { padding: 10mm; } }
"#;
