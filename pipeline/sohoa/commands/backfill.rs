//! `sohoa backfill`: a folder or bucket of scans onto a lane.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::json;
use sohoa_backfill::{
    Backfill, Bounds, Ending, KafkaLane, Ledger, Outcome, Progress, Request, Watch, dry_run,
    standing,
};
use sohoa_flow::Shutdown;
use sohoa_schemas::{
    config::Kafka,
    ledger::{Chunk, Plan, Totals},
};
use sohoa_source::Owners;
use sohoa_store::{Missing, Store};

use crate::{
    arguments::{self, BackfillOrder},
    commands::run::{layout, watch_signals},
    console::say,
    context::now,
    exit::{Exit, Failure},
    inputs, privacy,
    settings::Settings,
    setup,
};

/// Time between plain lines.
const EVERY: Duration = Duration::from_secs(10);

/// Submits, or tells a submission to wait or go on.
pub(crate) async fn run(
    arguments: arguments::Backfill,
    bars: &MultiProgress,
) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.config.as_deref())?;
    let input_name = arguments.input.name(&settings);
    let request = request(&arguments, &settings, input_name)?;
    if let Some(order) = arguments.order {
        let output = setup::open(&settings, &arguments.output, Missing::Refuse).await?;
        return tell(output, &request.submission, (&settings, order)).await;
    }
    let input = setup::open(&settings, &arguments.input.address, Missing::Refuse).await?;
    let shutdown = Shutdown::default();
    watch_signals(&shutdown);
    let display = Display::new(bars);
    if arguments.list_only {
        let counted = dry_run(&input, &request, &display, &shutdown).await;
        let (totals, outcome) = counted?;
        display.end();
        say_totals(&totals, arguments.json, ("would be submitted", outcome))?;
        return Ok(exit(outcome));
    }
    let output = setup::open(&settings, &arguments.output, Missing::Create).await?;
    setup::writable(&output, settings.config.output.single_writer).await?;
    inputs::bind(&arguments.input, &settings, (&input, &output)).await?;
    let kafka = &settings.config.kafka;
    let failed = |fault| setup::broker_failure(fault, &kafka.brokers);
    let lane =
        KafkaLane::open(kafka, arguments.lane.into(), output.clone()).await.map_err(failed)?;
    let bounds =
        Bounds { per_second: arguments.rate, in_flight: arguments.in_flight, ..Bounds::default() };
    let backfill = Backfill::new((input, output), lane, request, bounds, shutdown)
        .map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let Ending { outcome, totals, .. } = backfill.run(&display).await.map_err(failed)?;
    let followed = match outcome {
        Outcome::Interrupted => false,
        _ if arguments.follow => backfill.follow(&display).await.map_err(failed)?,
        _ => true,
    };
    display.end();
    say_totals(&totals, arguments.json, ("submitted", outcome))?;
    Ok(if followed { exit(outcome) } else { Exit::Interrupted })
}

fn request(
    arguments: &arguments::Backfill,
    settings: &Settings,
    input_name: String,
) -> Result<Request, Failure> {
    Ok(Request {
        submission: arguments.submission.clone(),
        input: input_name,
        agency: settings.config.agency.code.clone(),
        layout: layout(arguments.files.layout),
        include: arguments.files.include.clone(),
        exclude: arguments.files.exclude.clone(),
        limit: arguments.files.limit,
        // Whoever tells it to wait needs no key.
        owners: match arguments.order {
            Some(_) => Owners::default(),
            None => privacy::owners(&settings.config.secrets)?,
        },
    })
}

async fn tell(
    output: Store,
    name: &str,
    (settings, order): (&Settings, BackfillOrder),
) -> Result<Exit, Failure> {
    let ledger =
        Ledger::new(output, name).map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let status = ledger.status().await?;
    let Some(plan) = &status.plan else {
        let line = format!("there is no submission `{name}` in this output");
        return Err(Failure::new(Exit::Usage, line));
    };
    match order {
        BackfillOrder::Pause => {
            ledger.pause().await?;
            say("it pauses, wherever it runs; let it go on with --order resume")?;
        }
        BackfillOrder::Resume => {
            ledger.unpause().await?;
            say("it goes on where it runs; where it does not, start the same backfill again")?;
        }
        BackfillOrder::Status => {
            let progress = match &status.last {
                Some(last) if settings.names_brokers => {
                    workers_at(&settings.config.kafka, (&ledger, plan, last)).await
                }
                _ => None,
            };
            let minutes = progress.and_then(|progress| {
                let passed = (now() - plan.begun_at).to_std().unwrap_or_default();
                minutes_left((passed, progress.settled), &progress)
            });
            say(json!({
                "submission": name,
                "begun_at": plan.begun_at,
                "chunks": status.last.as_ref().map_or(0, |chunk| chunk.number),
                "submitted": status.last.as_ref().map(|chunk| &chunk.totals),
                "consumed": progress.map(|progress| progress.consumed),
                "settled": progress.map(|progress| progress.settled),
                "lag": progress.and_then(|progress| progress.lag),
                "minutes_left": minutes,
                "done": status.done.is_some(),
                "paused": status.paused,
            }))?;
        }
    }
    Ok(Exit::Done)
}

