//! The audit trail: is the chain of table `events` whole, and who vouches for it?
//!
//! ```text
//! records, refusals, held states ─> indexer ─> events (chained) ─> head ─> sign ─> evidence/
//! commands, imports ──────────────────┘             └───────── check <─────────────┘
//! ```
//!
//! A chain alone cannot show that its tail was cut or that all of it was written anew. So its head is
//! signed with the agency's key: at the end of `sohoa run`, and by `sohoa audit --events --sign-head`,
//! daily from cron on a machine that has the key. The indexer signs nothing: it needs no key, and a
//! process that writes the chain should not be the one that vouches for it.
//!
//! Signed heads are numbered, and each names the hash of the one before. Of somebody who may delete
//! in the store, removing the last head together with the tail shows only to who has kept that head
//! elsewhere, or where the store locks `evidence/`.
//!
//! * [`heads`]: the signed heads as they lie there, and what of them is believed.
//! * [`revoked`]: what the authorities say of who signed them.
//! * [`sign`]: one more.
//! * [`check`]: chain and heads against each other.

mod check;
mod heads;
mod revoked;
mod sign;

pub(crate) use check::check;
pub(crate) use heads::last_signed;
pub(crate) use sign::HeadSigner;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sohoa_flow::Fault;
use sohoa_index::{Index, IndexError};
use sohoa_schemas::{
    config::Config,
    events::{Action, EventRow},
};
use sohoa_store::Store;
use uuid::Uuid;

use crate::{
    context::{Office, now},
    exit::Failure,
    run::index_fault,
};

/// Name of this step in errors.
const STAGE: &str = "trail";

/// Signs the head of the trail after a run. The documents are published all the same when that
/// fails; the next run or the daily audit signs it.
pub(crate) async fn sign_after_run(office: &Office) {
    let Office { settings, output, authority, .. } = office;
    let signer = HeadSigner { config: &settings.config, output, authority };
    if let Err(failure) = Box::pin(sign_head(&signer)).await {
        tracing::error!(
            why = failure.line(),
            "the head of the audit trail is not signed; run sohoa audit --events --sign-head"
        );
    }
}

async fn sign_head(signer: &HeadSigner<'_>) -> Result<(), Failure> {
    let (objects, url) = signer.output.below(sohoa_publish::keys::INDEX);
    let mut index = Index::open(&objects, url).map_err(index_fault)?;
    let signed = Box::pin(signer.sign_head(&mut index, &signer.config.agency.province)).await?;
    if let Some(head) = signed {
        tracing::info!(seq = head.seq, number = head.number, "the audit trail's head is signed");
    }
    Ok(())
}

/// Adds what a command did to the trail, under the account it ran as. It is done all the same when
/// that fails, and says so.
pub(crate) async fn tell(
    (config, output): (&Config, &Store),
    action: Action,
    (command, details): (&str, Value),
) {
    let at = now();
    let name = format!("{command} {}", at.timestamp_micros());
    tell_once((config, output), (action, &name, at), (command, details)).await;
}

/// The same of what has a name and a time of its own, by which it is known when it is told again.
pub(crate) async fn tell_once(
    (config, output): (&Config, &Store),
    (action, name, at): (Action, &str, DateTime<Utc>),
    (command, details): (&str, Value),
) {
    let subject = ("index", Uuid::new_v5(&Uuid::NAMESPACE_URL, output.address().as_bytes()));
    let event = EventRow::new(action, subject, (config.agency.province.as_str(), at), name);
    let event = by_hand(config, event, (command, details));
    if let Err(fault) = Box::pin(append(output, &event)).await {
        let action = event.action.as_str();
        tracing::error!(action, ?fault, "what was done is not in the audit trail");
    }
}

/// The same of the agency's key, used by hand on the file with this hash. Whoever asks for it to be in
/// the trail does without the signature where it cannot be.
///
/// # Errors
/// The trail's own: what was signed is not in it.
pub(crate) async fn tell_signed(
    (config, output): (&Config, &Store),
    sha256: &str,
    (command, details): (&str, Value),
) -> Result<(), Fault> {
    let subject = ("file", Uuid::new_v5(&Uuid::NAMESPACE_OID, sha256.as_bytes()));
    let at = (config.agency.province.as_str(), now());
    let event = EventRow::new(Action::Signed, subject, at, sha256);
    Box::pin(append(output, &by_hand(config, event, (command, details)))).await
}

/// An event that a person's command tells.
fn by_hand(config: &Config, event: EventRow, (command, details): (&str, Value)) -> EventRow {
    EventRow {
        agency_code: config.agency.code.clone(),
        actor_kind: "person".into(),
        actor_ref: std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).ok(),
        trace_id: Some(command.to_owned()),
        details: Some(details.to_string()),
        ..event
    }
}

async fn append(output: &Store, event: &EventRow) -> Result<(), Fault> {
    let (objects, url) = output.below(sohoa_publish::keys::INDEX);
    let append = async {
        let mut index = Index::open(&objects, url)?;
        Box::pin(index.append_events(std::slice::from_ref(event))).await?;
        Ok::<_, IndexError>(())
    };
    append.await.map_err(index_fault)
}
