//! The files as received, kept under their hash once the paper is known not to be secret.

use sohoa_flow::{Fault, retry::retry};
use sohoa_publish::original;
use sohoa_schemas::record::Part;

use crate::{context::Context, stages::take_in::Taken};

/// Keeps every file of a source.
pub(crate) async fn keep(
    context: &Context,
    taken: &Taken,
    media_type: &str,
) -> Result<Vec<Part>, Fault> {
    let mut parts = Vec::with_capacity(taken.files.len());
    for file in &taken.files {
        let keep =
            || original::keep(&context.output, &file.path, &file.sha256, file.size, media_type);
        parts.push(retry(context.retry, keep).await?);
    }
    Ok(parts)
}
