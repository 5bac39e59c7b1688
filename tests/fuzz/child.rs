//! The process that may fail: it makes its cases itself, and says which it has come to.

use std::{
    fs,
    io::{self, Write as _},
    panic,
    path::Path,
    process,
    time::{Duration, Instant},
};

use cpu_time::ThreadTime;
use rustix::process::{Resource, Rlimit, setrlimit};
use sohoa_fuzz::mutate;

use crate::targets::Target;

/// No case is larger: what takes long for so little is a find.
pub(crate) const LARGEST: usize = 256 << 10;

/// CPU time of a case, by far more than any good one takes.
pub(crate) const MOST_CPU: Duration = Duration::from_secs(3);

/// Address space of a child.
const MOST_MEMORY: u64 = 2 << 30;

/// Exit status for a case past [`MOST_CPU`].
pub(crate) const SLOW: i32 = 3;

/// Feeds the cases of these numbers, until the time is over where there is one.
pub(crate) fn cases(
    target: &Target,
    seed: u64,
    numbers: std::ops::Range<u64>,
    until: Option<Duration>,
) -> io::Result<()> {
    bounded()?;
    let good = target.good()?;
    let mut out = io::stdout().lock();
    let begun = Instant::now();
    for number in numbers {
        if until.is_some_and(|most| begun.elapsed() > most) {
            break;
        }
        writeln!(out, "{number}")?;
        out.flush()?;
        feed(target, &mutate::make(&good, seed, number, LARGEST).bytes);
    }
    Ok(())
}

/// Feeds one file.
pub(crate) fn file(target: &Target, path: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    bounded()?;
    feed(target, &bytes);
    Ok(())
}

fn feed(target: &Target, bytes: &[u8]) {
    let begun = ThreadTime::now();
    (target.feed)(bytes);
    let took = begun.elapsed();
    if took > MOST_CPU {
        eprintln!("took {:.1} s of CPU time", took.as_secs_f32());
        process::exit(SLOW);
    }
}

/// Sets the bounds of this process, and ends it at a panic in code of ours. One in a decoder of
/// others is left to the guard around it, which makes it a refusal of the file, as in the program.
fn bounded() -> io::Result<()> {
    let limit = |bytes| Rlimit { current: Some(bytes), maximum: Some(bytes) };
    setrlimit(Resource::As, limit(MOST_MEMORY))?;
    setrlimit(Resource::Core, limit(0))?;
    panic::set_hook(Box::new(|panic| {
        if !panic.location().is_some_and(|place| is_foreign(place.file())) {
            eprintln!("{panic}");
            process::abort();
        }
    }));
    Ok(())
}

/// Whether a source file belongs to the standard library or to a crate from the registry.
fn is_foreign(file: &str) -> bool {
    file.starts_with("/rustc/") || file.contains("/registry/src/")
}
