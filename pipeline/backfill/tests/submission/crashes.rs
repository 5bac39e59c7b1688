//! Killed anywhere: everything is sent at least once, at most one chunk twice for each kill, and
//! what is written down is complete and holds nothing twice.

use proptest::{collection::vec, prelude::*};
use sohoa_backfill::Outcome;
use sohoa_flow::Shutdown;

use crate::support::{Looking, World};

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_submission_survives_kills_anywhere(
        folders in vec(0usize..7, 1..6),
        kills in vec(0usize..60, 0..8),
        chunk in 1usize..6,
        eager in any::<bool>(),
    ) {
        block_on(async {
            let mut world = World::new(&folders).await;
            (world.bounds.chunk_documents, world.eager) = (chunk, eager);
            let all = World::all(&folders);
            for &turns in &kills {
                let before = world.broker.sent().len();
                let recorded = world.recorded().await.concat().len();
                if let Some(ending) = world.run_for(turns).await {
                    ending.unwrap();
                }
                // What is written down comes first and is with the broker.
                let written = world.recorded().await.concat();
                prop_assert_eq!(&written[..], &all[..written.len()]);
                let sent = world.broker.sent();
                prop_assert!(written.iter().all(|document| sent.contains(document)));
                // A start goes on with the first document that is not written down.
                prop_assert_eq!(sent.get(before), all.get(recorded).filter(|_| sent.len() > before));
            }
            let ending = world.run().await.unwrap();
            prop_assert!(matches!(ending.outcome, Outcome::Completed | Outcome::AlreadyDone));
            prop_assert_eq!(ending.totals.documents, all.len() as u64);
            prop_assert_eq!(ending.totals.bytes, 4 * all.len() as u64);
            let chunks = world.recorded().await;
            prop_assert_eq!(chunks.len() as u64, ending.chunks);
            prop_assert!(chunks.iter().all(|documents| (1..=chunk).contains(&documents.len())));
            prop_assert_eq!(chunks.concat(), all.clone());
            let sent = world.broker.sent();
            prop_assert!(all.iter().all(|document| sent.contains(document)));
            prop_assert!(sent.len() <= all.len() + kills.len() * chunk);
            prop_assert!(world.ledger().done().await.unwrap().is_some());
            Ok(())
        })?;
    }

    #[test]
    fn who_is_told_to_stop_writes_down_what_is_sent(
        folders in vec(0usize..7, 1..6),
        stops in vec(0usize..60, 0..6),
    ) {
        block_on(async {
            let world = World::new(&folders).await;
            for &turns in &stops {
                let shutdown = Shutdown::default();
                let process = world.process(&shutdown);
                let looking = Looking::default();
                let mut run = Box::pin(process.run(&looking));
                for _ in 0..turns {
                    if futures::poll!(&mut run).is_ready() {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
                shutdown.request();
                if world.ledger().done().await.unwrap().is_none() {
                    let ending = run.await.unwrap();
                    let done = world.ledger().done().await.unwrap().is_some();
                    prop_assert_eq!(ending.outcome == Outcome::Interrupted, !done);
                }
            }
            world.run().await.unwrap();
            prop_assert_eq!(world.broker.sent(), World::all(&folders));
            prop_assert_eq!(world.recorded().await.concat(), World::all(&folders));
            Ok(())
        })?;
    }
}
