//! What an indexer shows of itself: that it lives, whether events come and can be committed, and how
//! many wait. A commit may take minutes while a store is away, so that is shown meanwhile as well.

use std::collections::BTreeMap;

use sohoa_kafka::Reader;
use sohoa_metrics::{Health, Line, Stage, record};
use sohoa_store::Store;

/// By whom it is shown, and what has to be known for it.
#[derive(Debug, Clone)]
pub(super) struct Signs<'a> {
    health: Health,
    line: Line,
    store: &'a Store,
    /// By partition: the next offset that is not in the index.
    pub(super) committed: BTreeMap<i32, i64>,
}

impl<'a> Signs<'a> {
    /// Of an indexer whose tables stand at `committed`.
    pub(super) fn new(
        (health, line): (Health, Line),
        store: &'a Store,
        committed: BTreeMap<i32, i64>,
    ) -> Self {
        Self { health, line, store, committed }
    }

    /// Shows how things are.
    pub(super) fn show(&self, reader: &Reader) {
        self.health.beat();
        if !reader.is_reached() {
            self.health.not_ready("no Kafka broker answers");
        } else if let Some(trouble) = self.store.trouble() {
            self.health.not_ready(trouble.to_string());
        } else {
            self.health.ready();
        }
        let behind = self.behind(&reader.ends());
        record::index_lag(behind);
        self.line.edge_into(Stage::Index).set_pulling(u32::from(behind == 0));
    }

    /// It waits for somebody who makes the tables anew.
    pub(super) fn show_rebuilding(&self) {
        self.health.beat();
        self.health.not_ready("sohoa index rebuild makes the tables anew");
    }

    /// Announcements between what is committed and where the partitions end.
    fn behind(&self, ends: &BTreeMap<i32, i64>) -> u64 {
        let behind = |(partition, end): (&i32, &i64)| {
            let committed = self.committed.get(partition).copied().unwrap_or(0);
            u64::try_from(end - committed).unwrap_or(0)
        };
        ends.iter().map(behind).sum()
    }
}
