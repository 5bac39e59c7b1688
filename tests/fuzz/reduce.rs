//! A find made small: whatever may be left out is left out.

use std::{
    fs, io,
    path::Path,
    time::{Duration, Instant},
};

use crate::{parent, targets::Target};

/// Time for one find.
const MOST: Duration = Duration::from_secs(90);

/// Removes parts of the file, halves first, as long as it fails its target.
pub(crate) fn reduce(target: &Target, path: &Path) -> io::Result<()> {
    let begun = Instant::now();
    let mut bytes = fs::read(path)?;
    let trial = path.with_extension("trial");
    let fails = |bytes: &[u8]| -> io::Result<bool> {
        fs::write(&trial, bytes)?;
        Ok(parent::replay(target, &trial)?.is_some())
    };
    let mut step = bytes.len() / 2;
    while step > 0 && begun.elapsed() < MOST {
        let (mut at, mut less) = (0, false);
        while at < bytes.len() && begun.elapsed() < MOST {
            let end = (at + step).min(bytes.len());
            let shorter = [&bytes[..at], &bytes[end..]].concat();
            if fails(&shorter)? {
                (bytes, less) = (shorter, true);
            } else {
                at = end;
            }
        }
        if !less || step > bytes.len() {
            step /= 2;
        }
    }
    fs::remove_file(&trial).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    fs::write(path, bytes)
}
