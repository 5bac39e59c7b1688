//! `sohoa worker`: documents in by Kafka, records out, until told to end.

use std::{sync::Arc, time::Duration};

use sohoa_flow::{Budget, Shutdown};
use sohoa_kafka::{LaneSettings, Lanes, releases::Releases};
use sohoa_metrics::Health;
use sohoa_schemas::config::{Config, Kafka, ReleaseMode, SignatureLevel};
use sohoa_store::Store;

use crate::{
    arguments::Worker,
    commands::run::watch_signals,
    console::say,
    context::{Context, Office},
    exit::{Exit, Failure},
    inputs,
    observe::{self, Counts},
    privacy::Pseudonyms,
    run,
    scratch::Scratch,
    settings::Settings,
    setup,
    tally::Tally,
    worker::{self, Ending, Inputs},
};

/// A driver that has not moved for this long is stuck: no single step of it waits for a document.
const STILL: Duration = Duration::from_mins(2);

/// What a worker works with.
struct Opened {
    context: Context,
    others: Vec<(String, Store)>,
    lanes: Lanes,
    releases: Option<Releases>,
}

/// Opens everything, joins the group and works.
pub(crate) async fn run(arguments: Worker) -> Result<Exit, Failure> {
    let shutdown = Shutdown::default();
    watch_signals(&shutdown);
    let settings = Settings::load(arguments.config.as_deref())?;
    let _scratch = Scratch::open()?;
    let opening = Box::pin(open_all(&arguments, settings, &shutdown));
    let Some(opened) = shutdown.unless_drained(opening).await.transpose()? else {
        // Nothing is in hand yet.
        let ending = Ending { summary: Tally::begin().so_far(), stopped: false };
        return report(&ending, arguments.json);
    };
    let Opened { context, others, lanes, releases } = opened;
    let health = Health::new(STILL);
    let listen = context.settings.config.metrics.listen.clone();
    let counts = Arc::new(Counts::default());
    let refresh = observe::refresher(&context, lanes.handle(), Arc::clone(&counts));
    let _endpoint = observe::serve(listen.as_deref(), &health, refresh)?;
    if listen.is_some() {
        observe::certificate(&context);
        tokio::spawn(observe::watch_held(context.output.clone()));
        let province = context.settings.config.agency.province.clone();
        tokio::spawn(observe::watch_trail(context.output.clone(), province));
        if context.authority.stamps.is_some()
            && context.settings.config.sign.wanted_level() > SignatureLevel::BB
        {
            tokio::spawn(observe::watch_stamps(context.output.clone()));
            tokio::spawn(observe::watch_authority(Arc::clone(&context.authority)));
        }
    }
    let drain = Duration::from_secs(context.settings.config.workers.drain_seconds);
    tokio::spawn(bound_drain(shutdown.clone(), drain));
    let with = (Arc::new(context.office.clone()), Arc::clone(&context.pseudonyms));
    let waiting = tokio::spawn(worker::go_on(Arc::clone(&with.0), shutdown.clone()));
    let releasing = tokio::spawn(carry_out(with, releases, shutdown));
    let inputs = Arc::new(Inputs::new(&context, others));
    tracing::warn!(inputs = inputs.names(), "the worker takes documents");
    let ended = worker::drive(inputs, lanes, (health, counts)).await;
    context.pool.shutdown().await;
    let ending = ended?;
    releasing.await.map_err(|error| Failure::from_error(Exit::Internal, &error))??;
    waiting.await.map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    report(&ending, arguments.json)
}

/// Carries releases out beside the lanes; what ends it, ends the worker in order.
async fn carry_out(
    with: (Arc<Office>, Arc<Pseudonyms>),
    releases: Option<Releases>,
    shutdown: Shutdown,
) -> Result<(), Failure> {
    let Some(releases) = releases else { return Ok(()) };
    let ended = worker::follow(with, releases, shutdown.clone()).await;
    // It ends with a drain, too, and asked for a second time that stops.
    if !shutdown.draining() {
        shutdown.request();
    }
    ended
}

/// Stops a drain that takes too long, in order: a worker that is killed instead leaves the documents
/// in its hands under suspicion.
async fn bound_drain(shutdown: Shutdown, longest: Duration) {
    shutdown.drained().await;
    tokio::time::sleep(longest).await;
    tracing::warn!(
        "what is under way takes longer than workers.drain_seconds; it is left to another worker"
    );
    shutdown.stop_now();
}

/// The budget of a process that has live documents, too.
fn budget(settings: &Settings) -> Budget {
    let workers = &settings.config.workers;
    let bytes = workers.budget_mib << 20;
    Budget::with_reserve(bytes, bytes / 100 * workers.live_reserve_percent)
}

async fn open_all(
    arguments: &Worker,
    settings: Settings,
    shutdown: &Shutdown,
) -> Result<Opened, Failure> {
    let slot = arguments.slot.clone().map_or_else(host_name, Ok)?;
    let lanes = lane_settings(&settings, slot)?;
    inputs::require_distinct(&arguments.inputs, &settings)?;
    let (first, others) = arguments.inputs.split_first().expect("the command line wants one");
    let places = setup::places(&settings, first, &arguments.output).await?;
    let mut context = setup::context(settings, places, None, shutdown.clone()).await?;
    let others = inputs::beside(&context, others).await?;
    context.budget = budget(&context.settings);
    let Config { kafka, release, .. } = &context.settings.config;
    let releases = match release.mode {
        ReleaseMode::Manual => Some(open_releases(kafka).await?),
        // Nothing is held for anybody's word.
        ReleaseMode::Delegated => None,
    };
    let lanes = setup::at_broker(kafka, || Lanes::open(lanes)).await?;
    Ok(Opened { context, others, lanes, releases })
}

async fn open_releases(kafka: &Kafka) -> Result<Releases, Failure> {
    let (client, prefix) = (setup::client(kafka)?, kafka.prefix.clone());
    setup::at_broker(kafka, move || Releases::open(&client, &prefix)).await
}

fn lane_settings(settings: &Settings, slot: String) -> Result<LaneSettings, Failure> {
    let kafka = &settings.config.kafka;
    Ok(LaneSettings {
        client: setup::client(kafka)?,
        prefix: kafka.prefix.clone(),
        slot,
        window: kafka.window,
        announce_every: Duration::from_millis(kafka.announce_milliseconds),
    })
}

fn host_name() -> Result<String, Failure> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => Err(Failure::new(Exit::Usage, "this machine has no name").hint("give --slot")),
        name => Ok(name.to_owned()),
    }
}

fn report(ending: &Ending, json: bool) -> Result<Exit, Failure> {
    if json {
        let text = serde_json::to_string(&ending.summary)
            .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
        say(text)?;
    } else {
        say(run::describe(&ending.summary))?;
    }
    Ok(if ending.stopped { Exit::Interrupted } else { Exit::Done })
}
