//! Whose records an agency keeps, and so may sign; who keeps a paper; and which rows are an agency's.

use sohoa_registers::code::{AgencyCode, spellings};
use sohoa_schemas::{config::Agency, manifest::Manifest, rows::DocumentRow};
use sohoa_source::agency::canonical;

use crate::exit::{Exit, Failure};

/// The column that says who keeps a paper.
const KEEPER: &str = "custodian_agency_code";

/// Whether an agency keeps the records of the one of a code: its own, its units', and those that were
/// taken over. Without a code of its own it keeps whatever comes.
pub(crate) fn keeps(agency: &Agency, code: &str) -> bool {
    let Some(own) = &agency.code else { return true };
    std::iter::once(own).chain(&agency.keeps_for).any(|kept| is_of(code, kept))
}

/// Who keeps the papers of a dossier: whom its manifest names, else the agency whose configuration this
/// is. A manifest knows more: one centre scans for many agencies, and each has an inventory of its own.
pub(crate) fn keeper(agency: &Agency, manifest: Option<&Manifest>) -> Option<String> {
    manifest.and_then(|manifest| named(agency, manifest)).or_else(|| own(agency))
}

/// The code of the agency whose configuration this is, as registers spell it.
pub(crate) fn own(agency: &Agency) -> Option<String> {
    let code = agency.code.as_ref()?;
    Some(AgencyCode::parse(code).map_or_else(|| code.clone(), |parsed| parsed.code))
}

/// The agency that handled a dossier, or whose unit did, else the one that handed its papers over, as registers spell it.
/// What is no agency's code, or that of one whose records are not kept here, names nobody.
fn named(agency: &Agency, manifest: &Manifest) -> Option<String> {
    let custody = manifest.custody.as_ref();
    let handed_over = custody.and_then(|custody| custody.received_from_agency_code.as_deref());
    let handled = manifest.dossier.handling_agency_code.as_deref();
    let codes = handled.into_iter().chain(handed_over).filter_map(AgencyCode::parse);
    let code = codes.map(|parsed| parsed.code).find(|code| keeps(agency, code))?;
    // The records of a unit are its agency's, which counts them in its inventory; the agencies of a
    // province are no units of it.
    let mut own = agency.code.iter().chain(&agency.keeps_for);
    let own = own.find(|own| canonical(own).contains('.') && is_of(&code, own));
    Some(own.and_then(|own| AgencyCode::parse(own)).map_or(code, |parsed| parsed.code))
}

/// Where a document's keeper is known from, if a manifest alone says it: no configuration has claimed
/// the document, and one without a code may sign it.
pub(crate) fn keeper_source(agency: &Agency, row: &DocumentRow) -> Option<(String, String)> {
    let is_named_only = agency.code.is_none() && row.custodian_agency_code.is_some();
    is_named_only.then(|| (KEEPER.to_owned(), "manifest".to_owned()))
}

/// The keeper of a document that this agency's key must not sign.
pub(crate) fn other_keeper<'a>(agency: &Agency, row: &'a DocumentRow) -> Option<&'a String> {
    let keeper = row.custodian_agency_code.as_ref()?;
    let is_other = match &agency.code {
        Some(_) => !keeps(agency, keeper),
        // Without a code nobody can tell, and what somebody has claimed is left to him.
        None => !row.field_source.contains_key(KEEPER),
    };
    is_other.then_some(keeper)
}

/// Whether an agency's signature is that of who keeps a record: its own, or of the agency here that
/// keeps it for another.
pub(crate) fn signs_for(agency: &Agency, signer: &str, keeper: &str) -> bool {
    let is_own = agency.code.as_deref() == Some(signer);
    signer == keeper || (is_own && keeps(agency, keeper))
}

/// The code of an agency that somebody asks for.
///
/// # Errors
/// What was given is no agency's code.
pub(crate) fn asked_for(given: &str) -> Result<AgencyCode, Failure> {
    AgencyCode::parse(given).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("`{given}` is no agency's code"))
            .hint("such as H08.12 or 000.00.12.H08")
    })
}

