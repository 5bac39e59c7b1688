//! Memory of a worker over many small documents: what it keeps of each is the slope.
//!
//! One worker, born-digital documents of one page each, all in the bulk lane before it starts. The
//! first tenth is left out: models are loaded then and buffers find their size. Page workers are
//! replaced after so many pages, so what they keep is bounded; the worker itself is not, and its
//! own slope is given beside that of the sum.

use std::{sync::Arc, time::Duration};

use crate::{
    arguments,
    arithmetic::{end_over_start, slope},
    corpus,
    report::{Report, mebibytes, met},
    sampler::{Sample, Sampler, Seen},
    world::World,
};

/// The last tenth holds at most so many times the memory of the first one after the warm-up: flat,
/// with room for what an allocator sways by.
const FLAT: f64 = 1.05;

/// Measures, and says so.
pub(crate) fn measure(options: &arguments::Slope) {
    let mut report = Report::begin("slope", "memory over many small documents", &options.common);
    let mut world = World::start(&options.common);
    let scans = corpus::small(&world, options.documents, options.common.seed);
    let what = corpus::describe("born-digital documents of one page", &scans);
    report.said("corpus", &what);
    let go = Arc::new(world.go("slope", ""));
    world.submit(&go, "bulk", &scans);
    let mut worker = world.worker(&go);
    let every = Duration::from_millis(options.every.max(1));
    let watched = Arc::clone(&go);
    let sampler = Sampler::start(worker.process.id(), every, move || watched.watch.events());
    go.wait(&mut worker, scans.len());
    let seen = sampler.end();
    let cost = worker.end();
    let published = go.watch.published();
    assert_eq!(published, scans.len(), "not every document was published");
    report.value("wall_seconds", cost.wall);
    end(report, &seen, scans.len());
}

fn end(mut report: Report, seen: &Seen, documents: usize) {
    let warm = documents / 10;
    let samples: Vec<&Sample> = seen.samples.iter().filter(|look| look.progress >= warm).collect();
    let peak = mebibytes(seen.peak().all() as f64);
    let all = growth(&report, "worker and page workers", &samples, Sample::all);
    let own = growth(&report, "worker alone", &samples, |sample| sample.own);
    report.value("measure", seen.measure());
    report.value("looks", samples.len());
    report.value("peak_mib", peak);
    report.value("slope_bytes_per_document", all.slope);
    report.value("slope_of_worker_alone", own.slope);
    report.value("end_over_start", all.ratio);
    report.value("end_over_start_of_worker_alone", own.ratio);
    report.end(&format!(
        "slope {:.1} bytes a document (worker alone {:.1}) over {documents} documents, end / start \
         {:.3}, peak {peak:.0} MiB {}; flat (at most {FLAT}): {}",
        all.slope,
        own.slope,
        all.ratio,
        seen.measure(),
        met(all.ratio <= FLAT)
    ));
}

/// How memory grew after the warm-up.
#[derive(Debug)]
struct Growth {
    /// Bytes a document.
    slope: f64,
    /// The last tenth of the looks over the first.
    ratio: f64,
}

fn growth(report: &Report, name: &str, samples: &[&Sample], of: fn(&Sample) -> u64) -> Growth {
    let bytes: Vec<f64> = samples.iter().map(|sample| of(sample) as f64).collect();
    let progress = samples.iter().map(|sample| sample.progress as f64);
    let points: Vec<(f64, f64)> = progress.zip(bytes.iter().copied()).collect();
    let found = slope(&points).zip(end_over_start(&bytes));
    let (slope, ratio) =
        found.unwrap_or_else(|| panic!("too few looks: more --documents, or a smaller --every"));
    let (first, last) = (mebibytes(bytes[0]), mebibytes(bytes[bytes.len() - 1]));
    report.line(&format!(
        "{name}: {first:.1} MiB after the warm-up, {last:.1} MiB at the end, slope {slope:.1} bytes \
         a document, last tenth / first {ratio:.3}"
    ));
    Growth { slope, ratio }
}
