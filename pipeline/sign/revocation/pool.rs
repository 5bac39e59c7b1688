//! The evidence at hand: certificates, OCSP responses and revocation lists, byte for byte.

use std::collections::HashSet;

use crate::hash::Hash;

/// One piece of evidence, as its authority signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Evidence {
    Crl(Vec<u8>),
    Ocsp(Vec<u8>),
}

/// All evidence for a file, nothing twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pool {
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) ocsps: Vec<Vec<u8>>,
    pub(crate) crls: Vec<Vec<u8>>,
}

impl Pool {
    /// Adds a piece; `false` when it was there.
    pub(crate) fn add(&mut self, evidence: Evidence) -> bool {
        match evidence {
            Evidence::Crl(bytes) => once(&mut self.crls, bytes),
            Evidence::Ocsp(bytes) => once(&mut self.ocsps, bytes),
        }
    }

    pub(crate) fn add_certificate(&mut self, der: &[u8]) {
        once(&mut self.certificates, der.to_vec());
    }

    /// Adds all of another.
    pub(crate) fn join(&mut self, other: &Self) {
        for (mine, others) in [
            (&mut self.certificates, &other.certificates),
            (&mut self.ocsps, &other.ocsps),
            (&mut self.crls, &other.crls),
        ] {
            for bytes in others {
                once(mine, bytes.clone());
            }
        }
    }

    /// The digests of all its evidence.
    pub(crate) fn digests(&self) -> HashSet<Vec<u8>> {
        self.ocsps.iter().chain(&self.crls).map(|bytes| Hash::Sha256.of(bytes)).collect()
    }

    /// The part of it whose evidence has these digests, with all its certificates.
    pub(crate) fn only(&self, digests: &HashSet<Vec<u8>>) -> Self {
        let kept = |all: &[Vec<u8>]| -> Vec<Vec<u8>> {
            let known = |bytes: &&Vec<u8>| digests.contains(&Hash::Sha256.of(bytes));
            all.iter().filter(known).cloned().collect()
        };
        Self {
            certificates: self.certificates.clone(),
            ocsps: kept(&self.ocsps),
            crls: kept(&self.crls),
        }
    }
}

fn once(all: &mut Vec<Vec<u8>>, bytes: Vec<u8>) -> bool {
    let new = !all.contains(&bytes);
    if new {
        all.push(bytes);
    }
    new
}
