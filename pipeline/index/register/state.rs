//! A reference table as it was looked at, and the one commit that may follow.

use std::{collections::HashMap, sync::Arc};

use arrow::datatypes::{Schema, SchemaRef};
use deltalake::{
    DeltaTable, DeltaTableError,
    datafusion::{catalog::TableProvider, datasource::empty::EmptyTable, prelude::SessionContext},
    kernel::{
        Action, StructType, Transaction,
        engine::arrow_conversion::{TryIntoArrow as _, TryIntoKernel as _},
        transaction::{CommitBuilder, CommitProperties, TransactionError},
    },
    operations::create::CreateBuilder,
    protocol::{DeltaOperation, SaveMode},
    writer::{DeltaWriter as _, RecordBatchWriter},
};
use object_store::ObjectStore;
use parquet::{
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
    schema::types::ColumnPath,
};
use serde::Serialize;

use super::Register;
use crate::{
    Index,
    batch::encode,
    error::IndexError,
    place::Place,
    vacuum::{DELETED_FILE_RETENTION, RETENTION_DAYS, Sweep},
};

/// Under this name the log says how many imports a table knows.
const APPLICATION: &str = "sohoa imports";

/// Commits between two checkpoints.
const CHECKPOINT_EVERY: u64 = 32;

/// Where the reference tables lie.
#[derive(Debug)]
pub(crate) struct RegisterStore {
    store: Arc<dyn ObjectStore>,
}

impl RegisterStore {
    pub(crate) fn new(store: &Arc<dyn ObjectStore>) -> Self {
        Self { store: Arc::clone(store) }
    }

    pub(crate) fn place(&self, register: Register) -> Place {
        Place::new(register.name(), &self.store)
    }

    /// The newest state; `None` when nothing was imported yet.
    pub(crate) async fn newest(
        &self,
        register: Register,
    ) -> Result<Option<DeltaTable>, IndexError> {
        self.place(register).newest().await
    }

    /// The table for a query; empty where nothing was imported yet.
    pub(crate) async fn provider(
        &self,
        register: Register,
        context: &SessionContext,
    ) -> Result<Arc<dyn TableProvider>, IndexError> {
        match self.newest(register).await? {
            Some(state) => provider(register, &state, context).await,
            None => Ok(Arc::new(EmptyTable::new(register.schema()?))),
        }
    }
}

pub(super) async fn provider(
    register: Register,
    state: &DeltaTable,
    context: &SessionContext,
) -> Result<Arc<dyn TableProvider>, IndexError> {
    state.update_datafusion_session(&context.state()).map_err(|error| register.error(error))?;
    Ok(Arc::new(state.table_provider().build().await?))
}

/// A reference table as it was looked at; what is committed follows this state or fails.
#[derive(Debug)]
pub struct RegisterState {
    pub(super) register: Register,
    pub(super) schema: SchemaRef,
    place: Place,
    pub(super) state: DeltaTable,
}

impl Index {
    /// Looks at a reference table, and makes it where it is missing.
    ///
    /// # Errors
    /// [`IndexError::Delta`] when it cannot be read or made, [`IndexError::Busy`] when another
    /// program changes its columns.
    pub async fn register(&self, register: Register) -> Result<RegisterState, IndexError> {
        let schema = register.schema()?;
        let place = self.registers.place(register);
        let state = match place.newest().await? {
            Some(state) => with_columns(register, state, &schema).await?,
            None => create(register, &schema, &place).await?,
        };
        Ok(RegisterState { register, schema, place, state })
    }

    /// How many imports a reference table knows; `None` where it does not exist.
    ///
    /// # Errors
    /// [`IndexError::Delta`] when it cannot be read.
    pub async fn register_position(&self, register: Register) -> Result<Option<i64>, IndexError> {
        let place = self.registers.place(register);
        match place.newest().await? {
            Some(state) => position(&place, &state).await,
            None => Ok(None),
        }
    }
}

async fn create(
    register: Register,
    schema: &SchemaRef,
    place: &Place,
) -> Result<DeltaTable, IndexError> {
    let columns: StructType = schema.as_ref().try_into_kernel()?;
    CreateBuilder::new()
        .with_log_store(place.log_store())
        .with_table_name(register.name())
        .with_comment(register.comment())
        .with_columns(columns.fields().cloned())
        .with_partition_columns(register.partition_columns().iter().copied())
        .with_configuration([
            ("delta.minReaderVersion", Some("1".to_owned())),
            ("delta.minWriterVersion", Some("2".to_owned())),
            ("delta.checkpointInterval", Some(CHECKPOINT_EVERY.to_string())),
            ("delta.dataSkippingStatsColumns", Some(register.statistics().join(","))),
            (DELETED_FILE_RETENTION, Some(format!("interval {RETENTION_DAYS} days"))),
            ("delta.logRetentionDuration", Some("interval 15 minutes".to_owned())),
        ])
        // Another program may make it first; either way it exists afterwards.
        .with_save_mode(SaveMode::Ignore)
        .await
        .map_err(|error| busy_or(register, error))
}

