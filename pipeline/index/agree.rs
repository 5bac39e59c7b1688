//! Whether rows agree: no key twice, each document with what belongs to it, and rows with the
//! records they were made from.

use std::collections::{BTreeMap, HashMap, HashSet};

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use futures::TryStreamExt as _;
use sohoa_schemas::record::Rows;

use crate::{
    Index,
    batch::columns,
    error::IndexError,
    files::text_column,
    output::{Format, write},
    stored::Stored,
    table::{SOURCE_UID, Table},
    verify::Difference,
};

/// What repairs rows.
const REBUILD: &str = "sohoa index rebuild";

/// How often a question is asked before its answer is believed: a batch of a running indexer is in
/// some tables a moment before the others.
const ASKED: usize = 3;

/// Documents that something is wrong with: the table to blame, what it is, and the question, whose
/// answer names them.
const RELATIONS: [(Table, &str, &str); 5] = [
    (
        Table::Documents,
        "documents are not the newest of their versions in `document_versions`",
        "SELECT d.document_uid AS uid FROM documents d LEFT JOIN (SELECT document_uid, max(version) \
         AS newest FROM document_versions GROUP BY document_uid) v ON v.document_uid = \
         d.document_uid WHERE v.newest IS NULL OR v.newest <> d.version",
    ),
    (
        Table::Documents,
        "documents of `document_versions` have no current version",
        "SELECT v.document_uid AS uid FROM document_versions v LEFT ANTI JOIN documents d ON \
         d.document_uid = v.document_uid",
    ),
    (
        Table::Pages,
        "versions of documents have another number of pages than they say",
        "SELECT d.document_uid AS uid FROM document_versions d LEFT JOIN (SELECT document_uid, \
         version, count(*) AS pages FROM pages GROUP BY document_uid, version) p ON p.document_uid = \
         d.document_uid AND p.version = d.version WHERE coalesce(p.pages, 0) <> d.page_count",
    ),
    (
        Table::Signatures,
        "versions of documents say that they are signed, and have no signature",
        "SELECT d.document_uid AS uid FROM (SELECT document_uid, source_uid, version FROM \
         document_versions WHERE signature_state <> 'missing') d LEFT ANTI JOIN signatures s ON \
         s.source_uid = d.source_uid AND s.version = d.version",
    ),
    (
        Table::Findings,
        "pages have codes, and their source has no finding",
        "SELECT p.page_uid AS uid FROM (SELECT page_uid, source_uid, version FROM pages WHERE \
         array_length(fault_codes) > 0) p LEFT ANTI JOIN findings f ON f.source_uid = p.source_uid \
         AND f.version = p.version",
    ),
];

impl Index {
    /// Looks for a key that a table has twice. Spills to disk beyond a gibibyte of keys.
    ///
    /// # Errors
    /// [`IndexError`] when the table cannot be read.
    pub async fn verify_keys(
        &self,
        table: impl Into<Stored>,
    ) -> Result<Vec<Difference>, IndexError> {
        let table = table.into();
        let (name, key) = (table.name(), table.key());
        let columns = key.join(", ");
        let uid = key.iter().map(|c| format!("coalesce(cast({c} AS varchar), '-')"));
        let uid = uid.collect::<Vec<_>>();
        let uid = uid.join(" || ' ' || ");
        let twice = format!("SELECT {columns} FROM {name} GROUP BY {columns} HAVING count(*) > 1");
        let question = format!("SELECT {uid} AS uid FROM ({twice}) AS twice");
        self.ask(table, "keys come more than once", &question).await
    }

    /// Holds every version of every document against its pages, signatures and findings.
    ///
    /// # Errors
    /// As for [`Index::verify_keys`].
    pub async fn verify_relations(&self) -> Result<Vec<Difference>, IndexError> {
        let mut found = Vec::new();
        for (table, what, question) in RELATIONS {
            found.extend(self.ask(table.into(), what, question).await?);
        }
        Ok(found)
    }

