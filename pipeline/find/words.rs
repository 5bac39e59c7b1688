//! Words, compared without diacritics: whole ones, and all of them.

use sohoa_document::fold::fold;
use unicode_normalization::UnicodeNormalization as _;

/// A word or a quoted phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// Without diacritics, in lower case.
    pub(crate) folded: String,
    /// In lower case, where it was typed with marks.
    pub(crate) marked: Option<String>,
}

/// Words that all have to be there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words(pub(crate) Vec<Word>);

impl Words {
    /// The words of a text.
    pub fn of(text: &str) -> Self {
        let mut words = Self::default();
        text.split_whitespace().for_each(|word| words.push(word));
        words
    }

    /// Adds a word, or a phrase whose words have to stand together. Punctuation at its ends is not
    /// part of it.
    pub fn push(&mut self, text: &str) {
        let text = text.trim_matches(|c: char| !c.is_alphanumeric());
        let folded = fold(text);
        if !folded.is_empty() {
            let marked = lower(text);
            let marked = (marked != folded).then_some(marked);
            self.0.push(Word { folded, marked });
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether some were typed with marks.
    pub(crate) fn has_marks(&self) -> bool {
        self.0.iter().any(|word| word.marked.is_some())
    }

    /// Whether every word is in one of the folded texts.
    pub(crate) fn all_in(&self, texts: &[&str]) -> bool {
        self.0.iter().all(|word| texts.iter().any(|text| find(text, &word.folded).is_some()))
    }

    /// How many words the text has with their marks.
    pub(crate) fn marked_in(&self, text: &str) -> usize {
        if !self.has_marks() {
            return 0;
        }
        let text = lower(text);
        let marked = self.0.iter().filter_map(|word| word.marked.as_deref());
        marked.filter(|word| find(&text, word).is_some()).count()
    }

    /// How many words the folded text has.
    pub(crate) fn count_in(&self, text: &str) -> usize {
        self.0.iter().filter(|word| find(text, &word.folded).is_some()).count()
    }

    /// Where the words stand in the folded text one after the other, or else the first of them.
    pub(crate) fn place_in(&self, text: &str) -> Option<(usize, bool)> {
        let words: Vec<&str> = self.0.iter().map(|word| word.folded.as_str()).collect();
        if let Some(at) = find(text, &words.join(" ")) {
            return Some((at, true));
        }
        words.iter().filter_map(|word| find(text, word)).min().map(|at| (at, false))
    }

    /// As typed, for people.
    pub(crate) fn describe(&self) -> String {
        let typed = self.0.iter().map(|word| word.marked.as_ref().unwrap_or(&word.folded));
        let shown =
            typed.map(|word| if word.contains(' ') { format!("\"{word}\"") } else { word.clone() });
        shown.collect::<Vec<_>>().join(" ")
    }
}

/// Lower case with its marks, composed.
fn lower(text: &str) -> String {
    let joined: Vec<&str> = text.split_whitespace().collect();
    joined.join(" ").nfc().collect::<String>().to_lowercase()
}

/// Where a text has `wanted` as whole words.
pub(crate) fn find(text: &str, wanted: &str) -> Option<usize> {
    if wanted.is_empty() {
        return None;
    }
    let mut from = 0;
    while let Some(at) = text[from..].find(wanted).map(|at| from + at) {
        let end = at + wanted.len();
        let before = text[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let after = text[end..].chars().next().is_none_or(|c| !c.is_alphanumeric());
        if before && after {
            return Some(at);
        }
        from = at + wanted.chars().next().map_or(1, char::len_utf8);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole_and_need_no_marks() {
        let words = Words::of("dat ĐAI,");
        assert!(words.all_in(&["luat dat dai", ""]));
        assert!(words.all_in(&["dat", "dai"]), "in different columns");
        assert!(!words.all_in(&["dat daiu", ""]), "a part of a word is none");
        let mut phrase = Words::default();
        phrase.push("thửa  số 7");
        assert!(phrase.all_in(&["dat, thua so 7"]) && !phrase.all_in(&["thua 7 so"]));
        assert!(Words::of(" , . ").is_empty());
    }

    #[test]
    fn marks_are_compared_where_they_were_typed() {
        let words = Words::of("đất dai");
        assert_eq!(words.marked_in("Về ĐẤT đai"), 1);
        assert_eq!(words.marked_in("Về dat đai"), 0);
        // Decomposed, as some systems write.
        assert_eq!(Words::of("đâ\u{301}t").marked_in("Về Đất"), 1);
        assert!(!Words::of("dat").has_marks());
        assert_eq!(words.describe(), "đất dai");
    }

    #[test]
    fn words_in_their_order_are_a_place_of_their_own() {
        let words = Words::of("so y te");
        assert_eq!(words.place_in("y so cua so y te"), Some((9, true)));
        assert_eq!(words.place_in("cua te so"), Some((4, false)));
        assert_eq!(words.place_in(""), None);
    }
}
