//! One more signed head.

use bytes::Bytes;
use sohoa_flow::{FatalKind, Fault};
use sohoa_index::Index;
use sohoa_publish::keys;
use sohoa_schemas::{config::Config, events::ChainHead, rows::SCHEMA_VERSION};
use sohoa_sign::{SignError, check_seal, seal, verify::check_signer};
use sohoa_store::{Created, Store};

use super::{STAGE, heads};
use crate::{
    authority::Authority,
    context::now,
    exit::{Exit, Failure},
};

/// Who signs heads, and where they go.
#[derive(Debug)]
pub(crate) struct HeadSigner<'a> {
    /// The configuration.
    pub(crate) config: &'a Config,
    /// The output.
    pub(crate) output: &'a Store,
    /// The agency's key.
    pub(crate) authority: &'a Authority,
}

impl HeadSigner<'_> {
    /// Signs the head of a province's chain as it is now; none where nothing came to it since the
    /// last signed head, or another process was first.
    ///
    /// # Errors
    /// [`Exit::CheckFailed`] when the chain ends before what was signed, or otherwise; the key's,
    /// the store's and the index's own.
    pub(crate) async fn sign_head(
        &self,
        index: &mut Index,
        province: &str,
    ) -> Result<Option<ChainHead>, Failure> {
        let last = heads::last(self.output, province).await?;
        let head = Box::pin(index.event_head(province)).await;
        let head = head.map_err(|error| Failure::from_error(Exit::Unreachable, &error))?;
        let before = last.as_ref().map(|last| last.head.as_ref());
        let (seq, row_hash) = match (head, before) {
            (None, None) => return Ok(None),
            (Some(head), None) => (head.seq, head.row_hash),
            (Some(head), Some(Some(signed))) if head.seq > signed.seq => (head.seq, head.row_hash),
            (Some(head), Some(Some(signed)))
                if (head.seq, &head.row_hash) == (signed.seq, &signed.row_hash) =>
            {
                return Ok(None);
            }
            _ => {
                let what = format!(
                    "the chain of `{province}` does not go on from its last signed head; nothing \
                     is signed over it"
                );
                let hint = "`sohoa audit --events` says what is wrong";
                return Err(Failure::new(Exit::CheckFailed, what).hint(hint));
            }
        };
        let next = ChainHead {
            schema_version: SCHEMA_VERSION,
            province: province.to_owned(),
            number: last.as_ref().map_or(1, |last| last.number + 1),
            seq,
            row_hash,
            signed_at: now(),
            previous_sha256: last.map(|last| last.sha256),
        };
        let message = self.seal(&next)?;
        let key = keys::head(province, next.number);
        match self.output.create(STAGE, &key, message).await? {
            Created::New => Ok(Some(next)),
            Created::Existed(_) => Ok(None),
        }
    }

    fn seal(&self, head: &ChainHead) -> Result<Bytes, Failure> {
        let Authority { signer, stamps, custodian, .. } = self.authority;
        // Policy before key: what nobody would believe is not made.
        check_signer(signer.chain(), custodian, head.signed_at)
            .map_err(|error| Failure::from_error(Exit::Configuration, &error))?;
        tokio::task::block_in_place(|| {
            self.authority.stands_now(self.config)?;
            self.authority.ready()
        })?;
        let json = serde_json::to_vec_pretty(head)
            .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
        let sealed = tokio::task::block_in_place(|| {
            match seal(&json, &**signer, stamps.as_ref()) {
                Err(SignError::TimeStamp(error)) => {
                    tracing::warn!(%error, "the head of the audit trail is signed without a time-stamp");
                    seal(&json, &**signer, None)
                }
                sealed => sealed,
            }
        });
        let sealed = sealed.map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?;
        check_seal(&sealed, custodian, head.signed_at)
            .map_err(|error| Failure::from_error(Exit::Configuration, &error))?;
        Ok(sealed.into())
    }
}
