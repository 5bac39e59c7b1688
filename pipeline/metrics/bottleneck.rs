//! Which stage holds the others up.
//!
//! Before the slow stage everybody waits to push, behind it everybody waits to pull. So each edge
//! votes: with the balance of its two waits, for a slow stage somewhere behind it or somewhere
//! before it. The stage that most edges agree on is the one; busy time decides between equals.

use std::time::Duration;

/// A stage over a window of time, and the edge into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Time that the upstream side waited to push into this stage.
    pub push_wait: Duration,
    /// Time that this stage waited to pull.
    pub pull_wait: Duration,
    /// Time it worked.
    pub busy: Duration,
}

/// Waits shorter than this part of the window in all are too short to speak with a full voice.
const LOUD: f64 = 0.05;

/// Votes closer than this are equal.
const EQUAL: f64 = 1e-9;

/// The index of the stage that holds the others up; none when the source does, or nothing works.
pub fn bottleneck(window: Duration, line: &[Load]) -> Option<usize> {
    let votes: Vec<_> = line.iter().map(|load| vote(window, load)).collect();
    // Support of "the source is slow": every edge says that the slow one stands before it.
    let source: f64 = -votes.iter().sum::<f64>();
    let mut support = source;
    let mut best: Option<(usize, f64)> = None;
    for (stage, vote) in votes.iter().enumerate() {
        // The edge into this stage now lies before the slow stage instead of behind it.
        support += 2.0 * vote;
        let better = best.is_none_or(|(known, most)| {
            support > most + EQUAL
                || (support > most - EQUAL && line[stage].busy > line[known].busy)
        });
        if better {
            best = Some((stage, support));
        }
    }
    let (stage, most) = best?;
    let idle = line[stage].busy.is_zero() && most < source + EQUAL;
    (most > source - EQUAL && !idle).then_some(stage)
}

/// From -1, downstream waits only, to 1, upstream waits only.
fn vote(window: Duration, load: &Load) -> f64 {
    let (push, pull) = (load.push_wait.as_secs_f64(), load.pull_wait.as_secs_f64());
    let all = (push + pull).max(LOUD * window.as_secs_f64());
    if all > 0.0 { (push - pull) / all } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(100);

    fn load(push: u64, pull: u64, busy: u64) -> Load {
        let seconds = Duration::from_secs;
        Load { push_wait: seconds(push), pull_wait: seconds(pull), busy: seconds(busy) }
    }

    #[test]
    fn the_slow_one_stands_where_waiting_turns() {
        let line = [load(80, 0, 20), load(60, 5, 40), load(50, 0, 100), load(0, 70, 30)];
        assert_eq!(bottleneck(WINDOW, &line), Some(2));
    }

    #[test]
    fn a_slow_source_is_no_stage() {
        let line = [load(0, 80, 20), load(0, 70, 30), load(0, 90, 10)];
        assert_eq!(bottleneck(WINDOW, &line), None);
    }

    #[test]
    fn nothing_at_work_holds_nothing_up() {
        assert_eq!(bottleneck(WINDOW, &[Load::default(); 4]), None);
        assert_eq!(bottleneck(WINDOW, &[]), None);
        assert_eq!(bottleneck(Duration::ZERO, &[Load::default()]), None);
    }

    #[test]
    fn without_waits_the_busiest_is_named() {
        assert_eq!(bottleneck(WINDOW, &[load(0, 0, 5), load(0, 0, 90), load(0, 0, 7)]), Some(1));
    }

    #[test]
    fn an_edge_that_nobody_measures_leaves_it_to_busy_time() {
        // Decoding and reading in one process: no edge between them.
        let line = [load(90, 0, 1), load(90, 0, 10), load(0, 0, 80), load(0, 60, 1)];
        assert_eq!(bottleneck(WINDOW, &line), Some(2));
    }

    #[test]
    fn a_whisper_does_not_outvote_a_shout() {
        let line = [
            load(90, 0, 100),
            load(0, 90, 5),
            Load { push_wait: Duration::from_millis(5), ..load(0, 0, 1) },
        ];
        assert_eq!(bottleneck(WINDOW, &line), Some(0));
    }

    /// A line of stages with one worker each and room for `room` documents before each: what its
    /// edges measure while `documents` go through. Stage 0 is the source.
    fn simulate(service: &[u64], room: usize, documents: usize) -> (Duration, Vec<Load>) {
        let stages = service.len();
        let mut begun = vec![vec![0u64; stages]; documents];
        let mut gone = vec![vec![0u64; stages]; documents];
        let mut line = vec![Load::default(); stages];
        for document in 0..documents {
            for stage in 0..stages {
                let free = document.checked_sub(1).map_or(0, |before| gone[before][stage]);
                let there = stage.checked_sub(1).map_or(0, |before| gone[document][before]);
                let begins = free.max(there);
                let finished = begins + service[stage];
                // It leaves when the one `room + 1` places ahead has been taken off the queue.
                let blocker = document.checked_sub(room + 1).filter(|_| stage + 1 < stages);
                let leaves =
                    blocker.map_or(finished, |ahead| finished.max(begun[ahead][stage + 1]));
                begun[document][stage] = begins;
                gone[document][stage] = leaves;
                line[stage].busy += Duration::from_millis(service[stage]);
                line[stage].pull_wait += Duration::from_millis(begins - free);
                if let Some(next) = line.get_mut(stage + 1) {
                    next.push_wait += Duration::from_millis(leaves - finished);
                }
            }
        }
        let window = Duration::from_millis(gone[documents - 1][stages - 1]);
        (window, line.split_off(1))
    }

    proptest! {
        #[test]
        fn the_slowest_stage_of_a_line_is_named(
            mut service in proptest::collection::vec(1u64..100, 2..9),
            slow in any::<proptest::sample::Index>(),
            room in 1usize..6,
        ) {
            let slow = slow.index(service.len());
            // The slowest by a quarter at least.
            service[slow] = 125;
            let (window, line) = simulate(&service, room, 400);
            // Place 0 is the source, which is no stage.
            prop_assert_eq!(bottleneck(window, &line), slow.checked_sub(1), "{:?}", service);
        }

        #[test]
        fn any_numbers_give_a_stage_of_the_line(
            waits in proptest::collection::vec((any::<u64>(), any::<u64>(), any::<u64>()), 0..9),
            window in any::<u32>(),
        ) {
            let line: Vec<_> = waits.iter().map(|(a, b, c)| load(*a, *b, *c)).collect();
            let named = bottleneck(Duration::from_millis(u64::from(window)), &line);
            prop_assert!(named.is_none_or(|stage| stage < line.len()));
        }

        #[test]
        fn the_unit_of_time_does_not_matter(
            waits in proptest::collection::vec((0u64..1_000, 0u64..1_000, 0u64..1_000), 1..9),
        ) {
            let line: Vec<_> = waits.iter().map(|(a, b, c)| load(*a, *b, *c)).collect();
            let longer: Vec<_> =
                waits.iter().map(|(a, b, c)| load(a * 60, b * 60, c * 60)).collect();
            prop_assert_eq!(bottleneck(WINDOW, &line), bottleneck(WINDOW * 60, &longer));
        }
    }
}
