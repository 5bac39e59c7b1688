//! Whose records an agency keeps, and so may sign.

use sohoa_schemas::config::Agency;
use sohoa_source::agency::canonical;

/// Whether an agency keeps the records of the one of a code: its own, its units', and those that were
/// taken over. Without a code of its own it keeps whatever comes.
pub(crate) fn keeps(agency: &Agency, code: &str) -> bool {
    let Some(own) = &agency.code else { return true };
    std::iter::once(own).chain(&agency.keeps_for).any(|kept| is_of(code, kept))
}

/// Whether a code is an agency's or one of its units', in any spelling.
fn is_of(code: &str, agency: &str) -> bool {
    let (code, agency) = (canonical(code), canonical(agency));
    code.strip_prefix(&*agency).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agency_keeps_its_own_dossiers_and_its_units() {
        for (code, agency, kept) in [
            ("H08.12", "H08.12", true),
            ("000.00.12.H08", "H08.12", true),
            ("H08.12.3", "H08.12", true),
            ("H08.12", "H08", true),
            ("H08.1", "H08.12", false),
            ("H08.123", "H08.12", false),
            ("H08", "H08.12", false),
            ("H45.12", "H08.12", false),
        ] {
            assert_eq!(is_of(code, agency), kept, "{code} {agency}");
        }
    }

    #[test]
    fn those_that_were_taken_over_are_kept_too() {
        let agency = Agency {
            code: Some("H08.12".into()),
            keeps_for: vec!["000.00.19.H08".into()],
            ..Agency::default()
        };
        assert!(keeps(&agency, "H08.19") && keeps(&agency, "h08.12"));
        assert!(!keeps(&agency, "H08.13"));
        assert!(keeps(&Agency::default(), "H08.13"), "nobody has said whose they are");
    }
}
