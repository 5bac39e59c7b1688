//! Upkeep beside a running writer and running readers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::Value;

use crate::{
    Batch, Depth, IndexError, Table,
    testing::{APPLICATION, FusedStore, dump, index, join, published, select},
};

const APPENDS: u32 = 60;

/// Appends documents one by one, every fourth as a new version of an earlier one.
async fn write(store: Arc<FusedStore>) {
    let mut index = index(&store);
    for number in 0..APPENDS {
        let rows = if number % 4 == 3 {
            join([published(number * 2, 1), published(number - 1, 2)])
        } else {
            published(number * 2, 1)
        };
        let batch = Batch { seq: i64::from(number), keys: Vec::new(), rows };
        index.append(APPLICATION, &batch).await.unwrap();
    }
}

/// Compacts and vacuums round after round; says how many units it compacted.
async fn keep_up(store: Arc<FusedStore>, done: Arc<AtomicBool>) -> usize {
    let mut index = index(&store);
    let mut compacted = 0;
    while !done.load(Ordering::SeqCst) {
        for table in Table::ALL {
            for unit in index.compaction(table, false).await.unwrap() {
                match index.compact(&unit).await {
                    Ok(_) => compacted += 1,
                    Err(IndexError::Contended(_)) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
            index.vacuum(table, 1, false).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    compacted
}

/// Asks again and again; no answer may have a row twice or fewer rows than the one before.
async fn read(store: Arc<FusedStore>, done: Arc<AtomicBool>) -> usize {
    let index = index(&store);
    let sql = "SELECT count(*) AS n, count(DISTINCT document_uid) AS d FROM documents";
    let (mut before, mut answers) = (0, 0);
    while !done.load(Ordering::SeqCst) {
        let answer = select(&index, sql).await;
        let row: Value = serde_json::from_str(&answer[0]).unwrap();
        let (rows, documents) = (row["n"].as_u64().unwrap(), row["d"].as_u64().unwrap());
        assert_eq!(rows, documents, "no document twice");
        assert!(rows >= before, "{rows} after {before}");
        (before, answers) = (rows, answers + 1);
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_commits_beside_upkeep_and_readers_lose_nothing_and_leave_few_files() {
    let store = FusedStore::sound();
    let done = Arc::new(AtomicBool::new(false));
    let upkeep = tokio::spawn(keep_up(Arc::clone(&store), Arc::clone(&done)));
    let reader = tokio::spawn(read(Arc::clone(&store), Arc::clone(&done)));
    let written = tokio::spawn(write(Arc::clone(&store))).await;
    done.store(true, Ordering::SeqCst);
    let (compacted, answers) = (upkeep.await.unwrap(), reader.await.unwrap());
    written.unwrap();
    assert!(compacted > 0 && answers > 0, "{compacted} compactions, {answers} answers");

    let mut index = index(&store);
    let commits = index.stats(Table::Documents).await.unwrap().version.unwrap();
    assert!(commits > u64::from(APPENDS), "{commits}");
    for table in Table::ALL {
        assert!(index.files(table).await.unwrap().len() < 80, "{}", table.name());
        for unit in index.compaction(table, false).await.unwrap() {
            index.compact(&unit).await.unwrap();
        }
        let files = index.files(table).await.unwrap().len();
        assert!(files <= 2, "{}: {files}", table.name());
        assert_eq!(index.verify_files(table, Depth::Whole, &|| {}).await.unwrap(), []);
        assert_eq!(index.verify_keys(table).await.unwrap(), []);
    }
    assert_eq!(index.verify_relations().await.unwrap(), []);
    assert_eq!(dump(&index, Table::Documents).await.len(), APPENDS as usize);
    let versions = dump(&index, Table::DocumentVersions).await.len();
    assert_eq!(versions, (APPENDS + APPENDS / 4) as usize);
    assert_eq!(dump(&index, Table::Pages).await.len(), 2 * versions);
}
