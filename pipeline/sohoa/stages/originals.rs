//! The files as received, kept under their hash once the paper is known not to be secret.

use sohoa_flow::{Fault, retry::retry};
use sohoa_publish::original;
use sohoa_schemas::{Code, record::Part};
use sohoa_store::{FileChanged, Store};

use crate::{
    context::Context,
    stages::take_in::{Taken, refuse_file},
};

const STAGE: &str = "originals";

/// Keeps every file of a source.
pub(crate) async fn keep(
    context: &Context,
    taken: &Taken,
    media_type: &str,
) -> Result<Vec<Part>, Fault> {
    let mut parts = Vec::with_capacity(taken.files.len());
    for file in &taken.files {
        let keep = || async {
            original::keep(&context.output, &file.path, &file.sha256, file.size, media_type)
                .await
                .map_err(|fault| refuse_changed(&context.input, fault))
        };
        parts.push(retry(context.retry, keep).await?);
    }
    Ok(parts)
}

/// A file that changed since it was read is refused as it was; the next run meets it as it is.
fn refuse_changed(input: &Store, fault: Fault) -> Fault {
    match fault {
        Fault::Retry(cause) if cause.error.is::<FileChanged>() => {
            let error = "the file changed while it was read; it is taken in anew by the next run";
            Fault::reject(Code::F01HashMismatch, STAGE, error)
        }
        fault => refuse_file(input, fault),
    }
}
