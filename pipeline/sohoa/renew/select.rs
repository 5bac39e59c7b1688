//! Which records are below their level, or have a stamp that ends; from the index.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sohoa_backfill::Ledger;
use sohoa_flow::Fault;
use sohoa_index::{Index, IndexError};
use sohoa_schemas::config::SignatureLevel;
use uuid::Uuid;

use crate::{answers::for_each_row, stages::sign::word};

/// Candidates held in memory at once.
const PAGE: usize = 50_000;

/// All levels, from least to most.
const LEVELS: [SignatureLevel; 4] =
    [SignatureLevel::BB, SignatureLevel::BT, SignatureLevel::BLt, SignatureLevel::BLta];

/// What is to be done to a record. Stamps that end cannot wait, so they come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Its stamp ends.
    Renewal,
    /// It is below the level, and its stamp, if it has one, does not end yet.
    Raising,
}

/// Which records; what is not given takes all.
#[derive(Debug)]
pub(crate) struct Select {
    /// Records below it are raised.
    pub(crate) level: SignatureLevel,
    /// Document time-stamps whose authority's certificate ends before this are renewed.
    pub(crate) ends_before: DateTime<Utc>,
    /// Of the agencies of these codes alone.
    pub(crate) agencies: Vec<String>,
    /// Of these months of first publication alone, `2026-11`.
    pub(crate) months: Vec<String>,
    /// Of these dossiers alone: those of a submission.
    pub(crate) dossiers: Option<HashSet<Uuid>>,
}

/// A record to be looked at.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// The source.
    pub(crate) source: Uuid,
    /// The version that the index has.
    pub(crate) version: i32,
    /// Level of its own signature.
    pub(crate) level: Option<SignatureLevel>,
    /// Who issued the certificate that signed it: the authority that has to answer for it.
    pub(crate) issuer: Option<String>,
}

impl Select {
    /// Adds the dossiers of a submission, from its ledger: 50 bytes each.
    pub(crate) async fn add_submission(&mut self, ledger: &Ledger) -> Result<u64, Fault> {
        let chunks = ledger.chunks().await?;
        let dossiers = self.dossiers.get_or_insert_default();
        for number in 1..=chunks {
            let chunk = ledger.chunk(number).await?;
            dossiers.extend(chunk.documents.iter().map(|document| document.dossier_uid));
        }
        Ok(chunks)
    }

    /// How many there are.
    pub(crate) async fn count(&self, index: &Index) -> Result<u64, IndexError> {
        let mut count = 0;
        for need in [Need::Renewal, Need::Raising] {
            let sql = self.sql(need, None);
            for_each_row(index, &sql, |row| count += u64::from(self.takes(row))).await?;
        }
        Ok(count)
    }

    /// Those with a need behind `last`, a page at most, in the order of their identities; and where
    /// the page ends, unless it is the last one.
    pub(crate) async fn page(
        &self,
        index: &Index,
        (need, last): (Need, Option<Uuid>),
    ) -> Result<(Vec<Candidate>, Option<Uuid>), IndexError> {
        let (mut found, mut seen, mut end) = (Vec::new(), 0, None);
        let sql = format!("{} order by 1 limit {PAGE}", self.sql(need, last));
        for_each_row(index, &sql, |row| {
            seen += 1;
            let uid = row[0].and_then(|text| text.parse().ok());
            end = uid.or(end);
            let version = row[1].and_then(|text| text.parse().ok());
            if let (Some(source), Some(version), true) = (uid, version, self.takes(row)) {
                let rank = row[3].and_then(|text| text.parse::<usize>().ok());
                let level = rank.and_then(|rank| LEVELS.get(rank)).copied();
                let issuer = row[4].map(ToOwned::to_owned);
                found.push(Candidate { source, version, level, issuer });
            }
        })
        .await?;
        Ok((found, end.filter(|_| seen == PAGE)))
    }

    fn takes(&self, row: &[Option<&str>]) -> bool {
        let dossier = || row[2].and_then(|text| text.parse::<Uuid>().ok());
        self.dossiers.as_ref().is_none_or(|all| dossier().is_some_and(|uid| all.contains(&uid)))
    }

    /// Sources, their versions, dossiers and levels. A signature of ours stands under its record's
    /// version; a record has one, and a row for each stamp over the whole file.
    fn sql(&self, need: Need, last: Option<Uuid>) -> String {
        let rank = |level: SignatureLevel| LEVELS.iter().position(|one| *one == level);
        let each = LEVELS.iter().enumerate();
        let each = each.map(|(rank, level)| format!(" when '{}' then {rank}", word(level)));
        let ranks = each.collect::<Vec<_>>().concat();
        let mut wheres = vec!["s.made_by_sohoa".to_owned()];
        wheres.extend(one_of("d.custodian_agency_code", &self.agencies));
        wheres.extend(one_of("d.ingest_month", &self.months));
        wheres.extend(last.map(|last| format!("d.source_uid > '{last}'")));
        let ends = self.ends_before.timestamp();
        let needs = match need {
            Need::Renewal => format!("ends < {ends}"),
            Need::Raising => format!(
                "level < {} and (ends is null or ends >= {ends})",
                rank(self.level).unwrap_or_default()
            ),
        };
        format!(
            "with found as (select d.source_uid, max(d.version) as version, \
             max(d.dossier_uid) as dossier_uid, \
             min(case when s.role = 'agency_copy' then case s.pades_level{ranks} end end) as level, \
             max(case when s.role = 'agency_copy' then s.issuer_dn end) as issuer, \
             max(case when s.role = 'timestamp_doc' \
             then date_part('epoch', s.cert_not_after) end) as ends \
             from documents d join signatures s \
             on s.source_uid = d.source_uid and s.version = d.version \
             where {} group by d.source_uid) \
             select source_uid, cast(version as varchar), dossier_uid, cast(level as varchar), \
             issuer from found where {needs}",
            wheres.join(" and "),
        )
    }
}

