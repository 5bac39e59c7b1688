//! Evidence kept between documents: one answer serves all that are signed while it is valid.
//!
//! The same evidence is then embedded in each, and no server is asked twice. What is kept is
//! checked again like anything else before it is used, so the place needs not be trusted.

use std::{
    collections::BTreeMap,
    fs, io,
    io::Write,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use crate::{certificate::Certificate, revocation::Evidence};

/// Pieces held in memory: more than the authorities of a country have.
const MAX_HELD: usize = 512;

/// Longer files than this are not evidence.
const MAX_FILE: u64 = 64 << 20;

/// Evidence by certificate, in memory or in a folder.
#[derive(Debug)]
pub struct EvidenceCache(Place);

#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    Memory(Mutex<BTreeMap<String, Vec<u8>>>),
}

impl EvidenceCache {
    /// Kept as long as this value lives.
    pub fn in_memory() -> Self {
        Self(Place::Memory(Mutex::default()))
    }

    /// Kept in files named by the SHA-256 of the certificate, `.ocsp` or `.crl`. Processes may
    /// share the folder, which must exist.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self(Place::Folder(folder.into()))
    }

    /// What is kept for a certificate.
    pub(crate) fn kept(&self, certificate: &Certificate<'_>) -> Vec<Evidence> {
        let ocsp = self.read(&name(certificate, "ocsp")).map(Evidence::Ocsp);
        let crl = self.read(&name(certificate, "crl")).map(Evidence::Crl);
        ocsp.into_iter().chain(crl).collect()
    }

    /// Keeps the newest evidence of its kind for a certificate.
    pub(crate) fn keep(
        &self,
        certificate: &Certificate<'_>,
        evidence: &Evidence,
    ) -> io::Result<()> {
        let (name, bytes) = match evidence {
            Evidence::Crl(bytes) => (name(certificate, "crl"), bytes),
            Evidence::Ocsp(bytes) => (name(certificate, "ocsp"), bytes),
        };
        match &self.0 {
            Place::Folder(folder) => {
                // Readers see the old file or the new one, never half of it.
                let mut file = tempfile::NamedTempFile::new_in(folder)?;
                file.write_all(bytes)?;
                file.persist(folder.join(name))?;
            }
            Place::Memory(held) => {
                let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
                if held.len() >= MAX_HELD {
                    held.clear();
                }
                held.insert(name, bytes.clone());
            }
        }
        Ok(())
    }

    /// A file that cannot be read is one that is not there: its evidence is had again.
    fn read(&self, name: &str) -> Option<Vec<u8>> {
        match &self.0 {
            Place::Folder(folder) => {
                let path = folder.join(name);
                let size = fs::metadata(&path).ok()?.len();
                (size <= MAX_FILE).then(|| fs::read(&path).ok())?
            }
            Place::Memory(held) => {
                held.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
            }
        }
    }
}

fn name(certificate: &Certificate<'_>, kind: &str) -> String {
    format!("{}.{kind}", certificate.sha256())
}
