//! The recorder behind the `metrics` facade: Prometheus text.
//!
//! Install it only where somebody asks for the text or calls [`Recorder::upkeep`]: until then the
//! values of histograms are kept one by one.

use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

use crate::{
    names::{self, Kind},
    record,
};

/// The recorder of the process; a handle that can be cloned.
#[derive(Debug, Clone)]
pub struct Recorder {
    handle: PrometheusHandle,
}

/// It cannot be installed.
#[derive(Debug, thiserror::Error)]
#[error("metrics are recorded elsewhere already")]
pub struct Installed;

impl Recorder {
    /// Makes this the recorder of the process, describes every metric and begins those that only
    /// grow at nought.
    ///
    /// # Errors
    /// When the process has one already.
    pub fn install() -> Result<Self, Installed> {
        let (recorder, this) = Self::build();
        metrics::set_global_recorder(recorder).map_err(|_| Installed)?;
        record::begin();
        Ok(this)
    }

    /// What Prometheus reads.
    pub fn render(&self) -> String {
        in_seconds(&self.handle.render())
    }

    /// Folds the values of histograms into their counts. Reading does so too.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    pub(crate) fn build() -> (PrometheusRecorder, Self) {
        let mut builder = PrometheusBuilder::new();
        for metric in names::ALL {
            if let Kind::Histogram(bounds) = metric.kind {
                builder = builder
                    .set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), bounds)
                    .expect("no histogram of the table is without bounds; a test renders them all");
            }
        }
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, describe);
        (recorder, Self { handle })
    }
}

fn describe() {
    for metric in names::ALL {
        let (name, unit, help) = (metric.name, metric.unit, metric.help);
        match metric.kind {
            Kind::Counter | Kind::Time => metrics::describe_counter!(name, unit, help),
            Kind::Gauge => metrics::describe_gauge!(name, unit, help),
            Kind::Histogram(_) => metrics::describe_histogram!(name, unit, help),
        }
    }
}

/// The text with times in seconds, which are counted in whole microseconds.
fn in_seconds(text: &str) -> String {
    let show = |line: &str| match seconds(line) {
        Some((series, micros)) => {
            format!("{series} {}.{:06}\n", micros / 1_000_000, micros % 1_000_000)
        }
        None => format!("{line}\n"),
    };
    text.lines().map(show).collect()
}

fn seconds(line: &str) -> Option<(&str, u64)> {
    let (series, value) = line.rsplit_once(' ')?;
    let name = series.split('{').next()?;
    let is_time = |kind: Kind| kind == Kind::Time;
    names::ALL.iter().find(|metric| is_time(metric.kind) && metric.name == name)?;
    Some((series, value.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        labels::{AnnounceResult, Lane, Operation, Stage, StoreResult},
        record::Failure,
    };

    fn rendered(record: impl FnOnce()) -> String {
        let (recorder, this) = Recorder::build();
        metrics::with_local_recorder(&recorder, record);
        this.render()
    }

    fn has(text: &str, line: &str) {
        assert!(text.lines().any(|each| each == line), "no line `{line}` in\n{text}");
    }

    #[test]
    fn what_only_grows_begins_at_nought() {
        let text = rendered(record::begin);
        has(&text, r#"sohoa_documents_total{lane="live",outcome="held"} 0"#);
        has(&text, r#"sohoa_stage_busy_seconds_total{stage="ocr"} 0.000000"#);
        has(&text, r#"sohoa_announce_seconds_count{result="aborted"} 0"#);
        has(&text, "# TYPE sohoa_store_operation_seconds histogram");
        assert!(!text.contains("sohoa_held_documents"), "a gauge that nobody set");
    }

    #[test]
    fn every_metric_is_described_and_typed() {
        let text = rendered(|| {
            record::begin();
            record::started(1_800_000_000);
            let line = crate::Line::new(Stage::Fetch..=Stage::Index);
            crate::Sampler::new(line).sample(std::time::Instant::now());
            record::failed(Stage::Decode, Failure::Reject(sohoa_schemas::Code::F03Encrypted));
            record::budget(Lane::Live, 10, 5);
            record::page_workers(4, 2);
            record::lag(Lane::Bulk, Some(7), None, None);
            record::held(0, None);
            record::certificate(1_800_000_000, Duration::from_hours(720));
            record::trail_head(1_800_000_000);
            record::archive_stamps(1_800_000_000, 1_800_000_000);
            record::timestamp_authority(1_800_000_000);
            record::index_lag(3);
            record::partitions(Lane::Live, 3, 1);
        });
        for metric in names::ALL {
            has(&text, &format!("# HELP {} {}", metric.name, metric.help));
            let kind = match metric.kind {
                Kind::Counter | Kind::Time => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram(_) => "histogram",
            };
            has(&text, &format!("# TYPE {} {kind}", metric.name));
        }
        has(&text, r#"sohoa_stage_rejections_total{stage="decode",code="F03_ENCRYPTED"} 1"#);
        has(&text, r#"sohoa_lane_drain_seconds{lane="bulk"} NaN"#);
    }

    #[test]
    fn times_are_shown_in_seconds() {
        let text = rendered(|| {
            record::time(names::STAGE_BUSY, &["sign"], Duration::from_micros(12_000_345));
        });
        has(&text, r#"sohoa_stage_busy_seconds_total{stage="sign"} 12.000345"#);
    }

    #[test]
    fn a_slow_operation_is_in_the_upper_buckets_only() {
        let text = rendered(|| {
            record::store_operation(Operation::Put, StoreResult::Ok, Duration::from_secs(3));
            record::announced(AnnounceResult::Committed, Duration::from_millis(30));
        });
        let put = r#"sohoa_store_operation_seconds_bucket{operation="put",result="ok",le="#;
        has(&text, &format!("{put}\"2.5\"}} 0"));
        has(&text, &format!("{put}\"5\"}} 1"));
        has(&text, r#"sohoa_announce_seconds_sum{result="committed"} 0.03"#);
    }
}