/// The column has one of the values, if there are any.
fn one_of(column: &str, values: &[String]) -> Option<String> {
    let quoted: Vec<_> =
        values.iter().map(|value| format!("'{}'", value.replace('\'', "''"))).collect();
    (!quoted.is_empty()).then(|| format!("{column} in ({})", quoted.join(",")))
}

#[cfg(test)]
mod tests {
    use sohoa_index::Batch;
    use sohoa_publish::keys;
    use sohoa_schemas::rows::SignatureRow;
    use sohoa_store::{Missing, Store};

    use super::*;
    use crate::{amend::version::tests::record, context::now, renew::version::tests::signature};

    fn batch(number: u128, signatures: Vec<SignatureRow>) -> Batch {
        let mut rows = record().rows;
        let uid = Uuid::from_u128(number);
        rows.findings.clear();
        rows.intake.clear();
        rows.signatures = signatures;
        for row in &mut rows.signatures {
            (row.source_uid, row.document_uid) = (uid, uid);
        }
        for row in &mut rows.documents {
            (row.document_uid, row.source_uid, row.dossier_uid) = (uid, uid, uid);
            (row.province, row.ingest_month) = ("H08".into(), "2026-11".into());
            row.custodian_agency_code = Some(format!("H08.{number}"));
        }
        Batch { seq: number as i64, keys: vec![number.to_string()], rows }
    }

    async fn uids(index: &Index, select: &Select) -> Vec<u128> {
        let mut all = Vec::new();
        for need in [Need::Renewal, Need::Raising] {
            let (found, next) = select.page(index, (need, None)).await.unwrap();
            assert_eq!(next, None);
            all.extend(found.iter().map(|one| one.source.as_u128()));
        }
        assert_eq!(select.count(index).await.unwrap(), all.len() as u64);
        all
    }

    #[tokio::test]
    async fn what_is_below_its_level_or_ends_is_found_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        let (objects, url) = store.below(keys::INDEX);
        let mut index = Index::open(&objects, url).unwrap();
        let day = |days| Some(now() + chrono::TimeDelta::days(days));
        let stamped = |level: &str, ends| {
            let stamp = signature("SohoaArchive", "timestamp_doc", "B-LT");
            let mut rows = vec![signature("SohoaAgencyCopy", "agency_copy", level), stamp];
            rows[1].cert_not_after = ends;
            rows[1].signature_uid = Uuid::max();
            rows
        };
        let found =
            SignatureRow { made_by_sohoa: false, ..signature("Sig", "original_person", "B-B") };
        for (number, rows) in [
            (1, vec![signature("SohoaAgencyCopy", "agency_copy", "B-B")]),
            (2, stamped("B-LTA", day(400))),
            (3, stamped("B-LTA", day(20))),
            (4, vec![found]),
            (5, stamped("B-LT", day(400))),
        ] {
            index.append("test", &batch(number, rows)).await.unwrap();
        }
        let select = Select {
            level: SignatureLevel::BLt,
            ends_before: now() + chrono::TimeDelta::days(90),
            agencies: Vec::new(),
            months: Vec::new(),
            dossiers: None,
        };
        // The stamp that ends first, whatever its identity.
        assert_eq!(uids(&index, &select).await, [3, 1]);
        let behind = |need, last| select.page(&index, (need, Some(Uuid::from_u128(last))));
        let ending = behind(Need::Renewal, 1).await.unwrap().0;
        assert_eq!(ending.len(), 1);
        assert_eq!(ending[0].level, Some(SignatureLevel::BLta));
        assert!(behind(Need::Raising, 1).await.unwrap().0.is_empty());
        let archived = Select { level: SignatureLevel::BLta, ..select };
        assert_eq!(uids(&index, &archived).await, [3, 1, 5]);
        let dossiers = Some(HashSet::from([Uuid::from_u128(5)]));
        assert_eq!(uids(&index, &Select { dossiers, ..archived }).await, [5]);
        let of = |agencies: &[&str], months: &[&str]| Select {
            level: SignatureLevel::BLta,
            ends_before: now(),
            agencies: agencies.iter().map(|&code| code.to_owned()).collect(),
            months: months.iter().map(|&month| month.to_owned()).collect(),
            dossiers: None,
        };
        assert_eq!(uids(&index, &of(&["H08.5", "a'b"], &["2026-11"])).await, [5]);
        assert!(uids(&index, &of(&[], &["2026-12"])).await.is_empty());
    }
}
