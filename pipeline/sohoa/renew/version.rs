//! The version of a record that has its PDF raised.

use chrono::{DateTime, Utc};
use sohoa_schemas::{
    Code,
    config::SignatureLevel,
    record::{Part, Record},
    rows::{IntakeRow, SignatureRow},
};
use sohoa_sign::verify::TrustDomain;
use uuid::Uuid;

use crate::{
    amend::version::refresh_receipts,
    stages::{rows::set_version, sign::word},
};

/// What is known of the signature that was made for a record, from its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// Its level; none where the record has another level, or no signature of ours.
    pub(super) level: Option<SignatureLevel>,
    /// When the first certificate ends that it rests on: that of the newest stamp over the whole file,
    /// or without one of the stamp on the signature. While the file holds no evidence, that of the
    /// signer too, since authorities forget certificates that have ended.
    pub(super) ends: Option<DateTime<Utc>>,
}

impl Standing {
    /// Whether there is something to do.
    pub(super) fn wants(self, level: SignatureLevel, ends_before: DateTime<Utc>) -> bool {
        self.level.is_some_and(|own| own < level) || self.ends(ends_before)
    }

    /// Whether a stamp over the whole file is to follow.
    pub(super) fn ends(self, ends_before: DateTime<Utc>) -> bool {
        self.level.is_some() && self.ends.is_some_and(|ends| ends < ends_before)
    }
}

/// The signed file that a record was made with; none of a born-digital original.
pub(super) fn signed_file(record: &Record) -> Option<&Part> {
    record.parts.iter().find(|part| part.role == "document")
}

/// How a record's own signature stands.
pub(super) fn standing(record: &Record) -> Standing {
    let own = |role: &'static str| {
        let rows = record.rows.signatures.iter();
        rows.filter(move |row| row.made_by_sohoa && row.role == role)
    };
    let level = own("agency_copy").filter_map(|row| level_of(&row.pades_level)).min();
    // A throw-away key need not be proven for long.
    let lasting = || own("agency_copy").filter(|row| row.trust_domain != word(&TrustDomain::Test));
    let signed = lasting().filter_map(|row| row.cert_not_after).min();
    let stamped = || lasting().filter_map(|row| row.tsa_not_after).min();
    let archived = own("timestamp_doc").filter_map(|row| row.cert_not_after).max();
    let stamp = archived.or_else(stamped);
    let ends = match level {
        Some(level) if level < SignatureLevel::BLt => signed.into_iter().chain(stamp).min(),
        // Rows from before the authority's end was in them.
        _ => stamp.or(signed),
    };
    Standing { level, ends }
}

/// When the first certificate ends that a record's own signature rests on.
pub(crate) fn ends(record: &Record) -> Option<DateTime<Utc>> {
    standing(record).ends
}

pub(super) fn level_of(word: &str) -> Option<SignatureLevel> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

/// The next version of a record: another file, with the signatures that were seen in it.
pub(super) fn next(
    record: &Record,
    receipts: &[IntakeRow],
    (document, signatures): (Part, Vec<SignatureRow>),
    (attempt, at): (String, DateTime<Utc>),
) -> Record {
    let mut rows = record.rows.clone();
    let before = signed_file(record).map(|part| part.sha256.clone()).unwrap_or_default();
    rows.signatures.retain(|row| row.sha256_object != before);
    let own = signatures.iter().find(|row| row.role == "agency_copy");
    let reached = own.and_then(|row| level_of(&row.pades_level));
    for finding in &mut rows.findings {
        if let (Code::Q10LevelLower, Some(own)) = (finding.code, own) {
            finding.subject_uid = own.signature_uid;
            finding.finding_uid = Uuid::new_v5(&record.source_uid, document.sha256.as_bytes());
            finding.observed = Some(own.pades_level.clone());
        }
    }
    // What the finding wanted is there.
    rows.findings.retain(|finding| {
        let wanted = finding.expected.as_deref().and_then(level_of);
        finding.code != Code::Q10LevelLower || wanted > reached
    });
    rows.signatures.extend(signatures);
    refresh_receipts(&mut rows, receipts);
    let version = record.version + 1;
    set_version(&mut rows, version);
    for row in &mut rows.documents {
        row.sha256_object.clone_from(&document.sha256);
        row.object_uri.clone_from(&document.key);
        row.object_size = document.size as i64;
        row.updated_at = at;
    }
    let mut parts = record.parts.clone();
    for part in &mut parts {
        if part.role == "document" {
            part.clone_from(&document);
        }
    }
    let published_at = at;
    let amendments = Vec::new();
    Record { version, attempt, published_at, parts, amendments, rows, ..record.clone() }
}

/// What stood at each level, for people.
pub(super) fn told(standing: Standing) -> String {
    standing.level.map_or_else(|| "other".to_owned(), |level| word(&level))
}

#[cfg(test)]
pub(crate) mod tests {
    use sohoa_schemas::rows::FindingRow;

    use super::*;
    use crate::{amend::version::tests::record, context::now};

