//! What a cluster has of what is needed, looked at from outside: nothing is written or consumed.

use std::time::Duration;

use rdkafka::{
    ClientConfig, TopicPartitionList,
    admin::{AdminClient, AdminOptions, ConfigResource, ResourceSpecifier},
    client::DefaultClientContext,
    consumer::BaseConsumer,
    metadata::{MetadataPartition, MetadataTopic},
    producer::{BaseProducer, Producer as _},
};
use sohoa_flow::{FatalKind, Fault};

use crate::{
    connect::{STAGE, fault},
    reach::{Contact, committed},
    topics::{Topic, missing, with_topic, workers_group},
};

/// Longest wait for one answer.
const ANSWER: Duration = Duration::from_secs(15);

/// What was found, a line each: what was looked at, and what is there or wrong.
pub type Findings = Vec<(String, Result<String, Fault>)>;

/// A topic as the brokers keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    partitions: usize,
    /// Of the partition that has the fewest.
    copies: usize,
    /// Of the partition that has the fewest.
    in_sync: usize,
    without_leader: usize,
    settings: Settings,
}

/// What is set of a topic; none of it where we may not ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Settings {
    min_in_sync: Option<usize>,
    /// Milliseconds; below zero is for ever.
    retention: Option<i64>,
    compacted: bool,
}

/// Why a topic cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Unusable {
    #[error("{without} of its {partitions} partitions have no leader: brokers are away")]
    NoLeader { without: usize, partitions: usize },
    #[error(
        "a partition has {in_sync} copies in sync and min.insync.replicas is {wanted}: nothing can \
         be written until brokers come back"
    )]
    OutOfSync { in_sync: usize, wanted: usize },
    #[error(
        "min.insync.replicas is {wanted} and there are {copies} copies: nothing can ever be written"
    )]
    TooFewCopies { copies: usize, wanted: usize },
    #[error("its cleanup.policy compacts it: of the documents of a dossier only one would be kept")]
    Compacted,
}

/// Looks at brokers, topics and rights.
pub async fn survey(client: &ClientConfig, prefix: &str) -> Findings {
    let brokers = "Kafka brokers".to_owned();
    let asked = client.clone();
    let contact = match blocking(move || Contact::open(&asked)).await {
        Ok(contact) => contact,
        Err(fault) => return vec![(brokers, Err(fault))],
    };
    let count = contact.metadata.brokers().len();
    let mut found = vec![(brokers, Ok(format!("{count} at {}", let_in(client))))];
    let names = prefix.to_owned();
    let states = blocking(move || {
        let state = |topic: Topic| {
            let name = topic.name(&names);
            let state = with_topic(&contact, &name, state)?;
            state.ok_or_else(|| Fault::fatal(FatalKind::Configuration, STAGE, missing(&name)))
        };
        Ok(Topic::ALL.map(|topic| (topic, state(topic))))
    });
    match states.await {
        Ok(states) => {
            for (topic, state) in states {
                let name = topic.name(prefix);
                let found_of_it = match state {
                    Ok(mut state) => {
                        state.settings = settings(client, &name).await;
                        state.judge(topic)
                    }
                    Err(fault) => Err(fault),
                };
                found.push((format!("topic {name}"), found_of_it));
            }
        }
        Err(fault) => found.push(("topics".into(), Err(fault))),
    }
    found.extend(rights(client, prefix).await);
    found
}

/// How we got in, without secrets.
fn let_in(client: &ClientConfig) -> String {
    let said = |property| client.get(property).unwrap_or_default().to_owned();
    let mut words = vec![said("bootstrap.servers"), said("security.protocol")];
    if !said("sasl.username").is_empty() {
        words.push(format!("{} as `{}`", said("sasl.mechanism"), said("sasl.username")));
    }
    words.retain(|word| !word.is_empty());
    words.join(", ")
}

fn state(topic: &MetadataTopic) -> State {
    let partitions = topic.partitions();
    let fewest = |count: fn(&MetadataPartition) -> usize| partitions.iter().map(count).min();
    State {
        partitions: partitions.len(),
        copies: fewest(|partition| partition.replicas().len()).unwrap_or(0),
        in_sync: fewest(|partition| partition.isr().len()).unwrap_or(0),
        without_leader: partitions.iter().filter(|partition| partition.leader() < 0).count(),
        settings: Settings::default(),
    }
}

async fn settings(client: &ClientConfig, name: &str) -> Settings {
    let admin: AdminClient<DefaultClientContext> = match client.create() {
        Ok(admin) => admin,
        Err(_) => return Settings::default(),
    };
    let wanted = [ResourceSpecifier::Topic(name)];
    let options = AdminOptions::new().request_timeout(Some(ANSWER));
    let described = admin.describe_configs(&wanted, &options).await;
    // Without the right to ask, the rest is still worth telling.
    let Some(Ok(resource)) = described.ok().and_then(|mut all| all.pop()) else {
        return Settings::default();
    };
    Settings {
        min_in_sync: value(&resource, "min.insync.replicas").and_then(|text| text.parse().ok()),
        retention: value(&resource, "retention.ms").and_then(|text| text.parse().ok()),
        compacted: value(&resource, "cleanup.policy").is_some_and(|text| text.contains("compact")),
    }
}

