//! A few words around what was found, without the numbers of persons.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

use crate::words::Words;

/// Characters on each side.
const AROUND: usize = 60;

/// What stands for a number.
const MASK: &str = "###";

/// Identity cards have 9 or 12 digits, telephones 10, accounts more: whatever is as long, and what is
/// written in groups of three or four. The index itself has hashes for some.
static LONG_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"id:[0-9a-f]{32}|\d{9,}|\b\d{3}(?:[ .\-]{1,2}\d{3}){2,3}\b|\b\d{4}(?:[ .\-]{1,2}\d{4}){2}\b",
    )
    .expect("a fixed pattern")
});

/// The text with every number that may be a person's replaced. Amounts of nine digits and more go,
/// too: which is which, nobody can tell from a scan.
pub fn mask(text: &str) -> Cow<'_, str> {
    LONG_NUMBER.replace_all(text, MASK)
}

/// What stands around the words in a folded text, without numbers of persons.
pub(crate) fn excerpt(text: &str, words: &Words) -> String {
    // The whole text first: a number cut at the edge would no longer look like one.
    let text = mask(text);
    let place = words.place_in(&text).map(|(at, _)| at).or_else(|| text.find(MASK));
    let place = place.unwrap_or(0);
    let start = text[..place].char_indices().rev().nth(AROUND).map_or(0, |(at, _)| at);
    let end = text[place..].char_indices().nth(2 * AROUND).map_or(text.len(), |(at, _)| place + at);
    // Whole words only.
    let start =
        if start == 0 { 0 } else { text[start..place].find(' ').map_or(place, |at| start + at) };
    let end = if end == text.len() {
        end
    } else {
        text[place..end].rfind(' ').map_or(end, |at| place + at)
    };
    let inner: Vec<&str> = text[start..end].split_whitespace().collect();
    let (before, after) =
        (if start > 0 { "… " } else { "" }, if end < text.len() { " …" } else { "" });
    format!("{before}{}{after}", inner.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_persons_are_not_shown() {
        let hash = "ab".repeat(16);
        for text in [
            "cccd 052099001234 cap",
            "cccd 052 099 001 234 cap",
            "cmnd 211.234.567 cap",
            "cccd 0520 9900 1234 cap",
            "cmnd 211234567 cap",
            "cccd 052-099-001-234 cap",
            "cccd 052  099 001 234 cap",
            &format!("cccd id:{hash} cap"),
        ] {
            let shown = mask(text);
            assert!(shown.ends_with("### cap"), "{shown}");
        }
        assert_eq!(
            mask("so 2114/qd-ubnd ngay 01/06/2020, 12345678 m2"),
            "so 2114/qd-ubnd ngay 01/06/2020, 12345678 m2"
        );
    }

    #[test]
    fn an_excerpt_is_whole_words_around_the_hit() {
        let text =
            format!("{} quyen su dung dat {} 052099001234", "dau ".repeat(40), "cuoi ".repeat(40));
        let shown = excerpt(&text, &Words::of("sử dụng đất"));
        assert!(shown.contains("quyen su dung dat cuoi"), "{shown}");
        assert!(shown.starts_with("… dau") && shown.ends_with("cuoi …"), "{shown}");
        assert!(shown.chars().count() <= 3 * AROUND + 10, "{shown}");
        // The number's first digits do not show at the edge either.
        let near = format!("dat {}052099001234 {}", "x ".repeat(57), "y ".repeat(90));
        assert!(!excerpt(&near, &Words::of("dat")).contains("0520"));
        assert_eq!(excerpt("ngắn", &Words::default()), "ngắn");
    }
}
