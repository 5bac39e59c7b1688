//! Refusals as a list to work through: which, why, and once more.
//!
//! What counts are the entries under `quarantine/`. A refusal whose document was published since is
//! history, not work.

mod replay;
mod select;

use futures::{Stream, StreamExt as _, TryStreamExt as _};
use sohoa_flow::{
    Fault,
    retry::{Policy, retry},
};
use sohoa_publish::{keys, publication, survey};
use sohoa_schemas::record::{BrokenMessage, Quarantine};
use sohoa_store::{Store, classify};

pub(crate) use replay::Replay;
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

/// The refusals that `select` takes, in the order of their keys. Never all in memory.
pub(crate) fn letters<'a>(
    output: &'a Store,
    select: &'a Select,
) -> impl Stream<Item = Result<Letter, Fault>> + 'a {
    survey::objects(output, keys::QUARANTINE)
        .map(move |listed| async move {
            let meta = listed?;
            let key = meta.location.to_string();
            let body = read(output, &key).await?;
            let Some(mut letter) = body.map(|body| Letter::new(key, body)) else {
                return Ok(None);
            };
            if !select.takes(&letter) {
                return Ok(None);
            }
            letter.resolved = is_published(output, &letter).await?;
            Ok(Some(letter).filter(|letter| select.resolved || !letter.resolved))
        })
        .buffered(AT_ONCE)
        .try_filter_map(|letter| std::future::ready(Ok(letter)))
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

async fn is_published(output: &Store, letter: &Letter) -> Result<bool, Fault> {
    let Body::Document(entry) = &letter.body else { return Ok(false) };
    let find = || publication::find(output, entry.source_uid, 1);
    match retry(Policy::default(), find).await {
        Ok(record) => Ok(record.is_some()),
        // A damaged record is the audit's to name; the refusal stays on the list.
        Err(Fault::Reject(_)) => Ok(false),
        Err(fault) => Err(fault),
    }
}
