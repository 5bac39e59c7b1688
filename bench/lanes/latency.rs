//! Live documents from submission to committed event, while many bulk documents wait, beside the
//! same ones while none does.
//!
//! The same scans are sent in both goes, at the same moments after the first (drawn from the seed,
//! so that no period of the worker's meets one of ours), each as a document of its own; topics,
//! output and worker are new for each go. A document is sent when its time has come, whatever
//! became of those before it. The clock starts before the message is given to the client and stops when a
//! reader of committed messages hears the event.
//!
//! "A bulk page" is the time in which a page worker decodes and recognises one, as the records of
//! the bulk documents done meanwhile tell it, the median. While a live page waits for a page
//! worker, that is what it may have to wait for.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use sohoa_harness::{holds_within, random::Random};

use crate::{
    arguments,
    arithmetic::Ordered,
    corpus::{self, PAPER},
    report::{Report, met},
    submission::Scan,
    world::{Go, Running, World},
};

/// Live documents before the first that counts: every page worker is started by then.
const FIRST: usize = 4;

/// Bulk documents that are done before the first live one is sent: the worker is in full swing.
const IN_SWING: usize = 8;

/// Longest wait for the last live document.
const LAST: Duration = Duration::from_mins(30);

/// What was seen in all goes of one kind.
#[derive(Debug, Default)]
struct Seen {
    /// Seconds, a live document each.
    latencies: Vec<f64>,
    /// Seconds, a bulk page each.
    pages: Vec<f64>,
    /// Bulk documents without an answer when the last live one had its, the fewest of all goes.
    waiting: Option<usize>,
}

/// What is sent.
#[derive(Debug)]
struct Corpus {
    live: Vec<Scan>,
    bulk: Vec<Scan>,
    /// Documents in the bulk lane.
    count: usize,
    /// Milliseconds between two live ones, on average.
    interval: u64,
    seed: u64,
}

/// Measures, and says so.
pub(crate) fn measure(options: &arguments::Latency) {
    let about = "live documents from submission to event, idle and beside a full bulk lane";
    let mut report = Report::begin("latency", about, &options.common);
    let mut world = World::start(&options.common);
    let corpus = corpus(&world, options);
    report.said("corpus", &describe(&corpus));
    let (mut idle, mut busy) = (Seen::default(), Seen::default());
    for round in 1..=options.rounds.max(1) {
        go(&mut world, &corpus, (&format!("idle-{round}"), 0), &mut idle);
        go(&mut world, &corpus, (&format!("busy-{round}"), corpus.count), &mut busy);
    }
    end(report, idle, busy, world.workers);
}

fn corpus(world: &World, options: &arguments::Latency) -> Corpus {
    let seed = options.common.seed;
    let scans = |folder: &str, count: usize, seed: u64, pages: &str| {
        let dossiers = count.div_ceil(2).to_string();
        let mut scans = corpus::samples(
            world,
            folder,
            seed,
            &[
                ["--dossiers", &dossiers, "--documents", "2"],
                ["--pages-per-document", pages, "--formats", PAPER],
            ]
            .concat(),
        );
        scans.truncate(count);
        scans
    };
    Corpus {
        live: scans("live", options.live + FIRST, seed, "1"),
        bulk: scans("bulk", options.scans, seed + 1, "1-3"),
        count: options.bulk,
        interval: options.interval,
        seed,
    }
}

fn describe(corpus: &Corpus) -> String {
    let Corpus { live, bulk, count, interval, .. } = corpus;
    format!(
        "live: {} of one page each, one in {interval} ms; bulk: {count} documents of {}",
        corpus::describe("scans", &live[FIRST..]),
        corpus::describe("scans", bulk)
    )
}

/// One go with so many bulk documents.
fn go(world: &mut World, corpus: &Corpus, (name, bulk): (&str, usize), seen: &mut Seen) {
    let go = world.go(name, "");
    world.submit(&go, "bulk", corpus.bulk.iter().cycle().take(bulk));
    let mut worker = world.worker(&go);
    go.wait(&mut worker, IN_SWING.min(bulk));
    let first = world.submit(&go, "live", &corpus.live[..FIRST]).into_iter().collect();
    wait_for(&go, &mut worker, &first);
    let sent = send(world, &go, corpus);
    let last = wait_for(&go, &mut worker, &sent.keys().cloned().collect());
    let mut bulk_done = 0;
    for answer in go.watch.answers() {
        if let Some(sent) = sent.get(&answer.dossier) {
            assert!(answer.published, "a live document was refused: {}", answer.key);
            seen.latencies.push(answer.heard.duration_since(*sent).as_secs_f64());
        } else if answer.heard <= last && !first.contains(&answer.dossier) {
            bulk_done += 1;
            let record = serde_json::from_slice(&world.object(&go, &answer.key)).unwrap();
            seen.pages.extend(page_seconds(&record));
        }
    }
    let waiting = bulk - bulk_done;
    seen.waiting = Some(seen.waiting.map_or(waiting, |fewest| fewest.min(waiting)));
    // Killed: what waits would take hours.
}

