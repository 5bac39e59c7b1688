//! The agency's signature on the record, and the signatures that a file brought along.
//!
//! Signing is the last write: whatever is signed here is verified at once by the same rules as
//! anybody's, and only a signature that holds is published.

use std::{path::Path, sync::Arc};

use chrono::{DateTime, Utc};
use sohoa_decode::Origin;
use sohoa_document::Rect;
use sohoa_flow::{FatalKind, Fault};
use sohoa_publish::keys;
use sohoa_schemas::{
    Code,
    config::{self, Config, SignatureLevel},
    record::{Part, Prepared, Record},
    rows::{SCHEMA_VERSION, SignatureRow},
};
use sohoa_sign::{
    Appearance, Corner, FontFile, KeptEvidence, PdfError, SignRequest, check_seal, seal,
    verify::{
        Position, Report, Signature, SubjectKind, Trust, TrustDomain, Verdict, VerifyError,
        verify_pdf,
    },
};
use sohoa_store::classify_local;
use tempfile::TempPath;
use uuid::Uuid;

use crate::{
    authority::Authority,
    context::{Context, Office, now, vietnamese},
    custody::{keeper, other_keeper, signs_for},
    levels::{self, Made, Seal},
    stages::{
        accept::Remark,
        own_signature::{Fails, judge},
        read::Read,
        rows,
        take_in::Taken,
    },
};

const STAGE: &str = "sign";

/// What is sealed to see whether the key signs rightly.
const PROBE: &[u8] = b"sohoa";

/// Parts of a page's width and height that an appearance may reach from its corner.
const REACH: (f32, f32) = (0.75, 0.35);

/// Name of the agency's signature field.
const FIELD: &str = "SohoaAgencyCopy";

/// A document signed and verified.
#[derive(Debug)]
pub(crate) struct SignedDocument {
    /// The signed file.
    pub(crate) file: TempPath,
    /// The rows of its signature, and of the time-stamp over all of it where there is one, but for
    /// the file's hash.
    pub(crate) signatures: Vec<SignatureRow>,
    /// What the authorities said of the signer before, where the file does not hold it.
    pub(crate) kept: Option<Arc<KeptEvidence>>,
    /// When it was signed.
    pub(crate) signed_at: DateTime<Utc>,
}

/// What the appearance shows, but for the time.
pub(crate) fn appearance_lines(config: &Config) -> Vec<String> {
    vec![config.sign.form.clone(), config.agency.name.clone(), config.sign.conversion_mark.clone()]
}

/// The signer's word for a corner.
pub(crate) fn corner(corner: config::Corner) -> Corner {
    match corner {
        config::Corner::TopLeft => Corner::TopLeft,
        config::Corner::TopRight => Corner::TopRight,
        config::Corner::BottomLeft => Corner::BottomLeft,
        config::Corner::BottomRight => Corner::BottomRight,
    }
}

/// The words that stand in a corner of a document's first page, as far as the appearance may reach.
pub(crate) fn printed(read: &Read, corner: config::Corner) -> Vec<[f32; 4]> {
    use config::Corner::{BottomLeft, TopLeft, TopRight};
    let Some((_, text)) = read.texts().next().filter(|(number, _)| *number == 1) else {
        return Vec::new();
    };
    let (left, top) =
        (matches!(corner, TopLeft | BottomLeft), matches!(corner, TopLeft | TopRight));
    let (reach_x, reach_y) = (text.width * REACH.0, text.height * REACH.1);
    let near = |place: &Rect| {
        let across = if left { place.x0 < reach_x } else { place.x1 > text.width - reach_x };
        let down = if top { place.y0 < reach_y } else { place.y1 > text.height - reach_y };
        across && down
    };
    let words = text.words().map(|word| word.bbox).filter(near);
    let tenth = |points: f32| (points * 10.0).round() / 10.0;
    words.map(|place| [place.x0, place.y0, place.width(), place.height()].map(tenth)).collect()
}

/// The time as the appearance shows it.
pub(crate) fn shown_time(time: DateTime<Utc>) -> String {
    format!("Thời gian ký: {}", vietnamese(time).format("%d.%m.%Y %H:%M:%S %:z"))
}

/// The time of copying as the scanning officer's mark shows it.
pub(crate) fn copied_at(time: DateTime<Utc>) -> String {
    format!("Thời gian sao chụp: {}", vietnamese(time).format("%d.%m.%Y %H:%M:%S %:z"))
}

/// Whether it is asked, before the key is used, if the signer was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The authorities are.
    Authorities,
    /// They were silent, and the configuration allows to go on.
    Nobody,
}

/// The document is another agency's.
#[derive(Debug, thiserror::Error)]
#[error(
    "the document is kept by the agency `{keeper}`, and this configuration's key is that of \
     `{own}`: it is signed under that agency's own configuration"
)]
struct OtherAgency {
    keeper: String,
    own: String,
}

