//! What `sohoa run --json` prints on standard output when it ends.

use std::ops::AddAssign;

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
    /// The same in Vietnamese; null for a value, which is no language's.
    #[serde(default)]
    pub observed_vi: Option<String>,
    /// What was expected.
    pub expected: Option<String>,
    /// What to do.
    pub sentence: String,
    /// The same in Vietnamese.
    pub sentence_vi: String,
    /// What the code expects, in Vietnamese.
    #[serde(default)]
    pub expected_vi: String,
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
    /// CPU seconds by step: of the pages that page workers gave, and of what was made of them.
    #[serde(default)]
    pub cpu_seconds: StepSeconds,
}

/// CPU seconds by step; the steps do not overlap. What the process spends between them, on the
/// store, the index and itself, is in none.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepSeconds {
    /// From the file to a raster.
    pub decode: f64,
    /// Looking for barcodes.
    pub barcodes: f64,
    /// From the raster to what the engine sees.
    pub prepare: f64,
    /// The engine's recognise call, first look.
    pub recognise: f64,
    /// The engine's recognise call, further looks at a page or a part of it.
    pub recognise_again: f64,
    /// From the engine's result to words with boxes, marks repaired.
    pub words: f64,
    /// Everything else of a page worker.
    pub rest: f64,
    /// Fields from words.
    pub extract: f64,
    /// The archived document and its layout.
    pub compose: f64,
    /// Signatures, made and verified.
    pub sign: f64,
}

impl StepSeconds {
    /// Each step by its name.
    pub fn by_step(&self) -> [(&'static str, f64); 10] {
        [
            ("decode", self.decode),
            ("barcodes", self.barcodes),
            ("prepare", self.prepare),
            ("recognise", self.recognise),
            ("recognise_again", self.recognise_again),
            ("words", self.words),
            ("rest", self.rest),
            ("extract", self.extract),
            ("compose", self.compose),
            ("sign", self.sign),
        ]
    }

    /// All steps together.
    pub fn total(&self) -> f64 {
        self.by_step().iter().map(|(_, seconds)| seconds).sum()
    }
}

impl AddAssign for StepSeconds {
    fn add_assign(&mut self, other: Self) {
        self.decode += other.decode;
        self.barcodes += other.barcodes;
        self.prepare += other.prepare;
        self.recognise += other.recognise;
        self.recognise_again += other.recognise_again;
        self.words += other.words;
        self.rest += other.rest;
        self.extract += other.extract;
        self.compose += other.compose;
        self.sign += other.sign;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_a_name_and_is_added() {
        let names = StepSeconds::default().by_step().map(|(name, _)| name);
        let each = names.iter().map(|name| ((*name).to_owned(), serde_json::json!(1.5)));
        let one = serde_json::Value::Object(each.collect());
        let mut sum: StepSeconds = serde_json::from_value(one).unwrap();
        sum += sum;
        assert_eq!(sum.by_step().map(|(_, seconds)| seconds), [3.0; 10]);
        assert_eq!(sum.total(), 30.0);
    }
}
