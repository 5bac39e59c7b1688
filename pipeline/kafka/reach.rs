//! The first contact: do the brokers answer, do they let us in, are the topics there?
//!
//! The client library tries for ever and says why only to a log. Here somebody listens: what does
//! not get better by waiting ends the wait, in a sentence that names the property.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, ClientContext, Statistics, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer as _, ConsumerContext},
    error::{KafkaError, RDKafkaErrorCode},
    metadata::Metadata,
};
use sohoa_flow::{FatalKind, Fault};

use crate::connect::{STAGE, fault, is_refusal};

/// Time the brokers have to answer at all.
const FIRST_ANSWER: Duration = Duration::from_secs(15);

/// One question; then what was heard meanwhile is looked at.
const ASK: Duration = Duration::from_millis(500);

/// A refusal is believed after this time: one of several brokers may be set up wrongly, and another
/// one answers.
const BELIEVED: Duration = Duration::from_secs(2);

/// Longest wait for what the client has heard.
const LISTEN: Duration = Duration::from_millis(50);

/// A client that is known to reach the brokers.
pub(crate) struct Contact {
    client: BaseConsumer<Ear>,
    /// What the brokers said first: all topics that are ours to see.
    pub(crate) metadata: Metadata,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact").finish_non_exhaustive()
    }
}

impl Contact {
    /// Reaches the brokers. Blocks.
    ///
    /// # Errors
    /// `Fatal` when they do not let us in, `Retry` when none answers in time.
    pub(crate) fn open(config: &ClientConfig) -> Result<Self, Fault> {
        let mut config = config.clone();
        // That a broker hangs up on what it does not understand is said at this level.
        config.set_log_level(RDKafkaLogLevel::Info);
        let ear = Ear::default();
        let client: BaseConsumer<Ear> = config.create_with_context(ear.clone()).map_err(fault)?;
        let began = Instant::now();
        let mut said = false;
        loop {
            match client.fetch_metadata(None, ASK) {
                Ok(metadata) => return Ok(Self { client, metadata }),
                Err(error) => listen(&client, &error),
            }
            let heard = ear.heard();
            if let Some(refusal) = &heard.refusal
                && began.elapsed() > BELIEVED
            {
                return Err(Fault::fatal(FatalKind::Configuration, STAGE, refusal.clone()));
            }
            if began.elapsed() > FIRST_ANSWER {
                let brokers = config.get("bootstrap.servers").unwrap_or_default().to_owned();
                let last = heard.last.clone().unwrap_or_else(|| "it is silent".into());
                let reason = if heard.hangs_up { HANGS_UP.to_owned() } else { last };
                return Err(Fault::retry(STAGE, NoAnswer { brokers, reason }));
            }
            if began.elapsed() > BELIEVED && !std::mem::replace(&mut said, true) {
                tracing::warn!("the Kafka brokers do not answer; trying again");
            }
        }
    }

    /// What the broker says of one topic. Asked for all of them, it leaves out those that are not
    /// ours to see.
    ///
    /// # Errors
    /// `Fatal` when the broker refuses, `Retry` when it does not answer.
    pub(crate) fn ask(&self, topic: &str) -> Result<Metadata, Fault> {
        self.client.fetch_metadata(Some(topic), FIRST_ANSWER).map_err(fault)
    }
}

/// The positions of a group. Who may not read as that group hears so, instead of nothing.
pub(crate) fn committed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    list: &TopicPartitionList,
    within: Duration,
) -> Result<TopicPartitionList, Fault> {
    let began = Instant::now();
    loop {
        // The client takes no time at all for no limit.
        let left = within.saturating_sub(began.elapsed()).max(Duration::from_millis(1));
        let error = match consumer.committed_offsets(list.clone(), left.min(BELIEVED)) {
            Ok(committed) => return Ok(committed),
            Err(error) => error,
        };
        while let Some(told) = consumer.poll(LISTEN) {
            if let Err(error) = told
                && error.rdkafka_error_code().is_some_and(is_refusal)
            {
                return Err(fault(error));
            }
        }
        if began.elapsed() >= within {
            return Err(fault(error));
        }
    }
}

/// Has the client tell what it has heard.
fn listen(client: &BaseConsumer<Ear>, error: &KafkaError) {
    tracing::debug!(%error, "no answer");
    // What it tells is told to the ear.
    while client.poll(LISTEN).is_some() {}
}

/// No broker answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no broker answers at kafka.brokers = \"{brokers}\": {reason}")]
pub struct NoAnswer {
    brokers: String,
    reason: String,
}

/// A broker answers, and does not let us in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the broker at {broker} does not let us in: {reason}; check {settings}")]
pub struct Refusal {
    broker: String,
    reason: String,
    settings: &'static str,
}

/// Listens to what a client says of its brokers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ear(Arc<Mutex<Heard>>);

#[derive(Debug, Default)]
pub(crate) struct Heard {
    refusal: Option<Refusal>,
    /// It takes our connection and ends it.
    hangs_up: bool,
    last: Option<String>,
}

/// It may be a broker that is starting behind somebody who answers for it, hence no refusal.
const HANGS_UP: &str = "it hangs up at once, as who wants TLS or a password does on who brings none; \
                        check kafka.properties.\"security.protocol\"";

