//! A throw-away authority, so that signing can be tried without a token.
//!
//! It is made of one root, one agency certificate under it and their keys, on P-256. The root's
//! own key is dropped as soon as the certificate is signed: nobody can add to this authority
//! later. What it signs is a test, and verifiers must say so.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Datelike, Utc};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};

use crate::{CertificateDer, KeyFile, RsaScheme, SignError};

/// Years a test certificate is valid; the root lives as long.
const VALID_YEARS: i32 = 10;

/// Common name of every test root.
const ROOT_NAME: &str = "Sohoa TEST root, no legal value";

/// `userId`, where Vietnamese certificates carry tax codes and citizens' numbers.
const USER_ID: [u64; 7] = [0, 9, 2342, 19_200_300, 100, 1, 1];

/// Whom a test certificate names.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// `CN`: the agency, or the person.
    pub common_name: String,
    /// `O`: the authority above.
    pub organisation: String,
    /// `OU`: a person's own agency.
    pub unit: Option<String>,
    /// `L`: the place.
    pub locality: String,
    /// `UID` with its prefix: `MST:…`, `MNS:…` for agencies, `CCCD:…` for persons.
    pub user_id: Option<String>,
}

/// The files of a test authority.
#[derive(Debug, Clone)]
pub struct TestAuthority {
    /// The root, PEM: what a verifier pins.
    pub root: PathBuf,
    /// The agency's certificate and the root, PEM.
    pub chain: PathBuf,
    /// The agency's private key, PKCS#8 PEM, mode 0600.
    pub key: PathBuf,
}

impl TestAuthority {
    /// Where the files of `folder` are or would be.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            root: folder.join("test-root.pem"),
            chain: folder.join("test-chain.pem"),
            key: folder.join("test-key.pem"),
        }
    }

    /// All three files are there.
    pub fn exists(&self) -> bool {
        [&self.root, &self.chain, &self.key].iter().all(|path| path.is_file())
    }

    /// Makes a new authority in `folder`; existing files of one are never overwritten.
    ///
    /// # Errors
    /// [`SignError::Io`] when a file exists or cannot be written.
    pub fn create(folder: &Path, subject: &Subject, now: DateTime<Utc>) -> Result<Self, SignError> {
        fs::create_dir_all(folder).map_err(SignError::io(folder))?;
        let made = issue(subject, now, None)?;
        let files = Self::in_folder(folder);
        // The key first: a root without a key would look like a finished authority.
        write_new(&files.key, &made.key, 0o600)?;
        write_new(&files.chain, &made.chain, 0o644)?;
        write_new(&files.root, &made.root, 0o644)?;
        Ok(files)
    }

    /// The key, ready to sign.
    ///
    /// # Errors
    /// As [`KeyFile::load`].
    pub fn load(&self) -> Result<KeyFile, SignError> {
        KeyFile::load(&self.key, &self.chain, RsaScheme::default())
    }
}

/// A root, a chain and a key as PEM text.
#[derive(Clone)]
pub struct Issued {
    /// The root certificate.
    pub root: String,
    /// The subject's certificate and the root.
    pub chain: String,
    /// The subject's private key.
    pub key: String,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued")
            .field("root", &self.root)
            .field("chain", &self.chain)
            .field("key", &"****")
            .finish()
    }
}

/// Whether a certificate is the root of a test authority, wherever it came from: by the name that
/// no real root bears. A certificate can only lose trust by it.
pub fn is_root(certificate: &CertificateDer) -> bool {
    certificate.0.windows(ROOT_NAME.len()).any(|window| window == ROOT_NAME.as_bytes())
}

/// Makes a root and one certificate under it, valid from the day before `now`.
///
/// `key` is a PKCS#8 PEM key to certify; a new P-256 key is made without it.
///
/// # Errors
/// [`SignError::TestAuthority`] when the key is unusable.
pub fn issue(
    subject: &Subject,
    now: DateTime<Utc>,
    key: Option<&str>,
) -> Result<Issued, SignError> {
    let root_key = KeyPair::generate()?;
    let mut root = parameters(now)?;
    root.distinguished_name = named(&Subject {
        common_name: ROOT_NAME.to_owned(),
        organisation: "Sohoa TEST".to_owned(),
        ..Subject::default()
    });
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let root_certificate = root.self_signed(&root_key)?;

    let key = key.map_or_else(KeyPair::generate, KeyPair::from_pem)?;
    let mut own = parameters(now)?;
    own.distinguished_name = named(subject);
    own.is_ca = IsCa::ExplicitNoCa;
    own.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    own.use_authority_key_identifier_extension = true;
    let certificate: Certificate = own.signed_by(&key, &Issuer::new(root, root_key))?;
    Ok(Issued {
        root: root_certificate.pem(),
        chain: format!("{}{}", certificate.pem(), root_certificate.pem()),
        key: key.serialize_pem(),
    })
}

fn parameters(now: DateTime<Utc>) -> Result<CertificateParams, SignError> {
    let mut parameters = CertificateParams::new(Vec::new())?;
    // A day back, so that a clock that is a little late accepts it at once.
    let from = now.date_naive().pred_opt().unwrap_or_else(|| now.date_naive());
    parameters.not_before = date_time_ymd(from.year(), from.month() as u8, from.day() as u8);
    // The first of the month exists in every year, unlike 29 February.
    parameters.not_after = date_time_ymd(from.year() + VALID_YEARS, from.month() as u8, 1);
    Ok(parameters)
}

fn named(subject: &Subject) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, "VN");
    if !subject.locality.is_empty() {
        name.push(DnType::LocalityName, subject.locality.as_str());
    }
    name.push(DnType::OrganizationName, subject.organisation.as_str());
    if let Some(unit) = &subject.unit {
        name.push(DnType::OrganizationalUnitName, unit.as_str());
    }
    name.push(DnType::CommonName, subject.common_name.as_str());
    if let Some(user_id) = &subject.user_id {
        name.push(DnType::from_oid(&USER_ID), user_id.as_str());
    }
    name
}

fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), SignError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let mut file = file.map_err(SignError::io(path))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(SignError::io(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-11-20T02:31:06Z").unwrap().to_utc()
    }

    #[test]
    fn the_key_is_private_and_loads_again() {
        let folder = tempfile::tempdir().unwrap();
        let subject = Subject { common_name: "Sở Thử nghiệm".into(), ..Subject::default() };
        let made = TestAuthority::create(folder.path(), &subject, now()).unwrap();
        let mode = fs::metadata(&made.key).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let key = TestAuthority::in_folder(folder.path()).load().unwrap();
        let shown = format!("{key:?}");
        assert!(shown.contains("****") && !shown.contains("PRIVATE"));
    }

    #[test]
    fn an_authority_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let subject = Subject { common_name: "Sở Thử nghiệm".into(), ..Subject::default() };
        TestAuthority::create(folder.path(), &subject, now()).unwrap();
        assert!(TestAuthority::create(folder.path(), &subject, now()).is_err());
    }
}
