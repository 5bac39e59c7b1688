//! Fetch and identify: the bytes of a source, its hashes, and whether they are what the manifest
//! says.

use std::{
    io::ErrorKind,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use chrono::{DateTime, Utc};
use object_store::{ObjectStoreExt as _, path::Path};
use sohoa_flow::{Cause, FatalKind, Fault, Rejection, fault::BoxError, retry::retry};
use sohoa_schemas::{Code, config::Agency};
use sohoa_source::{Source, SourceFile, identity};
use sohoa_store::{Fetched, Store, Trouble};
use uuid::Uuid;

use crate::{
    context::{Context, now},
    custody::keeps,
};

/// Where what fails is of the input.
pub(crate) const STAGE: &str = "fetch";

/// Bytes of memory a source takes beside its own: page images on their way between processes.
const OVERHEAD_BYTES: u64 = 8 << 20;

/// A source with its bytes at hand.
#[derive(Debug)]
pub(crate) struct Taken {
    /// As listed.
    pub(crate) source: Arc<Source>,
    /// Its files, in order.
    pub(crate) files: Vec<Fetched>,
    /// Its identity.
    pub(crate) uid: Uuid,
    /// Pages of each file, once its container was opened.
    pub(crate) counted: Vec<OnceLock<u32>>,
    /// When it was taken in.
    pub(crate) at: DateTime<Utc>,
    /// When its bytes were first taken in: all versions of a document are filed under that month.
    pub(crate) first_at: DateTime<Utc>,
}

impl Taken {
    /// A source that is refused before its bytes are read.
    pub(crate) fn unread(source: Arc<Source>) -> Self {
        let uid = unread_uid(&source);
        let at = now();
        Self { source, files: Vec::new(), uid, counted: Vec::new(), at, first_at: at }
    }

    /// Hash of the file at `index`, if it was read.
    pub(crate) fn sha256(&self, index: usize) -> Option<String> {
        self.files.get(index).map(|file| file.sha256.clone())
    }

    /// Bytes of temporary files while it is under way: as it came, composed, and signed.
    pub(crate) fn on_disk(&self) -> u64 {
        let sizes = self.files.iter().map(|file| file.size);
        sizes.fold(0, u64::saturating_add).saturating_mul(3)
    }

    /// Bytes of memory it takes while it is under way.
    pub(crate) fn footprint(&self) -> u64 {
        footprint_of(self.files.iter().map(|file| file.size))
    }
}

/// What a source is called whose bytes were not read.
pub(crate) fn unread_uid(source: &Source) -> Uuid {
    let uri = source.uris().join("\n");
    let name = if uri.is_empty() { format!("document {}", source.ordinal) } else { uri };
    identity::unread_source_uid(source.dossier.uid, &name)
}

/// Bytes of memory a source takes while it is under way, if its files are as large as is said. One of
/// more than `most` bytes is refused before it is read.
pub(crate) fn footprint(source: &Source, most: u64) -> u64 {
    footprint_of(source.files.iter().map(|file| file.size).filter(|size| *size <= most))
}

/// Bytes of the largest file that is read.
pub(crate) fn largest(context: &Context) -> u64 {
    context.settings.config.input.max_file_mib << 20
}

fn footprint_of(sizes: impl Iterator<Item = u64>) -> u64 {
    sizes.fold(OVERHEAD_BYTES, |sum, size| sum.saturating_add(size.saturating_mul(2)))
}

/// Fetches every file of a source.
pub(crate) async fn take_in(context: &Context, source: Arc<Source>) -> Result<Taken, Fault> {
    let at = now();
    let most = largest(context);
    let mut files = Vec::with_capacity(source.files.len());
    for file in &source.files {
        let fetch = || async {
            let fetched = context.input.fetch_at_most(&file.key, most).await;
            fetched.map_err(|fault| refuse_file(&context.input, fault))
        };
        match retry(context.retry, fetch).await {
            Ok(fetched) => files.push(fetched),
            Err(fault) => {
                let fault = refuse_closed(&context.input, &file.key, fault).await;
                return Err(refuse_unfitting(size_of(context, &source, &file.key).await, fault));
            }
        }
    }
    let hashes = files.iter().map(|file| file.sha256.as_str());
    let uid = identity::source_uid(source.dossier.uid, hashes);
    let counted = files.iter().map(|_| OnceLock::new()).collect();
    Ok(Taken { source, files, uid, counted, at, first_at: at })
}

/// A file that is gone or closed to us is no reason to stop, and trying again does not help.
pub(crate) fn refuse_file(input: &Store, fault: Fault) -> Fault {
    let Fault::Retry(cause) = &fault else { return fault };
    let refused = |code, error: &str| Fault::reject(code, STAGE, error.to_owned());
    match sohoa_store::io_kind(&*cause.error) {
        Some(ErrorKind::NotFound) if input.folder().is_some_and(|folder| !folder.exists()) => {
            let error = "the input folder is gone; is its disk still mounted?";
            Fault::fatal(FatalKind::Unreachable, STAGE, error)
        }
        Some(ErrorKind::NotFound) => {
            refused(Code::F10MissingFile, "the file was listed and is gone")
        }
        Some(ErrorKind::PermissionDenied) => {
            refused(Code::F02Unreadable, "the file's permissions do not let it be read")
        }
        _ => fault,
    }
}

/// An object that the store does not give us, though it does others, is refused, whatever it says:
/// stopping would stop every worker that comes to it. A key without rights to anything still stops.
async fn refuse_closed(input: &Store, key: &Path, fault: Fault) -> Fault {
    let Fault::Fatal(fatal) = &fault else { return fault };
    let Some(trouble) = Trouble::of(&*fatal.cause.error).filter(|trouble| trouble.is_final())
    else {
        return fault;
    };
    let said = trouble.to_string();
    if !input.reads_beside(key).await {
        return fault;
    }
    let error = format!("the store does not let this file be read, though it does others ({said})");
    Fault::reject(Code::F02Unreadable, STAGE, error)
}

/// Bytes of all files of a source, of `key` as the store says now.
async fn size_of(context: &Context, source: &Source, key: &Path) -> u64 {
    let now = context.input.objects().head(key).await.ok();
    let size = |file: &SourceFile| match &now {
        Some(meta) if file.key == *key => meta.size,
        _ => file.size,
    };
    source.files.iter().map(size).sum()
}

/// The disk of temporary files has no room left.
#[derive(Debug, thiserror::Error)]
#[error(
    "the disk of temporary files is full: free `{}`, or have TMPDIR name a folder on a larger one",
    folder.display()
)]
struct NoRoom {
    folder: PathBuf,
    source: BoxError,
}

