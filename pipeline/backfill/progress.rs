//! What an operator sees of a backfill.

use sohoa_schemas::ledger::Totals;

/// What a backfill is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Listing and sending.
    #[default]
    Submitting,
    /// Somebody put the pause object there.
    Paused,
    /// As many messages as allowed wait for the workers.
    Full,
    /// Everything is sent, and the workers are not through.
    Following,
}

impl State {
    /// Its name in logs and for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Submitting => "submitting",
            Self::Paused => "paused",
            Self::Full => "waiting for the workers",
            Self::Following => "following",
        }
    }
}

/// Where a submission stands, earlier starts included. Each figure is at most the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// What is done at the moment.
    pub state: State,
    /// Documents that were found.
    pub listed: u64,
    /// Documents that were sent, with their files and bytes.
    pub submitted: Totals,
    /// Documents that are written down: known to be with the broker.
    pub recorded: u64,
    /// Documents that the workers have passed: by the number of messages before their positions,
    /// exact where no other submission's messages stand in between.
    pub consumed: u64,
    /// Documents of those chunks that the workers have passed wholly: published, quarantined or
    /// held, unless the broker deleted their messages first, which ends whoever follows.
    pub settled: u64,
    /// Messages of the lane without an answer, other submissions' included; unknown before the
    /// broker said it for the first time.
    pub lag: Option<u64>,
}

/// Who looks on; called often, from the task that submits, so it must be quick.
pub trait Watch: Send + Sync {
    /// Something changed.
    fn progress(&self, progress: &Progress);
}

/// Nobody looks on.
impl Watch for () {
    fn progress(&self, _: &Progress) {}
}
