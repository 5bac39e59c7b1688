//! What everybody may know of the records: a catalogue without persons, as Parquet and CSV.
//!
//! A row leaves the index only where all of this is said, not where its contrary is not: access mode
//! `01`, secrecy `none`, state `published` ([`census`] counts what stays and why). A column leaves it
//! only where [`sohoa_schemas::public`] declares it. Page text is not looked at.
//!
//! The published page of the columns is `schemas/tables/public.txt`.

mod census;
mod columns;
mod write;

pub use census::{Census, census};
pub use columns::page;
pub use write::{ExportError, Files, write};
