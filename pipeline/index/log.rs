//! One table's Delta log: opening, creating, committing, and what each application has committed.
//!
//! Every commit is one conditional put of the next log entry; nothing here is atomic by other means.
//! A commit follows the state it was made from or fails as [`IndexError::Busy`]: Delta's own look at
//! what another writer did meanwhile knows nothing of rows looked up before, and lets two merges of
//! the same files through.
//! Checkpoints and the removal of old log entries are kept out of commits: whether a commit happened
//! must not depend on whether tidying up succeeded. After a failed commit the cached state is
//! dropped, so that the next look is at the store.

use std::{collections::HashMap, sync::Arc};

use arrow::datatypes::{Schema, SchemaRef};
use deltalake::{
    DeltaTable, DeltaTableError,
    kernel::{
        Action, StructType, Transaction,
        engine::arrow_conversion::{TryIntoArrow as _, TryIntoKernel as _},
        transaction::{CommitBuilder, CommitProperties, TransactionError},
    },
    logstore::LogStoreRef,
    operations::create::CreateBuilder,
    protocol::{DeltaOperation, SaveMode},
    writer::RecordBatchWriter,
};
use object_store::ObjectStore;

use crate::{
    chain::Heads,
    error::IndexError,
    files::{DataFile, FileReader, ordered_properties, writer_properties},
    place::Place,
    table::{PARTITION_COLUMNS, Table},
    vacuum::{DELETED_FILE_RETENTION, RETENTION_DAYS},
};

/// Commits between two checkpoints. An open reads at most this many log entries; a checkpoint costs
/// a few commits, so more frequent ones would dominate.
const CHECKPOINT_EVERY: u64 = 32;

/// One table on the store.
#[derive(Debug)]
pub(crate) struct TableLog {
    pub(crate) table: Table,
    pub(crate) schema: SchemaRef,
    place: Place,
    state: Option<DeltaTable>,
    loaded: bool,
    transactions: HashMap<String, Option<i64>>,
    /// The heads of the chains in the state, as far as they were looked up.
    pub(crate) heads: Heads,
}

/// What a commit does to a table.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) actions: Vec<Action>,
    pub(crate) operation: DeltaOperation,
    /// Applications and their new versions.
    pub(crate) transactions: Vec<(String, i64)>,
}

impl TableLog {
    /// Names the table under `store`, which is rooted at the index; touches nothing.
    pub(crate) fn new(table: Table, store: &Arc<dyn ObjectStore>) -> Result<Self, IndexError> {
        Ok(Self {
            table,
            schema: table.schema()?,
            place: Place::new(table.name(), store),
            state: None,
            loaded: false,
            transactions: HashMap::new(),
            heads: Heads::new(),
        })
    }

    /// The newest state on the store, read afresh; `None` when the table does not exist.
    pub(crate) async fn newest(&self) -> Result<Option<DeltaTable>, IndexError> {
        self.place.newest().await
    }

    /// The state this writer last saw; reads it the first time.
    pub(crate) async fn state(&mut self) -> Result<Option<&DeltaTable>, IndexError> {
        if !self.loaded {
            self.state = self.newest().await?;
            if let Some(state) = &self.state {
                self.check_columns(state)?;
            }
            self.loaded = true;
        }
        Ok(self.state.as_ref())
    }

    /// Forgets what was seen.
    pub(crate) fn forget(&mut self) {
        self.state = None;
        self.loaded = false;
        self.transactions.clear();
        self.heads.clear();
    }

    /// The state, after creating the table or adding columns it lacks.
    pub(crate) async fn ready(&mut self) -> Result<&DeltaTable, IndexError> {
        if self.state().await?.is_none() {
            let created = self.create().await.map_err(|error| self.error(error))?;
            self.follow(created, 0)?;
        }
        let missing = self.state.as_ref().map(|state| self.missing_columns(state)).transpose()?;
        if let (Some(missing), Some(state)) = (missing.filter(|m| !m.is_empty()), &self.state) {
            let fields: StructType =
                (&Schema::new(missing)).try_into_kernel().map_err(IndexError::from)?;
            let grown = state
                .clone()
                .add_columns()
                .with_fields(fields.fields().cloned().collect::<Vec<_>>())
                .await
                .map_err(|error| self.error(error))?;
            let next = state.version().map_or(0, |version| version + 1);
            self.follow(grown, next)?;
        }
        Ok(self.state.as_ref().expect("set above"))
    }

