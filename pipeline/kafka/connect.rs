//! From configuration to a client, and errors that name the setting.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, ClientContext, Statistics,
    config::RDKafkaLogLevel,
    consumer::ConsumerContext,
    error::{KafkaError, RDKafkaErrorCode},
};
use sohoa_flow::{FatalKind, Fault, fault::BoxError};
use sohoa_schemas::{
    config::Kafka,
    reference::{self, Unresolved},
};

/// The stage that broker errors belong to.
pub const STAGE: &str = "kafka";

/// A property whose value is not where the configuration says.
#[derive(Debug, thiserror::Error)]
#[error("kafka.properties.\"{property}\" {reason}")]
pub struct PropertyError {
    property: String,
    #[source]
    reason: Unresolved,
}

/// The client does not take a property.
#[derive(Debug, thiserror::Error)]
#[error("kafka.properties.\"{property}\" cannot be used: {description}")]
struct Refused {
    property: String,
    description: String,
}

/// Second names of properties that are set here, and the first ones.
const ALIASES: [(&str, &str); 5] = [
    ("metadata.broker.list", "bootstrap.servers"),
    ("delivery.timeout.ms", "message.timeout.ms"),
    ("queue.buffering.max.ms", "linger.ms"),
    ("compression.codec", "compression.type"),
    ("sasl.mechanisms", "sasl.mechanism"),
];

/// The name by which a property is known here. The client takes either, in no order: of one that is
/// set by both names nobody knew which value it has.
fn first_name(property: &str) -> &str {
    let alias = ALIASES.iter().find(|(second, _)| *second == property);
    alias.map_or(property, |(_, first)| first)
}

/// What every client of ours shares: brokers, and the properties that are passed through, each by its
/// first name.
pub fn base(settings: &Kafka) -> Result<ClientConfig, PropertyError> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &settings.brokers)
        .set("client.id", "sohoa")
        // A broker that stands still is noticed, and one that comes back is found, in seconds.
        .set("socket.timeout.ms", "10000")
        .set("reconnect.backoff.max.ms", "2000");
    config.set_log_level(RDKafkaLogLevel::Warning);
    for (property, value) in &settings.properties {
        let value = reference::resolve(value)
            .map_err(|reason| PropertyError { property: property.clone(), reason })?;
        config.set(first_name(property), value);
    }
    Ok(config)
}

/// The broker knows this user, and gives it no right.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the broker does not permit this user {0}: give the user of kafka.properties.\"sasl.username\" \
     the right (deploy/sohoa.example.toml lists them), or correct kafka.prefix"
)]
pub struct Denied(String);

/// The user may not do this: `to see …`.
pub(crate) fn denied(what: &str) -> Fault {
    Fault::fatal(FatalKind::Configuration, STAGE, Denied(what.to_owned()))
}

/// What a client's error means for the process.
pub fn fault(error: KafkaError) -> Fault {
    use RDKafkaErrorCode as E;
    match error.rdkafka_error_code() {
        Some(E::TopicAuthorizationFailed) => return denied("what it tries with a topic"),
        Some(E::GroupAuthorizationFailed) => return denied("to read as its consumer group"),
        Some(E::TransactionalIdAuthorizationFailed) => {
            return denied("to write under its transactional id");
        }
        Some(E::ClusterAuthorizationFailed) => return denied("to write at all"),
        _ => {}
    }
    let kind = match &error {
        // The error shows the value, and that may be a secret.
        KafkaError::ClientConfig(_, description, property, value) => {
            let description = if value.is_empty() {
                description.clone()
            } else {
                description.replace(value, "…")
            };
            let refused = Refused { property: property.clone(), description };
            return Fault::fatal(FatalKind::Configuration, STAGE, refused);
        }
        KafkaError::ClientCreation(_) => FatalKind::Configuration,
        KafkaError::MessageConsumptionFatal(_) => FatalKind::Unreachable,
        error => match error.rdkafka_error_code() {
            Some(code) if is_refusal(code) => FatalKind::Configuration,
            Some(code) if is_defect(code) => FatalKind::Internal,
            _ => return Fault::retry(STAGE, BoxError::from(error.to_string())),
        },
    };
    Fault::fatal(kind, STAGE, error)
}

/// Between two lines about the same trouble.
const COMPLAINT: Duration = Duration::from_secs(30);

/// A client that was let in and is let in no more for this long, by no broker, will not be.
const SHUT_OUT: Duration = Duration::from_mins(1);

/// Trouble of a consumer that goes on, said now and then.
#[derive(Debug, Default)]
pub(crate) struct Complaints {
    said: Option<Instant>,
    /// Since when brokers do not let us in.
    shut_out: Option<Instant>,
}

impl Complaints {
    /// Goes on after an error that passes; ends on one that does not.
    pub(crate) fn pass(&mut self, error: KafkaError, reach: &Reach) -> Result<(), Fault> {
        self.pass_at(error, reach.alone_since(), Instant::now())
    }

    fn pass_at(
        &mut self,
        error: KafkaError,
        alone_since: Option<Instant>,
        now: Instant,
    ) -> Result<(), Fault> {
        let at_the_door = error.rdkafka_error_code().is_some_and(is_at_the_door);
        let passes = at_the_door && !self.is_shut_out(alone_since, now);
        let said = error.to_string();
        match fault(error) {
            fault @ (Fault::Fatal(_) | Fault::Reject(_)) if !passes => Err(fault),
            _ => {
                let quiet = |at| now.saturating_duration_since(at) <= COMPLAINT;
                if !self.said.is_some_and(quiet) {
                    self.said = Some(now);
                    tracing::warn!(error = said, "the broker is in trouble; trying again");
                }
                Ok(())
            }
        }
    }

