//! The index: Delta Lake tables of documents, pages, text, signatures, findings and received files,
//! on any object store with atomic create (`PutMode::Create`), through the one store the program has
//! configured.
//!
//! ```text
//! Rows of records ──> append ──> Delta tables ──> query, finished, files
//!      all records ─> rebuild ─┘      └─ compact, sweep
//! ```
//!
//! * [`Table`]: the tables; their columns are derived from the row types of `sohoa-schemas`, and
//!   published as `schemas/tables/*.txt`.
//! * [`Index::append`]: each row once, however often and however interrupted; a document row implies
//!   its pages, text, signatures, findings and receipt.
//! * [`Index::rebuild`]: the tables anew from the records.
//! * [`Index::query`], [`Index::scan`], [`Index::finished`], [`Index::files`]: reading, with what was
//!   [read](Reading) for it; [`output`]: answers as text.
//! * [`Index::compact`], [`Index::sweep`]: upkeep. Merging happens by itself, sweeping does not.
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
//! holds merged, replaced and uncommitted files, too.
//! Rows of `pages`, `page_text`, `signatures` and `findings` stay when a document gets a new version:
//! join them on `document_uid` (or `source_uid`) **and** `version`.
//!
//! # Costs
//! Nothing is kept in memory between appends but each table's list of files, which merging keeps
//! short. An append reads the end and the bloom filters of every file of its months in `documents`
//! and `intake`, and of other months' `intake` files that hold more than published rows; file and
//! filter sizes grow with the rows of a month, about ten bits a row. A replaced row costs writing its
//! file anew (at most 32 MiB).

mod answer;
mod append;
mod batch;
mod columns;
mod compact;
mod error;
mod files;
mod known;
mod log;
#[cfg(all(test, feature = "measure"))]
mod measure;
mod object_file;
pub mod output;
mod read;
mod rebuild;
mod table;
#[cfg(test)]
mod testing;

use std::{collections::HashSet, sync::Arc};

use object_store::ObjectStore;
use url::Url;

pub use self::{
    answer::{Answer, Reading},
    append::{Appended, Position},
    batch::Batch,
    columns::{COMMENT, DESCRIPTION, STANDARD},
    error::IndexError,
    read::Finished,
    table::{INGEST_MONTH, PARTITION_COLUMNS, PROVINCE, Table},
};
use crate::log::TableLog;

/// The index of one output.
#[derive(Debug)]
pub struct Index {
    url: Url,
    /// In the order of [`Table::ALL`].
    logs: Vec<TableLog>,
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
        Ok(Self { url, logs, lagging: HashSet::new() })
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
