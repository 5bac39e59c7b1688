//! `sohoa dead-letters`: what was refused, why, and once more.

use chrono::{DateTime, NaiveDate, Utc};
use futures::TryStreamExt as _;
use sohoa_index::Index;
use sohoa_kafka::{Topic, submit::Submitter};
use sohoa_publish::keys;
use sohoa_schemas::events::Action;
use sohoa_store::{Missing, Store};

use crate::{
    arguments::{DeadLetters, LetterFilter, Results},
    console::say,
    dead_letters::{Body, Letter, Replay, Resolved, Select, letters},
    exit::{Exit, Failure},
    settings::Settings,
    setup, trail,
};

/// Runs one of the three.
pub(crate) async fn run(command: DeadLetters) -> Result<Exit, Failure> {
    let load = |results: &Results| Settings::load(results.config.as_deref());
    match command {
        DeadLetters::List { filter, json } => list(&load(&filter.results)?, filter, json).await,
        DeadLetters::Show { id, results } => show(&load(&results)?, id, &results.output).await,
        DeadLetters::Replay { filter, live, list_only } => {
            replay(&load(&filter.results)?, filter, (live, list_only)).await
        }
    }
}

async fn list(settings: &Settings, filter: LetterFilter, json: bool) -> Result<Exit, Failure> {
    let store = setup::open(settings, &filter.results.output, Missing::Refuse).await?;
    let select = select(filter)?;
    let resolved = resolved(&store).await?;
    let mut letters = std::pin::pin!(letters(&store, &select, &resolved));
    let mut count = 0u64;
    while let Some(letter) = letters.try_next().await? {
        count += 1;
        if json {
            let line = serde_json::to_string(&letter)
                .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
            say(line)?;
        } else {
            say(line(&letter))?;
        }
    }
    if !json {
        say(format_args!("{count} refused and not published since"))?;
    }
    Ok(Exit::Done)
}

fn line(letter: &Letter) -> String {
    let at = letter.at.map_or_else(|| "-".into(), |at| at.format("%Y-%m-%d %H:%M").to_string());
    let code = letter.code.map_or("-", sohoa_schemas::Code::as_str);
    let sources = letter.sources.join(" + ");
    let what = if sources.is_empty() { &letter.key } else { &sources };
    format!("{at}  {code}  {what}\n    {}\n    {}", letter.sentence, letter.key)
}

async fn show(settings: &Settings, id: String, output: &str) -> Result<Exit, Failure> {
    let store = setup::open(settings, output, Missing::Refuse).await?;
    let select = Select { ids: vec![id.clone()], ..Select::default() };
    // What became of it is not asked, so the index is not read.
    let resolved = Resolved::default();
    let mut letters = std::pin::pin!(letters(&store, &select, &resolved));
    let Some(letter) = letters.try_next().await? else { return Err(unknown(&id)) };
    let text = match &letter.body {
        Body::Document(entry) => serde_json::to_string_pretty(entry),
        Body::Message(entry) => serde_json::to_string_pretty(entry),
        Body::Damaged(_) => serde_json::to_string_pretty(&letter),
    };
    say(text.map_err(|error| Failure::from_error(Exit::Internal, &error))?)?;
    Ok(Exit::Done)
}

fn unknown(id: &str) -> Failure {
    Failure::new(Exit::Usage, format!("there is no refusal `{id}`"))
        .hint("give a source's uid or a key as sohoa dead-letters list shows them")
}

/// What was published since. Where nothing is indexed yet, nothing is known of it.
async fn resolved(store: &Store) -> Result<Resolved, Failure> {
    let (objects, url) = store.below(keys::INDEX);
    let index = Index::open(&objects, url)
        .map_err(|error| Failure::from_error(Exit::Configuration, &error))?;
    let read = Resolved::read(&index).await;
    read.map_err(|error| Failure::from_error(Exit::Unreachable, &error))
}

async fn replay(
    settings: &Settings,
    filter: LetterFilter,
    (live, list_only): (bool, bool),
) -> Result<Exit, Failure> {
    let store = setup::open(settings, &filter.results.output, Missing::Refuse).await?;
    let select = select(filter)?;
    let kafka = &settings.config.kafka;
    let client = setup::client(kafka)?;
    let submitter = if list_only {
        None
    } else {
        let topics = [Topic::Live, Topic::Bulk, Topic::Documents];
        let opened = Submitter::open(&client, &kafka.prefix, &topics, store.clone());
        Some(opened.map_err(|fault| setup::broker_failure(fault, &kafka.brokers))?)
    };
    let mut replay = Replay::new(submitter, live);
    let resolved = resolved(&store).await?;
    let mut letters = std::pin::pin!(letters(&store, &select, &resolved));
    let mut found = 0;
    while let Some(letter) = letters.try_next().await? {
        found += 1;
        if let Err(why) = replay.send(&letter).await? {
            say(format_args!("not sent: {} ({why})", letter.key))?;
        } else if list_only {
            say(format_args!("would send: {}", letter.key))?;
        }
    }
    let sent = replay
        .finish(&store)
        .await
        .map_err(|fault| setup::broker_failure(fault, &kafka.brokers))?;
    if !list_only && sent.sent > 0 {
        let details = serde_json::json!({ "documents": sent.sent, "live": live });
        let told = ("sohoa dead-letters replay", details);
        trail::tell((&settings.config, &store), Action::Replayed, told).await;
    }
    say(format_args!("{} sent, {} not", sent.sent, sent.left))?;
    if found < select.ids.len() {
        return Err(unknown(&select.ids.join("`, `")));
    }
    Ok(Exit::Done)
}

fn select(filter: LetterFilter) -> Result<Select, Failure> {
    let LetterFilter { results: _, id, code, stage, partner, submission, since, until, all } =
        filter;
    Ok(Select {
        codes: code,
        stage,
        partner,
        submission,
        since: since.as_deref().map(time).transpose()?,
        until: until.as_deref().map(time).transpose()?,
        resolved: all,
        ids: id,
    })
}

/// `2026-11-22` (its beginning in Vietnam) or a time with its offset.
fn time(text: &str) -> Result<DateTime<Utc>, Failure> {
    let midnight = |date: NaiveDate| date.and_hms_opt(0, 0, 0).map(crate::context::in_vietnam);
    let date = text.parse::<NaiveDate>().ok().and_then(midnight);
    date.or_else(|| text.parse().ok()).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("`{text}` is no time"))
            .hint("write 2026-11-22, or 2026-11-22T08:00:00+07:00")
    })
}
