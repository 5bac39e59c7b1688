//! The topics, all of them.

use std::{fmt, time::Duration};

use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer as _},
};
use sohoa_flow::{FatalKind, Fault};

use crate::connect::fault;

/// Time a broker has to say which topics it holds.
const METADATA_TIMEOUT: Duration = Duration::from_secs(15);

/// What a topic is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// Documents that somebody waits for.
    Live,
    /// Documents of a backfill.
    Bulk,
    /// A clerk's releases of held documents.
    Releases,
    /// What became of each document.
    Documents,
    /// Announcements of quarantined documents and broken messages.
    DeadLetters,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 5] =
        [Self::Live, Self::Bulk, Self::Releases, Self::Documents, Self::DeadLetters];

    /// Its name under a prefix, with the version of its messages.
    pub fn name(self, prefix: &str) -> String {
        let what = match self {
            Self::Live => "live",
            Self::Bulk => "bulk",
            Self::Releases => "releases",
            Self::Documents => "documents",
            Self::DeadLetters => "deadletters",
        };
        format!("{prefix}.{what}.v1")
    }
}

/// Name of the consumer group of the workers, which take both lanes.
pub fn workers_group(prefix: &str) -> String {
    format!("{prefix}-workers")
}

/// Topics that are not there.
#[derive(Debug, thiserror::Error)]
pub struct Missing(Vec<String>);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the broker has no topic {}", self.0.join(", "))
    }
}

/// Number of partitions of each topic of `wanted`.
///
/// # Errors
/// `Fatal` when one is missing or the broker cannot be asked.
pub fn partitions(config: &ClientConfig, wanted: &[String]) -> Result<Vec<usize>, Fault> {
    let client: BaseConsumer = config.create().map_err(fault)?;
    let metadata = client.fetch_metadata(None, METADATA_TIMEOUT).map_err(fault)?;
    let count = |name: &String| {
        let topic = metadata.topics().iter().find(|topic| topic.name() == name)?;
        Some(topic.partitions().len()).filter(|count| *count > 0)
    };
    let counts: Vec<_> = wanted.iter().map(count).collect();
    let missing: Vec<_> = wanted.iter().zip(&counts).filter(|(_, count)| count.is_none()).collect();
    if missing.is_empty() {
        return Ok(counts.into_iter().flatten().collect());
    }
    let missing = Missing(missing.into_iter().map(|(name, _)| name.clone()).collect());
    Err(Fault::fatal(FatalKind::Configuration, crate::connect::STAGE, missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_version_of_their_messages() {
        let names: Vec<_> = Topic::ALL.iter().map(|topic| topic.name("sohoa")).collect();
        assert_eq!(names[0], "sohoa.live.v1");
        assert_eq!(names[4], "sohoa.deadletters.v1");
    }
}
