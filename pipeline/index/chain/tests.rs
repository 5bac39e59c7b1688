//! Chains that were appended, interrupted and merged hold; chains that were tampered with do not,
//! and the fault is named.

use std::{collections::BTreeSet, sync::Arc};

use proptest::prelude::*;
use serde_json::Value;
use sohoa_schemas::events::{Action, EventRow, GENESIS, HASHED};
use uuid::Uuid;

use super::{Anchor, ChainFault, ChainReport, Head, Heads, link::link};
use crate::{
    Batch, Index, Table,
    batch::encode,
    log::Change,
    testing::{APPLICATION, FusedStore, event, index, join, published, select},
};
use deltalake::{
    kernel::Action as Step,
    protocol::{DeltaOperation, SaveMode},
    writer::DeltaWriter as _,
};

const PROVINCE: &str = "H63";

async fn check(index: &mut Index, anchors: &[Anchor]) -> ChainReport {
    index.event_provinces().await.unwrap();
    index.check_events(PROVINCE, anchors, |_| {}).await.unwrap()
}

/// Ten events of two months in five commits.
async fn chained(store: &Arc<FusedStore>) -> Index {
    let mut index = index(store);
    for seq in 1..=5_u32 {
        let rows = join([published(seq * 2, 1), published(seq * 2 + 1, 1)]);
        let batch = Batch { seq: i64::from(seq), keys: Vec::new(), rows };
        index.append(APPLICATION, &batch).await.unwrap();
    }
    index
}

/// The rows in their order, as anybody may read them.
async fn rows(index: &Index) -> Vec<Value> {
    let lines = select(index, "SELECT * FROM events").await;
    let mut rows: Vec<Value> = lines.iter().map(|l| serde_json::from_str(l).unwrap()).collect();
    rows.sort_by_key(|row| row["seq"].as_i64());
    rows
}

/// Puts other rows in the place of all there are, as somebody with the store's key can.
async fn put(index: &mut Index, rows: &[Value]) {
    let log = index.log_mut(Table::Events);
    log.forget();
    let mut writer = log.writer().await.unwrap();
    writer.write(encode(&log.schema, rows).unwrap()).await.unwrap();
    let adds = writer.flush().await.unwrap();
    let gone = log.files().await.unwrap();
    let gone = gone.iter().map(|file| Step::Remove(file.view().remove_action(true)));
    let actions = gone.chain(adds.into_iter().map(Step::Add)).collect();
    let operation =
        DeltaOperation::Write { mode: SaveMode::Overwrite, partition_by: None, predicate: None };
    log.commit(Change { actions, operation, transactions: Vec::new() }).await.unwrap();
}

