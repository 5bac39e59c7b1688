//! `sohoa timestamp`: signatures below their level are raised, and what rests on certificates that end
//! is stamped anew.

use std::{
    collections::HashMap,
    num::NonZero,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use indicatif::MultiProgress;
use serde::Serialize;
use serde_json::json;
use sohoa_backfill::Ledger;
use sohoa_flow::{FatalKind, Fault, retry::Policy};
use sohoa_index::{Index, IndexError};
use sohoa_schemas::{config::SignatureLevel, record::ArchiveStamps, rows::SCHEMA_VERSION};
use sohoa_store::{Missing, Store};

use crate::{
    arguments::Timestamp,
    authority,
    bar::Progress,
    channel::{self, Channel, Provenance},
    commands::query,
    console::say,
    context::{now, vietnamese},
    custody::asked_for,
    exit::{Exit, Failure},
    observe,
    renew::{Candidate, Done, Keys, Last, LastKept, Means, Need, Select, renew, seen, version},
    settings::Settings,
    setup,
    stages::{Settled, sign::word},
};

/// How long a silent authority is asked again before the command ends.
const PATIENCE: Duration = Duration::from_mins(1);

/// Records of an authority without an answer, and none with one, after which it is taken for away.
const SILENT: u64 = 16;

/// What was done.
#[derive(Debug, Default, Serialize)]
struct Counts {
    /// Looked at, or to be looked at.
    documents: u64,
    /// Brought to the level.
    raised: u64,
    /// Given a time-stamp over all of it before what it rests on ends.
    renewed: u64,
    /// Done by an earlier call, or by somebody else.
    known: u64,
    /// Not possible.
    left: u64,
    /// Nobody answered for their certificates.
    silent: u64,
    /// They rest on what ends soon, and the authority's stamps would end no later.
    waiting: u64,
    /// A throw-away test key signed them, and nobody asked for these.
    left_out: u64,
    /// When the first certificate ends that a record rests on, as far as is known after this.
    first_end: Option<DateTime<Utc>>,
    /// `written`, `announced`, or `untouched`.
    index: &'static str,
}

/// Which authorities answered for their certificates, by name. One that is away costs no more than
/// the first of its records; those of others are done.
#[derive(Debug, Default)]
struct Answers(Mutex<HashMap<String, (u64, bool)>>);

impl Answers {
    fn take(&self, issuer: Option<&str>, done: &Done) {
        let (silent, answered) = match done {
            Done::Silent(_) => (1, false),
            Done::Raised { .. } => (0, true),
            Done::Known(_) | Done::Left(_) => return,
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(issuer.unwrap_or_default().to_owned()).or_default();
        *known = (known.0 + silent, known.1 || answered);
    }

    fn are_away(&self, issuer: Option<&str>) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(issuer.unwrap_or_default()).is_some_and(|known| known.0 >= SILENT && !known.1)
    }
}

/// Raises and renews what needs it.
pub(crate) async fn run(arguments: &Timestamp, bars: &MultiProgress) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.results.config.as_deref())?;
    let level = arguments.level.map_or(settings.config.sign.wanted_level(), Into::into);
    if level == SignatureLevel::BB {
        let what = "every signature has level B-B: there is nothing to raise it to";
        return Err(Failure::new(Exit::Usage, what).hint("give --level, or set sign.level"));
    }
    let store = setup::open(&settings, &arguments.results.output, Missing::Refuse).await?;
    let index = query::open(&store).await?;
    let (trust, stamps, evidence) = authority::stamping(&settings.config)?;
    // A new stamp that ends no later than the old one would be of no use.
    let ends = tokio::task::block_in_place(|| stamps.ends()).map_err(|error| {
        Failure::from_error(Exit::Unreachable, &error)
            .hint("check sign.timestamp_url, and its root in sign.timestamp_roots")
    })?;
    let soon = now() + TimeDelta::days(i64::from(arguments.within));
    let ends_before = ends.min(soon);
    let select = selection(arguments, &store, (level, ends_before)).await?;
    let within = PATIENCE.min(Duration::from_secs(settings.config.store.retry_seconds));
    let retry = Policy { within, on_retry: Some(observe::tried_again), ..Policy::default() };
    let agency = settings.config.agency.clone();
    let last_kept = LastKept::default();
    let means =
        Means { store, agency, trust, stamps, evidence, level, ends_before, retry, last_kept };
    let whole = Whole { arguments, index: &index, select: &select, bars };
    let mut counts = if arguments.dry_run {
        whole.tell().await?
    } else {
        whole.carry_out(&settings, Arc::new(means)).await?
    };
    counts.left_out = select.left_out(&index).await.map_err(|error| unreadable(&error))?;
    if ends < soon {
        counts.waiting = select.ending(&index, soon).await.map_err(|error| unreadable(&error))?;
    }
    whole.summary(&counts)?;
    if ends < soon {
        tell_of_authority((ends, arguments.within), counts.waiting);
    }
    if counts.silent > 0 {
        let what = format!("{} records lack an answer of their authorities", counts.silent);
        return Err(Failure::new(Exit::Unreachable, what)
            .hint("run the same command again once they answer"));
    }
    Ok(if counts.left + counts.waiting > 0 { Exit::CheckFailed } else { Exit::Done })
}

