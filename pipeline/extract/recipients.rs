//! Box 9b: `Nơi nhận` and the archive line `Lưu:`.
//!
//! The left column below `Nơi nhận`; each item starts with a dash and may run over several lines.
//! The list ends at `Lưu`.

use sohoa_document::{Field, Rect, fold::fold};

use crate::{
    anchors::{is, skeleton},
    confidence,
    rows::{Sheet, Span},
};

/// Rows below the anchor that can belong to the list.
const MOST_ROWS: usize = 40;

/// What box 9b says.
#[derive(Debug, Default)]
pub(crate) struct RecipientsRead {
    pub(crate) recipients: Option<Field<Vec<String>>>,
    pub(crate) archive_line: Option<Field<String>>,
}

/// Reads the list of the main part: the first page that has one; annexes may have their own.
pub(crate) fn read(sheets: &[Sheet<'_>]) -> RecipientsRead {
    let found = sheets.iter().find_map(|sheet| {
        let at = sheet.rows.iter().rposition(|row| starts_list(sheet, row))?;
        Some((sheet, at))
    });
    found.map(|(sheet, at)| list(sheet, at)).unwrap_or_default()
}

/// The row of `Nơi nhận`, if the page has it.
pub(crate) fn list_row<'s, 'a>(sheet: &'s Sheet<'a>) -> Option<&'s Span<'a>> {
    sheet.rows.iter().rfind(|row| starts_list(sheet, row))
}

fn starts_list(sheet: &Sheet<'_>, row: &Span<'_>) -> bool {
    let lead: Vec<&str> = row.words.iter().take(2).map(|word| word.text.as_str()).collect();
    sheet.x(row.bbox.x0) < 0.4 && is(&lead.join(" "), "Nơi nhận")
}

fn list(sheet: &Sheet<'_>, at: usize) -> RecipientsRead {
    let left = sheet.rows[at].bbox.x0;
    let mut items: Vec<String> = Vec::new();
    let mut boxes: Vec<Rect> = Vec::new();
    let mut worst: f32 = 1.0;
    let mut archive = None;
    let mut above = sheet.rows[at].bbox;
    for row in sheet.rows.iter().skip(at + 1).take(MOST_ROWS) {
        let Some(line) = left_part(sheet, row, left) else { continue };
        if line.bbox.centre().1 - above.centre().1 > 4.0 * line.type_height().max(above.height()) {
            break;
        }
        above = line.bbox;
        let text = line.text();
        let bare = text.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '(');
        if let Some(line_text) = archive_text(bare) {
            let p = confidence::word(line.confidence());
            archive =
                Some(Field { value: line_text, probability: p, page: sheet.page, bbox: line.bbox });
            break;
        }
        worst = worst.min(confidence::word(line.confidence()));
        let dashed = text.len() > bare.len() || items.is_empty();
        match items.last_mut() {
            Some(item) if !dashed => {
                item.push(' ');
                item.push_str(bare);
            }
            _ => items.push(bare.to_owned()),
        }
        boxes.push(line.bbox);
    }
    let items: Vec<String> =
        items.iter().map(|item| trimmed(item)).filter(|item| item.chars().count() > 1).collect();
    let recipients = Rect::around(&boxes).filter(|_| !items.is_empty()).map(|bbox| {
        let p = if archive.is_some() { worst } else { confidence::weigh(worst, 0.4) };
        Field { value: items, probability: p, page: sheet.page, bbox }
    });
    RecipientsRead { recipients, archive_line: archive }
}

/// The row's words in the column under the anchor.
fn left_part<'a>(sheet: &Sheet<'a>, row: &Span<'a>, left: f32) -> Option<Span<'a>> {
    let column = row.between(left - 0.04 * sheet.width, 0.6 * sheet.width)?;
    let parts = column.split(1.6 * column.type_height().max(1.0));
    let first = parts.first()?;
    // A dash may stand far from its item.
    let lone = first.words.len() == 1 && !first.text().chars().any(char::is_alphanumeric);
    let part = match parts.get(1) {
        Some(second) if lone => {
            Span::of(first.words.iter().chain(&second.words).copied().collect())?
        }
        _ => first.clone(),
    };
    (sheet.x(part.bbox.x0) < 0.45 && part.text().chars().any(char::is_alphanumeric)).then_some(part)
}

/// What follows `Lưu:`.
fn archive_text(text: &str) -> Option<String> {
    let first = text.split_whitespace().next()?;
    let word = skeleton(first.split([':', '.']).next()?);
    let rest = text[first.len()..].trim();
    let glued = first.split_once(':').map_or("", |(_, rest)| rest);
    (word == skeleton("lưu")).then(|| trimmed(format!("{glued} {rest}").trim()))
}

/// Without the closing punctuation.
fn trimmed(text: &str) -> String {
    let end = text.trim().trim_end_matches(|c: char| !c.is_alphanumeric() && c != ')');
    if fold(end).is_empty() { String::new() } else { end.to_owned() }
}
