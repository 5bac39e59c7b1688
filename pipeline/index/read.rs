//! Reading: SQL over the tables, the files for other readers, and what an input has finished.
//!
//! A query reads only the tables it names, so that somebody without access to `page_text` can ask
//! the others; a table that does not exist yet is empty. Queries cannot change anything.

use std::sync::Arc;

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::{FieldRef, Int32Type, Int64Type, SchemaRef, TimestampMicrosecondType},
    error::ArrowError,
};
use chrono::{DateTime, Utc};
use deltalake::{
    datafusion::{
        catalog::TableProvider,
        common::ScalarValue,
        config::Dialect,
        datasource::empty::EmptyTable,
        error::DataFusionError,
        execution::{
            SendableRecordBatchStream, context::SQLOptions, runtime_env::RuntimeEnvBuilder,
        },
        prelude::{Expr, SessionContext, col, ident, lit},
    },
    delta_datafusion::DeltaSessionContext,
};
use futures::{Stream, StreamExt as _};
use sohoa_schemas::rows::Outcome;
use uuid::Uuid;

use crate::{
    Answer, Index, error::IndexError, files::text_column, register::Register, stored::Stored,
    table::Table,
};

/// Memory one query may use for sorting, grouping and joining; beyond it spills to disk.
const QUERY_BYTES: usize = 1 << 30;

/// A received file whose outcome is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Address of the file, relative to the input.
    pub uri: String,
    /// Entity tag of the store, when it gave one.
    pub etag: Option<String>,
    /// Bytes.
    pub size: i64,
    /// Last change as the store said.
    pub modified_at: DateTime<Utc>,
    /// What became of it.
    pub outcome: Outcome,
    /// Version of the record the outcome belongs to.
    pub version: i32,
    /// The source it belongs to.
    pub source_uid: Uuid,
    /// Pages the container holds.
    pub pages: i32,
}

impl Index {
    /// Answers a `SELECT` over the tables by their names; the batches come as they are computed.
    ///
    /// # Errors
    /// [`IndexError::Query`] for a query that is wrong or would change something,
    /// [`IndexError::Delta`] when a table it names cannot be opened.
    pub async fn query(&self, sql: &str) -> Result<SendableRecordBatchStream, IndexError> {
        self.answer(sql).await?.stream()
    }

