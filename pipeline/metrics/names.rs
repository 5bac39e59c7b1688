//! Every metric of the project: name, kind, unit, labels, meaning.
//!
//! The dashboard and the alert rules in `deploy/` may use only what stands here; a test holds them
//! to it. Names follow Prometheus: base units, `_total` on what only grows.

use metrics::Unit;

use crate::labels::{
    AnnounceResult, CODE, Class, CommitResult, Dimension, FROM, HeldRetry, Lane, Operation,
    Outcome, PageRead, Restart, Skipped, Stage, Step, StoreResult, TO, Table,
};

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Only grows, in seconds. The facade counts whole numbers, so it is kept in microseconds and
    /// shown in seconds.
    Time,
    /// Goes up and down.
    Gauge,
    /// Counts by upper bounds, in the metric's unit.
    Histogram(&'static [f64]),
}

/// A metric.
#[derive(Debug)]
pub struct Metric {
    /// Its name, unit and suffix included.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What it counts in.
    pub unit: Unit,
    /// Its labels.
    pub labels: &'static [Dimension],
    /// What it means.
    pub help: &'static str,
}

/// Transactions take milliseconds; one call gives up after 15 s, a worker after 120 s.
const ANNOUNCE: Kind =
    Kind::Histogram(&[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 30.0, 120.0]);

/// Seven tables one after another; a commit longer than the 60 s between two falls behind.
const COMMIT: Kind =
    Kind::Histogram(&[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0]);

/// A small object on a near disk takes a millisecond; retries end after two minutes.
const STORE: Kind = Kind::Histogram(&[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0,
]);

macro_rules! metrics {
    ($($constant:ident: $name:literal, $kind:expr, $unit:ident, [$($label:expr),*], $help:literal;)+) => {
        $(#[doc = $help]
        pub const $constant: &Metric = &Metric {
            name: $name,
            kind: $kind,
            unit: Unit::$unit,
            labels: &[$($label),*],
            help: $help,
        };)+

        /// All of them.
        pub const ALL: &[&Metric] = &[$($constant,)+];
    };
}

