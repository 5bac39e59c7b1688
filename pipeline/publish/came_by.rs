//! The message that a document came by.

use sohoa_schemas::message::{MessagePosition, Submission};

/// What is kept of it, so that it can be sent again.
#[derive(Debug, Clone, Copy)]
pub struct CameBy<'a> {
    /// The message.
    pub message: &'a Submission,
    /// Where it stood.
    pub position: &'a MessagePosition,
    /// The trace it belongs to.
    pub traceparent: Option<&'a str>,
}