    /// Whether, since no broker answers, none has let us in for long.
    fn is_shut_out(&mut self, alone_since: Option<Instant>, now: Instant) -> bool {
        let Some(alone_since) = alone_since else { return false };
        let since = self.shut_out.filter(|since| *since >= alone_since).unwrap_or(now);
        self.shut_out = Some(since);
        now.saturating_duration_since(since) > SHUT_OUT
    }
}

/// Whether a broker answers, by what a client counts.
fn is_reached(statistics: &Statistics) -> bool {
    statistics.brokers.values().any(|broker| broker.state == "UP")
}

/// Since when no broker answers a consumer, as its client last said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reach(Arc<Mutex<Option<Instant>>>);

impl Reach {
    /// Takes in what a client counts.
    pub(crate) fn see(&self, statistics: &Statistics) {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let alone = || since.unwrap_or_else(Instant::now);
        *since = (!is_reached(statistics)).then(alone);
    }

    /// Whether one answers; so long as nothing is said, one does.
    pub(crate) fn is_there(&self) -> bool {
        self.alone_since().is_none()
    }

    fn alone_since(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Reach {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(facility, message, "librdkafka");
    }

    fn stats(&self, statistics: Statistics) {
        self.see(&statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "librdkafka");
    }
}

impl ConsumerContext for Reach {}

/// A broker does not let us in. Of a client that was in, the same is said when a connection breaks
/// in its handshake, of one broker of several, or of a token that could not be renewed once.
pub(crate) fn is_at_the_door(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as E;
    matches!(code, E::Authentication | E::SaslAuthenticationFailed | E::SSL)
}

/// The broker answered, and will answer the same again.
pub(crate) fn is_refusal(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as E;
    is_at_the_door(code)
        || matches!(
            code,
            E::TopicAuthorizationFailed
                | E::GroupAuthorizationFailed
                | E::ClusterAuthorizationFailed
                | E::TransactionalIdAuthorizationFailed
                | E::MessageSizeTooLarge
                | E::UnknownTopic
        )
}

fn is_defect(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as E;
    matches!(code, E::InvalidArgument | E::State | E::Conflict)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn settings(property: &str, value: &str) -> Kafka {
        let properties = BTreeMap::from([(property.to_owned(), value.to_owned())]);
        Kafka { properties, ..Kafka::default() }
    }

    #[test]
    fn a_secret_comes_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "p w\n").unwrap();
        let value = format!("file:{}", file.display());
        let config = base(&settings("sasl.password", &value)).unwrap();
        assert_eq!(config.get("sasl.password"), Some("p w"));
    }

    #[test]
    fn a_property_is_found_by_its_first_name_whichever_is_given() {
        for (second, first) in ALIASES {
            let config = base(&settings(second, "7")).unwrap();
            assert_eq!((config.get(first), config.get(second)), (Some("7"), None));
        }
    }

    #[test]
    fn a_secret_that_is_missing_names_the_property() {
        let error = base(&settings("sasl.password", "env:SOHOA_NO_SUCH")).unwrap_err();
        assert!(error.to_string().contains("sasl.password"));
        assert!(error.to_string().contains("SOHOA_NO_SUCH"));
    }

    #[test]
    fn who_was_let_in_is_shut_out_by_all_brokers_and_for_long() {
        use RDKafkaErrorCode as E;
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let error = |code| KafkaError::MessageConsumption(code);
        let mut complaints = Complaints::default();
        let mut passes = |code, alone_since: Option<u64>, now| {
            let passed = complaints.pass_at(error(code), alone_since.map(at), at(now));
            match passed {
                Err(Fault::Fatal(fatal)) => {
                    assert_eq!(fatal.kind, FatalKind::Configuration);
                    false
                }
                passed => passed.is_ok(),
            }
        };
        for code in [E::Authentication, E::SaslAuthenticationFailed, E::SSL] {
            assert!(passes(code, None, 0), "another broker is up");
            assert!(passes(code, Some(5), 10), "for a moment");
        }
        assert!(passes(E::Authentication, Some(5), 70));
        assert!(!passes(E::Authentication, Some(5), 71));
        // Long away, and let in again meanwhile or not at all: the minute begins anew.
        assert!(passes(E::Authentication, Some(500), 900));
        assert!(passes(E::Authentication, Some(500), 960));
        assert!(!passes(E::Authentication, Some(500), 961));
        // What is not said at the door does not pass, and a broken connection always does.
        assert!(!passes(E::TopicAuthorizationFailed, None, 0));
        assert!(passes(E::BrokerTransportFailure, Some(0), 999));
    }

    #[test]
    fn an_unknown_property_is_a_matter_of_configuration() {
        let config = base(&settings("no.such", "1")).unwrap();
        let error = config.create::<rdkafka::consumer::BaseConsumer>().err().expect("refused");
        assert!(
            matches!(fault(error), Fault::Fatal(fatal) if fatal.kind == FatalKind::Configuration)
        );
    }

    #[test]
    fn a_misspelt_secret_is_not_shown() {
        let config = base(&settings("sasl.pasword", "hunter2")).unwrap();
        let error = config.create::<rdkafka::consumer::BaseConsumer>().err().expect("refused");
        let Fault::Fatal(fatal) = fault(error) else { panic!("expected a fatal fault") };
        let said = fatal.cause.chain().join(" ");
        assert!(said.contains("sasl.pasword") && !said.contains("hunter2"), "{said}");
    }
}
