//! Corrections by hand: what recognition could not read, a person types; what it misread, a person
//! puts right.
//!
//! ```text
//! documents ─> gaps ─> crops, CSV ─> (a clerk types) ─> sheet ─> plan ─> versions ─> channel ─> index
//! ```
//!
//! A published document is immutable, so a correction is a **new version** of its record: the same
//! parts, named again where they lie (the signed PDF keeps its bytes), and rows of which only the
//! amended columns, and what follows from them, are others. `record.json` of the version is created
//! if absent: of two corrections at once one is first, and the other is made anew on top of it.
//!
//! * [`field`], [`value`]: the columns that may be set, by which names, and what they take.
//! * [`sheet`]: the CSV file as spreadsheets save it.
//! * [`row`]: values into a document's row, with everything that is derived from them.
//! * [`version`]: a record's next version.
//! * [`carry`]: corrections outlive `--reprocess`.
//! * [`plan`]: all of a sheet checked before any of it is done, then done.
//! * [`gaps`], [`zone`], [`crop`], [`list`]: what is missing, and the picture of where it stands.

mod carry;
mod crop;
mod field;
mod gaps;
mod list;
mod plan;
mod row;
mod sheet;
mod value;
pub(crate) mod version;
mod zone;

pub(crate) use carry::carry;
pub(crate) use field::Field;
pub(crate) use gaps::Gap;
pub(crate) use list::{List, list};
pub(crate) use plan::{Plan, Report};
pub(crate) use sheet::Sheet;

/// Name of this step in errors.
const STAGE: &str = "amend";
