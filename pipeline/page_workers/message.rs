//! What parent and child say to each other.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sohoa_decode::Survey;
use sohoa_document::Page;

use crate::{
    care::Care,
    engine::{PageJob, path_bytes},
    failure::{PageError, StartRefusal},
};

/// From parent to child; each gets one [`Reply`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Look at a file.
    Survey(#[serde(with = "path_bytes")] PathBuf),
    /// Decode and read a page.
    Page(PageJob, Care),
}

/// From child to parent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Reply {
    /// First word of a child: the engine of this name is loaded.
    Ready(String),
    /// First and last word of a child that cannot work.
    Refused(StartRefusal),
    /// Answer to [`Request::Survey`].
    Survey(Survey),
    /// Answer to [`Request::Page`].
    Page(Box<Page>),
    /// The file's or page's own fault.
    Failed(PageError),
}
