//! Appends that are repeated, killed, late, or made by two at once.

use std::sync::atomic::Ordering;

use proptest::prelude::*;
use sohoa_schemas::rows::Outcome;

use super::*;
use crate::testing::{
    APPLICATION, FusedStore, dump, held, index, intake, join, published, quarantined, select,
};

fn batch(seq: i64, rows: Rows) -> Batch {
    Batch { seq, keys: vec![format!("documents/{seq}/record.json")], rows }
}

async fn dump_all(index: &Index) -> Vec<Vec<String>> {
    let mut tables = Vec::new();
    for table in Table::ALL {
        tables.push(dump(index, table).await);
    }
    tables
}

async fn versions(index: &Index) -> Vec<String> {
    select(index, "SELECT version, count(*) AS n FROM documents GROUP BY version").await
}

fn same<T>(mut given: Vec<T>, lines: &[String])
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let mut back: Vec<T> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let order = |row: &T| serde_json::to_string(row).unwrap();
    given.sort_by_key(order);
    back.sort_by_key(order);
    assert_eq!(given, back);
}

#[tokio::test]
async fn rows_come_back_as_they_were_given() {
    let store = FusedStore::sound();
    let mut index = index(&store);
    let rows = join((0..4).map(|number| published(number, 1)));
    let appended = index.append(APPLICATION, &batch(4, rows.clone())).await.unwrap();
    assert_eq!(appended.added[&Table::Pages], 8);
    same(rows.documents.clone(), &dump(&index, Table::Documents).await);
    same(rows.documents, &dump(&index, Table::DocumentVersions).await);
    same(rows.pages, &dump(&index, Table::Pages).await);
    same(rows.page_text, &dump(&index, Table::PageText).await);
    same(rows.signatures, &dump(&index, Table::Signatures).await);
    same(rows.findings, &dump(&index, Table::Findings).await);
    same(rows.intake, &dump(&index, Table::Intake).await);
}

#[tokio::test]
async fn the_same_batch_and_the_same_rows_at_another_position_add_nothing() {
    let store = FusedStore::sound();
    let mut index = index(&store);
    let rows = join((0..5).map(|number| published(number, 1)));
    index.append(APPLICATION, &batch(5, rows.clone())).await.unwrap();
    let once = dump_all(&index).await;
    let again = index.append(APPLICATION, &batch(5, rows.clone())).await.unwrap();
    assert_eq!(again.skipped, Table::ALL);
    let moved = index.append(APPLICATION, &batch(9, rows.clone())).await.unwrap();
    assert_eq!(moved.dropped[&Table::PageText], 10);
    let other = index.append("another/1", &batch(2, rows)).await.unwrap();
    assert!(other.added.values().all(|added| *added == 0), "{other:?}");
    assert_eq!(dump_all(&index).await, once);
    let position = index.position(APPLICATION).await.unwrap();
    assert_eq!((position.complete, position.begun), (Some(9), Some(9)));
}

#[tokio::test]
async fn an_append_killed_at_any_commit_is_completed_by_the_next() {
    let rows = join((0..3).map(|number| published(number, 1)));
    // A batch with other borders than the one that was killed.
    let longer = join([rows.clone(), published(3, 1)]);
    let expected = {
        let mut whole = index(&FusedStore::sound());
        whole.append(APPLICATION, &batch(4, longer.clone())).await.unwrap();
        dump_all(&whole).await
    };
    for after in [false, true] {
        // Two log entries a table: its creation and the rows.
        for commits in 0..16 {
            let store = FusedStore::breaking(commits, after);
            let mut killed = index(&store);
            let outcome = killed.append(APPLICATION, &batch(3, rows.clone())).await;
            // After the last commit there is nothing left to fail.
            assert_eq!(outcome.is_ok(), after && commits == 15);
            store.mend();
            let mut next = index(&store);
            let documents = dump(&next, Table::Documents).await.len();
            let pages = dump(&next, Table::Pages).await.len();
            assert!(documents == 0 || pages == 6, "a document implies its pages");
            let position = next.position(APPLICATION).await.unwrap();
            assert_eq!(position.complete.is_some(), outcome.is_ok());
            assert_eq!(position.begun.is_some(), commits > 1 || after && commits == 1);
            next.append(APPLICATION, &batch(4, longer.clone())).await.unwrap();
            assert_eq!(dump_all(&next).await, expected, "killed at {commits}, {after}");
            assert!(next.lagging.is_empty());
        }
    }
}

