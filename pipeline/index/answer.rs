//! An answer that is being computed: its rows, and what is read for them.
//!
//! The query engine skips files by the statistics in a table's log, and row groups by their own
//! statistics and bloom filters; [`Reading`] says how far that went. It is counted while rows are
//! taken, so it is also how far a long scan has come.

use std::{collections::HashSet, sync::Arc};

use arrow::datatypes::SchemaRef;
use deltalake::datafusion::{
    datasource::{
        physical_plan::{FileGroup, FileScanConfig},
        source::DataSourceExec,
    },
    execution::{SendableRecordBatchStream, TaskContext},
    physical_plan::{
        ExecutionPlan, execute_stream, execute_stream_partitioned,
        metrics::{MetricValue, MetricsSet},
    },
};
use serde::Serialize;

use crate::error::IndexError;

/// An answer; nothing is read before its rows are taken.
#[derive(Debug, Clone)]
pub struct Answer {
    plan: Arc<dyn ExecutionPlan>,
    task: Arc<TaskContext>,
    /// Files of the tables it is about.
    files: usize,
}

/// What has been read for an answer so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// Files of the tables that were asked.
    pub files: usize,
    /// Files among them that partitions and statistics of the log did not exclude.
    pub files_planned: usize,
    /// Pieces the planned files are read in, and pieces that are done.
    pub pieces: usize,
    /// Pieces that are done.
    pub pieces_done: usize,
    /// Row groups excluded by their own minimum and maximum.
    pub row_groups_excluded_by_statistics: usize,
    /// Row groups excluded by their bloom filters.
    pub row_groups_excluded_by_bloom_filters: usize,
    /// Row groups of which rows were read; 0 as well where nothing was asked for in particular.
    pub row_groups_read: usize,
    /// Bytes read.
    pub bytes: usize,
}

impl Answer {
    pub(crate) fn new(plan: Arc<dyn ExecutionPlan>, task: Arc<TaskContext>, files: usize) -> Self {
        Self { plan, task, files }
    }

    /// The columns.
    pub fn schema(&self) -> SchemaRef {
        self.plan.schema()
    }

    /// The rows, in their order.
    ///
    /// # Errors
    /// [`IndexError::Query`] when reading cannot begin.
    pub fn stream(&self) -> Result<SendableRecordBatchStream, IndexError> {
        Ok(execute_stream(Arc::clone(&self.plan), Arc::clone(&self.task))?)
    }

    /// The rows in no order, as streams to be taken at the same time, one a core.
    ///
    /// # Errors
    /// As for [`Answer::stream`].
    pub fn streams(&self) -> Result<Vec<SendableRecordBatchStream>, IndexError> {
        Ok(execute_stream_partitioned(Arc::clone(&self.plan), Arc::clone(&self.task))?)
    }

    /// What has been read so far.
    pub fn reading(&self) -> Reading {
        let mut reading = Reading { files: self.files, ..Reading::default() };
        add(&self.plan, &mut reading);
        reading
    }
}

fn add(plan: &Arc<dyn ExecutionPlan>, reading: &mut Reading) {
    if let Some(source) = plan.downcast_ref::<DataSourceExec>() {
        add_files(source, reading);
    }
    for metric in plan.metrics().iter().flat_map(MetricsSet::iter) {
        match metric.value() {
            MetricValue::PruningMetrics { name, pruning_metrics } => match &**name {
                "row_groups_pruned_statistics" => {
                    reading.row_groups_excluded_by_statistics += pruning_metrics.pruned();
                }
                "row_groups_pruned_bloom_filter" => {
                    reading.row_groups_excluded_by_bloom_filters += pruning_metrics.pruned();
                    reading.row_groups_read += pruning_metrics.matched();
                }
                _ => {}
            },
            MetricValue::Count { name, count } => match &**name {
                "files_processed" => reading.pieces_done += count.value(),
                "bytes_scanned" => reading.bytes += count.value(),
                _ => {}
            },
            _ => {}
        }
    }
    for child in plan.children() {
        add(child, reading);
    }
}

fn add_files(source: &DataSourceExec, reading: &mut Reading) {
    let Some(config) = source.data_source().downcast_ref::<FileScanConfig>() else { return };
    let files = || config.file_groups.iter().flat_map(FileGroup::files);
    // A large file is read in several pieces at once.
    let paths: HashSet<_> = files().map(|file| &file.object_meta.location).collect();
    reading.files_planned += paths.len();
    reading.pieces += files().count();
}

#[cfg(test)]
mod tests {
    use deltalake::datafusion::prelude::{col, lit};
    use futures::TryStreamExt as _;

    use crate::{
        Batch, Table,
        testing::{APPLICATION, FusedStore, index, join, published},
    };

    #[tokio::test]
    async fn a_look_up_reads_the_files_and_row_groups_that_can_hold_it() {
        let mut index = index(&FusedStore::sound());
        // Two files of two months each.
        for (seq, numbers) in [(1, 0..6), (2, 6..12)] {
            let rows = join(numbers.map(|number| published(number, 1)));
            index.append(APPLICATION, &Batch { seq, keys: Vec::new(), rows }).await.unwrap();
        }
        for (filter, planned, read, by_bloom_filters) in [
            // One file has the code; every file's minimum and maximum would let it be there.
            (col("code_full").eq(lit("4/QĐ-UBND")), 4, 1, 3),
            // A dossier of three documents, over two months.
            (col("dossier_code").eq(lit("000.00.000001")), 4, 2, 0),
            // An agency that nobody has: the log's statistics exclude every file.
            (col("custodian_agency_code").eq(lit("H63.09")), 0, 0, 0),
            // A month is a folder.
            (col("ingest_month").eq(lit("2026-10")), 2, 2, 0),
        ] {
            let asked = format!("{filter}");
            let answer = index.scan(Table::Documents, Some(filter), &["code_full"]).await.unwrap();
            for stream in answer.streams().unwrap() {
                stream.try_collect::<Vec<_>>().await.unwrap();
            }
            let reading = answer.reading();
            assert_eq!(reading.files, 4, "{asked}");
            assert_eq!(reading.files_planned, planned, "{asked}");
            assert_eq!(reading.pieces_done, reading.pieces, "{asked}");
            assert_eq!(reading.row_groups_read, read, "{asked}: {reading:?}");
            assert_eq!(reading.row_groups_excluded_by_bloom_filters, by_bloom_filters, "{asked}");
        }
    }
}
