//! Counting what is done, documents and pages by outcome.

use std::time::Instant;

use sohoa_schemas::{
    rows::Outcome,
    summary::{Counts, Summary},
};

use crate::stages::Settled;

/// Refusals told one by one; all of them are in the index.
const MOST_TOLD: usize = 100;

/// The counts since it was begun.
#[derive(Debug)]
pub(crate) struct Tally {
    summary: Summary,
    start: Instant,
}

impl Tally {
    /// Begins with nothing.
    pub(crate) fn begin() -> Self {
        Self { summary: Summary::default(), start: Instant::now() }
    }

    /// A document is finished before, with so many pages.
    pub(crate) fn skipped(&mut self, pages: u64) {
        self.summary.documents.received += 1;
        self.summary.documents.skipped += 1;
        self.summary.pages.received += pages;
        self.summary.pages.skipped += pages;
    }

    /// A document has its answer.
    pub(crate) fn settled(&mut self, settled: &Settled) {
        let number = |pages: i32| u64::try_from(pages).unwrap_or(0);
        let by_outcome = settled.pages;
        if settled.known {
            return self.skipped(number(by_outcome.total()));
        }
        let told = &mut self.summary.refused;
        told.extend(settled.refused.iter().take(MOST_TOLD - told.len()).cloned());
        let counts = &mut self.summary.documents;
        counts.received += 1;
        match settled.outcome {
            Outcome::Held => counts.held += 1,
            Outcome::Published => counts.published += 1,
            Outcome::Quarantined => counts.quarantined += 1,
        }
        let pages = &mut self.summary.pages;
        pages.received += number(by_outcome.total());
        pages.held += number(by_outcome.held);
        pages.published += number(by_outcome.published);
        pages.quarantined += number(by_outcome.quarantined);
    }

    /// When it was begun.
    pub(crate) fn start(&self) -> Instant {
        self.start
    }

    /// The counts and the speed by now.
    pub(crate) fn so_far(&self) -> Summary {
        let seconds = self.start.elapsed().as_secs_f64();
        let pages_per_second = worked(&self.summary.pages) as f64 / seconds.max(1e-9);
        Summary { seconds, pages_per_second, ..self.summary.clone() }
    }
}

/// Pages that were worked on, not skipped.
pub(crate) fn worked(pages: &Counts) -> u64 {
    pages.published + pages.held + pages.quarantined
}