/// Policy before key: an agency's key signs what that agency keeps, and what was read before the
/// configuration said which agency that is.
pub(crate) fn check_custodian(office: &Office, record: &Record) -> Result<(), Fault> {
    let agency = &office.settings.config.agency;
    let mut documents = record.rows.documents.iter();
    let Some(keeper) = documents.find_map(|row| other_keeper(agency, row)) else { return Ok(()) };
    let own = agency.code.as_deref().unwrap_or("(none)").to_owned();
    let error = OtherAgency { keeper: keeper.clone(), own };
    Err(Fault::reject(Code::Q11OtherAgency, STAGE, error))
}

/// Signs a composed document at a level.
pub(crate) fn sign(
    office: &Office,
    prepared: &Prepared,
    (composed, level, asked): (&Path, SignatureLevel, Asked),
) -> Result<SignedDocument, Fault> {
    check_custodian(office, &prepared.record)?;
    let time = now();
    let mut lines = prepared.appearance.clone();
    lines.push(shown_time(time));
    let request = SignRequest {
        field_name: FIELD.into(),
        appearance: Some(Appearance {
            lines,
            font: FontFile::clone(&office.appearance_font),
            corner: corner(office.settings.config.sign.corner),
            printed: prepared.printed.iter().map(|place| place.map(f64::from)).collect(),
        }),
        signing_time: vietnamese(time),
        reason: None,
        location: None,
    };
    let file = tempfile::Builder::new()
        .prefix("sohoa-")
        .suffix(".pdf")
        .tempfile()
        .map_err(|error| classify_local(STAGE, error))?
        .into_temp_path();
    // Checked at the start as well; a worker runs for longer than a certificate may last.
    if let Some(end) = office.authority.ends().filter(|end| *end <= now()) {
        return Err(Fault::fatal(FatalKind::Configuration, STAGE, CertificateEnded(end)));
    }
    let Authority { signer, stamps, custodian: trust, .. } = &*office.authority;
    let signed = || {
        let evidence = office.evidence.as_deref().filter(|_| asked == Asked::Authorities);
        let seal = Seal::of(level, stamps.as_ref(), evidence);
        let made = seal.sign((composed, &file), &request, &**signer);
        let Made { kept, .. } = made.map_err(|error| levels::fault(STAGE, error))?;
        Ok(own_report(&file, trust)?.map(|report| (report, kept)))
    };
    let record = &prepared.record;
    let proves = || {
        let sealed = seal(PROBE, &**signer, None).map_err(|error| levels::fault(STAGE, error))?;
        Ok(check_seal(&sealed, trust, now()).is_ok())
    };
    let made = || office.own_signatures.make(record.source_uid, proves, signed);
    let booked = || office.clock.book(|spent| &mut spent.sign, made);
    let (report, kept) = tokio::task::block_in_place(booked)?;
    let of = Of {
        source: record.source_uid,
        version: record.version,
        province: &record.province,
        month: &record.ingest_month,
        agency: &office.settings.config.agency,
        custodian: custodian(record),
    };
    // A composed document brings none along.
    let made = report.signatures.iter().map(|signature| SignatureRow {
        made_by_sohoa: true,
        ..row(&of, signature, own_role(signature))
    });
    Ok(SignedDocument { file, signatures: made.collect(), kept, signed_at: time })
}

/// What our verifier says of a file signed just now, or why its signature does not hold.
fn own_report(file: &Path, trust: &Trust) -> Result<Result<Report, Fails>, Fault> {
    let report = match verify_pdf(file, trust, now()) {
        Ok(report) => report,
        Err(VerifyError::Pdf(PdfError::Io(error))) => return Err(classify_local(STAGE, error)),
        Err(error) => return Ok(Err(Fails::Document(levels::told(&error)))),
    };
    let own = report.signatures.iter().find(|signature| signature.field_name == FIELD);
    Ok(judge(own).map(|()| report))
}

/// The signature's row, now that the file's hash is known.
pub(crate) fn finished(mut row: SignatureRow, document: &Part) -> SignatureRow {
    row.sha256_object.clone_from(&document.sha256);
    row.signature_uid = signature_uid(row.source_uid, &document.sha256, row.seq);
    kept_in(row, &document.key)
}

/// Notes where the evidence is, if there is any: in the file itself.
fn kept_in(mut row: SignatureRow, key: &str) -> SignatureRow {
    let method = row.revocation_method.as_deref();
    row.evidence_uri = method.filter(|method| *method != "none").map(|_| key.to_owned());
    row
}

/// Code of the agency that keeps a record.
fn custodian(record: &Record) -> Option<&str> {
    record.rows.documents.first()?.custodian_agency_code.as_deref()
}

