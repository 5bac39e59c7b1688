//! Policy before key: may this certificate sign for this agency?

use chrono::{DateTime, Utc};

use super::{
    path::chain,
    report::{SubjectKind, Verdict},
    subject::classify,
    trust::{Expected, Trust, TrustDomain},
};
use crate::{
    certificate::{Certificate, CertificateDer},
    oid,
};

/// Why a certificate may not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// It cannot be read.
    #[error("the signing certificate is unreadable")]
    Unreadable,
    /// No pinned root vouches for it.
    #[error("the signing certificate does not chain to a pinned root")]
    Untrusted,
    /// A root vouches for it that is not of the authority for official duty (Decree 68/2024).
    #[error(
        "the signing certificate is of a public authority; an agency signs by a certificate of the \
         Government Cipher Committee"
    )]
    PublicAuthority,
    /// It, or a certificate above it, is not valid now.
    #[error("the signing certificate is not valid at this time")]
    NotValid,
    /// Its key usage excludes signatures.
    #[error("the signing certificate is not for signatures")]
    KeyUsage,
    /// Its extended key usage lists purposes, and signing documents is not among them.
    #[error("the signing certificate is for other purposes than signing documents")]
    Purpose,
    /// It belongs to a person.
    #[error("the signing certificate belongs to a person, not to an organisation")]
    NotAnOrganisation,
    /// It belongs to another agency.
    #[error("the signing certificate does not belong to the custodian agency")]
    WrongAgency,
}

impl PolicyError {
    /// What a verifier would say of its signatures.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Unreadable => Verdict::Altered,
            Self::Untrusted | Self::PublicAuthority | Self::KeyUsage | Self::Purpose => {
                Verdict::UntrustedChain
            }
            Self::NotValid => Verdict::ExpiredAtSigning,
            Self::NotAnOrganisation => Verdict::WrongSubjectKind,
            Self::WrongAgency => Verdict::WrongAgency,
        }
    }
}

/// Whose certificate it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerIdentity {
    /// Whose root vouches for it.
    pub domain: TrustDomain,
    /// `CN` of the subject.
    pub common_name: Option<String>,
    /// Registered agency.
    pub agency: Option<String>,
    /// SHA-256 of the certificate.
    pub certificate_sha256: String,
}

/// Key usage bits that allow a document signature.
pub(crate) fn may_sign_documents(certificate: &Certificate<'_>) -> bool {
    const DIGITAL_SIGNATURE: u8 = 0;
    const CONTENT_COMMITMENT: u8 = 1;
    certificate.may(DIGITAL_SIGNATURE) || certificate.may(CONTENT_COMMITMENT)
}

/// The extended key usage, where there is one, does not keep to other purposes.
pub(crate) fn is_for_documents(certificate: &Certificate<'_>) -> bool {
    certificate.extension(oid::EXTENDED_KEY_USAGE).is_none()
        || oid::DOCUMENT_PURPOSES.iter().any(|purpose| certificate.is_for(purpose))
}

/// Checks a signer's chain before its key is used: only a valid organisation certificate under a
/// pinned root for official duty may sign, and where `trust` expects an agency, only that agency's.
///
/// # Errors
/// [`PolicyError`], the first rule that is broken.
pub fn check_signer(
    certificates: &[CertificateDer],
    trust: &Trust,
    at: DateTime<Utc>,
) -> Result<SignerIdentity, PolicyError> {
    let parsed: Vec<Certificate<'_>> = certificates
        .iter()
        .map(|certificate| Certificate::parse(&certificate.0))
        .collect::<Option<_>>()
        .ok_or(PolicyError::Unreadable)?;
    let (own, others) = parsed.split_first().ok_or(PolicyError::Unreadable)?;
    let chain = chain(own, others, (trust, at)).ok_or(PolicyError::Untrusted)?;
    if !chain.domain.is_official() {
        return Err(PolicyError::PublicAuthority);
    }
    if !chain.valid_at(at) {
        return Err(PolicyError::NotValid);
    }
    if !may_sign_documents(own) {
        return Err(PolicyError::KeyUsage);
    }
    if !is_for_documents(own) {
        return Err(PolicyError::Purpose);
    }
    let subject = classify(own, trust);
    if subject.kind != SubjectKind::Organisation {
        return Err(PolicyError::NotAnOrganisation);
    }
    match &trust.expected {
        Expected::Agency(id) if subject.agency.as_ref() != Some(id) => {
            Err(PolicyError::WrongAgency)
        }
        _ => Ok(SignerIdentity {
            domain: chain.domain,
            common_name: own.subject.last(oid::COMMON_NAME),
            agency: subject.agency,
            certificate_sha256: own.sha256(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa,
        KeyPair,
    };

    use super::*;
    use crate::verify::{Pin, PinnedRoot};

    /// What is said of a signer whose extended key usage lists these.
    fn checked(purposes: Vec<ExtendedKeyUsagePurpose>) -> PolicyError {
        let key = || KeyPair::generate().unwrap();
        let mut root = CertificateParams::new(Vec::new()).unwrap();
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let root = CertifiedIssuer::self_signed(root, key()).unwrap();
        let mut own = CertificateParams::new(Vec::new()).unwrap();
        own.extended_key_usages = purposes;
        let own = own.signed_by(&key(), &root).unwrap();
        let [own, root] = [own.der(), root.der()].map(|der| CertificateDer(der.to_vec()));
        let pin = Pin::Certificate(root.clone());
        let roots = vec![PinnedRoot { pin, domain: TrustDomain::Test }];
        let trust = Trust { roots, ..Trust::default() };
        check_signer(&[own, root], &trust, Utc::now()).unwrap_err()
    }

    #[test]
    fn a_certificate_for_other_purposes_signs_no_documents() {
        use ExtendedKeyUsagePurpose as Of;
        for none in [Of::ServerAuth, Of::CodeSigning, Of::TimeStamping, Of::OcspSigning] {
            assert_eq!(checked(vec![none]), PolicyError::Purpose);
        }
        // The next thing that is wrong with it: nobody knows whose it is.
        let document_signing = Of::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36]);
        for one in [document_signing, Of::EmailProtection, Of::ClientAuth, Of::Any] {
            assert_eq!(checked(vec![Of::CodeSigning, one]), PolicyError::NotAnOrganisation);
        }
        assert_eq!(checked(Vec::new()), PolicyError::NotAnOrganisation);
    }
}
