//! Measurements on a local folder, run by hand:
//!
//! ```text
//! SOHOA_MEASURE=/tmp/m cargo test --release -p sohoa-index --features measure measure -- --nocapture
//! ```
//! `SOHOA_COMMITS` and `SOHOA_DOCUMENTS` set the size; `SOHOA_KEEP` goes on in the same folder.

use std::{env, fs, path::PathBuf, sync::Arc, time::Instant};

use object_store::{ObjectStore, local::LocalFileSystem};
use url::Url;

use crate::{
    Batch, Index, Table,
    testing::{APPLICATION, join, published},
};

fn folder(name: &str) -> PathBuf {
    let root = env::var_os("SOHOA_MEASURE").map_or_else(env::temp_dir, PathBuf::from);
    let folder = root.join(name).join("index");
    if env::var_os("SOHOA_KEEP").is_none() {
        drop(fs::remove_dir_all(&folder));
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn open(folder: &PathBuf) -> Index {
    let store: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new_with_prefix(folder).unwrap());
    Index::open(&store, Url::from_directory_path(folder).unwrap()).unwrap()
}

fn number(name: &str, default: i64) -> i64 {
    env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measure_many_tiny_commits() {
    let folder = folder("tiny");
    let commits = number("SOHOA_COMMITS", 400);
    let documents = u32::try_from(number("SOHOA_DOCUMENTS", 2)).unwrap();
    let mut index = open(&folder);
    let mut slowest = 0.0_f64;
    let mut block = Instant::now();
    let done = index.position(APPLICATION).await.unwrap().complete.unwrap_or(0);
    for seq in done + 1..=done + commits {
        let first = u32::try_from(seq).unwrap() * documents;
        let rows = join((first..first + documents).map(|n| published(n * 2, 1)));
        let start = Instant::now();
        index.append(APPLICATION, &Batch { seq, keys: Vec::new(), rows }).await.unwrap();
        slowest = slowest.max(start.elapsed().as_secs_f64());
        if seq % 50 == 0 {
            let mean = block.elapsed().as_secs_f64() / 50.0;
            let start = Instant::now();
            let mut other = open(&folder);
            let position = other.position(APPLICATION).await.unwrap();
            let opened = start.elapsed();
            let start = Instant::now();
            let rows = crate::testing::select(&other, "SELECT count(*) FROM documents").await;
            println!(
                "after {seq}: append {:.0} ms mean, {:.0} ms slowest; open and position {opened:?}; \
                 count {rows:?} {:?}; {} document files; {position:?}",
                mean * 1e3,
                slowest * 1e3,
                start.elapsed(),
                other.files(Table::Documents).await.unwrap().len(),
            );
            slowest = 0.0;
            block = Instant::now();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measure_large_batches() {
    let folder = folder("large");
    let batches = number("SOHOA_COMMITS", 20);
    let documents = u32::try_from(number("SOHOA_DOCUMENTS", 2000)).unwrap();
    let mut index = open(&folder);
    for seq in 1..=batches {
        let first = u32::try_from(seq).unwrap() * documents;
        let rows = join((first..first + documents).map(|n| published(n * 2, 1)));
        let start = Instant::now();
        index.append(APPLICATION, &Batch { seq, keys: Vec::new(), rows }).await.unwrap();
        println!("batch {seq} of {documents} documents: {:?}", start.elapsed());
    }
    let rows = join((0..100).map(|n| published(documents * 2 + n * 200, 2)));
    let start = Instant::now();
    index.append(APPLICATION, &Batch { seq: batches + 1, keys: Vec::new(), rows }).await.unwrap();
    println!("100 documents of a higher version: {:?}", start.elapsed());
    let start = Instant::now();
    let count =
        crate::testing::select(&index, "SELECT version, count(*) FROM documents GROUP BY version")
            .await;
    println!("{count:?} in {:?}", start.elapsed());
    let known = join((0..1000).map(|n| published(documents * 2 + 2 * n, 1)));
    let start = Instant::now();
    index
        .append(APPLICATION, &Batch { seq: batches + 2, keys: Vec::new(), rows: known })
        .await
        .unwrap();
    println!("1000 documents known already: {:?}", start.elapsed());
}
