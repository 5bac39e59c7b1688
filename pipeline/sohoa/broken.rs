//! Messages that cannot be read: no JSON, of an unknown version or form. Kept whole, with the reason, and
//! announced; the lane goes on. A program that knows the form can be sent them again.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sohoa_flow::{
    FatalKind, Fault,
    retry::{Policy, retry},
};
use sohoa_kafka::{
    Announcement, Event, RawMessage, Submitter, Topic, announcement::TRACE, connect,
};
use sohoa_publish::keys;
use sohoa_schemas::{
    Code,
    config::Kafka,
    message::{DeadLetter, MessagePosition, VERSION},
    record::BrokenMessage,
};
use sohoa_store::Store;
use uuid::Uuid;

use crate::{context::now, observe::turned_back};

const STAGE: &str = "message";

/// What is said of the message at a position has this `ce_id`, however often it is said.
pub(crate) fn id(position: &MessagePosition) -> String {
    format!("{}/{}/{}", position.topic, position.partition, position.offset)
}

/// Keeps a broken message; answers with what is to be announced of it.
pub(crate) async fn keep(
    (output, policy): (&Store, Policy),
    message: &RawMessage,
    why: &str,
) -> Result<DeadLetter, Fault> {
    let RawMessage { position, key, payload, headers } = message;
    let at = keys::message(&position.topic, position.partition, position.offset);
    let code = Code::X02BrokenMessage;
    tracing::warn!(topic = position.topic, offset = position.offset, "a message is broken");
    turned_back(code);
    let entry = BrokenMessage {
        schema_version: VERSION,
        code,
        sentence: format!("{why}. {}", code.sentence()),
        position: position.clone(),
        key_base64: key.as_deref().map(|key| BASE64_STANDARD.encode(key)),
        headers: headers.clone(),
        payload_base64: BASE64_STANDARD.encode(payload),
        quarantined_at: now(),
        replayed_at: None,
    };
    let bytes: bytes::Bytes = serde_json::to_vec_pretty(&entry)
        .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?
        .into();
    retry(policy, || output.put(STAGE, &at, bytes.clone())).await?;
    Ok(DeadLetter {
        schema_version: VERSION,
        key: at,
        code,
        stage: STAGE.to_owned(),
        submission: None,
        position: position.clone(),
        at: entry.quarantined_at,
    })
}

/// The announcement of a broken message.
pub(crate) fn announcement(
    letter: &DeadLetter,
    message: &RawMessage,
    source: &str,
) -> Result<Announcement, Fault> {
    let (id, time) = (id(&letter.position), letter.at.to_rfc3339());
    let trace = message.headers.iter().find(|(name, _)| name == TRACE);
    let traceparent = trace.map(|(_, value)| value.as_str());
    let event = Event { id: &id, source, time: &time, traceparent };
    // It has no dossier.
    Announcement::json((Topic::DeadLetters, Uuid::nil().to_string()), letter, event)
}

/// Refuses broken messages of topics that are not answered in transactions.
pub(crate) struct Refuser<'a> {
    kafka: &'a Kafka,
    output: &'a Store,
    policy: Policy,
    /// `ce_source` of the announcements.
    source: &'static str,
    /// Opened for the first one: whoever meets none needs no right to write to the topic.
    submitter: Option<Submitter>,
}

impl<'a> Refuser<'a> {
    /// For a reader of this name.
    pub(crate) fn new(
        source: &'static str,
        kafka: &'a Kafka,
        (output, policy): (&'a Store, Policy),
    ) -> Self {
        Self { kafka, output, policy, source, submitter: None }
    }

    /// Keeps a message and announces it. Again does no harm.
    ///
    /// # Errors
    /// The store's or the broker's own.
    pub(crate) async fn refuse(&mut self, message: &RawMessage, why: &str) -> Result<(), Fault> {
        let letter = keep((self.output, self.policy), message, why).await?;
        let announced = self.announce(&announcement(&letter, message, self.source)?).await;
        if announced.is_err() {
            // One that lost a message takes no other.
            self.submitter = None;
        }
        announced
    }

    async fn announce(&mut self, announcement: &Announcement) -> Result<(), Fault> {
        let submitter = match &mut self.submitter {
            Some(submitter) => submitter,
            none => none.insert(open(self.kafka, self.output).await?),
        };
        submitter.announce(announcement).await?;
        submitter.flush().await.map(drop)
    }
}

async fn open(kafka: &Kafka, output: &Store) -> Result<Submitter, Fault> {
    let mut client = connect::base(kafka)
        .map_err(|error| Fault::fatal(FatalKind::Configuration, STAGE, error))?;
    // Whoever waits here does nothing else.
    if client.get("message.timeout.ms").is_none() {
        client.set("message.timeout.ms", "120000");
    }
    let (prefix, output) = (kafka.prefix.clone(), output.clone());
    let open = move || Submitter::open(&client, &prefix, &[Topic::DeadLetters], output);
    let opened = tokio::task::spawn_blocking(open).await;
    opened.map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use sohoa_harness::mock::Mock;
    use sohoa_store::Missing;

    use super::*;

    fn message() -> RawMessage {
        let position = MessagePosition { topic: "t.releases.v1".into(), partition: 0, offset: 7 };
        RawMessage { position, key: None, payload: b"none".to_vec(), headers: Vec::new() }
    }

    #[tokio::test]
    async fn after_a_broker_that_was_too_slow_once_the_desk_goes_on() {
        let mock = Mock::start(&[Topic::DeadLetters.name("t")]);
        let property = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let kafka = Kafka {
            brokers: mock.bootstrap(),
            prefix: "t".into(),
            properties: BTreeMap::from([property("message.timeout.ms", "1000")]),
            ..Kafka::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        let mut refuser = Refuser::new("test", &kafka, (&store, Policy::default()));
        refuser.refuse(&message(), "It is none").await.unwrap();
        mock.answer_after(Duration::from_secs(4));
        refuser.refuse(&message(), "It is none").await.unwrap_err();
        mock.answer_after(Duration::ZERO);
        refuser.refuse(&message(), "It is none").await.unwrap();
    }
}
