//! A folder of this process for its temporary files, so that a killed one leaves nothing behind for
//! ever: copies of scans and composed pages are personal data and fill disks.
//!
//! Each process locks a file in its folder. Whoever starts removes the folders that nobody locks.

use std::{
    fs::File,
    io,
    path::Path,
    time::{Duration, SystemTime},
};

use tempfile::TempDir;

use crate::exit::{Exit, Failure};

/// Beginning of the folders' names.
const PREFIX: &str = "sohoa-scratch-";

/// The locked file.
const LOCK: &str = "in-use";

/// A folder without a lock file may be one that is just being made.
const BEING_MADE: Duration = Duration::from_mins(1);

/// The folder; gone with the process, or with the next one's start.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: TempDir,
    _lock: File,
}

impl Scratch {
    /// Makes the folder, lets all temporary files be made in it, and removes those of the dead.
    pub(crate) fn open() -> Result<Self, Failure> {
        let parent = tempfile::env::temp_dir();
        let made = Self::make(&parent).map_err(|error| {
            let mut failure = Failure::from_error(Exit::Configuration, &error);
            let what = format!("no temporary files can be made in `{}`", parent.display());
            failure.chain.insert(0, what);
            failure.hint("set TMPDIR to a folder with space for the documents in flight")
        })?;
        if tempfile::env::override_temp_dir(made.folder.path()).is_err() {
            return Err(Failure::new(Exit::Internal, "the temporary folder was set before"));
        }
        sweep(&parent);
        Ok(made)
    }

    fn make(parent: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let lock = File::create(folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self { folder, _lock: lock })
    }
}

/// Removes the folders of dead processes, as far as we may.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if ours
            && is_dead(&entry.path())
            && let Err(error) = std::fs::remove_dir_all(entry.path())
        {
            tracing::info!(%error, "temporary files of a dead process cannot be removed");
        }
    }
}

fn is_dead(folder: &Path) -> bool {
    match File::open(folder.join(LOCK)) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let made = std::fs::metadata(folder).and_then(|meta| meta.modified());
            made.is_ok_and(|made| {
                SystemTime::now().duration_since(made).is_ok_and(|age| age > BEING_MADE)
            })
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_of_the_dead_are_removed_and_those_of_the_living_are_not() {
        let parent = tempfile::tempdir().unwrap();
        let living = Scratch::make(parent.path()).unwrap();
        let dead = parent.path().join(format!("{PREFIX}dead"));
        std::fs::create_dir(&dead).unwrap();
        std::fs::write(dead.join(LOCK), "").unwrap();
        std::fs::write(dead.join("page"), "text").unwrap();
        let fresh = parent.path().join(format!("{PREFIX}fresh"));
        std::fs::create_dir(&fresh).unwrap();
        let foreign = parent.path().join("other");
        std::fs::create_dir(&foreign).unwrap();
        sweep(parent.path());
        assert!(!dead.exists());
        assert!(living.folder.path().exists() && fresh.exists() && foreign.exists());
    }
}
