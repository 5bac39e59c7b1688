//! The index: a row for every record, a record for every row.

use std::collections::{HashMap, HashSet};

use sohoa_index::Index;
use sohoa_schemas::record::Rows;

use super::Report;
use crate::{
    answers::for_each_row,
    exit::{Exit, Failure},
};

/// A short hash of what identifies a row: 128 bits, so that a coincidence can be left out of
/// account.
pub(crate) fn print(text: &str) -> u128 {
    let hash = sohoa_store::hash::sha256(text.as_bytes());
    hash.get(..32).and_then(|hex| u128::from_str_radix(hex, 16).ok()).unwrap_or_default()
}

/// The rows that the records say the index must have, by table.
#[derive(Debug, Default)]
pub(super) struct Expected {
    rows: HashMap<&'static str, HashSet<u128>>,
}

/// The audit trail, which has more than the records tell: what was held, imported, swept.
const EVENTS: &str = "events";

/// For each table: what identifies a row, as SQL that gives one text column.
const IDENTITIES: [(&str, &str); 8] = [
    ("documents", "document_uid || ' ' || cast(version as varchar) || ' ' || sha256_object"),
    ("document_versions", "document_uid || ' ' || cast(version as varchar)"),
    ("pages", "page_uid || ' ' || cast(version as varchar)"),
    ("page_text", "page_uid || ' ' || cast(version as varchar)"),
    ("signatures", "signature_uid || ' ' || cast(version as varchar)"),
    ("findings", "finding_uid || ' ' || cast(version as varchar)"),
    ("intake", "intake_uid || ' ' || source_uid || ' ' || outcome"),
    (EVENTS, "event_uid"),
];

impl Expected {
    /// Adds the rows of one object; only the `current` version of a document stands in
    /// `documents`.
    pub(super) fn add(&mut self, rows: &Rows, current: bool) {
        for row in &rows.documents {
            let name = format!("{} {}", row.document_uid, row.version);
            if current {
                self.note("documents", &format!("{name} {}", row.sha256_object));
            }
            self.note("document_versions", &name);
        }
        for row in &rows.pages {
            self.note("pages", &format!("{} {}", row.page_uid, row.version));
        }
        for row in &rows.page_text {
            self.note("page_text", &format!("{} {}", row.page_uid, row.version));
        }
        for row in &rows.signatures {
            self.note("signatures", &format!("{} {}", row.signature_uid, row.version));
        }
        for row in &rows.findings {
            self.note("findings", &format!("{} {}", row.finding_uid, row.version));
        }
        for row in &rows.events {
            self.note(EVENTS, &row.event_uid.to_string());
        }
        for row in &rows.intake {
            let outcome = row.outcome.as_str();
            self.note("intake", &format!("{} {} {outcome}", row.intake_uid, row.source_uid));
        }
    }

    fn note(&mut self, table: &'static str, identity: &str) {
        self.rows.entry(table).or_default().insert(print(identity));
    }
}

/// Holds every table against the expected rows.
pub(super) async fn check(index: &Index, expected: &Expected, report: &mut Report) {
    let none = HashSet::new();
    for (table, identity) in IDENTITIES {
        let mut missing = expected.rows.get(table).unwrap_or(&none).clone();
        let mut unknown = 0u64;
        let mut example = None;
        let sql = format!("select {identity} from {table}");
        let read = for_each_row(index, &sql, |row| {
            let text = row.first().copied().flatten().unwrap_or_default();
            if !missing.remove(&print(text)) {
                unknown += 1;
                example.get_or_insert_with(|| text.to_owned());
            }
        })
        .await;
        if let Err(error) = read {
            let why = Failure::from_error(Exit::CheckFailed, &error).chain.join(": ");
            report.problem(format!("table `{table}` cannot be read: {why}; `sohoa index rebuild`"));
            continue;
        }
        if !missing.is_empty() {
            let count = missing.len();
            report.problem(format!(
                "table `{table}`: {count} rows of records are missing; `sohoa index rebuild`"
            ));
        }
        if unknown > 0 && table != EVENTS {
            let example = example.unwrap_or_default();
            report.problem(format!(
                "table `{table}`: {unknown} rows have no record or come twice, e.g. `{example}`"
            ));
        }
    }
}
