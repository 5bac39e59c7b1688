//! One signature from its dictionary to its verdict.

use std::collections::HashSet;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};

use super::{
    algorithm::key_bits,
    changes,
    cms::{Check, Cms},
    coverage::Ranges,
    field::{self, Field, lower_block},
    path::{Chain, chain, stamp_chain},
    policy::{is_for_documents, may_sign_documents},
    report::{
        Coverage, Integrity, LaterChanges, Note, PadesLevel, Position, RevocationStatus, Signature,
        SubjectKind, SubjectKindBasis, TimeStamp, Verdict,
    },
    subject::classify,
    time_stamp,
    trust::{Expected, Trust, TrustDomain},
};
use crate::{
    certificate::Certificate,
    dss,
    hash::Hash,
    oid,
    pdf::{Document, Object, PdfError, Reference},
    permissions::{Allowed, Permissions, certification},
    revocation::{CLOCK_SLACK, RevocationMethod},
};

/// `/SubFilter` of a document time-stamp.
pub(crate) const DOCUMENT_STAMP: &str = "ETSI.RFC3161";

/// Bits under which an RSA key counts as outdated.
const SHORT_KEY: u32 = 2048;

/// What a signature is judged against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measure<'a> {
    pub(crate) trust: &'a Trust,
    pub(crate) at_time: DateTime<Utc>,
    /// Certificates that the file holds outside its signatures.
    pub(crate) others: &'a [Certificate<'a>],
}

/// A signature, and what is needed to weigh the evidence about it.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) signature: Signature,
    /// The signer's certificate and its issuers up to a pinned one.
    pub(crate) links: Vec<Vec<u8>>,
    /// Where no pinned one was reached: the signer's certificate, and all that came with it.
    pub(crate) loose: Vec<Vec<u8>>,
    /// The same as `links` of the authority that stamped the signature value.
    pub(crate) stamp_links: Vec<Vec<u8>>,
    /// The earliest time at which it is known to have existed.
    pub(crate) used: DateTime<Utc>,
    /// A document time-stamp proves that.
    pub(crate) proven: bool,
    /// Where the bytes it covers end.
    pub(crate) end: u64,
    /// Digests of the evidence that a document time-stamp covers.
    pub(crate) covered: HashSet<Vec<u8>>,
    /// What `/VRI` calls the signature.
    pub(crate) key: String,
    /// It certifies the document, and what it allows after it.
    pub(crate) certifies: Option<Allowed>,
    /// The catalog it covers names it as the certification, so that what it allows counts.
    pub(crate) grants: bool,
}

/// Judges the signature of a field, evidence of revocation aside.
pub(crate) fn signature(
    document: &Document,
    (field, seq): (&Field, u32),
    measure: Measure<'_>,
) -> Result<Judged, PdfError> {
    let mut judged = Judged {
        signature: blank(field, seq),
        links: Vec::new(),
        loose: Vec::new(),
        stamp_links: Vec::new(),
        used: measure.at_time,
        proven: false,
        end: 0,
        covered: HashSet::new(),
        key: String::new(),
        certifies: None,
        grants: false,
    };
    examine(document, field, measure, &mut judged)?;
    Ok(judged)
}

