//! The reference tables: agencies and their keys, inventory, targets, procedures, phases, staff and
//! dossiers. They come from imports, not from records, and so stand beside the other tables: readers
//! find them by their names in the same place.
//!
//! A change is one commit on the state it was made from ([`Index::register`]), or [`IndexError::Busy`]:
//! look at the imports after looking at the state, make the rows, commit; on `Busy` begin again. So
//! the last commit always knows all imports, however many programs import at once. The commit
//! carries how many imports it knows ([`RegisterState::position`]), by which an interrupted one shows.
//!
//! Small tables are written whole. `dossiers` are millions: only the months an import speaks of are
//! written anew, and a dossier's month never changes.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use arrow::{
    array::{AsArray as _, BooleanArray, RecordBatch},
    compute::{cast, filter_record_batch},
    datatypes::{Schema, SchemaRef, TimestampMicrosecondType},
};
use chrono::TimeDelta;
use deltalake::{
    DeltaTable, DeltaTableError,
    checkpoints::{cleanup_metadata, create_checkpoint},
    datafusion::{
        catalog::TableProvider,
        datasource::empty::EmptyTable,
        prelude::{SessionContext, col, lit},
    },
    kernel::{
        Action, StructType, Transaction,
        engine::arrow_conversion::{TryIntoArrow as _, TryIntoKernel as _},
        transaction::{CommitBuilder, CommitProperties, TransactionError},
    },
    logstore::{LogStoreRef, StorageConfig, default_logstore},
    operations::{create::CreateBuilder, vacuum::VacuumMode},
    protocol::{DeltaOperation, SaveMode},
    writer::{DeltaWriter as _, RecordBatchWriter},
};
use futures::StreamExt as _;
use object_store::{ObjectStore, prefix::PrefixStore};
use parquet::{
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
    schema::types::ColumnPath,
};
use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde_json::Value;
use sohoa_schemas::registers::{
    AgencyKeyRow, AgencyRow, DossierRow, InventoryRow, PhaseRow, ProcedureRow, StaffRow, TargetRow,
};
use url::Url;

use crate::{
    Index, batch::encode, columns, error::IndexError, files::text_column, log::INSIDE, read,
};

/// Under this name the log says how many imports a table knows.
const APPLICATION: &str = "sohoa imports";

/// Commits between two checkpoints.
const CHECKPOINT_EVERY: u64 = 32;

/// A reference table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Register {
    /// Agencies with their history.
    Agencies,
    /// Their codes and names, for joins.
    AgencyKeys,
    /// What there is to digitise.
    Inventory,
    /// What the plans demand.
    Targets,
    /// Administrative procedures.
    Procedures,
    /// Phases of the plans.
    Phases,
    /// Who takes dossiers in.
    Staff,
    /// Dossiers of the case system.
    Dossiers,
}

impl Register {
    /// Every reference table.
    pub const ALL: [Self; 8] = [
        Self::Agencies,
        Self::AgencyKeys,
        Self::Inventory,
        Self::Targets,
        Self::Procedures,
        Self::Phases,
        Self::Staff,
        Self::Dossiers,
    ];

