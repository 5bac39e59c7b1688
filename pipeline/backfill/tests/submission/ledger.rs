//! What a ledger does not let happen.

use sohoa_backfill::{LedgerError, Outcome};
use sohoa_flow::{FatalKind, Fault, Shutdown};
use sohoa_kafka::Topic;
use sohoa_schemas::message::VERSION;
use sohoa_source::from_message;

use crate::support::World;

fn sentence(fault: Fault) -> String {
    let Fault::Fatal(fatal) = fault else { panic!("{fault:?}") };
    assert_eq!(fatal.kind, FatalKind::Configuration);
    assert!(fatal.cause.error.is::<LedgerError>());
    fatal.cause.error.to_string()
}

#[tokio::test(start_paused = true)]
async fn another_order_under_the_same_name_is_refused() {
    let mut world = World::new(&[9]).await;
    assert!(world.run_for(12).await.is_none());
    let sent = world.broker.sent().len();
    world.request.exclude = vec!["**/1.tif".into()];
    let said = sentence(world.run().await.unwrap_err());
    assert!(said.contains("exclude was [] and is [\"**/1.tif\"]"), "{said}");
    assert_eq!(world.broker.sent().len(), sent);
    world.request.submission = "another".into();
    assert_eq!(world.run().await.unwrap().outcome, Outcome::Completed);
}

#[tokio::test(start_paused = true)]
async fn a_chunk_that_is_gone_is_noticed() {
    let world = World::new(&[20]).await;
    assert!(world.run_for(30).await.is_none());
    assert!(world.ledger().chunks().await.unwrap() >= 2);
    world.output.remove("ledger/2026-11/000001.json").await.unwrap();
    let said = sentence(world.run().await.unwrap_err());
    assert!(said.contains("chunk 1 of submission `2026-11` is missing"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_chunk_that_is_damaged_is_noticed() {
    let world = World::new(&[20]).await;
    assert!(world.run_for(30).await.is_none());
    let last = world.ledger().chunks().await.unwrap();
    let key = format!("ledger/2026-11/{last:06}.json");
    world.output.put("test", &key, "{\"number\":".into()).await.unwrap();
    assert!(sentence(world.run().await.unwrap_err()).contains(&key));
}

#[tokio::test(start_paused = true)]
async fn only_one_of_two_processes_goes_on() {
    let world = World::new(&[20]).await;
    let shutdown = Shutdown::default();
    let process = world.process(&shutdown);
    let mut first = Box::pin(process.run(&()));
    for _ in 0..12 {
        assert!(futures::poll!(&mut first).is_pending());
        tokio::task::yield_now().await;
    }
    world.run().await.unwrap();
    let said = sentence(first.await.unwrap_err());
    assert!(said.contains("another process"), "{said}");
    assert_eq!(world.recorded().await.concat(), World::all(&[20]));
}

#[tokio::test(start_paused = true)]
async fn a_message_says_what_a_worker_needs() {
    let world = World::new(&[2, 1]).await;
    world.run().await.unwrap();
    let messages = world.broker.log().messages.clone();
    let expected: Vec<_> =
        messages.iter().map(|message| message.dossier.documents_expected).collect();
    assert_eq!(expected, [Some(2), Some(2), Some(1)]);
    let message = messages[1].clone();
    assert_eq!((message.schema_version, message.ordinal), (VERSION, 2));
    assert_eq!((message.input.as_str(), message.submission.as_deref()), ("scans", Some("2026-11")));
    assert_eq!(from_message(message).unwrap().uris(), ["hộp 0/1.tif"]);
    let plan = world.ledger().status().await.unwrap().plan.unwrap();
    assert_eq!(plan.order.topic, Topic::Bulk.name("sohoa"));
}