fn examine(
    document: &Document,
    field: &Field,
    measure: Measure<'_>,
    judged: &mut Judged,
) -> Result<(), PdfError> {
    let found = &mut judged.signature;
    let value = field.value.clone().unwrap_or(Object::Null);
    let at = value.reference().unwrap_or(Reference { number: 0, generation: 0 });
    let Object::Dictionary(dictionary) = document.resolve(&value)? else {
        found.notes.push(Note::UnreadableValue);
        return Ok(());
    };
    if let Object::Name(name) = document.entry(&dictionary, "SubFilter")? {
        found.sub_filter = String::from_utf8_lossy(&name).into_owned();
    }
    judged.certifies = Permissions::of(document, &dictionary)?.allowed;
    let found = &mut judged.signature;
    if let Object::String(text) = document.entry(&dictionary, "M")? {
        found.signing_time_claimed = pdf_time(&text);
    }
    if document.source.base() > 0 {
        found.notes.push(Note::JunkBeforeHeader);
    }
    let ranges = Ranges::read(document, at, &dictionary)?;
    match &ranges {
        None => found.notes.push(Note::ByteRangeMisplaced),
        Some(ranges) => {
            let (coverage, old) = ranges.revision(document, at)?;
            judged.end = ranges.end();
            if let Some(old) = old.as_ref().filter(|_| found.sub_filter == DOCUMENT_STAMP) {
                judged.covered = dss::read(old).digests();
            }
            found.coverage = coverage;
            found.byte_range_covers_all = coverage == Coverage::WholeFile;
            if let Some(old) = old {
                let permissions = stated(&old).unwrap_or_default();
                let named = certification(&old).ok().flatten();
                judged.grants = named.is_some_and(|(named, _)| named == Some(at));
                found.later_changes = changes::since(&old, document, &permissions)?;
                found.modified_after = !permits(&permissions, found.later_changes);
            }
        }
    }
    if !found.modified_after && found.later_changes > LaterChanges::Signatures {
        found.notes.push(Note::AllowedAfter);
    }
    if found.later_changes == LaterChanges::Annotations {
        found.notes.push(Note::AnnotatedAfter);
    }
    let Object::String(contents) = document.entry(&dictionary, "Contents")? else {
        found.notes.push(Note::UnreadableValue);
        return Ok(());
    };
    judged.key = dss::key(&contents);
    let Some(cms) = Cms::parse(&contents) else {
        let encrypted = document.encrypted();
        found.notes.push(if encrypted { Note::EncryptedValue } else { Note::UnreadableValue });
        return Ok(());
    };
    integrity(found, &cms, ranges.as_ref())?;
    identity(judged, &cms, ranges.as_ref(), measure);
    Ok(())
}

/// What all signatures of a document state. Every one may forbid; only the certification allows.
fn stated(document: &Document) -> Result<Permissions, PdfError> {
    let mut all = match certification(document)? {
        Some((Some(_), signature)) => Permissions::of(document, &signature)?,
        _ => Permissions::default(),
    };
    let granted = all.allowed.is_some();
    for value in field::find(document)?.into_iter().filter_map(|field| field.value) {
        if let Object::Dictionary(signature) = document.resolve(&value)? {
            all.join(Permissions::of(document, &signature)?);
        }
    }
    all.allowed = all.allowed.filter(|_| granted);
    Ok(all)
}

/// Signatures may follow everywhere, what a closing certification says of them aside.
fn permits(permissions: &Permissions, changes: LaterChanges) -> bool {
    match changes {
        LaterChanges::None | LaterChanges::Signatures => true,
        LaterChanges::FormFilling => permissions.allowed >= Some(Allowed::Forms),
        LaterChanges::Annotations => permissions.allowed == Some(Allowed::Annotations),
        LaterChanges::Content => false,
    }
}

fn blank(field: &Field, seq: u32) -> Signature {
    Signature {
        seq,
        field_name: field.name.clone(),
        page_no: field.page_no,
        position: field.position,
        sub_filter: String::new(),
        digest_alg: None,
        sig_alg: None,
        key_bits: None,
        subject_dn: None,
        subject_cn: None,
        subject_o: None,
        subject_mst: None,
        subject_mns: None,
        subject_has_citizen_id: false,
        subject_kind: SubjectKind::Unknown,
        subject_kind_basis: SubjectKindBasis::None,
        agency: None,
        agency_match: None,
        issuer_dn: None,
        serial_hex: None,
        cert_sha256: None,
        chain_root_sha256: None,
        trust_domain: TrustDomain::Untrusted,
        signing_time_claimed: None,
        timestamp: None,
        revocation_status: RevocationStatus::Unknown,
        revocation_method: RevocationMethod::None,
        revocation_checked_at: None,
        revoked: None,
        cert_not_before: None,
        cert_not_after: None,
        coverage: Coverage::Less,
        byte_range_covers_all: false,
        later_changes: LaterChanges::Content,
        modified_after: true,
        integrity: Integrity::Unreadable,
        pades_level: PadesLevel::Legacy,
        verdict: Verdict::Altered,
        notes: Vec::new(),
    }
    .placed(field)
}

impl Signature {
    fn placed(mut self, field: &Field) -> Self {
        if self.position == Position::Other {
            self.position = lower_block(field.centre, false).unwrap_or(Position::Other);
        }
        self
    }
}

