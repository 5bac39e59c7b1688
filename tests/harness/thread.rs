//! One thread of a program that stands still while the rest goes on: what a library's call that
//! never returns looks like from outside.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use crate::wait::wait_until;

/// What holds it; Python reaches the system's call, as Rust does only by `unsafe`.
const HOLD: &str = include_str!("hold_thread.py");

/// A thread that is held, until it is dropped or its program ends.
#[derive(Debug)]
pub struct HeldThread(Child);

impl HeldThread {
    /// Holds the thread called `name` of a program; returns when it stands still.
    ///
    /// A thread just begun is waited for: a program may be told as begun before its name is set.
    pub fn hold(program: u32, name: &str) -> Self {
        let mut thread = None;
        wait_until(&format!("a thread {name}"), || {
            thread = find(program, name);
            thread.is_some()
        });
        let thread = thread.expect("waited for");
        let mut holder = Command::new("python3")
            .args(["-c", HOLD, &thread])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "held\n", "{name} of {program}");
        Self(holder)
    }

    /// Waits until the thread is gone. Before that the system keeps its program.
    pub fn wait_for_its_end(mut self) {
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for HeldThread {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn find(program: u32, name: &str) -> Option<String> {
    fs::read_dir(format!("/proc/{program}/task")).ok()?.find_map(|entry| {
        let folder = entry.ok()?.path();
        let called = fs::read_to_string(folder.join("comm")).ok()?;
        (called.trim_end() == name).then_some(())?;
        Some(folder.file_name()?.to_str()?.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_thread_does_nothing_until_it_is_let_go() {
        let mut program = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let held = HeldThread::hold(program.id(), "cat");
        let stat = fs::read_to_string(format!("/proc/{}/stat", program.id())).unwrap();
        assert!(stat.contains(") t "), "{stat}");
        drop(program.stdin.take());
        assert!(program.try_wait().unwrap().is_none());
        drop(held);
        assert!(program.wait().unwrap().success());
    }
}
