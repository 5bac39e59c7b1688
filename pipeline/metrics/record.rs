//! How metrics are written: functions whose arguments are values of closed sets.
//!
//! They go to the recorder that is installed, and nowhere when there is none.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata};
use sohoa_schemas::Code;

use crate::{
    labels::{
        AnnounceResult, Class, CommitResult, HeldRetry, Lane, Operation, Outcome, PageRead,
        Restart, Skipped, Stage, Step, StoreResult, Table,
    },
    names::{self, Kind, Metric},
};

const METADATA: Metadata<'static> = Metadata::new("sohoa", Level::INFO, None);

/// An error at a stage border, by what is done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The process stops.
    Fatal,
    /// The same again.
    Retry,
    /// The document is refused.
    Reject(Code),
}

/// The beginning of the process, in Unix time.
pub fn started(at: i64) {
    gauge(names::PROCESS_START, &[]).set(at as f64);
}

/// A document entered a stage.
pub fn entered(stage: Stage) {
    counter(names::STAGE_IN, &[stage.as_str()]).increment(1);
}

/// A stage handed a document on.
pub fn left(stage: Stage) {
    counter(names::STAGE_OUT, &[stage.as_str()]).increment(1);
}

/// A stage failed on a document.
pub fn failed(stage: Stage, failure: Failure) {
    let class = match failure {
        Failure::Fatal => Class::Fatal,
        Failure::Retry => Class::Retry,
        Failure::Reject(code) => {
            counter(names::STAGE_REJECTIONS, &[stage.as_str(), code.as_str()]).increment(1);
            Class::Reject
        }
    };
    counter(names::STAGE_ERRORS, &[stage.as_str(), class.as_str()]).increment(1);
}

/// A document of a number of pages is settled.
pub fn settled(lane: Lane, outcome: Outcome, pages: u64) {
    let labels = [lane.as_str(), outcome.as_str()];
    counter(names::DOCUMENTS, &labels).increment(1);
    counter(names::PAGES, &labels).increment(pages);
}

/// Bytes a lane may have in flight, and has.
pub fn budget(lane: Lane, total: u64, used: u64) {
    gauge(names::BUDGET, &[lane.as_str()]).set(total as f64);
    gauge(names::BUDGET_USED, &[lane.as_str()]).set(used as f64);
}

/// Page workers that may run at once, and those that have a page.
pub fn page_workers(total: usize, busy: usize) {
    gauge(names::PAGE_WORKERS, &[]).set(total as f64);
    gauge(names::PAGE_WORKERS_BUSY, &[]).set(busy as f64);
}

/// Page workers replaced for a reason, since the start of the process.
pub fn page_worker_restarts(reason: Restart, since_start: u64) {
    counter(names::PAGE_WORKER_RESTARTS, &[reason.as_str()]).absolute(since_start);
}

/// Pages that ended so in the page workers, since the start of the process.
pub fn page_reads(result: PageRead, since_start: u64) {
    counter(names::PAGE_READS, &[result.as_str()]).absolute(since_start);
}

/// CPU seconds of the steps with these names, since the start of the process.
pub fn step_cpu(steps: &[(&str, f64)]) {
    for step in Step::ALL {
        let spent = steps.iter().find(|(name, _)| *name == step.as_str());
        let seconds = spent.map_or(0.0, |(_, seconds)| seconds.max(0.0));
        time(names::STEP_CPU, &[step.as_str()], Duration::from_secs_f64(seconds));
    }
}

/// Documents of a lane that are not settled, their pages as far as known, and when they will be.
pub fn lag(lane: Lane, documents: Option<u64>, pages: Option<f64>, drained_in: Option<Duration>) {
    let labels = [lane.as_str()];
    gauge(names::LAG, &labels).set(documents.map_or(f64::NAN, |count| count as f64));
    gauge(names::LAG_PAGES, &labels).set(pages.unwrap_or(f64::NAN));
    gauge(names::DRAIN, &labels).set(drained_in.map_or(f64::NAN, |time| time.as_secs_f64()));
}

/// Held documents of the output, and the age of the oldest.
pub fn held(documents: u64, oldest: Option<Duration>) {
    gauge(names::HELD, &[]).set(documents as f64);
    gauge(names::HELD_OLDEST, &[]).set(oldest.unwrap_or_default().as_secs_f64());
}

/// What came of trying again to sign held documents.
pub fn held_retried(result: HeldRetry, documents: u64) {
    counter(names::HELD_RETRIES, &[result.as_str()]).increment(documents);
}

/// When the audit trail's last head was signed, in Unix time; 0 where none is.
pub fn trail_head(signed: i64) {
    gauge(names::TRAIL_HEAD, &[]).set(signed as f64);
}

/// The end of the signing certificate in Unix time, and how long before a warning is wanted.
pub fn certificate(end: i64, warning: Duration) {
    gauge(names::CERTIFICATE_END, &[]).set(end as f64);
    gauge(names::CERTIFICATE_WARNING, &[]).set(warning.as_secs_f64());
}

