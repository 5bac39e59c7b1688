//! Messages that carry their signature: a CMS with its content inside (`.p7m`), made with the
//! agency's key as a document's signature is, and opened by any CMS tool:
//! `openssl cms -verify -inform DER -in FILE -CAfile ROOT -purpose any`.

use chrono::{DateTime, Utc};

use crate::{
    SignError, TimeStampAuthority,
    certificate::{Certificate, CertificateDer},
    key::MessageSigner,
    oid,
    signed_data::Makers,
    verify::{
        PolicyError, SignerIdentity, TimeStamp, Trust, check_signer,
        cms::{Check, Cms},
        time_stamp,
    },
};

/// Why a sealed message is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It is no signed data with its content inside.
    #[error("it is no signed message")]
    Unreadable,
    /// Content or signature were changed, or it was not made with this certificate.
    #[error("its signature does not hold")]
    Broken,
    /// The time-stamp it carries is damaged, or of another signature.
    #[error("its time-stamp does not hold")]
    Stamp,
    /// The certificate may not sign for the agency.
    #[error("its signer is not accepted: {0}")]
    Signer(#[from] PolicyError),
}

/// What a sound seal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Whose key it was.
    pub signer: SignerIdentity,
    /// Its certificate, then the others that came with it.
    pub chain: Vec<CertificateDer>,
    /// When it existed at the latest, where a trusted authority stamped it.
    pub stamped_at: Option<DateTime<Utc>>,
}

/// Signs a message, with a time-stamp where an authority is given.
///
/// # Errors
/// [`SignError`] when the key or the authority does not answer.
pub fn seal(
    content: &[u8],
    signer: &dyn MessageSigner,
    stamps: Option<&TimeStampAuthority>,
) -> Result<Vec<u8>, SignError> {
    Makers { signer, stamps }.seal(content)
}

/// The content of a sealed message, unchecked.
pub fn sealed_content(message: &[u8]) -> Option<Vec<u8>> {
    Cms::parse(message)?.content
}

/// Checks a sealed message: its signature, and that an organisation may sign which `trust` expects,
/// at the time of its trusted time-stamp, or else at the time that it `claims`.
///
/// # Errors
/// [`SealError`], the first rule that is broken.
pub fn check_seal(
    message: &[u8],
    trust: &Trust,
    claims: DateTime<Utc>,
) -> Result<Sealed, SealError> {
    let cms = Cms::parse(message).ok_or(SealError::Unreadable)?;
    let content = cms.content.as_ref().ok_or(SealError::Unreadable)?;
    let own = cms.signer_certificate().ok_or(SealError::Unreadable)?;
    // Nothing may hide behind what is signed, nor a second signer.
    if cms.several_signers || !cms.padding.is_empty() {
        return Err(SealError::Broken);
    }
    if cms.check(|hash| hash.of(content), || Some(content.clone())) != Check::Holds {
        return Err(SealError::Broken);
    }
    let others: &[Certificate<'_>] = &[];
    let stamped_at = match cms.signer.unsigned(oid::TIME_STAMP_TOKEN) {
        None => None,
        Some(token) => {
            let whole = (trust, others);
            let token = time_stamp::check(token.raw, |hash| hash.of(&cms.signer.signature), whole);
            let stamp = token.map(|token| token.stamp).filter(TimeStamp::sound);
            let stamp = stamp.ok_or(SealError::Stamp)?;
            stamp.trusted.then_some(stamp.time)
        }
    };
    let chain = chain(own, &cms);
    let signer = check_signer(&chain, trust, stamped_at.unwrap_or(claims))?;
    Ok(Sealed { signer, chain, stamped_at })
}

/// The signer's certificate, then the others that came with it.
fn chain(own: &Certificate<'_>, cms: &Cms<'_>) -> Vec<CertificateDer> {
    let others = cms.certificates.iter().filter(|other| other.der != own.der);
    std::iter::once(own).chain(others).map(|one| CertificateDer(one.der.to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        test_ca::{Subject, TestAuthority},
        verify::{Pin, PinnedRoot, TrustDomain},
    };

    #[test]
    fn a_seal_holds_for_its_content_and_its_signer_alone() {
        let folder = tempfile::tempdir().unwrap();
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let subject = Subject {
            common_name: "UBND tỉnh Mẫu".into(),
            organisation: "UBND tỉnh Mẫu".into(),
            unit: None,
            locality: "TEST".into(),
            user_id: Some("MNS:0000000".into()),
        };
        let files = TestAuthority::create(&folder.path().join("authority"), &subject, now).unwrap();
        let key = files.load().unwrap();
        let root = std::fs::read_to_string(&files.root).unwrap();
        let root = CertificateDer::from_pem(&root).unwrap().remove(0);
        let pinned = PinnedRoot { pin: Pin::Certificate(root), domain: TrustDomain::Test };
        let trust = Trust { roots: vec![pinned], ..Trust::default() };

        let content = "đầu chuỗi".as_bytes();
        let message = seal(content, &key, None).unwrap();
        assert_eq!(sealed_content(&message).as_deref(), Some(content));
        let sealed = check_seal(&message, &trust, now).unwrap();
        assert_eq!((sealed.signer.domain, sealed.stamped_at), (TrustDomain::Test, None));

        let nobody = check_seal(&message, &Trust::default(), now);
        assert_eq!(nobody, Err(SealError::Signer(PolicyError::Untrusted)));
        let long_ago = check_seal(&message, &trust, DateTime::UNIX_EPOCH);
        assert_eq!(long_ago, Err(SealError::Signer(PolicyError::NotValid)));
        assert_eq!(check_seal(content, &trust, now), Err(SealError::Unreadable));
        let at = message.windows(content.len()).position(|part| part == content).unwrap();
        let mut forged = message.clone();
        forged[at] ^= 1;
        assert_eq!(check_seal(&forged, &trust, now), Err(SealError::Broken));
        let mut longer = message.clone();
        longer.push(0);
        assert_eq!(check_seal(&longer, &trust, now), Err(SealError::Broken));
        let mut signature = message.clone();
        *signature.last_mut().unwrap() ^= 1;
        assert_eq!(check_seal(&signature, &trust, now), Err(SealError::Broken));
    }
}
