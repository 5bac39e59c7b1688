//! One message's way to a durable answer.

use std::sync::Arc;

use sohoa_flow::{Fault, Urgency, fault::BoxError, retry::retry};
use sohoa_kafka::{Announcement, Delivery, Suspicion};
use sohoa_publish::quarantine;
use sohoa_schemas::{Code, message::Submission, rows::Outcome};
use sohoa_source::submission::from_message;

use super::{answer, broken};
use crate::{
    context::Context,
    stages::{self, Settled, process::refuse_unless_done},
};

/// Bytes of memory a document takes beside its own: page images on their way between processes.
pub(crate) const OVERHEAD_BYTES: u64 = 8 << 20;

/// A document that ended two workers.
#[derive(Debug, thiserror::Error)]
#[error("two workers ended while they worked on this document, the second on nothing else")]
struct Killed;

/// What came of a message.
#[derive(Debug)]
pub(crate) struct Answered {
    /// What is announced.
    pub(crate) announcements: Vec<Announcement>,
    /// What became of the document; none of a broken message.
    pub(crate) settled: Option<Settled>,
}

/// Takes a message all the way.
///
/// # Errors
/// `Fatal`, or `Retry` once every try is spent: the message is not answered and comes again.
pub(crate) async fn answer(context: &Context, delivery: &Delivery) -> Result<Answered, Fault> {
    let submission = match parse(context, delivery) {
        Ok(submission) => submission,
        Err(why) => return broken_message(context, delivery, &why).await,
    };
    let source = match from_message(submission.clone()) {
        Ok(source) => Arc::new(source),
        Err(error) => return broken_message(context, delivery, &error.to_string()).await,
    };
    if delivery.suspicion == Suspicion::Guilty {
        let settled = refuse_unless_done(context, source, (Code::X03KilledWorker, Killed)).await?;
        return announce(context, delivery, &submission, settled).await;
    }
    let bytes: u64 = source.files.iter().map(|file| file.size).sum();
    let urgency = Urgency::from(delivery.place.lane);
    let _permit = context.budget.acquire_for(urgency, 2 * bytes + OVERHEAD_BYTES).await;
    let settled = stages::process(context, source).await?;
    announce(context, delivery, &submission, settled).await
}

/// Answers a message whose processing broke down, or cannot get past some error of its own.
pub(crate) async fn give_up(
    context: &Context,
    delivery: &Delivery,
    error: impl Into<BoxError>,
) -> Result<Answered, Fault> {
    let submission = match parse(context, delivery) {
        Ok(submission) => submission,
        Err(why) => return broken_message(context, delivery, &why).await,
    };
    let source = match from_message(submission.clone()) {
        Ok(source) => Arc::new(source),
        Err(error) => return broken_message(context, delivery, &error.to_string()).await,
    };
    let settled = refuse_unless_done(context, source, (Code::X01StageFailed, error)).await?;
    announce(context, delivery, &submission, settled).await
}

fn parse(context: &Context, delivery: &Delivery) -> Result<Submission, String> {
    let submission: Submission = serde_json::from_slice(&delivery.payload)
        .map_err(|error| format!("The message is not a submission: {error}"))?;
    if submission.input != context.input_name {
        return Err(format!(
            "The message names the input `{}`, and this worker reads `{}`",
            submission.input, context.input_name
        ));
    }
    Ok(submission)
}

async fn broken_message(
    context: &Context,
    delivery: &Delivery,
    why: &str,
) -> Result<Answered, Fault> {
    let announcements = broken::refuse(context, delivery, why).await?;
    Ok(Answered { announcements, settled: None })
}

async fn announce(
    context: &Context,
    delivery: &Delivery,
    submission: &Submission,
    settled: Settled,
) -> Result<Answered, Fault> {
    if settled.outcome == Outcome::Quarantined {
        let position = delivery.place.position(&context.settings.config.kafka.prefix);
        let remember =
            || quarantine::remember(&context.output, settled.source, (submission, &position));
        retry(context.retry, remember).await?;
    }
    let about = answer::About {
        delivery,
        dossier: submission.dossier.uid,
        submission: submission.submission.as_deref(),
    };
    let announcements = answer::of(context, about, &settled).await?;
    Ok(Answered { announcements, settled: Some(settled) })
}
