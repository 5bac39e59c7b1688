//! An agency's releases, carried out by the workers: they have the key.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{StreamExt as _, stream};
use sohoa_flow::{Fault, Shutdown};
use sohoa_kafka::{RawMessage, releases::Releases};
use sohoa_schemas::{
    message::{Release, VERSION, Verdict},
    record::Prepared,
};

use super::answer::SOURCE;
use crate::{
    broken::Refuser,
    channel::{self, Channel},
    context::Office,
    exit::{Exit, Failure},
    privacy::Pseudonyms,
    release::{Came, Decision, Order, Reading, decide, named},
    stages::sign,
};

/// Why a release is a dead letter that was one.
const LEFT: &str = "The released document has lost its files or cannot be signed, and stays held; \
                    the worker's log says which and why";

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
        let messages = tokio::select! {
            biased;
            () = shutdown.drained() => return Ok(()),
            messages = releases.next() => messages?,
        };
        loop {
            let carried = tokio::select! {
                biased;
                // What is under way comes again, and is found done where it is.
                () = shutdown.until_stopped() => return Ok(()),
                carried = carry_out((&office, &*pseudonyms), &mut means, &messages) => carried,
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
    refuser: Refuser<'a>,
}

impl<'a> Means<'a> {
    fn open(office: &'a Office) -> Result<Self, Failure> {
        let kafka = &office.settings.config.kafka;
        Ok(Self {
            channel: Channel::open(
                ("release", channel::EVENTS_AND_LETTERS),
                &office.settings,
                &office.output,
            )?,
            refuser: Refuser::new(SOURCE, kafka, (&office.output, office.retry)),
        })
    }
}

async fn carry_out<'a>(
    (office, pseudonyms): (&'a Arc<Office>, &Pseudonyms),
    means: &mut Option<Means<'a>>,
    messages: &[RawMessage],
) -> Result<(), Failure> {
    let Means { channel, refuser } = match means {
        Some(means) => means,
        none => none.insert(Means::open(office)?),
    };
    let mut said = Vec::with_capacity(messages.len());
    for message in messages {
        match read(message) {
            Ok(release) => said.push((release, message)),
            Err(why) => refuser.refuse(message, &why).await?,
        }
    }
    for said in rounds(&said) {
        let (mut orders, mut by_source) = (Vec::with_capacity(said.len()), HashMap::new());
        for (release, message) in said {
            let order = order((office, pseudonyms), refuser, (release, message)).await?;
            by_source.extend(order.iter().map(|order| (order.prepared.record.source_uid, message)));
            orders.extend(order);
        }
        let orders = stream::iter(orders.into_iter().map(Ok)).boxed();
        let left = Mutex::new(Vec::new());
        let each = |came| {
            if let Came::Left(source) = came {
                left.lock().unwrap_or_else(PoisonError::into_inner).push(source);
            }
        };
        let ended = decide(office, channel, orders, each).await;
        // The clerk's word is not lost with its position.
        for source in left.into_inner().unwrap_or_else(PoisonError::into_inner) {
            if let Some(message) = by_source.get(&source) {
                refuser.refuse(message, LEFT).await?;
            }
        }
        ended?;
    }
    Ok(())
}

/// What a message says; or why that is nothing.
fn read(message: &RawMessage) -> Result<Release, String> {
    let release: Release = serde_json::from_slice(&message.payload)
        .map_err(|error| format!("The message is not a release: {error}"))?;
    let Release { schema_version, .. } = release;
    let known = schema_version == VERSION;
    known
        .then_some(release)
        .ok_or_else(|| format!("The release has schema_version {schema_version}"))
}

/// Releases that may be carried out at once, in the order they were said: of two about one document
/// the first one stands, and only when it is carried out is the second one heard.
fn rounds<T>(said: &[(Release, T)]) -> Vec<&[(Release, T)]> {
    let (mut rounds, mut rest) = (Vec::new(), said);
    while !rest.is_empty() {
        let mut sources = HashSet::new();
        let again = rest.iter().position(|(release, _)| !sources.insert(release.source_uid));
        let (round, later) = rest.split_at(again.unwrap_or(rest.len()));
        rounds.push(round);
        rest = later;
    }
    rounds
}

/// What a release orders; nothing of a document that is held no more.
async fn order(
    (office, pseudonyms): (&Office, &Pseudonyms),
    refuser: &mut Refuser<'_>,
    (release, message): (&Release, &RawMessage),
) -> Result<Option<Order>, Failure> {
    let source = release.source_uid;
    let Some(prepared) = named(&office.output, source).await? else {
        tracing::info!(%source, "a released document is held no more");
        return Ok(None);
    };
    // An old word that comes again is not said of what nobody has seen.
    if !is_about(release, &prepared) {
        refuser
            .refuse(message, "The release is of another reading than the one that is held")
            .await?;
        return Ok(None);
    }
    if let Err(Fault::Reject(other)) = sign::check_custodian(office, &prepared.record) {
        refuser.refuse(message, &other.cause.error.to_string()).await?;
        return Ok(None);
    }
    let decision = match release.verdict {
        Verdict::Approve => Decision::Approve,
        // It is free text, and stands in a table.
        Verdict::Reject => {
            Decision::Refuse(pseudonyms.hide_numbers(release.reason.as_deref().unwrap_or_default()))
        }
    };
    Ok(Some(Order { prepared, decision, released: release.released.clone() }))
}

/// Whether what is held is what was decided on. A release of an older sender names no version: it
/// cannot be about what was composed after it.
fn is_about(release: &Release, held: &Prepared) -> bool {
    let Some(version) = release.version else { return release.released.at >= held.composed_at };
    let composed_sha256 = release.composed_sha256.clone();
    Reading { version, composed_sha256 } == Reading::of(held)
}

#[cfg(test)]
mod tests {
    use sohoa_schemas::record::{Part, Record, Released};

    use super::*;
    use crate::{amend::version::tests::record, context::now};

    fn prepared(record: Record) -> Prepared {
        let composed = record.parts.first().cloned();
        Prepared {
            record,
            composed,
            composed_at: "2026-11-20T08:00:00+07:00".parse().unwrap(),
            ..Prepared::default()
        }
    }

    #[test]
    fn a_release_is_about_the_reading_that_was_seen() {
        let held = prepared(record());
        let of = |version: Option<i32>, composed: Option<&str>, at| Release {
            schema_version: VERSION,
            source_uid: held.record.source_uid,
            version,
            composed_sha256: composed.map(str::to_owned),
            verdict: Verdict::Approve,
            reason: None,
            released: Released { by: "A".into(), at, reference: "R".into() },
        };
        let Some(Part { sha256, .. }) = &held.composed else { panic!("nothing is composed") };
        let now = now();
        assert!(is_about(&of(Some(held.record.version), Some(sha256), now), &held));
        assert!(!is_about(&of(Some(held.record.version + 1), Some(sha256), now), &held));
        assert!(!is_about(&of(Some(held.record.version), Some("other"), now), &held));
        assert!(is_about(&of(None, None, now), &held));
        let before = held.composed_at.to_utc() - chrono::TimeDelta::days(1);
        assert!(!is_about(&of(None, None, before), &held));
    }

    #[test]
    fn two_words_on_one_document_are_heard_one_after_the_other() {
        let word = |source: u128, verdict| {
            let released = Released { by: "A".into(), at: now(), reference: "R".into() };
            let release = Release {
                schema_version: VERSION,
                source_uid: uuid::Uuid::from_u128(source),
                version: None,
                composed_sha256: None,
                verdict,
                reason: None,
                released,
            };
            (release, ())
        };
        let (reject, approve) = (Verdict::Reject, Verdict::Approve);
        let said = [word(1, reject), word(2, approve), word(1, approve), word(1, reject)];
        let lengths: Vec<_> = rounds(&said).iter().map(|round| round.len()).collect();
        assert_eq!(lengths, [2, 1, 1]);
        assert!(rounds(&said[..0]).is_empty());
    }
}
