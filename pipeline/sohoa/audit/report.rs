//! What an audit found.

use serde::Serialize;

/// Problems listed one by one; beyond that they are only counted.
const LISTED: usize = 1000;

/// Counts and problems.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Sources with a record, refusal or held state.
    pub(crate) sources: u64,
    /// Published records, of all versions.
    pub(crate) records: u64,
    /// Refusals.
    pub(crate) quarantined: u64,
    /// Documents waiting for release.
    pub(crate) held: u64,
    /// Received files.
    pub(crate) files: u64,
    /// Pages received.
    pub(crate) pages: u64,
    /// Pages published.
    pub(crate) pages_published: u64,
    /// Pages refused.
    pub(crate) pages_quarantined: u64,
    /// Pages waiting.
    pub(crate) pages_held: u64,
    /// Documents that the ledgers say were submitted.
    pub(crate) submitted: u64,
    /// Of these, without an answer and young enough to be in their lane still.
    pub(crate) submitted_waiting: u64,
    /// Of these, without an answer for longer than that: lost.
    pub(crate) submitted_lost: u64,
    /// Objects that a record vouches for and that were looked at.
    pub(crate) objects: u64,
    /// Of these, read and hashed.
    pub(crate) objects_hashed: u64,
    /// Objects that nothing names.
    pub(crate) garbage: u64,
    /// Their bytes.
    pub(crate) garbage_bytes: u64,
    /// Everything wrong.
    pub(crate) problems_total: u64,
    /// The first of it.
    pub(crate) problems: Vec<String>,
}

impl Report {
    /// Notes something wrong.
    pub(crate) fn problem(&mut self, what: impl Into<String>) {
        self.problems_total += 1;
        if self.problems.len() < LISTED {
            self.problems.push(what.into());
        }
    }

    /// For people.
    pub(crate) fn describe(&self) -> String {
        let mut text = format!(
            "sources {}: {} records, {} refusals, {} held\n\
             files {}, pages {} = {} published + {} quarantined + {} held\n\
             submitted {} documents: {} in their lane, {} lost, the rest settled\n\
             objects {} as their records say ({} hashed), garbage {} ({} bytes)\n",
            self.sources,
            self.records,
            self.quarantined,
            self.held,
            self.files,
            self.pages,
            self.pages_published,
            self.pages_quarantined,
            self.pages_held,
            self.submitted,
            self.submitted_waiting,
            self.submitted_lost,
            self.objects,
            self.objects_hashed,
            self.garbage,
            self.garbage_bytes,
        );
        for problem in &self.problems {
            text += &["PROBLEM ", problem, "\n"].concat();
        }
        let unlisted = self.problems_total - self.problems.len() as u64;
        if unlisted > 0 {
            text += &["… and ", &unlisted.to_string(), " more\n"].concat();
        }
        text += if self.problems_total == 0 { "nothing is missing\n" } else { "FAILED\n" };
        text
    }
}