    /// Name of the table and of its folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agencies => "agencies",
            Self::AgencyKeys => "agency_keys",
            Self::Inventory => "inventory",
            Self::Targets => "targets",
            Self::Procedures => "procedures",
            Self::Phases => "phases",
            Self::Staff => "staff",
            Self::Dossiers => "dossiers",
        }
    }

    /// The table of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|register| register.name() == name)
    }

    const fn partition_columns(self) -> &'static [&'static str] {
        match self {
            Self::Dossiers => &["province", "received_month"],
            _ => &[],
        }
    }

    /// Columns with minimum and maximum in the log.
    const fn statistics(self) -> &'static [&'static str] {
        match self {
            Self::Dossiers => &["dossier_code", "received_at", "resolved_at", "listed_at"],
            Self::Phases => &["phase"],
            Self::AgencyKeys => &["kind", "key"],
            Self::Procedures => &["procedure_base"],
            Self::Targets => &["metric"],
            Self::Agencies => &["code"],
            Self::Inventory | Self::Staff => &["agency_code"],
        }
    }

    const fn bloom_filters(self) -> &'static [&'static str] {
        match self {
            Self::Dossiers => &["dossier_uid", "dossier_code", "owner_id_hmac"],
            _ => &[],
        }
    }

    fn comment(self) -> String {
        let schema = self.json_schema();
        let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        text.split_once(": ").map_or(text, |(_, sentence)| sentence).replace('\n', " ")
    }

    /// The columns.
    ///
    /// # Errors
    /// [`IndexError::ColumnType`] when a row type holds what a table cannot.
    pub fn schema(self) -> Result<SchemaRef, IndexError> {
        columns::derive(self.name(), &self.json_schema())
    }

    /// The table in words, one line a column.
    ///
    /// # Errors
    /// As for [`Register::schema`].
    pub fn describe(self) -> Result<String, IndexError> {
        Ok(columns::describe(self.name(), &self.comment(), self.schema()?.as_ref()))
    }

    fn json_schema(self) -> Value {
        fn of<T: JsonSchema>() -> Value {
            schema_for!(T).to_value()
        }
        match self {
            Self::Agencies => of::<AgencyRow>(),
            Self::AgencyKeys => of::<AgencyKeyRow>(),
            Self::Inventory => of::<InventoryRow>(),
            Self::Targets => of::<TargetRow>(),
            Self::Procedures => of::<ProcedureRow>(),
            Self::Phases => of::<PhaseRow>(),
            Self::Staff => of::<StaffRow>(),
            Self::Dossiers => of::<DossierRow>(),
        }
    }

    fn error(self, error: DeltaTableError) -> IndexError {
        IndexError::delta(self.name())(error)
    }
}

/// Where the reference tables lie.
#[derive(Debug)]
pub(crate) struct RegisterStore {
    store: Arc<dyn ObjectStore>,
}

impl RegisterStore {
    pub(crate) fn new(store: &Arc<dyn ObjectStore>) -> Self {
        Self { store: Arc::clone(store) }
    }

    fn log_store(&self, register: Register) -> LogStoreRef {
        let url = Url::parse(&format!("{INSIDE}{}/", register.name()))
            .expect("a fixed scheme and a table name make a URL");
        let own = PrefixStore::new(Arc::clone(&self.store), register.name());
        default_logstore(Arc::new(own), Arc::clone(&self.store), &url, &StorageConfig::default())
    }

