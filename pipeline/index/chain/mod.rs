//! The chain of table `events`: one a province, of SHA-256 over each row and the row before it.
//!
//! Of all tables this one is not derived: where an event stands, and behind which other, was decided
//! when it was appended, and no record knows it. So a rebuild keeps the table and adds what is
//! missing, and nothing here ever removes or replaces a row.
//!
//! * [`canonical`]: the text of a row that is hashed.
//! * [`link`]: places and hashes for new rows, on top of the chain's head.
//! * [`append`]: events that come by themselves, and those a rebuild finds missing.
//! * [`check`]: the whole chain read in its order, in constant memory, against signed heads.
//!
//! Two writers cannot fork it. Rows are linked to the head of the state that their commit follows;
//! another writer's commit in between makes it fail, and the next attempt reads the new head. The
//! head is found from the statistics in the log and the last row group of one file.
//!
//! Files of a month hold rising places, and merging takes them in that order, so that reading the
//! files of all months side by side gives the chain without sorting.

mod append;
mod canonical;
mod check;
mod link;
#[cfg(test)]
mod tests;

pub(crate) use append::Trail;
pub use check::{Anchor, ChainFault, ChainReport};
pub use link::Head;
pub(crate) use link::Heads;
