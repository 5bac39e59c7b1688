//! One file a command.

pub(crate) mod amend;
pub(crate) mod audit;
pub(crate) mod backfill;
pub(crate) mod batch;
pub(crate) mod check;
pub(crate) mod dead_letters;
pub(crate) mod index;
pub(crate) mod indexer;
pub(crate) mod page_worker;
pub(crate) mod query;
pub(crate) mod release;
pub(crate) mod run;
pub(crate) mod schemas;
pub(crate) mod sign;
pub(crate) mod sweep;
pub(crate) mod timestamp;
pub(crate) mod verify;
pub(crate) mod worker;
