//! `sohoa release`: the clerk's word before the agency's key is used.

use std::{path::Path, sync::Arc};

use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use indicatif::MultiProgress;
use sohoa_backfill::Ledger;
use sohoa_flow::Fault;
use sohoa_kafka::{Submitter, Topic};
use sohoa_schemas::{
    config::ReleaseMode,
    record::{Part, Released},
};
use sohoa_store::{Missing, Store};
use uuid::Uuid;

use crate::{
    arguments::{Release, ReleaseFilter, ReleaseVerdict},
    bar::Progress,
    channel::{self, Channel},
    console::say,
    context::{now, vietnamese},
    exit::{Exit, Failure},
    privacy::Pseudonyms,
    release::{Batch, Decided, Decision, Held, Order, Select, decide, held, sample, send},
    settings::Settings,
    setup,
};

/// Runs one of the four.
pub(crate) async fn run(command: Release, bars: &MultiProgress) -> Result<Exit, Failure> {
    match command {
        Release::List { filter, sample, save } => list(filter, (sample, save.as_deref())).await,
        Release::Show { id, save, filter } => show(id, save.as_deref(), filter).await,
        Release::Approve { filter, verdict } => {
            settle(filter, verdict, Decision::Approve, bars).await
        }
        Release::Reject { filter, verdict, reason } => {
            let settings = Settings::load(filter.results.config.as_deref())?;
            let key = settings.config.secrets.hmac_key.as_deref();
            // It is free text, and stands in a table.
            let reason = Pseudonyms::load(key)?.hide_numbers(&reason);
            settle(filter, verdict, Decision::Refuse(reason), bars).await
        }
    }
}

async fn open(filter: &ReleaseFilter) -> Result<(Settings, Store, Select), Failure> {
    let settings = Settings::load(filter.results.config.as_deref())?;
    let store = setup::open(&settings, &filter.results.output, Missing::Refuse).await?;
    setup::require_records(&store).await?;
    let (ids, agency) = (filter.id.clone(), settings.config.agency.clone());
    let mut select = Select { ids, agency, ..Select::default() };
    for submission in &filter.submission {
        let ledger = Ledger::new(store.clone(), submission)
            .map_err(|error| Failure::from_error(Exit::Usage, &error))?;
        if select.add_submission(&ledger).await? == 0 {
            let what = format!("there is no submission `{submission}`");
            return Err(Failure::new(Exit::Usage, what).hint("see ledger/ in the output"));
        }
    }
    Ok((settings, store, select))
}

async fn list(
    filter: ReleaseFilter,
    (size, save): (Option<usize>, Option<&Path>),
) -> Result<Exit, Failure> {
    let json = filter.json;
    let (_, store, select) = open(&filter).await?;
    let (mut documents, mut pages) = (0u64, 0i64);
    let mut tell = |one: &Held| {
        documents += 1;
        pages += i64::from(one.pages);
        if json { say(as_json(one)?) } else { say(one) }
    };
    if let Some(size) = size {
        for one in sample(held(&store, &select), size).await? {
            tell(&one)?;
            fetch(&store, &one, save).await?;
        }
    } else {
        let mut all = std::pin::pin!(held(&store, &select));
        while let Some(one) = all.try_next().await? {
            tell(&one)?;
            fetch(&store, &one, save).await?;
        }
    }
    if !json {
        let what = if size.is_some() { "in the sample" } else { "held" };
        say(format_args!("{documents} documents, {pages} pages {what}"))?;
    }
    Ok(Exit::Done)
}

async fn show(id: Uuid, save: Option<&Path>, mut filter: ReleaseFilter) -> Result<Exit, Failure> {
    filter.id = vec![id];
    let (_, store, select) = open(&filter).await?;
    let mut all = std::pin::pin!(held(&store, &select));
    let Some(one) = all.try_next().await? else {
        return Err(Failure::new(Exit::Usage, format!("no document `{id}` is held"))
            .hint("sohoa release list shows what is"));
    };
    let text = serde_json::to_string_pretty(&one.prepared)
        .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    say(text)?;
    fetch(&store, &one, save).await?;
    Ok(Exit::Done)
}

/// Copies a composed PDF to where a clerk can open it.
async fn fetch(store: &Store, one: &Held, save: Option<&Path>) -> Result<(), Failure> {
    let (Some(folder), Some(Part { key, .. })) = (save, &one.prepared.composed) else {
        return Ok(());
    };
    let fetched = store.fetch(&key.as_str().into()).await?;
    let path = folder.join(format!("{}.pdf", one.source_uid));
    let copied = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::copy(&fetched.path, &path).map(drop));
    copied.map_err(|error| {
        Failure::new(Exit::Configuration, format!("cannot write `{}`: {error}", path.display()))
    })
}

fn as_json(one: &Held) -> Result<String, Failure> {
    serde_json::to_string(one).map_err(|error| Failure::from_error(Exit::Internal, &error))
}