    /// Takes a new state, if it is the expected version; a later one has rows of another writer that
    /// nobody here has seen.
    fn follow(&mut self, state: DeltaTable, expected: u64) -> Result<(), IndexError> {
        if state.version().is_some_and(|version| version > expected) {
            self.forget();
            return Err(IndexError::Busy(self.table.name()));
        }
        self.state = Some(state);
        Ok(())
    }

    async fn create(&self) -> Result<DeltaTable, DeltaTableError> {
        let schema: StructType = self.schema.as_ref().try_into_kernel()?;
        CreateBuilder::new()
            .with_log_store(self.log_store())
            .with_table_name(self.table.name())
            .with_comment(self.table.comment())
            .with_columns(schema.fields().cloned())
            .with_partition_columns(PARTITION_COLUMNS)
            .with_configuration(configuration(self.table))
            // Another writer may create it first; either way it exists afterwards.
            .with_save_mode(SaveMode::Ignore)
            .await
    }

    /// The last version `application` committed to this table.
    pub(crate) async fn transaction(
        &mut self,
        application: &str,
    ) -> Result<Option<i64>, IndexError> {
        if let Some(version) = self.transactions.get(application) {
            return Ok(*version);
        }
        let log_store = self.log_store();
        let name = self.table.name();
        let version = match self.state().await? {
            None => None,
            Some(state) => state
                .snapshot()
                .map_err(IndexError::delta(name))?
                .transaction_version(log_store.as_ref(), application)
                .await
                .map_err(IndexError::delta(name))?,
        };
        self.transactions.insert(application.to_owned(), version);
        Ok(version)
    }

    /// Commits on top of the state last seen. On an error that is forgotten: the commit may have
    /// happened.
    ///
    /// # Errors
    /// [`IndexError::Busy`] when another writer was first.
    pub(crate) async fn commit(&mut self, change: Change) -> Result<(), IndexError> {
        let transactions = change.transactions.clone();
        match self.try_commit(change).await {
            Ok(()) => {
                let moved = transactions.into_iter().map(|(name, version)| (name, Some(version)));
                self.transactions.extend(moved);
                Ok(())
            }
            Err(error) => {
                self.forget();
                Err(error)
            }
        }
    }

    async fn try_commit(&mut self, change: Change) -> Result<(), IndexError> {
        let state = self.ready().await?.clone();
        let mut properties = CommitProperties::default()
            .with_max_retries(0)
            .with_create_checkpoint(false)
            .with_cleanup_expired_logs(Some(false));
        for (application, version) in change.transactions {
            properties =
                properties.with_application_transaction(Transaction::new(application, version));
        }
        let snapshot = state.snapshot().map_err(|error| self.error(error))?;
        let committed = CommitBuilder::from(properties)
            .with_actions(change.actions)
            .build(Some(snapshot), self.log_store(), change.operation)
            .into_prepared_commit_future()
            .await
            .map_err(|error| self.error(error))?
            .await
            .map_err(|error| match error {
                DeltaTableError::Transaction { source: TransactionError::MaxCommitAttempts(_) } => {
                    IndexError::Busy(self.table.name())
                }
                error => self.error(error),
            })?;
        let mut state = state;
        state
            .update_incremental(Some(committed.version))
            .await
            .map_err(|error| self.error(error))?;
        self.state = Some(state);
        self.tidy(committed.version).await;
        Ok(())
    }

