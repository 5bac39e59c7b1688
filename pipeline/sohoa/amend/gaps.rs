//! What is missing, as the index knows it.
//!
//! A value that a person took away (`null`) was looked at, and is missing no more.

use serde::Serialize;
use sohoa_index::Index;
use sohoa_schemas::seen::in_vietnamese;
use uuid::Uuid;

use super::Field;
use crate::{
    answers::for_each_row,
    exit::{Exit, Failure},
};

/// A missing value of a document, with what helps to find it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Gap {
    /// The document.
    pub(crate) document_uid: Uuid,
    /// The column that is null, or says that nothing is known.
    pub(crate) field: String,
    /// What was seen there and not believed, or the line as it was read.
    pub(crate) seen: Option<String>,
    /// The same in Vietnamese; null for a value, which is no language's.
    pub(crate) seen_vi: Option<String>,
    /// Known of the document: kind as printed.
    pub(crate) type_name: Option<String>,
    /// Number.
    pub(crate) code_number: Option<String>,
    /// Notation.
    pub(crate) code_notation: Option<String>,
    /// Date of issue.
    pub(crate) issued_date: Option<String>,
    /// Issuing agency.
    pub(crate) organ_name: Option<String>,
    /// What it is about.
    pub(crate) subject: Option<String>,
    /// Page of the PDF where the value stands, or should.
    pub(crate) page: i32,
    /// Address of the PDF.
    pub(crate) pdf: String,
    /// Picture of the place.
    pub(crate) crop: Option<String>,
    /// The source, and the version of its record.
    #[serde(skip)]
    pub(crate) source: (Uuid, i32),
}

/// Columns of the query, after the field.
const COLUMNS: &str = "d.document_uid, d.source_uid, cast(d.version as varchar) as version, \
    d.type_name, d.code_number, d.code_notation, cast(d.issued_date as varchar) as issued_date, \
    d.organ_name, d.subject, cast(d.page_from as varchar) as page_from, d.object_uri, \
    d.dossier_uid, d.doc_ordinal";

/// The query: a document's missing values stand together, dossier by dossier, as papers lie.
fn sql(fields: &[Field], limit: Option<u64>) -> String {
    let one = |(place, field): (usize, &Field)| {
        let (column, open) = (field.column(), unknown(*field));
        format!(
            "select {place} as place, '{column}' as field, f.observed, {COLUMNS} from documents d \
             left join (select subject_uid, version, max(observed) as observed from findings \
             where field = '{column}' and code in ('M01_MISSING', 'M02_LOW_CONF') \
             group by subject_uid, version) f \
             on f.subject_uid = d.document_uid and f.version = d.version \
             where {open} and not coalesce(array_has(map_extract(d.field_source, \
             '{column}'), 'amended'), false)"
        )
    };
    let parts: Vec<String> = fields.iter().enumerate().map(one).collect();
    let limit = limit.map(|limit| format!(" limit {limit}")).unwrap_or_default();
    format!(
        "select * from ({}) order by dossier_uid, doc_ordinal, document_uid, place{limit}",
        parts.join(" union all ")
    )
}

/// Every missing value of `fields`; `address` is that of the output. Holds them all: some hundred
/// bytes each.
///
/// # Errors
/// The index cannot be read.
pub(super) async fn gaps(
    index: &Index,
    (fields, limit): (&[Field], Option<u64>),
    address: &str,
) -> Result<Vec<Gap>, Failure> {
    let mut gaps = Vec::new();
    let address = address.trim_end_matches('/');
    let sql = sql(fields, limit);
    let read = for_each_row(index, &sql, |row| {
        let text = |at: usize| row[at].map(str::to_owned);
        let uid = |at: usize| row[at].and_then(|text| text.parse().ok()).unwrap_or_default();
        let number = |at: usize| row[at].and_then(|text| text.parse().ok()).unwrap_or(1);
        gaps.push(Gap {
            document_uid: uid(3),
            field: text(1).unwrap_or_default(),
            seen: text(2),
            seen_vi: row[2].and_then(in_vietnamese),
            type_name: text(6),
            code_number: text(7),
            code_notation: text(8),
            issued_date: text(9),
            organ_name: text(10),
            subject: text(11),
            page: number(12),
            pdf: format!("{address}/{}", row[13].unwrap_or_default()),
            crop: None,
            source: (uid(4), number(5)),
        });
    });
    read.await.map_err(|error| Failure::from_error(Exit::Unreachable, &error))?;
    Ok(gaps)
}
/// The condition, in SQL over a document `d`, that nobody knows the value.
fn unknown(field: Field) -> String {
    match field {
        Field::DocRole => {
            "(d.doc_role = 'unknown' or d.doc_role = 'other' and d.partner_id is null)".to_owned()
        }
        Field::ValidityStatus => "d.validity_status = 'unknown'".to_owned(),
        _ => format!("d.{} is null", field.column()),
    }
}
