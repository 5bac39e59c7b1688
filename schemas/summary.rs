//! What `sohoa run --json` prints on standard output when it ends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::Code;

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

/// A document or a page that was refused, and what the clerk who scanned it has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// Address of the file below the input; several files of one document are joined by ` + `.
    pub uri: String,
    /// Number of the page in its file, from 1, when the rest of the document is kept.
    pub page: Option<u32>,
    /// Why.
    pub code: Code,
    /// What was seen.
    pub observed: Option<String>,
    /// What was expected.
    pub expected: Option<String>,
    /// What to do.
    pub sentence: String,
    /// The same in Vietnamese.
    pub sentence_vi: String,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
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
    /// What was refused in this run, the first hundred; all of it is in the tables `intake` and
    /// `findings`.
    #[serde(default)]
    pub refused: Vec<Refused>,
}