    pub(crate) fn signature(field: &str, role: &str, level: &str) -> SignatureRow {
        SignatureRow {
            signature_uid: Uuid::new_v5(&Uuid::nil(), level.as_bytes()),
            document_uid: Uuid::nil(),
            source_uid: Uuid::nil(),
            version: 1,
            province: "H08".into(),
            ingest_month: "2026-11".into(),
            sha256_object: "s".into(),
            seq: 1,
            field_name: field.into(),
            made_by_sohoa: true,
            role: role.into(),
            position: "top_right".into(),
            page_no: Some(1),
            subject_kind: "organisation".into(),
            subject_kind_basis: "mst".into(),
            subject_dn: None,
            subject_cn: None,
            subject_o: None,
            subject_mst: None,
            subject_mns: None,
            issuer_dn: None,
            serial_hex: None,
            cert_sha256: None,
            chain_root_sha256: None,
            trust_domain: "gov_cipher".into(),
            agency_code: None,
            agency_match: None,
            sub_filter: "ETSI.CAdES.detached".into(),
            digest_alg: None,
            sig_alg: None,
            key_bits: None,
            signing_time_claimed: None,
            timestamp_time: None,
            tsa_dn: None,
            tsa_not_after: None,
            cert_not_before: None,
            cert_not_after: None,
            revocation_method: None,
            revocation_status: None,
            revocation_checked_at: None,
            evidence_uri: None,
            byte_range_covers_all: true,
            modified_after: false,
            pades_level: level.into(),
            verdict: "ok".into(),
            verified_at: DateTime::UNIX_EPOCH,
            verifier_version: None,
            schema_version: 1,
        }
    }

    fn finding(wanted: &str) -> FindingRow {
        let one = record().rows.findings.remove(0);
        let code = Code::Q10LevelLower;
        FindingRow { code, expected: Some(wanted.into()), ..one }
    }

    fn raised(record: &Record, level: &str) -> Record {
        let mut own = signature("SohoaAgencyCopy", "agency_copy", level);
        own.sha256_object = "raised".into();
        let part = Part {
            key: "documents/00/x/v2/b/document.pdf".into(),
            sha256: "raised".into(),
            size: 9,
            ..record.parts[0].clone()
        };
        next(record, &[], (part, vec![own]), ("b".into(), now()))
    }

    #[test]
    fn a_raised_record_has_the_new_file_and_its_rows_and_all_else_as_before() {
        let mut first = record();
        first.rows.signatures = vec![
            signature("SohoaAgencyCopy", "agency_copy", "B-T"),
            SignatureRow {
                sha256_object: "scan".into(),
                made_by_sohoa: false,
                ..signature("Sig", "scanner_person", "B-B")
            },
        ];
        first.rows.findings = vec![finding("B-LT")];
        let standing_before = standing(&first);
        assert_eq!(standing_before.level, Some(SignatureLevel::BT));
        assert!(standing_before.wants(SignatureLevel::BLt, now()));
        let second = raised(&first, "B-LT");
        assert!(!standing(&second).wants(SignatureLevel::BLt, now()));
        assert_eq!((second.version, second.attempt.as_str()), (2, "b"));
        assert_eq!(second.parts[0].sha256, "raised");
        let row = &second.rows.documents[0];
        assert_eq!((row.version, row.sha256_object.as_str(), row.object_size), (2, "raised", 9));
        let objects: Vec<_> =
            second.rows.signatures.iter().map(|row| row.sha256_object.as_str()).collect();
        assert_eq!(objects, ["scan", "raised"], "what the scan brought along stays");
        assert!(second.rows.findings.is_empty(), "what was missing is there");
    }

    #[test]
    fn a_finding_stays_until_what_it_wanted_is_reached() {
        let mut first = record();
        first.rows.signatures = vec![signature("SohoaAgencyCopy", "agency_copy", "B-B")];
        first.rows.findings = vec![finding("B-LTA")];
        let second = raised(&first, "B-LT");
        assert_eq!(second.rows.findings[0].observed.as_deref(), Some("B-LT"));
        assert!(raised(&second, "B-LTA").rows.findings.is_empty());
    }

    #[test]
    fn a_stamp_is_renewed_before_it_ends_and_not_earlier() {
        let day = chrono::TimeDelta::days(1);
        let mut first = record();
        let mut stamp = signature("SohoaArchive", "timestamp_doc", "B-LT");
        stamp.cert_not_after = Some(now() + day * 30);
        first.rows.signatures = vec![signature("Own", "agency_copy", "B-LTA"), stamp];
        assert!(!standing(&first).wants(SignatureLevel::BLta, now() + day * 20));
        assert!(standing(&first).wants(SignatureLevel::BLta, now() + day * 40));
        first.rows.signatures.clear();
        assert!(!standing(&first).wants(SignatureLevel::BLta, now() + day * 40), "not ours");
    }

    #[test]
    fn without_a_stamp_over_the_file_the_signature_s_own_certificates_count() {
        let in_days = |days| Some(now() + chrono::TimeDelta::days(days));
        let ends_before = |level: &str, days| {
            let mut first = record();
            let row = signature("Own", "agency_copy", level);
            let (cert_not_after, tsa_not_after) = (in_days(50), in_days(400));
            first.rows.signatures = vec![SignatureRow { cert_not_after, tsa_not_after, ..row }];
            standing(&first).ends(now() + chrono::TimeDelta::days(days))
        };
        assert!(ends_before("B-T", 60) && !ends_before("B-T", 40));
        assert!(ends_before("B-LT", 410) && !ends_before("B-LT", 60), "it holds the evidence");
    }
}
