//! A local folder listed entry by entry, so that each entry is a folder, a file or a refusal.
//!
//! The store's own listing of a local folder leaves out names it keeps for itself and links that
//! lead nowhere, and fails as a whole at a name that is not text. Files are given the size, time
//! and entity tag that the store gives them: a rerun skips by these. Nothing is opened here, and
//! nothing that could block a reader (a pipe, a device) is handed on as a file.

use std::{
    fs::{self, DirEntry, Metadata},
    io,
    os::unix::fs::MetadataExt as _,
    path::Path as FilePath,
    time::UNIX_EPOCH,
};

use object_store::path::Path;
use sohoa_flow::{FatalKind, Fault};
use sohoa_schemas::Code;
use sohoa_store::Store;

use crate::{
    dossier::{Refusal, STAGE, SourceFile},
    listing::{Listing, Unusable, name_of, within},
};

/// Linked folders that may lie within each other. More are no filing system: with two links to the
/// next folder in each of forty, a walk would not end.
const LINKS_WITHIN_LINKS: usize = 4;

/// What lies directly in `folder` of a local input.
///
/// # Errors
/// The input itself can no longer be listed.
pub(crate) fn list(input: &Store, folder: &Path) -> Result<Listing, Fault> {
    let listed = list_through(input, folder, |_| {})?;
    Ok(listed.unwrap_or_else(|closed| Listing { unusable: vec![closed], ..Listing::default() }))
}

/// The same, calling `take` after every entry, which may take files out of the listing, or the
/// folder itself where it cannot be listed: what was taken is none of it then.
///
/// # Errors
/// As [`list`].
pub(crate) fn list_through(
    input: &Store,
    folder: &Path,
    take: impl FnMut(&mut Listing),
) -> Result<Result<Listing, Unusable>, Fault> {
    let Some(root) = input.folder() else {
        return Err(Fault::fatal(FatalKind::Internal, STAGE, "the input is not a folder"));
    };
    match read(input, root, folder, take) {
        Ok((listing, complete)) => {
            if !complete {
                require_root(root)?;
            }
            Ok(Ok(listing))
        }
        Err(error) => {
            require_root(root)?;
            if folder.is_root() {
                return Err(Fault::retry(STAGE, error));
            }
            let refusal = Refusal { code: Code::F02Unreadable, error: why("folder", &error) };
            let address = folder.to_string();
            Ok(Err(Unusable { address, refusal, may_be_folder: true }))
        }
    }
}

/// Whether a trouble below the input is its own. When the input itself is gone, everything below
/// it looks missing, and must not be refused file by file.
pub(crate) fn require_root(root: &FilePath) -> Result<(), Fault> {
    let gone = |error: io::Error| {
        let kind = match error.kind() {
            io::ErrorKind::PermissionDenied => FatalKind::Configuration,
            _ => FatalKind::Unreachable,
        };
        Fault::fatal(kind, STAGE, InputGone { path: root.display().to_string(), source: error })
    };
    match fs::read_dir(root).and_then(|mut entries| entries.next().transpose()) {
        Ok(Some(_)) => Ok(()),
        // Where a disk was mounted, an empty folder is left.
        Ok(None) => Err(gone(io::ErrorKind::NotFound.into())),
        Err(error) => Err(gone(error)),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the input folder `{path}` cannot be listed; is its disk still mounted?")]
struct InputGone {
    path: String,
    source: io::Error,
}

/// The listing, and whether every entry could be looked at.
fn read(
    input: &Store,
    root: &FilePath,
    folder: &Path,
    mut take: impl FnMut(&mut Listing),
) -> io::Result<(Listing, bool)> {
    let mut listing = Listing::default();
    let mut complete = true;
    for entry in fs::read_dir(root.join(folder.as_ref()))? {
        match sort_out(input, (root, folder), &entry?, &mut listing) {
            Ok(()) => {}
            // Renamed or removed since: nothing lies there.
            Err(Trouble::Gone) => complete = false,
            Err(Trouble::Unreadable(unusable)) => {
                complete = false;
                listing.unusable.push(unusable);
            }
            Err(Trouble::Unusable(unusable)) => listing.unusable.push(unusable),
        }
        take(&mut listing);
    }
    tell_apart(&mut listing.unusable);
    Ok((listing, complete))
}

/// Why an entry is not added to the listing.
enum Trouble {
    Gone,
    Unreadable(Unusable),
    Unusable(Unusable),
}

/// Adds an entry that can be used to the listing.
fn sort_out(
    input: &Store,
    (root, folder): (&FilePath, &Path),
    entry: &DirEntry,
    listing: &mut Listing,
) -> Result<(), Trouble> {
    let name = entry.file_name();
    let address = within(folder.as_ref(), &name.to_string_lossy());
    let refuse = |code, error: String, may_be_folder| {
        let refusal = Refusal { code, error };
        Unusable { address: address.clone(), refusal, may_be_folder }
    };
    let path = entry.path();
    let linked = entry.file_type().is_ok_and(|kind| kind.is_symlink());
    let found = fs::metadata(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if !linked => Trouble::Gone,
        _ => {
            let error = if linked { dead_link(&error) } else { why("file", &error) };
            Trouble::Unreadable(refuse(Code::F02Unreadable, error, true))
        }
    })?;
    if !found.is_dir() && !found.is_file() {
        let error = "it is a pipe, a socket or a device, not a file: take it away";
        return Err(Trouble::Unusable(refuse(Code::F05Unsupported, error.into(), false)));
    }
    let misnamed = |why: &str| {
        let error = format!("{why}: rename it");
        Trouble::Unusable(refuse(Code::F02Unreadable, error, found.is_dir()))
    };
    if name.to_str().is_none() {
        return Err(misnamed("its name is not UTF-8 text"));
    }
    let Ok(key) = Path::parse(&address) else {
        return Err(misnamed("its name holds a line break or another control character"));
    };
    if found.is_dir() {
        if let Some(error) = linked.then(|| bad_link(root, folder, &found)).flatten() {
            return Err(Trouble::Unusable(refuse(Code::F02Unreadable, error.into(), true)));
        }
        listing.folders.push(key);
        return Ok(());
    }
    // Only an address that leads back to this very file may be handed on.
    if input.local_path(&key).is_none_or(|led| led != path) {
        return Err(misnamed(not_stored(&address)));
    }
    listing.files.push(file(key, &found));
    Ok(())
}

fn not_stored(address: &str) -> &'static str {
    match name_of(address).rsplit_once('#') {
        Some((_, digits))
            if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            "names ending in # and a number cannot be stored"
        }
        _ => "its name or that of its folder cannot be stored",
    }
}