/// How far the workers are with a submission. What the ledger says is worth telling without it.
async fn workers_at(
    kafka: &Kafka,
    (ledger, plan, last): (&Ledger, &Plan, &Chunk),
) -> Option<Progress> {
    let topic = plan.order.topic.clone();
    let asked = async {
        let seen = setup::workers_progress(kafka, topic, sohoa_kafka::Progress::read).await?;
        Ok::<_, Failure>(standing((ledger, last), &seen).await?)
    };
    let told = |failure: Failure| {
        let error = failure.chain.join(": ");
        tracing::warn!(error, "it cannot be said how far the workers are");
    };
    asked.await.map_err(told).ok()
}

/// Minutes until what is submitted by now is settled, at the speed of so many in that time; none
/// where none was settled in it.
fn minutes_left((passed, done): (Duration, u64), progress: &Progress) -> Option<u64> {
    let open = progress.submitted.documents.saturating_sub(progress.settled);
    let left = passed.as_secs_f64() / done as f64 * open as f64 / 60.0;
    (done > 0).then(|| left.ceil() as u64)
}

fn say_totals(
    totals: &Totals,
    as_json: bool,
    (what, outcome): (&str, Outcome),
) -> Result<(), Failure> {
    if as_json {
        let ended = match outcome {
            Outcome::AlreadyDone => "already_done",
            Outcome::Completed => "completed",
            Outcome::Interrupted => "interrupted",
            Outcome::Limited => "limited",
        };
        return say(json!({ "ended": ended, "totals": totals }));
    }
    let note = match outcome {
        Outcome::AlreadyDone => "; it had ended before: give --submission another name",
        Outcome::Completed => "",
        Outcome::Interrupted => "; interrupted: start the same backfill again to go on",
        Outcome::Limited => "; the limit was reached",
    };
    let Totals { documents, files, bytes, refused } = totals;
    say(format_args!(
        "{documents} documents {what} ({files} files, {bytes} bytes; {refused} of them to be \
         refused unread){note}"
    ))
}

fn exit(outcome: Outcome) -> Exit {
    if outcome == Outcome::Interrupted { Exit::Interrupted } else { Exit::Done }
}

/// A line on a terminal that is drawn again and again; plain lines now and then otherwise.
struct Display {
    bar: Option<ProgressBar>,
    state: Mutex<Shown>,
}

struct Shown {
    /// When the broker first said how far the workers are, and how far they were, so that the speed
    /// is this start's.
    first: Option<(Instant, u64)>,
    next_line: Instant,
}

impl Display {
    fn new(bars: &MultiProgress) -> Self {
        let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
        let bar = terminal.then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg}  {elapsed_precise} elapsed");
            let bar = bars.add(ProgressBar::new_spinner());
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        let state = Shown { first: None, next_line: Instant::now() + EVERY };
        Self { bar, state: Mutex::new(state) }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Watch for Display {
    fn progress(&self, progress: &Progress) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let left = state.left(progress, Instant::now());
        let line = || {
            format!(
                "{}: {} submitted, {} consumed, {} settled{left}",
                progress.state.name(),
                progress.submitted.documents,
                progress.consumed,
                progress.settled
            )
        };
        if let Some(bar) = &self.bar {
            bar.set_message(line());
        } else if Instant::now() >= state.next_line {
            eprintln!("{}", line());
            state.next_line = Instant::now() + EVERY;
        }
    }
}

impl Shown {
    /// Time until what is submitted by now is settled.
    fn left(&mut self, progress: &Progress, now: Instant) -> String {
        // Until the broker has answered, nothing is known to be settled: a resumed submission would
        // seem to have settled all of it since its start.
        if progress.lag.is_none() {
            return String::new();
        }
        let (since, first) = *self.first.get_or_insert((now, progress.settled));
        let passed = now.saturating_duration_since(since);
        let done = progress.settled.saturating_sub(first);
        match minutes_left((passed, done), progress) {
            None | Some(0) => String::new(),
            Some(minutes) => format!(", about {minutes} min until these are settled"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_takes_as_long_as_what_is_done_did() {
        let at = |documents, settled| {
            let submitted = Totals { documents, ..Totals::default() };
            let progress = Progress { submitted, settled, ..Progress::default() };
            minutes_left((Duration::from_hours(10), settled), &progress)
        };
        assert_eq!(at(1_000, 0), None);
        assert_eq!(at(1_000, 1_000), Some(0));
        assert_eq!(at(1_000, 750), Some(200));
    }

    #[test]
    fn what_was_settled_before_a_resume_does_not_make_it_fast() {
        let start = Instant::now();
        let mut shown = Shown { first: None, next_line: start };
        let mut at = |minutes: u64, settled: u64, lag: Option<u64>| {
            let submitted = Totals { documents: 1_000_000, ..Totals::default() };
            let progress = Progress { submitted, settled, lag, ..Progress::default() };
            shown.left(&progress, start + Duration::from_mins(minutes))
        };
        assert_eq!(at(0, 0, None), "");
        assert_eq!(at(1, 900_000, Some(100_000)), "");
        assert_eq!(at(11, 910_000, Some(90_000)), ", about 90 min until these are settled");
    }
}
