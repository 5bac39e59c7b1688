//! Tolerant matching of printed anchors.
//!
//! Anchors are compared on the folded text with Damerau-Levenshtein distance: none up to
//! three letters (`học` is not `độc`), one up to five, two beyond. Look-alikes that recognition mixes up (`0`/`o`, `1`/`l`/`i`,
//! `6` for a marked `o`) are one character first. Work is bounded: only short strings are compared.

use sohoa_document::fold::fold;

/// Longest string ever compared by edits; anchors are shorter.
const LONGEST: usize = 64;

/// The folded text with punctuation dropped and look-alikes merged.
pub(crate) fn skeleton(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric() || *c == ' ').map(look_alike).collect()
}

fn look_alike(c: char) -> char {
    match c {
        '0' | '6' => 'o',
        '1' | 'l' | '|' => 'i',
        c => c,
    }
}

/// Edits between two words, neighbours swapped counting once; `None` beyond `most`.
pub(crate) fn edits(a: &str, b: &str, most: usize) -> Option<usize> {
    let a: Vec<char> = a.chars().take(LONGEST + 1).collect();
    let b: Vec<char> = b.chars().take(LONGEST + 1).collect();
    if a.len() > LONGEST || b.len() > LONGEST || a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (above[j] + 1).min(row[j - 1] + 1).min(above[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().filter(|distance| *distance <= most)
}

/// Edits that one anchor of this many letters may cost.
pub(crate) fn tolerance(letters: usize) -> usize {
    match letters {
        0..=3 => 0,
        4..=5 => 1,
        _ => 2,
    }
}

/// Whether `text` is the anchor, within tolerance.
pub(crate) fn is(text: &str, anchor: &str) -> bool {
    let (text, anchor) = (skeleton(text), skeleton(anchor));
    edits(&text, &anchor, tolerance(anchor.chars().count())).is_some()
}

/// Where the anchor's words occur in `words` (skeletons), in order; missing ones are skipped.
pub(crate) fn in_order(words: &[String], anchor: &[&str]) -> Vec<usize> {
    let mut hits = Vec::new();
    let mut from = 0;
    for wanted in anchor {
        let wanted = skeleton(wanted);
        let most = tolerance(wanted.chars().count());
        if let Some(at) = words[from..].iter().position(|word| edits(word, &wanted, most).is_some())
        {
            hits.push(from + at);
            from += at + 1;
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swapped_neighbours_cost_one_edit() {
        assert_eq!(edits("thnag", "thang", 2), Some(1));
        assert_eq!(edits("nam", "thang", 2), None);
        assert_eq!(edits("", "", 0), Some(0));
    }

    #[test]
    fn anchors_survive_the_usual_misreadings() {
        assert!(is("GIÁY", "GIẤY"));
        assert!(is("Nơi nhận:", "Nơi nhận"));
        assert!(is("Nơi nhện", "Nơi nhận"));
        assert!(!is("Kính gửi", "Nơi nhận"));
    }

    #[test]
    fn words_count_only_in_order() {
        let words: Vec<String> = ["cong", "hoa", "xa"].map(String::from).to_vec();
        assert_eq!(in_order(&words, &["cộng", "hòa", "xã", "hội"]), [0, 1, 2]);
        assert_eq!(in_order(&words, &["xã", "cộng"]), [2]);
    }
}
