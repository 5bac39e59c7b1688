//! What a verification answers; the field names are those of table `signatures`.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{judge::DOCUMENT_STAMP, trust::TrustDomain};
use crate::{
    hash::Hash,
    revocation::{RevocationMethod, Revoked},
};

/// All signatures of one file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Bytes of the file.
    pub size: u64,
    /// The file is encrypted: names in it are unreadable, signature values may be.
    pub encrypted: bool,
    /// Bytes before `%PDF-`; no signature covers them.
    pub junk_before_header: u64,
    /// In the order of the form.
    pub signatures: Vec<Signature>,
    /// Signature fields nobody signed.
    pub unsigned_fields: Vec<String>,
    /// The worst verdict of all; `missing` when there is no signature.
    pub verdict: Verdict,
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Signature {
    /// Counted from 1.
    pub seq: u32,
    /// Full name of the form field.
    pub field_name: String,
    /// Counted from 1; `None` when no page shows it.
    pub page_no: Option<u32>,
    /// Where on the page it shows.
    pub position: Position,
    /// As written in the file.
    pub sub_filter: String,
    /// Digest of the document.
    pub digest_alg: Option<Hash>,
    /// How the digest was signed.
    pub sig_alg: Option<SignatureAlgorithm>,
    /// Bits of the public key.
    pub key_bits: Option<u32>,
    /// Subject, most specific part first, citizens' numbers replaced by an ellipsis.
    pub subject_dn: Option<String>,
    /// `CN` of the subject.
    pub subject_cn: Option<String>,
    /// `O` of the subject.
    pub subject_o: Option<String>,
    /// Tax code in the subject.
    pub subject_mst: Option<String>,
    /// Budget-relation code in the subject.
    pub subject_mns: Option<String>,
    /// The subject holds a citizen's number, which is not repeated here.
    pub subject_has_citizen_id: bool,
    /// Who signed.
    pub subject_kind: SubjectKind,
    /// Which rule decided that.
    pub subject_kind_basis: SubjectKindBasis,
    /// Registered agency the certificate belongs to.
    pub agency: Option<String>,
    /// The expected agency signed; `None` when none was expected.
    pub agency_match: Option<bool>,
    /// Issuer of the certificate.
    pub issuer_dn: Option<String>,
    /// Serial number of the certificate.
    pub serial_hex: Option<String>,
    /// SHA-256 of the certificate.
    pub cert_sha256: Option<String>,
    /// SHA-256 of the pinned root the chain ends at.
    pub chain_root_sha256: Option<String>,
    /// Whose root that is.
    pub trust_domain: TrustDomain,
    /// `/M`, or the signing-time attribute where there is no `/M`.
    pub signing_time_claimed: Option<DateTime<Utc>>,
    /// The time-stamp of the signature value.
    pub timestamp: Option<TimeStamp>,
    /// What evidence in the file says of the signer's certificate.
    pub revocation_status: RevocationStatus,
    /// Which kind of evidence that is.
    pub revocation_method: RevocationMethod,
    /// The time that the evidence speaks of.
    pub revocation_checked_at: Option<DateTime<Utc>>,
    /// The earliest revocation in the signer's chain, before or after it signed.
    pub revoked: Option<Revoked>,
    /// Start of the certificate's validity.
    pub cert_not_before: Option<DateTime<Utc>>,
    /// End of the certificate's validity.
    pub cert_not_after: Option<DateTime<Utc>>,
    /// What the signed ranges cover.
    pub coverage: Coverage,
    /// The signed ranges cover the whole file as it is now.
    pub byte_range_covers_all: bool,
    /// What later revisions did.
    pub later_changes: LaterChanges,
    /// Later revisions did more than sign, stamp, add validation data, or do what a certification
    /// allows.
    pub modified_after: bool,
    /// The signature against the bytes it covers.
    pub integrity: Integrity,
    /// Baseline level, or `legacy`.
    pub pades_level: PadesLevel,
    /// The judgement.
    pub verdict: Verdict,
    /// What else was noticed.
    pub notes: Vec<Note>,
}

impl Signature {
    /// Nobody's signature: a time-stamp over the file as it was.
    pub fn is_document_stamp(&self) -> bool {
        self.sub_filter == DOCUMENT_STAMP
    }
}

/// An RFC 3161 time-stamp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct TimeStamp {
    /// The authority's time.
    pub time: DateTime<Utc>,
    /// The authority.
    pub tsa_dn: Option<String>,
    /// It stamps this very signature value.
    pub imprint_ok: bool,
    /// The authority's own signature is intact.
    pub signature_ok: bool,
    /// The authority's certificate chains to a pinned root, and its time is not in the future.
    pub trusted: bool,
    /// It rests on SHA-1: its imprint, its signature, or a certificate above it.
    pub legacy: bool,
    /// End of the validity of the authority's certificate.
    pub cert_not_after: Option<DateTime<Utc>>,
}

impl TimeStamp {
    /// Imprint and signature hold.
    pub fn sound(&self) -> bool {
        self.imprint_ok && self.signature_ok
    }
}

/// A signature algorithm with its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SignatureAlgorithm {
    /// The scheme.
    pub algorithm: Algorithm,
    /// The hash it signs.
    pub hash: Hash,
}

/// A signature scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// ECDSA on P-256 or P-384.
    Ecdsa,
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1,
    /// RSASSA-PSS.
    RsaPss,
}

