//! Writing the catalogue.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use futures::TryStreamExt as _;
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::properties::WriterProperties,
    schema::types::ColumnPath,
};
use sohoa_find::Request;
use sohoa_index::{Index, IndexError, Table, output};

use crate::{census, columns, owners::Owned};

/// Keys people look up.
const BLOOM_FILTERS: [&str; 2] = ["document_uid", "code_full"];

/// An export could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The index cannot be read.
    #[error("the index cannot be read")]
    Index(#[from] IndexError),
    /// A file cannot be written.
    #[error("a file of the export cannot be written")]
    File(#[from] std::io::Error),
    /// A Parquet file cannot be written.
    #[error("the Parquet file of the export cannot be written")]
    Parquet(#[from] ParquetError),
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Rows in each file.
    pub rows: u64,
    /// Parquet.
    pub parquet: PathBuf,
    /// CSV, UTF-8 with a header.
    pub csv: PathBuf,
}

/// Writes the public documents of a request into a folder; `one` is called for each. Holds a row
/// group in memory, compressed.
///
/// # Errors
/// [`ExportError`]; what is in the folder then is no export.
pub async fn write(
    index: &Index,
    request: &Request,
    folder: &Path,
    one: &(dyn Fn() + Sync),
) -> Result<Files, ExportError> {
    let schema = columns::schema()?;
    let owned = Owned::read(index).await?;
    let answer =
        index.scan(Table::Documents, Some(census::filter(request)), &columns::read()).await?;
    let mut stream = answer.stream()?;
    let paths = (folder.join("documents.parquet"), folder.join("documents.csv"));
    let mut parquet =
        ArrowWriter::try_new(File::create(&paths.0)?, schema.clone(), Some(properties()))?;
    let mut csv = BufWriter::new(File::create(&paths.1)?);
    output::csv(&arrow::array::RecordBatch::new_empty(schema.clone()), true, &mut csv)?;
    let mut rows = 0;
    while let Some(batch) = stream.try_next().await.map_err(IndexError::from)? {
        let batch = columns::publish(&batch, &schema, &owned)?;
        parquet.write(&batch)?;
        output::csv(&batch, false, &mut csv)?;
        rows += batch.num_rows() as u64;
        (0..batch.num_rows()).for_each(|_| one());
    }
    parquet.close()?;
    csv.flush()?;
    Ok(Files { rows, parquet: paths.0, csv: paths.1 })
}

fn properties() -> WriterProperties {
    let level = ZstdLevel::try_new(3).expect("3 is a level of Zstandard");
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level));
    let with_filter = BLOOM_FILTERS.iter().fold(properties, |properties, column| {
        properties.set_column_bloom_filter_enabled(ColumnPath::from(*column), true)
    });
    with_filter.build()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use arrow::array::AsArray as _;
    use chrono::{DateTime, Utc};
    use object_store::{ObjectStore, memory::InMemory};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use sohoa_index::{Batch, Register};
    use sohoa_schemas::{public::COLUMNS, record::Rows, registers::DossierRow, rows::DocumentRow};
    use url::Url;
    use uuid::Uuid;

    use super::*;
    use crate::{Census, census::census};

    /// What must not leave stands in every text of these rows.
    const HIDDEN: &str = "GIAU";

    fn document(number: u128, access: &str, secrecy: &str) -> DocumentRow {
        let at: DateTime<Utc> = "2026-11-03T01:02:03Z".parse().unwrap();
        DocumentRow {
            document_uid: Uuid::from_u128(number + 1),
            version: 1,
            province: "H99".into(),
            ingest_month: "2026-11".into(),
            code_full: Some(format!("{number}/QĐ-UBND")),
            subject: Some(format!("{HIDDEN} {number}")),
            signer_name: Some(HIDDEN.into()),
            recipients: Some(vec![HIDDEN.into()]),
            dossier_code: Some(HIDDEN.into()),
            object_uri: HIDDEN.into(),
            document_year: Some(2020),
            custodian_agency_code: Some("H99.01".into()),
            language_codes: vec!["01".into()],
            access_mode: access.into(),
            secrecy_level: secrecy.into(),
            state: "published".into(),
            first_seen_at: at,
            updated_at: at,
            ..DocumentRow::default()
        }
    }

    fn dossier(code: &str, owner: Option<&str>) -> DossierRow {
        DossierRow {
            dossier_uid: Uuid::new_v5(&Uuid::NAMESPACE_OID, code.as_bytes()),
            province: "H99".into(),
            received_month: "2020-01".into(),
            dossier_code: code.into(),
            owner_id_hmac: owner.map(str::to_owned),
            outcome: "unknown".into(),
            ..DossierRow::default()
        }
    }

    fn dossiers() -> Vec<DossierRow> {
        // Of the second one nobody has said whose it is.
        vec![dossier("H99.01-260101-0001", Some("ab")), dossier(HIDDEN, None)]
    }

    async fn index() -> Index {
        let mut open = document(1, "01", "none");
        open.subject = Some("Cấp cho CCCD 052099001234".into());
        let mut elsewhere = document(2, "01", "none");
        elsewhere.subject = Some("Khác".into());
        elsewhere.document_year = Some(1999);
        let mut personal = document(12, "01", "none");
        personal.owner_id_kind = Some("mst".into());
        personal.document_year = Some(1983);
        let mut listed = document(13, "01", "none");
        listed.subject = Some(format!("{HIDDEN} 13"));
        listed.document_year = Some(1983);
        listed.dossier_code = Some("h99.01-260101-0001".into());
        let mut withdrawn = document(3, "01", "none");
        withdrawn.state = "withdrawn".into();
        let mut nameless = document(4, "01", "none");
        nameless.state = String::new();
        let documents = vec![
            open,
            elsewhere,
            personal,
            listed,
            withdrawn,
            nameless,
            document(5, "02", "none"),
            document(6, "03", "none"),
            document(7, "", "none"),
            document(8, "9", "none"),
            document(9, "01", "mat"),
            document(10, "01", "unknown"),
            document(11, "01", ""),
        ];
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let mut index = Index::open(&store, Url::parse("s3://bucket/index").unwrap()).unwrap();
        let rows = Rows { documents, ..Rows::default() };
        index.append("tests/0", &Batch { seq: 1, keys: Vec::new(), rows }).await.unwrap();
        index.register(Register::Dossiers).await.unwrap().replace(&dossiers(), 1).await.unwrap();
        index
    }

    #[tokio::test]
    async fn only_what_is_said_to_be_public_leaves_and_only_in_public_columns() {
        let index = index().await;
        let request = Request::default();
        let census = census(&index, &request).await.unwrap();
        let expected = Census { public: 4, not_published: 2, not_open: 4, maybe_secret: 3 };
        assert_eq!(census, expected);

        let folder = tempfile::tempdir().unwrap();
        let files = write(&index, &request, folder.path(), &|| {}).await.unwrap();
        assert_eq!(files.rows, 4);
        let bytes = std::fs::read(&files.parquet).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap();
        let names: Vec<String> =
            reader.schema().fields().iter().map(|field| field.name().clone()).collect();
        assert_eq!(names, COLUMNS);
        let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
        let codes: BTreeSet<&str> = batches
            .iter()
            .flat_map(|batch| batch.column_by_name("code_full").unwrap().as_string::<i32>().iter())
            .flatten()
            .collect();
        assert_eq!(codes, BTreeSet::from(["1/QĐ-UBND", "12/QĐ-UBND", "13/QĐ-UBND", "2/QĐ-UBND"]));

        let csv = std::fs::read_to_string(&files.csv).unwrap();
        assert_eq!(csv.lines().next(), Some(COLUMNS.join(",").as_str()));
        assert_eq!(csv.lines().count(), 5, "{csv}");
        assert!(csv.contains(",Khác,"), "an organisation's");
        assert!(csv.contains("Cấp cho CCCD ###") && !csv.contains(HIDDEN), "{csv}");
    }

    #[tokio::test]
    async fn an_export_of_a_year_or_agency_has_no_other() {
        let index = index().await;
        let folder = tempfile::tempdir().unwrap();
        for (year, agency, rows) in
            [("1999", None, 1), ("2020", Some("H99"), 1), ("2020", Some("H98"), 0)]
        {
            let mut request = Request::default();
            request.within(sohoa_find::Period::parse(year).unwrap()).unwrap();
            if let Some(agency) = agency {
                request.of_agency(agency);
            }
            let files = write(&index, &request, folder.path(), &|| {}).await.unwrap();
            assert_eq!(files.rows, rows, "{year} {agency:?}");
            assert_eq!(census(&index, &request).await.unwrap().public, rows);
        }
    }
}
