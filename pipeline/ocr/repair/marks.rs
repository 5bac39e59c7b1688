//! A syllable taken apart: letters, and the one tone mark over them.

use unicode_normalization::UnicodeNormalization;

/// Grave, acute, tilde, hook above, dot below.
const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// Letters with their circumflex, breve, horn or stroke, and the tone apart from them.
///
/// Where the tone stands is left out: `hoà` and `hòa` are one syllable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spelling {
    /// NFC, without tone.
    pub(super) letters: String,
    /// The combining mark; `None` for the level tone.
    pub(super) tone: Option<char>,
}

impl Spelling {
    /// Takes a lower-case syllable apart.
    pub(super) fn of(syllable: &str) -> Self {
        let tone = syllable.nfd().find(|c| TONES.contains(c));
        let letters = syllable.nfd().filter(|c| !TONES.contains(c)).nfc().collect();
        Self { letters, tone }
    }
}

/// The bare letters of a lower-case syllable: `đường` is `duong`.
pub(super) fn skeleton(syllable: &str) -> String {
    let bare = syllable.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c));
    bare.map(|c| if c == 'đ' { 'd' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_tone_are_apart() {
        let quyet = Spelling::of("quyết");
        assert_eq!((quyet.letters.as_str(), quyet.tone), ("quyêt", Some('\u{301}')));
        assert_eq!(Spelling::of("hoà"), Spelling::of("hòa"));
        assert_eq!(Spelling::of("ban").tone, None);
    }

    #[test]
    fn a_skeleton_is_bare() {
        assert_eq!(skeleton("đường"), "duong");
        assert_eq!(skeleton("phủ"), skeleton("phú"));
    }
}