fn integrity(
    found: &mut Signature,
    cms: &Cms<'_>,
    ranges: Option<&Ranges<'_>>,
) -> Result<(), PdfError> {
    found.digest_alg = cms.signer.digest;
    found.sig_alg = cms.signer.algorithm().ok();
    if cms.padding.iter().any(|&byte| byte != 0) {
        found.notes.push(Note::PaddingNotZero);
    }
    if cms.several_signers {
        found.notes.push(Note::SeveralSigners);
    }
    let Some(ranges) = ranges else {
        found.integrity = Integrity::Broken;
        return Ok(());
    };
    // Hash everything before the closures below, which cannot report that the file is unreadable.
    for hash in [Hash::Sha1, Hash::Sha256].into_iter().chain(cms.signer.digest) {
        ranges.digest(hash)?;
    }
    let digest = |hash| ranges.digest(hash).unwrap_or_default();
    let check = match (&cms.content, found.sub_filter.as_str()) {
        (Some(content), "adbe.pkcs7.sha1") => {
            let inner = *content == digest(Hash::Sha1);
            let outer = cms.check(|hash| hash.of(content), || Some(content.clone()));
            if inner { outer } else { Check::Fails }
        }
        (Some(content), DOCUMENT_STAMP) => {
            let token = time_stamp::check(cms.raw, digest, (&Trust::default(), &[]));
            let inner = token.as_ref().is_some_and(|token| token.stamp.imprint_ok);
            let outer = cms.check(|hash| hash.of(content), || Some(content.clone()));
            match token {
                Some(token) if token.unsupported => Check::Unsupported,
                _ if inner => outer,
                _ => Check::Fails,
            }
        }
        _ => cms.check(digest, || ranges.bytes()),
    };
    found.integrity = match check {
        Check::Holds => Integrity::Intact,
        Check::Fails => Integrity::Broken,
        Check::Substituted => {
            found.notes.push(Note::CertificateSubstituted);
            Integrity::Broken
        }
        Check::Unsupported => {
            found.notes.push(Note::UnsupportedAlgorithm);
            Integrity::Unreadable
        }
    };
    Ok(())
}

fn identity(judged: &mut Judged, cms: &Cms<'_>, ranges: Option<&Ranges<'_>>, measure: Measure<'_>) {
    let Measure { trust, at_time, others } = measure;
    let found = &mut judged.signature;
    let Some(own) = cms.signer_certificate() else { return };
    let name = own.subject;
    found.subject_dn = Some(name.printed());
    found.subject_cn = name.last(oid::COMMON_NAME);
    found.subject_o = name.last(oid::ORGANISATION);
    found.issuer_dn = Some(own.issuer.printed());
    found.serial_hex = Some(own.serial_hex());
    found.cert_sha256 = Some(own.sha256());
    found.cert_not_before = Some(own.not_before);
    found.cert_not_after = Some(own.not_after);
    found.key_bits = key_bits(own.key_info);
    let subject = classify(own, trust);
    found.subject_kind = subject.kind;
    found.subject_kind_basis = subject.basis;
    found.subject_mst = subject.tax_code;
    found.subject_mns = subject.budget_code;
    found.subject_has_citizen_id = subject.has_citizen_id;
    found.agency = subject.agency;
    // Who is expected has to sign; who stamps the time of it is nobody's agency.
    if let Expected::Agency(expected) = &trust.expected
        && !found.is_document_stamp()
    {
        found.agency_match = Some(found.agency.as_ref() == Some(expected));
    }
    if found.position == Position::Block7c && subject.kind == SubjectKind::Organisation {
        found.position = Position::Block8;
    }
    if found.signing_time_claimed.is_none() {
        found.signing_time_claimed = cms.signer.signing_time();
    }
    if found.signing_time_claimed.is_some_and(|claimed| claimed > at_time) {
        found.notes.push(Note::ClaimedInFuture);
    }
    judged.stamp_links = stamp(found, cms, ranges, measure);
    let others: Vec<_> = cms.certificates_with_token().iter().chain(others).cloned().collect();
    let find = if found.sub_filter == DOCUMENT_STAMP { stamp_chain } else { chain };
    let path = find(own, &others, (trust, moment(found, at_time)));
    if let Some(path) = &path {
        judged.links.clone_from(&path.links);
        found.trust_domain = path.domain;
        found.chain_root_sha256 = Some(path.root_sha256.clone());
    } else {
        let all = std::iter::once(own).chain(&others);
        judged.loose = all.map(|certificate| certificate.der.to_vec()).collect();
    }
    let binds = cms.signer.binds(own);
    let bound = binds == Some(Ok(true));
    if matches!(binds, None | Some(Ok(false))) {
        found.notes.push(Note::NoSigningCertificate);
    }
    let stamped = sound_stamp(found).is_some();
    found.pades_level = match found.sub_filter.as_str() {
        // A document time-stamp is its own proof of time.
        "ETSI.CAdES.detached" | DOCUMENT_STAMP if bound && stamped => PadesLevel::BT,
        "ETSI.CAdES.detached" if bound => PadesLevel::BB,
        _ => PadesLevel::Legacy,
    };
    let misused = misuse(own, (path.as_ref(), trust)).filter(|_| !found.is_document_stamp());
    found.notes.extend(misused);
    found.verdict = verdict(found, path.as_ref(), (trust, at_time), misused.is_none());
}