/// Somebody else was first, or something else is wrong.
fn busy_or(register: Register, error: DeltaTableError) -> IndexError {
    match error {
        DeltaTableError::Transaction {
            source: TransactionError::MaxCommitAttempts(_) | TransactionError::CommitConflict(_),
        } => IndexError::Busy(register.name()),
        error => register.error(error),
    }
}

/// Adds columns that are younger than the table.
async fn with_columns(
    register: Register,
    state: DeltaTable,
    schema: &SchemaRef,
) -> Result<DeltaTable, IndexError> {
    let snapshot = state.snapshot().map_err(|error| register.error(error))?;
    let stored: Schema = snapshot.schema().as_ref().try_into_arrow()?;
    let is_missing =
        |field: &&arrow::datatypes::FieldRef| stored.field_with_name(field.name()).is_err();
    let missing: Vec<_> = schema.fields().iter().filter(is_missing).cloned().collect();
    if missing.is_empty() {
        return Ok(state);
    }
    if let Some(field) = missing.iter().find(|field| !field.is_nullable()) {
        let column = field.name().clone();
        let why = "it may not be null, and older rows have no value for it";
        return Err(IndexError::Incompatible { table: register.name(), column, why });
    }
    let fields: StructType = (&Schema::new(missing)).try_into_kernel()?;
    state
        .add_columns()
        .with_fields(fields.fields().cloned().collect::<Vec<_>>())
        .await
        .map_err(|error| register.error(error))
}

async fn position(place: &Place, state: &DeltaTable) -> Result<Option<i64>, IndexError> {
    let snapshot = state.snapshot().map_err(|error| place.error(error))?;
    snapshot
        .transaction_version(place.log_store().as_ref(), APPLICATION)
        .await
        .map_err(|error| place.error(error))
}

impl RegisterState {
    /// How many imports the state knows.
    ///
    /// # Errors
    /// [`IndexError::Delta`] when the log cannot be read.
    pub async fn position(&self) -> Result<Option<i64>, IndexError> {
        position(&self.place, &self.state).await
    }

    /// Makes `rows` the whole table.
    ///
    /// # Errors
    /// [`IndexError::Busy`] when somebody else was first: look again and make the rows anew.
    pub async fn replace<T: Serialize>(self, rows: &[T], position: i64) -> Result<(), IndexError> {
        let batch = encode(&self.schema, rows)?;
        let mut writer = self.writer()?;
        let mut actions = self.removals(|_| true)?;
        if batch.num_rows() > 0 {
            writer.write(batch).await.map_err(|error| self.register.error(error))?;
        }
        actions.extend(self.flush(&mut writer).await?);
        self.commit(actions, position).await
    }

    pub(super) fn writer(&self) -> Result<RecordBatchWriter, IndexError> {
        let level = ZstdLevel::try_new(3).expect("3 is a level of Zstandard");
        let mut properties = WriterProperties::builder().set_compression(Compression::ZSTD(level));
        for column in self.register.bloom_filters() {
            let column = ColumnPath::from(*column);
            properties = properties
                .set_column_bloom_filter_enabled(column.clone(), true)
                .set_column_bloom_filter_fpp(column, 0.01);
        }
        let writer = RecordBatchWriter::for_table(&self.state);
        Ok(writer
            .map_err(|error| self.register.error(error))?
            .with_writer_properties(properties.build()))
    }

    pub(super) async fn flush(
        &self,
        writer: &mut RecordBatchWriter,
    ) -> Result<Vec<Action>, IndexError> {
        let adds = writer.flush().await.map_err(|error| self.register.error(error))?;
        Ok(adds.into_iter().map(Action::Add).collect())
    }

    /// Removals of the files whose partition passes.
    pub(super) fn removals(
        &self,
        passes: impl Fn(&HashMap<String, Option<String>>) -> bool,
    ) -> Result<Vec<Action>, IndexError> {
        let snapshot = self.state.snapshot().map_err(|error| self.register.error(error))?;
        let files = snapshot.log_data();
        let passing = files.iter().filter(|file| passes(&file.partition_values_map()));
        Ok(passing.map(|file| Action::Remove(file.remove_action(true))).collect())
    }