    /// One difference if the question has an answer, and keeps having one.
    async fn ask(
        &self,
        table: Stored,
        what: &str,
        question: &str,
    ) -> Result<Vec<Difference>, IndexError> {
        let sql = format!("SELECT count(*) AS n, min(uid) AS example FROM ({question}) AS found");
        let mut said = None;
        for _ in 0..ASKED {
            let batches: Vec<RecordBatch> = self.query(&sql).await?.try_collect().await?;
            let Some(batch) = batches.iter().find(|batch| batch.num_rows() > 0) else { break };
            let (n, example) = (text_column(batch, "n")?, text_column(batch, "example")?);
            if n.value(0) == "0" {
                return Ok(Vec::new());
            }
            said = Some(format!("{} {what}, e.g. `{}`", n.value(0), example.value(0)));
        }
        let difference =
            |what| Difference { table: table.name(), file: None, what, repair: REBUILD };
        Ok(said.map(difference).into_iter().collect())
    }

    /// Versions of `count` sources that are documents now, chosen at random, for
    /// [`Index::verify_records`].
    ///
    /// # Errors
    /// As for [`Index::verify_keys`].
    pub async fn some_sources(&self, count: usize) -> Result<Vec<(String, i32)>, IndexError> {
        let sql = format!(
            "SELECT source_uid, version FROM documents ORDER BY random(), source_uid LIMIT {count}"
        );
        let batches: Vec<RecordBatch> = self.query(&sql).await?.try_collect().await?;
        let mut sources = Vec::new();
        for batch in &batches {
            let (uids, versions) =
                (text_column(batch, SOURCE_UID)?, text_column(batch, "version")?);
            for row in 0..batch.num_rows() {
                let version = versions.value(row).parse().unwrap_or_default();
                sources.push((uids.value(row).to_owned(), version));
            }
        }
        Ok(sources)
    }

    /// Holds the rows of published records, every column of them, against the tables. Receipts are
    /// left out: later ones replace them; and events, whose place in the chain no record knows. Of `documents` the rows of `current` versions are wanted.
    ///
    /// # Errors
    /// As for [`Index::verify_keys`].
    pub async fn verify_records(
        &self,
        rows: &Rows,
        current: &HashSet<(String, i32)>,
    ) -> Result<Vec<Difference>, IndexError> {
        let mut found = Vec::new();
        for table in Table::ALL {
            if matches!(table, Table::Intake | Table::Events) {
                continue;
            }
            let schema = &self.log(table).schema;
            let mut rows = columns(table, schema, rows)?;
            if table == Table::Documents {
                rows = of_versions(&rows, current)?;
            }
            let wanted = lines(schema, vec![rows]).await?;
            if wanted.is_empty() {
                continue;
            }
            let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            let sources: HashSet<String> =
                wanted.keys().filter_map(|line| source_of(line)).collect();
            let sources: Vec<_> = sources.iter().map(|uid| format!("'{uid}'")).collect();
            let sql = format!(
                "SELECT {} FROM {} WHERE {SOURCE_UID} IN ({})",
                names.join(", "),
                table.name(),
                sources.join(", ")
            );
            let stored = lines(schema, self.query(&sql).await?.try_collect().await?).await?;
            let mut missing: BTreeMap<String, usize> = BTreeMap::new();
            for line in wanted.keys().filter(|line| !stored.contains_key(*line)) {
                *missing.entry(source_of(line).unwrap_or_default()).or_default() += 1;
            }
            found.extend(missing.into_iter().map(|(source, count)| Difference {
                table: table.name(),
                file: None,
                what: format!("{count} rows of source `{source}` are not as its record says"),
                repair: REBUILD,
            }));
        }
        Ok(found)
    }
}

/// The rows of some versions of sources.
fn of_versions(
    rows: &RecordBatch,
    versions: &HashSet<(String, i32)>,
) -> Result<RecordBatch, IndexError> {
    let (uids, numbers) = (text_column(rows, SOURCE_UID)?, text_column(rows, "version")?);
    let is_wanted = |row: usize| {
        let version = numbers.value(row).parse().unwrap_or_default();
        Some(versions.contains(&(uids.value(row).to_owned(), version)))
    };
    let mask = (0..rows.num_rows()).map(is_wanted).collect();
    Ok(arrow::compute::filter_record_batch(rows, &mask)?)
}

