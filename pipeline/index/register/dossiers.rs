//! Dossiers: the newest state of each, whatever the order in which lists come.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use arrow::{
    array::{AsArray as _, BooleanArray, RecordBatch},
    compute::{cast, filter_record_batch},
    datatypes::{SchemaRef, TimestampMicrosecondType},
};
use deltalake::{
    datafusion::prelude::{col, lit},
    writer::DeltaWriter as _,
};
use futures::StreamExt as _;
use sohoa_schemas::registers::DossierRow;

use super::state::{RegisterState, provider};
use crate::{batch::encode, error::IndexError, files::text_column, read};

impl RegisterState {
    /// Puts dossiers into the table: of two rows of one dossier the one listed later stands, of two
    /// listed at once the one of the later import. Says how many rows are new or changed.
    ///
    /// Only the months that change are written anew, one of them in memory at a time.
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
        let mut touched: HashSet<(String, String)> = HashSet::new();
        let mut actions = Vec::new();
        let mut changed = 0;
        for ((province, month), mut incoming) in months {
            let kept = self.without_older(province, month, &mut incoming).await?;
            if incoming.is_empty() {
                continue;
            }
            changed += incoming.len();
            let incoming: Vec<&DossierRow> = incoming.into_values().collect();
            let batches = kept.into_iter().chain([encode(&self.schema, &incoming)?]);
            for batch in batches.filter(|batch| batch.num_rows() > 0) {
                writer.write(batch).await.map_err(|error| self.register.error(error))?;
            }
            actions.extend(self.flush(&mut writer).await?);
            touched.insert((province.to_owned(), month.to_owned()));
        }
        actions.extend(self.removals(|values| {
            let value = |name: &str| values.get(name).cloned().flatten().unwrap_or_default();
            touched.contains(&(value("province"), value("received_month")))
        })?);
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
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::{
        Index, Register,
        testing::{FusedStore, index, select},
    };

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
}
