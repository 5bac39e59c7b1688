//! What was submitted, held against the receipts: every document of a submission's ledger with what
//! became of exactly those files, of that size, tag and time.
//!
//! The ledger is gone through in windows: first the files of a window are noted, then one pass over
//! table `intake` finds their receipts, then the same chunks are read once more and answered in
//! their order. So neither a province's ledger nor its receipts are ever held in memory.

mod broken;
mod receipts;

use sohoa_backfill::Ledger;
use sohoa_index::Index;
use sohoa_schemas::ledger::{Chunk, ChunkDocument};

pub(crate) use broken::{Broken, BrokenMessages};
pub(crate) use receipts::Answer;
use receipts::Receipts;

use crate::exit::{Exit, Failure};

/// Files whose receipts are looked for in one pass: about 100 MB of memory, and thirty passes for
/// the fifteen million documents of a province.
const WINDOW: usize = 500_000;

/// Calls `take` with every document of a submission, in the order of the ledger, with its answer
/// once all of its files have one.
///
/// # Errors
/// The ledger or the index cannot be read, or what `take` fails with.
pub(crate) async fn each_document(
    (ledger, index): (&Ledger, &Index),
    mut take: impl FnMut(&Chunk, &ChunkDocument, Option<Answer<'_>>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let chunks = ledger.chunks().await?;
    let source = ledger.input().await?;
    let mut first = 1;
    while first <= chunks {
        let mut receipts = Receipts::default();
        let mut next = first;
        while next <= chunks && receipts.wanted() < WINDOW {
            for document in &ledger.chunk(next).await?.documents {
                receipts.want(document);
            }
            next += 1;
        }
        let read = receipts.read(index, source.as_deref()).await;
        read.map_err(|error| Failure::from_error(Exit::Unreachable, &error))?;
        for number in first..next {
            let chunk = ledger.chunk(number).await?;
            for document in &chunk.documents {
                take(&chunk, document, receipts.answer(document))?;
            }
        }
        first = next;
    }
    Ok(())
}