impl Ear {
    pub(crate) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, code: Option<RDKafkaErrorCode>, words: &str) {
        tracing::debug!(words, "librdkafka");
        let Words { broker, reason, state } = Words::of(words);
        let mut heard = self.heard();
        let met = matches!(state, "APIVERSION_QUERY" | "UP");
        heard.hangs_up |= met && reason.starts_with("Disconnected");
        if let Some(settings) = settings(code, reason) {
            let (broker, reason) = (broker.to_owned(), reason.to_owned());
            heard.refusal = Some(Refusal { broker, reason, settings });
        }
        // That all are away follows from what each of them said.
        if code != Some(RDKafkaErrorCode::AllBrokersDown) && !broker.is_empty() {
            heard.last = Some(reason.to_owned());
        }
    }
}

impl ClientContext for Ear {
    fn log(&self, _: RDKafkaLogLevel, _: &str, message: &str) {
        // `[thrd:…]: ` comes first.
        self.hear(None, message.split_once("]: ").map_or(message, |(_, words)| words));
    }

    fn stats(&self, _: Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        self.hear(error.rdkafka_error_code(), reason);
    }
}

impl ConsumerContext for Ear {}

/// What the client says of a broker:
/// `sasl_ssl://host:9093/bootstrap: reason (after 5ms in state UP)`.
#[derive(Debug, PartialEq, Eq)]
struct Words<'a> {
    /// Empty where it is about none.
    broker: &'a str,
    reason: &'a str,
    state: &'a str,
}

impl<'a> Words<'a> {
    fn of(words: &'a str) -> Self {
        let none = Self { broker: "", reason: words, state: "" };
        let Some((place, reason)) = words.split_once(": ") else { return none };
        // Without TLS and passwords it names no protocol.
        let broker = place.split_once("://").map_or(place, |(_, broker)| broker);
        let broker = broker.split('/').next().unwrap_or(broker);
        if !broker.contains(':') || broker.contains(' ') {
            return none;
        }
        let (reason, after) = reason.rsplit_once(" (after ").unwrap_or((reason, ""));
        let state = after.split_once("in state ").map_or("", |(_, state)| state);
        let state = state.split([',', ')']).next().unwrap_or(state);
        Self { broker, reason, state }
    }
}

/// What a refusal hangs on; none where waiting may help.
fn settings(code: Option<RDKafkaErrorCode>, reason: &str) -> Option<&'static str> {
    use RDKafkaErrorCode as E;
    const PROTOCOL: &str = "kafka.properties.\"security.protocol\"";
    const PASSWORD: &str =
        "kafka.properties.\"sasl.username\", \"sasl.password\" and \"sasl.mechanism\"";
    let says = |part: &str| reason.contains(part);
    if says("Unsupported SASL mechanism") {
        return Some("kafka.properties.\"sasl.mechanism\"");
    }
    if says("PLAINTEXT broker listener")
        || says("not valid in current SASL state")
        || says("wrong version number")
    {
        return Some(PROTOCOL);
    }
    if says("certificate verify failed") {
        return Some(
            "kafka.properties.\"ssl.ca.location\", and that the certificate is for the name in \
             kafka.brokers and has not expired",
        );
    }
    match code {
        Some(E::Authentication | E::SaslAuthenticationFailed) => Some(PASSWORD),
        Some(E::SSL) => Some("kafka.properties.\"ssl.…\""),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(code: Option<RDKafkaErrorCode>, words: &str) -> Heard {
        let ear = Ear::default();
        ear.hear(code, words);
        let mut heard = ear.heard();
        std::mem::take(&mut *heard)
    }

    #[test]
    fn every_refusal_names_its_property() {
        use RDKafkaErrorCode as E;
        let at = "sasl_ssl://kafka-1:9093/bootstrap: ";
        let cases = [
            (Some(E::Authentication), "SASL authentication error: invalid", "sasl.password"),
            (
                Some(E::Authentication),
                "SASL PLAIN mechanism handshake failed: Broker: Unsupported SASL mechanism: \
                 broker's supported mechanisms: SCRAM-SHA-512",
                "\"sasl.mechanism\"",
            ),
            (
                Some(E::BrokerTransportFailure),
                "SSL handshake failed: Disconnected: SSL connection closed by peer: connecting to a \
                 PLAINTEXT broker listener?",
                "security.protocol",
            ),
            (Some(E::SSL), "SSL handshake failed: certificate verify failed: …", "ssl.ca.location"),
        ];
        for (code, reason, setting) in cases {
            let words = format!("{at}{reason} (after 5ms in state SSL_HANDSHAKE)");
            let refusal = heard(code, &words).refusal.unwrap();
            assert!(refusal.settings.contains(setting), "{refusal}");
            assert_eq!(
                (refusal.broker.as_str(), refusal.reason.as_str()),
                ("kafka-1:9093", reason)
            );
        }
    }

    #[test]
    fn a_broker_that_hangs_up_may_want_more_of_us() {
        for state in ["UP", "APIVERSION_QUERY, 1 identical error(s) suppressed"] {
            let words = format!(
                "127.0.0.1:9092/bootstrap: Disconnected: connection closed by peer: receive 0 after \
                 POLLIN (after 2ms in state {state})"
            );
            let heard = heard(None, &words);
            assert!(heard.hangs_up && heard.refusal.is_none(), "{words}");
        }
    }

    #[test]
    fn a_broker_that_is_away_is_no_refusal() {
        let words = "localhost:9/bootstrap: Connect to ipv4#127.0.0.1:9 failed: \
                     Connection refused (after 0ms in state CONNECT)";
        let heard = heard(Some(RDKafkaErrorCode::BrokerTransportFailure), words);
        assert!(heard.refusal.is_none() && !heard.hangs_up);
        assert!(heard.last.is_some_and(|last| last.ends_with("Connection refused")));
    }
}
