//! Kafka at the pipeline's two ends: documents in by the live and the bulk lane, events out.
//!
//! * [`connect`]: from configuration to a client, and errors that name the setting.
//! * [`topics`]: the five topics, and whether they are there.

pub mod connect;
pub mod topics;
