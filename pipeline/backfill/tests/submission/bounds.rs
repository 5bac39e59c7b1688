//! How fast, how much at once, and when not at all.

use std::time::Duration;

use sohoa_backfill::{Outcome, State, dry_run, standing};
use sohoa_flow::{Fault, Shutdown};
use tokio::time::Instant;

use crate::support::{Looking, World, workers};

#[tokio::test(start_paused = true)]
async fn no_more_waits_than_allowed() {
    let mut world = World::new(&[40, 40]).await;
    (world.bounds.in_flight, world.eager) = (Some(7), true);
    let _workers = workers(&world.broker, Duration::from_millis(300));
    let ending = world.run().await.unwrap();
    assert_eq!((ending.outcome, ending.totals.documents), (Outcome::Completed, 80));
    let most = world.broker.log().most;
    assert!((2..=7).contains(&most), "{most}");
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_the_flush_counts_too_and_a_chunk_grows_old() {
    let mut world = World::new(&[10]).await;
    (world.bounds.in_flight, world.bounds.chunk_documents) = (Some(3), 1_000);
    let _workers = workers(&world.broker, Duration::from_millis(300));
    world.run().await.unwrap();
    assert!(world.broker.log().most <= 3);
    assert!(world.recorded().await.iter().all(|chunk| chunk.len() <= 3));
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_kept() {
    let mut world = World::new(&[25]).await;
    world.bounds.per_second = Some(10.0);
    let begun = Instant::now();
    world.run().await.unwrap();
    let took = begun.elapsed().as_secs_f64();
    assert!((2.4..3.0).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_paused_submission_waits_and_goes_on() {
    let world = World::new(&[30]).await;
    let looking = Looking::default();
    let process = world.process(&Shutdown::default());
    let ledger = world.ledger();
    ledger.pause().await.unwrap();
    assert!(ledger.status().await.unwrap().paused);
    let paused = tokio::time::timeout(Duration::from_mins(5), process.run(&looking)).await;
    assert!(paused.is_err() && world.broker.sent().is_empty());
    assert_eq!(looking.0.lock().unwrap().state, State::Paused);

    let (run, unpause) = tokio::join!(process.run(&()), async {
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert!(world.broker.sent().is_empty());
        ledger.unpause().await
    });
    unpause.unwrap();
    assert_eq!(run.unwrap().outcome, Outcome::Completed);
    assert_eq!(world.broker.sent().len(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_pause_on_the_way_writes_down_what_is_sent() {
    let mut world = World::new(&[30]).await;
    (world.bounds.chunk_documents, world.bounds.per_second) = (1_000, Some(1.0));
    let shutdown = Shutdown::default();
    let process = world.process(&shutdown);
    let ledger = world.ledger();
    let (run, ()) = tokio::join!(process.run(&()), async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        ledger.pause().await.unwrap();
        tokio::time::sleep(Duration::from_secs(10)).await;
        let written = world.recorded().await.concat();
        assert!((8..=14).contains(&written.len()), "{written:?}");
        assert_eq!(written, world.broker.sent());
        shutdown.request();
    });
    assert_eq!(run.unwrap().outcome, Outcome::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn a_limit_holds_over_all_starts() {
    let mut world = World::new(&[10, 10]).await;
    world.request.limit = Some(13);
    for turns in [5, 9, 13] {
        assert!(world.run_for(turns).await.is_none());
    }
    let ending = world.run().await.unwrap();
    assert_eq!((ending.outcome, ending.totals.documents), (Outcome::Limited, 13));
    assert!(world.ledger().done().await.unwrap().unwrap().limited);
    assert_eq!(world.recorded().await.concat(), World::all(&[10, 10])[..13]);
    assert_eq!(world.run().await.unwrap().outcome, Outcome::AlreadyDone);

    // An input of exactly as many is not cut short.
    let mut world = World::new(&[13]).await;
    world.request.limit = Some(13);
    assert_eq!(world.run().await.unwrap().outcome, Outcome::Completed);
}

#[tokio::test]
async fn a_dry_run_counts_and_writes_nothing() {
    let mut world = World::new(&[10, 10]).await;
    world.request.exclude = vec!["hộp 0/**".into()];
    let shutdown = Shutdown::default();
    let count = || dry_run(&world.input, &world.request, &(), &shutdown);
    let (totals, outcome) = count().await.unwrap();
    assert_eq!((totals.documents, totals.bytes, outcome), (10, 40, Outcome::Completed));
    let limited = sohoa_backfill::Request { limit: Some(3), ..world.request.clone() };
    let (totals, outcome) = dry_run(&world.input, &limited, &(), &shutdown).await.unwrap();
    assert_eq!((totals.documents, outcome), (3, Outcome::Limited));
    assert_eq!(world.ledger().status().await.unwrap().plan, None);
}

#[tokio::test(start_paused = true)]
async fn following_ends_with_an_error_when_messages_were_deleted_unread() {
    let world = World::new(&[9, 9, 9]).await;
    world.run().await.unwrap();
    world.broker.forget();
    let shutdown = Shutdown::default();
    let followed = world.process(&shutdown).follow(&Looking::default()).await;
    let Err(Fault::Fatal(fatal)) = followed else { panic!("{followed:?}") };
    assert!(fatal.cause.error.to_string().contains("27 messages of the lane were deleted"));
}

#[tokio::test(start_paused = true)]
async fn following_ends_when_the_workers_are_through() {
    let mut world = World::new(&[9, 9, 9]).await;
    world.bounds.chunk_documents = 2;
    world.run().await.unwrap();
    let looking = Looking::default();
    let shutdown = Shutdown::default();
    let process = world.process(&shutdown);
    let early = tokio::time::timeout(Duration::from_mins(1), process.follow(&looking)).await;
    assert!(early.is_err());
    assert_eq!(stands(&world).await, (0, 0));
    let _workers = workers(&world.broker, Duration::from_secs(1));
    assert!(process.follow(&looking).await.unwrap());
    let progress = *looking.0.lock().unwrap();
    assert_eq!((progress.consumed, progress.settled, progress.lag), (27, 27, Some(0)));
    // Somebody who comes later sees the same at once.
    assert!(world.process(&shutdown).follow(&Looking::default()).await.unwrap());
    assert_eq!(stands(&world).await, (27, 27));
}

/// Documents consumed and settled, as somebody is told who only asks.
async fn stands(world: &World) -> (u64, u64) {
    let (ledger, seen) = (world.ledger(), world.broker.progress());
    let last = ledger.status().await.unwrap().last.unwrap();
    let progress = standing((&ledger, &last), &seen).await.unwrap();
    assert_eq!(progress.submitted.documents, 27);
    (progress.consumed, progress.settled)
}
