//! Where the number line stands: the row that starts with `Số`, or bare digits with a notation.
//!
//! Never in the body, and never what `V/v` names: the number of a paper that this one is about.

use std::sync::LazyLock;

use regex::Regex;
use sohoa_document::{Rect, fold::fold};

use crate::{
    date_line::DateLine,
    rows::{Sheet, Span},
};

static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    // A digit before a colon is the misread end of `Số`; without one it may be the number's.
    Regex::new(concat!(
        r"^[^\p{L}\d]{0,3}(?:s[o06ebda]{0,2}\s?[:.;,]{1,2}|s(?:[o06ebda][oebda]?)?",
        r"|5[o0]\s?[:.;,]{0,2})\s*"
    ))
    .expect("constant pattern, compiled in tests")
});
/// `Số:` on a line that is known to be one, also as a model without Vietnamese marks has it.
static AGAIN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^[^\p{L}\d$§]{0,3}[sS5$§8](?:[6oO0eEdbóòôốồộéèêếềệáà]{1,2}[:.;,]",
        r"|[6oO0eEdbóòôốồộéèêếềệáà][oeóốéế]?)\s*"
    ))
    .expect("constant pattern, compiled in tests")
});
static BARE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\S{0,8}\s?/\s?(?:\d{4}/)?[\p{Lu}Đ]{2,6}\s?[-–—]\s?[\p{Lu}Đ]{2,12}\W{0,3}$")
        .expect("constant pattern, compiled in tests")
});

/// What a number in the next line belongs to: another paper, that this one is about.
static CITED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:quyet dinh|cong van|nghi dinh|thong tu|nghi quyet|chi thi|ke hoach|thong bao|to trinh",
        r"|bao cao|van ban|huong dan)\W*$"
    ))
    .expect("constant pattern, compiled in tests")
});

/// The number line as found: the words behind the label.
#[derive(Debug)]
pub(crate) struct NumberLine<'a> {
    pub(crate) row: usize,
    pub(crate) span: Span<'a>,
    /// Bytes of the label in the joined text.
    pub(crate) label: usize,
    pub(crate) page: u32,
    /// Where the page's ink is coloured.
    pub(crate) coloured: &'a [Rect],
    /// Whether the model that read the page read this.
    pub(crate) same_model: bool,
    /// The same line, read again.
    pub(crate) again: Vec<Self>,
}

/// Finds the number line in the rows above `end`.
pub(crate) fn find<'a>(
    sheet: &Sheet<'a>,
    end: usize,
    date: Option<&DateLine<'_>>,
    right: Option<f32>,
) -> Option<NumberLine<'a>> {
    let cut = right.unwrap_or(0.56 * sheet.width).max(0.3 * sheet.width);
    let left_of = |index: usize, row: &Span<'a>| {
        let cut = date.filter(|date| date.row == index).map_or(cut, |date| date.left);
        row.between(f32::NEG_INFINITY, cut)
    };
    let rows = || sheet.rows[..end].iter().enumerate();
    // `V/v thực hiện Quyết định`, and below it `số 1571/QĐ-UBND`. An agency's name is in capitals.
    let is_cited = |index: usize| {
        let above = index.checked_sub(1).and_then(|above| left_of(above, &sheet.rows[above]));
        above.is_some_and(|above| CITED.is_match(&above.folded()) && above.capitals() < 0.7)
    };
    let line = |row, span, label| NumberLine {
        row,
        span,
        label,
        page: sheet.page,
        coloured: sheet.coloured,
        same_model: true,
        again: Vec::new(),
    };
    let labelled = rows().find_map(|(index, row)| {
        let span = left_of(index, row)?;
        let label = label(&span).filter(|_| !is_cited(index))?;
        Some(line(index, span, label))
    });
    let bare = || {
        rows().find_map(|(index, row)| {
            let span = left_of(index, row).filter(|span| BARE.is_match(&span.text()))?;
            Some(line(index, span, 0))
        })
    };
    let mut found = labelled.or_else(bare)?;
    let again = sheet.again(found.span.bbox).filter_map(|(same_model, span)| {
        let text = span.text();
        let label = label(span).or_else(|| AGAIN.find(&text).map(|m| m.end()));
        // Without its label a line may have lost its first digits too.
        let label = label.or((found.label == 0).then_some(0))?;
        let (span, same_model) = (span.clone(), *same_model);
        Some(NumberLine { span, label, same_model, again: Vec::new(), ..found })
    });
    found.again = again.collect();
    Some(found)
}

/// Length of the label `Số:` in the span's text; `None` when the span does not start with it.
fn label(span: &Span<'_>) -> Option<usize> {
    let text = span.text();
    // Folding one character at a time keeps positions comparable.
    let found = LABEL.find(&fold_in_place(&text))?.end();
    let label: usize = text.chars().take(found).map(char::len_utf8).sum();
    let rest = &text[label..];
    if !text[..label].ends_with([' ', ':', '.', ';', ',']) && rest.starts_with(char::is_alphabetic)
    {
        return None;
    }
    let colon = text[..label].contains([':', ';']);
    let shaped = rest.contains('/') || rest.starts_with(|c: char| c.is_ascii_digit());
    (colon || (shaped && rest.chars().count() < 40)).then_some(label)
}

/// The text folded to one ASCII character for each of its characters.
fn fold_in_place(text: &str) -> String {
    text.chars()
        .map(|c| {
            let folded = fold(c.encode_utf8(&mut [0; 4]));
            folded.chars().next().filter(char::is_ascii).unwrap_or(if c.is_whitespace() {
                ' '
            } else {
                '~'
            })
        })
        .collect()
}
