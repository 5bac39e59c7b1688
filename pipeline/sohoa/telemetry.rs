//! Logs: structured, to standard error, silent in normal operation. No page text, no personal data.

use std::io::{IsTerminal as _, Write};

use indicatif::MultiProgress;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// Environment variable with log filters, e.g. `sohoa=debug`.
const FILTER: &str = "SOHOA_LOG";

/// Writes lines above the progress bars instead of through them.
#[derive(Clone)]
struct AboveBars(MultiProgress);

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.suspend(|| std::io::stderr().write_all(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

impl MakeWriter<'_> for AboveBars {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Starts logging; the bars it must not draw over are made from the answer.
pub(crate) fn start(verbose: u8, json: bool) -> MultiProgress {
    let bars = MultiProgress::new();
    let level = match verbose {
        0 => "warn",
        1 => "info",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env(FILTER)
        // What a library calls an error is often a question it asked, such as whether a table
        // exists; what matters of it comes back as a value.
        .unwrap_or_else(|_| EnvFilter::new(format!("off,sohoa={level}")));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(AboveBars(bars.clone()));
    if json {
        builder.json().init();
    } else {
        builder.without_time().init();
    }
    bars
}
