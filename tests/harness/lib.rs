//! The real services that tests talk to, each on loopback, in a folder of the test's own, and with
//! the faults that a machine room knows: killed, stopped, started again, its network cut.
//!
//! | module | owns |
//! |---|---|
//! | [`certificates`] | an authority of the test's own, and servers it vouches for |
//! | [`kafka`] | a cluster of one or three Kafka brokers |
//! | [`gateway`] | an S3 server over a folder |
//! | [`http`] | somebody between a program and an HTTP server |
//! | [`messages`] | messages in, and the notes of a group |
//! | [`mock`] | a broker in memory, for what a real one cannot be brought to do |
//! | [`pdf`] | the smallest born-digital documents |
//! | [`process`] | a program that runs beside the test and never outlives it |
//! | [`programs`] | our own programs, away from the user's folders |
//! | [`proxy`] | the network in front of any of them |
//! | [`random`] | chance that a seed repeats |
//! | [`reader`] | every committed message of a topic, for judges |
//! | [`s3`] | signed requests to an S3 server |
//! | [`secured`] | a broker that asks who one is, over TLS too |
//! | [`thread`] | one thread of a program that stands still while the rest goes on |
//! | [`wait`] | waiting for a condition, with a bound |
//! | [`watch`] | what is announced, followed while it happens |
//!
//! The programs come from `tests/services/obtain`, by way of the environment (see each module's
//! `available`). Whatever a value here started is gone when the value is dropped, and also when the
//! test is killed before it can drop anything.
//!
//! An unexpected error of a service is a failure of the test: functions panic and say what they
//! were about, with the last lines of the service's log.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]
#![expect(clippy::missing_panics_doc, reason = "said once, above")]

mod acl;
mod broker;
pub mod certificates;
pub mod gateway;
pub mod http;
pub mod kafka;
pub mod messages;
pub mod mock;
pub mod pdf;
mod ports;
pub mod process;
pub mod programs;
pub mod proxy;
pub mod random;
pub mod reader;
pub mod s3;
pub mod secured;
pub mod thread;
pub mod wait;
pub mod watch;

pub use gateway::Gateway;
pub use http::Interceptor;
pub use kafka::Kafka;
pub use proxy::Proxy;
pub use secured::Secured;
pub use wait::{holds_within, wait_until};
