//! Kafka at the pipeline's two ends: documents in by the live and the bulk lane, events out.
//!
//! * [`connect`]: from configuration to a client, and errors that name the setting.
//! * [`reach`]: whether the brokers answer and let us in, and what is wrong if not.
//! * [`topics`]: the five topics, and whether they are there.
//! * [`claims`]: what may have killed a worker.
//! * [`lane`]: the two lanes, and a message of one.
//! * [`lanes`]: documents in, backpressure, and answers in the order of their positions.
//! * `ends`: how far the lanes reach, and whether their topics are still the same.
//! * [`announcement`]: a message to be sent, and its headers.
//! * [`announce`]: answers and positions in one transaction.
//! * [`releases`]: what an agency says of held documents.
//! * [`survey`]: everything that is needed of a cluster, looked at without changing it.
//! * [`submit`]: documents onto a lane, with proof that they are there.
//! * [`stored`]: documents that are too large for a message.
//! * [`progress`]: how far a group is, asked from outside.
//! * [`word`]: a message as it stands, whatever it says.
//! * [`reader`]: events for the index, from positions that the index remembers.
//!
//! Nothing is lost: a position moves only in the transaction that announces every document before
//! it. Nothing is announced twice by two workers: the transaction carries the generation of the
//! group, and a worker whose partition was taken away cannot commit. A document may be *done*
//! twice; its record is created once. One gap is left: a note of what is in hand ([`claims`]) that a
//! slow broker takes late sets a position back until the next note; a worker that dies just then has
//! some events sent again, which the index drops.

pub mod announce;
pub mod announcement;
pub mod claims;
pub mod connect;
mod ends;
mod keeper;
pub mod lane;
pub mod lanes;
mod partitions;
pub mod progress;
mod pulse;
pub mod raw_message;
pub mod reach;
pub mod reader;
mod reading;
pub mod releases;
pub mod stored;
pub mod submit;
pub mod survey;
pub mod topics;

pub use announcement::{Announcement, Event};
pub use claims::Suspicion;
pub use lane::{Delivery, Lane, Place};
pub use lanes::{Company, LaneHandle, LaneSettings, Lanes};
pub use progress::{PartitionProgress, Progress};
pub use raw_message::RawMessage;
pub use rdkafka::ClientConfig;
pub use reader::Reader;
pub use submit::{Delivered, Submitter};
pub use topics::Topic;
