//! An agency's releases, carried out by the workers: they have the key.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, stream};
use sohoa_flow::Shutdown;
use sohoa_kafka::{Word, releases::Releases};
use sohoa_schemas::message::{Release, VERSION, Verdict};

use super::answer::SOURCE;
use crate::{
    broken::Desk,
    channel::Channel,
    context::Office,
    exit::{Exit, Failure},
    privacy::Pseudonyms,
    release::{Decision, Order, decide, named},
};

/// Between two tries, while a service is away.
const PAUSE: Duration = Duration::from_secs(10);

/// Carries releases out until the process drains.
///
/// # Errors
/// The broker's or the key's own: what is not carried out comes again.
pub(crate) async fn follow(
    (office, pseudonyms): (Arc<Office>, Arc<Pseudonyms>),
    mut releases: Releases,
    shutdown: Shutdown,
) -> Result<(), Failure> {
    let mut channel = Channel::open("release", &office.settings, &office.output)?;
    let kafka = &office.settings.config.kafka;
    let mut desk = Desk::new(SOURCE, kafka, (&office.output, office.retry));
    loop {
        let words = tokio::select! {
            biased;
            () = shutdown.drained() => return Ok(()),
            words = releases.next() => words?,
        };
        let with = (&office, &*pseudonyms);
        while let Err(failure) = carry_out(with, (&mut channel, &mut desk), &words).await {
            if failure.exit != Exit::Unreachable {
                return Err(failure);
            }
            tracing::warn!(error = failure.line(), "releases cannot be carried out; trying again");
            tokio::select! {
                biased;
                () = shutdown.drained() => return Ok(()),
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
        releases.done();
    }
}

async fn carry_out(
    (office, pseudonyms): (&Arc<Office>, &Pseudonyms),
    (channel, desk): (&mut Channel<'_>, &mut Desk<'_>),
    words: &[Word],
) -> Result<(), Failure> {
    let mut orders = Vec::with_capacity(words.len());
    for word in words {
        orders.extend(understand((office, pseudonyms), desk, word).await?);
    }
    let orders = stream::iter(orders.into_iter().map(Ok)).boxed();
    let decided = decide(office, channel, orders, || {}).await?;
    if decided.damaged > 0 {
        let documents = decided.damaged;
        tracing::error!(documents, "released documents have lost their files");
    }
    Ok(())
}

/// What a message orders; none of one that is broken, or of a document that is held no more.
async fn understand(
    (office, pseudonyms): (&Office, &Pseudonyms),
    desk: &mut Desk<'_>,
    word: &Word,
) -> Result<Option<Order>, Failure> {
    let release = match serde_json::from_slice::<Release>(&word.payload) {
        Ok(release) if release.schema_version == VERSION => release,
        Ok(Release { schema_version, .. }) => {
            let why = format!("The release has schema_version {schema_version}");
            desk.refuse(word, &why).await?;
            return Ok(None);
        }
        Err(error) => {
            let why = format!("The message is not a release: {error}");
            desk.refuse(word, &why).await?;
            return Ok(None);
        }
    };
    let Release { source_uid, verdict, reason, released, .. } = release;
    let Some(prepared) = named(&office.output, source_uid).await? else {
        tracing::info!(source = %source_uid, "a released document is held no more");
        return Ok(None);
    };
    let decision = match verdict {
        Verdict::Approve => Decision::Approve,
        // It is free text, and stands in a table.
        Verdict::Reject => {
            Decision::Refuse(pseudonyms.hide_numbers(reason.as_deref().unwrap_or_default()))
        }
    };
    Ok(Some(Order { prepared, decision, released }))
}
