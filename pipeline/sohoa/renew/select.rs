//! Which records are below their level, or rest on certificates that end; from the index.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sohoa_backfill::Ledger;
use sohoa_flow::Fault;
use sohoa_index::{Index, IndexError};
use sohoa_registers::code::AgencyCode;
use sohoa_schemas::config::SignatureLevel;
use uuid::Uuid;

use crate::{answers::for_each_row, custody::rows_of, stages::sign::word};

/// Candidates held in memory at once.
const PAGE: usize = 50_000;

/// All levels, from least to most.
const LEVELS: [SignatureLevel; 4] =
    [SignatureLevel::BB, SignatureLevel::BT, SignatureLevel::BLt, SignatureLevel::BLta];

/// What is to be done to a record. What ends cannot wait, so it comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// What it rests on ends.
    Renewal,
    /// It is below the level, and what it rests on does not end yet.
    Raising,
}

/// By whose keys records are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Anybody's.
    Any,
    /// Agencies' own; what a throw-away test key signed need not be proven for long.
    Lasting,
    /// The throw-away ones alone.
    Test,
}

/// Where a page of candidates ended: what ends first comes first, then the lower identity.
pub(crate) type Last = (i64, Uuid);

/// Which records; what is not given takes all.
#[derive(Debug)]
pub(crate) struct Select {
    /// Records below it are raised.
    pub(crate) level: SignatureLevel,
    /// What rests on a certificate that ends before this is renewed.
    pub(crate) ends_before: DateTime<Utc>,
    /// Of these agencies and their units alone.
    pub(crate) agencies: Vec<AgencyCode>,
    /// Of these months of first publication alone, `2026-11`.
    pub(crate) months: Vec<String>,
    /// Of these dossiers alone: those of a submission.
    pub(crate) dossiers: Option<HashSet<Uuid>>,
    /// Signed by these alone.
    pub(crate) keys: Keys,
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
    /// When the first certificate ends that it rests on.
    pub(crate) ends: Option<DateTime<Utc>>,
}

impl Select {
    /// Adds the dossiers of a submission, from its ledger; how many chunks that has.
    pub(crate) async fn add_submission(&mut self, ledger: &Ledger) -> Result<u64, Fault> {
        let (dossiers, chunks) = ledger.dossiers().await?;
        self.dossiers.get_or_insert_default().extend(dossiers);
        Ok(chunks)
    }

    /// How many there are.
    pub(crate) async fn count(&self, index: &Index) -> Result<u64, IndexError> {
        self.count_by(self.keys, index).await
    }

    /// How many are left out because a throw-away key signed them.
    pub(crate) async fn left_out(&self, index: &Index) -> Result<u64, IndexError> {
        match self.keys {
            Keys::Lasting => self.count_by(Keys::Test, index).await,
            Keys::Any | Keys::Test => Ok(0),
        }
    }

    async fn count_by(&self, keys: Keys, index: &Index) -> Result<u64, IndexError> {
        let mut count = 0;
        for need in [Need::Renewal, Need::Raising] {
            let sql = self.sql(need, (None, keys));
            for_each_row(index, &sql, |row| count += u64::from(self.takes(row))).await?;
        }
        Ok(count)
    }

    /// How many rest on what ends from [`Self::ends_before`] on, and before `until`.
    pub(crate) async fn ending(
        &self,
        index: &Index,
        until: DateTime<Utc>,
    ) -> Result<u64, IndexError> {
        let (from, until) = (self.ends_before.timestamp(), until.timestamp());
        let ending = format!("ends >= {from} and ends < {until}");
        let sql = self.rows_where(&ending, self.keys);
        let mut count = 0;
        for_each_row(index, &sql, |row| count += u64::from(self.takes(row))).await?;
        Ok(count)
    }

    /// When the first certificate ends of those that end no earlier than [`Self::ends_before`].
    pub(crate) async fn first_end(
        &self,
        index: &Index,
    ) -> Result<Option<DateTime<Utc>>, IndexError> {
        let from = self.ends_before.timestamp();
        let sql = format!(
            "{} select cast(min(ends) as varchar) as first_end from rests \
             where ends >= {from}{}",
            self.rests(),
            by(self.keys)
        );
        let mut first = None;
        for_each_row(index, &sql, |row| first = row[0].and_then(moment)).await?;
        Ok(first)
    }

