//! Box 5: the subject (trích yếu).
//!
//! Under a title it is the centred lines down to the rule, the enacting authority, `Căn cứ`,
//! `Kính gửi` or the body; in a letter it is the block in the left column that starts with `V/v`.
//! Words stay as printed; a leading `V/v` is dropped.

use sohoa_document::{Field, Rect};

use crate::{
    anchors::is,
    confidence,
    kind::{self, ABOUT, Heading},
    rows::Span,
    signer,
    zones::Head,
};

/// A subject is short; more rows than this are body.
const MOST_ROWS: usize = 10;

/// Reads the subject below the heading, or a letter's block.
pub(crate) fn read(head: &Head<'_, '_>, heading: Option<&Heading<'_>>) -> Option<Field<String>> {
    match heading {
        Some(heading) => titled(head, heading),
        None => letter(head),
    }
}

fn titled(head: &Head<'_, '_>, heading: &Heading<'_>) -> Option<Field<String>> {
    let sheet = head.sheet;
    let from = heading.rows.1 + 1;
    let axis = heading.span.bbox.centre().0;
    let mut lines: Vec<Span<'_>> = Vec::new();
    let mut above = heading.span.bbox;
    for row in sheet.rows.iter().skip(from).take(MOST_ROWS) {
        let Some(line) = without_specks(row, 0.0) else { continue };
        let step = line.bbox.centre().1 - above.centre().1;
        let height = line.type_height().max(above.height()).max(1.0);
        let first = lines.is_empty();
        if ends(&line) || step > if first { 4.0 } else { 2.4 } * height {
            break;
        }
        let off = (line.bbox.centre().0 - axis).abs() / sheet.width;
        if off > 0.09 {
            break;
        }
        above = line.bbox;
        lines.push(line);
    }
    join(head, &lines)
}

fn letter(head: &Head<'_, '_>) -> Option<Field<String>> {
    let sheet = head.sheet;
    let number = head.number.as_ref().map_or(head.bottom, |number| number.row + 1);
    let rows = sheet.rows.get(number..(number + 12).min(sheet.rows.len()))?;
    let at = rows
        .iter()
        .position(|row| kind::about(row).is_some_and(|part| sheet.x(part.bbox.x0) < 0.4))?;
    let first = column(head, number + at, &kind::about(&rows[at])?)?;
    let mut lines = vec![first];
    for (offset, row) in rows.iter().enumerate().skip(at + 1).take(MOST_ROWS) {
        let above = lines[lines.len() - 1].bbox;
        let Some(line) = without_specks(row, sheet.x(above.x0))
            .and_then(|row| column(head, number + offset, &row))
        else {
            continue;
        };
        let step = line.bbox.centre().1 - above.centre().1;
        let height = line.type_height().max(1.0);
        if ends(&line)
            || step > 2.4 * height
            || sheet.x(line.bbox.x0) > 0.42
            || sheet.x(line.bbox.x1) > 0.62
        {
            break;
        }
        lines.push(line);
    }
    join(head, &lines)
}

/// The left column of a row: up to the date or the first wide gap.
fn column<'a>(head: &Head<'_, 'a>, index: usize, row: &Span<'a>) -> Option<Span<'a>> {
    let date = head.date.as_ref().filter(|date| date.row == index).map(|date| date.left);
    let part = row.between(f32::NEG_INFINITY, date.unwrap_or(f32::INFINITY))?;
    part.split(1.6 * part.type_height().max(1.0)).into_iter().next()
}

/// The row without signs that are no text, left of the page's `from` share too.
fn without_specks<'a>(row: &Span<'a>, _from: f32) -> Option<Span<'a>> {
    let mut words = row.words.clone();
    let speck = |text: &str| {
        !text.chars().any(char::is_alphanumeric) && !matches!(text, "-" | "–" | "—" | "&")
    };
    while words
        .last()
        .is_some_and(|word| speck(&word.text) || matches!(word.text.as_str(), "-" | "–" | "—"))
    {
        words.pop();
    }
    while words.first().is_some_and(|word| speck(&word.text)) {
        words.remove(0);
    }
    Span::of(words).filter(|span| span.text().chars().filter(|c| c.is_alphanumeric()).count() > 1)
}

/// Whether the row belongs to what comes after a subject.
fn ends(row: &Span<'_>) -> bool {
    let first = |count: usize| {
        row.words.iter().take(count).map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    };
    let two = first(2);
    let body = ["Căn cứ", "Kính gửi", "Thực hiện", "Kính mời", "Theo đề", "Xét đề"];
    if body.iter().any(|anchor| is(&two, anchor)) {
        return true;
    }
    let lead = first(1);
    let numbered = lead.ends_with('.')
        && lead
            .chars()
            .filter(|c| c.is_alphanumeric())
            .all(|c| c.is_ascii_digit() || "IVX".contains(c));
    numbered || (row.capitals() > 0.8 && (signer::is_title(&row.text()) || is_agency(row)))
}

fn is_agency(row: &Span<'_>) -> bool {
    let text =
        row.words.iter().take(3).map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    is(&text, "Ủy ban nhân") || is(&text, "Hội đồng nhân") || text.starts_with("BỘ TRƯỞNG")
}

fn join(head: &Head<'_, '_>, lines: &[Span<'_>]) -> Option<Field<String>> {
    let bbox = Rect::around(lines.iter().map(|line| &line.bbox))?;
    let text: Vec<String> = lines.iter().map(Span::text).collect();
    let text = text.join(" ");
    let start = ABOUT.find(&text).map_or(0, |found| found.end());
    let value = text[start..].trim().trim_end_matches(['_', '¬', '—', '|', '~', ' ']).to_owned();
    if value.chars().filter(|c| c.is_alphabetic()).count() < 4 {
        return None;
    }
    // A subject is long: one wrong word is no wrong subject, many are.
    let mean = lines.iter().map(|line| confidence::word(line.confidence())).fold(1.0, f32::min);
    let p = confidence::weigh(mean, if start > 0 || value.starts_with("Về") { 1.0 } else { 0.6 });
    Some(Field { value, probability: p, page: head.sheet.page, bbox })
}