fn value<'a>(resource: &'a ConfigResource, name: &str) -> Option<&'a str> {
    resource.get(name)?.value.as_deref()
}

impl State {
    /// What is there, or why it cannot be used.
    fn judge(&self, topic: Topic) -> Result<String, Fault> {
        if let Some((kind, problem)) = self.problem(topic) {
            return Err(Fault::fatal(kind, STAGE, problem));
        }
        let Self { partitions, copies, .. } = self;
        let mut words = vec![format!("{partitions} partitions"), format!("{copies} copies")];
        if let Some(wanted) = self.settings.min_in_sync {
            words.push(format!("min.insync.replicas {wanted}"));
        }
        if *copies == 1 {
            words.push("with its broker, what waits in it is lost".into());
        }
        if let Some(days) = self.days().filter(|_| is_work(topic)) {
            words.push(format!("messages are dropped after {days:.1} days, done or not"));
        }
        Ok(words.join(", "))
    }

    fn problem(&self, topic: Topic) -> Option<(FatalKind, Unusable)> {
        let Self { partitions, copies, in_sync, .. } = *self;
        let wanted = self.settings.min_in_sync.unwrap_or(0);
        if is_work(topic) && self.settings.compacted {
            return Some((FatalKind::Configuration, Unusable::Compacted));
        }
        if wanted > copies {
            return Some((FatalKind::Configuration, Unusable::TooFewCopies { copies, wanted }));
        }
        if self.without_leader > 0 {
            let problem = Unusable::NoLeader { without: self.without_leader, partitions };
            return Some((FatalKind::Unreachable, problem));
        }
        (in_sync < wanted)
            .then_some((FatalKind::Unreachable, Unusable::OutOfSync { in_sync, wanted }))
    }

    /// Days that a message is kept, where that ends.
    fn days(&self) -> Option<f64> {
        let kept = self.settings.retention.filter(|milliseconds| *milliseconds >= 0)?;
        Some(kept as f64 / 86_400_000.0)
    }
}

/// Whether the messages of a topic are the work itself: what is dropped of them is not done.
fn is_work(topic: Topic) -> bool {
    matches!(topic, Topic::Live | Topic::Bulk | Topic::Releases)
}

/// Whether a worker may be one.
async fn rights(client: &ClientConfig, prefix: &str) -> Findings {
    let group = workers_group(prefix);
    let id = format!("{prefix}-worker-check");
    let (asked, name, topic) = (client.clone(), group.clone(), Topic::Bulk.name(prefix));
    let as_group = blocking(move || ask_group(asked, &name, &topic)).await;
    let (asked, name) = (client.clone(), id.clone());
    let as_producer = blocking(move || ask_transactions(asked, &name)).await;
    vec![
        (format!("consumer group {group}"), as_group.map(|()| "may be read".into())),
        (format!("transactional id {id}"), as_producer.map(|()| "may be used".into())),
    ]
}

fn ask_group(mut client: ClientConfig, group: &str, topic: &str) -> Result<(), Fault> {
    let consumer: BaseConsumer = client.set("group.id", group).create().map_err(fault)?;
    let mut list = TopicPartitionList::new();
    list.add_partition(topic, 0);
    committed(&consumer, &list, ANSWER).map(drop)
}

fn ask_transactions(mut client: ClientConfig, id: &str) -> Result<(), Fault> {
    let producer: BaseProducer = client.set("transactional.id", id).create().map_err(fault)?;
    producer.init_transactions(ANSWER).map_err(fault)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> State {
        let settings = Settings { min_in_sync: Some(2), retention: Some(-1), compacted: false };
        State { partitions: 12, copies: 3, in_sync: 3, without_leader: 0, settings }
    }

    #[test]
    fn a_good_topic_is_described() {
        let said = good().judge(Topic::Bulk).unwrap();
        assert_eq!(said, "12 partitions, 3 copies, min.insync.replicas 2");
    }

    #[test]
    fn what_may_lose_work_is_said() {
        let settings = Settings { retention: Some(604_800_000), ..good().settings };
        let state = State { settings, ..good() };
        assert!(state.judge(Topic::Live).unwrap().contains("dropped after 7.0 days"));
        assert!(!state.judge(Topic::Documents).unwrap().contains("dropped"));
        let alone = State { copies: 1, in_sync: 1, settings: Settings::default(), ..good() };
        assert!(alone.judge(Topic::Bulk).unwrap().contains("is lost"));
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        let with = |settings| State { settings, ..good() };
        let compacted = with(Settings { compacted: true, ..good().settings });
        let unwritable = with(Settings { min_in_sync: Some(4), ..good().settings });
        let cases = [
            (compacted, FatalKind::Configuration),
            (unwritable, FatalKind::Configuration),
            (State { without_leader: 1, ..good() }, FatalKind::Unreachable),
            (State { in_sync: 1, ..good() }, FatalKind::Unreachable),
        ];
        for (state, kind) in cases {
            assert_eq!(state.problem(Topic::Bulk).unwrap().0, kind, "{state:?}");
        }
    }
}
