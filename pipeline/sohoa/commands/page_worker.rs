//! The hidden child command: one page at a time for a parent process.

use sohoa_decode::Limits;
use sohoa_ocr::EngineConfig;
use sohoa_page_workers::{DecodeAndRecognise, StartRefusal, serve};

use crate::{
    arguments::PageWorker,
    exit::{Exit, Failure},
};

/// Serves until the parent closes the pipe.
pub(crate) fn run(arguments: &PageWorker) -> Result<Exit, Failure> {
    let engine = EngineConfig {
        language: arguments.language.clone(),
        model: arguments.model.clone(),
        tessdata: arguments.tessdata.clone(),
    };
    let limits = Limits {
        max_pixels: arguments.max_page_megapixels * 1_000_000,
        max_file_bytes: arguments.max_file_mib << 20,
        max_pages: arguments.max_pages,
    };
    serve(|| DecodeAndRecognise::new(&engine, limits).map_err(StartRefusal::from))
        .map(|()| Exit::Done)
        .map_err(|error| Failure::from_error(Exit::Internal, &error))
}