    /// As [`Index::query`], for who wants to see what is read as well.
    ///
    /// # Errors
    /// As for [`Index::query`].
    pub async fn answer(&self, sql: &str) -> Result<Answer, IndexError> {
        let context = session()?;
        let mut files = 0;
        let state = context.state();
        let statement = state.sql_to_statement(sql, &Dialect::Generic)?;
        for name in state.resolve_table_references(&statement)? {
            if let Some(table) = Table::from_name(name.table()) {
                files += self.register_table(&context, table).await?;
            } else if let Some(register) = Register::from_name(name.table()) {
                let provider = self.registers.provider(register, &context).await?;
                context.register_table(register.name(), provider)?;
            }
        }
        // The state is taken anew: it holds the tables registered above.
        let plan = context.state().statement_to_plan(statement).await?;
        SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false)
            .verify_plan(&plan)?;
        let plan = context.execute_logical_plan(plan).await?.create_physical_plan().await?;
        Ok(Answer::new(plan, context.task_ctx(), files))
    }

    /// `columns` of the rows of one table that `filter` lets through.
    ///
    /// # Errors
    /// As for [`Index::query`].
    pub async fn scan(
        &self,
        table: Table,
        filter: Option<Expr>,
        columns: &[&str],
    ) -> Result<Answer, IndexError> {
        let context = session()?;
        let files = self.register_table(&context, table).await?;
        let mut rows = context.table(table.name()).await?;
        if let Some(filter) = filter {
            rows = rows.filter(filter)?;
        }
        let plan = rows.select_columns(columns)?.create_physical_plan().await?;
        Ok(Answer::new(plan, context.task_ctx(), files))
    }

    /// Rows of a table, as its log says; reads no data file.
    ///
    /// # Errors
    /// [`IndexError::Delta`] when the table cannot be opened.
    pub async fn rows(&self, table: Table) -> Result<usize, IndexError> {
        let log = self.log(table);
        let Some(state) = log.newest().await? else { return Ok(0) };
        let snapshot = state.snapshot().map_err(|error| log.error(error))?;
        Ok(snapshot.log_data().iter().filter_map(|file| file.num_records()).sum())
    }

    /// The settled files of an input, in no order; more than one for an address whose bytes
    /// changed. Holds one batch in memory; the columns read are about a hundred bytes a file.
    ///
    /// # Errors
    /// As for [`Index::query`].
    pub async fn finished(
        &self,
        source_name: &str,
    ) -> Result<impl Stream<Item = Result<Finished, IndexError>> + Send + use<>, IndexError> {
        let context = session()?;
        self.register_table(&context, Table::Intake).await?;
        let rows = context
            .table(Table::Intake.name())
            .await?
            .filter(col("source_name").eq(lit(source_name)))?
            .select_columns(&[
                "uri",
                "etag",
                "size",
                "modified_at",
                "outcome",
                "version",
                "source_uid",
                "pages",
            ])?
            .execute_stream()
            .await?;
        Ok(rows.flat_map(|batch| {
            let files = match batch.map_err(IndexError::from).and_then(|b| finished_files(&b)) {
                Ok(files) => files.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            };
            futures::stream::iter(files)
        }))
    }

    /// The current data files of a table, for readers that do not know Delta: paths where the index
    /// is a folder, else addresses. Such a reader must not list the folder itself: it holds files of
    /// former states, too. Partition columns are in the paths (`province=…/ingest_month=…`).
    ///
    /// # Errors
    /// [`IndexError::Delta`] when the table cannot be opened.
    pub async fn files(&self, table: impl Into<Stored>) -> Result<Vec<String>, IndexError> {
        let place = self.place(table.into());
        let Some(state) = place.newest().await? else { return Ok(Vec::new()) };
        let root = match self.url.to_file_path() {
            Ok(folder) => format!("{}/", folder.display().to_string().trim_end_matches('/')),
            Err(()) => self.url.to_string(),
        };
        let files = place.files(&state)?;
        let mut files: Vec<_> =
            files.iter().map(|file| format!("{root}{}/{}", place.name, file.path)).collect();
        files.sort();
        Ok(files)
    }

    /// Lets a query see a table; says how many files it has.
    async fn register_table(
        &self,
        context: &SessionContext,
        table: Table,
    ) -> Result<usize, IndexError> {
        let log = self.log(table);
        let mut files = 0;
        let provider: Arc<dyn TableProvider> = match log.newest().await? {
            Some(state) => {
                state
                    .update_datafusion_session(&context.state())
                    .map_err(|error| log.error(error))?;
                let snapshot = state.snapshot().map_err(|error| log.error(error))?;
                files = snapshot.log_data().num_files();
                let held = state.table_provider().build().await?;
                whole(context, Arc::new(held), &log.schema)?
            }
            None => Arc::new(EmptyTable::new(Arc::clone(&log.schema))),
        };
        context.register_table(table.name(), provider)?;
        Ok(files)
    }
}

/// A table with all columns that this program knows: those that no program has added to it yet are
/// null, as they will be in its rows.
fn whole(
    context: &SessionContext,
    held: Arc<dyn TableProvider>,
    schema: &SchemaRef,
) -> Result<Arc<dyn TableProvider>, IndexError> {
    let own = held.schema();
    let is_new = |field: &&FieldRef| own.field_with_name(field.name()).is_err();
    let new: Vec<&FieldRef> = schema.fields().iter().filter(is_new).collect();
    if new.is_empty() {
        return Ok(held);
    }
    let null = |field: &&FieldRef| {
        let value = ScalarValue::try_from(field.data_type())?;
        Ok(lit(value).alias(field.name()))
    };
    let nulls = new.iter().map(null).collect::<Result<Vec<_>, DataFusionError>>()?;
    let columns = own.fields().iter().map(|field| ident(field.name())).chain(nulls);
    Ok(context.read_table(held)?.select(columns.collect::<Vec<_>>())?.into_view())
}

pub(crate) fn session() -> Result<SessionContext, IndexError> {
    let runtime = RuntimeEnvBuilder::new().with_memory_limit(QUERY_BYTES, 1.0).build_arc()?;
    Ok(DeltaSessionContext::with_runtime_env(runtime).into_inner())
}