/// The condition, in SQL, that a column names an agency, in any spelling, or one of its units: reports
/// count the same rows as the agency's.
pub(crate) fn rows_of(column: &str, agency: &AgencyCode) -> String {
    // A code has no character that could end the text.
    let code = &agency.code;
    let spellings: Vec<String> = spellings(code).iter().map(|one| format!("'{one}'")).collect();
    format!("({column} in ({}) or starts_with({column}, '{code}.'))", spellings.join(", "))
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
    fn rows_of_an_agency_are_asked_for_by_any_spelling_of_its_code_and_by_nothing_else() {
        let asked = "(a in ('000.00.12.H08', 'H08.12') or starts_with(a, 'H08.12.'))";
        for given in ["H08.12", "h08.12", "000.00.12.H08"] {
            assert_eq!(rows_of("a", &asked_for(given).unwrap()), asked);
        }
        for given in ["", "Sở Nội vụ", "a'b"] {
            assert_eq!(asked_for(given).unwrap_err().exit, Exit::Usage, "{given}");
        }
    }

    fn manifest(handled: Option<&str>, handed_over: Option<&str>) -> Manifest {
        let manifest = serde_json::json!({
            "manifest_version": "1.0", "manifest_id": "1", "created_at": "2026-11-20T08:15:02+07:00",
            "partner": { "id": "p" }, "documents": [],
            "custody": { "received_from_agency_code": handed_over },
            "dossier": { "handling_agency_code": handled },
        });
        serde_json::from_value(manifest).unwrap()
    }

    #[test]
    fn a_manifest_says_more_exactly_who_keeps_a_paper_than_the_configuration() {
        let nobody = Agency::default();
        let centre = Agency {
            code: Some("H08.90".into()),
            keeps_for: vec!["H08.12".into(), "H08.13".into()],
            ..Agency::default()
        };
        let province = Agency { code: Some("H08".into()), ..Agency::default() };
        for (agency, handled, handed_over, expected) in [
            (&nobody, Some("000.00.12.h08"), None, Some("H08.12")),
            (&nobody, None, Some("H08.13"), Some("H08.13")),
            (&nobody, Some("Sở Xây dựng"), None, None),
            (&nobody, None, None, None),
            (&centre, Some("H08.12"), Some("H08.13"), Some("H08.12")),
            (&centre, None, Some("H08.13"), Some("H08.13")),
            (&centre, Some("H08.90.2"), None, Some("H08.90")),
            (&centre, Some("H08.13.1"), None, Some("H08.13")),
            (&nobody, Some("H08.12.3"), None, Some("H08.12.3")),
            (&province, Some("H08.12"), None, Some("H08.12")),
            // It only brought the papers.
            (&centre, None, Some("H08.77"), Some("H08.90")),
            (&centre, None, None, Some("H08.90")),
        ] {
            let found = keeper(agency, Some(&manifest(handled, handed_over)));
            assert_eq!(found.as_deref(), expected, "{handled:?} {handed_over:?}");
        }
        assert_eq!(keeper(&centre, None).as_deref(), Some("H08.90"));
        let legacy = Agency { code: Some("000.00.12.h08".into()), ..Agency::default() };
        assert_eq!(keeper(&legacy, None).as_deref(), Some("H08.12"), "as registers spell it");
    }

    #[test]
    fn what_only_a_manifest_says_is_claimed_by_nobody() {
        let own = |code: &str| Agency { code: Some(code.into()), ..Agency::default() };
        let row = |read_by: &Agency| {
            let custodian_agency_code = Some("H08.12".into());
            let mut row = DocumentRow { custodian_agency_code, ..DocumentRow::default() };
            row.field_source.extend(keeper_source(read_by, &row));
            row
        };
        let (named, claimed) = (row(&Agency::default()), row(&own("H08.12")));
        for (agency, row, is_other) in [
            (Agency::default(), &named, false),
            (Agency::default(), &claimed, true),
            (own("H08.12"), &named, false),
            (own("H08.12"), &claimed, false),
            (own("H08.13"), &named, true),
        ] {
            assert_eq!(other_keeper(&agency, row).is_some(), is_other, "{:?}", agency.code);
        }
        assert_eq!(other_keeper(&own("H08.13"), &DocumentRow::default()), None);
    }

    #[test]
    fn an_agency_signs_for_those_whose_records_it_keeps() {
        let centre = Agency {
            code: Some("H08.90".into()),
            keeps_for: vec!["H08.12".into()],
            ..Agency::default()
        };
        assert!(signs_for(&centre, "H08.90", "H08.12") && signs_for(&centre, "H08.12", "H08.12"));
        assert!(!signs_for(&centre, "H08.90", "H08.13"));
        assert!(!signs_for(&centre, "H08", "H08.12"), "above it, and not said to keep for it");
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
