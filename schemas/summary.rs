//! What `sohoa run --json` prints on standard output when it ends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Counts of one unit by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Received in this run; the sum of the others unless the run was interrupted.
    #[serde(rename = "in")]
    pub received: u64,
    /// In the record, signed (or kept as a born-digital original).
    pub published: u64,
    /// Composed and waiting for release.
    pub held: u64,
    /// Refused, with a code.
    pub quarantined: u64,
    /// Finished by an earlier run and unchanged since.
    pub skipped: u64,
}

/// The end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Documents by outcome.
    pub documents: Counts,
    /// Pages by outcome.
    pub pages: Counts,
    /// Wall-clock seconds from start to end.
    pub seconds: f64,
    /// Pages settled in this run (published, held or quarantined, not skipped) a second.
    pub pages_per_second: f64,
}
