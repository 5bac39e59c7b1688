//! `sohoa reconcile`: what was counted and listed, held against what was scanned.

use std::io::Write as _;

use sohoa_index::{IndexError, output};
use sohoa_store::Missing;

use crate::{
    arguments::Format,
    arguments::import::{Against, Reconcile},
    commands::query,
    custody::{asked_for, rows_of},
    exit::{Exit, Failure},
    settings::Settings,
    setup,
};

const INVENTORY: &str = include_str!("../../../schemas/reconcile/inventory.sql");
const DOSSIERS: &str = include_str!("../../../schemas/reconcile/dossiers.sql");

/// Answers on standard output.
pub(crate) async fn run(arguments: &Reconcile) -> Result<Exit, Failure> {
    let sql = sql(arguments)?;
    let settings = Settings::load(arguments.results.config.as_deref())?;
    let store = setup::open(&settings, &arguments.results.output, Missing::Refuse).await?;
    let index = query::open(&store).await?;
    let unreachable = |error: IndexError| Failure::from_error(Exit::Unreachable, &error);
    let answer = index.query(&sql).await.map_err(unreachable)?;
    let format = match arguments.format {
        Format::Csv => output::Format::Csv,
        Format::Json => output::Format::Json,
        Format::Table => output::Format::Table { width: None },
    };
    let schema = answer.schema();
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let rows = output::write(schema, answer, format, &mut out).await.map_err(unreachable)?;
    out.flush().map_err(|error| unreachable(error.into()))?;
    if arguments.format == Format::Table {
        let told = if arguments.all { "rows" } else { "differences" };
        eprintln!("{rows} {told}");
    }
    Ok(Exit::Done)
}

fn sql(arguments: &Reconcile) -> Result<String, Failure> {
    let (inner, order) = match arguments.what {
        Against::Dossiers => (DOSSIERS, "verdict, dossier_code"),
        Against::Inventory => (INVENTORY, "agency_code, procedure_base, year_from, verdict"),
    };
    let mut conditions = Vec::new();
    if !arguments.all {
        conditions.push("verdict <> 'equal'".to_owned());
    }
    if let Some(given) = &arguments.agency {
        conditions.push(rows_of("agency_code", &asked_for(given)?));
    }
    let filter = if conditions.is_empty() {
        String::new()
    } else {
        format!("where {}", conditions.join(" and "))
    };
    Ok(format!("select * from (\n{inner}\n) as compared {filter} order by {order}"))
}

#[cfg(test)]
mod tests {
    use sohoa_index::{Batch, Index};
    use sohoa_publish::keys;
    use sohoa_schemas::rows::DocumentRow;
    use sohoa_store::Store;
    use uuid::Uuid;

    use super::*;
    use crate::{amend::version::tests::record, answers::for_each_row};

    #[tokio::test]
    async fn a_scan_is_of_the_procedure_its_row_names_and_of_its_code_s_where_it_is_older() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        let (objects, url) = store.below(keys::INDEX);
        let mut index = Index::open(&objects, url).unwrap();
        let mut rows = record().rows;
        let row = rows.documents.remove(0);
        let said = [(Some("2.001234"), 1), (None, 2), (None, 3)];
        rows.documents = said
            .map(|(base, number)| DocumentRow {
                document_uid: Uuid::from_u128(number),
                source_uid: Uuid::from_u128(number),
                province: "H08".into(),
                ingest_month: "2026-11".into(),
                doc_role: "result".into(),
                procedure_code: Some("1.004873.000.00.00.H08".into()),
                procedure_base: base.map(str::to_owned),
                ..row.clone()
            })
            .into();
        index.append("test", &Batch { seq: 1, keys: Vec::new(), rows }).await.unwrap();
        let sql = format!(
            "select procedure_base, cast(scanned as varchar) from ({INVENTORY}) as c \
             order by procedure_base"
        );
        let mut found = Vec::new();
        for_each_row(&index, &sql, |row| {
            found.push((row[0].map(str::to_owned), row[1].map(str::to_owned)));
        })
        .await
        .unwrap();
        let of = |base: &str, scanned: &str| (Some(base.to_owned()), Some(scanned.to_owned()));
        assert_eq!(found, [of("1.004873", "2"), of("2.001234", "1")]);
    }
}
