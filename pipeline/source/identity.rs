//! Identities: the same paper gets the same uid in every run, on every machine.
//!
//! The ordinal is never part of one: adding a file must not rename its neighbours.

use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use crate::agency::canonical;

/// Namespace of all uids made here, itself made from the project's name.
const NAMESPACE: Uuid = Uuid::from_u128(0x7b0e_7c51_9a0e_5d0e_8f3a_5048_4f41_2611);

/// What names a dossier: the first of these that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DossierName<'a> {
    /// Code of the archive file.
    ArchiveFile(&'a str),
    /// Code of the administrative dossier.
    Dossier(&'a str),
    /// Identifier of the manifest, under the partner's.
    Manifest(&'a str, &'a str),
    /// Code of the paper file.
    PaperFile(&'a str),
    /// Path relative to the input, under the input's configured name.
    Path(&'a str, &'a str),
}

/// Identity of a dossier of an agency; of one with a code, by the agency's in either spelling.
pub fn dossier_uid(agency: Option<&str>, name: &DossierName<'_>) -> Uuid {
    let (kind, under, value) = match *name {
        DossierName::ArchiveFile(code) => ("archive_file_code", "", code),
        DossierName::Dossier(code) => ("dossier_code", "", code),
        DossierName::Manifest(partner, id) => ("manifest", partner, id),
        DossierName::PaperFile(code) => ("paper_file_code", "", code),
        DossierName::Path(input, path) => ("path", input, path),
    };
    // A dossier's code is what lists name it by as well, each in its own spelling of the agency; all
    // other names are ours alone, and stay as they always were.
    let agency = match (agency, name) {
        (None, _) => "-".into(),
        (Some(agency), DossierName::Dossier(_)) => canonical(agency),
        (Some(agency), _) => agency.into(),
    };
    // The unit separator occurs in no code and no path, so parts cannot run into each other.
    let text = [&*agency, kind, under, value].join("\u{1f}");
    Uuid::new_v5(&NAMESPACE, text.nfc().collect::<String>().as_bytes())
}

/// Identity of a source: its dossier and the hashes of its files, in order.
pub fn source_uid<'a>(dossier: Uuid, sha256: impl IntoIterator<Item = &'a str>) -> Uuid {
    let list = sha256.into_iter().collect::<Vec<_>>().join("\n");
    let hash = ring::digest::digest(&ring::digest::SHA256, list.as_bytes());
    Uuid::new_v5(&dossier, hash.as_ref())
}

/// Identity of a source whose bytes were not read.
pub fn unread_source_uid(dossier: Uuid, uri: &str) -> Uuid {
    Uuid::new_v5(&dossier, format!("unread\u{1f}{uri}").as_bytes())
}

/// Identity of a document: the source's for the first segment.
pub fn document_uid(source: Uuid, first_page: u32) -> Uuid {
    if first_page == 1 { source } else { Uuid::new_v5(&source, first_page.to_string().as_bytes()) }
}

/// Identity of one received file.
pub fn intake_uid(dossier: Uuid, uri: &str) -> Uuid {
    Uuid::new_v5(&dossier, format!("intake\u{1f}{uri}").as_bytes())
}

/// Identity of an entry of a reference table: an agency by its first code, a count by what was
/// counted.
pub fn register_uid(table: &str, key: &[&str]) -> Uuid {
    let text = ["register", table].into_iter().chain(key.iter().copied()).collect::<Vec<_>>();
    Uuid::new_v5(&NAMESPACE, text.join("\u{1f}").nfc().collect::<String>().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_and_decomposed_paths_name_one_dossier() {
        let composed = dossier_uid(None, &DossierName::Path("in", "Hồ sơ"));
        let decomposed: String = "Hồ sơ".nfd().collect();
        assert_eq!(composed, dossier_uid(None, &DossierName::Path("in", &decomposed)));
    }

    #[test]
    fn a_uid_never_changes_between_releases() {
        let legacy =
            dossier_uid(Some("000.00.12.H08"), &DossierName::Dossier("H08.12-240115-0007"));
        let dossier = dossier_uid(Some("H08.12"), &DossierName::Dossier("H08.12-240115-0007"));
        assert_eq!(legacy, dossier, "one agency, one dossier");
        let source = source_uid(dossier, ["aa", "bb"]);
        assert_eq!(source, document_uid(source, 1));
        assert_ne!(source, document_uid(source, 2));
        assert_ne!(source, source_uid(dossier, ["bb", "aa"]));
        assert_eq!(dossier.to_string(), "7ff95965-b70b-59f7-bd3c-a312d92f8ffc");
        assert_eq!(source.to_string(), "b61f4f8a-d560-5d12-a1a9-c28a8ce28e7d");
    }
}
