//! Where a document is written: beside its name first, under it when it is complete.

use std::{
    fs::Permissions,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use ring::digest::{self, Context};

use crate::{SignError, pdf::Document};

/// A file that takes its name when it is complete.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) file: tempfile::NamedTempFile,
    pub(crate) path: PathBuf,
}

impl Output {
    pub(crate) fn create(path: &Path) -> Result<Self, SignError> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let file = tempfile::Builder::new()
            .prefix(".signing-")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map_err(SignError::io(path))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Writes a document and what is appended to it; answers the SHA-256 of both.
    pub(crate) fn copy(&self, document: &Document, appended: &[u8]) -> Result<[u8; 32], SignError> {
        let mut file = &self.file;
        let mut whole = Context::new(&digest::SHA256);
        document.source.stream(0, document.source.len(), |piece| {
            whole.update(piece);
            file.write_all(piece)
        })?;
        whole.update(appended);
        file.write_all(appended).map_err(SignError::io(&self.path))?;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(whole.finish().as_ref());
        Ok(sha256)
    }

    pub(crate) fn finish(self) -> Result<(), SignError> {
        self.file.as_file().sync_all().map_err(SignError::io(&self.path))?;
        let kept = self.file.persist(&self.path);
        kept.map(drop).map_err(|error| SignError::io(&self.path)(error.error))
    }
}
