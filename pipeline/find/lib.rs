//! Looking documents up for people who do not write SQL.
//!
//! ```text
//! "quyet dinh 2114 năm 2020" ─> understand ─> Request ─> documents ─> best first
//!                                                 └────> page_text ─> with an excerpt
//! ```
//!
//! * [`Request`]: what is looked for, in parts; [`Request::understand`] finds the parts in what
//!   somebody typed, and [`Request::explanation`] says which.
//! * [`documents`]: looks in the table of documents; [`pages`]: in the words of the pages.
//! * [`received`]: looks among what is held or refused.
//! * [`Hit`]: a document that fits.
//!
//! Parts that the tables have keys and statistics for (uid, dossier code, whole code, owner, dates)
//! become a filter of the query engine, which then skips files and row groups. Words are compared
//! here, row by row: without diacritics, whole words, all of them somewhere in the row. A word typed
//! with its marks finds what is written so first, then what differs in marks only.
//!
//! An owner is known by the keyed hash of a number: of the document, from its manifest, and of the
//! dossier, from the lists of the case system (`sohoa import dossiers`), which know far more of them.
//!
//! Whoever may read the index sees open and conditional documents alike: access mode `02` is a rule
//! for giving copies to others, and a hit names it. Secret papers are in no table.

mod code;
mod columns;
mod excerpt;
mod hit;
mod pages;
mod period;
mod rank;
mod received;
mod request;
mod search;
#[cfg(test)]
mod testing;
mod understand;
mod words;

pub use hit::Hit;
pub use pages::pages;
pub use period::Period;
pub use received::received;
pub use request::Request;
pub use search::{Found, Scans, documents};
pub use understand::Misunderstood;
pub use words::Words;
