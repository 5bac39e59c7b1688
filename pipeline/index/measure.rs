//! Measurements on a local folder, run by hand:
//!
//! ```text
//! SOHOA_MEASURE=/tmp/m cargo test --release -p sohoa-index --features measure measure -- --nocapture
//! ```
//! `SOHOA_COMMITS` and `SOHOA_DOCUMENTS` set the size; `SOHOA_KEEP` goes on in the same folder.

use std::{collections::HashMap, env, fs, path::PathBuf, sync::Arc, time::Instant};

use deltalake::{
    kernel::{Action, Remove},
    protocol::DeltaOperation,
};
use object_store::{ObjectStore, local::LocalFileSystem};
use url::Url;
use uuid::Uuid;

use crate::{
    Batch, Index, Table,
    log::Change,
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

/// Log entries older than this go at the next checkpoint; short, so that a run of minutes shows it.
const LOG_RETENTION: &str = "interval 1 minutes";

async fn begun(folder: &PathBuf) -> Index {
    let mut index = open(folder);
    for table in Table::ALL {
        let log = index.log_mut(table);
        let state = log.ready().await.unwrap().clone();
        let property = ("delta.logRetentionDuration".to_owned(), LOG_RETENTION.to_owned());
        state.set_tbl_properties().with_properties(HashMap::from([property])).await.unwrap();
        log.forget();
    }
    index
}

async fn commit(index: &mut Index, seq: i64) -> f64 {
    let rows = published(u32::try_from(seq).unwrap() * 2, 1);
    let start = Instant::now();
    index.append(APPLICATION, &Batch { seq, keys: Vec::new(), rows }).await.unwrap();
    start.elapsed().as_secs_f64() * 1e3
}

/// Where to go on.
async fn next(index: &mut Index) -> i64 {
    index.position(APPLICATION).await.unwrap().complete.unwrap_or(0) + 1
}

async fn opened(folder: &PathBuf) -> f64 {
    let start = Instant::now();
    open(folder).position(APPLICATION).await.unwrap();
    start.elapsed().as_secs_f64() * 1e3
}

fn middle(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

async fn log_of(index: &Index) -> String {
    let of = index.stats(Table::Documents).await.unwrap();
    format!(
        "version {}, {} log files, {} KiB; {} files, {} removed ones named",
        of.version.unwrap(),
        of.log_files,
        of.log_bytes >> 10,
        of.files,
        of.removed_files
    )
}

/// `SOHOA_COMMITS` appends of one document into one index, a hundred into another; then both are
/// opened and committed to in turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measure_open_and_commit_after_many_commits() {
    let (long, short) = (folder("long"), folder("short"));
    let commits = number("SOHOA_COMMITS", 10_000);
    let mut much = begun(&long).await;
    let start = Instant::now();
    for seq in next(&mut much).await..=commits {
        commit(&mut much, seq).await;
        if seq % 1000 == 0 {
            println!("{seq} in {:?}: {}", start.elapsed(), log_of(&much).await);
        }
    }
    let mut little = begun(&short).await;
    for seq in next(&mut little).await..=100 {
        commit(&mut little, seq).await;
    }
    compare((&short, &mut little), (&long, &mut much)).await;
}

/// Opens and appends to two indexes in turn, each in its folder.
async fn compare((short, little): (&PathBuf, &mut Index), (long, much): (&PathBuf, &mut Index)) {
    let (few, many) = (next(little).await - 1, next(much).await - 1);
    let (mut opens, mut appends) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    // Two rounds of checkpoints and of merges.
    for seq in 1..=64 {
        opens[0].push(opened(short).await);
        opens[1].push(opened(long).await);
        appends[0].push(commit(little, few + seq).await);
        appends[1].push(commit(much, many + seq).await);
    }
    for (what, [short, long]) in [("open", opens), ("commit", appends)] {
        let mean = |times: &[f64]| times.iter().sum::<f64>() / times.len() as f64;
        let means = (mean(&short), mean(&long));
        let (short, long) = (middle(short), middle(long));
        println!(
            "{what}: median {short:.1} ms at {few}, {long:.1} ms at {many}: {:.2} times; mean \
             {:.1} and {:.1} ms: {:.2} times",
            long / short,
            means.0,
            means.1,
            means.1 / means.0
        );
    }
    println!("at {few}: {}\nat {many}: {}", log_of(little).await, log_of(much).await);
}

/// The notes of `SOHOA_REMOVED` files that left each table, as so many commits would leave them.
async fn remove_files(index: &mut Index, files: i64) {
    for table in Table::ALL {
        let actions = (0..files).map(|number| {
            let values = [("province", "H63"), ("ingest_month", "2026-10")];
            let values = values.map(|(column, value)| (column.to_owned(), Some(value.to_owned())));
            Action::Remove(Remove {
                path: format!(
                    "province=H63/ingest_month=2026-10/part-{}.parquet",
                    Uuid::from_u128(number as u128)
                ),
                data_change: false,
                deletion_timestamp: Some(chrono::Utc::now().timestamp_millis()),
                extended_file_metadata: Some(true),
                partition_values: Some(HashMap::from(values)),
                size: Some(40_000),
                ..Remove::default()
            })
        });
        let actions = actions.collect();
        let operation = DeltaOperation::Optimize { predicate: None, target_size: 0 };
        let change = Change { actions, operation, transactions: Vec::new() };
        index.log_mut(table).commit(change).await.unwrap();
    }
}

/// The same at a hundred commits, beside as many notes of removed files.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measure_beside_removed_files() {
    let (long, short) = (folder("noted"), folder("plain"));
    let removed = number("SOHOA_REMOVED", 10_000);
    let (mut much, mut little) = (begun(&long).await, begun(&short).await);
    remove_files(&mut much, removed).await;
    for seq in 1..=100 {
        commit(&mut much, seq).await;
        commit(&mut little, seq).await;
    }
    compare((&short, &mut little), (&long, &mut much)).await;
}