/// Where a signature shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// The scanning officer's corner.
    TopLeft,
    /// The agency's corner.
    TopRight,
    /// A person's signature at the end of a document.
    #[serde(rename = "block_7c")]
    Block7c,
    /// An agency's seal at the end of a document.
    #[serde(rename = "block_8")]
    Block8,
    /// Nowhere.
    Invisible,
    /// Somewhere else.
    Other,
}

/// What the signed ranges cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// Everything but the signature value.
    WholeFile,
    /// A complete earlier revision.
    WholeRevision,
    /// Something else: bytes were left out.
    Less,
}

/// What revisions after the signature did, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LaterChanges {
    /// Nothing.
    None,
    /// Signed, stamped, or added validation data.
    Signatures,
    /// Filled in fields of the signed form too.
    FormFilling,
    /// Added or changed annotations too; they may lie over what was signed.
    Annotations,
    /// Changed what was signed, or cannot be told apart from that.
    Content,
}

/// The signature against the bytes it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Integrity {
    /// Digest, signature and signer's certificate agree.
    Intact,
    /// They do not.
    Broken,
    /// The signature cannot be read, or uses an algorithm this crate does not know.
    Unreadable,
}

/// Who signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// An agency or organisation.
    Organisation,
    /// A person.
    Person,
    /// A person named together with the organisation.
    PersonInOrganisation,
    /// No certificate could be read.
    Unknown,
}

/// The rule that decided the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKindBasis {
    /// The certificate is registered for an agency.
    RegisteredCertificate,
    /// The user identifier holds a citizen's number.
    UidCitizen,
    /// The user identifier holds tax or budget codes only.
    UidOrganisation,
    /// `CN` is the name of a registered agency.
    RegisteredName,
    /// Nothing else decided: persons of the government authority carry no identifier.
    Default,
    /// There was nothing to decide on.
    None,
}

/// What evidence says of a certificate, at the time it signed where that time is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationStatus {
    /// It was good.
    Good,
    /// It, or a certificate above it, was revoked.
    Revoked,
    /// There is no evidence, or none that speaks of that time.
    Unknown,
}

/// Baseline level of EN 319 142-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum PadesLevel {
    /// Signature with its certificate.
    #[serde(rename = "B-B")]
    BB,
    /// And a time-stamp.
    #[serde(rename = "B-T")]
    BT,
    /// And validation data.
    #[serde(rename = "B-LT")]
    BLt,
    /// And a document time-stamp over all of it.
    #[serde(rename = "B-LTA")]
    BLta,
    /// Older than the baseline, or without what it demands.
    #[serde(rename = "legacy")]
    Legacy,
}

/// The judgement, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything holds.
    Ok,
    /// Everything holds, on SHA-1 or a short key.
    OkLegacyAlg,
    /// Everything holds, but whether the certificate was revoked could not be checked.
    IndeterminateRevocation,
    /// Another agency signed than the one expected.
    WrongAgency,
    /// A person signed where an organisation must.
    WrongSubjectKind,
    /// A certificate of the chain was not valid when it was signed.
    ExpiredAtSigning,
    /// The certificate was revoked.
    Revoked,
    /// No pinned root vouches for the certificate, or the algorithm is unknown.
    UntrustedChain,
    /// The file has no signature.
    Missing,
    /// The signed bytes were changed, or the signature cannot be read.
    Altered,
}

/// Something noticed that the other columns do not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// What later revisions did beside signing is what the document's certification allows.
    AllowedAfter,
    /// Annotations were added after signing; they may cover what was signed.
    AnnotatedAfter,
    /// The ranges are no pair around exactly the signature value.
    ByteRangeMisplaced,
    /// It certifies that nothing follows it, and a signature does.
    CertificationBroken,
    /// The certificate named by the signing-certificate attribute is another one.
    CertificateSubstituted,
    /// The claimed time is later than the time judged for.
    ClaimedInFuture,
    /// The file is encrypted, the signature value with it.
    EncryptedValue,
    /// Offsets count from `%PDF-`, with other bytes before it.
    JunkBeforeHeader,
    /// The certificate's key usage does not allow signing.
    KeyUsage,
    /// The certificate's extended key usage lists other purposes than signing documents.
    ExtendedKeyUsage,
    /// The CMS holds several signers; the first was judged.
    SeveralSigners,
    /// No signing-certificate attribute binds the certificate.
    NoSigningCertificate,
    /// An agency has to have signed, and the certificate is none for official duty.
    NotOfficial,
    /// The padding of the signature value is not zero.
    PaddingNotZero,
    /// The time-stamp is older than the claimed time, by more than clocks differ.
    TimeStampBeforeClaim,
    /// The time-stamp does not belong to this signature, or is broken.
    TimeStampBroken,
    /// The time-stamp is of a time after the one judged for: it proves none.
    TimeStampInFuture,
    /// The time-stamp, or a certificate of its authority, rests on SHA-1.
    TimeStampLegacy,
    /// The authority's certificate is not for time-stamps alone, or does not say so critically.
    TimeStampPurpose,
    /// A certificate of the time-stamp's authority was revoked in a way that makes it worthless.
    TimeStampRevoked,
    /// The time-stamp's authority does not chain to a pinned root.
    TimeStampUntrusted,
    /// The time-stamp rests on an algorithm that is not known; nothing known is against it.
    TimeStampUnsupported,
    /// The signature value cannot be read.
    UnreadableValue,
    /// The algorithm is not one this crate checks.
    UnsupportedAlgorithm,
}
