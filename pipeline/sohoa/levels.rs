//! The level that a signature gets: how each is made, and what is left of it where an authority that
//! it needs is silent.
//!
//! At every level it is asked before the key is used whether the signer's certificate is revoked.

use std::{path::Path, sync::Arc};

use sohoa_flow::{FatalKind, Fault, retry::GaveUp};
use sohoa_publish::holding;
use sohoa_schemas::config::{Sign, SignatureLevel, WithoutEvidence};
use sohoa_sign::{
    ArchiveStamp, EvidenceError, EvidenceFault, EvidenceSource, KeptEvidence, MessageSigner,
    Raised, SignError, SignRequest, Signed, StampError, TimeStampAuthority, raise_pdf_with,
    sign_pdf, sign_pdf_stamped,
};
use sohoa_store::classify_local;

use crate::context::now;

/// Name of the field of a document time-stamp.
pub(crate) const ARCHIVE_FIELD: &str = "SohoaArchive";

/// What a level takes, besides the key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seal<'a> {
    /// Nothing but who says whether the signer was revoked; nobody of a throw-away authority.
    Bare(Option<&'a EvidenceSource>),
    /// B-T: a time-stamp.
    Stamped(&'a TimeStampAuthority, Option<&'a EvidenceSource>),
    /// B-LT: evidence too.
    Proven(&'a TimeStampAuthority, &'a EvidenceSource),
    /// B-LTA: and a time-stamp over all of it.
    Archived(&'a TimeStampAuthority, &'a EvidenceSource),
}

/// A signed file, and what was asked before.
#[derive(Debug)]
pub(crate) struct Made {
    /// What was written.
    pub(crate) signed: Signed,
    /// What the authorities said of the signer, where the file does not hold it.
    pub(crate) kept: Option<Arc<KeptEvidence>>,
}

impl<'a> Seal<'a> {
    /// The seal of a level, or of the highest one below it that there is somebody to ask for.
    pub(crate) fn of(
        level: SignatureLevel,
        stamps: Option<&'a TimeStampAuthority>,
        evidence: Option<&'a EvidenceSource>,
    ) -> Self {
        let Some(stamps) = stamps else { return Self::Bare(evidence) };
        match (level, evidence) {
            (SignatureLevel::BB, _) => Self::Bare(evidence),
            (SignatureLevel::BT, _) | (_, None) => Self::Stamped(stamps, evidence),
            (SignatureLevel::BLt, Some(evidence)) => Self::Proven(stamps, evidence),
            (SignatureLevel::BLta, Some(evidence)) => Self::Archived(stamps, evidence),
        }
    }

    /// Signs a file into another.
    pub(crate) fn sign(
        self,
        (from, to): (&Path, &Path),
        request: &SignRequest,
        signer: &dyn MessageSigner,
    ) -> Result<Made, SignError> {
        let stamped = |to: &Path, stamps| sign_pdf_stamped(from, to, request, signer, stamps);
        // Policy before key.
        let checked = |evidence: &EvidenceSource| {
            let field = request.field_name.clone();
            evidence
                .check_signer(signer.chain(), now())
                .map_err(|error| SignError::Evidence { field, source: Box::new(error) })
        };
        let kept = self.checked().map(checked).transpose()?;
        let (stamps, evidence, archive) = match self {
            Self::Bare(_) => {
                let signed = sign_pdf(from, to, request, signer)?;
                return Ok(Made { signed, kept });
            }
            Self::Stamped(stamps, _) => return Ok(Made { signed: stamped(to, stamps)?, kept }),
            Self::Proven(stamps, evidence) => (stamps, evidence, false),
            Self::Archived(stamps, evidence) => (stamps, evidence, true),
        };
        // Beside the output, which is whole or not there.
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        let between = tempfile::Builder::new()
            .prefix(".sohoa-")
            .suffix(".pdf")
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(|source| SignError::Io { path: to.display().to_string(), source })?
            .into_temp_path();
        let signed = stamped(&between, stamps)?;
        let archive = archive.then_some(stamps);
        let none = KeptEvidence::default();
        let Raised { size, sha256, .. } = raise(&between, to, (evidence, &none), archive)?;
        Ok(Made { signed: Signed { size, sha256, ..signed }, kept: None })
    }