/// The file as the store would list it.
fn file(key: Path, found: &Metadata) -> SourceFile {
    let modified = found.modified().unwrap_or(UNIX_EPOCH);
    let micros = modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    let (inode, size) = (found.ino(), found.len());
    let etag = Some(format!("{inode:x}-{micros:x}-{size:x}"));
    SourceFile { key, size, etag, modified: modified.into(), declared: None }
}

/// What is wrong with a link to the folder `target` that lies in `folder`.
fn bad_link(root: &FilePath, folder: &Path, target: &Metadata) -> Option<&'static str> {
    let mut links = 0;
    let mut above = root.to_path_buf();
    let mut parts = folder.as_ref().split_terminator('/');
    loop {
        if fs::metadata(&above)
            .is_ok_and(|one| (one.dev(), one.ino()) == (target.dev(), target.ino()))
        {
            return Some("it is a link to a folder that it lies in itself: take it away");
        }
        let Some(part) = parts.next() else { break };
        above.push(part);
        links += usize::from(above.is_symlink());
    }
    let deep = links >= LINKS_WITHIN_LINKS;
    deep.then_some("it is a link within too many linked folders: put the folder itself there")
}

fn dead_link(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "it is a link to something that is not there: put the file itself there".into()
        }
        _ => format!("it is a link that cannot be followed ({error}): put the file itself there"),
    }
}

/// Why a file or folder cannot be read, and what to do.
pub(crate) fn why(what: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!(
                "the {what}'s permissions do not let it be read: give the account that runs this read access"
            )
        }
        io::ErrorKind::NotFound => format!("the {what} was listed and is gone"),
        io::ErrorKind::InvalidFilename => {
            format!("the {what}'s name with those of its folders is too long: shorten them")
        }
        _ => format!("the {what} cannot be read ({error})"),
    }
}

/// Names that are not text may be shown alike; each still needs an address of its own.
fn tell_apart(unusable: &mut [Unusable]) {
    unusable.sort_by(|left, right| left.address.cmp(&right.address));
    let mut again = (String::new(), 1);
    for one in unusable {
        if one.address == again.0 {
            again.1 += 1;
            one.address = format!("{} ({})", again.0, again.1);
        } else {
            again = (one.address.clone(), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use sohoa_store::Missing;

    use super::*;

    #[test]
    fn a_folder_that_cannot_be_listed_is_refused_while_the_input_is_there() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.tif"), "x").unwrap();
        let input = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        for name in ["gone", "a.tif"] {
            let listing = list(&input, &Path::from(name)).unwrap();
            let [refused] = &listing.unusable[..] else { panic!("{listing:?}") };
            assert_eq!((refused.address.as_str(), refused.may_be_folder), (name, true));
            assert_eq!(refused.refusal.code, Code::F02Unreadable);
        }
        fs::remove_file(folder.path().join("a.tif")).unwrap();
        let unmounted = list(&input, &Path::from("gone"));
        assert!(matches!(unmounted, Err(Fault::Fatal(_))), "{unmounted:?}");
    }

    #[test]
    fn a_lack_of_permission_says_what_to_give() {
        let error = why("folder", &io::ErrorKind::PermissionDenied.into());
        assert!(error.contains("permissions") && error.contains("read access"), "{error}");
    }
}
