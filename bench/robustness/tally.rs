//! What became of the files, and the report of it.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use sohoa_fuzz::mutate::Malformed;
use sohoa_page_workers::Restarts;
use sohoa_schemas::Code;

use crate::{feed::deaths, memory::Peak};

/// How a question was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A page that can be archived.
    Published,
    /// A reason code.
    Refused(Code),
    /// Something else: a failure of the program.
    Wrong(String),
}

/// What was asked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question {
    Survey,
    Page,
}

/// The longest a kind of question took, and the bound that held for it.
#[derive(Debug, Clone, Copy, Default)]
struct Longest {
    took: Duration,
    bound: Duration,
    /// Any question took longer than its own bound.
    broken: bool,
}

/// What became of the files.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Address space a worker may take, in bytes.
    pub(crate) memory_limit: u64,
    files: u64,
    classified: u64,
    /// Files of which every page, some, none came out.
    published: [u64; 3],
    pages: u64,
    codes: BTreeMap<Code, u64>,
    changes: BTreeMap<&'static str, u64>,
    wrong: Vec<String>,
    restarts: Restarts,
    deaths: u64,
    deaths_answered: u64,
    peak: Peak,
    survey: Longest,
    page: Longest,
}

impl Tally {
    /// Nothing yet, of page workers that may take so many bytes.
    pub(crate) fn within(memory_limit: u64) -> Self {
        Self { memory_limit, ..Self::default() }
    }

    /// Counts a file; false when it was not classified.
    pub(crate) fn file(&mut self, malformed: &Malformed, answers: Vec<Answer>) -> bool {
        self.files += 1;
        let given = answers.iter().filter(|answer| **answer == Answer::Published).count();
        let outcome = if given == answers.len() { 0 } else { 2 - usize::from(given > 0) };
        self.published[outcome] += 1;
        self.pages += given as u64;
        for change in &malformed.changes {
            *self.changes.entry(change).or_default() += 1;
        }
        let mut wrong = None;
        for answer in answers {
            match answer {
                Answer::Published => {}
                Answer::Refused(code) => *self.codes.entry(code).or_default() += 1,
                Answer::Wrong(what) => wrong = wrong.or(Some(what)),
            }
        }
        self.classified += u64::from(wrong.is_none());
        let kept = wrong.is_none();
        let of = &malformed.of;
        let done = malformed.changes.join(", ");
        self.wrong.extend(wrong.map(|what| format!("{what}: {of}, {done}")));
        kept
    }

    /// Counts the time of a question.
    pub(crate) fn took(&mut self, question: Question, took: Duration, bound: Duration) {
        let longest = match question {
            Question::Survey => &mut self.survey,
            Question::Page => &mut self.page,
        };
        longest.broken |= took > bound;
        if took > longest.took {
            (longest.took, longest.bound) = (took, bound);
        }
    }

    /// Counts the memory of a worker.
    pub(crate) fn used(&mut self, peak: Peak) {
        self.peak.resident = self.peak.resident.max(peak.resident);
        self.peak.address_space = self.peak.address_space.max(peak.address_space);
    }

    /// Counts the workers that died between two states of the pool.
    pub(crate) fn died(&mut self, before: Restarts, after: Restarts, answered: bool) {
        let died = deaths(after) - deaths(before);
        self.deaths += died;
        self.deaths_answered += if answered { died } else { 0 };
        self.restarts.crashed += after.crashed - before.crashed;
        self.restarts.timed_out += after.timed_out - before.timed_out;
        self.restarts.out_of_memory += after.out_of_memory - before.out_of_memory;
        self.restarts.protocol += after.protocol - before.protocol;
    }

    /// Adds what another lane saw.
    pub(crate) fn add(&mut self, other: Self) {
        self.memory_limit = other.memory_limit;
        self.files += other.files;
        self.classified += other.classified;
        for (sum, more) in self.published.iter_mut().zip(other.published) {
            *sum += more;
        }
        self.pages += other.pages;
        for (code, count) in other.codes {
            *self.codes.entry(code).or_default() += count;
        }
        for (change, count) in other.changes {
            *self.changes.entry(change).or_default() += count;
        }
        self.wrong.extend(other.wrong);
        self.died(Restarts::default(), other.restarts, false);
        self.deaths_answered += other.deaths_answered;
        self.used(other.peak);
        for (question, longest) in [(Question::Survey, other.survey), (Question::Page, other.page)]
        {
            self.took(question, longest.took, longest.bound);
        }
        self.survey.broken |= other.survey.broken;
        self.page.broken |= other.page.broken;
    }

    /// Whether every promise was kept.
    pub(crate) fn holds(&self) -> bool {
        self.files > 0
            && self.classified == self.files
            && self.deaths_answered == self.deaths
            && !self.survey.broken
            && !self.page.broken
            && self.peak.address_space <= self.memory_limit
    }

    /// The figures, a line each.
    pub(crate) fn report(&self) -> String {
        let mut out = String::new();
        // Writing into a String never fails.
        if self.write(&mut out).is_err() {
            unreachable!("a String takes every write");
        }
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let [whole, partly, refused] = self.published;
        let share = 100.0 * self.classified as f64 / self.files.max(1) as f64;
        writeln!(out, "malformed files    {}", self.files)?;
        for (change, count) in &self.changes {
            writeln!(out, "  {change:<22} {count}")?;
        }
        writeln!(out, "classified         {} ({share:.2} %)", self.classified)?;
        writeln!(out, "  every page published   {whole}")?;
        writeln!(out, "  some pages published   {partly}")?;
        writeln!(out, "  refused                {refused}")?;
        writeln!(out, "pages published    {}", self.pages)?;
        writeln!(out, "refusals by code")?;
        for (code, count) in &self.codes {
            writeln!(out, "  {:<26} {count}", code.as_str())?;
        }
        let Restarts { crashed, timed_out, out_of_memory, protocol, .. } = self.restarts;
        writeln!(out, "worker deaths      {}, answered {}", self.deaths, self.deaths_answered)?;
        writeln!(
            out,
            "  crashed {crashed}, timed out {timed_out}, out of memory {out_of_memory}, protocol {protocol}"
        )?;
        for (name, longest) in [("survey", self.survey), ("page", self.page)] {
            let (took, bound) = (longest.took.as_secs_f32(), longest.bound.as_secs_f32());
            writeln!(out, "longest {name:<10} {took:.1} s, bound {bound:.0} s")?;
        }
        let mebibytes = |bytes: u64| bytes >> 20;
        writeln!(out, "largest worker     {} MiB", mebibytes(self.peak.resident))?;
        writeln!(
            out,
            "address space      {} MiB, bound {} MiB",
            mebibytes(self.peak.address_space),
            mebibytes(self.memory_limit)
        )?;
        for what in &self.wrong {
            writeln!(out, "NOT CLASSIFIED     {what}")?;
        }
        writeln!(out, "{}", if self.holds() { "all bounds held" } else { "A BOUND WAS BROKEN" })
    }
}