    /// Who says whether the signer was revoked.
    fn checked(self) -> Option<&'a EvidenceSource> {
        match self {
            Self::Bare(evidence) | Self::Stamped(_, evidence) => evidence,
            Self::Proven(_, evidence) | Self::Archived(_, evidence) => Some(evidence),
        }
    }
}

/// Whether a signature may be made although its signer's certificate names nobody who could be asked:
/// where the configuration lets documents pass while authorities are silent, and the level embeds no
/// evidence.
pub(crate) fn passes_unasked(sign: &Sign, level: SignatureLevel, error: &EvidenceError) -> bool {
    matches!(error, EvidenceError::NoSource { .. })
        && level < SignatureLevel::BLt
        && sign.without_evidence == WithoutEvidence::Lower
}

/// Raises a signed file to B-LT, or to B-LTA with an authority, by what the authorities say or by what
/// was kept of the time when it was signed.
pub(crate) fn raise(
    from: &Path,
    to: &Path,
    evidence: (&EvidenceSource, &KeptEvidence),
    archive: Option<&TimeStampAuthority>,
) -> Result<Raised, SignError> {
    let archive = archive.map(|authority| ArchiveStamp { field_name: ARCHIVE_FIELD, authority });
    raise_pdf_with(from, to, evidence, archive, now())
}

/// A document that cannot take a signature is refused; an authority that is silent is asked again;
/// a key that does not sign stops everything.
pub(crate) fn fault(stage: &'static str, error: SignError) -> Fault {
    use sohoa_schemas::Code::X01StageFailed;
    match error {
        SignError::Pdf(_) | SignError::Encrypted | SignError::Certified | SignError::TooLarge => {
            Fault::reject(X01StageFailed, stage, error)
        }
        SignError::Io { .. } => classify_local(stage, error),
        error if is_silence(&error) => Fault::retry(stage, error),
        // The authority's answers have grown; how much room they take is known now.
        error @ SignError::Space { .. } => Fault::retry(stage, error),
        SignError::TimeStamp(_)
        | SignError::Evidence { .. }
        | SignError::Token(_)
        | SignError::Key(_)
        | SignError::KeyMismatch
        | SignError::Certificate(_)
        | SignError::Pem(_)
        | SignError::Signature(_)
        | SignError::Font(_) => Fault::fatal(FatalKind::Configuration, stage, error),
        error => Fault::fatal(FatalKind::Internal, stage, error),
    }
}

/// Whether another time may go better: somebody did not answer, or not yet rightly.
fn is_silence(error: &SignError) -> bool {
    match error {
        // An authority that is being mended answers with a page of its own, or that it has no time.
        SignError::TimeStamp(
            StampError::Fetch(_)
            | StampError::NewCertificate
            | StampError::Unreadable(_)
            | StampError::Clock { .. }
            | StampError::Refused { lasting: false, .. },
        ) => true,
        SignError::Token(token) => token.may_pass(),
        SignError::Evidence { source, .. } => matches!(
            **source,
            EvidenceError::Fetch { .. }
                | EvidenceError::StillSilent { .. }
                | EvidenceError::Refused { .. }
                | EvidenceError::Unconfirmed { .. }
        ),
        _ => false,
    }
}

/// Whether a server did not answer, or not yet rightly: what an authority says of a certificate that
/// it has forgotten, or signs as nobody believes, is no other the next time.
pub(crate) fn may_answer(error: &EvidenceError) -> bool {
    match error {
        EvidenceError::Fetch { .. } | EvidenceError::StillSilent { .. } => true,
        EvidenceError::Refused { source, .. } => matches!(
            source,
            EvidenceFault::Refused(_)
                | EvidenceFault::Stale
                | EvidenceFault::NotYet
                | EvidenceFault::Nonce
        ),
        _ => false,
    }
}