/// Files that the disk of temporary files could not take if it were empty are refused: every worker
/// that comes to them would find it full. One that others have filled still stops. `size` is what
/// lies there of the document at once.
pub(crate) fn refuse_unfitting(size: u64, fault: Fault) -> Fault {
    let Fault::Fatal(fatal) = fault else { return fault };
    if sohoa_store::io_kind(&*fatal.cause.error) != Some(ErrorKind::StorageFull) {
        return Fault::Fatal(fatal);
    }
    let folder = tempfile::env::temp_dir();
    let Ok(disk) = rustix::fs::statvfs(&folder) else { return Fault::Fatal(fatal) };
    let capacity = disk.f_blocks.saturating_mul(disk.f_frsize);
    if size > capacity {
        let error = format!(
            "the document takes {size} bytes, and the disk of temporary files (TMPDIR) has \
             {capacity} in all"
        );
        return Fault::reject(Code::F06TooLarge, STAGE, error);
    }
    // With room there it is another disk that is full, the output's.
    if disk.f_bavail.saturating_mul(disk.f_frsize) >= size {
        return Fault::Fatal(fatal);
    }
    let Cause { stage, error: source } = fatal.cause;
    Fault::fatal(fatal.kind, stage, NoRoom { folder, source })
}

/// Whether the bytes are what the manifest says.
pub(crate) fn check_declared(taken: &Taken) -> Result<(), Rejection> {
    for (listed, fetched) in taken.source.files.iter().zip(&taken.files) {
        let Some(declared) = &listed.declared else { continue };
        let differs = declared.bytes.is_some_and(|bytes| bytes != fetched.size)
            || declared
                .sha256
                .as_ref()
                .is_some_and(|sha| !sha.eq_ignore_ascii_case(&fetched.sha256));
        if differs {
            let error = format!("`{}` is not the file its manifest describes", declared.path);
            return Err(Rejection::new(Code::F01HashMismatch, STAGE, error));
        }
    }
    Ok(())
}

/// Whether the dossier is the agency's own, as far as its manifest says: what another one handles is
/// not signed with this one's key.
pub(crate) fn check_handling(taken: &Taken, agency: &Agency) -> Result<(), Rejection> {
    let manifest = taken.source.dossier.manifest.as_ref();
    let handling = manifest.and_then(|manifest| manifest.dossier.handling_agency_code.as_deref());
    let (Some(own), Some(handling)) = (&agency.code, handling) else { return Ok(()) };
    if keeps(agency, handling) {
        return Ok(());
    }
    let error = format!(
        "the manifest says that the agency `{handling}` handles the dossier, and `{own}` keeps none \
         of its records (agency.keeps_for)"
    );
    Err(Rejection::new(Code::Q11OtherAgency, STAGE, error))
}

#[cfg(test)]
mod tests {
    use sohoa_store::Missing;

    use super::*;

    #[test]
    fn what_no_disk_of_ours_could_take_is_refused_and_a_full_one_stops() {
        let full = |kind: ErrorKind| {
            Fault::fatal(FatalKind::Configuration, STAGE, std::io::Error::from(kind))
        };
        let refused = refuse_unfitting(u64::MAX, full(ErrorKind::StorageFull));
        let Fault::Reject(rejection) = refused else { panic!("{refused:?}") };
        assert_eq!(rejection.code, Code::F06TooLarge);
        assert!(rejection.sentence.contains("TMPDIR"), "{}", rejection.sentence);
        for (size, kind) in [(1, ErrorKind::StorageFull), (u64::MAX, ErrorKind::PermissionDenied)] {
            assert!(matches!(refuse_unfitting(size, full(kind)), Fault::Fatal(_)), "{kind:?}");
        }
    }

    #[test]
    fn a_file_that_is_gone_is_refused_and_an_input_that_is_gone_stops() {
        let folder = tempfile::tempdir().unwrap();
        let input = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        let failed = |kind: ErrorKind| Fault::retry(STAGE, std::io::Error::from(kind));
        let code = |fault| match fault {
            Fault::Reject(rejection) => Some(rejection.code),
            _ => None,
        };
        let gone = refuse_file(&input, failed(ErrorKind::NotFound));
        assert_eq!(code(gone), Some(Code::F10MissingFile));
        let closed = refuse_file(&input, failed(ErrorKind::PermissionDenied));
        assert_eq!(code(closed), Some(Code::F02Unreadable));
        let slow = refuse_file(&input, failed(ErrorKind::TimedOut));
        assert!(matches!(slow, Fault::Retry(_)));
        drop(folder);
        let unmounted = refuse_file(&input, failed(ErrorKind::NotFound));
        assert!(matches!(unmounted, Fault::Fatal(_)));
    }
}