/// When the first certificate ends that the archive rests on, and when that was seen, in Unix time; 0
/// where nothing ends, or nobody has looked.
pub fn archive_stamps(end: i64, seen: i64) {
    gauge(names::STAMPS_END, &[]).set(end as f64);
    gauge(names::STAMPS_SEEN, &[]).set(seen as f64);
}

/// The end of the time-stamp authority's certificate, in Unix time.
pub fn timestamp_authority(end: i64) {
    gauge(names::TSA_END, &[]).set(end as f64);
}

/// A transaction of announcements ended.
pub fn announced(result: AnnounceResult, took: Duration) {
    histogram(names::ANNOUNCE_SECONDS, &[result.as_str()]).record(took.as_secs_f64());
}

/// A commit to the index ended.
pub fn index_committed(result: CommitResult, took: Duration) {
    histogram(names::COMMIT_SECONDS, &[result.as_str()]).record(took.as_secs_f64());
}

/// Announcements that are not in the index yet.
pub fn index_lag(events: u64) {
    gauge(names::INDEX_LAG, &[]).set(events as f64);
}

/// The rows of an announced document could not be read.
pub fn index_skipped(reason: Skipped) {
    counter(names::INDEX_SKIPPED, &[reason.as_str()]).increment(1);
}

/// Rows were appended to a table.
pub fn rows_appended(table: Table, rows: u64) {
    counter(names::INDEX_ROWS, &[table.as_str()]).increment(rows);
}

/// An operation on the object store ended.
pub fn store_operation(operation: Operation, result: StoreResult, took: Duration) {
    let labels = [operation.as_str(), result.as_str()];
    histogram(names::STORE_SECONDS, &labels).record(took.as_secs_f64());
}

/// Messages that were deleted by age before a worker came to them.
pub fn removed_unread(lane: Lane, messages: u64) {
    counter(names::LANE_REMOVED, &[lane.as_str()]).increment(messages);
}

/// Partitions of a lane that this worker has, and those of them that are paused.
pub fn partitions(lane: Lane, assigned: usize, paused: usize) {
    gauge(names::PARTITIONS, &[lane.as_str()]).set(assigned as f64);
    gauge(names::PARTITIONS_PAUSED, &[lane.as_str()]).set(paused as f64);
}

/// The stage of `line` that holds the others up.
pub fn bottleneck(line: &[Stage], stage: Option<Stage>) {
    for each in line {
        let is = stage == Some(*each);
        gauge(names::BOTTLENECK, &[each.as_str()]).set(f64::from(u8::from(is)));
    }
}

/// Makes what only grows begin at nought, so that its first step is seen as a step.
///
/// Gauges are left out, since nought would be a statement; refusals by code and edges too, since
/// most pairs of their labels never come up.
pub(crate) fn begin() {
    for metric in names::ALL {
        let sparse = metric.labels.iter().any(|label| ["code", "from"].contains(&label.key));
        if sparse || metric.kind == Kind::Gauge {
            continue;
        }
        for values in metric.label_values() {
            match metric.kind {
                Kind::Histogram(_) => drop(histogram(metric, &values)),
                _ => drop(counter(metric, &values)),
            }
        }
    }
}

/// Time, shown in seconds and kept in microseconds.
pub(crate) fn time(metric: &'static Metric, values: &[&'static str], total: Duration) {
    debug_assert_eq!(metric.kind, Kind::Time, "{}", metric.name);
    counter(metric, values).absolute(u64::try_from(total.as_micros()).unwrap_or(u64::MAX));
}

pub(crate) fn counter(metric: &'static Metric, values: &[&'static str]) -> Counter {
    debug_assert!(matches!(metric.kind, Kind::Counter | Kind::Time), "{}", metric.name);
    metrics::with_recorder(|recorder| recorder.register_counter(&key(metric, values), &METADATA))
}

pub(crate) fn gauge(metric: &'static Metric, values: &[&'static str]) -> Gauge {
    debug_assert_eq!(metric.kind, Kind::Gauge, "{}", metric.name);
    metrics::with_recorder(|recorder| recorder.register_gauge(&key(metric, values), &METADATA))
}

fn histogram(metric: &'static Metric, values: &[&'static str]) -> Histogram {
    debug_assert!(matches!(metric.kind, Kind::Histogram(_)), "{}", metric.name);
    metrics::with_recorder(|recorder| recorder.register_histogram(&key(metric, values), &METADATA))
}

fn key(metric: &'static Metric, values: &[&'static str]) -> Key {
    debug_assert_eq!(metric.labels.len(), values.len(), "{}", metric.name);
    let pairs = metric.labels.iter().zip(values);
    let labels: Vec<_> =
        pairs.map(|(label, value)| Label::from_static_parts(label.key, value)).collect();
    Key::from_parts(metric.name, labels)
}
