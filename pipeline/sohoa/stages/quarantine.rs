//! Refusal: durable, with the code, the sentence and the address of the bytes. Nothing of the file
//! is copied: it may be secret, and it lies where it came from.

use std::{collections::HashSet, iter::successors, sync::OnceLock};

use sohoa_flow::{
    Fault, Rejection,
    retry::{GaveUp, retry},
};
use sohoa_page_workers::PageFailure;
use sohoa_publish::{quarantine, trail};
use sohoa_schemas::{
    Code,
    record::{Quarantine, Rows},
    rows::{IntakeRow, Outcome, SCHEMA_VERSION},
};
use uuid::Uuid;

use crate::{
    context::{Context, Office, now},
    stages::{
        process::Settled,
        receipts,
        rows::{self, FilePages, Filed, Verdict},
        take_in::Taken,
    },
};

/// Refuses a source.
pub(crate) async fn refuse(
    context: &Context,
    taken: &Taken,
    rejection: Rejection,
) -> Result<Settled, Fault> {
    keep(context, entry(context, taken, &rejection)).await
}

/// Writes an entry, over one that is there, whose rows it keeps.
pub(crate) async fn keep(office: &Office, entry: Quarantine) -> Result<Settled, Fault> {
    let Quarantine { source_uid: source, code, stage, .. } = &entry;
    tracing::warn!(%source, %code, stage, "a document is refused");
    let write = |held: Option<&Quarantine>| match held {
        // The same refusal of the same bytes once more is no news.
        Some(held) if held.code == entry.code && knows_all(held, &entry) => None,
        Some(held) => Some(with_history(entry.clone(), held.clone())),
        None => Some(entry.clone()),
    };
    let written = retry(office.retry, || quarantine::amend(&office.output, *source, write));
    Ok(Settled::quarantined(written.await?.unwrap_or(entry)))
}

/// Whether an entry has a receipt for every file of another, as the file is now.
fn knows_all(held: &Quarantine, entry: &Quarantine) -> bool {
    let state = |row: &IntakeRow| (row.uri.clone(), row.size, row.etag.clone(), row.modified_at);
    let known: HashSet<_> = held.rows.intake.iter().map(state).collect();
    // A file that is not there has no state but that.
    entry.rows.intake.iter().all(|row| row.etag.is_none() || known.contains(&state(row)))
        && entry.sources.iter().all(|uri| held.sources.contains(uri))
}

/// An entry that replaces another keeps its rows, since the index keeps them, and its addresses.
fn with_history(mut entry: Quarantine, earlier: Quarantine) -> Quarantine {
    entry.rows.events.extend(trail::refusals(&earlier));
    entry.attempts += earlier.attempts;
    entry.message = earlier.message.filter(|_| entry.code != Code::S01SecretPaper);
    entry.position = earlier.position;
    entry.traceparent = earlier.traceparent;
    entry.partner = entry.partner.or(earlier.partner);
    entry.channel = entry.channel.or(earlier.channel);
    entry.submission = earlier.submission;
    for uri in earlier.sources {
        if !entry.sources.contains(&uri) {
            entry.sources.push(uri);
        }
    }
    let rows = &mut entry.rows;
    for row in &mut rows.intake {
        receipts::replace(row, &earlier.rows.intake);
    }
    let findings: HashSet<Uuid> = rows.findings.iter().map(|row| row.finding_uid).collect();
    let receipts: HashSet<Uuid> = rows.intake.iter().map(|row| row.intake_uid).collect();
    let Rows { findings: old_findings, intake: old_receipts, .. } = earlier.rows;
    rows.findings.extend(old_findings.into_iter().filter(|f| !findings.contains(&f.finding_uid)));
    rows.intake.extend(old_receipts.into_iter().filter(|r| !receipts.contains(&r.intake_uid)));
    entry
}

