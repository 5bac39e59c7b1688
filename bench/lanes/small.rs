//! Small born-digital documents a CPU second and a second, `sohoa worker` beside a plain copy of
//! the same objects by the same messages: [`crate::copy`].
//!
//! Both read the same messages from lanes of their own, with as many documents at once and as long
//! between two transactions. Start and end of both are counted.

use std::{env, process::Command};

use sohoa_schemas::config::Kafka;

use crate::{
    arguments,
    arithmetic::Ordered,
    corpus, machine,
    report::Report,
    submission::{Scan, files},
    world::{Cost, Go, INPUT, World},
};

/// Documents of a lane that a worker has under way beyond the number of its page workers.
const BESIDE_WORKERS: usize = 8;

/// One program's part of a round.
#[derive(Debug)]
struct Part {
    cost: Cost,
    /// Objects in its output.
    objects: usize,
}

/// Measures, and says so.
pub(crate) fn measure(options: &arguments::Small) {
    let about = "small born-digital documents a CPU second, `sohoa worker` beside a plain copy";
    let mut report = Report::begin("small", about, &options.common);
    let mut world = World::start(&options.common);
    let scans = corpus::small(&world, options.documents, options.common.seed);
    report.said("corpus", &corpus::describe("born-digital documents of one page", &scans));
    let rounds: Vec<[Part; 2]> = (1..=options.rounds.max(1))
        .map(|number| {
            let round = round(&mut world, &scans, number);
            say(&report, number, &round, scans.len());
            round
        })
        .collect();
    end(report, &rounds, scans.len(), world.workers);
}

/// The worker's part and the copy's, the first one being another each time.
fn round(world: &mut World, scans: &[Scan], number: usize) -> [Part; 2] {
    if number % 2 == 1 {
        let worker = worker(world, scans, number);
        [worker, copy(world, scans, number)]
    } else {
        let copy = copy(world, scans, number);
        [worker(world, scans, number), copy]
    }
}

fn worker(world: &mut World, scans: &[Scan], number: usize) -> Part {
    let go = world.go(&format!("worker-{number}"), "");
    world.submit(&go, "bulk", scans);
    let mut worker = world.worker(&go);
    go.wait(&mut worker, scans.len());
    let cost = worker.end();
    assert_eq!(go.watch.published(), scans.len(), "not every document was published");
    part(world, &go, cost)
}

fn copy(world: &mut World, scans: &[Scan], number: usize) -> Part {
    let go = world.go(&format!("copy-{number}"), "");
    world.submit(&go, "bulk", scans);
    let mut command = Command::new(env::current_exe().unwrap());
    let at_once = (world.workers + BESIDE_WORKERS).to_string();
    let documents = scans.len().to_string();
    let announce = Kafka::default().announce_milliseconds.to_string();
    command
        .args(["copy", "--brokers", &go.brokers, "--prefix", &go.prefix])
        .args(["--input", INPUT, "--output", &go.output()])
        .args(["--documents", &documents, "--at-once", &at_once, "--announce", &announce]);
    let cost = world.start_program(&go, "copy", &mut command).finish(&[0]);
    let events = || go.watch.events() >= scans.len();
    sohoa_harness::wait_until("the events of the copy", events);
    assert_eq!(go.watch.published(), scans.len(), "not every document was copied");
    part(world, &go, cost)
}

fn part(world: &World, go: &Go, cost: Cost) -> Part {
    Part { cost, objects: files(&world.records(go)).len() }
}

fn say(report: &Report, number: usize, round: &[Part; 2], documents: usize) {
    let each = |part: &Part| {
        let documents = documents as f64;
        let (cpu, wall) = (documents / part.cost.cpu, documents / part.cost.wall);
        let objects = part.objects as f64 / documents;
        format!("{cpu:.1} a CPU second, {wall:.1} a second, {objects:.1} objects each")
    };
    let [worker, copy] = round;
    report.line(&format!("round {number}: worker {}; copy {}", each(worker), each(copy)));
}

fn end(mut report: Report, rounds: &[[Part; 2]], documents: usize, workers: usize) {
    let ratios = rounds.iter().map(|[worker, copy]| worker.cost.cpu / copy.cost.cpu);
    let spread = Ordered::new(ratios.collect());
    let sum = |of: fn(&[Part; 2]) -> f64| rounds.iter().map(of).sum::<f64>();
    let (worker, copy) = (sum(|[part, _]| part.cost.cpu), sum(|[_, part]| part.cost.cpu));
    let (worker_wall, copy_wall) =
        (sum(|[part, _]| part.cost.wall), sum(|[_, part]| part.cost.wall));
    let all = (documents * rounds.len()) as f64;
    let cores = machine::cores() as f64;
    let values = [
        ("worker_documents_per_cpu_second", all / worker),
        ("copy_documents_per_cpu_second", all / copy),
        ("worker_documents_per_second", all / worker_wall),
        ("copy_documents_per_second", all / copy_wall),
        ("ratio", worker / copy),
        ("ratio_least", spread.least()),
        ("ratio_most", spread.most()),
        ("wall_ratio", worker_wall / copy_wall),
    ];
    for (name, value) in values {
        report.value(name, value);
    }
    report.value("page_workers", workers);
    report.line(&format!(
        "a second on {cores} cores, brokers and store among it: worker {:.1}, copy {:.1}, ratio \
         {:.2}; {workers} page workers",
        all / worker_wall,
        all / copy_wall,
        worker_wall / copy_wall
    ));
    report.end(&format!(
        "documents a second a core (CPU): worker {:.1}, plain copy {:.1}; a document costs {:.2} \
         times its copy ({:.2} to {:.2} over {} rounds)",
        all / worker,
        all / copy,
        worker / copy,
        spread.least(),
        spread.most(),
        rounds.len()
    ));
}