/// Each row as a line of JSON, with how often it comes.
async fn lines(
    schema: &SchemaRef,
    batches: Vec<RecordBatch>,
) -> Result<HashMap<String, usize>, IndexError> {
    let mut out = Vec::new();
    let batches = futures::stream::iter(batches.into_iter().map(Ok::<_, IndexError>));
    write(schema.clone(), batches, Format::Json, &mut out).await?;
    let mut lines = HashMap::new();
    for line in String::from_utf8_lossy(&out).lines() {
        *lines.entry(line.to_owned()).or_default() += 1;
    }
    Ok(lines)
}

fn source_of(line: &str) -> Option<String> {
    let row: serde_json::Value = serde_json::from_str(line).ok()?;
    row.get(SOURCE_UID)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Batch,
        testing::{APPLICATION, FusedStore, index, join, published},
    };

    async fn appended(rows: Rows) -> Index {
        let mut index = index(&FusedStore::sound());
        let batch = Batch { seq: 1, keys: Vec::new(), rows };
        index.append(APPLICATION, &batch).await.unwrap();
        index
    }

    fn sources() -> Rows {
        join((0..6).map(|number| published(number, 1)))
    }

    fn said(found: &[Difference]) -> Vec<(&'static str, &str)> {
        found.iter().map(|d| (d.table, d.what.split(',').next().unwrap())).collect()
    }

    #[tokio::test]
    async fn what_appends_wrote_agrees() {
        let mut index = appended(sources()).await;
        let batch = Batch { seq: 2, keys: Vec::new(), rows: published(1, 2) };
        index.append(APPLICATION, &batch).await.unwrap();
        assert_eq!(index.verify_relations().await.unwrap(), []);
        for table in Table::ALL {
            assert_eq!(index.verify_keys(table).await.unwrap(), []);
        }
        let current: HashSet<_> = index.some_sources(100).await.unwrap().into_iter().collect();
        assert_eq!(current.len(), 6);
        assert_eq!(index.some_sources(4).await.unwrap().len(), 4);
        let records = join([sources(), published(1, 2)]);
        assert_eq!(index.verify_records(&records, &current).await.unwrap(), []);
    }

    #[tokio::test]
    async fn rows_that_are_missing_are_missed() {
        let mut rows = sources();
        rows.pages.remove(0);
        rows.signatures.remove(1);
        rows.findings.remove(2);
        let index = appended(rows).await;
        assert_eq!(
            said(&index.verify_relations().await.unwrap()),
            [
                ("pages", "1 versions of documents have another number of pages than they say"),
                ("signatures", "1 versions of documents say that they are signed"),
                ("findings", "1 pages have codes"),
            ]
        );
        let current = index.some_sources(100).await.unwrap().into_iter().collect();
        let found = index.verify_records(&sources(), &current).await.unwrap();
        let tables: Vec<_> = found.iter().map(|d| d.table).collect();
        assert_eq!(tables, ["pages", "signatures", "findings"]);
    }

    #[tokio::test]
    async fn a_row_that_was_changed_or_doubled_is_noticed() {
        let mut index = appended(sources()).await;
        let mut records = sources();
        records.documents[0].subject = Some("another".to_owned());
        let current = index.some_sources(100).await.unwrap().into_iter().collect();
        let found = index.verify_records(&records, &current).await.unwrap();
        let tables: Vec<_> = found.iter().map(|d| d.table).collect();
        assert_eq!(tables, ["document_versions", "documents"]);

        let log = index.log_mut(Table::Documents);
        let mut writer = log.writer().await.unwrap();
        let rows = columns(Table::Documents, &log.schema, &published(2, 1)).unwrap();
        deltalake::writer::DeltaWriter::write(&mut writer, rows).await.unwrap();
        let adds = deltalake::writer::DeltaWriter::flush(&mut writer).await.unwrap();
        log.exchange(&[], &adds).await.unwrap();
        let found = index.verify_keys(Table::Documents).await.unwrap();
        assert_eq!(said(&found), [("documents", "1 keys come more than once")]);
    }
}