/// Says that the authority itself ends, and what cannot be renewed because of that.
fn tell_of_authority((ends, within): (DateTime<Utc>, u32), waiting: u64) {
    let day = vietnamese(ends).format("%Y-%m-%d");
    eprintln!(
        "the time-stamp authority's own certificate ends on {day}, within {within} days: {waiting} \
         records rest on what ends within these, too, and can only be renewed once it has a newer one; \
         ask it when, and run the same command again then"
    );
}

async fn selection(
    arguments: &Timestamp,
    store: &Store,
    (level, ends_before): (SignatureLevel, DateTime<Utc>),
) -> Result<Select, Failure> {
    let agencies = arguments.agency.iter().map(|given| asked_for(given));
    let (agencies, months) = (agencies.collect::<Result<_, _>>()?, arguments.month.clone());
    let keys = if arguments.test_keys { Keys::Any } else { Keys::Lasting };
    let mut select = Select { level, ends_before, agencies, months, dossiers: None, keys };
    for submission in &arguments.submission {
        let ledger = Ledger::new(store.clone(), submission)
            .map_err(|error| Failure::from_error(Exit::Usage, &error))?;
        if select.add_submission(&ledger).await? == 0 {
            let what = format!("there is no submission `{submission}`");
            return Err(Failure::new(Exit::Usage, what).hint("see ledger/ in the output"));
        }
    }
    Ok(select)
}

/// What is done now, and behind which record.
type Place = (Need, Option<Last>);

/// The whole of an archive, as far as it is selected.
struct Whole<'a> {
    arguments: &'a Timestamp,
    index: &'a Index,
    select: &'a Select,
    bars: &'a MultiProgress,
}