/// Why a certificate is none that signs documents, or none that an agency does by, where one has to.
fn misuse(certificate: &Certificate<'_>, (path, trust): (Option<&Chain>, &Trust)) -> Option<Note> {
    if !may_sign_documents(certificate) {
        return Some(Note::KeyUsage);
    }
    if !is_for_documents(certificate) {
        return Some(Note::ExtendedKeyUsage);
    }
    let official = path.is_none_or(|path| path.domain.is_official());
    (trust.expected != Expected::Anyone && !official).then_some(Note::NotOfficial)
}

/// Where a signature certifies the document as closed, none may follow it; what proves it may, and
/// time-stamps (ISO 32000-2, 12.8.2.2). What a certification allows counts for the signatures after
/// it as long as it holds itself: a worthless one was put there by anybody.
pub(crate) fn enforce_certifications(judged: &mut [Judged]) {
    let signed = judged.iter().filter(|one| !one.signature.is_document_stamp());
    let last = signed.map(|one| one.end).max().unwrap_or_default();
    let closes = |one: &Judged| one.certifies == Some(Allowed::Nothing) && one.end < last;
    let holds = |one: &&Judged| {
        one.grants && one.certifies.is_some() && one.signature.verdict <= Verdict::WrongSubjectKind
    };
    let first = judged.iter().filter(holds).map(|one| one.end).min();
    for one in judged {
        let relies = one.signature.notes.contains(&Note::AllowedAfter) && !one.grants;
        let unfounded = relies && first.is_none_or(|first| first > one.end);
        if unfounded {
            one.signature.notes.retain(|note| *note != Note::AllowedAfter);
        }
        if closes(one) {
            one.signature.notes.push(Note::CertificationBroken);
        }
        if unfounded || closes(one) {
            one.signature.modified_after = true;
            one.signature.verdict = Verdict::Altered;
        }
    }
}

/// Judges the time-stamp and answers the chain of the authority that gave it.
fn stamp(
    found: &mut Signature,
    cms: &Cms<'_>,
    ranges: Option<&Ranges<'_>>,
    measure: Measure<'_>,
) -> Vec<Vec<u8>> {
    let believed = (measure.trust, measure.others);
    let token = if found.sub_filter == DOCUMENT_STAMP {
        let digest = |hash| ranges.map(|ranges| ranges.digest(hash)).transpose();
        let digest = |hash| digest(hash).ok().flatten().unwrap_or_default();
        time_stamp::check(cms.raw, digest, believed)
    } else {
        let token = cms.signer.unsigned(oid::TIME_STAMP_TOKEN);
        token.and_then(|token| {
            time_stamp::check(token.raw, |hash| hash.of(&cms.signer.signature), believed)
        })
    };
    let unsupported = token.as_ref().is_some_and(|token| token.unsupported);
    let of_purpose = token.as_ref().is_none_or(|token| token.of_purpose);
    let (stamp, links) = token.map(|token| (token.stamp, token.links)).unzip();
    found.timestamp = stamp;
    match &found.timestamp {
        Some(_) if unsupported => found.notes.push(Note::TimeStampUnsupported),
        Some(stamp) if !stamp.sound() => found.notes.push(Note::TimeStampBroken),
        Some(stamp) if !stamp.trusted => found.notes.push(Note::TimeStampUntrusted),
        None if cms.signer.unsigned(oid::TIME_STAMP_TOKEN).is_some() => {
            found.notes.push(Note::TimeStampBroken);
        }
        _ => {}
    }
    if !of_purpose {
        found.notes.push(Note::TimeStampPurpose);
    }
    timely(found, measure.at_time);
    links.unwrap_or_default()
}

