//! Refused documents once more. What was published meanwhile is found done, so that twice does no
//! harm.

use sohoa_flow::Fault;
use sohoa_kafka::{
    Topic,
    submit::{Event, Submitter},
};

use super::{Body, Letter};
use crate::context::now;

/// Sends refused documents again.
#[derive(Debug)]
pub(crate) struct Replay {
    submitter: Option<Submitter>,
    topic: Topic,
    sent: Sent,
}

/// What was sent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sent {
    /// Documents sent.
    pub(crate) sent: u64,
    /// Refusals that cannot be sent again from here.
    pub(crate) left: u64,
}

impl Replay {
    /// Sends through `submitter`; without one, only counts.
    pub(crate) fn new(submitter: Option<Submitter>, live: bool) -> Self {
        let topic = if live { Topic::Live } else { Topic::Bulk };
        Self { submitter, topic, sent: Sent::default() }
    }

    /// Sends one, or says why it cannot be.
    pub(crate) async fn send(
        &mut self,
        letter: &Letter,
    ) -> Result<Result<(), &'static str>, Fault> {
        let message = match &letter.body {
            Body::Document(entry) => entry.message.as_ref(),
            Body::Message(_) => {
                self.sent.left += 1;
                return Ok(Err("the message itself was broken: its sender has to send it again"));
            }
            Body::Damaged(_) => {
                self.sent.left += 1;
                return Ok(Err("the entry is damaged"));
            }
        };
        let Some(message) = message else {
            self.sent.left += 1;
            return Ok(Err("it did not come by a message: sohoa run --reprocess quarantined"));
        };
        self.sent.sent += 1;
        let Some(submitter) = &self.submitter else { return Ok(Ok(())) };
        let time = now().to_rfc3339();
        let event =
            Event { id: &letter.key, source: "sohoa/dead-letters", time: &time, traceparent: None };
        submitter.send(self.topic, message, event).await?;
        Ok(Ok(()))
    }

    /// Waits until the broker has everything.
    pub(crate) async fn finish(self) -> Result<Sent, Fault> {
        if let Some(submitter) = &self.submitter {
            submitter.flush().await?;
        }
        Ok(self.sent)
    }
}
