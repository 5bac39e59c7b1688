//! Identifiers of owners, checked before they are hashed: of a hash nobody sees any more that it is one
//! of nothing, or of half a number.

use sohoa_document::fold::fold;

use crate::{
    finding::Severity,
    grid::Cell,
    line::Line,
    value::{self, Parsed},
};

const EXPONENT: &str = "the whole number: a spreadsheet has shortened this one; format the column as \
                        text, or send the XLSX";
const CITIZEN: &str = "a citizen's number of 9 or 12 digits";
const TAX: &str = "a tax code of 10 or 13 digits, or a citizen's number of 12";
const ANY: &str = "a citizen's number of 9 or 12 digits, a tax code of 10 or 13, or a passport's \
                   letters and digits; another one has owner_id_kind `other`";
const OTHER: &str = "an identifier, which has digits";

/// The keyed hash of the owner's identifier. `kind` is that of the row; the heading may say it, too.
pub(super) fn identifier(line: &Line<'_>, kind: Option<&str>) -> Option<String> {
    let heading = fold(line.header.heading("owner_id"));
    let says = |words: &[&str]| words.iter().any(|word| heading.contains(word));
    let is_citizen = says(&["cccd", "cmnd", "can cuoc", "chung minh"]);
    let named = match (is_citizen, says(&["ma so thue", "mst"])) {
        (true, false) => Some("cccd"),
        (false, true) => Some("mst"),
        _ => None,
    };
    let plain = line.get("owner_id", "owner_id", |cell| match plain(cell, (kind, named)) {
        // `không có`, `-`: nobody said whose it is.
        Err(expected) if !value::text(cell)?.contains(|c: char| c.is_ascii_digit()) => {
            let said = format!("{expected}: this is none, and the owner stays unknown");
            line.tell(Severity::Warning, "owner_id", "owner_id", said);
            Ok(None)
        }
        plain => plain.map(Some),
    });
    plain.flatten().map(|plain| (line.context.hide)(&plain))
}

/// An identifier as it is hashed everywhere: without what people put between its letters and digits,
/// the letters large; and with the zero that a spreadsheet takes away from what looks like a number.
/// `kind` is what the row says it is, `named` what the heading does, which may be of most rows only.
fn plain(cell: &Cell, (kind, named): (Option<&str>, Option<&str>)) -> Parsed<String> {
    let text = value::text(cell)?;
    if is_exponent(&text) {
        return Err(EXPONENT.to_owned());
    }
    let plain: String =
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    let is_number = plain.bytes().all(|b| b.is_ascii_digit());
    let has_lost = match (kind.or(named), plain.len()) {
        (Some("mst"), 9) => true,
        // All citizens' numbers begin with a zero, so this one of 13 digits has lost its own.
        (Some("mst"), 12) => !plain.starts_with('0'),
        (Some("mst" | "other"), _) => false,
        (_, length) => matches!(length, 8 | 11),
    };
    let plain = if is_number && has_lost { format!("0{plain}") } else { plain };
    let fits = match kind {
        Some("other") => plain.contains(|c: char| c.is_ascii_digit()),
        Some("mst") => is_number && matches!(plain.len(), 10 | 12 | 13),
        Some(_) => is_number && matches!(plain.len(), 9 | 12),
        None => is_number && matches!(plain.len(), 9 | 10 | 12 | 13) || is_passport(&plain),
    };
    fits.then_some(plain).ok_or_else(|| {
        let expected = match kind {
            Some("mst") => TAX,
            Some("other") => OTHER,
            Some(_) => CITIZEN,
            None => ANY,
        };
        expected.to_owned()
    })
}

/// `5,2099E+10`.
fn is_exponent(text: &str) -> bool {
    let upper = text.trim().to_uppercase();
    let Some((number, power)) = upper.split_once('E') else { return false };
    let power = power.trim_start_matches(['+', '-']);
    let is_number = |text: &str, with: &[char]| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || with.contains(&c))
    };
    is_number(number, &[',', '.']) && is_number(power, &[])
}

/// One or two letters and six to nine digits.
fn is_passport(plain: &str) -> bool {
    let digits = plain.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let letters = plain.len() - digits.len();
    (1..=2).contains(&letters)
        && (6..=9).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one_however_a_spreadsheet_wrote_it() {
        let whole = Ok("052099001234".to_owned());
        for kind in [None, Some("cccd"), Some("cmnd")] {
            for text in ["052 099 001 234", "052.099.001.234", "52099001234"] {
                assert_eq!(plain(&Cell::text(text), (kind, None)), whole, "{text}");
            }
            assert_eq!(plain(&Cell::Number(52_099_001_234.0), (kind, None)), whole);
            assert_eq!(plain(&Cell::text("11234567"), (kind, None)), Ok("011234567".into()));
        }
        let tax = |text| plain(&Cell::text(text), (Some("mst"), None));
        assert_eq!(tax("301234567"), Ok("0301234567".into()));
        assert_eq!(tax("301234567-001"), Ok("0301234567001".into()));
        assert_eq!(tax("4100259109-001"), Ok("4100259109001".into()));
        assert_eq!(tax("052099001234"), whole, "a person's, since July 2025");
        assert_eq!(plain(&Cell::text("c1234567"), (None, None)), Ok("C1234567".into()));
        assert_eq!(plain(&Cell::text("AB-12/x"), (Some("other"), None)), Ok("AB12X".into()));
    }

    #[test]
    fn a_heading_says_what_most_are_and_refuses_no_other() {
        let under = |text, heading| plain(&Cell::text(text), (None, Some(heading)));
        assert_eq!(under("52099001234", "cccd"), Ok("052099001234".into()));
        assert_eq!(under("4100259109", "cccd"), Ok("4100259109".into()), "an enterprise's");
        assert_eq!(under("301234567", "mst"), Ok("0301234567".into()));
        assert_eq!(under("B1234567", "cccd"), Ok("B1234567".into()));
    }

    #[test]
    fn what_is_no_identifier_is_not_hashed() {
        for kind in [None, Some("cccd"), Some("cmnd"), Some("mst"), Some("other")] {
            for text in ["5,2099E+10", "5.2099E+10", "5.2E10", "không có", "-", "x"] {
                assert!(plain(&Cell::text(text), (kind, None)).is_err(), "{text} {kind:?}");
            }
        }
        for (text, kind) in [
            ("05209900123", Some("mst")),
            ("0520990012345", Some("cccd")),
            ("052o99001234", Some("cccd")),
            ("1234567", None),
            ("không có 052099001234", None),
            ("0520990*****", None),
        ] {
            assert!(plain(&Cell::text(text), (kind, None)).is_err(), "{text}");
        }
    }
}