impl Whole<'_> {
    /// The next candidates, and where those after them begin; no more than are still allowed.
    async fn page(
        &self,
        from: Place,
        done: u64,
    ) -> Result<(Vec<Candidate>, Option<Place>), Failure> {
        let (mut page, next) =
            self.select.page(self.index, from).await.map_err(|error| unreadable(&error))?;
        let next = match (from.0, next) {
            (need, Some(last)) => Some((need, Some(last))),
            (Need::Renewal, None) => Some((Need::Raising, None)),
            (Need::Raising, None) => None,
        };
        let allowed = self.arguments.limit.map_or(u64::MAX, |limit| limit - done.min(limit));
        page.truncate(usize::try_from(allowed).unwrap_or(usize::MAX));
        Ok((page, next))
    }

    /// Where to go on, until there is nothing more, or no more is allowed.
    fn further(&self, next: Option<Place>, done: u64) -> Option<Place> {
        next.filter(|_| self.arguments.limit.is_none_or(|limit| done < limit))
    }

    /// Says which records would be done.
    async fn tell(&self) -> Result<Counts, Failure> {
        let mut counts = Counts { index: "untouched", ..Counts::default() };
        let mut from = Some((Need::Renewal, None));
        while let Some(here) = from {
            let (page, next) = self.page(here, counts.documents).await?;
            for one in page {
                counts.documents += 1;
                let Candidate { source, version, level, .. } = one;
                let level = level.as_ref().map(word).unwrap_or_default();
                let to = if here.0 == Need::Renewal { "renew" } else { "raise" };
                if self.arguments.json {
                    say(json!({
                        "source_uid": source, "version": version, "before": level, "to": to,
                    }))?;
                } else {
                    say(format_args!("{source} v{version}  {level}  {to}"))?;
                }
            }
            from = self.further(next, counts.documents);
        }
        Ok(counts)
    }

    async fn carry_out(&self, settings: &Settings, means: Arc<Means>) -> Result<Counts, Failure> {
        let store = means.store.clone();
        let mut channel = Channel::open(("timestamp", channel::EVENTS), settings, &store)?;
        let first_end = self.select.first_end(self.index).await;
        let first_end = first_end.map_err(|error| unreadable(&error))?;
        let mut counts = Counts { index: channel.describe(), first_end, ..Counts::default() };
        let total = self.select.count(self.index).await.map_err(|error| unreadable(&error))?;
        let total = self.arguments.limit.map_or(total, |limit| limit.min(total));
        let progress = Progress::begin(self.bars, total, "raised");
        let (answers, mut from) = (Answers::default(), Some((Need::Renewal, None)));
        while let Some(here) = from {
            let (page, next) = self.page(here, counts.documents).await?;
            let work = stream::iter(page).map(|candidate| start(&means, candidate, &answers));
            // Most of the time authorities are waited for.
            let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
            let mut work = std::pin::pin!(work.buffer_unordered(2 * cores));
            while let Some((candidate, done)) = work.try_next().await.map_err(again)? {
                progress.one();
                answers.take(candidate.issuer.as_deref(), &done);
                self.take((&candidate, done), &mut channel, &mut counts).await.map_err(again)?;
            }
            from = self.further(next, counts.documents);
        }
        channel.flush().await.map_err(again)?;
        if self.is_all() {
            let (schema_version, seen_at) = (SCHEMA_VERSION, now());
            let seen = ArchiveStamps { schema_version, seen_at, first_end: counts.first_end };
            seen::keep(&store, &seen).await.map_err(|fault| again(fault.into()))?;
        }
        Ok(counts)
    }

    /// Whether the whole archive is looked at.
    fn is_all(&self) -> bool {
        let Timestamp { agency, month, submission, limit, .. } = self.arguments;
        agency.is_empty() && month.is_empty() && submission.is_empty() && limit.is_none()
    }

    /// Tells the index, and whoever waits, what became of a record.
    async fn take(
        &self,
        (candidate, done): (&Candidate, Done),
        channel: &mut Channel<'_>,
        counts: &mut Counts,
    ) -> Result<(), Failure> {
        let source = candidate.source;
        counts.documents += 1;
        let ends = match &done {
            Done::Known(record) | Done::Raised { record, .. } => version::ends(record),
            Done::Left(_) | Done::Silent(_) => candidate.ends,
        };
        // What has ended is lost, told as left, and hides no end to come.
        let ends = ends.filter(|end| *end > now());
        counts.first_end = counts.first_end.into_iter().chain(ends).min();
        let (line, record) = match done {
            Done::Known(record) => {
                counts.known += 1;
                (json!({"done": "known", "version": record.version}), Some(record))
            }
            Done::Left(why) => {
                counts.left += 1;
                eprintln!("{source}: {why}");
                (json!({"done": "left", "version": candidate.version, "why": why}), None)
            }
            Done::Silent(why) => {
                counts.silent += 1;
                eprintln!("{source}: {why}");
                (json!({"done": "silent", "version": candidate.version, "why": why}), None)
            }
            Done::Raised { record, before, after, renewed } => {
                let done = if renewed { "renewed" } else { "raised" };
                *(if renewed { &mut counts.renewed } else { &mut counts.raised }) += 1;
                let version = record.version;
                let line =
                    json!({"done": done, "version": version, "before": before, "after": after});
                (line, Some(record))
            }
        };
        // What an earlier, interrupted call published and did not tell is told now.
        if let Some(record) = record.filter(|record| record.version > candidate.version) {
            let provenance = Provenance::of(record.dossier_uid);
            channel.take(Settled::published(*record), &provenance).await?;
        }
        if self.arguments.json {
            let mut line = line;
            line["source_uid"] = json!(source);
            say(line)?;
        }
        Ok(())
    }

    fn summary(&self, counts: &Counts) -> Result<(), Failure> {
        if self.arguments.json {
            let text = serde_json::to_string(counts)
                .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
            return say(text);
        }
        let Counts { documents, raised, renewed, known, left, silent, left_out, index, .. } =
            counts;
        if *left_out > 0 {
            say(format_args!(
                "TEST: {left_out} records by a throw-away test key are left out; --test-keys does \
                 them too"
            ))?;
        }
        if self.arguments.dry_run {
            return say(format_args!("{documents} records to do; nothing was written"));
        }
        let told = match *index {
            "announced" => "announced to sohoa indexer",
            _ => "the index is up to date",
        };
        say(format_args!(
            "records {documents}: {raised} raised to {}, {renewed} renewed, {known} done before, \
             {left} left as they are, {silent} without an answer; {told}",
            word(&self.select.level)
        ))
    }
}

async fn start(
    means: &Arc<Means>,
    candidate: Candidate,
    answers: &Answers,
) -> Result<(Candidate, Done), Failure> {
    if answers.are_away(candidate.issuer.as_deref()) {
        let authority = candidate.issuer.as_deref().unwrap_or("its authority");
        let why = format!("{authority}: no answer for {SILENT} records before this one");
        return Ok((candidate, Done::Silent(why)));
    }
    let task = tokio::spawn(renew(Arc::clone(means), candidate.source));
    let done = task.await.map_err(|error| Fault::fatal(FatalKind::Internal, "timestamp", error));
    Ok((candidate, done??))
}

fn unreadable(error: &IndexError) -> Failure {
    Failure::from_error(Exit::Unreachable, error)
}

/// A failure in the middle loses nothing.
fn again(failure: Failure) -> Failure {
    failure.hint(
        "what was done is kept, and the index may not know of it yet: run the same command again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_that_is_away_stops_its_own_records_alone() {
        let answers = Answers::default();
        let silent = || Done::Silent("503".into());
        for _ in 0..SILENT {
            assert!(!answers.are_away(Some("CN=away")));
            answers.take(Some("CN=away"), &silent());
            answers.take(Some("CN=slow"), &silent());
            answers.take(Some("CN=expired"), &Done::Left("it has forgotten it".into()));
        }
        let (before, after) = (String::new(), String::new());
        let record = Box::new(crate::amend::version::tests::record());
        let raised = Done::Raised { record, before, after, renewed: false };
        answers.take(Some("CN=slow"), &raised);
        assert!(answers.are_away(Some("CN=away")));
        for there in [Some("CN=slow"), Some("CN=expired"), Some("CN=other"), None] {
            assert!(!answers.are_away(there), "{there:?}");
        }
    }
}
