//! A few words around what was found, without the numbers of persons.

use sohoa_document::mask::{MASK, mask};

use crate::words::Words;

/// Characters on each side.
const AROUND: usize = 60;

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
