//! The widths of a real font's characters.
//!
//! Most papers are set in Times New Roman. Spacing the invisible characters as that face does puts
//! each of them over its printed one even within a word, so that a search hit in the middle of a
//! word is marked where it is printed. Outlines are never taken from the font.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Width in thousandths of an em where the font has no answer.
const UNKNOWN: u16 = 500;
/// The same for the wide scripts of East Asia.
const UNKNOWN_WIDE: u16 = 1000;

/// Widths by character. Loaded once; clones share it.
#[derive(Debug, Clone)]
pub struct Font {
    widths: Arc<HashMap<char, u16>>,
}

/// The configured font cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FontError {
    /// It cannot be read.
    #[error("font {path} cannot be read; install fonts-croscore or set another")]
    Read {
        /// The configured path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no font, or one without a Unicode character map.
    #[error("font {path} is not usable")]
    Parse {
        /// The configured path.
        path: PathBuf,
        /// Why, when the font itself is broken.
        source: Option<ttf_parser::FaceParsingError>,
    },
}

impl Font {
    /// Reads the character widths of a TrueType or OpenType font.
    pub fn read(path: &Path) -> Result<Self, FontError> {
        let bytes = std::fs::read(path)
            .map_err(|source| FontError::Read { path: path.to_owned(), source })?;
        let face = ttf_parser::Face::parse(&bytes, 0)
            .map_err(|error| FontError::Parse { path: path.to_owned(), source: Some(error) })?;
        let widths = widths(&face);
        if widths.is_empty() {
            return Err(FontError::Parse { path: path.to_owned(), source: None });
        }
        Ok(Self { widths: Arc::new(widths) })
    }

    /// Width of a character in thousandths of an em; never 0.
    pub(crate) fn width(&self, c: char) -> u16 {
        match self.widths.get(&c) {
            Some(width) => *width,
            None if is_wide(c) => UNKNOWN_WIDE,
            None => UNKNOWN,
        }
    }
}

pub(crate) fn widths(face: &ttf_parser::Face<'_>) -> HashMap<char, u16> {
    let mut widths = HashMap::new();
    let unicode = face.tables().cmap.into_iter().flat_map(|cmap| cmap.subtables);
    for table in unicode.filter(ttf_parser::cmap::Subtable::is_unicode) {
        table.codepoints(|code| {
            let advance = char::from_u32(code)
                .and_then(|c| Some((c, face.glyph_hor_advance(face.glyph_index(c)?)?)));
            if let Some((c, advance)) = advance {
                let width = u32::from(advance) * 1000 / u32::from(face.units_per_em());
                // Marks have no width of their own, but each code has to be selectable.
                if (1..=4000).contains(&width) {
                    widths.insert(c, width as u16);
                }
            }
        });
    }
    widths
}

fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}'
        | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_times() {
        let font = Font::read(&crate::ComposeConfig::default().font).unwrap();
        assert_eq!(font.width(' '), 250);
        assert_eq!(font.width('m'), 777);
        assert_eq!(font.width('ệ'), font.width('e'));
        assert_eq!(font.width('漢'), 1000);
        assert_eq!(font.width('\u{10ffff}'), 500);
    }

    #[test]
    fn what_is_no_font_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"not a font").unwrap();
        assert!(matches!(Font::read(file.path()), Err(FontError::Parse { .. })));
        assert!(matches!(Font::read(Path::new("/nowhere.ttf")), Err(FontError::Read { .. })));
    }
}
