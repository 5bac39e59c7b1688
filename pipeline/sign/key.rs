//! Who holds the key: the one small trait everything is built around, and keys kept in files.

use std::{fmt, path::Path};

use ring::{
    rand::SystemRandom,
    signature::{self, EcdsaKeyPair, KeyPair, RsaKeyPair},
};

use crate::{
    Passphrase, SignError,
    certificate::{Certificate, CertificateDer},
    der_read::Reader,
    hash::Hash,
    oid, pem, pkcs12,
};

/// Signs messages with a private key it never shows.
pub trait MessageSigner: fmt::Debug + Send + Sync {
    /// The signer's certificate first, then its issuers.
    fn chain(&self) -> &[CertificateDer];

    /// How it signs.
    fn scheme(&self) -> Scheme;

    /// Signs `message` (the DER of the signed attributes); hashing is part of the scheme.
    ///
    /// # Errors
    /// [`SignError::Signature`] when the key holder refuses or fails.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;

    /// The longest signature it makes, in bytes.
    fn signature_len(&self) -> usize;

    /// Makes sure that it can sign, once its certificate was found fit to: a token is logged in to.
    ///
    /// # Errors
    /// [`SignError`] when it cannot, or when its certificate is another key's.
    fn ready(&self) -> Result<(), SignError> {
        Ok(())
    }

    /// Where the key is, where that is worth telling.
    fn place(&self) -> Option<String> {
        None
    }

    /// What is not as configured.
    fn notice(&self) -> Option<String> {
        None
    }
}

/// A signature algorithm this crate makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// ECDSA on P-256 with SHA-256, DER encoded.
    EcdsaP256,
    /// ECDSA on P-384 with SHA-384, DER encoded.
    EcdsaP384,
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1(Hash),
    /// RSASSA-PSS, MGF1 with the same hash, salt as long as the hash.
    RsaPss(Hash),
}

impl Scheme {
    /// The hash of the message and of the document.
    pub fn hash(self) -> Hash {
        match self {
            Self::EcdsaP256 => Hash::Sha256,
            Self::EcdsaP384 => Hash::Sha384,
            Self::RsaPkcs1(hash) | Self::RsaPss(hash) => hash,
        }
    }
}

/// Which scheme an RSA key in a file is used with; an elliptic curve leaves no choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaScheme {
    /// RSASSA-PKCS1-v1_5, for receivers whose software knows nothing newer.
    Pkcs1(Hash),
    /// RSASSA-PSS, the scheme Circular 15/2025/TT-BKHCN names.
    Pss(Hash),
}

impl Default for RsaScheme {
    fn default() -> Self {
        Self::Pss(Hash::Sha256)
    }
}

/// A private key read from a file, with its certificates.
pub struct KeyFile {
    key: Key,
    chain: Vec<CertificateDer>,
    scheme: Scheme,
    random: SystemRandom,
}

enum Key {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// Shows the certificate and the scheme, never the key.
impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile")
            .field("key", &"****")
            .field("scheme", &self.scheme)
            .field("certificate", &self.chain.first())
            .finish_non_exhaustive()
    }
}

impl KeyFile {
    /// Reads a PKCS#8 key (PEM or DER) and a PEM file of certificates in any order.
    ///
    /// # Errors
    /// [`SignError`] when a file is unreadable, the key is of no accepted kind, or no certificate
    /// belongs to it.
    pub fn load(key: &Path, chain: &Path, rsa: RsaScheme) -> Result<Self, SignError> {
        let key = std::fs::read(key).map_err(SignError::io(key))?;
        let chain = std::fs::read_to_string(chain).map_err(SignError::io(chain))?;
        Self::new(&key, &CertificateDer::from_pem(&chain)?, rsa)
    }

    /// Reads a PKCS#12 file that holds one key and its certificates.
    ///
    /// # Errors
    /// [`SignError`] when the password is wrong, the file is damaged, or [`Self::load`] would
    /// refuse what is in it.
    pub fn from_pkcs12(
        file: &[u8],
        password: &Passphrase,
        rsa: RsaScheme,
    ) -> Result<Self, SignError> {
        let contents = pkcs12::open(file, password)?;
        Self::new(&contents.key, &contents.certificates, rsa)
    }

    /// The same as [`Self::load`] from memory.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn new(
        pkcs8: &[u8],
        certificates: &[CertificateDer],
        rsa: RsaScheme,
    ) -> Result<Self, SignError> {
        let der = match std::str::from_utf8(pkcs8) {
            Ok(text) if text.contains("-----BEGIN") => pem::blocks(text, "PRIVATE KEY")?
                .into_iter()
                .next()
                .ok_or(SignError::Key("no `PRIVATE KEY` block (PKCS#8, not encrypted)"))?,
            _ => pkcs8.to_vec(),
        };
        let random = SystemRandom::new();
        let (key, scheme) = read_key(&der, rsa, &random)?;
        let public = match &key {
            Key::Ecdsa(pair) => pair.public_key().as_ref().to_vec(),
            Key::Rsa(pair) => pair.public_key().as_ref().to_vec(),
        };
        let chain = order(certificates, |one| one.public_key() == Some(public.as_slice()))?;
        Ok(Self { key, chain, scheme, random })
    }
}