// One line says everything about a metric, and the list of all cannot miss one.
metrics! {
    PROCESS_START: "sohoa_process_start_timestamp_seconds", Kind::Gauge, Seconds, [],
        "When the process began, in Unix time.";

    STAGE_IN: "sohoa_stage_documents_in_total", Kind::Counter, Count, [Stage::DIMENSION],
        "Documents that entered a stage.";
    STAGE_OUT: "sohoa_stage_documents_out_total", Kind::Counter, Count, [Stage::DIMENSION],
        "Documents that a stage handed on.";
    STAGE_ERRORS: "sohoa_stage_errors_total", Kind::Counter, Count, [Stage::DIMENSION, Class::DIMENSION],
        "Errors of a stage by what is done next: stop, try again, refuse. Every try counts.";
    STAGE_REJECTIONS: "sohoa_stage_rejections_total", Kind::Counter, Count, [Stage::DIMENSION, CODE],
        "Refusals of a stage by reason code.";
    STAGE_BUSY: "sohoa_stage_busy_seconds_total", Kind::Time, Seconds, [Stage::DIMENSION],
        "Time spent working in a stage, summed over everything that works in it at once.";
    BOTTLENECK: "sohoa_bottleneck", Kind::Gauge, Count, [Stage::DIMENSION],
        "1 for the stage that holds the others up, 0 for the others; all 0 when the source is slower.";

    EDGE_PUSH_WAIT: "sohoa_edge_push_wait_seconds_total", Kind::Time, Seconds, [FROM, TO],
        "Time the upstream side waited to hand a document on.";
    EDGE_PULL_WAIT: "sohoa_edge_pull_wait_seconds_total", Kind::Time, Seconds, [FROM, TO],
        "Time the downstream side waited for a document.";
    EDGE_ITEMS: "sohoa_edge_queue_documents", Kind::Gauge, Count, [FROM, TO],
        "Documents between two stages.";
    EDGE_BYTES: "sohoa_edge_queue_bytes", Kind::Gauge, Bytes, [FROM, TO],
        "Bytes between two stages.";

    BUDGET: "sohoa_budget_bytes", Kind::Gauge, Bytes, [Lane::DIMENSION],
        "Bytes a lane may have in flight.";
    BUDGET_USED: "sohoa_budget_used_bytes", Kind::Gauge, Bytes, [Lane::DIMENSION],
        "Bytes a lane has in flight.";

    PAGE_WORKERS: "sohoa_page_workers", Kind::Gauge, Count, [],
        "Page workers that may run at once.";
    PAGE_WORKERS_BUSY: "sohoa_page_workers_busy", Kind::Gauge, Count, [],
        "Page workers that have a page.";
    PAGE_WORKER_RESTARTS: "sohoa_page_worker_restarts_total", Kind::Counter, Count, [Restart::DIMENSION],
        "Page workers replaced, by reason.";
    PAGE_READS: "sohoa_page_reads_total", Kind::Counter, Count, [PageRead::DIMENSION],
        "Pages by what the page workers made of them.";

    STEP_CPU: "sohoa_step_cpu_seconds_total", Kind::Time, Seconds, [Step::DIMENSION],
        "CPU time by step: of the pages that page workers gave, and of what was made of them.";

    PAGES: "sohoa_pages_total", Kind::Counter, Count, [Lane::DIMENSION, Outcome::DIMENSION],
        "Pages of settled documents, by lane and by what became of the document.";
    DOCUMENTS: "sohoa_documents_total", Kind::Counter, Count, [Lane::DIMENSION, Outcome::DIMENSION],
        "Settled documents, by lane and by what became of them.";

    LAG: "sohoa_lane_lag_documents", Kind::Gauge, Count, [Lane::DIMENSION],
        "Documents of a lane not settled yet, in the partitions of this worker; NaN until the broker has said.";
    LAG_PAGES: "sohoa_lane_lag_pages", Kind::Gauge, Count, [Lane::DIMENSION],
        "Pages of these documents, estimated from the documents settled before.";
    LANE_REMOVED: "sohoa_lane_removed_documents_total", Kind::Counter, Count, [Lane::DIMENSION],
        "Messages of a lane that the broker deleted by age before a worker came to them.";
    DRAIN: "sohoa_lane_drain_seconds", Kind::Gauge, Seconds, [Lane::DIMENSION],
        "Time until this worker's part of a lane is empty at the present rate; NaN while nothing moves.";

    HELD: "sohoa_held_documents", Kind::Gauge, Count, [],
        "Documents in the output that wait for a release or a signature.";
    HELD_OLDEST: "sohoa_held_oldest_seconds", Kind::Gauge, Seconds, [],
        "Age of the oldest held document; 0 when none is held.";

    HELD_RETRIES: "sohoa_held_retries_total", Kind::Counter, Count, [HeldRetry::DIMENSION],
        "Held documents that a worker tried again to sign, by what came of it; silence is counted once a try.";

    TRAIL_HEAD: "sohoa_trail_head_timestamp_seconds", Kind::Gauge, Seconds, [],
        "When the audit trail's last head was signed, in Unix time; 0 where none is.";

    CERTIFICATE_END: "sohoa_signing_certificate_end_timestamp_seconds", Kind::Gauge, Seconds, [],
        "When the first certificate of the signing chain ends, in Unix time.";
    CERTIFICATE_WARNING: "sohoa_signing_certificate_warning_seconds", Kind::Gauge, Seconds, [],
        "How long before that the configuration wants a warning.";

    STAMPS_END: "sohoa_archive_stamps_end_timestamp_seconds", Kind::Gauge, Seconds, [],
        "When the first certificate ends that a record's signature rests on, as `sohoa timestamp` last saw, in Unix time; 0 where none does.";
    STAMPS_SEEN: "sohoa_archive_stamps_seen_timestamp_seconds", Kind::Gauge, Seconds, [],
        "When `sohoa timestamp` last did the whole archive, in Unix time; 0 where it never has.";
    TSA_END: "sohoa_timestamp_authority_end_timestamp_seconds", Kind::Gauge, Seconds, [],
        "When the certificate of the time-stamp authority ends, in Unix time.";

    ANNOUNCE_SECONDS: "sohoa_announce_seconds", ANNOUNCE, Seconds, [AnnounceResult::DIMENSION],
        "Time of a transaction that announces documents and moves positions, by result.";
    COMMIT_SECONDS: "sohoa_index_commit_seconds", COMMIT, Seconds, [CommitResult::DIMENSION],
        "Time of a commit to all tables of the index, by result.";
    INDEX_LAG: "sohoa_index_lag_events", Kind::Gauge, Count, [],
        "Announcements that are not in the index yet, as far as the broker has told.";
    INDEX_SKIPPED: "sohoa_index_events_skipped_total", Kind::Counter, Count, [Skipped::DIMENSION],
        "Announcements whose rows could not be read and are not in the index, by reason.";
    INDEX_ROWS: "sohoa_index_rows_total", Kind::Counter, Count, [Table::DIMENSION],
        "Rows appended to a table of the index.";
    STORE_SECONDS: "sohoa_store_operation_seconds", STORE, Seconds, [Operation::DIMENSION, StoreResult::DIMENSION],
        "Time of an operation on the object store, retries included, by result.";

    PARTITIONS: "sohoa_kafka_partitions_assigned", Kind::Gauge, Count, [Lane::DIMENSION],
        "Partitions of a lane that this worker has.";
    PARTITIONS_PAUSED: "sohoa_kafka_partitions_paused", Kind::Gauge, Count, [Lane::DIMENSION],
        "Partitions of a lane that are paused until there is room for their documents.";
}

