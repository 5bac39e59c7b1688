//! Refusals as a list to work through: which, why, and once more.
//!
//! What counts are the entries under `quarantine/`. A refusal whose document was published since is
//! history, not work ([`resolved`]).

mod replay;
mod resolved;
mod select;

use futures::{Stream, StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use sohoa_flow::{
    Fault,
    retry::{Policy, retry},
};
use sohoa_publish::{keys, survey};
use sohoa_schemas::record::{BrokenMessage, Quarantine};
use sohoa_store::{Store, classify};

pub(crate) use replay::Replay;
pub(crate) use resolved::Resolved;
pub(crate) use select::{Letter, Select};

const STAGE: &str = "dead-letters";

/// Entries read at once.
const AT_ONCE: usize = 16;

/// A refusal.
#[derive(Debug)]
pub(crate) enum Body {
    /// Of a document.
    Document(Box<Quarantine>),
    /// Of a message that was none.
    Message(Box<BrokenMessage>),
    /// An entry that cannot be understood.
    Damaged(String),
}

/// The refusals that `select` takes, in the order of their keys; those that it names, without going
/// through the others. Never all in memory.
pub(crate) fn letters<'a>(
    output: &'a Store,
    select: &'a Select,
    resolved: &'a Resolved,
) -> impl Stream<Item = Result<Letter, Fault>> + 'a {
    keys_of(output, select)
        .map(move |key| async move {
            let key = key?;
            let body = read(output, &key).await?;
            let Some(mut letter) = body.map(|body| Letter::new(key, body)) else {
                return Ok(None);
            };
            if !select.takes(&letter) {
                return Ok(None);
            }
            letter.resolved = resolved.has(output, &letter).await?;
            Ok(Some(letter).filter(|letter| select.shows(letter)))
        })
        .buffered(AT_ONCE)
        .try_filter_map(|letter| std::future::ready(Ok(letter)))
}

fn keys_of<'a>(output: &Store, select: &'a Select) -> BoxStream<'a, Result<String, Fault>> {
    if !select.ids.is_empty() {
        return stream::iter(select.keys().map(Ok)).boxed();
    }
    let listing = survey::objects(output, keys::QUARANTINE);
    listing.map_ok(|meta| meta.location.to_string()).boxed()
}

async fn read(output: &Store, key: &str) -> Result<Option<Body>, Fault> {
    let get = || async { output.get(key).await.map_err(|error| classify(STAGE, error)) };
    let Some(bytes) = retry(Policy::default(), get).await? else { return Ok(None) };
    let body = if key.starts_with(&keys::messages()) {
        serde_json::from_slice(&bytes).map(Body::Message)
    } else {
        serde_json::from_slice(&bytes).map(Body::Document)
    };
    Ok(Some(body.unwrap_or_else(|error| Body::Damaged(error.to_string()))))
}
