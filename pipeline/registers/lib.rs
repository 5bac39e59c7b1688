//! Reference and operational data as agencies send them: CSV and XLSX files in, rows of the reference
//! tables out, or everything that is wrong with the file at once.
//!
//! ```text
//! file ─> sheets ─> header ─> line ─> rows ─> import (an object that never changes) ─> tables
//!          └─ encoding, merged cells, bounds     └─ findings with sheet, row and column
//! ```
//!
//! * [`read()`]: a file as rows of a [`Kind`], with its [`Finding`]s. One error, and nothing of the
//!   file is taken.
//! * [`import`]: how accepted rows are kept.
//! * [`tables`], [`history`], [`keys`]: the reference tables from all imports.
//! * [`code`]: codes of agencies, procedures and dossiers in all their spellings.
//! * [`encoding`], [`delimited`], [`grid::cleaned`]: text files as spreadsheets save them; `sohoa
//!   amend` reads its own with these.
//!
//! Nothing here touches a store: the program keeps imports and writes tables.

pub mod code;
pub mod delimited;
pub mod encoding;
pub mod finding;
pub mod fuzzing;
pub mod grid;
mod header;
pub mod history;
mod holders;
pub mod import;
pub mod keys;
mod kinds;
mod legacy;
mod limits;
mod line;
mod overlap;
mod posts;
mod read;
mod sheets;
pub mod tables;
mod value;
mod workbook;

pub use finding::{Finding, Severity};
pub use header::Field;
pub use import::Import;
pub use kinds::{Kind, Rows};
pub use limits::Limits;
pub use line::{Context, Hide};
pub use read::{Options, Reading, read};
