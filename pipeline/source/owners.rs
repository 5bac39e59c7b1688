//! What becomes of the identifier of a dossier's owner, as soon as a manifest is read.
//!
//! A partner sends it encrypted to the province. Whoever lists the input may hold the key: then the
//! province's own keyed hash takes its place, and goes on with the dossier, over Kafka as well. What
//! the partner gives as a hash is dropped here: it is of another key.

use std::{fmt, sync::Arc};

use sohoa_schemas::manifest::{Manifest, Owner};

/// Gives the keyed hash for an encrypted identifier.
type Hide = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The way from an encrypted identifier to its hash; none by default.
#[derive(Clone, Default)]
pub struct Owners(Option<Arc<Hide>>);

impl Owners {
    /// `hide` gets the encrypted identifier, and answers `None` where it cannot be opened.
    pub fn new(hide: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hide)))
    }

    pub(crate) fn settle(&self, manifest: &mut Manifest) {
        if let Some(owner) = &mut manifest.dossier.owner {
            self.settle_owner(owner);
        }
    }

    fn settle_owner(&self, owner: &mut Owner) {
        let Owner { kind, id_enc, id_hmac } = owner;
        // A partner that mixes the two up sends the number itself.
        if kind.contains(|c: char| c.is_ascii_digit()) {
            "other".clone_into(kind);
        }
        let encrypted = id_enc.take();
        *id_hmac = self.0.as_ref().zip(encrypted).and_then(|(hide, sent)| hide(&sent));
    }
}

impl fmt::Debug for Owners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Owners").field(&self.0.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_place_of_the_kind_goes_no_further() {
        let owner = |kind: &str| {
            let json = serde_json::json!({ "kind": kind, "id_enc": "sent", "id_hmac": "theirs" });
            serde_json::from_value::<Owner>(json).unwrap()
        };
        let settled = |owner: Owner, owners: &Owners| {
            let mut owner = owner;
            owners.settle_owner(&mut owner);
            (owner.kind, owner.id_hmac, owner.id_enc)
        };
        let ours = Owners::new(|sent| Some(format!("ours of {sent}")));
        let ours_of_sent = Some("ours of sent".to_owned());
        assert_eq!(settled(owner("cccd"), &ours), ("cccd".into(), ours_of_sent, None));
        let swapped = settled(owner("052099001234"), &Owners::default());
        assert_eq!(swapped, ("other".into(), None, None));
    }
}
