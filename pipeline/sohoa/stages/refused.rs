//! What was refused, as the person who started the run is told it.

use sohoa_schemas::{
    record::{Quarantine, Rows},
    rows::{FindingRow, Outcome},
    summary::Refused,
};

/// A whole document that was refused.
pub(crate) fn document(entry: &Quarantine) -> Refused {
    // An entry that replaces another keeps the earlier findings, too.
    let newest = entry.rows.findings.iter().find(|finding| finding.code == entry.code);
    Refused {
        uri: entry.sources.join(" + "),
        page: None,
        code: entry.code,
        observed: newest.and_then(|finding| finding.observed.clone()),
        expected: newest.and_then(|finding| finding.expected.clone()),
        sentence: entry.code.sentence().to_owned(),
        sentence_vi: entry.code.sentence_vi().to_owned(),
        expected_vi: entry.code.expected_vi().to_owned(),
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
        Some(Refused {
            uri: file.map_or_else(String::new, |row| row.uri.clone()),
            page: u32::try_from(page.source_page_no).ok(),
            code: finding.code,
            observed: finding.observed.clone(),
            expected: finding.expected.clone(),
            sentence: finding.code.sentence().to_owned(),
            sentence_vi: finding.code.sentence_vi().to_owned(),
            expected_vi: finding.code.expected_vi().to_owned(),
        })
    });
    told.collect()
}
