//! Kafka at the pipeline's two ends: documents in by the live and the bulk lane, events out.
//!
//! * [`connect`]: from configuration to a client, and errors that name the setting.
//! * [`topics`]: the five topics, and whether they are there.
//! * [`submit`]: documents onto a lane, with proof that they are there.
//! * [`progress`]: how far a group is, asked from outside.

pub mod connect;
pub mod progress;
pub mod submit;
pub mod topics;

pub use progress::{PartitionProgress, Progress};
pub use submit::{Delivered, Event, Submitter};