/// Holds the time of a sound time-stamp against the one judged for, and against the claimed one.
fn timely(found: &mut Signature, at_time: DateTime<Utc>) {
    let (own, claimed) = (found.is_document_stamp(), found.signing_time_claimed);
    let Some(stamp) = found.timestamp.as_mut().filter(|stamp| stamp.sound()) else { return };
    if stamp.legacy {
        found.notes.push(Note::TimeStampLegacy);
    }
    if stamp.time > at_time + CLOCK_SLACK {
        stamp.trusted = false;
        found.notes.push(Note::TimeStampInFuture);
    } else if !own && claimed.is_some_and(|claimed| stamp.time < claimed - CLOCK_SLACK) {
        found.notes.push(Note::TimeStampBeforeClaim);
    }
}

/// The time-stamp of a signature, unless it cannot be of the time it states.
fn sound_stamp(found: &Signature) -> Option<&TimeStamp> {
    let in_future = found.notes.contains(&Note::TimeStampInFuture);
    found.timestamp.as_ref().filter(|stamp| stamp.sound() && !in_future)
}

/// When it was signed, as far as is known.
fn moment(found: &Signature, at_time: DateTime<Utc>) -> DateTime<Utc> {
    let stamped = sound_stamp(found).map(|stamp| stamp.time);
    // A claim about the future proves nothing; then only the time judged for counts.
    let claimed = found.signing_time_claimed.filter(|claimed| *claimed <= at_time);
    stamped.or(claimed).unwrap_or(at_time)
}

/// The first rule that is broken, the gravest first; revocation is weighed afterwards.
fn verdict(
    found: &Signature,
    path: Option<&Chain>,
    (trust, at_time): (&Trust, DateTime<Utc>),
    of_use: bool,
) -> Verdict {
    if found.notes.contains(&Note::UnsupportedAlgorithm) && !found.modified_after {
        return Verdict::UntrustedChain;
    }
    let has = |note| found.notes.contains(&note);
    // A time-stamp that is not this signature's was put there by somebody else.
    let foreign = has(Note::PaddingNotZero) || has(Note::TimeStampBroken);
    if found.integrity != Integrity::Intact || found.modified_after || foreign {
        return Verdict::Altered;
    }
    let Some(path) = path.filter(|_| of_use) else { return Verdict::UntrustedChain };
    // As a time-stamp over the whole file is judged by its own authority.
    if has(Note::TimeStampUntrusted) || has(Note::TimeStampUnsupported) {
        return Verdict::UntrustedChain;
    }
    if !path.valid_at(moment(found, at_time)) {
        return Verdict::ExpiredAtSigning;
    }
    let expected = trust.expected != Expected::Anyone && !found.is_document_stamp();
    if expected && found.subject_kind != SubjectKind::Organisation {
        return Verdict::WrongSubjectKind;
    }
    if found.agency_match == Some(false) {
        return Verdict::WrongAgency;
    }
    let short = found.key_bits.is_some_and(|bits| bits < SHORT_KEY)
        && found.sig_alg.is_some_and(|found| found.algorithm != super::Algorithm::Ecdsa);
    let weak = found.digest_alg == Some(Hash::Sha1)
        || found.sig_alg.is_some_and(|found| found.hash == Hash::Sha1);
    if short || weak || path.legacy { Verdict::OkLegacyAlg } else { Verdict::Ok }
}

/// `D:YYYYMMDDHHmmSSOHH'mm'`, with everything after the year optional.
fn pdf_time(text: &[u8]) -> Option<DateTime<Utc>> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.strip_prefix("D:").unwrap_or(text);
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(number(0, 4)?).ok()?,
        number(4, 6).unwrap_or(1),
        number(6, 8).unwrap_or(1),
    )?;
    let part = |from| number(from, from + 2).unwrap_or(0);
    let local = date.and_hms_opt(part(8), part(10), part(12))?;
    let seconds = (part(15) * 3600 + part(18) * 60) as i32;
    let east = match text.as_bytes().get(14) {
        Some(b'+') => seconds,
        Some(b'-') => -seconds,
        _ => 0,
    };
    let local = local.and_local_timezone(FixedOffset::east_opt(east)?).single()?;
    Some(local.to_utc())
}
