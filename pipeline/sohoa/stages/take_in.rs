//! Fetch and identify: the bytes of a source, its hashes, and whether they are what the manifest
//! says.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sohoa_flow::{Fault, retry::retry};
use sohoa_schemas::Code;
use sohoa_source::{Source, identity};
use sohoa_store::Fetched;
use uuid::Uuid;

use crate::context::{Context, now};

const STAGE: &str = "fetch";

/// A source with its bytes at hand.
#[derive(Debug)]
pub(crate) struct Taken {
    /// As listed.
    pub(crate) source: Arc<Source>,
    /// Its files, in order.
    pub(crate) files: Vec<Fetched>,
    /// Its identity.
    pub(crate) uid: Uuid,
    /// When it was taken in.
    pub(crate) at: DateTime<Utc>,
}

impl Taken {
    /// A source that is refused before its bytes are read.
    pub(crate) fn unread(source: Arc<Source>) -> Self {
        let uri = source.uris().join("\n");
        let name = if uri.is_empty() { format!("document {}", source.ordinal) } else { uri };
        let uid = identity::unread_source_uid(source.dossier.uid, &name);
        Self { source, files: Vec::new(), uid, at: now() }
    }

    /// Hash of the file at `index`, if it was read.
    pub(crate) fn sha256(&self, index: usize) -> Option<String> {
        self.files.get(index).map(|file| file.sha256.clone())
    }
}

/// Fetches every file of a source.
pub(crate) async fn take_in(context: &Context, source: Arc<Source>) -> Result<Taken, Fault> {
    let at = now();
    let mut files = Vec::with_capacity(source.files.len());
    for file in &source.files {
        files.push(retry(context.retry, || context.input.fetch(&file.key)).await?);
    }
    let hashes = files.iter().map(|file| file.sha256.as_str());
    let uid = identity::source_uid(source.dossier.uid, hashes);
    Ok(Taken { source, files, uid, at })
}

/// Whether the bytes are what the manifest says.
pub(crate) fn check_declared(taken: &Taken) -> Result<(), Fault> {
    for (listed, fetched) in taken.source.files.iter().zip(&taken.files) {
        let Some(declared) = &listed.declared else { continue };
        let differs = declared.bytes.is_some_and(|bytes| bytes != fetched.size)
            || declared
                .sha256
                .as_ref()
                .is_some_and(|sha| !sha.eq_ignore_ascii_case(&fetched.sha256));
        if differs {
            let error = format!("`{}` is not the file its manifest describes", declared.path);
            return Err(Fault::reject(Code::F01HashMismatch, STAGE, error));
        }
    }
    Ok(())
}