    /// Those with a need behind `last`, a page at most, what ends first before the others; and where
    /// the page ends, unless it is the last one.
    pub(crate) async fn page(
        &self,
        index: &Index,
        (need, last): (Need, Option<Last>),
    ) -> Result<(Vec<Candidate>, Option<Last>), IndexError> {
        let (mut found, mut seen, mut end) = (Vec::new(), 0, None);
        let sql =
            format!("{} order by due, source_uid limit {PAGE}", self.sql(need, (last, self.keys)));
        for_each_row(index, &sql, |row| {
            seen += 1;
            let uid = row[0].and_then(|text| text.parse().ok());
            let due = row[6].and_then(|text| text.parse::<i64>().ok());
            end = due.zip(uid).or(end);
            let version = row[1].and_then(|text| text.parse().ok());
            if let (Some(source), Some(version), true) = (uid, version, self.takes(row)) {
                let rank = row[3].and_then(|text| text.parse::<usize>().ok());
                let level = rank.and_then(|rank| LEVELS.get(rank)).copied();
                let issuer = row[4].map(ToOwned::to_owned);
                let ends = row[5].and_then(moment);
                found.push(Candidate { source, version, level, issuer, ends });
            }
        })
        .await?;
        Ok((found, end.filter(|_| seen == PAGE)))
    }

    fn takes(&self, row: &[Option<&str>]) -> bool {
        let dossier = || row[2].and_then(|text| text.parse::<Uuid>().ok());
        self.dossiers.as_ref().is_none_or(|all| dossier().is_some_and(|uid| all.contains(&uid)))
    }

    /// The rows of records with a need, behind `last`.
    fn sql(&self, need: Need, (last, keys): (Option<Last>, Keys)) -> String {
        let ends = self.ends_before.timestamp();
        let needs = match need {
            Need::Renewal => format!("ends < {ends}"),
            Need::Raising => {
                format!("level < {} and (ends is null or ends >= {ends})", rank(self.level))
            }
        };
        let behind = last.map(|(due, source)| {
            format!(" and (due > {due} or due = {due} and source_uid > '{source}')")
        });
        self.rows_where(&format!("{needs}{}", behind.unwrap_or_default()), keys)
    }

    /// Sources, their versions, dossiers, levels, issuers and ends, and what they are ordered by.
    fn rows_where(&self, condition: &str, keys: Keys) -> String {
        format!(
            "{} select source_uid, cast(version as varchar), dossier_uid, cast(level as varchar), \
             issuer, cast(ends as varchar) as ends_at, cast(due as varchar) as due_at \
             from rests where ({condition}){}",
            self.rests(),
            by(keys)
        )
    }

    /// What records rest on, as [`Standing`](super::version::Standing) says it of one. A signature of
    /// ours stands under its record's version; a record has one, and a row for each stamp over the
    /// whole file.
    fn rests(&self) -> String {
        let each = LEVELS.iter().enumerate();
        let each = each.map(|(rank, level)| format!(" when '{}' then {rank}", word(level)));
        let ranks = each.collect::<Vec<_>>().concat();
        let mut wheres = vec!["s.made_by_sohoa".to_owned()];
        let of_agencies = self.agencies.iter().map(|code| rows_of("d.custodian_agency_code", code));
        wheres.extend(any_of(&of_agencies.collect::<Vec<_>>()));
        wheres.extend(one_of("d.ingest_month", &self.months));
        let end = |least: &str, whose: &str, column: &str| {
            format!(
                "cast({least}(case when {whose} then date_part('epoch', s.{column}) end) as bigint)"
            )
        };
        let own = "s.role = 'agency_copy' and s.trust_domain <> 'test'";
        format!(
            "with found as (select d.source_uid, max(d.version) as version, \
             max(d.dossier_uid) as dossier_uid, \
             min(case when s.role = 'agency_copy' then case s.pades_level{ranks} end end) as level, \
             max(case when s.role = 'agency_copy' then s.issuer_dn end) as issuer, \
             max(case when s.role = 'agency_copy' and s.trust_domain = 'test' then 1 else 0 end) \
             as of_tests, \
             {} as archived, {} as stamped, {} as signed \
             from documents d join signatures s \
             on s.source_uid = d.source_uid and s.version = d.version \
             where {} group by d.source_uid), \
             ended as (select *, case when level < {} \
             then least(signed, coalesce(archived, stamped)) \
             else coalesce(archived, stamped, signed) end as ends from found), \
             rests as (select *, coalesce(ends, {}) as due from ended)",
            end("max", "s.role = 'timestamp_doc'", "cert_not_after"),
            end("min", own, "tsa_not_after"),
            end("min", own, "cert_not_after"),
            wheres.join(" and "),
            rank(SignatureLevel::BLt),
            i64::MAX,
        )
    }
}

