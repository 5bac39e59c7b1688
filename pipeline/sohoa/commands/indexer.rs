//! `sohoa indexer`: the events of the workers into the index.

use std::time::{Duration, Instant};

use sohoa_flow::Shutdown;
use sohoa_kafka::reader::Removed;
use sohoa_metrics::{Health, Line, Sampler, Stage};
use sohoa_store::{Missing, Store};

use crate::{
    arguments::Indexer,
    commands::run::watch_signals,
    console::say,
    exit::{Exit, Failure},
    indexer::{self, Indexed, Until},
    observe,
    run::Bounds,
    settings::Settings,
    setup,
};

/// A commit that takes longer than this is stuck: the store's retries end before.
const STILL: Duration = Duration::from_mins(10);

/// Opens everything and indexes until told to end.
pub(crate) async fn run(arguments: Indexer) -> Result<Exit, Failure> {
    let shutdown = Shutdown::default();
    watch_signals(&shutdown);
    let settings = Settings::load(arguments.config.as_deref())?;
    let opening = open(&settings, &arguments.output);
    let Some(store) = shutdown.unless_drained(opening).await.transpose()? else {
        return report(Indexed::default());
    };
    let config = &settings.config.index;
    let bounds = Bounds {
        documents: config.commit_documents,
        age: Duration::from_secs(config.commit_seconds),
    };
    let health = Health::new(STILL);
    let listen = settings.config.metrics.listen.as_deref();
    let line = Line::new(Stage::Index..=Stage::Index);
    let mut sampler = Sampler::new(line.clone());
    let refresh = move || {
        sampler.sample(Instant::now());
    };
    let _endpoint = observe::serve(listen, &health, refresh)?;
    let until = if arguments.once { Until::CaughtUp } else { Until::Told };
    let removed = if arguments.skip_removed { Removed::Skip } else { Removed::Refuse };
    let kafka = &settings.config.kafka;
    let indexed =
        indexer::run(kafka, &store, bounds, (until, removed), (shutdown, health, line)).await;
    report(indexed.map_err(|fault| setup::broker_failure(fault, &kafka.brokers))?)
}

async fn open(settings: &Settings, output: &str) -> Result<Store, Failure> {
    let store = setup::open(settings, output, Missing::Refuse).await?;
    setup::writable(&store, settings.config.output.single_writer).await?;
    Ok(store)
}

fn report(Indexed { documents, commits }: Indexed) -> Result<Exit, Failure> {
    say(format_args!("{documents} documents indexed in {commits} commits"))?;
    Ok(Exit::Done)
}
