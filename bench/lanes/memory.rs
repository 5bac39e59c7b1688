//! Peak memory of a worker and its page workers with everything at once that is hard on it: a TIFF
//! of hundreds of large pages, ordinary documents, and files that claim or unfold to far more than
//! they are.
//!
//! All of it lies in the lanes before the worker starts: the huge one first in the bulk lane, then
//! the hostile files with half of the others, in an order drawn from the seed; the other half in
//! the live lane, so that every slot of both lanes is taken.

use std::{sync::Arc, time::Duration};

use sohoa_harness::random::Random;
use sohoa_schemas::config::Workers;

use crate::{
    arguments, corpus,
    report::{Report, mebibytes},
    sampler::{Sampler, Seen},
    submission::Scan,
    world::{Go, World},
};

/// Measures, and says so.
pub(crate) fn measure(options: &arguments::Memory) {
    let about = "peak memory with a huge TIFF, ordinary documents and hostile files at once";
    let mut report = Report::begin("memory", about, &options.common);
    let mut world = World::start(&options.common);
    let huge = corpus::huge(&world, &options.common, (options.pages, options.dpi));
    let hostile = corpus::hostile(&world);
    let ordinary = ordinary(&world, options);
    report.said("corpus", &describe(options, (&huge, &hostile, &ordinary)));

    let budget = options.budget.unwrap_or_else(|| Workers::default().budget_mib);
    let go = Arc::new(world.go("memory", &format!("budget_mib = {budget}\n")));
    let (live, bulk) = ordinary.split_at(ordinary.len() / 2);
    let mut others: Vec<&Scan> = hostile.iter().chain(bulk).collect();
    Random::new(options.common.seed).shuffle(&mut others);
    world.submit(&go, "bulk", huge.iter().chain(others));
    world.submit(&go, "live", live);

    let documents = huge.len() + hostile.len() + ordinary.len();
    let mut worker = world.worker(&go);
    let every = Duration::from_millis(options.every.max(1));
    let watched = Arc::clone(&go);
    let sampler = Sampler::start(worker.process.id(), every, move || watched.watch.events());
    go.wait(&mut worker, documents);
    let cost = worker.end();
    let seen = sampler.end();
    report.line(&outcomes(&go, options.pages));
    report.value("wall_seconds", cost.wall);
    end(report, &seen, budget, world.workers);
}

/// Samples of every format, of one to three pages.
fn ordinary(world: &World, options: &arguments::Memory) -> Vec<Scan> {
    let dossiers = options.documents.div_ceil(2).to_string();
    let further = ["--dossiers", &dossiers, "--documents", "2"];
    let mut scans = corpus::samples(world, "ordinary", options.common.seed + 1, &further);
    scans.truncate(options.documents);
    scans
}

fn describe(
    options: &arguments::Memory,
    (huge, hostile, ordinary): (&[Scan], &[Scan], &[Scan]),
) -> String {
    let arguments::Memory { pages, dpi, .. } = options;
    format!(
        "{} of {pages} pages at {dpi} dpi; {}; {}",
        corpus::describe("TIFF", huge),
        corpus::describe("hostile files", hostile),
        corpus::describe("ordinary documents", ordinary)
    )
}

/// That the huge one went through, and how many others did.
fn outcomes(go: &Go, pages: usize) -> String {
    let answers = go.watch.answers();
    let published = answers.iter().filter(|answer| answer.published).count();
    let largest = answers.iter().filter(|answer| answer.published).map(|answer| answer.pages).max();
    assert!(largest >= Some(pages as u64), "the huge TIFF was not published: {largest:?}");
    format!("{published} documents published, {} refused", answers.len() - published)
}

fn end(mut report: Report, seen: &Seen, budget: u64, workers: usize) {
    let peak = seen.peak();
    let [own, children, all] =
        [peak.own, peak.children, peak.all()].map(|bytes| mebibytes(bytes as f64));
    let mut marks: Vec<f64> = seen.marks.values().map(|bytes| mebibytes(*bytes as f64)).collect();
    marks.sort_by(f64::total_cmp);
    let largest = marks.last().copied().unwrap_or_default();
    report.line(&format!(
        "at the peak: worker {own:.0} MiB, its {workers} page workers {children:.0} MiB; largest \
         high-water mark of one process {largest:.0} MiB of {} processes; {} looks, {}",
        marks.len(),
        seen.samples.len(),
        seen.measure()
    ));
    let constant = all - budget as f64;
    report.value("page_workers", workers);
    report.value("measure", seen.measure());
    report.value("looks", seen.samples.len());
    report.value("budget_mib", budget);
    report.value("peak_mib", all);
    report.value("peak_worker_mib", own);
    report.value("peak_page_workers_mib", children);
    report.value("largest_process_mib", largest);
    report.value("constant_mib", constant);
    report.end(&format!(
        "peak {all:.0} MiB = budget {budget} MiB {} {:.0} MiB",
        if constant < 0.0 { '-' } else { '+' },
        constant.abs()
    ));
}
