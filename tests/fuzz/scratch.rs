//! Bytes as a file, for what seeks in one.

use std::{
    cell::RefCell,
    fs::{self, File},
    os::{fd::AsRawFd as _, unix::fs::FileExt as _},
    path::{Path, PathBuf},
    process,
};

/// Gives the bytes as a file: the same one each time, in memory where the machine has such a place.
pub(crate) fn file(bytes: &[u8], look: impl FnOnce(&Path)) {
    thread_local! {
        static HELD: RefCell<Option<(File, PathBuf)>> = const { RefCell::new(None) };
    }
    HELD.with_borrow_mut(|held| {
        let (file, path) = held.get_or_insert_with(made);
        file.set_len(0).and_then(|()| file.write_all_at(bytes, 0)).expect("a scratch file");
        look(path);
    });
}

/// A file without a name, which is reached through its descriptor and needs no clearing up.
fn made() -> (File, PathBuf) {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let name = folder.join(format!("sohoa-fuzz-{}", process::id()));
    let file = File::options().read(true).write(true).create(true).truncate(true).open(&name);
    let file = file.expect("a scratch file");
    fs::remove_file(&name).expect("a scratch file");
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    (file, path)
}
