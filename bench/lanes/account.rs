//! All CPU time of a process and its children, to the last tick.
//!
//! The kernel keeps the sum itself: a process's own time, threads that have ended included, and
//! that of the children it has waited for. Both can still be read once it has ended, as long as
//! nobody has waited for it; so the one reading that counts is taken then, and no sampling can miss
//! anything. Left over are children that outlive it, or that it did not wait for: this program has
//! itself made their next parent ([`adopt`]) and adds them when they have ended.

use rustix::process::{Pid, WaitOptions, getpid, set_child_subreaper, waitpid};
use sohoa_harness::{process::Process, wait_until};

use crate::processes::Stat;

/// Makes children of ours whose parent ends children of this program. Once, before anything is
/// started.
pub(crate) fn adopt() {
    set_child_subreaper(Some(getpid())).unwrap();
}

/// CPU seconds of a process that is told to end, or ends by itself, and of all its children.
pub(crate) fn settle(process: &Process) -> f64 {
    wait_until("a program's end", || process.is_over());
    let ended = Stat::of(process.id()).unwrap();
    assert_eq!(ended.state, 'Z', "somebody has waited for {}", ended.name);
    ended.own + ended.children + orphans(&ended)
}

/// What the children of a program that has ended cost beside: they are its own program again, and
/// have come to us.
fn orphans(of: &Stat) -> f64 {
    let ours = std::process::id();
    let left = |stat: &Stat| stat.parent == ours && stat.pid != of.pid && stat.name == of.name;
    let mut seconds = 0.0;
    for orphan in Stat::all().into_iter().filter(left) {
        let mut last = orphan;
        wait_until("the end of a child that outlived its parent", || {
            last = Stat::of(last.pid).unwrap();
            last.state == 'Z'
        });
        seconds += last.own + last.children;
        let pid = i32::try_from(last.pid).ok().and_then(Pid::from_raw);
        waitpid(pid, WaitOptions::NOHANG).unwrap();
    }
    seconds
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::symlink, path::Path, process::Command};

    use super::*;

    /// Some CPU time.
    const BURN: &str = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";

    fn cost(program: &Path, script: &str) -> f64 {
        let log = program.with_extension("log");
        let process = Process::start("a shell", Command::new(program).args(["-c", script]), &log);
        settle(&process)
    }

    #[test]
    fn childrens_time_is_counted_waited_for_or_not() {
        adopt();
        let folder = std::env::temp_dir().join(format!("sohoa-account-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        // A name that no other child of this process has.
        let program = folder.join("burner");
        symlink("/bin/sh", &program).unwrap();
        let child = format!("{} -c '{BURN}'", program.display());
        let alone = cost(&program, BURN);
        assert!(alone > 0.05, "{alone}");
        // Uncounted, the first two would cost once and the last nothing. Cores differ.
        for (script, least) in [
            (format!("{child}; {BURN}"), 1.2),
            (format!("{child} & {BURN}"), 1.2),
            (format!("{child} &"), 0.3),
        ] {
            let times = cost(&program, &script) / alone;
            assert!(times > least, "{script}: {times}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
