//! Signatures kept good for decades: records below a level are raised to it, and what they rest on is
//! stamped anew before its certificates end.
//!
//! ```text
//! index ─> select ─> work (fetch, raise, verify) ─> version ─> channel ─> index
//! ```
//!
//! A published object is never written over, so a raised PDF is a **new version** of its record: the
//! file is a part of the new version, everything else is named where it lies, as in an amended
//! version. Only the newest stamp has to hold, so versions do not pile up faster than stamps end.
//!
//! * [`select`]: which records, from the index, a page at a time.
//! * [`work`]: one record's PDF, raised and judged before it is published.
//! * [`version`]: the record that says so.
//! * [`seen`]: what is left of it for operators to watch.
//!
//! Interrupted anywhere, the same command again does the rest: what was raised is not taken again,
//! and what was published and not told to the index is told.

pub(crate) mod seen;
mod select;
pub(crate) mod version;
mod work;

pub(crate) use select::{Candidate, Keys, Last, Need, Select};
pub(crate) use work::{Done, LastKept, Means, renew};

/// Name of this step in errors.
const STAGE: &str = "timestamp";
