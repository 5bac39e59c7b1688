//! The topics, all of them.

use std::fmt;

use rdkafka::{ClientConfig, error::RDKafkaErrorCode, metadata::MetadataTopic};
use sohoa_flow::{FatalKind, Fault};
use sohoa_schemas::message::{DEAD_LETTER_TYPE, DOCUMENT_TYPE, RELEASE_TYPE, SUBMISSION_TYPE};

use crate::{
    connect::{STAGE, denied},
    reach::Contact,
};

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

    /// `ce_type` of its messages.
    pub(crate) fn event_type(self) -> &'static str {
        match self {
            Self::Live | Self::Bulk => SUBMISSION_TYPE,
            Self::Releases => RELEASE_TYPE,
            Self::Documents => DOCUMENT_TYPE,
            Self::DeadLetters => DEAD_LETTER_TYPE,
        }
    }
}

/// Name of the consumer group of the workers, which take both lanes.
pub fn workers_group(prefix: &str) -> String {
    format!("{prefix}-workers")
}

/// Name of the consumer group that carries out releases: the same workers, beside their lanes.
pub fn releases_group(prefix: &str) -> String {
    format!("{prefix}-releases")
}

/// Name under which the indexer reads; nothing is committed under it.
pub fn readers_group(prefix: &str) -> String {
    format!("{prefix}-indexer")
}

/// Topics that are not there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub struct Missing(Vec<String>);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the broker has no topic {}: make it, or correct kafka.prefix", self.0.join(", "))
    }
}

/// Reaches the brokers and tells the number of partitions of each topic of `wanted`. Blocks.
///
/// # Errors
/// `Fatal` when one is missing, not ours to see, or the brokers do not let us in; `Retry` when none
/// answers.
pub fn partitions(config: &ClientConfig, wanted: &[String]) -> Result<Vec<usize>, Fault> {
    let contact = Contact::open(config)?;
    let mut counts = Vec::with_capacity(wanted.len());
    let mut missing = Vec::new();
    for name in wanted {
        match with_topic(&contact, name, |topic| topic.partitions().len())? {
            Some(count) => counts.push(count),
            None => missing.push(name.clone()),
        }
    }
    if missing.is_empty() {
        return Ok(counts);
    }
    Err(Fault::fatal(FatalKind::Configuration, STAGE, Missing(missing)))
}

/// What the broker knows of a topic; none when there is no such topic.
///
/// # Errors
/// `Fatal` when it is not ours to see.
pub(crate) fn with_topic<T>(
    contact: &Contact,
    name: &str,
    look: impl Fn(&MetadataTopic) -> T,
) -> Result<Option<T>, Fault> {
    let is_it = |topic: &&MetadataTopic| topic.name() == name && !topic.partitions().is_empty();
    if let Some(found) = contact.metadata.topics().iter().find(is_it) {
        return Ok(Some(look(found)));
    }
    // One that was not told of may be one that is not ours to see.
    let asked = contact.ask(name)?;
    let topic = asked.topics().iter().find(|topic| topic.name() == name);
    let error = topic.and_then(MetadataTopic::error).map(RDKafkaErrorCode::from);
    if error == Some(RDKafkaErrorCode::TopicAuthorizationFailed) {
        return Err(denied(&format!("to see the topic `{name}`")));
    }
    Ok(topic.filter(is_it).map(look))
}

/// The sentence about one missing topic.
pub(crate) fn missing(name: &str) -> Missing {
    Missing(vec![name.to_owned()])
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