/// The rows of a record's signatures as they are in its next file. What each is for stands in the
/// rows before; what is new was made here.
pub(crate) fn seen_again(
    agency: &config::Agency,
    record: &Record,
    report: &Report,
    next: &Part,
) -> Vec<SignatureRow> {
    let of = Of {
        source: record.source_uid,
        version: record.version + 1,
        province: &record.province,
        month: &record.ingest_month,
        agency,
        custodian: custodian(record),
    };
    let file = record.parts.iter().find(|part| part.role == "document");
    let seen = |signature: &Signature| {
        let before = record.rows.signatures.iter().find(|row| {
            row.field_name == signature.field_name
                && file.is_some_and(|file| file.sha256 == row.sha256_object)
        });
        let role = before.map_or_else(|| own_role(signature), |row| &row.role);
        let made_by_sohoa = before.is_none_or(|row| row.made_by_sohoa);
        let mut row = SignatureRow { made_by_sohoa, ..row(&of, signature, role) };
        // Whoever raises it need not be who signed it, nor know his agency.
        if let Some(before) = before {
            row.agency_code.clone_from(&before.agency_code);
            row.agency_match = before.agency_match;
        }
        let row = finished(row, next);
        let kept = before.and_then(|before| before.evidence_uri.clone());
        SignatureRow { evidence_uri: row.evidence_uri.or(kept), ..row }
    };
    report.signatures.iter().map(seen).collect()
}

/// The signatures that a source's files brought along, and why those of a file cannot be read.
pub(crate) fn found(
    context: &Context,
    taken: &Taken,
    origin: Origin,
) -> Result<(Vec<SignatureRow>, Option<Remark>), Fault> {
    let month = rows::month(taken);
    let agency = &context.settings.config.agency;
    let keeper = keeper(agency, taken.source.dossier.manifest.as_ref());
    let of = Of {
        source: taken.uid,
        version: 1,
        province: &agency.province,
        month: &month,
        agency,
        custodian: keeper.as_deref(),
    };
    let (mut found, mut unread) = (Vec::new(), None);
    for file in &taken.files {
        let report = match tokio::task::block_in_place(|| {
            context
                .clock
                .book(|spent| &mut spent.sign, || verify((&file.path, &context.authority.trust)))
        }) {
            Ok(report) => report,
            // A signed file that the verifier cannot read is still a record.
            Err(Fault::Reject(rejection)) => {
                let observed = format!("its signatures cannot be read: {}", rejection.cause.error);
                unread = Some(Remark::seen(Code::GAltered, observed));
                continue;
            }
            Err(fault) => return Err(fault),
        };
        for signature in &report.signatures {
            let row = row(&of, signature, found_role(signature, origin));
            let signature_uid = signature_uid(taken.uid, &file.sha256, row.seq);
            let row = SignatureRow { signature_uid, sha256_object: file.sha256.clone(), ..row };
            found.push(kept_in(row, &keys::original(&file.sha256)));
        }
    }
    Ok((found, unread))
}

/// Whether a signature is an agency's and may be relied on, as far as could be checked.
pub(crate) fn holds_for_agency(row: &SignatureRow) -> bool {
    let holds = [Verdict::Ok, Verdict::OkLegacyAlg, Verdict::IndeterminateRevocation]
        .iter()
        .any(|verdict| word(verdict) == row.verdict);
    holds
        && row.subject_kind == word(&SubjectKind::Organisation)
        && row.trust_domain != word(&TrustDomain::PublicCa)
}

fn verify((file, trust): (&Path, &Trust)) -> Result<Report, Fault> {
    verify_pdf(file, trust, now()).map_err(|error| Fault::reject(Code::F02Unreadable, STAGE, error))
}

/// What the agency's own signature is for.
pub(crate) const OWN_ROLE: &str = "agency_copy";

/// What a signature of ours is for.
pub(crate) fn own_role(signature: &Signature) -> &'static str {
    if signature.is_document_stamp() { "timestamp_doc" } else { OWN_ROLE }
}

/// What a signature is for that a file brought along. A scan is signed by who made the copy: the
/// scanning officer (Circular 01/2023, article 8) or an agency; a document that was born digital by
/// who issued it, or who hands it in.
fn found_role(signature: &Signature, origin: Origin) -> &'static str {
    if signature.is_document_stamp() {
        return "timestamp_doc";
    }
    let (kind, position) = (signature.subject_kind, signature.position);
    role_of(kind, position, origin)
}

fn role_of(kind: SubjectKind, position: Position, origin: Origin) -> &'static str {
    use SubjectKind::{Organisation, Person, PersonInOrganisation, Unknown};
    let paper = origin != Origin::BornDigital;
    match kind {
        Organisation if paper => "agency_copy",
        Organisation => "original_agency",
        Person | PersonInOrganisation | Unknown if paper => "scanner_person",
        // Whoever signs where the issuer's officer does, or for an organisation, is no citizen.
        Person if position != Position::Block7c => "citizen",
        Person | PersonInOrganisation | Unknown => "original_person",
    }
}

