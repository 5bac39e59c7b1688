//! What was refused, as the person who started the run is told it.

use sohoa_schemas::{
    Code,
    record::{Quarantine, Rows},
    rows::{FindingRow, Outcome},
    seen::in_vietnamese,
    summary::Refused,
};

/// A whole document that was refused.
pub(crate) fn document(entry: &Quarantine) -> Refused {
    // An entry that replaces another keeps the earlier findings, too.
    let newest = entry.rows.findings.iter().find(|finding| finding.code == entry.code);
    told_of((entry.sources.join(" + "), None), entry.code, newest)
}

fn told_of(
    (uri, page): (String, Option<u32>),
    code: Code,
    finding: Option<&FindingRow>,
) -> Refused {
    let observed = finding.and_then(|finding| finding.observed.clone());
    Refused {
        uri,
        page,
        code,
        observed_vi: observed.as_deref().and_then(in_vietnamese),
        observed,
        expected: finding.and_then(|finding| finding.expected.clone()),
        sentence: code.sentence().to_owned(),
        sentence_vi: code.sentence_vi().to_owned(),
        expected_vi: code.expected_vi().to_owned(),
    }
}

/// The refused pages of a document whose other pages are kept.
pub(crate) fn pages(rows: &Rows) -> Vec<Refused> {
    let refused = rows.pages.iter().filter(|page| page.outcome == Outcome::Quarantined.as_str());
    let told = refused.filter_map(|page| {
        let of_page = |finding: &&FindingRow| finding.subject_uid == page.page_uid;
        let finding = rows.findings.iter().filter(of_page).max_by_key(|found| found.severity)?;
        let file =
            rows.intake.iter().find(|row| row.sha256.as_ref() == Some(&page.source_file_sha256));
        let uri = file.map_or_else(String::new, |row| row.uri.clone());
        let number = u32::try_from(page.source_page_no).ok();
        Some(told_of((uri, number), finding.code, Some(finding)))
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use sohoa_decode::DecodeError as Error;

    use super::*;

    /// The sayings are kept apart from the stages that say them; one that is changed there alone
    /// would be told in English.
    #[test]
    fn whatever_a_reader_says_of_a_file_is_said_in_vietnamese() {
        let (detail, unit) = (String::from("no image"), "objects that a page draws with");
        let said = [
            Error::Bomb { width: 90_000, height: 90_000, limit: 200 },
            Error::Encrypted,
            Error::Empty { what: "no bytes" },
            Error::NoSuchPage { number: 3, pages: 2 },
            Error::PageCountMismatch { declared: 3, found: 2 },
            Error::TooLarge { found: 9, limit: 5, unit: "bytes" },
            Error::TooLarge { found: 9, limit: 5, unit: "pages" },
            Error::TooLarge { found: 9, limit: 5, unit },
            Error::Unreadable { detail: detail.clone() },
            Error::Unpacked { limit: 5 },
            Error::Unsupported { detail },
            Error::White { what: "the page" },
        ];
        for error in said {
            let error = error.to_string();
            let vietnamese = in_vietnamese(&error).unwrap_or_else(|| panic!("{error}"));
            assert!(!vietnamese.contains(" the ") && !vietnamese.contains("send"), "{vietnamese}");
        }
    }
}