    /// Writes a checkpoint and drops expired log entries now and then. A failure is only a warning:
    /// the next one covers it.
    async fn tidy(&self, version: u64) {
        let Some(state) = &self.state else { return };
        // The tables move in step; each has its own turn, so that no append pays for all.
        let turn = CHECKPOINT_EVERY / Table::ALL.len() as u64 * self.table as u64;
        if version % CHECKPOINT_EVERY != turn {
            return;
        }
        if let Err(error) = self.place.checkpoint(state).await {
            tracing::warn!(
                table = self.table.name(),
                error = &error as &dyn std::error::Error,
                "no checkpoint written"
            );
        }
    }

    /// A writer of data files for this table.
    pub(crate) async fn writer(&mut self) -> Result<RecordBatchWriter, IndexError> {
        let table = self.table;
        let state = self.ready().await?;
        Ok(RecordBatchWriter::for_table(state)
            .map_err(IndexError::delta(table.name()))?
            .with_writer_properties(writer_properties(table))
            .with_target_file_size(table.file_bytes()))
    }

    /// A writer of data files whose rows come in the table's order.
    pub(crate) async fn ordered_writer(&mut self) -> Result<RecordBatchWriter, IndexError> {
        let table = self.table;
        Ok(self
            .writer()
            .await?
            .with_writer_properties(ordered_properties(table))
            .with_target_file_size(table.ordered_file_bytes()))
    }

