//! `sohoa worker`: the same stages, fed by the two lanes of Kafka. Any number of workers may run.
//!
//! ```text
//! live ─┐            ┌─ slots ─> stages ─> record.json ─┐
//!       ├─> roster ──┤                                  ├─> answers ─> events + positions
//! bulk ─┘   (few)    └─ budget in bytes                 ┘   in order   in one transaction
//! ```
//!
//! * `inputs`: where documents come from, by name.
//! * `roster`: what is begun next, of the few that wait for a slot.
//! * `driver`: shutdown, and what happens when a document fails.
//! * `document`: one message's way to a durable answer.
//! * `answer`: what is announced of it.
//! * `broken`: messages that are none.
//! * `releases`: what an agency says of held documents, beside the lanes.
//! * `passed`: held states that were looked at and wait for somebody else.
//! * `waiting`: what was released and held for an authority, gone on with once it answers.

mod answer;
mod document;
mod driver;
mod inputs;
mod passed;
mod releases;
mod roster;
mod waiting;

pub(crate) use driver::{Ending, drive};
pub(crate) use inputs::Inputs;
pub(crate) use releases::follow;
pub(crate) use waiting::go_on;
