//! Writes the province of the tests as an index: `province FOLDER`.

#![allow(
    clippy::allow_attributes,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, and the rows are that wide"
)]

#[path = "../tests/fixture/mod.rs"]
mod fixture;

use std::path::PathBuf;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.expect("usage: province FOLDER");
    fixture::write(&folder).await;
    println!("{}", folder.display());
}
