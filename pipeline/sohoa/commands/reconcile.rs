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
    use serde::Serialize;
    use sohoa_index::{Batch, Index, Register};
    use sohoa_publish::keys;
    use sohoa_schemas::{
        registers::{AgencyKeyRow, DossierRow, InventoryRow},
        rows::DocumentRow,
    };
    use sohoa_store::Store;
    use uuid::Uuid;

    use super::*;
    use crate::answers::for_each_row;

    async fn index(folder: &std::path::Path, documents: Vec<DocumentRow>) -> Index {
        let store = Store::open(folder.to_str().unwrap(), Missing::Refuse).unwrap();
        let (objects, url) = store.below(keys::INDEX);
        let mut index = Index::open(&objects, url).unwrap();
        let rows = sohoa_schemas::record::Rows { documents, ..Default::default() };
        index.append("test", &Batch { seq: 1, keys: Vec::new(), rows }).await.unwrap();
        index
    }

    /// A published result of 2019 with a number of its own, that H08.12 keeps.
    fn paper(number: u128) -> DocumentRow {
        DocumentRow {
            document_uid: Uuid::from_u128(number),
            source_uid: Uuid::from_u128(number),
            version: 1,
            province: "H08".into(),
            ingest_month: "2026-11".into(),
            doc_role: "result".into(),
            state: "published".into(),
            custodian_agency_code: Some("H08.12".into()),
            code_number: Some(number.to_string()),
            code_notation: Some("QĐ-UBND".into()),
            organ_name: Some("UBND tỉnh".into()),
            issued_date: Some("2019-05-06".parse().unwrap()),
            document_year: Some(2019),
            page_count: 2,
            first_seen_at: "2026-07-01T00:00:00Z".parse().unwrap(),
            ..DocumentRow::default()
        }
    }

    fn count(
        agency: u128,
        code: &str,
        years: Option<(i32, i32)>,
        (papers, pages): (i64, i64),
    ) -> InventoryRow {
        InventoryRow {
            inventory_uid: Uuid::from_u128(100 + agency),
            province: "H08".into(),
            agency_uid: Some(Uuid::from_u128(agency)),
            agency_code: code.into(),
            year_from: years.map(|(from, _)| from),
            year_to: years.map(|(_, to)| to),
            valid_paper_count: papers,
            page_count: Some(pages),
            counted_at: "2026-06-01".parse().unwrap(),
            method: "count".into(),
            ..InventoryRow::default()
        }
    }

    fn key(agency: u128, code: &str, from: Option<&str>, to: Option<&str>) -> AgencyKeyRow {
        let day = |day: &str| day.parse().unwrap();
        AgencyKeyRow {
            kind: "code".into(),
            key: code.into(),
            agency_uid: Uuid::from_u128(agency),
            province: "H08".into(),
            valid_from: from.map(day),
            valid_to: to.map(day),
            ..AgencyKeyRow::default()
        }
    }

    async fn replace<T: Serialize>(index: &Index, register: Register, rows: &[T]) {
        index.register(register).await.unwrap().replace(rows, 1).await.unwrap();
    }

    /// Columns of every row, as text.
    async fn answers(index: &Index, columns: &str, sql: &str) -> Vec<String> {
        let sql = format!("select {columns} from ({sql}) as compared order by 1");
        let mut found = Vec::new();
        let text = |row: &[Option<&str>]| {
            row.iter().map(|c| c.unwrap_or("-")).collect::<Vec<_>>().join(" ")
        };
        for_each_row(index, &sql, |row| found.push(text(row))).await.unwrap();
        found
    }

    #[tokio::test]
    async fn what_is_issued_with_a_paper_and_what_is_filed_twice_counts_once() {
        let annex = DocumentRow {
            document_uid: Uuid::from_u128(2),
            parent_document_uid: Some(Uuid::from_u128(1)),
            page_count: 3,
            ..paper(1)
        };
        let again = DocumentRow { document_uid: Uuid::from_u128(3), ..paper(1) };
        let withdrawn = DocumentRow { state: "withdrawn".into(), ..paper(4) };
        let mut documents = vec![paper(1), annex, again, withdrawn, paper(5)];
        for (row, dossier) in documents.iter_mut().zip(["A-1", "A-1", "A-2", "A-1", "A-2"]) {
            row.dossier_code = Some(dossier.into());
        }
        let folder = tempfile::tempdir().unwrap();
        let index = index(folder.path(), documents).await;
        replace(&index, Register::AgencyKeys, &[key(12, "H08.12", None, None)]).await;
        let counted = count(12, "H08.12", Some((2016, 2021)), (3, 9));
        replace(&index, Register::Inventory, &[counted]).await;
        let found = answers(&index, "verdict, scanned, pages_scanned", INVENTORY).await;
        assert_eq!(found, ["partly_scanned 2 7"], "one is missing still");

        let listed = |code: &str, documents: i32, pages: i32| DossierRow {
            dossier_uid: Uuid::new_v5(&Uuid::NAMESPACE_OID, code.as_bytes()),
            province: "H08".into(),
            received_month: "2026-07".into(),
            dossier_code: code.into(),
            outcome: "unknown".into(),
            documents_expected: Some(documents),
            pages_expected: Some(pages),
            ..DossierRow::default()
        };
        let dossiers = [listed("A-1", 1, 5), listed("A-2", 2, 4)];
        replace(&index, Register::Dossiers, &dossiers).await;
        let found = answers(&index, "dossier_code, documents_scanned, verdict", DOSSIERS).await;
        assert_eq!(found, ["A-1 1 equal", "A-2 2 equal"]);
    }

    #[tokio::test]
    async fn a_count_without_years_is_of_all_papers_unless_there_are_others() {
        let old = DocumentRow { document_year: Some(1978), ..paper(2) };
        let unknown = DocumentRow { document_year: None, ..paper(3) };
        let folder = tempfile::tempdir().unwrap();
        let index = index(folder.path(), vec![paper(1), old, unknown]).await;
        replace(&index, Register::AgencyKeys, &[key(12, "H08.12", None, None)]).await;
        let whole = count(12, "H08.12", None, (3, 6));
        replace(&index, Register::Inventory, std::slice::from_ref(&whole)).await;
        let columns = "verdict, scanned, year_from";
        assert_eq!(answers(&index, columns, INVENTORY).await, ["equal 3 -"]);
        let dated = count(12, "H08.12", Some((2016, 2021)), (1, 2));
        replace(&index, Register::Inventory, &[whole, dated]).await;
        let found = answers(&index, columns, INVENTORY).await;
        assert_eq!(found, ["equal 1 2016", "not_counted 1 1978", "partly_scanned 1 -"]);
    }

    #[tokio::test]
    async fn a_code_that_was_given_on_is_whose_it_was_when_the_paper_came_in() {
        let before =
            DocumentRow { first_seen_at: "2026-06-30T16:59:59Z".parse().unwrap(), ..paper(1) };
        let after =
            DocumentRow { first_seen_at: "2026-06-30T17:00:00Z".parse().unwrap(), ..paper(2) };
        let folder = tempfile::tempdir().unwrap();
        let index = index(folder.path(), vec![before, after]).await;
        let day = Some("2026-07-01");
        let keys =
            [key(1, "H08.12", None, day), key(1, "H21.12", day, None), key(2, "H08.12", day, None)];
        replace(&index, Register::AgencyKeys, &keys).await;
        let years = Some((2016, 2021));
        let counts = [count(1, "H08.12", years, (1, 2)), count(2, "H08.12", years, (4, 8))];
        replace(&index, Register::Inventory, &counts).await;
        let found = answers(&index, "counted, scanned, verdict", INVENTORY).await;
        assert_eq!(found, ["1 1 equal", "4 1 partly_scanned"]);
    }

    #[tokio::test]
    async fn a_scan_is_of_the_procedure_its_row_names_and_of_its_code_s_where_it_is_older() {
        let folder = tempfile::tempdir().unwrap();
        let said = [(Some("2.001234"), 1), (None, 2), (None, 3)];
        let documents = said.map(|(base, number)| DocumentRow {
            procedure_code: Some("1.004873.000.00.00.H08".into()),
            procedure_base: base.map(str::to_owned),
            ..paper(number)
        });
        let index = index(folder.path(), documents.into()).await;
        let found = answers(&index, "procedure_base, scanned", INVENTORY).await;
        assert_eq!(found, ["1.004873 2", "2.001234 1"]);
    }
}
