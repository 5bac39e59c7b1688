//! What a clerk was shown: a decision is about that reading, and no other.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    path::Path,
};

use serde::{Deserialize, Serialize};
use sohoa_schemas::record::Prepared;
use uuid::Uuid;

use crate::exit::{Exit, Failure};

/// A document as it was composed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reading {
    /// Version that it will have.
    pub(crate) version: i32,
    /// SHA-256 of the composed PDF; none of an original that is taken as it came.
    pub(crate) composed_sha256: Option<String>,
}

/// The readings of a list that was looked at, by source: 150 bytes each.
#[derive(Debug)]
pub(crate) struct Batch(BTreeMap<Uuid, Reading>);

/// A line of the list.
#[derive(Deserialize)]
struct Line {
    source_uid: Uuid,
    #[serde(flatten)]
    reading: Reading,
}

impl Reading {
    /// That of a held document.
    pub(crate) fn of(held: &Prepared) -> Self {
        let composed_sha256 = held.composed.as_ref().map(|part| part.sha256.clone());
        Self { version: held.record.version, composed_sha256 }
    }
}

impl Batch {
    /// Reads what `sohoa release list --json` printed.
    ///
    /// # Errors
    /// The file cannot be read, or a line is of no list.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let named = |what: String| {
            Failure::new(Exit::Usage, format!("--batch `{}`: {what}", path.display()))
                .hint("make it with: sohoa release list --json > FILE")
        };
        let file = std::fs::File::open(path).map_err(|error| named(error.to_string()))?;
        let mut readings = BTreeMap::new();
        for (number, line) in (1..).zip(BufReader::new(file).lines()) {
            let parsed = line.map_err(|error| error.to_string()).and_then(|line| {
                serde_json::from_str::<Line>(&line).map_err(|error| error.to_string())
            });
            let Line { source_uid, reading } =
                parsed.map_err(|error| named(format!("line {number}: {error}")))?;
            readings.insert(source_uid, reading);
        }
        Ok(Self(readings))
    }

    /// Documents in it.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Their sources.
    pub(crate) fn sources(&self) -> impl Iterator<Item = Uuid> {
        self.0.keys().copied()
    }

    /// Whether what is held is what was listed.
    pub(crate) fn shows(&self, held: &Prepared) -> bool {
        self.0.get(&held.record.source_uid) == Some(&Reading::of(held))
    }
}
