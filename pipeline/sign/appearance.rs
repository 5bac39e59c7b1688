//! What a signature shows on the page: a few lines of black text, upright in a corner.
//!
//! Decree 30/2020 Appendix I and Circular 05/2025 ask for text only, Times New Roman, upright,
//! size 10, black, at the top right of page 1, without the image of a seal. "Top right" is the
//! corner of the page as displayed: its turn and its visible part are respected.

use chrono::{DateTime, FixedOffset};

use crate::{
    SignError,
    font::{FontFile, Subset, width},
    pdf::{Dictionary, Object, Reference, object::hex, page::Page},
    placement::{Corner, Place, Sheet, widest},
    revision::Revision,
};

/// Points; the size the decree names.
const SIZE: f64 = 10.0;

/// Points from line to line; Tinos needs 11.07.
const LEADING: f64 = 11.5;

/// Points at which lines are wrapped, as they are tried. The left half of the top belongs to the
/// scanning officer.
const WIDTHS: [f64; 3] = [240.0, 180.0, 130.0];

/// The text of a signature and its font.
#[derive(Debug, Clone)]
pub struct Appearance {
    /// Lines as they shall be read; long ones are wrapped between words.
    pub lines: Vec<String>,
    /// The font the text is set in; it must have every character.
    pub font: FontFile,
    /// Where it is shown.
    pub corner: Corner,
    /// What stands on page 1 and shall stay legible: left, top, width and height in points of each
    /// word or spot, on the page as it is displayed.
    pub printed: Vec<[f64; 4]>,
}

impl Appearance {
    /// The text of an agency's copy of a paper: form of copy (`SAO Y`), agency, the mark of
    /// conversion and the time.
    pub fn of_copy(form: &str, agency: &str, at: DateTime<FixedOffset>, font: FontFile) -> Self {
        let lines = vec![
            form.to_owned(),
            agency.to_owned(),
            "Chuyển đổi từ văn bản giấy".to_owned(),
            format!("Thời gian ký: {}", at.format("%d.%m.%Y %H:%M:%S %:z")),
        ];
        Self { lines, font, corner: Corner::TopRight, printed: Vec::new() }
    }

    /// Lays the text out for a page, clear of the fields it shows, and of what is printed where that
    /// can be had.
    pub(crate) fn lay_out(&self, page: &Page, fields: &[Place]) -> Result<Layout, SignError> {
        let face = self.font.face()?;
        let size = page.displayed();
        let mut shapes: Vec<(Vec<String>, (f64, f64))> = Vec::new();
        for room in WIDTHS {
            let room = room.min(widest(size.0)).max(SIZE * 4.0);
            let mut lines = Vec::new();
            let mut longest: f64 = 0.0;
            for line in &self.lines {
                for part in wrap(line, |text| Ok(width(&face, text, SIZE)? <= room))? {
                    longest = longest.max(width(&face, &part, SIZE)?);
                    lines.push(part);
                }
            }
            if shapes.iter().all(|(known, _)| *known != lines) {
                let height = lines.len() as f64 * LEADING;
                shapes.push((lines, (longest, height)));
            }
        }
        let sheet = Sheet { size, fields, printed: &self.printed };
        let sizes: Vec<_> = shapes.iter().map(|(_, size)| *size).collect();
        let (chosen, place) = sheet.place(self.corner, &sizes);
        let lines = shapes.swap_remove(chosen).0;
        let ascent = f64::from(face.ascender()) / f64::from(face.units_per_em()) * SIZE;
        Ok(Layout { lines, place, ascent, turn: page.rotate })
    }
}

/// Breaks a line between words; a single word that is too long stays whole.
fn wrap(
    line: &str,
    fits: impl Fn(&str) -> Result<bool, SignError>,
) -> Result<Vec<String>, SignError> {
    let mut out = Vec::new();
    let mut current = String::new();
    for word in line.split_whitespace() {
        let longer = if current.is_empty() { word.to_owned() } else { format!("{current} {word}") };
        if current.is_empty() || fits(&longer)? {
            current = longer;
        } else {
            out.push(std::mem::replace(&mut current, word.to_owned()));
        }
    }
    out.push(current);
    Ok(out)
}

/// A text block with its place on the displayed page.
#[derive(Debug)]
pub(crate) struct Layout {
    lines: Vec<String>,
    /// Left, top, width, height in points, as displayed.
    pub(crate) place: [f64; 4],
    ascent: f64,
    turn: u16,
}

impl Layout {
    /// Adds the form and its font to the revision.
    pub(crate) fn draw(
        &self,
        font: &FontFile,
        revision: &mut Revision,
    ) -> Result<Reference, SignError> {
        let mut subset = Subset::new(font)?;
        // All of them, so that the subset is the same whatever the time.
        subset.encode("0123456789")?;
        let [_, _, width, height] = self.place;
        let mut content = format!(
            "q\nBT\n0 g\n/F0 {SIZE} Tf\n{LEADING} TL\n0 {} Td\n",
            number(height - self.ascent)
        );
        for line in &self.lines {
            content.push('<');
            content.push_str(&hex(&subset.encode(line)?));
            content.push_str("> Tj T*\n");
        }
        content.push_str("ET\nQ\n");
        let mut fonts = Dictionary::new();
        fonts.set("F0", subset.embed(revision)?);
        let mut resources = Dictionary::new();
        resources.set("Font", fonts);
        let mut form = Dictionary::new();
        form.set("Type", "XObject");
        form.set("Subtype", "Form");
        form.set("BBox", [0.0, 0.0, width, height].map(real).to_vec());
        // Against the turn of the page, so that the text is upright when displayed.
        let matrix: Option<[i64; 6]> = match self.turn {
            90 => Some([0, 1, -1, 0, 0, 0]),
            180 => Some([-1, 0, 0, -1, 0, 0]),
            270 => Some([0, -1, 1, 0, 0, 0]),
            _ => None,
        };
        if let Some(matrix) = matrix {
            form.set("Matrix", matrix.map(Object::Integer).to_vec());
        }
        form.set("Resources", resources);
        Ok(revision.add_stream(form, content.as_bytes()))
    }
}

/// A number with at most three decimals, never in exponential form.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(crate) fn real(value: f64) -> Object {
    Object::Real(number(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_only() {
        let fits = |text: &str| Ok(text.chars().count() <= 11);
        let lines = wrap("Ủy ban nhân dân thànhphốdàinhất", fits).unwrap();
        assert_eq!(lines, ["Ủy ban nhân", "dân", "thànhphốdàinhất"]);
    }

    #[test]
    fn numbers_are_plain() {
        assert_eq!(number(35.0), "35");
        assert_eq!(number(0.000_01), "0");
        assert_eq!(number(-1.5), "-1.5");
    }
}
