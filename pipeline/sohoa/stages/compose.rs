//! The two-layer document of a source, written page by page into a temporary file.

use std::{fs::File, io::BufWriter};

use sohoa_compose::{ComposeError, Composer, Description};
use sohoa_document::{PageText, Scan};
use sohoa_flow::Fault;
use sohoa_schemas::Code;
use sohoa_store::classify_local;
use tempfile::TempPath;

use crate::{
    context::{Context, vietnamese},
    stages::take_in::Taken,
};

const STAGE: &str = "compose";

/// A document being composed.
#[derive(Debug)]
pub(crate) struct Composition {
    composer: Composer<BufWriter<File>>,
    path: TempPath,
    pages: u32,
}

/// Why a page was not added.
#[derive(Debug)]
pub(crate) enum NotAdded {
    /// Its image has to be encoded anew.
    Recode(ComposeError),
    /// It, or the whole document, has failed.
    Fault(Fault),
}

impl Composition {
    /// Begins an empty document.
    pub(crate) fn begin(context: &Context, taken: &Taken) -> Result<Self, Fault> {
        let file = tempfile::Builder::new()
            .prefix("sohoa-")
            .suffix(".pdf")
            .tempfile()
            .map_err(|error| classify_local(STAGE, error))?;
        let (file, path) = file.into_parts();
        let description = Description {
            title: format!("Tài liệu số hóa {}", taken.uid),
            author: None,
            subject: None,
            created: vietnamese(taken.at),
            creator: "sohoa".into(),
            producer: concat!("sohoa ", env!("CARGO_PKG_VERSION")).into(),
            identifier: taken.uid.to_string(),
            language: "vi-VN".into(),
        };
        let composer =
            Composer::new(BufWriter::new(file), &context.text_font, &description).map_err(fault)?;
        Ok(Self { composer, path, pages: 0 })
    }

    /// Adds a page.
    pub(crate) fn add(&mut self, scan: &Scan, text: &PageText) -> Result<(), NotAdded> {
        match self.composer.add_page(scan, text) {
            Ok(()) => {
                self.pages += 1;
                Ok(())
            }
            Err(error @ (ComposeError::CmykNeedsRecode { .. } | ComposeError::NotHeld { .. })) => {
                Err(NotAdded::Recode(error))
            }
            Err(error) => Err(NotAdded::Fault(fault(error))),
        }
    }

    /// Ends the document; `None` when no page was added.
    pub(crate) fn end(self) -> Result<Option<TempPath>, Fault> {
        if self.pages == 0 {
            return Ok(None);
        }
        let composed = self.composer.finish().map_err(fault)?;
        composed.out.into_inner().map_err(|error| classify_local(STAGE, error.into_error()))?;
        Ok(Some(self.path))
    }
}

fn fault(error: ComposeError) -> Fault {
    match error {
        ComposeError::Io(error) => classify_local(STAGE, error),
        ComposeError::TooLarge(_) => Fault::reject(Code::F06TooLarge, STAGE, error),
        _ => Fault::reject(Code::F05Unsupported, STAGE, error),
    }
}