async fn settle(
    filter: ReleaseFilter,
    verdict: ReleaseVerdict,
    decision: Decision,
    bars: &MultiProgress,
) -> Result<Exit, Failure> {
    let by = verdict.by.trim().to_owned();
    if by.is_empty() {
        return Err(Failure::new(Exit::Usage, "--by must name who decides"));
    }
    let named = !filter.id.is_empty() || !filter.submission.is_empty() || verdict.batch.is_some();
    if !named && !verdict.all {
        return Err(Failure::new(Exit::Usage, "nothing says which documents")
            .hint("name them with --batch, --id or --submission, or give --all"));
    }
    let at = now();
    let (settings, store, mut select) = open(&filter).await?;
    select.until = Some(at);
    if let Some(file) = &verdict.batch {
        select.decide_on(Batch::read(file)?);
    }
    let reference = verdict.reference.unwrap_or_else(|| {
        // A name that a clerk can find again: the day and time of the decision.
        vietnamese(at).format("R%Y%m%d-%H%M%S").to_string()
    });
    let (documents, pages) = count(&store, &select).await?;
    tell_changed(&select, documents);
    if verdict.list_only || documents == 0 {
        return would(documents, pages, filter.json);
    }
    let released = Released { by, at, reference };
    let order = |held: Held| Order {
        prepared: held.prepared,
        decision: decision.clone(),
        released: released.clone(),
    };
    if verdict.send {
        let orders = held(&store, &select).map_ok(order);
        let sent = send_all((&settings, &store), orders.boxed()).await?;
        return report_sent(sent, &released, filter.json);
    }
    let (office, _) = setup::office(settings, store)?;
    let office = Arc::new(office);
    setup::publish_test_root(&office.output, &office.authority).await?;
    let mut channel =
        Channel::open(("release", channel::EVENTS_AND_LETTERS), &office.settings, &office.output)?;
    let progress = Progress::begin(bars, documents, "decided on");
    let orders = held(&office.output, &select).map_ok(order).boxed();
    let decided = decide(&office, &mut channel, orders, |_| progress.one()).await?;
    drop(progress);
    report((&decided, &released), channel.describe(), filter.json)?;
    Ok(if decided.damaged + decided.failed == 0 { Exit::Done } else { Exit::CheckFailed })
}

/// Says how many of a list are no more what was looked at.
fn tell_changed(select: &Select, documents: u64) {
    let listed = select.batch.as_ref().map_or(0, Batch::len) as u64;
    if listed > documents {
        eprintln!(
            "{} of the {listed} listed are held no more or were composed anew: list and look again",
            listed - documents
        );
    }
}

fn would(documents: u64, pages: i64, json: bool) -> Result<Exit, Failure> {
    if json {
        say(serde_json::json!({ "documents": documents, "pages": pages, "decided": false }))?;
    } else if documents == 0 {
        say("nothing of it is held; sohoa release list shows what is")?;
    } else {
        say(format_args!("{documents} documents, {pages} pages would be decided on"))?;
    }
    Ok(Exit::Done)
}

/// Has the workers carry it out.
async fn send_all(
    (settings, store): (&Settings, &Store),
    mut orders: BoxStream<'_, Result<Order, Fault>>,
) -> Result<u64, Failure> {
    if settings.config.release.mode != ReleaseMode::Manual {
        return Err(Failure::new(Exit::Usage, "workers carry out no release by delegation")
            .hint("release without --send, where the key is, or set release.mode = \"manual\""));
    }
    let kafka = &settings.config.kafka;
    let failed = |fault| setup::broker_failure(fault, &kafka.brokers);
    let client = setup::client(kafka)?;
    let topics = [Topic::Releases];
    let open = || Submitter::open(&client, &kafka.prefix, &topics, store.clone());
    let submitter = tokio::task::block_in_place(open).map_err(failed)?;
    let mut sent = 0;
    while let Some(order) = orders.try_next().await? {
        send(&submitter, order).await.map_err(failed)?;
        sent += 1;
    }
    submitter.flush().await.map_err(failed)?;
    Ok(sent)
}

fn report_sent(sent: u64, released: &Released, json: bool) -> Result<Exit, Failure> {
    let Released { by, reference, .. } = released;
    if json {
        say(serde_json::json!({ "sent": sent, "by": by, "reference": reference }))?;
    } else {
        say(format_args!("{sent} sent to the workers ({reference}, by {by})"))?;
    }
    Ok(Exit::Done)
}

async fn count(store: &Store, select: &Select) -> Result<(u64, i64), Fault> {
    let all = held(store, select);
    let sum = |(documents, pages), one: Held| {
        std::future::ready(Ok((documents + 1, pages + i64::from(one.pages))))
    };
    all.try_fold((0, 0), sum).await
}

fn report(
    (decided, released): (&Decided, &Released),
    index: &str,
    json: bool,
) -> Result<(), Failure> {
    let Decided { published, refused, damaged, failed } = decided;
    if json {
        return say(serde_json::json!({
            "published": published, "refused": refused, "damaged": damaged,
            "failed": failed,
            "by": released.by, "at": released.at, "reference": released.reference, "index": index,
        }));
    }
    say(format_args!(
        "{published} signed and published, {refused} refused ({}, by {}); the index is {index}",
        released.reference, released.by
    ))?;
    if *failed > 0 {
        eprintln!("{failed} could not be decided on and stay held; the log above says why");
    }
    if *damaged > 0 {
        eprintln!("{damaged} have lost their held files and stay held: process their scans again");
    }
    Ok(())
}
