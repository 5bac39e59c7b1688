//! The lanes of a worker against a broker that loses what it had.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use sohoa_flow::Fault;
use sohoa_harness::mock::Mock;
use sohoa_kafka::{Delivery, Lane, LaneSettings, Lanes, Topic};

const PREFIX: &str = "t";

/// Longest wait for anything; far beyond what a loaded machine takes.
const LONG: Duration = Duration::from_mins(2);

/// When nothing has come for so long, nothing comes.
const QUIET: Duration = Duration::from_secs(3);

fn start() -> Mock {
    Mock::start(&Topic::ALL.map(|topic| topic.name(PREFIX)))
}

async fn open(mock: &Mock) -> Lanes {
    open_with(mock, 1_000, &[]).await
}

async fn open_with(mock: &Mock, window: usize, properties: &[(&str, &str)]) -> Lanes {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", mock.bootstrap());
    for (name, value) in properties {
        client.set(*name, *value);
    }
    let settings = LaneSettings {
        client,
        prefix: PREFIX.into(),
        slot: "one".into(),
        window,
        announce_every: Duration::from_millis(20),
    };
    tokio::task::spawn_blocking(|| Lanes::open(settings)).await.unwrap().unwrap()
}

async fn next(lanes: &mut Lanes) -> Delivery {
    tokio::time::timeout(LONG, lanes.next()).await.expect("a message").expect("open lanes")
}

async fn until_lag_is(lanes: &Lanes, wanted: u64) {
    let began = Instant::now();
    while lanes.handle().lag(Lane::Bulk) != Some(wanted) {
        assert!(began.elapsed() < LONG, "the lag stays {:?}", lanes.handle().lag(Lane::Bulk));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The client goes back to the beginning by itself, and what is there is of other documents.
#[tokio::test]
async fn a_topic_that_was_made_anew_is_read_from_its_beginning() {
    let mock = start();
    let mut lanes = open(&mock).await;
    lanes.admit(Lane::Bulk, 100);
    mock.send(&Topic::Bulk.name(PREFIX), 4);
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(next(&mut lanes).await.place);
    }
    for place in &taken[..3] {
        lanes.handle().settle(*place, Vec::new());
    }
    until_lag_is(&lanes, 1).await;
    mock.lose_positions();
    let mut again = Vec::new();
    for _ in 0..4 {
        again.push(next(&mut lanes).await.place);
    }
    let offsets: Vec<i64> = again.iter().map(|place| place.offset).collect();
    assert_eq!(offsets, [0, 1, 2, 3]);
    assert!(!lanes.handle().holds(&taken[3]), "its answer would be taken for another's");
    for place in again {
        lanes.handle().settle(place, Vec::new());
    }
    until_lag_is(&lanes, 0).await;
    lanes.end(None).await.unwrap();
}

/// Of a paused partition no messages come, and with them no word of how many there are.
#[tokio::test]
async fn the_lag_of_a_paused_lane_is_known() {
    let mock = start();
    let lanes = open(&mock).await;
    assert_eq!(lanes.handle().lag(Lane::Bulk), None, "nobody has said");
    let topic = Topic::Bulk.name(PREFIX);
    // More than are kept here while there is no room for any.
    mock.send(&topic, 200);
    until_lag_is(&lanes, 200).await;
    mock.send(&topic, 300);
    until_lag_is(&lanes, 500).await;
    lanes.end(None).await.unwrap();
}

/// Another process has taken the slot over: whoever goes on under it works for nothing.
#[tokio::test]
async fn a_worker_whose_slot_is_anothers_ends_and_says_so() {
    let mock = start();
    let mut lanes = open(&mock).await;
    lanes.admit(Lane::Bulk, 10);
    mock.send(&Topic::Bulk.name(PREFIX), 1);
    let place = next(&mut lanes).await.place;
    mock.fence();
    lanes.handle().settle(place, Vec::new());
    let none = tokio::time::timeout(LONG, lanes.next()).await.expect("an end");
    assert!(none.is_none(), "{none:?}");
    let fault = lanes.end(None).await.unwrap_err();
    let Fault::Fatal(fatal) = fault else { panic!("{fault:?}") };
    assert!(fatal.cause.error.to_string().contains("--slot"), "{}", fatal.cause.error);
}

/// A thread that is in a call can say nothing, and the group waits for it no longer than so.
#[tokio::test]
async fn a_client_that_stays_in_a_call_is_seen() {
    let mock = start();
    // The mock lets a group form for three seconds.
    let group = [("session.timeout.ms", "6000"), ("max.poll.interval.ms", "6000")];
    let mut lanes = open_with(&mock, 1_000, &group).await;
    mock.send(&Topic::Bulk.name(PREFIX), 1);
    until_lag_is(&lanes, 1).await;
    assert!(!lanes.handle().is_stuck());
    // What is handed out is written down first.
    mock.answer_after(Duration::from_secs(15));
    lanes.admit(Lane::Bulk, 1);
    until_stuck_is(&lanes, true).await;
    mock.answer_after(Duration::ZERO);
    until_stuck_is(&lanes, false).await;
    next(&mut lanes).await;
}

async fn until_stuck_is(lanes: &Lanes, wanted: bool) {
    let began = Instant::now();
    while lanes.handle().is_stuck() != wanted {
        assert!(began.elapsed() < LONG, "it stays {}", !wanted);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What is taken and has no answer is bounded, so that one long document holds up no more than that.
#[tokio::test]
async fn a_partition_is_paused_when_its_window_is_full() {
    let mock = start();
    let mut lanes = open_with(&mock, 8, &[]).await;
    lanes.admit(Lane::Bulk, 1_000);
    mock.send(&Topic::Bulk.name(PREFIX), 400);
    let first = next(&mut lanes).await.place;
    let mut taken = vec![first];
    // All but the first are answered as they come, and none can be announced before it.
    while let Ok(delivery) = tokio::time::timeout(QUIET, lanes.next()).await {
        let place = delivery.expect("open lanes").place;
        lanes.handle().settle(place, Vec::new());
        taken.push(place);
    }
    assert!(taken.len() < 100, "{} came before the first was answered", taken.len());
    lanes.handle().settle(first, Vec::new());
    while taken.len() < 400 {
        let place = next(&mut lanes).await.place;
        lanes.handle().settle(place, Vec::new());
        taken.push(place);
    }
    until_lag_is(&lanes, 0).await;
    lanes.end(None).await.unwrap();
}
