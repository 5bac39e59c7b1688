//! The audit: is everything that was received accounted for, and is everything recorded there?
//!
//! Four sides are held against each other: the **objects** (records, refusals, held states and
//! the parts they name), the **index** rows, the **ledgers** of what was submitted, and, when given,
//! the **input**. What no record names is garbage of interrupted attempts: counted apart, no
//! failure. A submitted document without a receipt is still in its lane, or lost: the message may
//! have been deleted before a worker came to it, and the scan may have left the input since, so that
//! the ledger alone remembers it. Which of the two, only its age says.
//!
//! The expected rows of a whole output are held as sets of hashes, 40 bytes a row; the objects are
//! read one source at a time.

mod input;
mod ledger;
mod objects;
mod report;
mod rows;

pub(crate) use report::Report;
pub(crate) use rows::print;

use std::time::Duration;

use sohoa_index::Index;
use sohoa_source::Walk;
use sohoa_store::Store;

use crate::exit::Failure;

/// What is audited, and how deeply.
#[derive(Debug)]
pub(crate) struct Audit<'a> {
    /// The output.
    pub(crate) output: &'a Store,
    /// Its index.
    pub(crate) index: &'a Index,
    /// The input, to be found whole in the index.
    pub(crate) input: Option<(&'a Store, &'a Walk)>,
    /// How long after it was submitted a document may be without an answer.
    pub(crate) settled_within: Duration,
    /// Read every object and compare its hash.
    pub(crate) full: bool,
}

/// Audits everything.
///
/// # Errors
/// A store or the index cannot be read; what is wrong with the records is in the report.
pub(crate) async fn audit(audit: &Audit<'_>) -> Result<Report, Failure> {
    let mut report = Report::default();
    let expected = objects::check(audit, &mut report).await?;
    rows::check(audit.index, &expected, &mut report).await;
    ledger::check(audit, &mut report).await?;
    if let Some((input, walk)) = audit.input {
        input::check(audit.index, (input, walk), &mut report).await?;
    }
    Ok(report)
}
