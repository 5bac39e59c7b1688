//! Numbers and notations: `2114/QĐ-UBND`, and the ways it may be written in the index.
//!
//! The index keeps a code as printed and has a bloom filter over it, which answers for one spelling
//! only. So the spellings that somebody who types `2114/qd-ubnd` may mean are listed: upper case,
//! every `D` also as `Đ`, the abbreviations that have small letters, with and without leading zeros.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;
use sohoa_document::fold::fold;

/// Most spellings of one code; beyond that only what was typed is looked for.
const MOST_SPELLINGS: usize = 256;

/// Abbreviations with small letters that are no kind of document.
const MIXED_CASE: [&str; 3] = ["TTg", "TrS", "QCh"];

static CODE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(\d{1,6}[A-Za-z]?)(?:/((?:19|20)\d\d))?([/-])(\p{L}[\p{L}\d&.]*(?:[-/][\p{L}\d&.]+)*)$",
    )
    .expect("a fixed pattern")
});

static NOTATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\p{L}[\p{L}\d&.]*(?:[-/][\p{L}\d&.]+)+$").expect("a fixed pattern")
});

/// A number with its notation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) number: String,
    year: Option<String>,
    separator: char,
    pub(crate) notation: String,
}

impl Code {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let parts = CODE.captures(text)?;
        Some(Self {
            number: parts[1].to_owned(),
            year: parts.get(2).map(|year| year.as_str().to_owned()),
            separator: parts[3].chars().next()?,
            notation: parts[4].to_owned(),
        })
    }

    /// As typed.
    pub(crate) fn typed(&self) -> String {
        self.join(&self.number, &self.notation, self.separator)
    }

    /// As the index may have it.
    pub(crate) fn spellings(&self) -> Vec<String> {
        let mut all = BTreeSet::from([self.typed()]);
        for notation in notation_spellings(&self.notation) {
            for number in number_spellings(&self.number) {
                all.insert(self.join(&number, &notation, '/'));
                all.insert(self.join(&number, &notation, self.separator));
            }
        }
        all.into_iter().collect()
    }

    fn join(&self, number: &str, notation: &str, separator: char) -> String {
        match &self.year {
            Some(year) => format!("{number}/{year}/{notation}"),
            None => format!("{number}{separator}{notation}"),
        }
    }
}

/// Whether a word can only be a notation: parts joined by a hyphen, and capitals or a known kind.
pub(crate) fn is_notation(text: &str) -> bool {
    let first = text.split(['-', '/']).next().unwrap_or_default();
    let capitals = text.chars().filter(|c| c.is_uppercase()).count() >= 2;
    let kind = sohoa_extract::kinds().any(|k| !k.abbr.is_empty() && fold(k.abbr) == fold(first));
    text.contains('-') && NOTATION.is_match(text) && (capitals || kind)
}

/// A number with fewer and with more leading zeros.
pub(crate) fn number_spellings(number: &str) -> Vec<String> {
    let bare = number.trim_start_matches('0');
    let bare = if bare.is_empty() { "0" } else { bare };
    let mut all = vec![bare.to_owned(), format!("0{bare}"), format!("00{bare}")];
    if !all.iter().any(|spelling| spelling == number) {
        all.push(number.to_owned());
    }
    all
}

/// A notation in the ways it may be printed.
pub(crate) fn notation_spellings(notation: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for group in notation.split_inclusive(['-', '/']) {
        let (word, end) = match group.strip_suffix(['-', '/']) {
            Some(word) => (word, &group[word.len()..]),
            None => (group, ""),
        };
        let words = word_spellings(word);
        all = all
            .iter()
            .flat_map(|begun| words.iter().map(move |word| format!("{begun}{word}{end}")))
            .collect();
        if all.len() > MOST_SPELLINGS {
            return vec![notation.to_owned()];
        }
    }
    if !all.iter().any(|spelling| spelling == notation) {
        all.push(notation.to_owned());
    }
    all
}

fn word_spellings(word: &str) -> Vec<String> {
    let folded = fold(word);
    let mut all = BTreeSet::new();
    let known = sohoa_extract::kinds().map(|kind| kind.abbr).chain(MIXED_CASE);
    all.extend(known.filter(|abbr| fold(abbr) == folded).map(ToOwned::to_owned));
    let mut spellings = vec![String::new()];
    for c in word.to_uppercase().chars() {
        let also = if c == 'D' { Some('Đ') } else { None };
        spellings = spellings
            .iter()
            .flat_map(|begun| {
                [Some(c), also].into_iter().flatten().map(move |c| format!("{begun}{c}"))
            })
            .collect();
        if spellings.len() > MOST_SPELLINGS {
            return vec![word.to_owned()];
        }
    }
    all.extend(spellings);
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_typed_without_marks_is_looked_for_as_it_may_be_printed() {
        for (typed, printed) in [
            ("2114/qd-ubnd", "2114/QĐ-UBND"),
            ("2114/QĐ-UBND", "2114/QĐ-UBND"),
            ("5/ctr-ubnd", "05/CTr-UBND"),
            ("28/2018/qd-ttg", "28/2018/QĐ-TTg"),
            ("12/nq-hdnd", "12/NQ-HĐND"),
            ("05-nq/tu", "05-NQ/TU"),
            ("12a/QyĐ-UBND", "12a/QyĐ-UBND"),
        ] {
            let spellings = Code::parse(typed).unwrap().spellings();
            assert!(spellings.iter().any(|s| s == printed), "{typed}: {spellings:?}");
            assert!(spellings.len() < MOST_SPELLINGS, "{typed}");
        }
        for text in ["2114", "QĐ-UBND", "01/06/2020", "thửa", "2114/", "1234567/QĐ"] {
            assert_eq!(Code::parse(text), None, "{text}");
        }
        assert!(Code::parse("1/DDDDDDDDDDDDDDDDDDDDDDDD-DDDDDDDDD").unwrap().spellings().len() < 9);
    }

    #[test]
    fn a_notation_is_told_from_a_hyphenated_word() {
        assert!(is_notation("QĐ-UBND") && is_notation("qd-ubnd") && is_notation("SYT-NVY"));
        assert!(!is_notation("răng-hàm-mặt") && !is_notation("UBND") && !is_notation("2017-2018"));
    }
}