    pub(super) async fn commit(
        self,
        actions: Vec<Action>,
        position: i64,
    ) -> Result<(), IndexError> {
        let Self { register, place, mut state, .. } = self;
        let properties = CommitProperties::default()
            .with_max_retries(0)
            .with_create_checkpoint(false)
            .with_cleanup_expired_logs(Some(false))
            .with_application_transaction(Transaction::new(APPLICATION, position));
        let partitions = register.partition_columns().iter().map(|c| (*c).to_owned());
        let partitions: Vec<String> = partitions.collect();
        let operation = DeltaOperation::Write {
            mode: SaveMode::Overwrite,
            partition_by: Some(partitions).filter(|columns| !columns.is_empty()),
            predicate: None,
        };
        let snapshot = state.snapshot().map_err(|error| register.error(error))?;
        let committed = CommitBuilder::from(properties)
            .with_actions(actions)
            .build(Some(snapshot), place.log_store(), operation)
            .into_prepared_commit_future()
            .await
            .map_err(|error| register.error(error))?
            .await
            .map_err(|error| busy_or(register, error))?;
        let tidied = async {
            let updated = state.update_incremental(Some(committed.version)).await;
            updated.map_err(|error| place.error(error))?;
            tidy(&place, &state, committed.version).await
        };
        if let Err(error) = tidied.await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(table = place.name, error, "not tidied up; the next import does");
        }
        Ok(())
    }
}

/// Now and then a checkpoint; and files go that left the table longer ago than the log names them.
async fn tidy(place: &Place, state: &DeltaTable, version: u64) -> Result<(), IndexError> {
    if version % CHECKPOINT_EVERY != CHECKPOINT_EVERY - 1 {
        return Ok(());
    }
    let days = place.retention(state)?;
    Sweep { days, spared: true, dry_run: false }.run(place).await.map(drop)
}

#[cfg(test)]
mod tests {
    use sohoa_schemas::{registers::PhaseRow, rows::SCHEMA_VERSION};

    use super::*;
    use crate::testing::{FusedStore, index, select};

    fn phase(phase: i32) -> PhaseRow {
        PhaseRow {
            province: "H08".into(),
            phase,
            printed_from: Some(2016),
            printed_to: Some(2021),
            year_from: Some(2016),
            year_to: Some(2021),
            window_from: "2021-01-01".parse().unwrap(),
            window_to: None,
            title: Some("Số hóa".into()),
            source_doc: "2114/QĐ-UBND".into(),
            import_key: "imports/phases/1.jsonl".into(),
            schema_version: SCHEMA_VERSION,
        }
    }

    #[tokio::test]
    async fn a_small_table_is_replaced_whole_and_the_slower_writer_looks_again() {
        let store = FusedStore::sound();
        let index = index(&store);
        assert!(select(&index, "SELECT * FROM phases").await.is_empty(), "before any import");
        assert_eq!(index.register_position(Register::Phases).await.unwrap(), None);
        let late = index.register(Register::Phases).await.unwrap();
        let first = index.register(Register::Phases).await.unwrap();
        first.replace(&[phase(2), phase(3)], 1).await.unwrap();
        assert_eq!(index.register_position(Register::Phases).await.unwrap(), Some(1));
        let error = late.replace(&[phase(4)], 1).await.unwrap_err();
        assert!(matches!(error, IndexError::Busy("phases")), "{error:?}");
        let again = index.register(Register::Phases).await.unwrap();
        assert_eq!(again.position().await.unwrap(), Some(1));
        again.replace(&[phase(5)], 2).await.unwrap();
        let rows = select(&index, "SELECT phase, title, window_from FROM phases").await;
        assert_eq!(rows, [r#"{"phase":5,"title":"Số hóa","window_from":"2021-01-01"}"#]);
        assert_eq!(index.files(Register::Phases).await.unwrap().len(), 1);
        for round in 3..40 {
            let state = index.register(Register::Phases).await.unwrap();
            state.replace(&[phase(round as i32)], round).await.unwrap();
        }
        assert_eq!(index.register_position(Register::Phases).await.unwrap(), Some(39));
        let nothing = index.register(Register::Phases).await.unwrap();
        nothing.replace::<PhaseRow>(&[], 40).await.unwrap();
        assert!(select(&index, "SELECT * FROM phases").await.is_empty());
    }
}
