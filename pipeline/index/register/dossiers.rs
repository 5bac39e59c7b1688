//! Dossiers: column by column what the newest list says of each. A list has the columns of the system
//! it is from: what another one said beside stays. Only a row has a date, so one that comes late, of
//! an older day than what is there, fills in what nobody has said and changes nothing else.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use arrow::{
    array::{
        Array as _, ArrayRef, AsArray as _, BooleanArray, PrimitiveArray, RecordBatch, StringArray,
    },
    compute::{cast, filter_record_batch, interleave},
    datatypes::{SchemaRef, TimestampMicrosecondType},
};
use deltalake::datafusion::{
    execution::SendableRecordBatchStream,
    prelude::{col, lit},
};
use futures::StreamExt as _;
use sohoa_schemas::registers::DossierRow;

use super::state::{RegisterState, provider};
use crate::{batch::encode, error::IndexError, files::text_column, read};

impl RegisterState {
    /// Puts dossiers into the table, column by column: what a newer list says of a dossier stands, an
    /// older one only fills in, and of two of one day the later import is the newer; a list that says
    /// nothing takes nothing back. Says how many rows are new or changed.
    ///
    /// Only the months that change are written anew, one of them in memory at a time.
    ///
    /// # Errors
    /// As for [`RegisterState::replace`].
    pub async fn merge(self, rows: &[DossierRow], position: i64) -> Result<usize, IndexError> {
        let mut months: BTreeMap<&str, Vec<&DossierRow>> = BTreeMap::new();
        for row in rows {
            months.entry(&row.received_month).or_default().push(row);
        }
        let mut rewrite = self.rewrite()?;
        for (month, incoming) in &months {
            let mut merging = Merging::of(&rewrite.state.schema, incoming)?;
            let mut held = rewrite.state.month(month).await?;
            while let Some(old) = held.next().await {
                merging.take(&fitted(&old?, &rewrite.state.schema)?)?;
            }
            rewrite.change(month, merging.end()?).await?;
        }
        rewrite.commit_changes(position).await
    }

    /// A month as it is.
    pub(super) async fn month(&self, month: &str) -> Result<SendableRecordBatchStream, IndexError> {
        let context = read::session()?;
        let provider = provider(self.register, &self.state, &context).await?;
        let rows = context.read_table(provider)?.filter(col("received_month").eq(lit(month)))?;
        Ok(rows.execute_stream().await?)
    }
}

/// Rows that come to those of a month.
pub(super) struct Merging<'a> {
    place: HashMap<&'a str, usize>,
    new: RecordBatch,
    is_new: Vec<bool>,
    merged: Merged,
}

