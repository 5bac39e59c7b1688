//! What is wrong with the signatures of a document, told as findings: the faults that the provinces
//! name (unsigned, a person's in place of the agency's, a public authority's), and every verdict
//! that is not good.

use sohoa_schemas::{
    Code,
    rows::{FindingRow, SignatureRow},
};
use sohoa_sign::verify::{SubjectKind, TrustDomain, Verdict};

use super::{
    accept::Remark,
    rows::{Filed, finding_of},
    sign::{self, word},
};

const STAGE: &str = "sign";

/// The best of a document's signatures by an agency: `ok`, `faulty` or `missing`.
pub(crate) fn state(signatures: &[SignatureRow]) -> &'static str {
    if signatures.is_empty() {
        "missing"
    } else if signatures.iter().any(sign::holds_for_agency) {
        "ok"
    } else {
        "faulty"
    }
}

/// Why no agency answers for a document.
pub(crate) fn of_document(filed: Filed<'_>, signatures: &[SignatureRow]) -> Vec<FindingRow> {
    let holds = |row: &&SignatureRow| acceptable(row) && row.role != "timestamp_doc";
    let is_public = |row: &&SignatureRow| row.trust_domain == word(&TrustDomain::PublicCa);
    let is_personal = |row: &&SignatureRow| row.subject_kind != word(&SubjectKind::Organisation);
    let told = |code, row: &SignatureRow| Remark::seen(code, describe(row));
    let good = || signatures.iter().filter(holds);
    let remarks = match state(signatures) {
        "ok" => return Vec::new(),
        "missing" => vec![Remark::seen(Code::Q01UnsignedScan, "no signature")],
        _ => {
            let personal = good().find(is_personal).map(|row| told(Code::Q02PersonalSig, row));
            let public = good().find(is_public).map(|row| told(Code::Q03PublicCa, row));
            personal.into_iter().chain(public).collect()
        }
    };
    let subject = ("source", filed.source);
    remarks.into_iter().map(|remark| finding_of(filed, subject, remark, STAGE)).collect()
}

/// The verdict on a signature that a file brought along, where it is not good.
pub(crate) fn of_signature(filed: Filed<'_>, row: &SignatureRow) -> Option<FindingRow> {
    let of = |verdict: Verdict| row.verdict == word(&verdict);
    let code = match () {
        () if of(Verdict::Altered) => Code::GAltered,
        () if of(Verdict::Revoked) => Code::GRevoked,
        () if of(Verdict::ExpiredAtSigning) => Code::GExpiredAtSigning,
        () if of(Verdict::UntrustedChain) => Code::GUntrustedChain,
        // Only the keeper of the records makes copies of them.
        () if row.role == "agency_copy" && row.agency_match == Some(false) => Code::GWrongAgency,
        () => return None,
    };
    let remark = Remark::seen(code, describe(row));
    Some(finding_of(filed, ("signature", row.signature_uid), remark, STAGE))
}

/// The officer's signature that a manifest declares for a file, where the file has none such.
pub(crate) fn of_officer(
    declared: Option<&sohoa_schemas::manifest::PersonalSignature>,
    rows: &[SignatureRow],
) -> Option<Remark> {
    let declared = declared.filter(|declared| declared.present)?;
    let is_it = |row: &&SignatureRow| {
        let wanted = declared.cert_sha256.as_deref();
        let own = row.cert_sha256.as_deref();
        wanted.is_none_or(|wanted| own.is_some_and(|own| own.eq_ignore_ascii_case(wanted)))
    };
    let officers: Vec<_> = rows.iter().filter(|row| row.role == "scanner_person").collect();
    if officers.iter().any(is_it) {
        return None;
    }
    let observed = if officers.is_empty() {
        "no signature of a person"
    } else {
        "a signature by another certificate than the manifest names"
    };
    Some(Remark::seen(Code::Q13OfficerSignature, observed))
}

fn acceptable(row: &SignatureRow) -> bool {
    [Verdict::Ok, Verdict::OkLegacyAlg, Verdict::IndeterminateRevocation]
        .iter()
        .any(|verdict| word(verdict) == row.verdict)
}

/// Names nobody: a person's name is in the row of the signature, and nowhere else.
fn describe(row: &SignatureRow) -> String {
    let SignatureRow { field_name, verdict, subject_kind, trust_domain, .. } = row;
    format!("{field_name}: {verdict}, {subject_kind}, {trust_domain}")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::renew::version::tests::signature;

    const FILED: Filed<'_> =
        Filed { source: Uuid::nil(), version: 1, province: "H08", month: "2026-11" };

    fn row(kind: &str, domain: &str, verdict: &str) -> SignatureRow {
        SignatureRow {
            subject_kind: kind.into(),
            trust_domain: domain.into(),
            verdict: verdict.into(),
            ..signature("Sig", "original_agency", "B-B")
        }
    }

    fn codes(rows: &[SignatureRow]) -> Vec<Code> {
        of_document(FILED, rows).into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn the_provinces_own_faults_are_told_apart() {
        let agency = row("organisation", "gov_cipher", "ok");
        let person = row("person", "gov_cipher", "ok_legacy_alg");
        let public = row("organisation", "public_ca", "ok");
        let citizen = row("person", "public_ca", "indeterminate_revocation");
        let broken = row("organisation", "gov_cipher", "altered");
        assert_eq!(codes(&[]), [Code::Q01UnsignedScan]);
        assert_eq!(codes(&[person.clone(), agency]), []);
        assert_eq!(codes(&[person]), [Code::Q02PersonalSig]);
        assert_eq!(codes(std::slice::from_ref(&public)), [Code::Q03PublicCa]);
        assert_eq!(codes(&[citizen]), [Code::Q02PersonalSig, Code::Q03PublicCa]);
        assert_eq!(codes(&[broken, public]), [Code::Q03PublicCa]);
    }

    #[test]
    fn a_verdict_that_is_not_good_is_a_finding_on_its_signature() {
        let code = |row: &SignatureRow| of_signature(FILED, row).map(|finding| finding.code);
        assert_eq!(code(&row("organisation", "gov_cipher", "ok")), None);
        assert_eq!(
            code(&row("organisation", "untrusted", "untrusted_chain")),
            Some(Code::GUntrustedChain)
        );
        assert_eq!(code(&row("organisation", "gov_cipher", "altered")), Some(Code::GAltered));
        let other = SignatureRow {
            role: "agency_copy".into(),
            agency_match: Some(false),
            ..row("organisation", "gov_cipher", "ok")
        };
        assert_eq!(code(&other), Some(Code::GWrongAgency));
    }

    #[test]
    fn the_officer_that_a_manifest_names_must_have_signed() {
        let declared = |sha: Option<&str>| sohoa_schemas::manifest::PersonalSignature {
            present: true,
            cert_sha256: sha.map(str::to_owned),
        };
        let officer = SignatureRow {
            role: "scanner_person".into(),
            cert_sha256: Some("ab".into()),
            ..row("person", "gov_cipher", "ok")
        };
        let officers = std::slice::from_ref(&officer);
        let lacks = |declared, rows| of_officer(Some(&declared), rows).is_some();
        assert!(lacks(declared(None), &[]));
        assert!(lacks(declared(Some("cd")), officers));
        assert!(!lacks(declared(Some("AB")), officers) && !lacks(declared(None), officers));
        assert!(of_officer(None, &[]).is_none());
    }
}
