//! The stages of a process, one behind the other, and what is read from them before each scrape.

use std::{
    collections::VecDeque,
    ops::RangeInclusive,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    bottleneck::{Load, bottleneck},
    edge::Edge,
    labels::Stage,
    names, record,
    stage::StageMeter,
};

/// Over how long waits are weighed: several documents, and yet an operator sees the effect of what
/// was changed a minute ago.
const WINDOW: Duration = Duration::from_mins(1);

/// Readings closer together than this are not kept, so that a scraper's zeal costs no memory.
const APART: Duration = Duration::from_secs(1);

/// The stages of a process; a handle that can be cloned.
#[derive(Debug, Clone)]
pub struct Line(Arc<Stations>);

#[derive(Debug)]
struct Stations {
    range: RangeInclusive<usize>,
    all: Vec<(StageMeter, Edge)>,
}

impl Line {
    /// The line of a process that has the stages of `range`. Others may be asked for too; they are
    /// measured and not shown.
    pub fn new(range: RangeInclusive<Stage>) -> Self {
        let now = Instant::now();
        let station = |stage: &Stage| (StageMeter::new(*stage, now), Edge::new(now));
        Self(Arc::new(Stations {
            range: *range.start() as usize..=*range.end() as usize,
            all: Stage::ALL.iter().map(station).collect(),
        }))
    }

    /// The measure of a stage.
    pub fn stage(&self, stage: Stage) -> &StageMeter {
        &self.0.all[stage as usize].0
    }

    /// The edge into a stage. The one into `fetch` comes from the source, the one into `index`
    /// from the events that `publish` gave rise to.
    pub fn edge_into(&self, stage: Stage) -> &Edge {
        &self.0.all[stage as usize].1
    }

    /// The stages of this process.
    pub fn stages(&self) -> &'static [Stage] {
        &Stage::ALL[self.0.range.clone()]
    }

    /// Writes what was measured up to `now`.
    fn read(&self, now: Instant) -> Vec<Load> {
        let show = |stage: &Stage| {
            let edge = self.edge_into(*stage).read(now);
            let busy = self.stage(*stage).busy_time(now);
            let ends = [stage.upstream(), stage.as_str()];
            record::time(names::STAGE_BUSY, &[stage.as_str()], busy);
            record::time(names::EDGE_PUSH_WAIT, &ends, edge.push_wait);
            record::time(names::EDGE_PULL_WAIT, &ends, edge.pull_wait);
            record::gauge(names::EDGE_ITEMS, &ends).set(edge.documents as f64);
            record::gauge(names::EDGE_BYTES, &ends).set(edge.bytes as f64);
            Load { push_wait: edge.push_wait, pull_wait: edge.pull_wait, busy }
        };
        self.stages().iter().map(show).collect()
    }
}

/// Reads a line again and again.
#[derive(Debug)]
pub struct Sampler {
    line: Line,
    readings: VecDeque<(Instant, Vec<Load>)>,
}

impl Sampler {
    /// Of a line that was made just now.
    pub fn new(line: Line) -> Self {
        Self { line, readings: VecDeque::new() }
    }

    /// Shows times, queues and the bottleneck as they are at `now`, and names it.
    pub fn sample(&mut self, now: Instant) -> Option<Stage> {
        let loads = self.line.read(now);
        while self.readings.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW) {
            self.readings.pop_front();
        }
        let stage = self.readings.front().and_then(|(since, before)| {
            let spent = loads.iter().zip(before).map(|(now, before)| difference(now, before));
            let stage = bottleneck(now.duration_since(*since), &spent.collect::<Vec<_>>())?;
            self.line.stages().get(stage).copied()
        });
        record::bottleneck(self.line.stages(), stage);
        let last = self.readings.back();
        if last.is_none_or(|(at, _)| now.duration_since(*at) >= APART) {
            self.readings.push_back((now, loads));
        }
        stage
    }
}

fn difference(now: &Load, before: &Load) -> Load {
    Load {
        push_wait: now.push_wait.saturating_sub(before.push_wait),
        pull_wait: now.pull_wait.saturating_sub(before.pull_wait),
        busy: now.busy.saturating_sub(before.busy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_present_bottleneck_is_named_and_the_past_one_forgotten() {
        let line = Line::new(Stage::Fetch..=Stage::Publish);
        let mut sampler = Sampler::new(line.clone());
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(sampler.sample(start), None);

        let before =
            [Stage::Fetch, Stage::Decode, Stage::Ocr].map(|s| line.edge_into(s).wait_to_push());
        let behind = [Stage::Extract, Stage::Compose, Stage::Sign, Stage::Publish]
            .map(|s| line.edge_into(s).wait_to_pull());
        let busy = line.stage(Stage::Ocr).busy();
        assert_eq!(sampler.sample(at(10)), Some(Stage::Ocr));
        drop((before, behind, busy));

        let before = line.stages().to_vec();
        let before: Vec<_> = before.iter().map(|s| line.edge_into(*s).wait_to_push()).collect();
        for second in 11..200 {
            sampler.sample(at(second));
        }
        assert_eq!(sampler.sample(at(200)), Some(Stage::Publish));
        drop(before);
    }

    #[test]
    fn memory_is_bounded_however_often_it_is_read() {
        let mut sampler = Sampler::new(Line::new(Stage::Index..=Stage::Index));
        let start = Instant::now();
        for tick in 0..5_000 {
            sampler.sample(start + Duration::from_millis(100) * tick);
        }
        assert!(sampler.readings.len() <= 62, "{}", sampler.readings.len());
    }
}
