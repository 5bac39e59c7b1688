//! Numbers of persons in a text that is shown.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

/// What stands for a number.
pub const MASK: &str = "###";

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
}
