//! What a worker would cost that does nothing: documents in by the bulk lane, each object read and
//! put into the output if it is not there, one event each, events and positions in one transaction.
//!
//! Built of the worker's own parts in the worker's own way: the same client settings, a thread that
//! polls, so many documents at once, a transaction in so many milliseconds for what is contiguous.
//! What the worker does beside that is what it is held against this for.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};

use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, path::Path};
use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer},
};
use serde_json::json;
use sohoa_schemas::message::Submission;
use tokio::{runtime::Runtime, sync::Semaphore};
use url::Url;
use uuid::Uuid;

use crate::arguments;

/// Longest wait for one call to the broker.
const CALL: Duration = Duration::from_secs(15);

/// Longest wait for a message, and so for what is done to be looked at.
const POLL: Duration = Duration::from_millis(20);

/// An event to be sent: its key and its body.
type Event = (String, Vec<u8>);

/// What is done: partition, position, event.
type Done = (i32, i64, Event);

/// Positions of a partition.
#[derive(Debug, Default)]
struct Partition {
    /// The first that is not announced.
    next: i64,
    /// Those after it that are done.
    done: BTreeMap<i64, Event>,
}

impl Partition {
    /// How many from the first on are done without a gap.
    fn ready(&self) -> usize {
        let expected = self.next..;
        self.done.keys().zip(expected).take_while(|(at, expected)| **at == *expected).count()
    }

    /// Moves past the first so many.
    fn pass(&mut self, count: usize) {
        self.next += count as i64;
        self.done = self.done.split_off(&self.next);
    }
}

/// A store and the place in it.
#[derive(Debug, Clone)]
struct Place {
    objects: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl Place {
    fn open(address: &str) -> Self {
        let settings = std::env::vars().filter(|(name, _)| name.starts_with("AWS_"));
        let settings = settings.map(|(name, value)| (name.to_ascii_lowercase(), value));
        let url = Url::parse(address).unwrap();
        let (objects, prefix) = object_store::parse_url_opts(&url, settings).unwrap();
        Self { objects: objects.into(), prefix }
    }

    fn path(&self, key: &str) -> Path {
        let key = Path::parse(key).unwrap();
        self.prefix.parts().chain(key.parts()).collect()
    }
}

/// Copies so many documents and ends.
pub(crate) fn run(order: &arguments::Copy) {
    let runtime = Runtime::new().unwrap();
    let copier = Copier::new(order);
    copier.run(order, &runtime);
}

struct Copier {
    consumer: BaseConsumer,
    producer: ThreadedProducer<DefaultProducerContext>,
    /// Where events go.
    topic: String,
    places: [Place; 2],
    slots: Arc<Semaphore>,
    partitions: HashMap<i32, Partition>,
    /// Taken and not done.
    under_way: usize,
    announced: usize,
    done: (Sender<Done>, Receiver<Done>),
}

impl Copier {
    fn new(order: &arguments::Copy) -> Self {
        let mut base = ClientConfig::new();
        base.set("bootstrap.servers", &order.brokers).set("socket.timeout.ms", "10000");
        let producer: ThreadedProducer<_> = base
            .clone()
            .set("transactional.id", format!("{}-copy", order.prefix))
            .set("transaction.timeout.ms", "10000")
            .set("message.timeout.ms", "10000")
            .set("compression.type", "zstd")
            .create()
            .unwrap();
        producer.init_transactions(CALL).unwrap();
        let consumer: BaseConsumer = base
            .set("group.id", format!("{}-workers", order.prefix))
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("isolation.level", "read_committed")
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("queued.min.messages", "200")
            .set("queued.max.messages.kbytes", "8192")
            .create()
            .unwrap();
        consumer.subscribe(&[&format!("{}.bulk.v1", order.prefix)]).unwrap();
        Self {
            consumer,
            producer,
            topic: format!("{}.documents.v1", order.prefix),
            places: [&order.input, &order.output].map(|address| Place::open(address)),
            slots: Arc::new(Semaphore::new(order.at_once)),
            partitions: HashMap::new(),
            under_way: 0,
            announced: 0,
            done: channel(),
        }
    }

