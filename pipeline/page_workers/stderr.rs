//! A child's stderr: logged line by line, within bounds, and searched for the words of a process
//! that ran out of memory.
//!
//! It is always drained, or a chatty child would block on a full pipe; only the logging stops.

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    task::JoinHandle,
};

/// A longer line is logged in pieces.
const LONGEST_LINE: usize = 400;

/// Lines logged in a child's life; native libraries repeat themselves.
const MOST_LINES: usize = 1_000;

/// What a process says that is refused memory: Rust's allocator, C++'s, Leptonica's.
const OUT_OF_MEMORY: [&str; 4] =
    ["memory allocation of ", "std::bad_alloc", "malloc fail", "calloc fail"];

/// Drains one child's stderr until it closes.
#[derive(Debug)]
pub(crate) struct Drain(JoinHandle<bool>);

impl Drain {
    pub(crate) fn start(stderr: impl AsyncRead + Unpin + Send + 'static, pid: u32) -> Self {
        Self(tokio::spawn(drain(stderr, pid)))
    }

    /// Whether the ended child complained of missing memory.
    pub(crate) async fn saw_out_of_memory(self) -> bool {
        self.0.await.unwrap_or(false)
    }
}

async fn drain(mut stderr: impl AsyncRead + Unpin, pid: u32) -> bool {
    let mut chunk = [0; 4096];
    let mut lines = Lines { pid, pending: Vec::new(), logged: 0, out_of_memory: false };
    // A pipe that fails has nothing more to say, like one that is closed.
    while let Ok(count @ 1..) = stderr.read(&mut chunk).await {
        for &byte in &chunk[..count] {
            lines.push(byte);
        }
    }
    lines.end();
    lines.out_of_memory
}

/// Puts bytes together into lines.
struct Lines {
    pid: u32,
    pending: Vec<u8>,
    logged: usize,
    out_of_memory: bool,
}

impl Lines {
    fn push(&mut self, byte: u8) {
        if byte == b'\n' {
            self.end();
            return;
        }
        self.pending.push(byte);
        if self.pending.len() >= LONGEST_LINE {
            self.end();
        }
    }

    fn end(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let line = String::from_utf8_lossy(&self.pending).into_owned();
        self.pending.clear();
        self.out_of_memory |= OUT_OF_MEMORY.iter().any(|words| line.contains(words));
        if self.logged < MOST_LINES {
            self.logged += 1;
            tracing::debug!(pid = self.pid, line = line.trim_end(), "page worker's stderr");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bad_utf8_and_endless_lines_are_drained() {
        let mut noise = vec![0xff; 100_000];
        noise.extend_from_slice(b"\nPix_malloc fail for data\n\xf0\x28");
        assert!(Drain::start(std::io::Cursor::new(noise), 1).saw_out_of_memory().await);
        let quiet = std::io::Cursor::new(b"Empty page!!\n".to_vec());
        assert!(!Drain::start(quiet, 1).saw_out_of_memory().await);
    }

    #[test]
    fn logging_stops_at_its_bound_and_lines_stay_short() {
        let mut lines = Lines { pid: 1, pending: Vec::new(), logged: 0, out_of_memory: false };
        for _ in 0..MOST_LINES * 3 {
            lines.push(b'x');
            lines.push(b'\n');
        }
        assert_eq!(lines.logged, MOST_LINES);
        for _ in 0..LONGEST_LINE * 3 {
            lines.push(b'x');
            assert!(lines.pending.len() < LONGEST_LINE);
        }
    }
}
