//! An index of a few papers, for the tests of this crate.

use std::sync::Arc;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use object_store::{ObjectStore, memory::InMemory};
use sohoa_document::fold::fold;
use sohoa_index::{Batch, Index};
use sohoa_schemas::{
    record::Rows,
    registers::DossierRow,
    rows::{DocumentRow, PageTextRow, SCHEMA_VERSION},
};
use url::Url;
use uuid::Uuid;

/// A paper of one page.
#[derive(Debug, Clone)]
pub(crate) struct Paper {
    code: String,
    date: NaiveDate,
    subject: String,
    pub(crate) organ: String,
    pub(crate) custodian: String,
    pub(crate) text: String,
    pub(crate) version: i32,
    pub(crate) access: String,
    pub(crate) state: String,
    pub(crate) owner: Option<String>,
    pub(crate) dossier: Option<String>,
}

impl Paper {
    pub(crate) fn new(code: &str, date: &str, subject: &str) -> Self {
        Self {
            code: code.to_owned(),
            date: date.parse().unwrap(),
            subject: subject.to_owned(),
            organ: "Sở Mẫu".into(),
            custodian: "H99.01".into(),
            text: String::new(),
            version: 1,
            access: "02".into(),
            state: "published".into(),
            owner: None,
            dossier: None,
        }
    }

    fn rows(&self, number: u128, version: i32) -> Rows {
        let uid = Uuid::from_u128(number + 1);
        let at: DateTime<Utc> = "2026-11-03T01:02:03Z".parse().unwrap();
        let (code_number, notation) = self.code.split_once('/').unwrap();
        let abbr = notation.split('-').next().unwrap();
        let kind = sohoa_extract::kinds().find(|kind| kind.abbr == abbr).unwrap();
        let month = format!("2026-{:02}", 10 + number % 2);
        let document = DocumentRow {
            document_uid: uid,
            source_uid: uid,
            version,
            province: "H99".into(),
            ingest_month: month.clone(),
            type_code: Some(kind.code.into()),
            type_name: Some(kind.name.into()),
            code_number: Some(code_number.into()),
            code_notation: Some(notation.into()),
            code_full: Some(self.code.clone()),
            issued_date: Some(self.date),
            document_year: Some(self.date.year()),
            organ_name: Some(self.organ.clone()),
            custodian_agency_code: Some(self.custodian.clone()),
            subject: Some(self.subject.clone()),
            subject_folded: Some(fold(&self.subject)),
            access_mode: self.access.clone(),
            owner_id_hmac: self.owner.clone(),
            dossier_code: self.dossier.clone(),
            page_from: 1,
            page_to: 1,
            state: self.state.clone(),
            first_seen_at: at,
            updated_at: at,
            schema_version: SCHEMA_VERSION,
            ..DocumentRow::default()
        };
        let text = PageTextRow {
            page_uid: Uuid::from_u128(number + (1 << 64)),
            document_uid: uid,
            source_uid: uid,
            version,
            province: "H99".into(),
            ingest_month: month,
            page_no: 1,
            text: self.text.clone(),
            text_folded: fold(&self.text),
            barcode_texts: None,
            schema_version: SCHEMA_VERSION,
        };
        Rows { documents: vec![document], page_text: vec![text], ..Rows::default() }
    }
}

/// A row of the case system: a code and whose it is.
pub(crate) fn dossier(code: &str, owner: &str) -> DossierRow {
    DossierRow {
        dossier_uid: Uuid::new_v5(&Uuid::NAMESPACE_OID, code.as_bytes()),
        province: "H99".into(),
        received_month: "2020-01".into(),
        dossier_code: code.into(),
        owner_id_hmac: Some(owner.into()),
        outcome: "unknown".into(),
        ..DossierRow::default()
    }
}

/// Every paper in every version up to its own.
pub(crate) async fn index(papers: Vec<Paper>) -> Index {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let mut index = Index::open(&store, Url::parse("s3://bucket/index").unwrap()).unwrap();
    for version in 1..=papers.iter().map(|paper| paper.version).max().unwrap_or(0) {
        let mut rows = Rows::default();
        for (number, paper) in papers.iter().enumerate().filter(|(_, p)| p.version >= version) {
            rows.extend(paper.rows(number as u128, version));
        }
        let seq = i64::from(version);
        index.append("tests/0", &Batch { seq, keys: Vec::new(), rows }).await.unwrap();
    }
    index
}