/// The silence that every try ended with.
pub(crate) fn silence(fault: &Fault) -> Option<&SignError> {
    let Fault::Retry(cause) = fault else { return None };
    let last = cause.error.downcast_ref::<GaveUp>().map(|gave_up| &gave_up.last);
    last?.downcast_ref::<SignError>().filter(|error| is_silence(error))
}

/// That the signer's certificate names nobody who could be asked, and that this passes.
pub(crate) fn unasked<'f>(
    fault: &'f Fault,
    (sign, level): (&Sign, SignatureLevel),
) -> Option<&'f SignError> {
    let Fault::Fatal(fatal) = fault else { return None };
    let error = fatal.cause.error.downcast_ref::<SignError>()?;
    let SignError::Evidence { source, .. } = error else { return None };
    passes_unasked(sign, level, source).then_some(error)
}

/// Whether the signer's certificate, or one above it, names nobody who could be asked about it.
pub(crate) fn names_nobody(error: &SignError) -> bool {
    let SignError::Evidence { source, .. } = error else { return false };
    matches!(**source, EvidenceError::NoSource { .. })
}

/// What a document waits for that met this silence.
pub(crate) fn waiting_for(error: &SignError) -> &'static str {
    match error {
        SignError::Evidence { .. } => holding::FOR_EVIDENCE,
        SignError::Token(_) => holding::FOR_TOKEN,
        _ => holding::FOR_STAMP,
    }
}

/// Whether the authority that says what was revoked is silent.
pub(crate) fn is_unanswered(error: &SignError) -> bool {
    is_silence(error) && is_about_revocation(error)
}

/// Whether it is the authority that says what was revoked.
pub(crate) fn is_about_revocation(error: &SignError) -> bool {
    matches!(error, SignError::Evidence { .. })
}

/// Whether a lower level does without who is silent: none does without the key.
pub(crate) fn can_lower(error: &SignError) -> bool {
    !matches!(error, SignError::Token(_))
}

/// The highest level below `level` that does without who is silent.
pub(crate) fn below(level: SignatureLevel, error: &SignError) -> SignatureLevel {
    match (level, error) {
        (SignatureLevel::BLta, SignError::Evidence { field, .. }) if field == ARCHIVE_FIELD => {
            SignatureLevel::BLt
        }
        (_, SignError::Evidence { .. }) => SignatureLevel::BT,
        // It may be the second stamp alone that was not given.
        (SignatureLevel::BLta, _) => SignatureLevel::BLt,
        _ => SignatureLevel::BB,
    }
}

