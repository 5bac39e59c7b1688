//! `sohoa indexer`: the events of the workers into the index.

use std::time::{Duration, Instant};

use sohoa_flow::Shutdown;
use sohoa_kafka::reader::Removed;
use sohoa_metrics::{Health, Line, Sampler, Stage};
use sohoa_store::Missing;

use crate::{
    arguments::Indexer,
    commands::run::watch_signals,
    console::say,
    exit::{Exit, Failure},
    indexer::{self, Until},
    observe,
    run::Bounds,
    settings::Settings,
    setup,
};

/// A commit that takes longer than this is stuck: the store's retries end before.
const STILL: Duration = Duration::from_mins(10);

/// Opens everything and indexes until told to end.
pub(crate) async fn run(arguments: Indexer) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.config.as_deref())?;
    let store = setup::open(&settings, &arguments.output, Missing::Refuse).await?;
    setup::writable(&store, settings.config.output.single_writer).await?;
    let config = &settings.config.index;
    let bounds = Bounds {
        documents: config.commit_documents,
        age: Duration::from_secs(config.commit_seconds),
    };
    let shutdown = Shutdown::default();
    watch_signals(&shutdown);
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
    let indexed = indexed.map_err(|fault| setup::broker_failure(fault, &kafka.brokers))?;
    say(format_args!("{} documents indexed in {} commits", indexed.documents, indexed.commits))?;
    Ok(Exit::Done)
}
