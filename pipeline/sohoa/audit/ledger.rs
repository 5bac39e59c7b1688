//! The ledgers: every document that was submitted has its answer, or may still be in its lane.

use chrono::{DateTime, TimeDelta, Utc};
use sohoa_backfill::Ledger;
use sohoa_schemas::ledger::{Chunk, ChunkDocument};

use super::{Audit, Report};
use crate::{
    context::now,
    exit::{Exit, Failure},
    submissions::{BrokenMessages, each_document},
};

/// Looks every submitted document up.
pub(super) async fn check(audit: &Audit<'_>, report: &mut Report) -> Result<(), Failure> {
    let submissions = Ledger::submissions(audit.output).await?;
    if submissions.is_empty() {
        return Ok(());
    }
    let broken = BrokenMessages::read(audit.output).await?;
    let patience = TimeDelta::from_std(audit.settled_within).unwrap_or(TimeDelta::MAX);
    let oldest = now().checked_sub_signed(patience).unwrap_or(DateTime::<Utc>::MIN_UTC);
    for submission in submissions {
        let ledger = match Ledger::new(audit.output.clone(), &submission) {
            Ok(ledger) => ledger,
            Err(error) => {
                report.problem(format!("ledger/{submission}: {error}"));
                continue;
            }
        };
        let checked = each_document((&ledger, audit.index), |chunk, document, answer| {
            report.submitted += 1;
            if answer.is_none() && broken.find(&submission, document).is_none() {
                unsettled(report, chunk, document, oldest);
            }
            Ok(())
        })
        .await;
        // A ledger with a gap or damage says less than it did, and is no reason to stop.
        if let Err(failure) = checked {
            if failure.exit != Exit::Configuration {
                return Err(failure);
            }
            report.problem(format!("ledger/{submission}: {}", failure.chain.join(": ")));
        }
    }
    Ok(())
}

fn unsettled(report: &mut Report, chunk: &Chunk, document: &ChunkDocument, oldest: DateTime<Utc>) {
    if chunk.written_at >= oldest {
        report.submitted_waiting += 1;
        return;
    }
    report.submitted_lost += 1;
    let files = document.files.iter().map(|file| file.key.as_str());
    let addresses: Vec<&str> = files.chain(document.absent.iter().map(String::as_str)).collect();
    report.problem(format!(
        "`{}` was submitted by `{}` before {} and has no answer: its message is lost, or the lane \
         is older than --settled-within; submit it anew, under another name",
        addresses.join(" + "),
        chunk.submission,
        chunk.written_at.format("%Y-%m-%d %H:%M UTC"),
    ));
}