fn rank(level: SignatureLevel) -> usize {
    LEVELS.iter().position(|one| *one == level).unwrap_or_default()
}

/// The further condition that records are signed by these keys.
fn by(keys: Keys) -> &'static str {
    match keys {
        Keys::Any => "",
        Keys::Lasting => " and of_tests = 0",
        Keys::Test => " and of_tests = 1",
    }
}

fn moment(seconds: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds.parse().ok()?, 0)
}

/// One of the conditions holds, if there are any.
fn any_of(conditions: &[String]) -> Option<String> {
    (!conditions.is_empty()).then(|| format!("({})", conditions.join(" or ")))
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
    use crate::{
        amend::version::tests::record, context::now, custody::asked_for,
        renew::version::tests::signature,
    };

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

    fn agencies(codes: &[&str]) -> Vec<AgencyCode> {
        codes.iter().map(|code| asked_for(code).unwrap()).collect()
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

    /// An index with the signatures of these records.
    async fn indexed(folder: &std::path::Path, records: Vec<(u128, Vec<SignatureRow>)>) -> Index {
        let store = Store::open(folder.to_str().unwrap(), Missing::Refuse).unwrap();
        let (objects, url) = store.below(keys::INDEX);
        let mut index = Index::open(&objects, url).unwrap();
        for (number, rows) in records {
            index.append("test", &batch(number, rows)).await.unwrap();
        }
        index
    }

    #[tokio::test]
    async fn where_no_stamp_covers_the_file_the_signature_s_own_certificates_count() {
        let folder = tempfile::tempdir().unwrap();
        let day = |days| Some(now() + chrono::TimeDelta::days(days));
        let signed = |level: &str, signer, authority| {
            let row = signature("SohoaAgencyCopy", "agency_copy", level);
            vec![SignatureRow { cert_not_after: signer, tsa_not_after: authority, ..row }]
        };
        let mut of_tests = signed("B-T", day(1), day(1));
        of_tests[0].trust_domain = "test".into();
        let mut archived = signed("B-LTA", day(1), day(2));
        archived.push(SignatureRow {
            cert_not_after: day(900),
            signature_uid: Uuid::max(),
            ..signature("SohoaArchive", "timestamp_doc", "B-LT")
        });
        let records = vec![
            (1, signed("B-T", day(50), day(400))),
            (2, signed("B-T", day(400), day(30))),
            // The evidence is in the file: the signer's certificate may end.
            (3, signed("B-LT", day(10), day(700))),
            (4, signed("B-LT", day(10), day(40))),
            // From before the authority's end was in the index.
            (5, signed("B-LT", day(20), None)),
            (6, signed("B-B", day(60), None)),
            (7, of_tests),
            (8, archived),
        ];
        let index = indexed(folder.path(), records).await;
        let select = Select {
            level: SignatureLevel::BT,
            ends_before: now() + chrono::TimeDelta::days(90),
            agencies: Vec::new(),
            months: Vec::new(),
            dossiers: None,
            keys: Keys::Any,
        };
        assert_eq!(uids(&index, &select).await, [5, 2, 4, 1, 6], "the most urgent first");
        let first = select.first_end(&index).await.unwrap().unwrap();
        assert_eq!((first - now()).num_days(), 699);
        let until = |days| select.ending(&index, now() + chrono::TimeDelta::days(days));
        assert_eq!(until(90).await.unwrap(), 0);
        assert_eq!((until(701).await.unwrap(), until(901).await.unwrap()), (1, 2));
        let none = Select { agencies: agencies(&["H08.3"]), ..select };
        let until = now() + chrono::TimeDelta::days(701);
        assert_eq!(none.ending(&index, until).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn what_a_throw_away_key_signed_is_left_out_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let in_days = |days| Some(now() + chrono::TimeDelta::days(days));
        let archived = |domain: &str, days| {
            let own = signature("SohoaAgencyCopy", "agency_copy", "B-LTA");
            let stamp = signature("SohoaArchive", "timestamp_doc", "B-LT");
            vec![
                SignatureRow { trust_domain: domain.into(), ..own },
                SignatureRow { signature_uid: Uuid::max(), cert_not_after: in_days(days), ..stamp },
            ]
        };
        let below = |domain: &str| {
            let own = signature("SohoaAgencyCopy", "agency_copy", "B-T");
            vec![SignatureRow { trust_domain: domain.into(), ..own }]
        };
        let records = vec![
            (1, archived("test", 10)),
            (2, archived("gov_cipher", 20)),
            (3, below("test")),
            (4, below("gov_cipher")),
            (5, archived("test", 400)),
            (6, archived("gov_cipher", 500)),
        ];
        let index = indexed(folder.path(), records).await;
        let select = |keys| Select {
            level: SignatureLevel::BLt,
            ends_before: now() + chrono::TimeDelta::days(90),
            agencies: Vec::new(),
            months: Vec::new(),
            dossiers: None,
            keys,
        };
        let lasting = select(Keys::Lasting);
        assert_eq!(uids(&index, &lasting).await, [2, 4]);
        assert_eq!(lasting.left_out(&index).await.unwrap(), 2);
        let first = lasting.first_end(&index).await.unwrap().unwrap();
        assert_eq!((first - now()).num_days(), 499, "a throw-away key's stamp ends for nobody");
        let until = now() + chrono::TimeDelta::days(600);
        assert_eq!(lasting.ending(&index, until).await.unwrap(), 1);
        let any = select(Keys::Any);
        assert_eq!(uids(&index, &any).await, [1, 2, 3, 4]);
        assert_eq!(any.left_out(&index).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_is_below_its_level_or_ends_is_found_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
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
        let records = vec![
            (1, vec![signature("SohoaAgencyCopy", "agency_copy", "B-B")]),
            (2, stamped("B-LTA", day(400))),
            (3, stamped("B-LTA", day(20))),
            (4, vec![found]),
            (5, stamped("B-LT", day(400))),
        ];
        let index = indexed(folder.path(), records).await;
        let select = Select {
            level: SignatureLevel::BLt,
            ends_before: now() + chrono::TimeDelta::days(90),
            agencies: Vec::new(),
            months: Vec::new(),
            dossiers: None,
            keys: Keys::Any,
        };
        // The stamp that ends first, whatever its identity.
        assert_eq!(uids(&index, &select).await, [3, 1]);
        let behind = |need, due, last| {
            let last = Some((due, Uuid::from_u128(last)));
            select.page(&index, (need, last))
        };
        let ending = behind(Need::Renewal, 0, 9).await.unwrap().0;
        assert_eq!(ending.len(), 1);
        assert_eq!(ending[0].level, Some(SignatureLevel::BLta));
        let ends = ending[0].ends.unwrap().timestamp();
        assert!(behind(Need::Renewal, ends, 3).await.unwrap().0.is_empty());
        assert_eq!(behind(Need::Renewal, ends, 2).await.unwrap().0.len(), 1);
        assert!(behind(Need::Raising, i64::MAX, 1).await.unwrap().0.is_empty());
        let archived = Select { level: SignatureLevel::BLta, ..select };
        // What has an end before what has none.
        assert_eq!(uids(&index, &archived).await, [3, 5, 1]);
        let dossiers = Some(HashSet::from([Uuid::from_u128(5)]));
        assert_eq!(uids(&index, &Select { dossiers, ..archived }).await, [5]);
        let of = |codes: &[&str], months: &[&str]| Select {
            level: SignatureLevel::BLta,
            ends_before: now(),
            agencies: agencies(codes),
            months: months.iter().map(|&month| month.to_owned()).collect(),
            dossiers: None,
            keys: Keys::Any,
        };
        assert_eq!(uids(&index, &of(&["H08.5", "H09"], &["2026-11"])).await, [5]);
        assert!(uids(&index, &of(&[], &["2026-12"])).await.is_empty());
        // Those of a unit are the agency's; another agency's code may begin the same.
        assert_eq!(uids(&index, &of(&["000.00.00.H08"], &[])).await, [5, 1]);
        assert!(uids(&index, &of(&["H0"], &[])).await.is_empty());
    }
}
