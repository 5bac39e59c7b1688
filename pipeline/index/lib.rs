//! The index: Delta Lake tables of documents, pages, text, signatures, findings, received files and
//! events, on any object store with atomic create (`PutMode::Create`), through the one store the program has
//! configured.
//!
//! ```text
//! Rows of records ──> append ──> Delta tables ──> query, finished, files
//!      all records ─> rebuild ─┘      └─ merge, compact, vacuum, verify, stats
//! ```
//!
//! * [`Table`]: the tables; their columns are derived from the row types of `sohoa-schemas`, and
//!   published as `schemas/tables/*.txt`.
//! * [`Index::append`]: each row once, however often and however interrupted; a document row implies
//!   its pages, text, signatures, findings and receipt.
//! * [`Index::rebuild`]: the tables anew from the records.
//! * [`Index::append_events`], [`Index::check_events`]: the audit trail, one chain of hashes a province.
//! * [`Index::query`], [`Index::scan`], [`Index::finished`], [`Index::files`]: reading, with what was
//!   [read](Reading) for it; [`output`]: answers as text.
//! * [`Register`], [`Index::register`]: the reference tables, which come from imports.
//! * [`Index::compact`], [`Index::vacuum`], [`Index::verify_files`], [`Index::stats`]: upkeep beside
//!   running writers and readers. Small files are merged by every append; the rest is asked for.
//!
//! # Upkeep
//! A commit that only moves rows ([`Index::compact`]) is made again on whatever others committed
//! meanwhile, as long as the files it read are still there; else those that are left are read again.
//! Nothing deletes a file but [`Index::vacuum`], and it spares what any state of the retention names:
//! the tables keep a note of each removed file for that long ([`RETENTION_DAYS`] unless told
//! otherwise). The log itself is kept for a quarter of an hour and from the checkpoint before it: a
//! reader that has opened a state needs its files, not its log.
//!
//! Several writers do no harm: what an append knows of a table holds only while nobody else commits
//! to it, and is looked up again otherwise. They only cost each other time.
//!
//! # For other readers
//! The tables are Delta Lake, protocol reader 1 and writer 2, without deletion vectors, column
//! mapping or `timestamp_ntz`: DuckDB's `delta_scan`, Polars, Spark, Trino and pandas read them.
//! Partition columns (`province`, `ingest_month`) are not inside the Parquet files: a plain reader
//! takes the list of [`Index::files`] and reads the columns from the paths
//! (`read_parquet([…], hive_partitioning = true)`). A listing of the folder is never a table: it
//! holds merged, replaced and uncommitted files, too. `schemas/index.md` describes every column.
//! Rows of `pages`, `page_text`, `signatures` and `findings` stay when a document gets a new version:
//! join them on `document_uid` (or `source_uid`) **and** `version`.
//!
//! # Costs
//! Nothing is kept in memory between appends but each table's list of files, which merging keeps
//! short. An append reads the end and the bloom filters of every file of its months in `documents`
//! and `intake`, and of other months' `intake` files that hold more than published rows; file and
//! filter sizes grow with the rows of a month, about ten bits a row. A replaced row costs writing its
//! file anew (at most 32 MiB).

// A test writes a row of many columns as JSON.
#![cfg_attr(test, recursion_limit = "256")]

mod agree;
mod answer;
mod append;
mod batch;
#[cfg(test)]
mod beside;
mod chain;
mod checkpoint;
mod columns;
mod compact;
mod error;
#[cfg(test)]
mod evolution;
mod files;
mod known;
#[cfg(feature = "measure")]
mod load;
mod log;
#[cfg(all(test, feature = "measure"))]
mod measure;
mod merge;
mod object_file;
mod order;
pub mod output;
mod page;
mod place;
mod read;
mod rebuild;
mod register;
mod stats;
mod stored;
mod table;
#[cfg(test)]
mod testing;
mod vacuum;
mod verify;

use std::{collections::HashSet, sync::Arc};

use object_store::ObjectStore;
use url::Url;

#[cfg(feature = "measure")]
pub use self::load::places;
pub use self::{
    answer::{Answer, Reading},
    append::{Appended, Position},
    batch::Batch,
    chain::{Anchor, ChainFault, ChainReport, Head},
    columns::{COMMENT, DESCRIPTION, STANDARD},
    compact::{Compacted, Unit},
    error::IndexError,
    page::page,
    read::Finished,
    rebuild::Rebuilt,
    register::{FindAgency, Month, Register, RegisterState, Rewrite},
    stats::TableStats,
    stored::Stored,
    table::{INGEST_MONTH, PARTITION_COLUMNS, PROVINCE, Table},
    vacuum::{RETENTION_DAYS, Vacuumed},
    verify::{Depth, Difference},
};
use crate::{log::TableLog, register::RegisterStore};

/// The index of one output.
#[derive(Debug)]
pub struct Index {
    url: Url,
    /// Rooted at the index's folder.
    store: Arc<dyn ObjectStore>,
    /// In the order of [`Table::ALL`].
    logs: Vec<TableLog>,
    registers: RegisterStore,
    /// Applications of which some table has a batch that another has not.
    lagging: HashSet<String>,
}

impl Index {
    /// Names the index that lies in `store`, a store rooted at the index's folder; `url` is the
    /// address of that folder for other readers. Tables are created by the first append.
    ///
    /// # Errors
    /// [`IndexError::Address`] when `url` cannot have folders.
    pub fn open(store: &Arc<dyn ObjectStore>, mut url: Url) -> Result<Self, IndexError> {
        if url.cannot_be_a_base() {
            return Err(IndexError::Address(url));
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let logs = Table::ALL
            .into_iter()
            .map(|table| TableLog::new(table, store))
            .collect::<Result<_, _>>()?;
        let registers = RegisterStore::new(store);
        Ok(Self { url, store: Arc::clone(store), logs, registers, lagging: HashSet::new() })
    }

    /// Lets every append look all rows up in all tables, as after an interruption: for who cannot
    /// know what of a batch is there already.
    pub fn doubt(&mut self) {
        // No application has this name.
        self.lagging.insert(String::new());
    }

    pub(crate) fn log(&self, table: Table) -> &TableLog {
        &self.logs[table as usize]
    }

    pub(crate) fn log_mut(&mut self, table: Table) -> &mut TableLog {
        &mut self.logs[table as usize]
    }
}