    fn run(mut self, order: &arguments::Copy, runtime: &Runtime) {
        let every = Duration::from_millis(order.announce);
        let mut announced_at = Instant::now();
        while self.announced < order.documents {
            while let Ok(done) = self.done.1.try_recv() {
                self.settle(done);
            }
            if announced_at.elapsed() >= every {
                announced_at = Instant::now();
                self.announce(&format!("{}.bulk.v1", order.prefix));
            }
            // A few wait for a slot, so that none stands empty while this thread looks elsewhere.
            if self.under_way < 3 * order.at_once {
                self.take(runtime);
            } else if let Ok(done) = self.done.1.recv_timeout(POLL) {
                self.settle(done);
            }
        }
    }

    fn settle(&mut self, (partition, position, event): Done) {
        self.under_way -= 1;
        self.partitions.entry(partition).or_default().done.insert(position, event);
    }

    /// Takes a message, if there is one, and sets a task to copy its document.
    fn take(&mut self, runtime: &Runtime) {
        let Some(polled) = self.consumer.poll(POLL) else { return };
        let message = polled.unwrap();
        let (partition, position) = (message.partition(), message.offset());
        let first = Partition { next: position, ..Partition::default() };
        self.partitions.entry(partition).or_insert(first);
        let payload = message.payload().unwrap().to_vec();
        let ([from, to], done) = (self.places.clone(), self.done.0.clone());
        let slots = Arc::clone(&self.slots);
        self.under_way += 1;
        runtime.spawn(async move {
            let _slot = slots.acquire().await.unwrap();
            let event = copy(&payload, &from, &to).await;
            // The loop that listens ends with the last document.
            done.send((partition, position, event)).unwrap_or_default();
        });
    }

    /// Sends the events of what is contiguous, and moves past it, in one transaction.
    fn announce(&mut self, lane: &str) {
        let mut positions = TopicPartitionList::new();
        let ready: Vec<(i32, usize)> =
            self.partitions.iter().map(|(number, held)| (*number, held.ready())).collect();
        let ready: Vec<_> = ready.into_iter().filter(|(_, count)| *count > 0).collect();
        if ready.is_empty() {
            return;
        }
        self.producer.begin_transaction().unwrap();
        for (number, count) in &ready {
            let held = &self.partitions[number];
            for (key, payload) in held.done.values().take(*count) {
                let record = BaseRecord::to(&self.topic).key(key).payload(payload);
                self.producer.send(record).map_err(|(error, _)| error).unwrap();
            }
            let next = Offset::Offset(held.next + *count as i64);
            positions.add_partition_offset(lane, *number, next).unwrap();
        }
        let group = self.consumer.group_metadata().unwrap();
        self.producer.send_offsets_to_transaction(&positions, &group, CALL).unwrap();
        self.producer.commit_transaction(CALL).unwrap();
        for (number, count) in ready {
            self.announced += count;
            self.partitions.entry(number).or_default().pass(count);
        }
    }
}

/// Reads the object and puts it; its event.
async fn copy(payload: &[u8], from: &Place, to: &Place) -> Event {
    let submission: Submission = serde_json::from_slice(payload).unwrap();
    let key = &submission.files[0].key;
    let object = from.objects.get(&from.path(key)).await.unwrap();
    let bytes = object.bytes().await.unwrap();
    let create = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    to.objects.put_opts(&to.path(key), bytes.into(), create).await.unwrap();
    let dossier = submission.dossier.uid;
    let event = json!({
        "schema_version": 1,
        "source_uid": Uuid::new_v4(),
        "dossier_uid": dossier,
        "submission": submission.submission,
        "outcome": "published",
        "key": key,
        "pages": { "published": 1, "quarantined": 0, "held": 0 },
    });
    (dossier.to_string(), serde_json::to_vec(&event).unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_contiguous_is_announced() {
        let event = || (String::new(), Vec::new());
        let mut held = Partition { next: 7, ..Partition::default() };
        assert_eq!(held.ready(), 0);
        for position in [9, 8, 11] {
            held.done.insert(position, event());
        }
        assert_eq!(held.ready(), 0);
        held.done.insert(7, event());
        assert_eq!(held.ready(), 3);
        held.pass(3);
        assert_eq!((held.next, held.ready(), held.done.len()), (10, 0, 1));
    }
}
