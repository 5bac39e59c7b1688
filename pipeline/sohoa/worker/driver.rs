//! Documents are begun as they come and there is room, until the process is told to end.

use std::{collections::HashMap, sync::Arc, time::Duration};

use sohoa_flow::{Cause, FatalKind, Fault, Shutdown, fault::BoxError};
use sohoa_kafka::{Delivery, Lane, LaneHandle, Lanes, Place};
use sohoa_metrics::{Health, Stage};
use sohoa_schemas::summary::Summary;
use sohoa_store::{Trouble, probe};
use tokio::task::{Id, JoinError, JoinSet};
use tracing::Instrument as _;

use super::{
    answer::trace,
    document::{self, Answered},
    inputs::Inputs,
    roster::{Roster, Turn},
};
use crate::{
    observe::{Counts, Waits, saying, weigh},
    stages::take_in,
    tally::Tally,
};

const STAGE: &str = "worker";

/// How often a document may exhaust its retries while the store is well, before it is refused.
const ROUNDS: u32 = 2;

/// Between two signs of life of a worker that has nothing to do.
const BEAT: Duration = Duration::from_secs(2);

/// Longest time a worker that is told to stop at once takes to leave the group.
const LEAVE: Duration = Duration::from_secs(3);

/// How a worker ended.
#[derive(Debug)]
pub(crate) struct Ending {
    /// What it did.
    pub(crate) summary: Summary,
    /// Whether it was told to stop before what was under way was done.
    pub(crate) stopped: bool,
}

/// Works until told to end, or until a fault that no document can get past.
pub(crate) async fn drive(
    inputs: Arc<Inputs>,
    lanes: Lanes,
    (health, counts): (Health, Arc<Counts>),
) -> Result<Ending, Fault> {
    let context = inputs.any();
    let slots = context.settings.slots();
    let shutdown = context.shutdown.clone();
    let driver = Driver {
        handle: lanes.handle(),
        roster: Roster::new(slots, context.line.edge_into(Stage::Fetch).clone()),
        inputs,
        tasks: JoinSet::new(),
        running: HashMap::new(),
        rounds: HashMap::new(),
        blamed: None,
        tally: Tally::begin(),
        health,
        counts,
    };
    driver.run(lanes, shutdown).await
}

type Done = Result<Answered, Fault>;

struct Driver {
    inputs: Arc<Inputs>,
    handle: LaneHandle,
    roster: Roster,
    tasks: JoinSet<Done>,
    running: HashMap<Id, Arc<Delivery>>,
    /// How often a document came back with every try spent.
    rounds: HashMap<Place, u32>,
    /// The document that ends the worker, where it is one.
    blamed: Option<Place>,
    tally: Tally,
    health: Health,
    counts: Arc<Counts>,
}

/// Whether a fault is to be told apart from those that every document meets: a setting, a missing
/// part or a store that is away would else have innocent documents refused, one after the other.
fn is_of_the_document(fault: &Fault) -> bool {
    matches!(fault, Fault::Fatal(fatal) if fatal.kind == FatalKind::Internal)
}

/// Whether the store of the records did not take what was to be written. That it takes a probe of a
/// few bytes says little: one whose disk is nearly full does, and would have every document refused.
/// Of the input a single object may be the trouble.
fn is_of_the_output(cause: &Cause) -> bool {
    cause.stage != take_in::STAGE && Trouble::of(&*cause.error).is_some()
}

/// The end of a worker whose client does not come back from a call.
fn stuck() -> Fault {
    let error = "the Kafka client does not come back from a call, long after the time that call had; \
                 what was in hand is done by other workers, and by this one once it is started again";
    Fault::fatal(FatalKind::Unreachable, STAGE, error)
}

async fn until_stuck(handle: &LaneHandle) {
    while !handle.is_stuck() {
        tokio::time::sleep(BEAT).await;
    }
}