impl<'a> Merging<'a> {
    /// Of rows of one dossier the newest comes, in whichever province's name an earlier program kept
    /// it.
    pub(super) fn of(schema: &SchemaRef, incoming: &[&'a DossierRow]) -> Result<Self, IndexError> {
        let mut newest: HashMap<&'a str, &'a DossierRow> = HashMap::new();
        for row in incoming {
            let held = newest.entry(&row.dossier_code).or_insert(row);
            if rank(row) > rank(held) {
                *held = row;
            }
        }
        let rows: Vec<&DossierRow> = newest.into_values().collect();
        let place = rows.iter().enumerate().map(|(at, row)| (row.dossier_code.as_str(), at));
        Ok(Self {
            place: place.collect(),
            new: encode(schema, &rows)?,
            is_new: vec![true; rows.len()],
            merged: Merged::default(),
        })
    }

    /// Puts them to some of the rows that are there.
    pub(super) fn take(&mut self, old: &RecordBatch) -> Result<(), IndexError> {
        let codes = text_column(old, "dossier_code")?;
        let both: Vec<Option<usize>> =
            (0..old.num_rows()).map(|row| self.place.get(codes.value(row)).copied()).collect();
        both.iter().flatten().for_each(|at| self.is_new[*at] = false);
        let alone: BooleanArray = both.iter().map(|at| Some(at.is_none())).collect();
        self.merged.batches.push(filter_record_batch(old, &alone)?);
        let both: Vec<(usize, usize)> =
            both.iter().enumerate().filter_map(|(row, at)| Some((row, (*at)?))).collect();
        self.merged.pair(old, &self.new, &both)
    }

    /// What stands, once all that is there was seen.
    pub(super) fn end(self) -> Result<Merged, IndexError> {
        let Self { new, is_new, mut merged, .. } = self;
        merged.changed += is_new.iter().filter(|is_new| **is_new).count();
        merged.batches.push(filter_record_batch(&new, &BooleanArray::from(is_new))?);
        Ok(merged)
    }
}

/// Rows of a month, and how many of them are new or changed.
#[derive(Default)]
pub(super) struct Merged {
    pub(super) batches: Vec<RecordBatch>,
    pub(super) changed: usize,
}

impl Merged {
    /// Takes of rows of the same dossiers what stands.
    fn pair(
        &mut self,
        old: &RecordBatch,
        new: &RecordBatch,
        rows: &[(usize, usize)],
    ) -> Result<(), IndexError> {
        let (old_ranks, new_ranks) = (Ranks::of(old)?, Ranks::of(new)?);
        let orders: Vec<Ordering> =
            rows.iter().map(|(a, b)| new_ranks.at(*b).cmp(&old_ranks.at(*a))).collect();
        let mut is_changed: Vec<bool> = orders.iter().map(|order| order.is_gt()).collect();
        let mut columns = Vec::with_capacity(old.num_columns());
        for (at, field) in old.schema_ref().fields().iter().enumerate() {
            let said = said_by(field.name());
            let (old_said, new_said) = (Said::of(old, said)?, Said::of(new, said)?);
            let mut takes = Vec::with_capacity(rows.len());
            for (pair, (a, b)) in rows.iter().enumerate() {
                let takes_new = match orders[pair] {
                    Ordering::Equal => false,
                    Ordering::Greater => said.is_none() || new_said.at(*b) || !old_said.at(*a),
                    Ordering::Less => said.is_some() && new_said.at(*b) && !old_said.at(*a),
                };
                is_changed[pair] |= takes_new;
                takes.push(if takes_new { (1, *b) } else { (0, *a) });
            }
            columns.push(interleave(&[old.column(at).as_ref(), new.column(at).as_ref()], &takes)?);
        }
        self.batches.push(RecordBatch::try_new(old.schema(), columns)?);
        self.changed += is_changed.into_iter().filter(|is_changed| *is_changed).count();
        Ok(())
    }
}

/// The column that decides from which list a column is taken: some follow from another one. None is
/// of the list as a whole.
fn said_by(column: &str) -> Option<&str> {
    match column {
        "province" | "received_month" | "dossier_code" | "listed_at" | "import_key"
        | "schema_version" => None,
        "dossier_uid" | "handling_agency_uid" => Some("handling_agency_code"),
        "receiving_unit_uid" | "level_at_receipt" => Some("receiving_unit_code"),
        "procedure_base" => Some("procedure_code"),
        // What kind of number it is belongs to the number.
        "owner_id_kind" => Some("owner_id_hmac"),
        column => Some(column),
    }
}

/// Whether a list says anything in a column.
struct Said {
    column: Option<ArrayRef>,
    /// Texts that stand for nothing.
    nothing: Option<StringArray>,
}

impl Said {
    fn of(batch: &RecordBatch, column: Option<&str>) -> Result<Self, IndexError> {
        let Some(name) = column else { return Ok(Self { column: None, nothing: None }) };
        let column = batch.column(batch.schema_ref().index_of(name)?).clone();
        let nothing = (name == "outcome").then(|| text_column(batch, name)).transpose()?;
        Ok(Self { column: Some(column), nothing })
    }

    fn at(&self, row: usize) -> bool {
        self.column.as_ref().is_some_and(|column| column.is_valid(row))
            && self.nothing.as_ref().is_none_or(|texts| texts.value(row) != "unknown")
    }
}

/// What decides between rows of a dossier.
struct Ranks {
    listed: PrimitiveArray<TimestampMicrosecondType>,
    keys: StringArray,
}

impl Ranks {
    fn of(batch: &RecordBatch) -> Result<Self, IndexError> {
        let listed = batch.column(batch.schema_ref().index_of("listed_at")?);
        let listed = listed.as_primitive::<TimestampMicrosecondType>().clone();
        Ok(Self { listed, keys: text_column(batch, "import_key")? })
    }

