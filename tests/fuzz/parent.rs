//! Children watched: which case ended one, and how.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _, Seek as _},
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use crate::{child::SLOW, targets::Target};

/// Wall-clock time without a word of the child: it hangs, however busy the machine is.
const MOST_WAIT: Duration = Duration::from_mins(1);

/// Lines of what a child said last.
const SAID: usize = 6;

/// What a case did to its child.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) case: u64,
    /// In a few words.
    pub(crate) how: String,
}

/// The end of a run of cases.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) cases: u64,
    pub(crate) found: Vec<Found>,
}

/// Finds of one target before it is left alone.
const ENOUGH: usize = 3;

/// Feeds cases from 0 on, in one child after another, until their number or time is spent.
pub(crate) fn run(
    target: &Target,
    seed: u64,
    cases: u64,
    most: Option<Duration>,
) -> io::Result<Ran> {
    let begun = Instant::now();
    let mut ran = Ran { cases: 0, found: Vec::new() };
    loop {
        let left = most.map(|most| most.saturating_sub(begun.elapsed()));
        let spent = left.map_or(ran.cases >= cases, |left| left.is_zero());
        if spent || ran.found.len() >= ENOUGH {
            return Ok(ran);
        }
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(target.name).args(["--seed", &seed.to_string()]);
        command.args(["--child-from", &ran.cases.to_string()]);
        match left {
            // Whole minutes are what the option takes; the child is ended when they are over.
            Some(_) => command.args(["--minutes", "1000000"]),
            None => command.args(["--cases", &cases.to_string()]),
        };
        let (last, how) = watch(&mut command, left)?;
        ran.cases = last.map_or(ran.cases, |last| last + 1);
        match (how, last) {
            (None, _) => return Ok(ran),
            (Some(how), Some(case)) => ran.found.push(Found { case, how }),
            (Some(how), None) => return Err(io::Error::other(format!("no case was tried: {how}"))),
        }
    }
}

/// How a child that reads this file ends; none when well.
pub(crate) fn replay(target: &Target, file: &Path) -> io::Result<Option<String>> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(target.name).arg("--file").arg(file);
    Ok(watch(&mut command, None)?.1)
}

/// Waits for a child: the last case it named, and how it ended when not well. One whose time is over
/// is ended, and that is well.
fn watch(
    command: &mut Command,
    most: Option<Duration>,
) -> io::Result<(Option<u64>, Option<String>)> {
    let errors = tempfile::tempfile()?;
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors.try_clone()?).spawn()?;
    let lines = lines_of(&mut child);
    let (begun, mut last) = (Instant::now(), None);
    loop {
        let wait =
            most.map_or(MOST_WAIT, |most| most.saturating_sub(begun.elapsed()).min(MOST_WAIT));
        match lines.recv_timeout(wait) {
            Ok(number) => last = Some(number),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                child.kill()?;
                child.wait()?;
                let over = most.is_some_and(|most| begun.elapsed() >= most);
                return Ok((last, (!over).then(|| "hangs".to_owned())));
            }
        }
        if most.is_some_and(|most| begun.elapsed() >= most) {
            child.kill()?;
            child.wait()?;
            return Ok((last, None));
        }
    }
    let status = child.wait()?;
    Ok((last, ended(status, errors)?))
}

/// The numbers that a child says, a line each.
fn lines_of(child: &mut Child) -> mpsc::Receiver<u64> {
    let (say, hear) = mpsc::channel();
    if let Some(out) = child.stdout.take() {
        thread::spawn(move || {
            let lines = BufReader::new(out).lines().map_while(Result::ok);
            let numbers = lines.filter_map(|line| line.parse().ok());
            for number in numbers {
                if say.send(number).is_err() {
                    break;
                }
            }
        });
    }
    hear
}

fn ended(status: ExitStatus, mut errors: File) -> io::Result<Option<String>> {
    if status.success() {
        return Ok(None);
    }
    let how = match (status.signal(), status.code()) {
        (Some(signal), _) => format!("ends by signal {signal}"),
        (None, Some(SLOW)) => "is too slow".to_owned(),
        (None, code) => format!("ends with status {}", code.unwrap_or_default()),
    };
    let mut said = Vec::new();
    errors.rewind()?;
    errors.read_to_end(&mut said)?;
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().take(SAID).collect();
    Ok(Some(format!("{how}: {}", lines.join("\n    "))))
}
