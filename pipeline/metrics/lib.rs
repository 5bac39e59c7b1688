//! What operators see: metrics, the stage that holds the others up, health.
//!
//! * [`names`]: every metric of the project, in one table.
//! * [`labels`]: every value a label may have; all sets are closed, none holds personal data.
//! * [`record`]: how they are written, so that no caller spells a name.
//! * [`occupancy`]: time counted while it passes, not when it is over.
//! * [`edge`] and [`stage`]: the two waiting times between stages, and their work.
//! * [`line`](mod@line): the stages of a process, and what is read from them before each scrape.
//! * [`bottleneck`]: which stage holds the others up.
//! * [`drain`]: when a lane will be empty.
//! * [`recorder`]: the recorder behind the `metrics` facade.
//! * [`health`] and [`server`]: `/metrics`, `/healthz`, `/readyz`.
//!
//! Nothing here decides anything: a process without an installed recorder runs the same, and
//! recording costs it next to nothing.

pub mod bottleneck;
pub mod drain;
pub mod edge;
pub mod health;
pub mod labels;
pub mod line;
pub mod names;
pub mod occupancy;
pub mod record;
pub mod recorder;
pub mod server;
pub mod stage;

pub use drain::Drain;
pub use edge::Edge;
pub use health::Health;
pub use labels::{
    AnnounceResult, CommitResult, HeldRetry, Lane, Operation, Outcome, PageRead, Restart, Skipped,
    Stage, Step, StoreResult, Table,
};
pub use line::{Line, Sampler};
pub use record::Failure;
pub use recorder::Recorder;
pub use server::Endpoint;
pub use stage::Working;