fn entry(context: &Context, taken: &Taken, rejection: &Rejection) -> Quarantine {
    let outcome = Outcome::Quarantined;
    let verdict = Verdict { outcome, media_type: None, refusal: Some(rejection) };
    // The pages of a file that could not be opened are known from its manifest at best.
    let counted = |index: usize| taken.counted.get(index).and_then(OnceLock::get).copied();
    let pages = |index: usize| {
        let declared = taken.source.files[index].declared.as_ref().and_then(|file| file.pages);
        let pages = counted(index).or(declared).unwrap_or(0);
        FilePages { quarantined: pages as i32, ..FilePages::default() }
    };
    let intake = rows::intake(context, taken, verdict, pages);
    let remark = rows::refusal(rejection);
    let finding =
        rows::finding((context, taken), ("source", taken.uid), remark, rejection.cause.stage);
    let filed = Filed {
        source: taken.uid,
        version: 1,
        province: &context.settings.config.agency.province,
        month: &rows::month(taken),
    };
    let rows = Rows { findings: vec![finding], intake, ..Rows::default() };
    let sources = taken.source.uris();
    let manifest = taken.source.dossier.manifest.as_ref();
    let partner = manifest.map(|manifest| manifest.partner.id.clone());
    let channel = Some(rows::channel(&context.settings.config.input, manifest).to_owned());
    Quarantine {
        sources,
        partner,
        channel,
        ..new(filed, taken.source.dossier.uid, rejection, rows)
    }
}

/// How often the work was tried that ended in a refusal.
fn tries(rejection: &Rejection) -> i32 {
    // The first was another worker's, which told nobody how it ended.
    if rejection.code == Code::X03KilledWorker {
        return 2;
    }
    let error: &(dyn std::error::Error + 'static) = rejection.cause.error.as_ref();
    let said = successors(Some(error), |error| error.source()).find_map(|error| {
        let gave_up = error.downcast_ref::<GaveUp>().map(|gave_up| gave_up.attempts);
        gave_up.or_else(|| match error.downcast_ref() {
            Some(PageFailure::Broken { attempts, .. }) => Some(*attempts),
            _ => None,
        })
    });
    said.and_then(|tries| i32::try_from(tries).ok()).unwrap_or(1)
}

/// A new entry, but for where the bytes are.
pub(crate) fn new(
    filed: Filed<'_>,
    dossier: Uuid,
    rejection: &Rejection,
    rows: Rows,
) -> Quarantine {
    Quarantine {
        schema_version: SCHEMA_VERSION,
        source_uid: filed.source,
        dossier_uid: dossier,
        code: rejection.code,
        sentence: rejection.sentence.clone(),
        stage: rejection.cause.stage.into(),
        error_chain: rejection.cause.chain(),
        attempts: tries(rejection),
        sources: Vec::new(),
        originals: Vec::new(),
        ingest_month: filed.month.to_owned(),
        province: filed.province.to_owned(),
        quarantined_at: now(),
        message: None,
        position: None,
        traceparent: None,
        partner: None,
        channel: None,
        submission: None,
        refused_by: None,
        rows,
    }
}

#[cfg(test)]
mod tests {
    use sohoa_flow::fault::BoxError;
    use sohoa_page_workers::Breakage;

    use super::*;

    #[test]
    fn every_try_counts_of_a_refusal_and_of_those_before_it() {
        let of = |code, error: BoxError| tries(&Rejection::new(code, "read", error));
        let last = std::io::Error::other("no answer").into();
        let gave_up = GaveUp { attempts: 6, seconds: 1.0, last };
        assert_eq!(of(Code::X01StageFailed, gave_up.into()), 6);
        let broken = PageFailure::Broken { reason: Breakage::OutOfMemory, attempts: 3 };
        assert_eq!(of(Code::F13FileFailed, broken.into()), 3);
        assert_eq!(of(Code::X03KilledWorker, "two workers ended".into()), 2);
        assert_eq!(of(Code::F03Encrypted, "the file is locked".into()), 1);

        let filed = Filed { source: Uuid::nil(), version: 1, province: "H08", month: "2026-11" };
        let entry = |code, error: BoxError| {
            new(filed, Uuid::nil(), &Rejection::new(code, "read", error), Rows::default())
        };
        let broken = PageFailure::Broken { reason: Breakage::OutOfMemory, attempts: 3 };
        let earlier = entry(Code::F13FileFailed, broken.into());
        let later = entry(Code::F03Encrypted, "the file is locked".into());
        assert_eq!(with_history(later, earlier).attempts, 4);
    }
}