/// Sends the live documents, each at its time; when, by dossier.
fn send(world: &World, go: &Go, corpus: &Corpus) -> BTreeMap<String, Instant> {
    let mut random = Random::new(corpus.seed);
    let mut next = Instant::now();
    let mut sent = BTreeMap::new();
    for scan in &corpus.live[FIRST..] {
        while let Some(left) = next.checked_duration_since(Instant::now())
            && !left.is_zero()
        {
            thread::park_timeout(left);
        }
        let (dossier, at) = world.submit_now(go, "live", scan);
        sent.insert(dossier, at);
        let half = corpus.interval / 2;
        next += Duration::from_millis(half + random.within(0..corpus.interval.max(1)));
    }
    sent
}

/// Waits until all of these dossiers have an answer; when the last one was heard.
fn wait_for(go: &Go, worker: &mut Running, dossiers: &BTreeSet<String>) -> Instant {
    let mut looked_at = usize::MAX;
    let mut last = None;
    let came = holds_within(LAST, || {
        worker.process.check();
        if std::mem::replace(&mut looked_at, go.watch.events()) == go.watch.events() {
            return false;
        }
        let answers = go.watch.answers();
        let heard = answers.iter().filter(|answer| dossiers.contains(&answer.dossier));
        let heard: Vec<Instant> = heard.map(|answer| answer.heard).collect();
        last = heard.iter().max().copied();
        heard.len() == dossiers.len()
    });
    assert!(came, "live documents have no answer");
    last.unwrap()
}

/// Seconds of a page worker for each page of a record.
fn page_seconds(record: &Value) -> Vec<f64> {
    let pages = record["rows"]["pages"].as_array().into_iter().flatten();
    let part = |page: &Value, key: &str| page[key].as_f64().unwrap_or_default() / 1e3;
    pages.map(|page| part(page, "decode_ms") + part(page, "ocr_ms")).collect()
}

fn end(mut report: Report, idle: Seen, busy: Seen, workers: usize) {
    let waiting = busy.waiting.unwrap_or_default();
    let pages = Ordered::new(busy.pages);
    let [idle, busy] =
        [("idle", idle.latencies), ("busy", busy.latencies)].map(|(name, seconds)| {
            let seconds = Ordered::new(seconds);
            let [p50, p95] = [50.0, 95.0].map(|percent| seconds.percentile(percent));
            let (count, most) = (seconds.len(), seconds.most());
            report.line(&format!(
                "{name}: p50 {p50:.2} s, p95 {p95:.2} s, max {most:.2} s of {count} live documents"
            ));
            for (value, seconds) in [("p50", p50), ("p95", p95), ("max", most)] {
                report.value(&format!("{name}_{value}_seconds"), seconds);
            }
            p95
        });
    let page = pages.percentile(50.0);
    report.line(&format!(
        "a bulk page: median {page:.2} s, p95 {:.2} s, max {:.2} s of {}; {workers} page workers; \
         at least {waiting} bulk documents waited to the end",
        pages.percentile(95.0),
        pages.most(),
        pages.len()
    ));
    report.value("page_workers", workers);
    report.value("bulk_page_seconds", page);
    report.value("bulk_waiting_at_the_end", waiting);
    let goal = 2.0 * idle + page;
    report.value("goal_seconds", goal);
    // With nothing left in the bulk lane the second kind of go would be one of the first.
    let verdict =
        if waiting == 0 { "NOT MEASURED, the bulk lane ran empty" } else { met(busy <= goal) };
    report.end(&format!(
        "p95 of live documents, busy / idle: {busy:.2} s / {idle:.2} s = {:.2}; goal at most twice \
         idle and a bulk page, {goal:.2} s: {verdict}",
        busy / idle
    ));
}
