//! An agency's releases, carried out by the workers: they have the key.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, stream};
use sohoa_flow::{Fault, Shutdown};
use sohoa_kafka::releases::{Releases, Word};
use sohoa_schemas::message::{Release, VERSION, Verdict};

use super::broken;
use crate::{
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
    loop {
        let words = tokio::select! {
            biased;
            () = shutdown.drained() => return Ok(()),
            words = releases.next() => words?,
        };
        while let Err(failure) = carry_out((&office, &pseudonyms), &mut channel, &words).await {
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
    channel: &mut Channel<'_>,
    words: &[Word],
) -> Result<(), Failure> {
    let mut orders = Vec::with_capacity(words.len());
    for word in words {
        orders.extend(understand((office, pseudonyms), word).await?);
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
    word: &Word,
) -> Result<Option<Order>, Fault> {
    let release = match serde_json::from_slice::<Release>(&word.payload) {
        Ok(release) if release.schema_version == VERSION => release,
        Ok(Release { schema_version, .. }) => {
            let why = format!("The release has schema_version {schema_version}");
            return broken::keep(office, word, &why).await.map(|_| None);
        }
        Err(error) => {
            let why = format!("The message is not a release: {error}");
            return broken::keep(office, word, &why).await.map(|_| None);
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
