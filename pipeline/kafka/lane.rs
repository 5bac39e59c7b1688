//! The two lanes, and a message of one.

use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use sohoa_flow::Urgency;
use sohoa_schemas::message::MessagePosition;

use crate::{claims::Suspicion, raw_message::RawMessage, topics::Topic};

/// Live first, bulk fills the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// Somebody waits for it.
    Live,
    /// A backfill.
    Bulk,
}

impl Lane {
    /// Both, the more urgent first.
    pub const ALL: [Self; 2] = [Self::Live, Self::Bulk];

    /// Its name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Bulk => "bulk",
        }
    }

    /// Its topic.
    pub fn topic(self) -> Topic {
        match self {
            Self::Live => Topic::Live,
            Self::Bulk => Topic::Bulk,
        }
    }
}

impl From<Lane> for Urgency {
    fn from(lane: Lane) -> Self {
        match lane {
            Lane::Live => Self::Live,
            Lane::Bulk => Self::Bulk,
        }
    }
}

impl From<Lane> for sohoa_metrics::Lane {
    fn from(lane: Lane) -> Self {
        match lane {
            Lane::Live => Self::Live,
            Lane::Bulk => Self::Bulk,
        }
    }
}

/// Where a message stands, for as long as its partition is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The lane.
    pub lane: Lane,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    pub(crate) epoch: u64,
}

impl Place {
    /// A place in a partition that is nobody's yet.
    pub fn new(lane: Lane, partition: i32, offset: i64) -> Self {
        Self { lane, partition, offset, epoch: 0 }
    }

    /// As messages and entries name it.
    pub fn position(&self, prefix: &str) -> MessagePosition {
        let Self { lane, partition, offset, .. } = *self;
        MessagePosition { topic: lane.topic().name(prefix), partition, offset }
    }
}

/// A message.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Where it stands.
    pub place: Place,
    /// Its key, by which its partition was chosen.
    pub key: Option<Vec<u8>>,
    /// Its body.
    pub payload: Vec<u8>,
    /// Its headers; one that is no text is left out.
    pub headers: Vec<(String, String)>,
    /// Whether a worker died with it in hand.
    pub suspicion: Suspicion,
}

impl Delivery {
    /// The message as it stands in its topic.
    pub fn raw(&self, prefix: &str) -> RawMessage {
        let Self { place, key, payload, headers, suspicion: _ } = self.clone();
        RawMessage { position: place.position(prefix), key, payload, headers }
    }
}

/// The headers of a message, but for those that are no text.
pub(crate) fn headers(message: &BorrowedMessage<'_>) -> Vec<(String, String)> {
    let Some(headers) = message.headers() else { return Vec::new() };
    let text = |value: Option<&[u8]>| Some(str::from_utf8(value?).ok()?.to_owned());
    let header = headers.iter();
    header.filter_map(|header| Some((header.key.to_owned(), text(header.value)?))).collect()
}