    fn at(&self, row: usize) -> (i64, &str) {
        (self.listed.value(row), self.keys.value(row))
    }
}

/// What decides between two rows of a dossier.
fn rank(row: &DossierRow) -> (i64, &str) {
    (row.listed_at.timestamp_micros(), &row.import_key)
}

/// A batch as the query engine gives it, in the table's own types.
pub(super) fn fitted(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, IndexError> {
    let columns = schema.fields().iter().map(|field| {
        let column = batch.column(batch.schema_ref().index_of(field.name())?);
        cast(column, field.data_type())
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

#[cfg(test)]
mod tests {
    use std::slice;

    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::{
        Index, Register,
        testing::{FusedStore, index, select},
    };

    fn dossier(serial: u32, day: &str, listed: i64, status: &str) -> DossierRow {
        DossierRow {
            province: "H08".into(),
            received_month: format!("2024-{}", &day[..2]),
            dossier_code: format!("H08-24{day}-{serial:04}"),
            status: Some(status.into()),
            outcome: "unknown".into(),
            listed_at: DateTime::from_timestamp(listed, 0).unwrap(),
            import_key: format!("imports/dossiers/{listed}.jsonl"),
            ..DossierRow::default()
        }
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
        let february = index.files(Register::Dossiers).await.unwrap();
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
        let files = index.files(Register::Dossiers).await.unwrap();
        assert!(files.contains(&february[0]), "a month that no list speaks of is left alone");
        assert_eq!(files.len(), 2);
    }

    #[tokio::test]
    async fn a_list_takes_nothing_back_of_which_it_does_not_speak() {
        let index = index(&FusedStore::sound());
        let first = DossierRow {
            dossier_uid: Uuid::from_u128(1),
            // As a program kept it that took the province from the code.
            province: "H45".into(),
            receiving_unit_code: Some("H08.12".into()),
            receiving_unit_uid: Some(Uuid::from_u128(12)),
            level_at_receipt: Some("province".into()),
            handling_agency_code: Some("H08.9".into()),
            received_at: Some(DateTime::UNIX_EPOCH),
            components_digitised: Some(2),
            owner_id_hmac: Some("ab".into()),
            outcome: "granted".into(),
            resolved: Some(true),
            ..dossier(1, "0115", 10, "9")
        };
        assert_eq!(merge(&index, slice::from_ref(&first), 1).await, 1);
        let second = DossierRow {
            dossier_uid: Uuid::from_u128(2),
            status: None,
            documents_expected: Some(3),
            components_digitised: Some(4),
            ..dossier(1, "0115", 20, "")
        };
        assert_eq!(merge(&index, slice::from_ref(&second), 2).await, 1);
        let row = "SELECT province, dossier_uid, receiving_unit_code, level_at_receipt, status, \
                   components_digitised, owner_id_hmac, outcome, resolved, documents_expected, \
                   received_at IS NOT NULL AS received, import_key FROM dossiers";
        let rows = select(&index, row).await;
        let expected = format!(
            "{{\"province\":\"H08\",\"dossier_uid\":\"{}\",\"receiving_unit_code\":\"H08.12\",\
             \"level_at_receipt\":\"province\",\"status\":\"9\",\"components_digitised\":4,\
             \"owner_id_hmac\":\"ab\",\"outcome\":\"granted\",\"resolved\":true,\
             \"documents_expected\":3,\"received\":true,\"import_key\":\"imports/dossiers/20.jsonl\"}}",
            Uuid::from_u128(1)
        );
        assert_eq!(rows, slice::from_ref(&expected));
        // All imports once more, as after two that came at once.
        assert_eq!(merge(&index, &[first], 1).await, 0);
        assert_eq!(merge(&index, &[second], 2).await, 0);
        assert_eq!(select(&index, row).await, [expected]);
        // One that is older than both only fills in.
        let older = DossierRow {
            components_digitised: Some(1),
            title: Some("Hồ sơ đất".into()),
            ..dossier(1, "0115", 5, "2")
        };
        assert_eq!(merge(&index, &[older], 3).await, 1);
        let rows = select(&index, "SELECT components_digitised, status, title FROM dossiers").await;
        let expected = "{\"components_digitised\":4,\"status\":\"9\",\"title\":\"Hồ sơ đất\"}";
        assert_eq!(rows, [expected]);
    }
}
