//! What befalls the province, one thing after another.

use std::time::Duration;

use sohoa_harness::{process::Process, random::Random};

use crate::province::{Province, Role};

/// Workers that are always there.
pub(crate) const SLOTS: [&str; 3] = ["a", "b", "c"];

/// A long run's cut of the network.
const LONG_CUT: Duration = Duration::from_mins(1);

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    KillWorker,
    StopWorker,
    KillIndexer,
    StopIndexer,
    TwoIndexers,
    KillBackfill,
    KillBroker,
    StopBroker,
    KillStore,
    StopStore,
    CutNetwork,
    FreezeNetwork,
    Storm,
}

const ALL: [Fault; 13] = [
    Fault::KillWorker,
    Fault::StopWorker,
    Fault::KillIndexer,
    Fault::StopIndexer,
    Fault::TwoIndexers,
    Fault::KillBackfill,
    Fault::KillBroker,
    Fault::StopBroker,
    Fault::KillStore,
    Fault::StopStore,
    Fault::CutNetwork,
    Fault::FreezeNetwork,
    Fault::Storm,
];

/// The faults in the order in which they come: every kind once before one comes again.
#[derive(Debug)]
pub(crate) struct Deck {
    left: Vec<Fault>,
    /// A cut is still to be a long one.
    long_cut: bool,
}

impl Deck {
    /// With `long`, one cut of the network lasts a minute.
    pub(crate) fn new(long: bool) -> Self {
        Self { left: Vec::new(), long_cut: long }
    }

    /// The next one befalls; returns when it is over.
    pub(crate) fn befall(&mut self, province: &mut Province, random: &mut Random) {
        if self.left.is_empty() {
            self.left = ALL.to_vec();
            random.shuffle(&mut self.left);
        }
        let mut fault = self.left.pop().expect("it was filled");
        if fault == Fault::KillBackfill && !province.has(&Role::Backfill) {
            fault = Fault::KillWorker;
        }
        province.say(&format!("{fault:?}"));
        match fault {
            Fault::KillWorker => {
                let role = worker(random);
                kill(province, random, &role);
            }
            Fault::KillIndexer => kill(province, random, &Role::Indexer("first")),
            Fault::KillBackfill => kill(province, random, &Role::Backfill),
            Fault::StopWorker => {
                let role = worker(random);
                stop(province, random, &role);
            }
            Fault::StopIndexer => stop(province, random, &Role::Indexer("first")),
            Fault::TwoIndexers => two_indexers(province, random),
            Fault::KillBroker | Fault::StopBroker => broker(province, random, fault),
            Fault::KillStore | Fault::StopStore => store(province, random, fault),
            Fault::CutNetwork => self.cut(province, random),
            Fault::FreezeNetwork => {
                province.network.freeze();
                last(province, random.seconds(1..8));
                province.network.restore();
            }
            Fault::Storm => storm(province, random),
        }
    }

    fn cut(&mut self, province: &mut Province, random: &mut Random) {
        let time = if std::mem::take(&mut self.long_cut) { LONG_CUT } else { random.seconds(1..8) };
        province.network.cut();
        last(province, time);
        province.network.restore();
    }
}

/// A state lasts this long, whatever happens in it.
fn last(province: &mut Province, time: Duration) {
    province.within(time, |_| false);
}

fn worker(random: &mut Random) -> Role {
    Role::Worker((*random.one_of(&SLOTS)).to_owned())
}

/// Kills a process of ours and starts it again, at once or after a while.
fn kill(province: &mut Province, random: &mut Random, role: &Role) {
    province.kill(role);
    if random.coin() {
        last(province, random.seconds(1..5));
    }
    province.launch(role.clone());
}

/// Longer than its session, or shorter.
fn stop(province: &mut Province, random: &mut Random, role: &Role) {
    let stopped = province.running(role).is_some_and(Process::stop_if_it_runs);
    if stopped {
        last(province, random.seconds(3..12));
        if let Some(process) = province.running(role) {
            process.cont();
        }
    }
}

/// A second indexer works beside the first, then one of the two is killed.
fn two_indexers(province: &mut Province, random: &mut Random) {
    province.launch(Role::Indexer("second"));
    last(province, random.seconds(3..10));
    if random.coin() {
        province.kill(&Role::Indexer("first"));
        last(province, random.seconds(1..4));
        province.launch(Role::Indexer("first"));
    }
    province.kill(&Role::Indexer("second"));
}

fn broker(province: &mut Province, random: &mut Random, fault: Fault) {
    let number = random.within(0..province.brokers as u64) as usize;
    if fault == Fault::KillBroker {
        province.kafka.kill(number);
        last(province, random.seconds(1..5));
        province.kafka.restart(number);
    } else {
        province.kafka.stop(number);
        last(province, random.seconds(2..10));
        province.kafka.cont(number);
    }
}

fn store(province: &mut Province, random: &mut Random, fault: Fault) {
    if fault == Fault::KillStore {
        province.gateway.kill();
        last(province, random.seconds(1..6));
        province.gateway.restart();
    } else {
        province.gateway.stop();
        last(province, random.seconds(2..10));
        province.gateway.cont();
    }
}

/// Workers join and leave, in order or killed, every few seconds.
fn storm(province: &mut Province, random: &mut Random) {
    for turn in 0..random.within(3..6) {
        let role = Role::Worker(format!("storm-{}", turn % 2));
        province.launch(role.clone());
        last(province, random.seconds(1..4));
        if random.coin() {
            province.kill(&role);
        } else {
            province.end(&role, Duration::from_secs(10));
        }
    }
}
