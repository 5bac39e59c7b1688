//! Messages that could not be understood, by the document that they were sent for. A sender's own
//! identifier of a message tells which that was, even where nothing else of it can be read.

use std::collections::HashMap;

use futures::{StreamExt as _, TryStreamExt as _};
use sohoa_backfill::message_id;
use sohoa_flow::Fault;
use sohoa_publish::{keys, survey};
use sohoa_schemas::{Code, ledger::ChunkDocument, record::BrokenMessage};
use sohoa_store::{Store, classify};
use uuid::Uuid;

/// Entries read at once.
const AT_ONCE: usize = 16;

/// Header with the sender's identifier of a message.
const ID: &str = "ce_id";

/// Why a message was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The code.
    pub(crate) code: Code,
    /// What was wrong and what to do.
    pub(crate) sentence: String,
}

/// All refused messages that say what they were sent for.
#[derive(Debug, Default)]
pub(crate) struct BrokenMessages {
    by_id: HashMap<Uuid, Broken>,
}

impl BrokenMessages {
    /// Reads them. They are few: each is an error of a program or of its settings.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn read(output: &Store) -> Result<Self, Fault> {
        let entries = survey::objects(output, &keys::messages())
            .map(move |listed| async move {
                let meta = listed?;
                let get = output.get(meta.location.as_ref()).await;
                let bytes = get.map_err(|error| classify("batch", error))?.unwrap_or_default();
                // A damaged entry answers nobody; the list of dead letters shows it.
                Ok::<_, Fault>(serde_json::from_slice::<BrokenMessage>(&bytes).ok())
            })
            .buffer_unordered(AT_ONCE);
        let mut entries = std::pin::pin!(entries);
        let mut all = Self::default();
        while let Some(entry) = entries.try_next().await? {
            all.by_id.extend(entry.and_then(of));
        }
        Ok(all)
    }

    /// Why the message of a document was refused, if it was.
    pub(crate) fn find(&self, submission: &str, document: &ChunkDocument) -> Option<&Broken> {
        let files = document.files.iter().map(|file| file.key.as_str());
        let uris: Vec<&str> = files.chain(document.absent.iter().map(String::as_str)).collect();
        self.by_id.get(&message_id(submission, (document.dossier_uid, document.ordinal), &uris))
    }
}

fn of(entry: BrokenMessage) -> Option<(Uuid, Broken)> {
    let (_, id) = entry.headers.iter().find(|(name, _)| name == ID)?;
    let broken = Broken { code: entry.code, sentence: entry.sentence };
    id.parse().ok().map(|id| (id, broken))
}