/// An error with its causes, on one line.
pub(crate) fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use sohoa_sign::{FetchError, TokenError};

    use super::*;

    fn evidence(field: &str, source: EvidenceError) -> SignError {
        SignError::Evidence { field: field.into(), source: Box::new(source) }
    }

    fn silent() -> EvidenceError {
        let source = FetchError::Status { url: "http://ca/".into(), status: 503 };
        EvidenceError::Fetch { subject: "CN=Sở".into(), source }
    }

    #[test]
    fn a_level_is_lowered_as_far_as_the_silence_reaches_and_no_further() {
        use SignatureLevel::{BB, BLt, BLta, BT};
        let stamp = || {
            let status = FetchError::Status { url: "http://tsa/".into(), status: 503 };
            SignError::TimeStamp(StampError::Fetch(status))
        };
        assert_eq!(below(BLta, &evidence(ARCHIVE_FIELD, silent())), BLt);
        assert_eq!(below(BLta, &evidence("Other", silent())), BT);
        assert_eq!(below(BLt, &evidence("Other", silent())), BT);
        assert_eq!(below(BLta, &stamp()), BLt);
        assert_eq!(below(BLt, &stamp()), BB);
        assert_eq!(below(BT, &stamp()), BB);
        assert_eq!(waiting_for(&stamp()), "timestamp");
        assert_eq!(waiting_for(&evidence("Other", silent())), "evidence");
        let gone = SignError::Token(TokenError::Gone { token: "1".into(), why: String::new() });
        assert_eq!(waiting_for(&gone), "token");
        assert!(!can_lower(&gone) && can_lower(&stamp()));
    }

    #[test]
    fn an_answer_that_stays_as_it_is_is_not_waited_for() {
        use EvidenceFault::{AfterExpiry, Nonce, NotYet, Refused, Signature, Stale, Unknown};
        let refused = |source| EvidenceError::Refused {
            subject: "CN=Sở".into(),
            url: "http://ca/".into(),
            source,
        };
        for passing in [Refused(6), Stale, NotYet, Nonce] {
            assert!(may_answer(&refused(passing)), "{passing:?}");
        }
        for lasting in [AfterExpiry, Unknown, Signature, EvidenceFault::Algorithm] {
            assert!(!may_answer(&refused(lasting)), "{lasting:?}");
        }
        assert!(may_answer(&silent()));
        assert!(!may_answer(&EvidenceError::NoSource { subject: "CN=Sở".into() }));
    }

    #[test]
    fn a_time_stamp_authority_that_is_being_mended_is_silent() {
        let refused = |lasting| {
            let (url, text) = ("http://tsa/".into(), String::new());
            SignError::TimeStamp(StampError::Refused { url, status: 2, text, lasting })
        };
        let page = SignError::TimeStamp(StampError::Unreadable("http://tsa/".into()));
        for passing in [refused(false), page] {
            assert!(matches!(fault("sign", passing), Fault::Retry(_)));
        }
        assert!(matches!(fault("sign", refused(true)), Fault::Fatal(_)));
    }

    #[test]
    fn a_certificate_that_names_nobody_passes_where_the_configuration_says_so() {
        use SignatureLevel::{BB, BLt, BT};
        let fault = |error| fault("sign", evidence("Own", error));
        let nobody = fault(EvidenceError::NoSource { subject: "CN=Sở".into() });
        let sign = |without_evidence| Sign { without_evidence, ..Sign::default() };
        let passes =
            |fault: &Fault, without, level| unasked(fault, (&sign(without), level)).is_some();
        for (level, passing) in [(BB, true), (BT, true), (BLt, false)] {
            assert_eq!(passes(&nobody, WithoutEvidence::Lower, level), passing);
            assert!(!passes(&nobody, WithoutEvidence::Hold, level));
        }
        let revoked = fault(EvidenceError::Revoked { subject: "CN=Sở".into(), at: now() });
        assert!(!passes(&revoked, WithoutEvidence::Lower, BB));
        assert!(!passes(&fault(silent()), WithoutEvidence::Lower, BB), "it may answer yet");
    }

    #[test]
    fn a_revoked_certificate_is_no_silence() {
        let revoked = EvidenceError::Revoked { subject: "CN=Sở".into(), at: now() };
        let stopped = fault("sign", evidence("Other", revoked));
        assert!(matches!(stopped, Fault::Fatal(_)), "{stopped:?}");
        let none = EvidenceError::NoSource { subject: "CN=Sở".into() };
        assert!(matches!(fault("sign", evidence("Other", none)), Fault::Fatal(_)));
        assert!(matches!(fault("sign", evidence("Other", silent())), Fault::Retry(_)));
        let refused = TokenError::PinRefused { why: String::new() };
        assert!(matches!(fault("sign", SignError::Token(refused)), Fault::Fatal(_)));
        let slow = TokenError::Slow { seconds: 1 };
        assert!(matches!(fault("sign", SignError::Token(slow)), Fault::Retry(_)));
    }
}