impl Metric {
    /// The names under which it is found in queries: itself, or the parts of a histogram.
    pub fn series_names(&self) -> Vec<String> {
        match self.kind {
            Kind::Histogram(_) => {
                ["_bucket", "_count", "_sum"].map(|part| format!("{}{part}", self.name)).into()
            }
            _ => vec![self.name.to_owned()],
        }
    }

    /// Every set of label values it may have, in the order of its labels.
    pub(crate) fn label_values(&self) -> Vec<Vec<&'static str>> {
        self.labels.iter().fold(vec![Vec::new()], |rows, dimension| {
            let values = (dimension.values)();
            let extend = |row: Vec<&'static str>| {
                let one = |value: &&'static str| [row.as_slice(), &[*value]].concat();
                values.iter().map(one).collect::<Vec<_>>()
            };
            rows.into_iter().flat_map(extend).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_follow_the_conventions() {
        let name = regex::Regex::new("^sohoa(_[a-z]+)+$").unwrap();
        for metric in ALL {
            assert!(name.is_match(metric.name), "{}", metric.name);
            let grows = matches!(metric.kind, Kind::Counter | Kind::Time);
            assert_eq!(metric.name.ends_with("_total"), grows, "{}", metric.name);
            let bare = metric.name.trim_end_matches("_total");
            assert_eq!(bare.ends_with("_seconds"), metric.unit == Unit::Seconds, "{bare}");
            assert_eq!(bare.ends_with("_bytes"), metric.unit == Unit::Bytes, "{bare}");
            assert!(metric.help.ends_with('.'), "{}", metric.name);
        }
        assert_eq!(ALL.iter().map(|metric| metric.name).collect::<HashSet<_>>().len(), ALL.len());
    }

    #[test]
    fn a_process_has_a_bounded_number_of_series() {
        let series = |metric: &&Metric| {
            let each = match metric.kind {
                // The bounds, the one without a bound, the sum and the count.
                Kind::Histogram(bounds) => bounds.len() + 3,
                _ => 1,
            };
            metric.label_values().len() * each
        };
        let all: usize = ALL.iter().map(series).sum();
        // What a Prometheus keeps in memory for one process: a few megabytes.
        assert!(all < 2_000, "{all} series");
    }

    #[test]
    fn bounds_rise() {
        for metric in ALL {
            if let Kind::Histogram(bounds) = metric.kind {
                assert!(bounds.is_sorted_by(|a, b| a < b), "{}", metric.name);
            }
        }
    }
}