fn signature_uid(source: Uuid, sha256: &str, seq: i32) -> Uuid {
    Uuid::new_v5(&source, format!("signature {sha256} {seq}").as_bytes())
}

/// The key is not used any more.
#[derive(Debug, thiserror::Error)]
#[error("the signing certificate ended on {0}: put the renewed one in place, and start again")]
struct CertificateEnded(DateTime<Utc>);

/// What a signature's row belongs to.
struct Of<'a> {
    source: Uuid,
    version: i32,
    province: &'a str,
    month: &'a str,
    /// Whose configuration this is.
    agency: &'a config::Agency,
    /// Code of the agency that keeps the records.
    custodian: Option<&'a str>,
}

fn row(of: &Of<'_>, signature: &Signature, role: &str) -> SignatureRow {
    let hash = signature.digest_alg.map(|hash| word(&hash));
    // An agency without a code has no other name here.
    let signer = signature.agency.clone().filter(|_| of.agency.code.is_some());
    let scheme = signature
        .sig_alg
        .map(|scheme| format!("{}-{}", word(&scheme.algorithm), word(&scheme.hash)));
    SignatureRow {
        signature_uid: Uuid::nil(),
        document_uid: of.source,
        source_uid: of.source,
        version: of.version,
        province: of.province.to_owned(),
        ingest_month: of.month.to_owned(),
        sha256_object: String::new(),
        seq: signature.seq as i32,
        field_name: signature.field_name.clone(),
        made_by_sohoa: false,
        role: role.to_owned(),
        position: word(&signature.position),
        page_no: signature.page_no.map(|page| page as i32),
        subject_kind: word(&signature.subject_kind),
        subject_kind_basis: word(&signature.subject_kind_basis),
        subject_dn: signature.subject_dn.clone(),
        subject_cn: signature.subject_cn.clone(),
        subject_o: signature.subject_o.clone(),
        subject_mst: signature.subject_mst.clone(),
        subject_mns: signature.subject_mns.clone(),
        issuer_dn: signature.issuer_dn.clone(),
        serial_hex: signature.serial_hex.clone(),
        cert_sha256: signature.cert_sha256.clone(),
        chain_root_sha256: signature.chain_root_sha256.clone(),
        trust_domain: word(&signature.trust_domain),
        agency_match: signer
            .as_deref()
            .zip(of.custodian)
            .map(|(signer, keeper)| signs_for(of.agency, signer, keeper)),
        agency_code: signer,
        sub_filter: signature.sub_filter.clone(),
        digest_alg: hash,
        sig_alg: scheme,
        key_bits: signature.key_bits.map(|bits| bits as i32),
        signing_time_claimed: signature.signing_time_claimed,
        timestamp_time: signature.timestamp.as_ref().map(|stamp| stamp.time),
        tsa_dn: signature.timestamp.as_ref().and_then(|stamp| stamp.tsa_dn.clone()),
        tsa_not_after: signature.timestamp.as_ref().and_then(|stamp| stamp.cert_not_after),
        cert_not_before: signature.cert_not_before,
        cert_not_after: signature.cert_not_after,
        revocation_method: Some(word(&signature.revocation_method)),
        revocation_status: Some(word(&signature.revocation_status)),
        revocation_checked_at: signature.revocation_checked_at,
        evidence_uri: None,
        byte_range_covers_all: signature.byte_range_covers_all,
        modified_after: signature.modified_after,
        pades_level: word(&signature.pades_level),
        verdict: word(&signature.verdict),
        verified_at: now(),
        verifier_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        schema_version: SCHEMA_VERSION,
    }
}

/// The word that a verifier's term is written as, in tables and messages alike.
pub(crate) fn word<T: serde::Serialize>(term: &T) -> String {
    match serde_json::to_value(term) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_signed_what_is_told_by_the_subject_the_place_and_the_kind_of_file() {
        use Position::{Block7c, Block8, Invisible, TopLeft, TopRight};
        use SubjectKind::{Organisation, Person, PersonInOrganisation};
        let (paper, digital) = (Origin::Paper, Origin::BornDigital);
        for (kind, position, origin, role) in [
            (PersonInOrganisation, TopLeft, paper, "scanner_person"),
            (Person, Invisible, paper, "scanner_person"),
            (Organisation, TopRight, paper, "agency_copy"),
            (Organisation, Block8, digital, "original_agency"),
            (PersonInOrganisation, Block7c, digital, "original_person"),
            (Person, Block7c, digital, "original_person"),
            (Person, Invisible, digital, "citizen"),
        ] {
            assert_eq!(role_of(kind, position, origin), role, "{kind:?} {position:?} {origin:?}");
        }
    }
}
