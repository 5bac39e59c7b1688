//! CPU seconds a page: `sohoa worker` from Kafka into the store, beside `sohoa run` from the same
//! bucket into the same store.
//!
//! Both read the same pages, one after the other, in an order that changes with each round. Start
//! and end of both are counted: models are loaded, connections made, the last transaction or commit
//! is waited for. The lane is full before the worker starts.
//!
//! `run` writes the index as well, which a worker leaves to the indexer, and lists the input, which
//! it leaves to the backfill; so these two are measured too, and the ratio is given without and
//! with them.

use crate::{
    arguments,
    arithmetic::Ordered,
    corpus,
    report::{Report, met},
    world::{Cost, World},
};

/// At most so many times the cost of `run`.
const GOAL: f64 = 1.05;

/// One round.
#[derive(Debug)]
struct Round {
    pages: u64,
    run: Cost,
    worker: Cost,
    /// CPU seconds of backfill and indexer.
    beside: f64,
}

impl Round {
    fn ratio(&self) -> f64 {
        self.worker.cpu / self.run.cpu
    }

    fn ratio_with_all(&self) -> f64 {
        (self.worker.cpu + self.beside) / self.run.cpu
    }
}

/// Measures, and says so.
pub(crate) fn measure(options: &arguments::Cpu) {
    let about = "CPU seconds a page, `sohoa worker` (Kafka to S3) beside `sohoa run` (S3 to S3)";
    let mut report = Report::begin("cpu", about, &options.common);
    let mut world = World::start(&options.common);
    let scans = if let Some(folder) = &options.input {
        corpus::copy(folder, &world)
    } else {
        let dossiers = options.dossiers.to_string();
        corpus::samples(&world, "samples", options.common.seed, &["--dossiers", &dossiers])
    };
    let rounds: Vec<Round> = (1..=options.rounds.max(1))
        .map(|number| {
            let round = round(&mut world, number);
            if number == 1 {
                let files = corpus::describe("files", &scans);
                report.said("corpus", &format!("{files}, {} pages", round.pages));
            }
            say(&report, number, &round);
            round
        })
        .collect();
    end(report, &rounds, world.workers);
}

/// Each program once, the first one being another each time.
fn round(world: &mut World, number: usize) -> Round {
    let (worker, run) = if number % 2 == 1 {
        let worker = lanes(world, number);
        (worker, folder(world, number))
    } else {
        let run = folder(world, number);
        (lanes(world, number), run)
    };
    let ((worker, pages, beside), (run, pages_of_run)) = (worker, run);
    assert_eq!(pages, pages_of_run, "worker and run have settled different pages");
    Round { pages, run, worker, beside }
}

/// Backfill, worker, indexer: the worker's cost, its pages, and the others' CPU seconds.
fn lanes(world: &mut World, number: usize) -> (Cost, u64, f64) {
    let go = world.go(&format!("worker-{number}"), "");
    let backfill = ["backfill", "--submission", "lanes", "--json"];
    let submitted = world.start_command(&go, &backfill).finish(&[0]);
    let summary = submitted.summary();
    let documents = summary["totals"]["documents"].as_u64().unwrap_or_else(|| panic!("{summary}"));
    let mut worker = world.worker(&go);
    go.wait(&mut worker, documents as usize);
    let cost = worker.end();
    let indexed = world.start_command(&go, &["indexer", "--once"]).finish(&[0]);
    (cost, go.pages(), submitted.cpu + indexed.cpu)
}

/// `sohoa run`: its cost and its pages.
fn folder(world: &mut World, number: usize) -> (Cost, u64) {
    let go = world.go(&format!("run-{number}"), "");
    // 5: some are refused, as the same ones are by the worker.
    let cost = world.start_command(&go, &["run", "--json"]).finish(&[0, 5]);
    let pages = &cost.summary()["pages"];
    let settled = pages["in"].as_u64().zip(pages["skipped"].as_u64());
    let (received, skipped) = settled.unwrap_or_else(|| panic!("{pages}"));
    assert_eq!(skipped, 0, "a run has found pages done");
    (cost, received)
}

fn say(report: &Report, number: usize, round: &Round) {
    let pages = round.pages as f64;
    let each = |cost: &Cost| format!("{:.3} s/page, wall {:.1} s", cost.cpu / pages, cost.wall);
    report.line(&format!(
        "round {number}: worker {}; run {}; backfill and indexer {:.2} s; ratio {:.3}, with them \
         {:.3}",
        each(&round.worker),
        each(&round.run),
        round.beside,
        round.ratio(),
        round.ratio_with_all()
    ));
}

fn end(mut report: Report, rounds: &[Round], workers: usize) {
    let sum = |of: fn(&Round) -> f64| rounds.iter().map(of).sum::<f64>();
    let (worker, run) = (sum(|round| round.worker.cpu), sum(|round| round.run.cpu));
    let (ratio, with_all) = (worker / run, (worker + sum(|round| round.beside)) / run);
    let wall = sum(|round| round.worker.wall) / sum(|round| round.run.wall);
    let pages = sum(|round| round.pages as f64);
    let spread = Ordered::new(rounds.iter().map(Round::ratio).collect());
    let spread_with_all = Ordered::new(rounds.iter().map(Round::ratio_with_all).collect());
    report.value("page_workers", workers);
    report.value("rounds", rounds.len());
    report.value("worker_cpu_seconds_per_page", worker / pages);
    report.value("run_cpu_seconds_per_page", run / pages);
    report.value("ratio", ratio);
    report.value("ratio_least", spread.least());
    report.value("ratio_most", spread.most());
    report.value("ratio_with_backfill_and_indexer", with_all);
    report.value("wall_ratio", wall);
    report.line(&format!(
        "with backfill and indexer {with_all:.3} ({:.3} to {:.3}); wall time, worker / run: \
         {wall:.3}; {workers} page workers",
        spread_with_all.least(),
        spread_with_all.most()
    ));
    report.end(&format!(
        "CPU a page, worker / run: {ratio:.3} ({:.3} to {:.3} over {} rounds); goal at most {GOAL}: \
         {}",
        spread.least(),
        spread.most(),
        rounds.len(),
        met(ratio <= GOAL)
    ));
}
