//! What can go wrong with the index.

use arrow::error::ArrowError;
use deltalake::DeltaTableError;
use parquet::errors::ParquetError;

/// A failure to read or write the index.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// Rows could not be turned into columns, or columns into text.
    #[error("cannot convert rows to columns")]
    Arrow(#[from] ArrowError),
    /// The query is wrong or failed.
    #[error("cannot answer the query")]
    Query(#[from] deltalake::datafusion::error::DataFusionError),
    /// A row type has a column of a type that tables cannot hold.
    #[error("table `{table}`, column `{column}`: the row type's schema has no column type")]
    ColumnType {
        /// The table.
        table: &'static str,
        /// The column.
        column: String,
    },
    /// A table on the store cannot take rows of this program.
    #[error(
        "table `{table}`, column `{column}`: {why}; use the version of sohoa that wrote the index, or \
         move the index folder away and make it anew with `sohoa index rebuild`"
    )]
    Incompatible {
        /// The table.
        table: &'static str,
        /// The column that differs.
        column: String,
        /// In what.
        why: &'static str,
    },
    /// A transaction on a table failed.
    #[error("table `{table}`: the Delta log could not be read or written")]
    Delta {
        /// The table.
        table: &'static str,
        /// The cause.
        #[source]
        source: Box<DeltaTableError>,
    },
    /// A data file could not be read.
    #[error("table `{table}`: `{file}` could not be read")]
    DataFile {
        /// The table.
        table: &'static str,
        /// Key of the file under the table.
        file: String,
        /// The cause.
        #[source]
        source: ParquetError,
    },
    /// Files cannot be listed or deleted.
    #[error("the files of the index cannot be listed or deleted")]
    Store(#[from] object_store::Error),
    /// Another writer was first, or may have been.
    #[error("table `{0}` was written by another process meanwhile: run the command again")]
    Busy(&'static str),
    /// The tables are being made anew.
    #[error(
        "the tables are being made anew by `sohoa index rebuild`: run the command again when that is \
         done, or ten minutes after it was killed"
    )]
    Rebuilding,
    /// Whether somebody lives cannot be told by these clocks.
    #[error("the clocks of this machine and of the store differ by {minutes} minutes: set them")]
    Clock {
        /// By so much.
        minutes: i64,
    },
    /// Other writers took the files that were to be compacted, again and again.
    #[error(
        "table `{0}`: other writers replaced its files as often as they were put in order; what is \
         done stays done: run the command again"
    )]
    Contended(&'static str),
    /// The address cannot be extended with table names.
    #[error("`{0}` cannot hold tables: give a folder or bucket address")]
    Address(url::Url),
    /// Writing an answer failed.
    #[error("cannot write the answer")]
    Output(#[from] std::io::Error),
}

impl IndexError {
    pub(crate) fn delta(table: &'static str) -> impl Fn(DeltaTableError) -> Self {
        move |source| Self::Delta { table, source: Box::new(source) }
    }

    pub(crate) fn data_file(
        table: &'static str,
        file: impl Into<String>,
    ) -> impl FnOnce(ParquetError) -> Self {
        let file = file.into();
        move |source| Self::DataFile { table, file, source }
    }
}
