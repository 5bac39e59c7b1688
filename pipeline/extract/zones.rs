//! The parts of a document's first page.
//!
//! Owns where the letterhead ends: national title (box 1), number (box 3) and date (box 4) are
//! found by their anchors, in soft windows of the page; everything else is found relative to them.
//! A cropped letterhead leaves parts `None`; nothing is assumed in their place.

use crate::{
    anchors::{in_order, is, skeleton},
    date_line::{self, DateLine},
    number_line::{self, NumberLine},
    rows::{Sheet, Span},
};

const NATIONAL: [&str; 8] = ["cộng", "hòa", "xã", "hội", "chủ", "nghĩa", "việt", "nam"];
const PARTY: [&str; 5] = ["đảng", "cộng", "sản", "việt", "nam"];
const MOTTO: [&str; 6] = ["độc", "lập", "tự", "do", "hạnh", "phúc"];
/// A letterhead lies in this upper share of the page (the law: down to .28; scans are cut badly).
pub(crate) const HEAD: f32 = 0.42;

/// The letterhead of a first page.
#[derive(Debug)]
pub(crate) struct Head<'s, 'a> {
    pub(crate) sheet: &'s Sheet<'a>,
    /// Row and left edge of the national (or party) title.
    pub(crate) national: Option<(usize, f32)>,
    /// Row and left edge of the motto.
    pub(crate) motto: Option<(usize, f32)>,
    pub(crate) number: Option<NumberLine<'a>>,
    pub(crate) date: Option<DateLine<'a>>,
    /// First row below the letterhead.
    pub(crate) bottom: usize,
}

impl<'s, 'a> Head<'s, 'a> {
    pub(crate) fn find(sheet: &'s Sheet<'a>) -> Self {
        let end = body_from(sheet);
        let national =
            title_row(sheet, end, &NATIONAL, 4).or_else(|| title_row(sheet, end, &PARTY, 4));
        let motto = title_row(sheet, end, &MOTTO, 4);
        // A form's template and its date stand above the titles.
        let titles = national.or(motto).map_or(0, |(row, _)| row);
        let date = date_line::find(sheet, titles..end);
        let right = national.or(motto).map(|(_, x)| x);
        let number = number_line::find(sheet, end, date.as_ref(), right);
        let lowest = [
            national.map(|(row, _)| row),
            motto.map(|(row, _)| row),
            date.as_ref().map(|date| date.row),
            number.as_ref().map(|number| number.row),
        ];
        let bottom = lowest.into_iter().flatten().max().map_or(0, |row| row + 1);
        Self { sheet, national, motto, number, date, bottom }
    }

    /// Left edge of the right column of the letterhead.
    pub(crate) fn right_column(&self) -> f32 {
        let known = [self.national, self.motto].into_iter().flatten().map(|(_, x)| x);
        known.fold(f32::INFINITY, f32::min).min(0.62 * self.sheet.width)
    }

    /// Height of the digits printed in the date line.
    pub(crate) fn digit_height(&self) -> Option<f32> {
        self.date.as_ref().and_then(DateLine::digit_height)
    }

    /// Whether the page has a letterhead at all, however badly cut.
    pub(crate) fn is_letterhead(&self) -> bool {
        self.national.is_some()
            || self.motto.is_some()
            || (self.number.is_some() && self.date.is_some())
    }

    /// Whether this page starts a document beyond doubt.
    pub(crate) fn is_first_page(&self) -> bool {
        (self.national.is_some() || self.motto.is_some()) && self.number.is_some()
    }
}

/// First row that can only be body text: nothing of the letterhead lies below it.
fn body_from(sheet: &Sheet<'_>) -> usize {
    let body = |row: &Span<'_>| {
        let first: Vec<&str> = row.words.iter().take(2).map(|word| word.text.as_str()).collect();
        let two = first.join(" ");
        is(&two, "Căn cứ") || is(&two, "Kính gửi") || sheet.y(row.bbox.centre().1) > HEAD
    };
    sheet.rows.iter().position(body).unwrap_or(sheet.rows.len())
}

fn title_row(sheet: &Sheet<'_>, end: usize, anchor: &[&str], least: usize) -> Option<(usize, f32)> {
    sheet.rows[..end].iter().enumerate().find_map(|(index, row)| {
        let words: Vec<_> = row.words.iter().filter(|word| sheet.x(word.bbox.x0) > 0.3).collect();
        let skeletons: Vec<String> = words.iter().map(|word| skeleton(&word.text)).collect();
        let hits = in_order(&skeletons, anchor);
        let first = hits.first().filter(|_| hits.len() >= least)?;
        Some((index, words[*first].bbox.x0))
    })
}
