//! What everybody may know of the records: a catalogue, as Parquet and CSV.
//!
//! A row leaves the index only where all of this is said, not where its contrary is not: access mode
//! `01`, secrecy `none`, state `published` ([`census`] counts what stays and why). A column leaves it
//! only where [`sohoa_schemas::public`] declares it. Page text is not looked at.
//!
//! A subject may name people: that of a decision which the agency opened to everybody (`công khai`) is
//! open like the decision, and a catalogue without it would be of no use. Papers about a person are
//! conditional (`02`) unless somebody says otherwise (Circular 05/2025, domain rule of column
//! `access_mode`), and do not leave. Where one is open all the same and its owner is known, from its
//! manifest or from the case system's list of dossiers, its subject is withheld. What is left is the agency's own choice of words in open papers.
//!
//! The published page of the columns is `schemas/tables/public.txt`.

mod census;
mod columns;
mod owners;
mod write;

pub use census::{Census, census};
pub use columns::page;
pub use write::{ExportError, Files, write};
