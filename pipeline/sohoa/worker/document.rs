//! One message's way to a durable answer.

use std::sync::Arc;

use sohoa_flow::{FatalKind, Fault, Urgency, fault::BoxError, retry::retry};
use sohoa_kafka::{
    Announcement, Delivery, Suspicion,
    stored::{self, Unreadable},
};
use sohoa_publish::{CameBy, holding, quarantine};
use sohoa_schemas::{
    Code,
    message::{MessagePosition, Submission},
    rows::Outcome,
};
use sohoa_source::{Source, submission::from_message};

use super::{answer, inputs::Inputs};
use crate::{
    broken,
    context::Context,
    stages::{
        self, Settled,
        process::refuse_unless_done,
        take_in::{footprint, largest},
    },
};

const STAGE: &str = "message";

/// A document that ended two workers.
#[derive(Debug, thiserror::Error)]
#[error("two workers ended while they worked on this document, the second on nothing else")]
struct Killed;

/// Why a message gives no document to work on.
#[derive(Debug)]
enum Misunderstood {
    /// It is no submission.
    Broken(String),
    /// It is one, and this worker was not told where its files are.
    Elsewhere(UnknownInput),
    /// What it says lies in a store that does not answer.
    Unread(Fault),
}

/// The message is good; this worker's command line lacks something.
#[derive(Debug, thiserror::Error)]
#[error(
    "the message at {place} names the input `{input}`, and this worker reads {known}: start it \
     with --input {input}=ADDRESS as well"
)]
struct UnknownInput {
    input: String,
    known: String,
    place: String,
}

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
pub(crate) async fn answer(inputs: &Inputs, delivery: &Delivery) -> Result<Answered, Fault> {
    let (context, submission, source) = match understand(inputs, delivery).await {
        Ok(understood) => understood,
        Err(misunderstood) => return not_understood(inputs.any(), delivery, misunderstood).await,
    };
    if delivery.suspicion == Suspicion::Guilty {
        let settled = refuse_unless_done(context, source, (Code::X03KilledWorker, Killed)).await?;
        return announce(context, delivery, &submission, settled).await;
    }
    let urgency = Urgency::from(delivery.place.lane);
    let bytes = footprint(&source, largest(context));
    let permit = context.budget.acquire_for(urgency, bytes).await;
    let settled = stages::process(context, source, permit).await?;
    announce(context, delivery, &submission, settled).await
}

/// Whether the worker ends because a message names an input it does not know.
pub(crate) fn is_for_another_input(fault: &Fault) -> bool {
    matches!(fault, Fault::Fatal(fatal) if fatal.cause.error.is::<UnknownInput>())
}

/// Answers a message whose processing broke down, or cannot get past some error of its own.
pub(crate) async fn give_up(
    inputs: &Inputs,
    delivery: &Delivery,
    error: impl Into<BoxError>,
) -> Result<Answered, Fault> {
    let (context, submission, source) = match understand(inputs, delivery).await {
        Ok(understood) => understood,
        Err(misunderstood) => return not_understood(inputs.any(), delivery, misunderstood).await,
    };
    let settled = refuse_unless_done(context, source, (Code::X01StageFailed, error)).await?;
    announce(context, delivery, &submission, settled).await
}

/// The document of a message and how it is worked on, or why it is none.
async fn understand<'a>(
    inputs: &'a Inputs,
    delivery: &Delivery,
) -> Result<(&'a Context, Submission, Arc<Source>), Misunderstood> {
    let read = stored::submission(&inputs.any().output, &delivery.payload).await;
    let submission = read.map_err(|error| match error {
        Unreadable::Store(fault) => Misunderstood::Unread(fault),
        error => Misunderstood::Broken(error.to_string()),
    })?;
    let source = from_message(submission.clone())
        .map_err(|error| Misunderstood::Broken(error.to_string()))?;
    let Some(context) = inputs.of(&submission.input, delivery.place.lane) else {
        let MessagePosition { topic, partition, offset } =
            delivery.place.position(&inputs.any().settings.config.kafka.prefix);
        return Err(Misunderstood::Elsewhere(UnknownInput {
            input: submission.input,
            known: inputs.names(),
            place: format!("{topic}, partition {partition}, offset {offset}"),
        }));
    };
    Ok((context, submission, Arc::new(source)))
}

/// The answer to a message that gives no document.
async fn not_understood(
    context: &Context,
    delivery: &Delivery,
    misunderstood: Misunderstood,
) -> Result<Answered, Fault> {
    match misunderstood {
        Misunderstood::Broken(why) => refused(context, delivery, &why).await,
        // Once, for somebody to add the input: else a worker that lacks one would empty the lane. The
        // second time it is the message that is wrong, and would stop one worker after the other.
        Misunderstood::Elsewhere(error) if delivery.suspicion == Suspicion::None => {
            Err(Fault::fatal(FatalKind::Configuration, STAGE, error))
        }
        Misunderstood::Elsewhere(error) => refused(context, delivery, &error.to_string()).await,
        Misunderstood::Unread(fault) => Err(fault),
    }
}

/// Keeps a broken message; its announcement goes with its position.
async fn refused(context: &Context, delivery: &Delivery, why: &str) -> Result<Answered, Fault> {
    let raw = delivery.raw(&context.settings.config.kafka.prefix);
    let letter = broken::keep((&context.output, context.retry), &raw, why).await?;
    let announcements = vec![broken::announcement(&letter, &raw, answer::SOURCE)?];
    Ok(Answered { announcements, settled: None })
}

async fn announce(
    context: &Context,
    delivery: &Delivery,
    submission: &Submission,
    settled: Settled,
) -> Result<Answered, Fault> {
    let position = delivery.place.position(&context.settings.config.kafka.prefix);
    let traceparent = answer::trace(delivery);
    let came_by = CameBy { message: submission, position: &position, traceparent };
    match settled.outcome {
        Outcome::Quarantined => {
            let remember = || quarantine::remember(&context.output, settled.source, came_by);
            retry(context.retry, remember).await?;
        }
        Outcome::Held => {
            let remember = || holding::remember(&context.output, &settled.key, came_by);
            retry(context.retry, remember).await?;
        }
        Outcome::Published => {}
    }
    let about = answer::About {
        delivery,
        dossier: submission.dossier.uid,
        submission: submission.submission.as_deref(),
    };
    let announcements = answer::of(context, about, &settled).await?;
    Ok(Answered { announcements, settled: Some(settled) })
}
