//! After the last fault: everything is settled, what is held is released, and what a kill had refused
//! is sent again.

use std::time::{Duration, Instant};

use crate::{
    faults::SLOTS,
    province::{Province, Role},
};

/// Without any news for this long, none is expected any more.
const STILL: Duration = Duration::from_secs(90);

/// How often refusals are sent again. Nothing is killed meanwhile, so once would do.
const ROUNDS: usize = 2;

/// How often what is held is released.
const RELEASES: usize = 3;

/// Time for a process to end in order.
const END: Duration = Duration::from_mins(2);

/// Waits until every document is published, sends refusals again, and ends the processes. Says what
/// did not come to be.
pub(crate) fn everything(province: &mut Province, documents: usize) -> Vec<String> {
    let mut problems = Vec::new();
    if !news(province, Province::submitted) {
        problems.push("the backfill does not come to its end".to_owned());
    }
    if !news(province, |province| province.watch.answered() >= documents) {
        let answered = province.watch.answered();
        problems.push(format!("of {documents} documents only {answered} have an event"));
    }
    release(province);
    for round in 0..ROUNDS {
        let refused = province.watch.answered() - province.watch.published();
        if refused == 0 {
            break;
        }
        province.say(&format!("{refused} documents are refused, and sent again"));
        let arguments =
            ["dead-letters", "replay", "--output", "s3://records/out", "--config", "sohoa.toml"];
        let replayed = province.run(&format!("replay-{round}"), &arguments);
        if !replayed.status.success() {
            problems.push(format!("the replay ended with {}", replayed.status));
        }
        news(province, |province| province.watch.published() + province.held() >= documents);
        release(province);
    }
    if province.held() > 0 {
        problems.push(format!("{} documents were released and are held", province.held()));
    }
    province.say("drained");
    problems.extend(in_order(province));
    problems
}

/// Releases what is held. What is announced as held late, was released perhaps by then.
fn release(province: &mut Province) {
    for _ in 0..RELEASES {
        if province.held() == 0 && !province.has(&Role::Clerk) {
            break;
        }
        province.say(&format!("{} documents are held, and released", province.held()));
        province.launch(Role::Clerk);
        news(province, |province| province.held() == 0 && !province.has(&Role::Clerk));
    }
}

/// Whether it comes to be before events stop coming.
fn news(province: &mut Province, done: impl Fn(&Province) -> bool) -> bool {
    let mut last = (province.watch.events(), Instant::now());
    province.within(Duration::MAX, |province| {
        let events = province.watch.events();
        if events > last.0 {
            last = (events, Instant::now());
        }
        done(province) || last.1.elapsed() > STILL
    });
    done(province)
}

/// A process that is told to end does so with 0.
fn in_order(province: &mut Province) -> Vec<String> {
    let workers = SLOTS.map(|slot| Role::Worker(slot.to_owned()));
    let roles = workers.into_iter().chain([Role::Indexer("first"), Role::Indexer("second")]);
    let mut problems = Vec::new();
    for role in roles {
        if province.running(&role).is_none() {
            continue;
        }
        match province.end(&role, END) {
            Some(status) if status.success() => {}
            Some(status) => problems.push(format!("{role:?}, told to end, ended with {status}")),
            None => problems.push(format!("{role:?} does not end when told to")),
        }
    }
    problems
}
