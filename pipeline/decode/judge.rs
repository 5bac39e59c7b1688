//! The judge of text layers: Vietnamese as printed, junk, or only a stamp.
//!
//! Most scans in the wild carry a layer made by an engine that knows no Vietnamese, or only the
//! text of a signature's stamp. Vietnamese syllables are a closed set and four in five carry a mark,
//! so two shares tell: valid syllables among words of letters, and marks among syllables.

use sohoa_document::PageText;

use crate::{
    survey::LayerQuality,
    syllable::{has_diacritic, is_syllable},
};

/// Below this many words, text over a page image is a stamp or a note, whatever its spelling.
const STAMP_WORDS: usize = 60;
/// A true layer has 0.91 and more, junk 0.71 and less.
const SYLLABLE_SHARE: f32 = 0.82;
/// A true layer has 0.78 and more, junk 0.30 and less; tables of names and units are poorer.
const DIACRITIC_SHARE: f32 = 0.5;
/// Fewer letters than this tell nothing.
const FEWEST_WORDS: usize = 3;

/// What a page is made of, under its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    /// Drawn: text, lines, small pictures.
    Drawn,
    /// Images cover it.
    Image,
}

/// What the judgement rests on.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LayerStatistics {
    /// Words of letters only: numbers, codes and addresses are neutral.
    pub words: usize,
    /// Share of them that are possible Vietnamese syllables.
    pub syllables: f32,
    /// Share of them that carry a Vietnamese mark.
    pub diacritics: f32,
    /// Share of glyphs without a meaning, or in legacy font encodings.
    pub foreign: f32,
    /// Height of the text from its first to its last line, as a share of the page.
    pub extent: f32,
}

/// Judges the text layer of one page.
pub fn judge(text: &PageText, cover: Cover) -> (LayerQuality, LayerStatistics) {
    let seen = measure(text);
    let quality = if text.words().next().is_none() {
        LayerQuality::None
    } else if cover == Cover::Image && seen.words < STAMP_WORDS && seen.extent < 0.6 {
        LayerQuality::StampOnly
    } else if seen.foreign > 0.05 {
        LayerQuality::Junk
    } else if seen.words < FEWEST_WORDS {
        // Numbers alone, on a drawn page: a table's continuation is as good as its font.
        if cover == Cover::Drawn { LayerQuality::Good } else { LayerQuality::StampOnly }
    } else if seen.syllables >= SYLLABLE_SHARE && seen.diacritics >= DIACRITIC_SHARE {
        LayerQuality::Good
    } else {
        LayerQuality::Junk
    };
    (quality, seen)
}

fn measure(text: &PageText) -> LayerStatistics {
    let mut seen = LayerStatistics::default();
    let (mut syllables, mut marked, mut glyphs, mut odd) = (0_usize, 0_usize, 0_usize, 0_usize);
    for word in text.words() {
        glyphs += word.text.chars().count();
        odd += word.text.chars().filter(|c| is_odd(*c)).count();
        for part in word.text.split(|c: char| !c.is_alphabetic()).filter(|part| !part.is_empty()) {
            if word.text.contains(|c: char| c.is_ascii_digit()) || part.chars().count() == 1 {
                continue;
            }
            seen.words += 1;
            syllables += usize::from(is_syllable(part));
            marked += usize::from(has_diacritic(part));
        }
    }
    if seen.words > 0 {
        seen.syllables = syllables as f32 / seen.words as f32;
        seen.diacritics = marked as f32 / seen.words as f32;
    }
    if glyphs > 0 {
        seen.foreign = odd as f32 / glyphs as f32;
    }
    let tops = text.lines.iter().map(|line| line.bbox.y0);
    let bottoms = text.lines.iter().map(|line| line.bbox.y1);
    let (top, bottom) = (tops.fold(f32::MAX, f32::min), bottoms.fold(0.0, f32::max));
    seen.extent = ((bottom - top) / text.height.max(1.0)).clamp(0.0, 1.0);
    seen
}

/// Characters that Vietnamese print has not, but TCVN3 and VNI fonts and broken maps have.
fn is_odd(c: char) -> bool {
    matches!(c, '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{80}'..='\u{9f}')
        || matches!(
            c,
            '¸' | '¶'
                | '·'
                | '¹'
                | '¨'
                | '©'
                | '®'
                | '¬'
                | '¡'
                | '¢'
                | '£'
                | '¤'
                | '¥'
                | '¦'
                | '§'
                | 'µ'
        )
        || matches!(
            c,
            'Ä' | 'Ë' | 'Ï' | 'Ö' | 'Ü' | 'Å' | 'Æ' | 'Ñ' | 'Ø' | 'Î' | 'Û' | 'Þ' | 'ß' | 'Ç'
        )
        || matches!(c, 'ä' | 'ë' | 'ï' | 'ö' | 'ü' | 'å' | 'æ' | 'ñ' | 'ø' | 'î' | 'û' | 'þ' | 'ç')
}
