//! Every parser of outside bytes, fed with malformed input.
//!
//! ```text
//! seeds, finds ─> mutate (seeded) ─> a case ─> target: one call into the crate that owns the parser
//!                 └──────────────── child process ────────────────┘
//! parent: which case ended a child, how; kept, made small
//! ```
//! The cases are made where they are fed, so that nothing but their numbers passes between processes,
//! and a number with its seed repeats one. What was found and fixed lies in `found/TARGET` and is fed
//! again by the tests.

mod amend;
mod arguments;
mod child;
mod json;
mod parent;
mod picture;
mod planted;
mod reduce;
mod scratch;
mod targets;
mod text;

use std::{
    fs, io,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use clap::Parser as _;
use sohoa_fuzz::mutate;

use crate::{arguments::Arguments, targets::Target};

fn main() -> io::Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.list {
        Target::usual().for_each(|target| println!("{:<15}{}", target.name, target.about));
        return Ok(ExitCode::SUCCESS);
    }
    let mut targets = Vec::new();
    for name in &arguments.targets {
        let Some(target) = Target::named(name) else {
            eprintln!("there is no target `{name}`; `--list` names them");
            return Ok(ExitCode::from(2));
        };
        targets.push(target);
    }
    let minutes = arguments.minutes.map(Duration::from_mins);
    match (targets.as_slice(), &arguments.file, arguments.child_from) {
        ([target], Some(file), _) => child::file(target, file).map(|()| ExitCode::SUCCESS),
        ([target], None, Some(from)) => {
            let to = if minutes.is_some() { u64::MAX } else { arguments.cases };
            child::cases(target, arguments.seed, from..to, minutes).map(|()| ExitCode::SUCCESS)
        }
        (_, Some(_), _) => {
            eprintln!("--file needs one target");
            Ok(ExitCode::from(2))
        }
        _ => {
            if targets.is_empty() {
                targets.extend(Target::usual());
            }
            all(&targets, &arguments, minutes)
        }
    }
}

/// Runs targets, as many at once as there are cores.
fn all(
    targets: &[&Target],
    arguments: &Arguments,
    minutes: Option<Duration>,
) -> io::Result<ExitCode> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let (next, well) = (AtomicUsize::new(0), AtomicBool::new(true));
    let failed = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..arguments.jobs.unwrap_or(cores).max(1) {
            scope.spawn(|| {
                while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match one(target, arguments, minutes) {
                        Ok(true) => {}
                        Ok(false) => well.store(false, Ordering::Relaxed),
                        Err(error) => {
                            let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                            *failed = Some(error);
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    let code = if well.into_inner() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    failed.map_or(Ok(code), Err)
}

/// Runs one target; false when something was found.
fn one(target: &Target, arguments: &Arguments, minutes: Option<Duration>) -> io::Result<bool> {
    let ran = parent::run(target, arguments.seed, arguments.cases, minutes)?;
    if ran.found.is_empty() {
        println!("{:<15}{:>9} cases, nothing found", target.name, ran.cases);
        return Ok(true);
    }
    let good = target.good()?;
    fs::create_dir_all(&arguments.keep)?;
    for found in ran.found {
        let made = mutate::make(&good, arguments.seed, found.case, child::LARGEST);
        let name = format!("{}-{}-{}", target.name, arguments.seed, found.case);
        let path = arguments.keep.join(name);
        fs::write(&path, &made.bytes)?;
        reduce::reduce(target, &path)?;
        println!(
            "{:<15}case {} ({}: {}) {}\n    kept as {}",
            target.name,
            found.case,
            made.of,
            made.changes.join(", "),
            found.how,
            path.display()
        );
    }
    Ok(false)
}
