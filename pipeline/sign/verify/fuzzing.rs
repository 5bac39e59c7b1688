//! The parts of a signature that take bytes, for `tests/fuzz`.

use super::{
    cms::{Check, Cms},
    path::chain,
    time_stamp,
    trust::Trust,
};
use crate::hash::Hash;

/// Signed data and time-stamps: read, and judged with nothing pinned.
pub(crate) fn signed_data(bytes: &[u8]) {
    let trust = Trust::default();
    let own = |hash: Hash| hash.of(bytes);
    if let Some(token) = time_stamp::check(bytes, own, (&trust, &[])) {
        assert!(!token.stamp.trusted, "no root is pinned");
    }
    let Some(cms) = Cms::parse(bytes) else { return };
    assert_eq!(cms.raw.len() + cms.padding.len(), bytes.len());
    let check = cms.check(|hash| hash.of(bytes), || cms.content.clone());
    if let Some(signer) = cms.signer_certificate() {
        assert!(
            chain(signer, &cms.certificates_with_token(), (&trust, signer.not_before)).is_none()
        );
    } else {
        assert_ne!(check, Check::Holds, "nobody signed");
    }
    let _time = cms.signer.signing_time();
}