fn finished_files(batch: &RecordBatch) -> Result<Vec<Finished>, IndexError> {
    let [uri, etag, outcome, source_uid] =
        ["uri", "etag", "outcome", "source_uid"].map(|column| text_column(batch, column));
    let (uri, etag, outcome, source_uid) = (uri?, etag?, outcome?, source_uid?);
    let column = |name: &str| Ok::<_, IndexError>(batch.column(batch.schema_ref().index_of(name)?));
    let wrong = |name: &str| ArrowError::SchemaError(format!("column `{name}` has another type"));
    let number = |name: &'static str| {
        column(name)?.as_primitive_opt::<Int32Type>().ok_or_else(|| wrong(name).into())
    };
    let (version, pages): (Result<_, IndexError>, Result<_, IndexError>) =
        (number("version"), number("pages"));
    let (version, pages) = (version?, pages?);
    let size = column("size")?.as_primitive_opt::<Int64Type>().ok_or_else(|| wrong("size"))?;
    let modified = column("modified_at")?
        .as_primitive_opt::<TimestampMicrosecondType>()
        .ok_or_else(|| wrong("modified_at"))?;
    (0..batch.num_rows())
        .map(|row| {
            let unreadable = |what: &str| {
                IndexError::from(ArrowError::ParseError(format!(
                    "intake of `{}`: {what} cannot be read",
                    uri.value(row)
                )))
            };
            Ok(Finished {
                uri: uri.value(row).to_owned(),
                etag: etag.is_valid(row).then(|| etag.value(row).to_owned()),
                size: size.value(row),
                modified_at: DateTime::from_timestamp_micros(modified.value(row))
                    .ok_or_else(|| unreadable("modified_at"))?,
                outcome: serde_json::from_value(outcome.value(row).into())
                    .map_err(|_| unreadable("outcome"))?,
                version: version.value(row),
                source_uid: source_uid.value(row).parse().map_err(|_| unreadable("source_uid"))?,
                pages: pages.value(row),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;

    use super::*;
    use crate::{
        Batch,
        testing::{APPLICATION, FusedStore, held, index, join, published, select, source_uid},
    };

    #[tokio::test]
    async fn queries_join_tables_and_missing_tables_are_empty() {
        let mut index = index(&FusedStore::sound());
        assert_eq!(select(&index, "SELECT * FROM signatures").await, Vec::<String>::new());
        let rows = join((0..3).map(|number| published(number, 1)));
        index.append(APPLICATION, &Batch { seq: 1, keys: Vec::new(), rows }).await.unwrap();
        let answer = select(
            &index,
            "WITH p AS (SELECT document_uid, count(*) AS n FROM pages GROUP BY document_uid)
             SELECT d.code_full, p.n FROM documents d JOIN p USING (document_uid)
             WHERE d.organ_name = 'ỦY BAN NHÂN DÂN TỈNH BÌNH ĐÔNG' ORDER BY 1",
        )
        .await;
        assert_eq!(
            answer,
            [r#"{"code_full":"0/QĐ-UBND","n":2}"#, r#"{"code_full":"2/QĐ-UBND","n":2}"#]
        );
    }

    #[tokio::test]
    async fn queries_cannot_change_anything() {
        let index = index(&FusedStore::sound());
        for sql in [
            "DROP TABLE documents",
            "INSERT INTO documents SELECT * FROM documents",
            "COPY documents TO '/tmp/documents.csv'",
            "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
            "SET datafusion.execution.batch_size = 1",
        ] {
            assert!(index.query(sql).await.is_err(), "{sql}");
        }
    }

    #[tokio::test]
    async fn finished_files_of_one_input_are_listed() {
        let mut index = index(&FusedStore::sound());
        let rows = join([published(0, 1), held(1)]);
        index.append(APPLICATION, &Batch { seq: 1, keys: Vec::new(), rows }).await.unwrap();
        let mut files: Vec<Finished> =
            index.finished("scans").await.unwrap().try_collect().await.unwrap();
        files.sort_by_key(|file| file.size);
        assert_eq!(files.len(), 2);
        assert_eq!(files[0].outcome, Outcome::Published);
        assert_eq!(files[0].etag, None);
        assert_eq!(files[0].uri, "hồ sơ 0/0.pdf");
        assert_eq!(files[1].outcome, Outcome::Held);
        assert_eq!(files[1].source_uid, source_uid(1));
        assert_eq!(files[1].modified_at.to_rfc3339(), "2026-11-03T00:53:43.000456+00:00");
        let none: Vec<Finished> =
            index.finished("others").await.unwrap().try_collect().await.unwrap();
        assert!(none.is_empty());
    }

    #[tokio::test]
    async fn files_of_a_folder_are_paths_that_exist() {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn object_store::ObjectStore> =
            Arc::new(object_store::local::LocalFileSystem::new_with_prefix(folder.path()).unwrap());
        let url = url::Url::from_directory_path(folder.path()).unwrap();
        let mut index = Index::open(&store, url).unwrap();
        // More log entries than an unordered listing gives back in order by chance.
        for seq in 1..20 {
            let rows = published(u32::try_from(seq).unwrap(), 1);
            index.append(APPLICATION, &Batch { seq, keys: Vec::new(), rows }).await.unwrap();
        }
        assert_eq!(select(&index, "SELECT 1 FROM documents").await.len(), 19);
        let files = index.files(Table::Documents).await.unwrap();
        assert_eq!(files.len(), 19);
        for file in files {
            assert!(std::path::Path::new(&file).is_file(), "{file}");
            assert!(file.contains("/documents/province=H63/ingest_month=2026-1"), "{file}");
        }
    }
}