fn read_key(der: &[u8], rsa: RsaScheme, random: &SystemRandom) -> Result<(Key, Scheme), SignError> {
    let unreadable = SignError::Key("not a PKCS#8 private key");
    let mut fields = Reader(der).sequence().ok_or(unreadable)?;
    fields.accept(2);
    let mut algorithm = fields.sequence().ok_or(SignError::Key("not a PKCS#8 private key"))?;
    let kind = algorithm.accept(6).map(|element| element.content);
    let curve = algorithm.accept(6).map(|element| element.content);
    let ecdsa = |algorithm| {
        EcdsaKeyPair::from_pkcs8(algorithm, der, random)
            .map_err(|_| SignError::Key("broken, or without its public key"))
    };
    match (kind, curve) {
        (Some(oid::RSA), _) => {
            let pair = RsaKeyPair::from_pkcs8(der)
                .map_err(|_| SignError::Key("RSA must be whole and have 2048 to 4096 bits"))?;
            let (scheme, hash) = match rsa {
                RsaScheme::Pkcs1(hash) => (Scheme::RsaPkcs1(hash), hash),
                RsaScheme::Pss(hash) => (Scheme::RsaPss(hash), hash),
            };
            if hash == Hash::Sha1 {
                return Err(SignError::Key("SHA-1 signs nothing any more"));
            }
            Ok((Key::Rsa(pair), scheme))
        }
        (Some(oid::EC_KEY), Some(oid::P256)) => {
            let pair = ecdsa(&signature::ECDSA_P256_SHA256_ASN1_SIGNING)?;
            Ok((Key::Ecdsa(pair), Scheme::EcdsaP256))
        }
        (Some(oid::EC_KEY), Some(oid::P384)) => {
            let pair = ecdsa(&signature::ECDSA_P384_SHA384_ASN1_SIGNING)?;
            Ok((Key::Ecdsa(pair), Scheme::EcdsaP384))
        }
        _ => Err(SignError::Key("only RSA, P-256 and P-384 are accepted")),
    }
}

/// The key's own certificate first, then each one's issuer; the rest is left out.
pub(crate) fn order(
    certificates: &[CertificateDer],
    is_own: impl Fn(&Certificate<'_>) -> bool,
) -> Result<Vec<CertificateDer>, SignError> {
    let mut left: Vec<Certificate<'_>> = certificates
        .iter()
        .map(|certificate| Certificate::parse(&certificate.0))
        .collect::<Option<_>>()
        .ok_or(SignError::Certificate("not X.509"))?;
    let own = left.iter().position(is_own);
    let mut chain = vec![left.swap_remove(own.ok_or(SignError::KeyMismatch)?)];
    while let Some(last) = chain.last()
        && let Some(at) = left.iter().position(|next| next.subject.matches(last.issuer))
    {
        let next = left.swap_remove(at);
        chain.push(next);
    }
    Ok(chain.into_iter().map(|certificate| CertificateDer(certificate.der.to_vec())).collect())
}

impl MessageSigner for KeyFile {
    fn chain(&self) -> &[CertificateDer] {
        &self.chain
    }

    fn scheme(&self) -> Scheme {
        self.scheme
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.key {
            Key::Ecdsa(pair) => pair
                .sign(&self.random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| SignError::Signature("no random numbers")),
            Key::Rsa(pair) => {
                let padding: &'static dyn signature::RsaEncoding = match self.scheme {
                    Scheme::RsaPss(Hash::Sha384) => &signature::RSA_PSS_SHA384,
                    Scheme::RsaPss(Hash::Sha512) => &signature::RSA_PSS_SHA512,
                    Scheme::RsaPss(_) => &signature::RSA_PSS_SHA256,
                    Scheme::RsaPkcs1(Hash::Sha384) => &signature::RSA_PKCS1_SHA384,
                    Scheme::RsaPkcs1(Hash::Sha512) => &signature::RSA_PKCS1_SHA512,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut out = vec![0; pair.public().modulus_len()];
                pair.sign(padding, &self.random, message, &mut out)
                    .map_err(|_| SignError::Signature("the RSA key is inconsistent"))?;
                Ok(out)
            }
        }
    }

    fn signature_len(&self) -> usize {
        match &self.key {
            // Two integers of a sign byte and the curve's width each, in a sequence.
            Key::Ecdsa(_) if self.scheme == Scheme::EcdsaP384 => 104,
            Key::Ecdsa(_) => 72,
            Key::Rsa(pair) => pair.public().modulus_len(),
        }
    }
}