impl Driver {
    async fn run(mut self, mut lanes: Lanes, shutdown: Shutdown) -> Result<Ending, Fault> {
        let mut fault = None;
        loop {
            if shutdown.draining() || fault.is_some() {
                // What is not begun is another worker's.
                for lane in Lane::ALL {
                    lanes.admit(lane, 0);
                }
                self.roster.clear();
                if self.tasks.is_empty() || fault.is_some() {
                    break;
                }
            } else {
                self.fill(&lanes);
            }
            self.health.beat();
            self.tell_ready();
            self.weigh();
            if self.handle.is_stuck() {
                fault.get_or_insert(stuck());
                break;
            }
            tokio::select! {
                biased;
                () = shutdown.until_stopped() => break,
                Some(done) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => {
                    if let Err(new) = self.finish(done).await {
                        fault.get_or_insert(new);
                    }
                }
                delivery = lanes.next() => match delivery {
                    Some(delivery) => self.roster.push(delivery),
                    // What is under way is another worker's by now, or soon.
                    None => break,
                },
                () = shutdown.drained(), if !shutdown.draining() => {}
                () = tokio::time::sleep(BEAT) => {}
            }
        }
        let stopped = !self.tasks.is_empty() && fault.is_none();
        self.tasks.shutdown().await;
        // What is settled is announced even after a fault elsewhere. A fault of the lanes explains
        // more than one that followed from it.
        let ended = tokio::select! {
            ended = lanes.end(self.blamed) => ended,
            // Who wants it to stop does not wait for a broker that is away.
            () = async {
                shutdown.until_stopped().await;
                tokio::time::sleep(LEAVE).await;
            } => Ok(()),
            () = until_stuck(&self.handle) => Err(stuck()),
        };
        fault.map_or(Ok(()), Err)?;
        ended?;
        let context = self.inputs.any();
        let cpu_seconds = context.clock.with(context.pool.stats().cpu);
        Ok(Ending { summary: Summary { cpu_seconds, ..self.tally.so_far() }, stopped })
    }

    /// Has a supervisor know whether work can be done now.
    fn tell_ready(&self) {
        if !self.handle.is_reached() {
            self.health.not_ready("no Kafka broker answers");
        } else if let Some(trouble) = self.inputs.trouble() {
            self.health.not_ready(trouble.to_string());
        } else {
            self.health.ready();
        }
    }

    /// Has operators see what waits for what.
    fn weigh(&self) {
        let context = self.inputs.any();
        let (line, pool) = (&context.line, &context.pool);
        let sum = |of: fn(&Roster, Lane) -> usize| {
            Lane::ALL.into_iter().map(|lane| of(&self.roster, lane)).sum()
        };
        let waits = Waits {
            documents: sum(Roster::waiting),
            slots: sum(Roster::free),
            permits: context.budget.waiting(),
            questions: pool.waiting(),
            page_workers: pool.places().saturating_sub(pool.busy()),
        };
        weigh(line, waits);
    }

    /// Begins what there are slots for, and asks for more.
    fn fill(&mut self, lanes: &Lanes) {
        let handle = self.handle.clone();
        while let Some(turn) = self.roster.next(|place| handle.holds(place)) {
            self.start(turn);
        }
        for lane in Lane::ALL {
            if let Some(room) = self.roster.room(lane) {
                lanes.admit(lane, room);
            }
        }
    }

    fn start(&mut self, Turn { delivery, note }: Turn) {
        let delivery = Arc::new(delivery);
        let (inputs, work) = (Arc::clone(&self.inputs), Arc::clone(&delivery));
        let span = tracing::info_span!(
            "document",
            lane = work.place.lane.name(),
            partition = work.place.partition,
            offset = work.place.offset,
            trace = trace(&work),
            // Known once its bytes are.
            source = tracing::field::Empty,
        );
        let handle = self.handle.clone();
        let task = async move {
            if let Some((suspect, company)) = note {
                handle.accompany(suspect, company).await;
            }
            document::answer(&inputs, &work).await
        };
        let task = self.tasks.spawn(task.instrument(span));
        self.running.insert(task.id(), delivery);
    }

