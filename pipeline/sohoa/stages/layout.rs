//! The words of a source with their places, as ALTO: the part `alto.xml` of its record.

use std::io::BufWriter;

use sohoa_compose::alto::{self, About};
use sohoa_document::TextOrigin;
use sohoa_flow::Fault;
use sohoa_schemas::record::Part;
use sohoa_store::{classify_local, hash::sha256_file};
use tempfile::TempPath;

use crate::{
    context::Context,
    stages::{read::Read, take_in::Taken},
};

const STAGE: &str = "compose";

/// A layout that is not stored yet.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The file.
    pub(crate) file: TempPath,
    /// What it will be in the record; its key is its name.
    pub(crate) part: Part,
}

/// Writes the layout of everything that was read.
pub(crate) fn write(context: &Context, taken: &Taken, read: &Read) -> Result<Layout, Fault> {
    let failed = |error| classify_local(STAGE, error);
    let file = tempfile::Builder::new().prefix("sohoa-").suffix(".xml").tempfile();
    let (file, path) = file.map_err(failed)?.into_parts();
    let identifier = taken.uid.to_string();
    let recognised = read.texts().any(|(_, text)| text.origin == TextOrigin::Ocr);
    let about = About {
        identifier: &identifier,
        software: ("sohoa", env!("CARGO_PKG_VERSION")),
        engine: recognised.then(|| context.pool.engine()),
    };
    let pages = read.pages.iter();
    let pages = pages.map(|page| (page.place.number, page.page.as_ref().ok().map(|p| &p.text)));
    let mut out = BufWriter::new(file);
    alto::write(&mut out, &about, pages).map_err(failed)?;
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    let size = file.metadata().map_err(failed)?.len();
    let part = Part {
        role: "alto".into(),
        key: "alto.xml".into(),
        size,
        sha256: sha256_file(&path).map_err(failed)?,
        media_type: "application/xml".into(),
    };
    Ok(Layout { file: path, part })
}