/// Gives rows hashes that fit, as somebody who knows how can; `from` on.
fn forge(index: &Index, rows: &mut Vec<Value>, from: usize) {
    let schema = &index.log(Table::Events).schema;
    let head = rows[..from].last().map_or_else(Head::default, |row| Head {
        seq: row["seq"].as_i64().unwrap(),
        row_hash: row["row_hash"].as_str().unwrap().to_owned(),
    });
    let mut heads = Heads::from([(PROVINCE.to_owned(), head)]);
    let forged = link(&encode(schema, &rows[from..]).unwrap(), &mut heads).unwrap();
    let mut out = Vec::new();
    let mut writer = arrow::json::LineDelimitedWriter::new(&mut out);
    writer.write(&forged).unwrap();
    writer.finish().unwrap();
    let lines = String::from_utf8(out).unwrap();
    rows.truncate(from);
    rows.extend(lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
}

fn anchor(rows: &[Value], place: usize) -> Anchor {
    let row = &rows[place - 1];
    Anchor {
        name: "the head".into(),
        seq: row["seq"].as_i64().unwrap(),
        row_hash: row["row_hash"].as_str().unwrap().into(),
    }
}

fn told(report: &ChainReport) -> Vec<String> {
    report.faults.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_chain_over_months_and_merges_holds_and_goes_on() {
    let store = FusedStore::sound();
    let mut index = chained(&store).await;
    let before = rows(&index).await;
    assert_eq!(before.len(), 10);
    assert_eq!(before[0]["prev_hash"], GENESIS);
    let anchors = [anchor(&before, 4), anchor(&before, 10)];
    let report = check(&mut index, &anchors).await;
    assert_eq!((told(&report), report.events), (vec![], 10));
    assert_eq!(index.merge_small(Table::Events, 2).await.unwrap(), 10);
    assert_eq!(index.files(Table::Events).await.unwrap().len(), 2, "one a month");
    assert_eq!(rows(&index).await, before, "merging changes no row");
    // Another process goes on from the end of a merged file.
    let mut other = self::index(&store);
    assert_eq!(other.append_events(&[event(40, 1), event(41, 1)]).await.unwrap(), 2);
    let report = check(&mut other, &anchors).await;
    assert_eq!((told(&report), report.events), (vec![], 12));
    let head = other.event_head(PROVINCE).await.unwrap();
    assert_eq!((head.as_ref().map(|head| head.seq), head), (Some(12), report.head));
    assert_eq!(other.event_provinces().await.unwrap(), (BTreeSet::from([PROVINCE.to_owned()]), 12));
}

#[tokio::test]
async fn events_without_a_document_are_added_once() {
    let mut index = index(&FusedStore::sound());
    let at = chrono::DateTime::UNIX_EPOCH;
    let told = |dossier: u128, province: &str| {
        let subject = ("dossier", Uuid::from_u128(dossier));
        EventRow::new(Action::DossierAccepted, subject, (province, at), "")
    };
    let some = [told(1, PROVINCE), told(2, "H08"), told(1, PROVINCE)];
    assert_eq!(index.append_events(&some).await.unwrap(), 2);
    assert_eq!(index.append_events(&some).await.unwrap(), 0);
    assert_eq!(index.append_events(&[told(3, "H08")]).await.unwrap(), 1);
    // With a batch of documents it is the same.
    let rows = sohoa_schemas::record::Rows { events: some.to_vec(), ..published(0, 1) };
    let batch = Batch { seq: 1, keys: Vec::new(), rows };
    let appended = index.append(APPLICATION, &batch).await.unwrap();
    assert_eq!((appended.added[&Table::Events], appended.dropped[&Table::Events]), (0, 3));
    let places = select(&index, "SELECT province, max(seq) AS n FROM events GROUP BY 1").await;
    assert_eq!(places, [r#"{"province":"H08","n":2}"#, r#"{"province":"H63","n":1}"#]);
}

#[tokio::test]
async fn a_chain_of_before_a_column_holds_goes_on_and_cannot_be_given_the_column() {
    let store = FusedStore::sound();
    let mut index = index(&store);
    let old = |number| EventRow { schema_version: 1, ..event(number, 1) };
    index.append_events(&[old(0), old(1)]).await.unwrap();
    let new = EventRow { dossier_code: Some("H63-240115-0001".into()), ..event(2, 1) };
    index.append_events(&[new]).await.unwrap();
    let report = check(&mut index, &[]).await;
    assert_eq!((told(&report), report.events), (vec![], 3));
    let sound = rows(&index).await;
    for place in 0..3 {
        let mut given = sound.clone();
        given[place]["dossier_code"] = "H63-240115-0009".into();
        put(&mut index, &given).await;
        let faults = check(&mut index, &[]).await.faults;
        assert!(matches!(&*faults, [ChainFault::Changed { .. }]), "{place}: {faults:?}");
    }
}

#[tokio::test]
async fn two_writers_do_not_fork_the_chain() {
    let store = FusedStore::sound();
    let (mut one, mut two) = (index(&store), index(&store));
    one.append_events(&[event(0, 1)]).await.unwrap();
    for number in 1..6 {
        // The second has seen the head that the first one goes on from.
        two.event_head(PROVINCE).await.unwrap();
        one.append_events(&[event(number * 2, 1)]).await.unwrap();
        two.append_events(&[event(number * 2 + 1, 1), event(number * 2, 1)]).await.unwrap();
    }
    // Done, and the answer to it lost: looked up and not done again.
    store.lose_answer(0);
    two.append_events(&[event(50, 1)]).await.unwrap();
    let report = check(&mut one, &[]).await;
    assert_eq!((told(&report), report.events), (vec![], 12));
}

#[tokio::test]
async fn an_index_from_before_the_trail_goes_on_where_it_stood() {
    let store = FusedStore::sound();
    chained(&store).await;
    // As if there had never been such a table.
    store.remove("events/").await;
    let mut index_of_now = index(&store);
    assert_eq!(index_of_now.position(APPLICATION).await.unwrap().complete, Some(5));
    let batch = Batch { seq: 6, keys: Vec::new(), rows: published(90, 1) };
    let appended = index_of_now.append(APPLICATION, &batch).await.unwrap();
    assert_eq!(appended.added[&Table::Events], 1);
    // Of an application that had nothing new since, too.
    assert_eq!(index_of_now.position("other/1").await.unwrap().complete, None);
    let records = futures::stream::iter([Ok::<_, crate::IndexError>(published(2, 1))]);
    let rebuilt = index_of_now.rebuild(records).await.unwrap();
    assert_eq!(rebuilt.rows[&Table::Events], 1, "what was missing of the records");
    assert_eq!(told(&check(&mut index_of_now, &[]).await), Vec::<String>::new());
}

#[tokio::test]
async fn changed_rows_are_found_and_named() {
    let store = FusedStore::sound();
    let mut index = chained(&store).await;
    let sound = rows(&index).await;
    let signed = [anchor(&sound, 10)];
    let uid = |place: usize| sound[place - 1]["event_uid"].as_str().unwrap().to_owned();

    let mut changed = sound.clone();
    changed[3]["actor_ref"] = "somebody else".into();
    put(&mut index, &changed).await;
    let report = check(&mut index, &signed).await;
    assert_eq!(report.faults, [ChainFault::Changed { seq: 4, event_uid: uid(4) }]);

    // Changed, and its own hash with it.
    let mut replaced = sound.clone();
    replaced[3]["actor_ref"] = "somebody else".into();
    let mut upto = replaced[..4].to_vec();
    forge(&index, &mut upto, 3);
    replaced[3] = upto[3].clone();
    put(&mut index, &replaced).await;
    assert_eq!(check(&mut index, &signed).await.faults, [ChainFault::DoesNotFollow { seq: 5 }]);

    // Everything after it as well: only a signature shows that.
    let mut anew = replaced.clone();
    forge(&index, &mut anew, 3);
    put(&mut index, &anew).await;
    assert_eq!(told(&check(&mut index, &[]).await), Vec::<String>::new());
    let report = check(&mut index, &[anchor(&sound, 3), anchor(&sound, 7)]).await;
    assert_eq!(report.faults, [ChainFault::NotAsSigned { seq: 7, head: "the head".into() }]);
}

#[tokio::test]
async fn removed_moved_and_inserted_rows_are_found_and_named() {
    let store = FusedStore::sound();
    let mut index = chained(&store).await;
    let sound = rows(&index).await;
    let signed = [anchor(&sound, 10)];
    let uid = |place: usize| sound[place - 1]["event_uid"].as_str().unwrap().to_owned();

    let mut removed = sound.clone();
    removed.drain(3..5);
    put(&mut index, &removed).await;
    let report = check(&mut index, &signed).await;
    assert_eq!(report.faults, [ChainFault::Removed { from: 4, to: 5 }]);

    let mut moved = sound.clone();
    moved.swap(3, 5);
    (moved[3]["seq"], moved[5]["seq"]) = (4.into(), 6.into());
    put(&mut index, &moved).await;
    let report = check(&mut index, &signed).await;
    let wanted = [(4, 6), (6, 4)].map(|(seq, was)| {
        let event_uid = uid(usize::try_from(was).unwrap());
        ChainFault::Moved { seq, was, event_uid }
    });
    assert_eq!(report.faults, wanted);

    let mut reordered = sound.clone();
    reordered.swap(2, 4);
    put(&mut index, &reordered).await;
    let report = check(&mut index, &signed).await;
    let [ChainFault::OutOfOrder { seq: 3, file }] = &*report.faults else { panic!("{report:?}") };
    assert!(file.starts_with("province=H63/"), "{file}");

    let mut inserted = sound.clone();
    inserted.insert(4, sound[6].clone());
    put(&mut index, &inserted).await;
    let report = check(&mut index, &signed).await;
    assert!(
        told(&report).iter().any(|fault| fault.contains("place 7 is taken twice")),
        "{report:?}"
    );

    put(&mut index, &sound[..7]).await;
    assert_eq!(told(&check(&mut index, &[]).await), Vec::<String>::new(), "why heads are signed");
    let report = check(&mut index, &signed).await;
    let head = "the head".to_owned();
    assert_eq!(report.faults, [ChainFault::Cut { last: 7, signed: 10, head }]);
    assert!(told(&report)[0].starts_with("the tail was cut"), "{report:?}");

    put(&mut index, &sound).await;
    assert_eq!(told(&check(&mut index, &signed).await), Vec::<String>::new());
}

/// Another value of a column.
fn other(column: &str, value: &Value) -> Value {
    match (column, value) {
        ("occurred_at", _) => "1999-12-31T00:00:00Z".into(),
        (_, Value::Number(number)) => (number.as_i64().unwrap() + 1000).into(),
        ("version" | "duration_ms" | "attempt", Value::Null) => 0.into(),
        (_, Value::Null) => "".into(),
        // A province's chain is looked for under its name.
        (_, value) => format!("{}x", value.as_str().unwrap()).into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn no_value_of_any_event_can_be_changed_unseen(place in 0usize..10, column in 0usize..28) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = FusedStore::sound();
            let mut index = chained(&store).await;
            let mut rows = rows(&index).await;
            let signed = [anchor(&rows, 10)];
            let name = HASHED[column];
            rows[place][name] = other(name, &rows[place][name].clone());
            put(&mut index, &rows).await;
            let report = check(&mut index, &signed).await;
            assert!(report.faults_total > 0, "{name} of {place}");
        });
    }
}