    async fn finish(&mut self, done: Result<(Id, Done), JoinError>) -> Result<(), Fault> {
        let id = done.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(delivery) = self.running.remove(&id) else { return Ok(()) };
        let place = delivery.place;
        self.roster.leave(&place);
        let answered = match done {
            Ok((_, Ok(answered))) => answered,
            Ok((_, Err(Fault::Retry(cause)))) => return self.spent(delivery, cause).await,
            // What is stored of it is damaged, and stops no other document.
            Ok((_, Err(Fault::Reject(rejection)))) => {
                return self.give_up(delivery, rejection.cause.error);
            }
            Ok((_, Err(fault))) => {
                if is_of_the_document(&fault) || document::is_for_another_input(&fault) {
                    self.blamed.get_or_insert(place);
                }
                return Err(fault);
            }
            Err(error) if error.is_panic() => return self.give_up(delivery, error.into()),
            // Nobody cancels a task but the end of the worker.
            Err(_) => return Ok(()),
        };
        self.rounds.remove(&place);
        if let Some(settled) = &answered.settled {
            self.tally.settled(settled);
            self.counts.settled(place.lane, settled);
        }
        self.handle.settle(place, answered.announcements);
        Ok(())
    }

    /// Every try was spent on a document. A store that is away or takes nothing of it ends the worker;
    /// with stores that are well the document gets another round, and is refused after the last, so
    /// that it does not hold up its partition for ever.
    async fn spent(&mut self, delivery: Arc<Delivery>, cause: Cause) -> Result<(), Fault> {
        if is_of_the_output(&cause) || !self.stores_are_well().await {
            return Err(Fault::Retry(cause));
        }
        let round = self.rounds.entry(delivery.place).or_default();
        *round += 1;
        if *round < ROUNDS {
            self.handle.put_back(delivery.place);
            self.roster.push(Delivery::clone(&delivery));
            return Ok(());
        }
        self.give_up(delivery, cause.error)
    }

    /// Asks the stores, which may take as long as their retries do; meanwhile the worker is alive.
    async fn stores_are_well(&self) -> bool {
        let output = &self.inputs.any().output;
        let ask = async { probe::create_race(output).await.is_ok() && self.inputs.answer().await };
        let say = || {
            self.health.beat();
            self.tell_ready();
        };
        saying(BEAT, say, ask).await
    }

    /// Has a document refused, beside the others' work; one that cannot even be refused ends the
    /// worker.
    fn give_up(&mut self, delivery: Arc<Delivery>, error: BoxError) -> Result<(), Fault> {
        let round = self.rounds.entry(delivery.place).or_default();
        *round += 1;
        if *round > ROUNDS + 1 {
            return Err(Fault::fatal(FatalKind::Internal, STAGE, error));
        }
        self.roster.enter(delivery.place.lane);
        let (inputs, work) = (Arc::clone(&self.inputs), Arc::clone(&delivery));
        let task = self.tasks.spawn(async move { document::give_up(&inputs, &work, error).await });
        self.running.insert(task.id(), delivery);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_output_does_not_take_is_no_documents_fault() {
        let busy = || Trouble::Busy { server: "s".into(), status: 507, said: String::new() };
        let cause = |stage: &'static str, error: BoxError| match Fault::retry(stage, error) {
            Fault::Retry(cause) => cause,
            other => panic!("{other:?}"),
        };
        assert!(is_of_the_output(&cause("publish", busy().into())));
        assert!(is_of_the_output(&cause("originals", busy().into())));
        assert!(!is_of_the_output(&cause(take_in::STAGE, busy().into())), "one object of many");
        assert!(!is_of_the_output(&cause("compose", "it cannot be composed".into())));
    }
}
