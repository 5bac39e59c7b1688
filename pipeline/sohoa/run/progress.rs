//! What the operator sees: a bar on a terminal, plain lines otherwise.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use sohoa_schemas::summary::{Counts, Refused, Summary};

use super::skip::Known;
use crate::{
    stages::Settled,
    tally::{Tally, worked},
};

/// Time between plain lines.
const EVERY: Duration = Duration::from_secs(10);

/// Counts what is done and shows it.
#[derive(Debug)]
pub(crate) struct Progress {
    tally: Tally,
    refused_before: u64,
    bar: Option<ProgressBar>,
    /// Files of the input, as far as they are counted.
    total: Arc<AtomicU64>,
    next_line: Instant,
}

impl Progress {
    /// Begins; draws a bar when standard error is a terminal.
    pub(crate) fn begin(bars: &MultiProgress) -> Self {
        let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
        let bar = terminal.then(|| {
            let style = ProgressStyle::with_template(
                "{bar:30} {pos}/{len} documents  {msg}  {elapsed_precise} elapsed, {eta} left",
            );
            let bar = bars.add(ProgressBar::new(0));
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        let tally = Tally::begin();
        let next_line = tally.start() + EVERY;
        Self { tally, refused_before: 0, bar, total: Arc::default(), next_line }
    }

    /// Where the counted number of files goes.
    pub(crate) fn total(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.total)
    }

    /// One source was finished before.
    pub(crate) fn skipped(&mut self, known: Known) {
        self.tally.skipped(known.pages);
        self.refused_before += u64::from(known.refused);
        self.show();
    }

    /// Of the skipped sources, those that an earlier run refused.
    pub(crate) fn refused_before(&self) -> u64 {
        self.refused_before
    }

    /// One source has its answer.
    pub(crate) fn settled(&mut self, settled: &Settled) {
        self.tally.settled(settled);
        self.show();
    }

    fn show(&mut self) {
        let total = self.total.load(Ordering::Relaxed);
        let summary = self.tally.so_far();
        let done = summary.documents.received;
        let rate =
            format!("{} pages, {:.2} pages/s", worked(&summary.pages), summary.pages_per_second);
        if let Some(bar) = &self.bar {
            bar.set_length(total.max(done));
            bar.set_position(done);
            bar.set_message(rate);
        } else if Instant::now() >= self.next_line {
            self.next_line = Instant::now() + EVERY;
            let left = left(self.tally.start().elapsed(), done, total);
            eprintln!("{done}/{total} files, {rate}{left}");
        }
    }

    /// The end.
    pub(crate) fn end(self) -> Summary {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.tally.so_far()
    }
}

fn left(elapsed: Duration, done: u64, total: u64) -> String {
    if done == 0 || total <= done {
        return String::new();
    }
    let seconds = elapsed.as_secs_f64() / done as f64 * (total - done) as f64;
    if seconds < 90.0 {
        format!(", about {seconds:.0} s left")
    } else {
        format!(", about {:.0} min left", seconds / 60.0)
    }
}

/// The summary for people.
pub(crate) fn describe(summary: &Summary) -> String {
    let line = |name: &str, counts: &Counts| {
        format!(
            "{name:<10} {:>8} in  {:>8} published  {:>6} held  {:>6} quarantined  {:>8} skipped\n",
            counts.received, counts.published, counts.held, counts.quarantined, counts.skipped
        )
    };
    format!(
        "{}{}{:.1} s, {:.2} pages/s",
        line("documents", &summary.documents),
        line("pages", &summary.pages),
        summary.seconds,
        summary.pages_per_second
    )
}

/// A refusal for people: where, what, and what to do in both languages.
pub(crate) fn describe_refusal(refused: &Refused) -> String {
    let Refused {
        uri,
        page,
        code,
        observed,
        observed_vi,
        expected,
        sentence,
        sentence_vi,
        expected_vi,
    } = refused;
    let page = page.map(|page| format!(", page {page}")).unwrap_or_default();
    let seen = observed.as_ref().map(|text| format!("\n  seen: {text}")).unwrap_or_default();
    let wanted = expected.as_ref().map(|text| format!("\n  expected: {text}"));
    let wanted = wanted.unwrap_or_default();
    let seen_vi = observed_vi.as_ref().map(|text| format!(" Đã thấy: {text}.")).unwrap_or_default();
    format!(
        "{uri}{page}: {code}{seen}{wanted}\n  {sentence}\n  {sentence_vi}{seen_vi} Yêu cầu: \
         {expected_vi}."
    )
}

#[cfg(test)]
mod tests {
    use sohoa_schemas::Code;

    use super::*;

    #[test]
    fn a_refusal_is_told_in_both_languages() {
        let code = Code::I10PageCountMismatch;
        let refused = Refused {
            uri: "hs-01/qd.pdf".into(),
            page: Some(3),
            code,
            observed: Some("2 pages in the file".into()),
            observed_vi: Some("tệp có 2 trang".into()),
            expected: Some("3 pages by its manifest".into()),
            sentence: code.sentence().into(),
            sentence_vi: code.sentence_vi().into(),
            expected_vi: code.expected_vi().into(),
        };
        let told = describe_refusal(&refused);
        assert!(told.starts_with("hs-01/qd.pdf, page 3: I10_PAGE_COUNT_MISMATCH\n"), "{told}");
        let parts = [code.sentence(), code.sentence_vi(), code.expected_vi()];
        for part in
            ["2 pages in", "Đã thấy: tệp có 2 trang.", "3 pages by"].into_iter().chain(parts)
        {
            assert!(told.contains(part), "{told}");
        }
    }

    #[test]
    fn the_time_left_follows_from_what_is_done() {
        let minute = Duration::from_mins(1);
        assert_eq!(left(minute, 10, 15), ", about 30 s left");
        assert_eq!(left(minute, 10, 110), ", about 10 min left");
        assert_eq!(left(minute, 0, 110), "");
        assert_eq!(left(minute, 10, 10), "");
    }
}
