//! A message as it stands in its topic, whatever it says.

use rdkafka::{Message as _, message::BorrowedMessage};
use sohoa_schemas::message::MessagePosition;

use crate::lane::headers;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMessage {
    /// Where it stands.
    pub position: MessagePosition,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its body.
    pub payload: Vec<u8>,
    /// Its headers; one that is no text is left out.
    pub headers: Vec<(String, String)>,
}

impl RawMessage {
    pub(crate) fn of(message: &BorrowedMessage<'_>) -> Self {
        let (topic, partition) = (message.topic().to_owned(), message.partition());
        Self {
            position: MessagePosition { topic, partition, offset: message.offset() },
            key: message.key().map(<[u8]>::to_vec),
            payload: message.payload().unwrap_or_default().to_vec(),
            headers: headers(message),
        }
    }
}
