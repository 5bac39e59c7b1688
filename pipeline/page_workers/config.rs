//! How many children there are, how they are started, and their bounds.

use std::{ffi::OsString, path::PathBuf, time::Duration};

/// How a child is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCommand {
    /// The program, normally the running binary itself.
    pub program: PathBuf,
    /// Its arguments, normally a hidden subcommand.
    pub args: Vec<OsString>,
    /// Variables set in its environment, beside `OMP_THREAD_LIMIT=1` which is always set: the
    /// engine's own threads would fight the other children for the cores. Of this process's own it
    /// inherits a few that are no secrets.
    pub env: Vec<(OsString, OsString)>,
}

/// Bounds of the pool.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolConfig {
    /// Children that work at the same time; at least 1.
    pub workers: usize,
    /// How a child is started.
    pub command: WorkerCommand,
    /// Address space a child may take, in bytes.
    pub memory_limit_bytes: u64,
    /// Time a page may take whatever its size.
    pub deadline_base: Duration,
    /// Further time for each megapixel of the page.
    pub deadline_per_megapixel: Duration,
    /// Time a survey may take whatever the file's size.
    pub survey_base: Duration,
    /// Further time for each MiB of the file: a survey looks at every page's streams.
    pub survey_per_mib: Duration,
    /// Time until a started child must be ready.
    pub start_deadline: Duration,
    /// A child is replaced after so many requests: what native code leaks stays bounded.
    pub requests_per_worker: u64,
}

impl PoolConfig {
    /// The bounds for real work.
    pub fn new(workers: usize, command: WorkerCommand) -> Self {
        Self {
            workers: workers.max(1),
            command,
            // A page of 200 megapixels in colour, its copies and the engine's model.
            memory_limit_bytes: 3 << 30,
            // A dense A4 page takes 1.5 s on an idle core; cores are not always idle.
            deadline_base: Duration::from_secs(30),
            deadline_per_megapixel: Duration::from_secs(5),
            survey_base: Duration::from_mins(1),
            survey_per_mib: Duration::from_secs(1),
            start_deadline: Duration::from_secs(30),
            requests_per_worker: 5_000,
        }
    }

    /// The deadline of a page of this size.
    pub(crate) fn deadline(&self, megapixels: f32) -> Duration {
        // The size is another process's word: no value of it may panic or wait for ever.
        let megapixels = if megapixels.is_finite() { megapixels.clamp(0.0, 1000.0) } else { 0.0 };
        self.deadline_base + self.deadline_per_megapixel.mul_f32(megapixels)
    }

    /// The deadline of the survey of a file of this size.
    pub fn survey_deadline(&self, bytes: u64) -> Duration {
        let mib = u32::try_from(bytes >> 20).unwrap_or(u32::MAX);
        self.survey_base.saturating_add(self.survey_per_mib.saturating_mul(mib))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_grow_with_the_page_and_stay_finite() {
        let command = WorkerCommand { program: "x".into(), args: vec![], env: vec![] };
        let config = PoolConfig::new(0, command);
        assert_eq!(config.workers, 1);
        assert_eq!(config.deadline(4.0), Duration::from_secs(50));
        assert_eq!(config.deadline(f32::NAN), Duration::from_secs(30));
        assert_eq!(config.deadline(f32::INFINITY), Duration::from_secs(30));
        assert_eq!(config.deadline(-1.0), Duration::from_secs(30));
        assert_eq!(config.survey_deadline(0), Duration::from_mins(1));
        assert_eq!(config.survey_deadline(400 << 20), Duration::from_secs(460));
        assert!(config.survey_deadline(u64::MAX) > Duration::from_hours(1));
    }
}
