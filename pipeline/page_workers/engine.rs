//! What a child does for its parent.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sohoa_decode::{Keep, Origin, Survey};
use sohoa_document::Page;

use crate::{care::Care, failure::PageError};

/// One page to be decoded and read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageJob {
    /// The local file.
    #[serde(with = "path_bytes")]
    pub path: PathBuf,
    /// 1-based page number.
    pub number: u32,
    /// The rule of the whole file, from its survey.
    pub origin: Origin,
    /// Size of the page, from the survey; the deadline scales with it.
    pub megapixels: f32,
    /// Which image is wanted back; a born-digital original has none, whatever is asked.
    pub keep: Keep,
}

/// What a child does for its parent, one call at a time.
pub trait PageEngine {
    /// Name and version of the recognition engine, for the record.
    fn name(&self) -> String;

    /// Looks at a file without rasterising it.
    fn survey(&mut self, path: &Path) -> Result<Survey, PageError>;

    /// Decodes and reads one page.
    fn page(&mut self, job: &PageJob, care: Care) -> Result<Page, PageError>;
}

/// A path crosses as its bytes: file names need not be UTF-8.
pub(crate) mod path_bytes {
    use std::{
        ffi::OsString,
        os::unix::ffi::{OsStrExt, OsStringExt},
        path::{Path, PathBuf},
    };

    use serde::{Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(path: &Path, out: S) -> Result<S::Ok, S::Error> {
        serde_bytes::serialize(path.as_os_str().as_bytes(), out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<PathBuf, D::Error> {
        let bytes: Vec<u8> = serde_bytes::deserialize(input)?;
        Ok(OsString::from_vec(bytes).into())
    }
}
