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
    // None once it has failed: a producer that lost one message takes no other.
    let mut means = Some(Means::open(&office)?);
    loop {
        let words = tokio::select! {
            biased;
            () = shutdown.drained() => return Ok(()),
            words = releases.next() => words?,
        };
        loop {
            let carried = tokio::select! {
                biased;
                // What is under way comes again, and is found done where it is.
                () = shutdown.until_stopped() => return Ok(()),
                carried = carry_out((&office, &*pseudonyms), &mut means, &words) => carried,
            };
            let Err(failure) = carried else { break };
            if failure.exit != Exit::Unreachable {
                return Err(failure);
            }
            means = None;
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

/// By what the outcome of releases is told.
struct Means<'a> {
    channel: Channel<'a>,
    desk: Desk<'a>,
}

impl<'a> Means<'a> {
    fn open(office: &'a Office) -> Result<Self, Failure> {
        let kafka = &office.settings.config.kafka;
        Ok(Self {
            channel: Channel::open("release", &office.settings, &office.output)?,
            desk: Desk::new(SOURCE, kafka, (&office.output, office.retry)),
        })
    }
}

async fn carry_out<'a>(
    (office, pseudonyms): (&'a Arc<Office>, &Pseudonyms),
    means: &mut Option<Means<'a>>,
    words: &[Word],
) -> Result<(), Failure> {
    let Means { channel, desk } = match means {
        Some(means) => means,
        none => none.insert(Means::open(office)?),
    };
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
    if decided.failed > 0 {
        let documents = decided.failed;
        tracing::error!(documents, "released documents could not be signed and stay held");
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
