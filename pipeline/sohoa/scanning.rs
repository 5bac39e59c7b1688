//! How far reading the index is, while it takes long: on a terminal only, and out of the way of what
//! is printed.

use std::{
    io::{IsTerminal as _, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressStyle};
use sohoa_index::{Answer, Reading};

/// Most answers are there before anybody waits.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between two looks.
const EVERY: Duration = Duration::from_millis(200);

/// What is being read.
#[derive(Debug, Default)]
struct State {
    scans: Vec<(String, Answer)>,
    bar: Option<ProgressBar>,
    stopped: bool,
}

/// Watches scans, and shows the latest one.
#[derive(Debug, Clone)]
pub(crate) struct Scanning(Arc<Mutex<State>>);

impl Scanning {
    /// Begins to watch.
    pub(crate) fn begin(bars: &MultiProgress) -> Self {
        let scanning = Self(Arc::default());
        if std::io::stderr().is_terminal() {
            let (watching, bars) = (scanning.clone(), bars.clone());
            tokio::spawn(async move {
                tokio::time::sleep(PATIENCE).await;
                while watching.show(&bars) {
                    tokio::time::sleep(EVERY).await;
                }
            });
        }
        scanning
    }

    /// Watches one more scan.
    pub(crate) fn watch(&self, what: &str, answer: &Answer) {
        self.state().scans.push((what.to_owned(), answer.clone()));
    }

    /// Takes the bar away.
    pub(crate) fn stop(&self) {
        let mut state = self.state();
        state.stopped = true;
        if let Some(bar) = state.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// What was read for each scan.
    pub(crate) fn readings(&self) -> Vec<(String, Reading)> {
        self.state().scans.iter().map(|(what, answer)| (what.clone(), answer.reading())).collect()
    }

    /// Says on standard error what was read.
    pub(crate) fn explain(&self) {
        for (what, read) in self.readings() {
            eprintln!("{}", line(&what, &read));
        }
    }

    /// Draws the bar; says whether there is more to come.
    fn show(&self, bars: &MultiProgress) -> bool {
        let mut state = self.state();
        if state.stopped {
            return false;
        }
        let Some((what, answer)) = state.scans.last() else { return true };
        let (what, read) = (what.clone(), answer.reading());
        let bar = state.bar.get_or_insert_with(|| bars.add(styled()));
        bar.set_length(read.pieces as u64);
        bar.set_position(read.pieces_done as u64);
        bar.set_message(format!("of {what}, {}", HumanBytes(read.bytes as u64)));
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn styled() -> ProgressBar {
    let template = "{bar:30} {pos}/{len} files {msg}  {elapsed_precise} elapsed";
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// `documents: 1 of 3 files looked into; …`.
fn line(what: &str, read: &Reading) -> String {
    let Reading { files, files_planned, row_groups_read: groups, bytes, .. } = read;
    let (by_statistics, by_filters) =
        (read.row_groups_excluded_by_statistics, read.row_groups_excluded_by_bloom_filters);
    let looked_at = if groups + by_statistics + by_filters == 0 && *files_planned > 0 {
        "every row group read".to_owned()
    } else {
        format!(
            "{groups} row groups read, {by_filters} left out by bloom filters, {by_statistics} by \
             statistics"
        )
    };
    let size = HumanBytes(*bytes as u64);
    format!("{what}: {files_planned} of {files} files looked into; {looked_at}; {size}")
}

/// Takes the bar away before the first byte goes to the same terminal.
#[derive(Debug)]
pub(crate) struct AfterBar<W> {
    inner: W,
    scanning: Option<Scanning>,
}

impl AfterBar<std::io::BufWriter<std::io::Stdout>> {
    /// Standard output.
    pub(crate) fn stdout(scanning: &Scanning) -> Self {
        let stdout = std::io::stdout();
        let scanning = stdout.is_terminal().then(|| scanning.clone());
        Self { inner: std::io::BufWriter::new(stdout), scanning }
    }
}

impl<W: Write> Write for AfterBar<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Some(scanning) = self.scanning.take() {
            scanning.stop();
        }
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_said_in_a_line() {
        let one = Reading { files: 3, files_planned: 2, ..Reading::default() };
        assert_eq!(
            line("pages", &one),
            "pages: 2 of 3 files looked into; every row group read; 0 B"
        );
        let other = Reading {
            row_groups_read: 1,
            row_groups_excluded_by_bloom_filters: 4,
            bytes: 2048,
            ..one
        };
        assert_eq!(
            line("pages", &other),
            "pages: 2 of 3 files looked into; 1 row groups read, 4 left out by bloom filters, 0 by \
             statistics; 2.00 KiB"
        );
    }
}
