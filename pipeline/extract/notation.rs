//! The notation behind the number: `QĐ-UBND`, `SYT-NVY`, `QĐ/UB`, `NQ/TU`.
//!
//! Repairs only what recognition is known to do to the first group (`QP`, `0D` for `QĐ`) and what
//! the table of types decides; the agency's group stays as printed, and is compared with the
//! initials of the issuer as independent evidence.

use std::sync::LazyLock;

use regex::Regex;

use crate::types::{self, Kind};

static SHAPE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[\p{Lu}Đ][\p{L}\d&.]{0,14}(?:[-/][\p{L}\d&.]{1,16}){0,4}$")
        .expect("constant pattern, compiled in tests")
});

/// A notation in the form the index stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notation {
    pub(crate) text: String,
    /// The kind its first group names, unless it is a letter's.
    pub(crate) kind: Option<&'static Kind>,
    /// Whether characters were changed against the page.
    pub(crate) repaired: bool,
}

/// Reads the text behind the slash; `None` when it has no notation's shape.
pub(crate) fn read(raw: &str) -> Option<Notation> {
    let mut text: String = raw.chars().filter(|c| !c.is_whitespace()).map(plain).collect();
    let kept = text.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    text = kept;
    if !SHAPE.is_match(&text) || text.chars().count() > 40 {
        return None;
    }
    let (first, rest) = match text.find(['-', '/']) {
        Some(at) => text.split_at(at),
        None => (text.as_str(), ""),
    };
    let capitals = text.chars().filter(|c| c.is_uppercase()).count();
    if capitals < 2 {
        return None;
    }
    let fixed = repair(first);
    let repaired = fixed != first;
    Some(Notation { kind: types::by_abbr(fixed), text: format!("{fixed}{rest}"), repaired })
}

/// One sign for each look-alike of dash and `Đ`.
fn plain(c: char) -> char {
    match c {
        '–' | '—' | '−' | '‐' | '_' => '-',
        'Ð' | 'Ɖ' => 'Đ',
        c => c,
    }
}

fn repair(first: &str) -> &str {
    match first {
        "QD" | "QP" | "QB" | "Qb" | "0P" | "OP" | "0D" | "OD" | "0Đ" | "OĐ" | "QDP" | "QĐĐ"
        | "QĐD" | "QDĐ" => "QĐ",
        "ND" | "NP" | "NB" | "Nb" | "NDB" | "NĐĐ" => "NĐ",
        "NO" | "N0" => "NQ",
        "CD" => "CĐ",
        "TTR" => "TTr",
        "CTR" => "CTr",
        "8C" => "BC",
        first => first,
    }
}

/// The agency's groups: everything that is not the kind.
pub(crate) fn agency_groups(notation: &Notation) -> Vec<&str> {
    let groups = notation.text.split(['-', '/']);
    groups.skip(usize::from(notation.kind.is_some())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confusions_of_the_kind_are_repaired() {
        let read = read("QP-UBND").unwrap();
        assert_eq!((read.text.as_str(), read.kind.unwrap().code), ("QĐ-UBND", "02"));
        assert!(read.repaired);
    }

    #[test]
    fn letters_have_no_kind() {
        let read = read("SNV- CCVC.").unwrap();
        assert_eq!(read.text, "SNV-CCVC");
        assert!(read.kind.is_none());
        assert_eq!(agency_groups(&read), ["SNV", "CCVC"]);
    }

    #[test]
    fn words_are_no_notation() {
        assert_eq!(read("ngày"), None);
        assert_eq!(read(""), None);
        assert_eq!(read("V/v"), None);
    }
}
