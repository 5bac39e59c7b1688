//! Imports: kept as objects first, then made into the reference tables.
//!
//! ```text
//! files ─> read (sohoa-registers) ─> imports/<kind>/<time>-<sha256>.jsonl ─> index/<table>
//!            └─ findings                 created once, never changed      └─ made from the imports
//! ```
//!
//! The tables hold nothing that is not in an import, and every commit says how many imports it
//! knows. So an import that was killed between its object and its table is completed by running it,
//! or any import of the kind, again, and `sohoa index rebuild` makes all tables anew.

mod dossiers;
mod keep;
mod tables;

pub(crate) use keep::{keep, load};
pub(crate) use tables::{agencies, append_events, behind, inventory, rebuild, update};

/// Name of this step in errors.
const STAGE: &str = "import";