/// Appends of `SOHOA_DOCUMENTS` documents, and then a compaction of what they left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measure_appends_and_compaction() {
    let folder = folder("batches");
    let batches = number("SOHOA_COMMITS", 40);
    let documents = u32::try_from(number("SOHOA_DOCUMENTS", 1000)).unwrap();
    let mut index = open(&folder);
    let mut times = Vec::new();
    for seq in 1..=batches {
        let first = u32::try_from(seq).unwrap() * documents;
        let rows = join((first..first + documents).map(|n| published(n * 2, 1)));
        let start = Instant::now();
        index.append(APPLICATION, &Batch { seq, keys: Vec::new(), rows }).await.unwrap();
        times.push(start.elapsed().as_secs_f64() * 1e3);
        if seq == 1 {
            sizes(&index, "after one append").await;
        }
    }
    println!(
        "append of {documents} documents: median {:.0} ms, {times:.0?}",
        middle(times.clone())
    );
    sizes(&index, "after all").await;
    let (mut bytes, start) = (0, Instant::now());
    for table in Table::ALL {
        for unit in index.compaction(table, true).await.unwrap() {
            bytes += index.compact(&unit).await.unwrap().bytes_before;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("compaction: {:.1} MiB/s of files", bytes as f64 / f64::from(1 << 20) / seconds);
    sizes(&index, "compacted").await;
}

async fn sizes(index: &Index, when: &str) {
    let (mut bytes, mut pages) = (0, 0);
    for table in Table::ALL {
        let of = index.stats(table).await.unwrap();
        bytes += of.bytes;
        if table == Table::Pages {
            pages = of.rows;
        }
        let row = of.bytes_per_row.unwrap_or_default();
        println!("{when}: {:<18} {:>3} files, {row:.0} bytes a row", of.table, of.files);
    }
    println!("{when}: {:.0} bytes of index a page", bytes as f64 / pages as f64);
}