    /// The data files of the state this writer last saw.
    pub(crate) async fn files(&mut self) -> Result<Vec<DataFile>, IndexError> {
        let place = self.place.clone();
        self.state().await?.map_or_else(|| Ok(Vec::new()), |state| place.files(state))
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    fn log_store(&self) -> LogStoreRef {
        self.place.log_store()
    }

    /// A reader of data files of this table.
    pub(crate) fn reader(&self) -> FileReader {
        FileReader {
            name: self.table.name(),
            store: self.place.store(),
            schema: Arc::clone(&self.schema),
        }
    }

    pub(crate) fn error(&self, error: DeltaTableError) -> IndexError {
        self.place.error(error)
    }

    fn missing_columns(
        &self,
        state: &DeltaTable,
    ) -> Result<Vec<arrow::datatypes::FieldRef>, IndexError> {
        let stored = self.stored_schema(state)?;
        Ok(self
            .schema
            .fields()
            .iter()
            .filter(|field| stored.field_with_name(field.name()).is_err())
            .cloned()
            .collect())
    }

    /// Refuses a table that has a column this program would leave out or write otherwise. A column
    /// it lacks is added; that one the program lacks is from a later program or was removed or
    /// renamed since, and merging files would lose its values.
    fn check_columns(&self, state: &DeltaTable) -> Result<(), IndexError> {
        let refuse = |column: &str, why| {
            Err(IndexError::Incompatible { table: self.table.name(), column: column.into(), why })
        };
        let stored = self.stored_schema(state)?;
        for field in stored.fields() {
            let Ok(own) = self.schema.field_with_name(field.name()) else {
                return refuse(field.name(), "this version of sohoa does not know it");
            };
            if own.data_type() != field.data_type() {
                return refuse(field.name(), "this version of sohoa writes another type");
            }
            if own.is_nullable() && !field.is_nullable() {
                return refuse(field.name(), "this version of sohoa leaves it empty at times");
            }
        }
        for field in self.schema.fields() {
            if stored.field_with_name(field.name()).is_err() && !field.is_nullable() {
                return refuse(field.name(), "the rows that are there have no value for it");
            }
        }
        Ok(())
    }

    fn stored_schema(&self, state: &DeltaTable) -> Result<Schema, IndexError> {
        let snapshot = state.snapshot().map_err(|error| self.error(error))?;
        Ok(snapshot.schema().as_ref().try_into_arrow()?)
    }
}

/// Table properties. Retention bounds what every commit and open has to list and read: a reader has a
/// quarter of an hour to open the state it found, and some days to finish reading it.
fn configuration(table: Table) -> Vec<(&'static str, Option<String>)> {
    vec![
        ("delta.minReaderVersion", Some("1".to_owned())),
        ("delta.minWriterVersion", Some("2".to_owned())),
        ("delta.checkpointInterval", Some(CHECKPOINT_EVERY.to_string())),
        ("delta.dataSkippingStatsColumns", Some(table.statistics().join(","))),
        (DELETED_FILE_RETENTION, Some(format!("interval {RETENTION_DAYS} days"))),
        ("delta.logRetentionDuration", Some("interval 15 minutes".to_owned())),
        ("delta.targetFileSize", Some(table.file_bytes().to_string())),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{
        Batch,
        testing::{APPLICATION, FusedStore, index, published, texts},
    };

    async fn first_entries(store: &FusedStore) -> Vec<Vec<Value>> {
        let entries = texts(store, "_delta_log/00000000000000000000.json").await;
        entries
            .iter()
            .map(|text| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
            .collect()
    }

    #[tokio::test]
    async fn tables_stay_on_the_oldest_protocol_and_carry_their_descriptions() {
        let store = FusedStore::sound();
        let mut index = index(&store);
        let batch = Batch { seq: 1, keys: Vec::new(), rows: published(0, 1) };
        index.append(APPLICATION, &batch).await.unwrap();
        let tables = first_entries(&store).await;
        assert_eq!(tables.len(), Table::ALL.len());
        for actions in tables {
            let protocol = actions.iter().find_map(|a| a.get("protocol")).unwrap();
            assert_eq!(protocol["minReaderVersion"], 1, "{protocol}");
            assert_eq!(protocol["minWriterVersion"], 2, "{protocol}");
            assert!(protocol.get("readerFeatures").is_none_or(Value::is_null), "{protocol}");
            let metadata = actions.iter().find_map(|a| a.get("metaData")).unwrap();
            let schema = metadata["schemaString"].as_str().unwrap();
            assert!(!schema.contains("timestamp_ntz"), "{schema}");
            let schema: Value = serde_json::from_str(schema).unwrap();
            for field in schema["fields"].as_array().unwrap() {
                let comment = field["metadata"][crate::COMMENT].as_str().unwrap_or_default();
                assert!(!comment.is_empty(), "{field}");
            }
            let properties = &metadata["configuration"];
            assert!(properties["delta.dataSkippingStatsColumns"].is_string());
        }
        // Statistics are written for the chosen columns, and only for those.
        let entries = texts(&store, "_delta_log/00000000000000000001.json").await;
        let documents = entries.iter().find(|text| text.contains("custodian_agency_code")).unwrap();
        assert!(!documents.contains("subject_folded"), "{documents}");
        assert!(documents.contains(r#""txn":{"appId":"sohoa.documents.v1/0","version":1"#));
    }

    #[tokio::test]
    async fn an_older_table_gets_the_columns_it_lacks() {
        let store = FusedStore::sound();
        let mut young = index(&store);
        let log = young.log_mut(Table::Pages);
        let whole = Arc::clone(&log.schema);
        let older: Vec<_> =
            whole.fields().iter().filter(|f| f.name() != "skew_deg").cloned().collect();
        log.schema = Arc::new(Schema::new(older));
        log.ready().await.unwrap();
        log.schema = whole;
        log.forget();
        let batch = Batch { seq: 1, keys: Vec::new(), rows: published(0, 1) };
        young.append(APPLICATION, &batch).await.unwrap();
        let skews = crate::testing::select(&young, "SELECT skew_deg FROM pages").await;
        assert_eq!(skews, [r#"{"skew_deg":-0.5}"#; 2]);
    }

    #[tokio::test]
    async fn a_table_of_a_later_program_is_refused() {
        let store = FusedStore::sound();
        let mut index = index(&store);
        let log = index.log_mut(Table::Pages);
        let own = Arc::clone(&log.schema);
        let mut later: Vec<_> = own.fields().iter().cloned().collect();
        later.push(Arc::new(arrow::datatypes::Field::new(
            "moon_phase",
            arrow::datatypes::DataType::Int32,
            false,
        )));
        log.schema = Arc::new(Schema::new(later));
        log.ready().await.unwrap();
        log.schema = own;
        log.forget();
        let error = log.state().await.unwrap_err();
        assert!(
            matches!(&error, IndexError::Incompatible { column, .. } if column == "moon_phase"),
            "{error}"
        );
    }
}