#[tokio::test]
async fn two_applications_in_one_commit_go_on_apart_after_it_was_killed() {
    let rows = |range: std::ops::Range<u32>| join(range.map(|number| published(number, 1)));
    let positions = [("a".to_owned(), 3), ("b".to_owned(), 7)];
    let expected = {
        let mut whole = index(&FusedStore::sound());
        let appended = whole.append_all(&positions, &rows(0..4)).await.unwrap();
        assert_eq!(appended.added[&Table::Documents], 4);
        assert_eq!(whole.position("a").await.unwrap().complete, Some(3));
        assert_eq!(whole.position("b").await.unwrap().complete, Some(7));
        dump_all(&whole).await
    };
    for commits in 0..16 {
        let store = FusedStore::breaking(commits, commits % 2 == 0);
        let mut killed = index(&store);
        let killed_well = killed.append_all(&positions, &rows(0..4)).await.is_ok();
        assert!(!killed_well);
        store.mend();
        let mut next = index(&store);
        for application in ["a", "b"] {
            next.position(application).await.unwrap();
        }
        // The second one's rows first, alone, and then the first one's.
        next.append("b", &batch(7, rows(2..4))).await.unwrap();
        next.append("a", &batch(3, rows(0..2))).await.unwrap();
        assert_eq!(dump_all(&next).await, expected, "killed at {commits}");
        let once_more = next.append_all(&positions, &rows(0..4)).await.unwrap();
        assert_eq!(once_more.skipped, Table::ALL);
    }
}

#[tokio::test]
async fn a_commit_that_happened_although_it_failed_is_not_done_twice() {
    let store = FusedStore::sound();
    let mut index = index(&store);
    index.append(APPLICATION, &batch(1, published(0, 1))).await.unwrap();
    // The third commit of the next batch is done, but the answer to it is lost.
    store.lose_answer(2);
    let appended = index.append(APPLICATION, &batch(2, published(1, 1))).await.unwrap();
    assert_eq!(appended.skipped, [Table::Signatures], "seen at the second look");
    assert_eq!(dump(&index, Table::Signatures).await.len(), 2);
    assert_eq!(dump(&index, Table::Pages).await.len(), 4);
}

