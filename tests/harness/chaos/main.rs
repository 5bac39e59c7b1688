//! Conservation under fire: documents go from a bucket by Kafka into a store and an index while
//! everything that can fail fails, and at the end each of them is there exactly once. What is born
//! digital is published by the worker that read it; a scan is held, and a clerk's release, sent in the
//! middle of it all, has it signed by whichever worker comes to it.
//!
//! | module | owns |
//! |---|---|
//! | [`documents`] | what is submitted, and the list of it |
//! | [`province`] | services and our processes, kept running |
//! | [`faults`] | what befalls them |
//! | [`disks`] | the same for full disks, one in a run of its own |
//! | [`drain`] | the end: everything settled, refusals sent again |
//! | [`judge`] | lost, duplicated, unreferenced |
//!
//! Three brokers unless told otherwise: a broker without another one that is killed, or whose disk is
//! full, in the middle of the end of a transaction may come back without having told all partitions
//! how it ended ("likely deleted already and hence can be skipped"), and then positions move past an
//! event that is not there. What only one broker holds, one broker can lose.
//!
//! The last line of the output is the verdict. The folder with the logs of all processes is kept
//! when it is not all zero.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

mod disks;
mod documents;
mod drain;
mod faults;
mod judge;
mod province;

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use sohoa_harness::random::Random;

use crate::{
    disks::{Disk, Mounted},
    documents::Files,
    faults::{Deck, SLOTS},
    judge::Verdict,
    province::{Province, Role},
};

const USAGE: &str = "usage: tests/chaos [--documents N] [--faults N] [--seed S] [--brokers 1|3] \
                     [--scenario worker-temp|broker-log|store-data]";

/// What the services' absence ends tests with, too.
const SKIPPED: u8 = 77;

/// Documents and seconds of a run with a full disk.
const OF_A_DISK: (usize, u64) = (60, 20);

/// Runs with so many faults have one long cut of the network.
const LONG: usize = 50;

/// Seconds that a fault and the pause after it take, about.
const OF_A_FAULT: u64 = 8;

/// Longest pause between two faults; it is over sooner when enough was announced.
const PAUSE: Duration = Duration::from_secs(6);

/// A clerk releases what is held before every third fault.
const RELEASED_EVERY: usize = 3;

/// Longest wait for the first document.
const FIRST: Duration = Duration::from_mins(2);

#[derive(Debug, Clone, Copy)]
struct Plan {
    documents: usize,
    faults: usize,
    seed: u64,
    brokers: usize,
    scenario: Option<Disk>,
}

fn plan() -> Result<Plan, String> {
    // A short run for every change, a long one by hand.
    let (documents, faults) = if env::var_os("CI").is_some() { (200, 15) } else { (2_000, 100) };
    let mut plan = Plan { documents, faults, seed: 1, brokers: 3, scenario: None };
    let mut arguments = env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        if name == "--scenario" {
            let disk = Disk::named(&value).ok_or_else(|| format!("no scenario `{value}`"))?;
            plan = Plan { documents: OF_A_DISK.0, faults: 1, scenario: Some(disk), ..plan };
            continue;
        }
        let number: u64 = value.parse().map_err(|_| format!("{name}: `{value}` is no number"))?;
        match name.as_str() {
            "--documents" => plan.documents = number as usize,
            "--faults" => plan.faults = number as usize,
            "--seed" => plan.seed = number,
            "--brokers" if matches!(number, 1 | 3) => plan.brokers = number as usize,
            _ => return Err(format!("{name} {value} is not understood")),
        }
    }
    Ok(plan)
}

fn main() -> ExitCode {
    let plan = match plan() {
        Ok(plan) => plan,
        Err(why) => {
            eprintln!("{why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let folder = env::temp_dir().join(format!("sohoa-chaos-{}", std::process::id()));
    let mounted = match plan.scenario.map(|disk| Mounted::new(disk, &folder)).transpose() {
        Ok(mounted) => mounted,
        Err(why) => {
            println!("skipped: no small disk can be mounted: {why}");
            return ExitCode::from(SKIPPED);
        }
    };
    let verdict = catch_unwind(AssertUnwindSafe(|| run(plan, &folder, mounted.as_ref())));
    // A panic has said why.
    let good = verdict.as_ref().is_ok_and(Verdict::is_good);
    drop(mounted);
    if good {
        fs::remove_dir_all(&folder).unwrap();
    } else {
        println!("everything is kept in {}", folder.display());
    }
    let Plan { documents, faults, seed, .. } = plan;
    let Ok(verdict) = verdict else {
        println!("no verdict (documents {documents}, faults {faults}, seed {seed})");
        return ExitCode::FAILURE;
    };
    let (lost, duplicated) = (verdict.lost.len(), verdict.duplicated.len());
    let unreferenced = verdict.unreferenced.len();
    println!(
        "lost {lost}, duplicated {duplicated}, unreferenced {unreferenced} \
         (documents {}, faults {faults}, seed {seed})",
        verdict.documents
    );
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(plan: Plan, folder: &Path, mounted: Option<&Mounted>) -> Verdict {
    fs::create_dir_all(folder.join("buckets")).unwrap();
    let (bucket, samples): (PathBuf, _) = (folder.join("buckets/scans"), folder.join("samples"));
    let files = documents::make(&bucket, &samples, (plan.documents, plan.seed));
    // The last document is submitted about when the last fault comes.
    let seconds = plan.scenario.map_or(OF_A_FAULT * plan.faults.max(1) as u64, |_| OF_A_DISK.1);
    let rate = (files.len() as u64).div_ceil(seconds);
    let mut province = Province::start(folder, plan.brokers, rate);
    let started = format!("{} documents, {rate}/s; logs in {}", files.len(), folder.display());
    province.say(&started);
    begin(&mut province);
    let mut random = Random::new(plan.seed);
    match plan.scenario.zip(mounted) {
        Some((disk, mounted)) => disks::befall(disk, mounted, &mut province, &mut random),
        None => under_fire(&mut province, plan, (&files, &mut random)),
    }
    let drained = drain::everything(&mut province, files.len());
    for (what, times) in &province.restarts {
        println!("ended by itself and started again, {what}: {times} times");
    }
    let verdict = judge::judge(&mut province, &files, drained);
    verdict.explain();
    verdict
}

/// Starts our processes and waits until the first document came through: the first faults would
/// else meet nothing but programs that are starting.
fn begin(province: &mut Province) {
    province.launch(Role::Indexer("first"));
    for slot in SLOTS {
        province.launch(Role::Worker(slot.to_owned()));
    }
    province.launch(Role::Backfill);
    let came = province.within(FIRST, |province| province.watch.events() > 0);
    assert!(came, "no document came through before the first fault");
}

fn under_fire(province: &mut Province, plan: Plan, (files, random): (&Files, &mut Random)) {
    let began = Instant::now();
    let mut deck = Deck::new(plan.faults >= LONG);
    let step = (files.len() / plan.faults.max(1)).max(2) as u64;
    for fault in 0..plan.faults {
        if fault % RELEASED_EVERY == 0 && !province.has(&Role::Clerk) {
            province.launch(Role::Clerk);
        }
        let more = province.watch.events() + random.within(1..step + 1) as usize;
        province.within(PAUSE, |province| province.watch.events() >= more);
        deck.befall(province, random);
    }
    province.say(&format!("the last fault is over, {} s", began.elapsed().as_secs()));
}