    /// The newest state; `None` when nothing was imported yet.
    pub(crate) async fn newest(
        &self,
        register: Register,
    ) -> Result<Option<DeltaTable>, IndexError> {
        let mut table = DeltaTable::new(self.log_store(register));
        match table.load().await {
            Ok(()) => Ok(Some(table)),
            Err(DeltaTableError::NotATable(_)) => Ok(None),
            Err(error) => Err(register.error(error)),
        }
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

async fn provider(
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
    register: Register,
    schema: SchemaRef,
    log_store: LogStoreRef,
    state: DeltaTable,
}

impl Index {
    /// Looks at a reference table, and makes it where it is missing.
    ///
    /// # Errors
    /// [`IndexError::Delta`] when it cannot be read or made, [`IndexError::Busy`] when another
    /// program changes its columns.
    pub async fn register(&self, register: Register) -> Result<RegisterState, IndexError> {
        let schema = register.schema()?;
        let log_store = self.registers.log_store(register);
        let state = match self.registers.newest(register).await? {
            Some(state) => with_columns(register, state, &schema).await?,
            None => create(register, &schema, &log_store).await?,
        };
        Ok(RegisterState { register, schema, log_store, state })
    }

    /// How many imports a reference table knows; `None` where it does not exist.
    ///
    /// # Errors
    /// [`IndexError::Delta`] when it cannot be read.
    pub async fn register_position(&self, register: Register) -> Result<Option<i64>, IndexError> {
        match self.registers.newest(register).await? {
            Some(state) => position(register, &state, &self.registers.log_store(register)).await,
            None => Ok(None),
        }
    }
}

async fn create(
    register: Register,
    schema: &SchemaRef,
    log_store: &LogStoreRef,
) -> Result<DeltaTable, IndexError> {
    let columns: StructType = schema.as_ref().try_into_kernel()?;
    CreateBuilder::new()
        .with_log_store(Arc::clone(log_store))
        .with_table_name(register.name())
        .with_comment(register.comment())
        .with_columns(columns.fields().cloned())
        .with_partition_columns(register.partition_columns().iter().copied())
        .with_configuration([
            ("delta.minReaderVersion", Some("1".to_owned())),
            ("delta.minWriterVersion", Some("2".to_owned())),
            ("delta.checkpointInterval", Some(CHECKPOINT_EVERY.to_string())),
            ("delta.dataSkippingStatsColumns", Some(register.statistics().join(","))),
            ("delta.deletedFileRetentionDuration", Some("interval 1 days".to_owned())),
            ("delta.logRetentionDuration", Some("interval 15 minutes".to_owned())),
        ])
        // Another program may make it first; either way it exists afterwards.
        .with_save_mode(SaveMode::Ignore)
        .await
        .map_err(|error| register.error(error))
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

async fn position(
    register: Register,
    state: &DeltaTable,
    log_store: &LogStoreRef,
) -> Result<Option<i64>, IndexError> {
    let snapshot = state.snapshot().map_err(|error| register.error(error))?;
    snapshot
        .transaction_version(log_store.as_ref(), APPLICATION)
        .await
        .map_err(|error| register.error(error))
}

impl RegisterState {
    /// How many imports the state knows.
    ///
    /// # Errors
    /// [`IndexError::Delta`] when the log cannot be read.
    pub async fn position(&self) -> Result<Option<i64>, IndexError> {
        position(self.register, &self.state, &self.log_store).await
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

    /// Puts dossiers into the table: of two rows of one dossier the one listed later stands, of two
    /// listed at once the one of the later import. Says how many rows are new or changed.
    ///
    /// Only the months of `rows` are read, and written anew; one of them is in memory at a time.
    ///
    /// # Errors
    /// As for [`RegisterState::replace`].
    pub async fn merge(self, rows: &[DossierRow], position: i64) -> Result<usize, IndexError> {
        let mut months: BTreeMap<(&str, &str), HashMap<&str, &DossierRow>> = BTreeMap::new();
        for row in rows {
            let month =
                months.entry((row.province.as_str(), row.received_month.as_str())).or_default();
            let held = month.entry(&row.dossier_code).or_insert(row);
            if rank(row) > rank(held) {
                *held = row;
            }
        }
        let mut writer = self.writer()?;
        let mut changed = 0;
        for ((province, month), mut incoming) in months.clone() {
            let kept = self.without_older(province, month, &mut incoming).await?;
            changed += incoming.len();
            let incoming: Vec<&DossierRow> = incoming.into_values().collect();
            let batches = kept.into_iter().chain([encode(&self.schema, &incoming)?]);
            for batch in batches.filter(|batch| batch.num_rows() > 0) {
                writer.write(batch).await.map_err(|error| self.register.error(error))?;
            }
        }
        // Nothing is newer than what is there: what is there stays.
        let mut actions = Vec::new();
        if changed > 0 {
            let touched: HashSet<(String, String)> = months
                .into_keys()
                .map(|(province, month)| (province.to_owned(), month.to_owned()))
                .collect();
            actions = self.removals(|values| {
                let value = |name: &str| values.get(name).cloned().flatten().unwrap_or_default();
                touched.contains(&(value("province"), value("received_month")))
            })?;
            actions.extend(self.flush(&mut writer).await?);
        }
        self.commit(actions, position).await?;
        Ok(changed)
    }

    /// Rows of a month that stay; of `incoming` those go that are not newer than what is there.
    async fn without_older(
        &self,
        province: &str,
        month: &str,
        incoming: &mut HashMap<&str, &DossierRow>,
    ) -> Result<Vec<RecordBatch>, IndexError> {
        let context = read::session()?;
        let provider = provider(self.register, &self.state, &context).await?;
        let mut rows = context
            .read_table(provider)?
            .filter(col("province").eq(lit(province)).and(col("received_month").eq(lit(month))))?
            .execute_stream()
            .await?;
        let mut kept = Vec::new();
        while let Some(batch) = rows.next().await {
            let batch = fitted(&batch?, &self.schema)?;
            let (codes, keys) =
                (text_column(&batch, "dossier_code")?, text_column(&batch, "import_key")?);
            let listed = batch
                .column(batch.schema_ref().index_of("listed_at")?)
                .as_primitive::<TimestampMicrosecondType>()
                .clone();
            let stays: BooleanArray = (0..batch.num_rows())
                .map(|row| {
                    let code = codes.value(row);
                    let Some(new) = incoming.get(code) else { return Some(true) };
                    let is_newer = rank(new) > (listed.value(row), keys.value(row));
                    if !is_newer {
                        incoming.remove(code);
                    }
                    Some(!is_newer)
                })
                .collect();
            kept.push(filter_record_batch(&batch, &stays)?);
        }
        Ok(kept)
    }

    fn writer(&self) -> Result<RecordBatchWriter, IndexError> {
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

    async fn flush(&self, writer: &mut RecordBatchWriter) -> Result<Vec<Action>, IndexError> {
        let adds = writer.flush().await.map_err(|error| self.register.error(error))?;
        Ok(adds.into_iter().map(Action::Add).collect())
    }

    /// Removals of the files whose partition passes.
    fn removals(
        &self,
        passes: impl Fn(&HashMap<String, Option<String>>) -> bool,
    ) -> Result<Vec<Action>, IndexError> {
        let snapshot = self.state.snapshot().map_err(|error| self.register.error(error))?;
        let files = snapshot.log_data();
        let passing = files.iter().filter(|file| passes(&file.partition_values_map()));
        Ok(passing.map(|file| Action::Remove(file.remove_action(true))).collect())
    }

    async fn commit(self, actions: Vec<Action>, position: i64) -> Result<(), IndexError> {
        let Self { register, log_store, mut state, .. } = self;
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
            .build(Some(snapshot), log_store, operation)
            .into_prepared_commit_future()
            .await
            .map_err(|error| register.error(error))?
            .await
            .map_err(|error| match error {
                DeltaTableError::Transaction { source: TransactionError::MaxCommitAttempts(_) } => {
                    IndexError::Busy(register.name())
                }
                error => register.error(error),
            })?;
        let tidied = async {
            state.update_incremental(Some(committed.version)).await?;
            tidy(state, committed.version).await
        };
        if let Err(error) = tidied.await {
            tracing::warn!(table = register.name(), %error, "not tidied up; the next import does");
        }
        Ok(())
    }
}

/// Now and then a checkpoint; and files go that left the table more than a day ago.
async fn tidy(state: DeltaTable, version: u64) -> Result<(), DeltaTableError> {
    if version % CHECKPOINT_EVERY != CHECKPOINT_EVERY - 1 {
        return Ok(());
    }
    create_checkpoint(&state, None).await?;
    cleanup_metadata(&state, None).await?;
    state.vacuum().with_mode(VacuumMode::Full).with_retention_period(TimeDelta::days(1)).await?;
    Ok(())
}

/// What decides between two rows of a dossier.
fn rank(row: &DossierRow) -> (i64, &str) {
    (row.listed_at.timestamp_micros(), &row.import_key)
}

/// A batch as the query engine gives it, in the table's own types.
fn fitted(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, IndexError> {
    let columns = schema.fields().iter().map(|field| {
        let column = batch.column(batch.schema_ref().index_of(field.name())?);
        cast(column, field.data_type())
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::PathBuf};

    use chrono::DateTime;
    use sohoa_schemas::{registers::PhaseRow, rows::SCHEMA_VERSION};
    use uuid::Uuid;

    use super::*;
    use crate::testing::{FusedStore, index, select};

    /// `SOHOA_UPDATE=1 cargo test -p sohoa-index` writes the files anew.
    #[test]
    fn published_schemas_of_reference_tables_are_those_of_the_row_types() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas/tables");
        for register in Register::ALL {
            let file = folder.join(format!("{}.txt", register.name()));
            let text = register.describe().unwrap();
            if env::var_os("SOHOA_UPDATE").is_some() {
                fs::write(&file, &text).unwrap();
            }
            let published = fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(published, text, "SOHOA_UPDATE=1 writes {}", file.display());
            let schema = register.schema().unwrap();
            let named =
                [register.partition_columns(), register.statistics(), register.bloom_filters()];
            for column in named.into_iter().flatten() {
                assert!(schema.field_with_name(column).is_ok(), "{}.{column}", register.name());
            }
        }
    }

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
        assert_eq!(index.register_files(Register::Phases).await.unwrap().len(), 1);
        for round in 3..40 {
            let state = index.register(Register::Phases).await.unwrap();
            state.replace(&[phase(round as i32)], round).await.unwrap();
        }
        assert_eq!(index.register_position(Register::Phases).await.unwrap(), Some(39));
        let nothing = index.register(Register::Phases).await.unwrap();
        nothing.replace::<PhaseRow>(&[], 40).await.unwrap();
        assert!(select(&index, "SELECT * FROM phases").await.is_empty());
    }

    fn dossier(serial: u32, day: &str, listed: i64, status: &str) -> DossierRow {
        let mut row: DossierRow = serde_json::from_value(serde_json::json!({
            "dossier_uid": Uuid::nil(), "province": "H08",
            "received_month": format!("2024-{}", &day[..2]), "dossier_code": "",
            "procedure_code": null, "procedure_base": null, "procedure_name": null,
            "field_code": null, "procedure_level": null, "receiving_unit_code": null,
            "receiving_unit_uid": null, "handling_agency_code": null, "handling_agency_uid": null,
            "level_at_receipt": null, "channel": null, "status": status, "resolved": null,
            "ticket_at": null, "served_at": null, "received_at": null, "accepted_at": null,
            "appointed_at": null, "resolved_at": null, "returned_at": null, "outcome": "unknown",
            "owner_id_kind": null, "owner_id_hmac": null, "component_count": null,
            "components_digitised": null, "components_reused": null,
            "reused_from_national_portal": null, "result_count": null, "results_digitised": null,
            "result_electronic": null, "resubmission_demanded": null, "paper_parallel": null,
            "waiting_minutes": null, "processing_minutes": null, "staff_ref": null,
            "remote_area": null, "archive_file_code": null, "paper_file_code": null,
            "title": null, "retention_code": null, "start_date": null, "end_date": null,
            "documents_expected": null, "pages_expected": null,
            "listed_at": "2024-01-01T00:00:00Z", "import_key": "k", "schema_version": 1
        }))
        .unwrap();
        row.dossier_code = format!("H08-24{day}-{serial:04}");
        row.listed_at = DateTime::from_timestamp(listed, 0).unwrap();
        row.import_key = format!("imports/dossiers/{listed}.jsonl");
        row
    }

    async fn merge(index: &Index, rows: &[DossierRow], position: i64) -> usize {
        let state = index.register(Register::Dossiers).await.unwrap();
        state.merge(rows, position).await.unwrap()
    }

    #[tokio::test]
    async fn the_newest_state_of_a_dossier_stands_in_whatever_order_lists_come() {
        let index = index(&FusedStore::sound());
        let first =
            [dossier(1, "0115", 10, "2"), dossier(2, "0115", 10, "2"), dossier(3, "0220", 10, "2")];
        assert_eq!(merge(&index, &first, 1).await, 3);
        let february = index.register_files(Register::Dossiers).await.unwrap();
        let february: Vec<_> = february.into_iter().filter(|f| f.contains("2024-02")).collect();
        assert_eq!(merge(&index, &[dossier(1, "0115", 20, "7")], 2).await, 1);
        assert_eq!(merge(&index, &[dossier(1, "0115", 15, "4")], 3).await, 0, "listed before that");
        assert_eq!(merge(&index, &first, 3).await, 0, "the same again");
        let rows = select(&index, "SELECT dossier_code, status FROM dossiers").await;
        let row = |code: &str, status: &str| {
            format!("{{\"dossier_code\":\"{code}\",\"status\":\"{status}\"}}")
        };
        let expected =
            [row("H08-240115-0001", "7"), row("H08-240115-0002", "2"), row("H08-240220-0003", "2")];
        assert_eq!(rows, expected);
        let files = index.register_files(Register::Dossiers).await.unwrap();
        assert!(files.contains(&february[0]), "a month that no list speaks of is left alone");
        assert_eq!(files.len(), 2);
    }
}
