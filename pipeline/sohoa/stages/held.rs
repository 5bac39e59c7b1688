//! Composed documents are held, and gone on with from there.

use std::path::Path;

use sohoa_flow::{Fault, retry::retry};
use sohoa_publish::{
    holding::{self, Holding},
    publication,
};
use sohoa_schemas::{
    config::ReleaseMode,
    record::{Prepared, Record},
};

use crate::{
    context::{Context, now, vietnamese},
    stages::{process::Settled, publish, receipts, sign, take_in::Taken},
};

const STAGE: &str = "process";

/// Goes on from a held state, if there is one and what it names is there as it says.
pub(crate) async fn resume(
    context: &Context,
    taken: &Taken,
    version: i32,
) -> Result<Option<Settled>, Fault> {
    let find = || holding::find(&context.output, taken.uid, version);
    let Some(mut prepared) = retry(context.retry, find).await? else { return Ok(None) };
    // A state without its files would wait for ever.
    let Some(held) = publish::held_files(context, &prepared).await? else {
        tracing::warn!(source = %taken.uid, "a held document is not what was held; it is made anew");
        let held = holding::objects_of(&prepared);
        retry(context.retry, || holding::clear(&context.output, &held)).await?;
        return Ok(None);
    };
    if receipts::join(context, taken, &mut prepared.record) {
        receipts::join_held(context, taken, version).await?;
    }
    if context.settings.config.release.mode == ReleaseMode::Manual {
        return Ok(Some(Settled::held(prepared)));
    }
    // It was composed to be released by a clerk, and the agency has delegated that since.
    if prepared.waiting_for == holding::FOR_RELEASE {
        for row in &mut prepared.record.rows.documents {
            row.release_mode = Some("delegated".into());
            row.release_ref = Some(context.settings.config.release.delegation.clone());
        }
    }
    publish::release(context, prepared, held.paths()).await.map(Some)
}

/// Holds what was composed, and releases it at once where the agency has delegated that.
pub(crate) async fn hold(
    context: &Context,
    taken: &Taken,
    (mut record, printed): (Record, Vec<[f32; 4]>),
    files: (&Path, &Path),
) -> Result<Settled, Fault> {
    let version = record.version;
    if context.settings.config.release.mode == ReleaseMode::Manual {
        let held_at = receipts::moment(context, &record).await?;
        for row in &mut record.rows.intake {
            row.settled_at = held_at;
        }
    }
    let prepared = Prepared {
        record,
        composed: None,
        alto: None,
        appearance: sign::appearance_lines(&context.settings.config),
        printed,
        composed_at: vietnamese(now()),
        waiting_for: holding::FOR_RELEASE.into(),
        message: None,
        position: None,
        traceparent: None,
    };
    let keep = || holding::hold(&context.output, files, prepared.clone());
    let Holding::Now(prepared) = retry(context.retry, keep).await? else {
        // Another worker made it meanwhile.
        if let Some(resumed) = Box::pin(resume(context, taken, version)).await? {
            return Ok(resumed);
        }
        // Held, released and cleared.
        let find = || publication::reading(&context.output, taken.uid, version);
        let gone = || Fault::retry(STAGE, "a document that another worker held is gone again");
        let record = retry(context.retry, find).await?.ok_or_else(gone)?;
        return Box::pin(receipts::again(context, taken, record)).await;
    };
    match context.settings.config.release.mode {
        ReleaseMode::Manual => Ok(Settled::held(*prepared)),
        ReleaseMode::Delegated => publish::release(context, *prepared, files).await,
    }
}