#[tokio::test]
async fn a_higher_version_replaces_and_a_late_lower_one_is_history() {
    let store = FusedStore::sound();
    let mut index = index(&store);
    index
        .append(APPLICATION, &batch(1, join((0..6).map(|number| published(number, 1)))))
        .await
        .unwrap();
    index.append(APPLICATION, &batch(2, published(2, 3))).await.unwrap();
    assert_eq!(versions(&index).await, [r#"{"version":1,"n":5}"#, r#"{"version":3,"n":1}"#]);
    let late = index.append(APPLICATION, &batch(3, published(2, 2))).await.unwrap();
    assert_eq!(late.dropped[&Table::Documents], 1);
    assert_eq!(late.added[&Table::DocumentVersions], 1);
    assert_eq!(versions(&index).await.len(), 2);
    assert_eq!(dump(&index, Table::DocumentVersions).await.len(), 8);
    assert_eq!(dump(&index, Table::Pages).await.len(), 16);
    let both = join([published(3, 2), published(3, 4), published(3, 3)]);
    index.append(APPLICATION, &batch(4, both)).await.unwrap();
    assert_eq!(versions(&index).await.len(), 3);
    assert_eq!(dump(&index, Table::Documents).await.len(), 6);
    assert_eq!(dump(&index, Table::Intake).await.len(), 6);
}

#[tokio::test]
async fn intake_follows_a_file_from_refusal_over_holding_to_publication() {
    let store = FusedStore::sound();
    let mut index = index(&store);
    let outcomes = "SELECT outcome, count(*) AS n FROM intake GROUP BY outcome";
    index.append(APPLICATION, &batch(1, join([quarantined(0), held(2)]))).await.unwrap();
    assert_eq!(
        select(&index, outcomes).await,
        [r#"{"outcome":"held","n":1}"#, r#"{"outcome":"quarantined","n":1}"#]
    );
    index.append(APPLICATION, &batch(2, held(0))).await.unwrap();
    assert_eq!(select(&index, outcomes).await, [r#"{"outcome":"held","n":2}"#]);
    index.append(APPLICATION, &batch(3, join([published(0, 1), published(2, 1)]))).await.unwrap();
    assert_eq!(select(&index, outcomes).await, [r#"{"outcome":"published","n":2}"#]);
    assert_eq!(dump(&index, Table::Findings).await.len(), 2, "found once, told twice");
    // The news of the holding comes late, from a slower partition.
    index.append("another/1", &batch(1, held(0))).await.unwrap();
    assert_eq!(select(&index, outcomes).await, [r#"{"outcome":"published","n":2}"#]);
}

#[tokio::test]
async fn two_writers_that_do_not_know_of_each_other_add_each_row_once() {
    for (first, second) in [(APPLICATION, APPLICATION), ("one/0", "two/0")] {
        let store = FusedStore::sound();
        let (mut one, mut two) = (index(&store), index(&store));
        let rows = || join([published(0, 1), published(1, 1)]);
        one.append(first, &batch(1, published(9, 1))).await.unwrap();
        // The second has read the tables, then the first one writes.
        two.append(second, &batch(1, published(8, 1))).await.unwrap();
        one.append(first, &batch(2, rows())).await.unwrap();
        two.append(second, &batch(2, rows())).await.unwrap();
        let mut wanted = HashSet::from([(0, 1), (1, 1), (9, 1)]);
        if first != second {
            wanted.insert((8, 1));
        }
        check(&index(&store), &wanted).await;
    }
}

#[tokio::test]
async fn two_writers_that_begin_together_add_each_row_once() {
    let store = FusedStore::sound();
    let (mut one, mut two) = (index(&store), index(&store));
    let rows = || join([published(0, 1), published(1, 1)]);
    // The second has seen that there is no table, then the first one makes them.
    two.position(APPLICATION).await.unwrap();
    one.append(APPLICATION, &batch(1, rows())).await.unwrap();
    two.append(APPLICATION, &batch(1, rows())).await.unwrap();
    check(&index(&store), &HashSet::from([(0, 1), (1, 1)])).await;
}

#[tokio::test]
async fn changed_bytes_at_an_address_are_another_receipt() {
    let store = FusedStore::sound();
    let mut index = index(&store);
    index.append(APPLICATION, &batch(1, published(0, 1))).await.unwrap();
    let mut changed = intake(0, 1, Outcome::Published, 500);
    changed.source_uid = crate::testing::source_uid(77);
    let rows = Rows { intake: vec![changed], ..Rows::default() };
    index.append(APPLICATION, &batch(2, rows)).await.unwrap();
    assert_eq!(dump(&index, Table::Intake).await.len(), 2);
}

/// A step of a history: which sources, at which version, from which of two applications, and
/// after how many commits the process is killed.
fn step() -> impl Strategy<Value = (Vec<(u32, i32)>, usize, Option<i64>, bool)> {
    let sources = proptest::collection::vec((0u32..5, 1i32..3), 1..4);
    (sources, 0usize..2, proptest::option::weighted(0.5, 0i64..8), any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_history_of_killed_and_repeated_appends_gives_each_row_once(
        steps in proptest::collection::vec(step(), 1..6)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let store = FusedStore::sound();
            let mut wanted: HashSet<(u32, i32)> = HashSet::new();
            for (seq, (sources, application, killed, same_again)) in (1..).zip(steps) {
                let application = ["a/0", "b/1"][application];
                let rows = join(sources.iter().map(|(n, version)| published(*n, *version)));
                wanted.extend(sources);
                if let Some(commits) = killed {
                    store.break_after(commits);
                    let mut index = index(&store);
                    positions(&mut index).await;
                    // It may have been done before the fuse blew; either way it is repeated.
                    drop(index.append(application, &batch(seq * 2, rows.clone())).await);
                    store.mend();
                }
                let mut index = index(&store);
                positions(&mut index).await;
                let seq = if same_again { seq * 2 } else { seq * 2 + 1 };
                index.append(application, &batch(seq, rows)).await.unwrap();
            }
            check(&index(&store), &wanted).await;
            let chain = index(&store).check_events("H63", &[], |_| {}).await.unwrap();
            assert_eq!((chain.faults, chain.events), (Vec::new(), wanted.len() as u64));
        });
    }
}

async fn positions(index: &mut Index) {
    for application in ["a/0", "b/1"] {
        index.position(application).await.unwrap();
    }
}

async fn check(index: &Index, wanted: &HashSet<(u32, i32)>) {
    let sources: HashSet<u32> = wanted.iter().map(|(number, _)| *number).collect();
    assert_eq!(dump(index, Table::Documents).await.len(), sources.len());
    assert_eq!(dump(index, Table::Intake).await.len(), sources.len());
    for (table, each) in [
        (Table::DocumentVersions, 1),
        (Table::Findings, 1),
        (Table::Events, 1),
        (Table::Signatures, 1),
        (Table::Pages, 2),
        (Table::PageText, 2),
    ] {
        let rows = dump(index, table).await;
        assert_eq!(rows.len(), wanted.len() * each, "{table:?}");
    }
    let current = select(index, "SELECT sum(version) AS v FROM documents").await;
    let highest: i32 = sources
        .iter()
        .map(|n| wanted.iter().filter(|(m, _)| m == n).map(|(_, v)| *v).max().unwrap())
        .sum();
    assert_eq!(current, [format!("{{\"v\":{highest}}}")]);
}

#[tokio::test]
async fn a_fresh_batch_reads_no_key_columns() {
    let store = FusedStore::sound();
    let mut index = index(&store);
    let rows = join((0..4000).map(|number| published(number * 2, 1)));
    index.append(APPLICATION, &batch(1, rows)).await.unwrap();
    let log = index.log_mut(Table::Documents);
    let (files, reader) = (log.files().await.unwrap(), log.reader());
    let unknown = HashSet::from([uuid::Uuid::from_u128(7).to_string()]);
    let before = store.bytes_read.load(Ordering::SeqCst);
    let found = reader.rows_of_sources(&files[0], &[SOURCE_UID], &unknown).await.unwrap();
    let read = store.bytes_read.load(Ordering::SeqCst) - before;
    assert!(found.is_empty());
    assert_eq!(files.len(), 1);
    // The end of the file and one filter of ten bits a row; the column has 36 bytes a row.
    assert!(read < (64 << 10) + 4000 * 2 + 1000, "{read} bytes of {}", files[0].size);
}
