//! What every document needs: stores, workers, key, limits. Made once, shared by all.
//!
//! Its inner part is the [`Office`]: all it takes to sign a composed document and publish it, which a
//! release does without any page worker.

use std::{ops::Deref, sync::Arc};

use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};
use sohoa_compose::Font;
use sohoa_flow::{Budget, Shutdown, Turns, Urgency, retry::Policy};
use sohoa_metrics::Line;
use sohoa_page_workers::Pool;
use sohoa_sign::{EvidenceSource, FontFile};
use sohoa_store::Store;
use uuid::Uuid;

use crate::{
    arguments::Reprocess, authority::Authority, clock::Clock, privacy::Pseudonyms,
    settings::Settings, stages::OwnSignatures,
};

/// Seconds east of Greenwich of Vietnam, which has no other time.
const VIETNAM: i32 = 7 * 3600;

/// What signs and publishes; a clone shares all of it.
#[derive(Debug, Clone)]
pub(crate) struct Office {
    /// The checked configuration.
    pub(crate) settings: Arc<Settings>,
    /// Where results go.
    pub(crate) output: Store,
    /// Who signs.
    pub(crate) authority: Arc<Authority>,
    /// Where it is asked whether certificates were revoked; only where the level wants it.
    pub(crate) evidence: Option<Arc<EvidenceSource>>,
    /// Font of the appearance.
    pub(crate) appearance_font: Arc<FontFile>,
    /// The stages, as they are measured.
    pub(crate) line: Line,
    /// CPU time by step.
    pub(crate) clock: Clock,
    /// Whether what was signed holds.
    pub(crate) own_signatures: Arc<OwnSignatures>,
    /// How a failing store is tried again.
    pub(crate) retry: Policy,
}

/// Shared by all documents of a process; a clone shares all of it.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// What signs and publishes.
    pub(crate) office: Office,
    /// Where scans come from.
    pub(crate) input: Store,
    /// Configured name of the input.
    pub(crate) input_name: String,
    /// The page workers.
    pub(crate) pool: Pool,
    /// Font of the text layer.
    pub(crate) text_font: Arc<Font>,
    /// Hashes citizens' numbers.
    pub(crate) pseudonyms: Arc<Pseudonyms>,
    /// Bytes in flight.
    pub(crate) budget: Budget,
    /// Sources under way: copies of the same bytes in a dossier are one source, and take turns.
    pub(crate) turns: Arc<Turns<Uuid>>,
    /// When the run began.
    pub(crate) began: DateTime<Utc>,
    /// What is done again.
    pub(crate) reprocess: Option<Reprocess>,
    /// How the run ends.
    pub(crate) shutdown: Shutdown,
}

impl Context {
    /// The same for documents of another urgency.
    pub(crate) fn at(&self, urgency: Urgency) -> Self {
        Self { pool: self.pool.at(urgency), ..self.clone() }
    }
}

impl Deref for Context {
    type Target = Office;

    fn deref(&self) -> &Office {
        &self.office
    }
}

/// The clock of this crate.
pub(crate) fn now() -> DateTime<Utc> {
    // Microseconds are what the index keeps.
    let now = Utc::now();
    DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
}

/// A time as Vietnamese law shows it.
pub(crate) fn vietnamese(time: DateTime<Utc>) -> DateTime<FixedOffset> {
    time.with_timezone(&vietnam())
}

/// The moment a clock in Vietnam shows this.
pub(crate) fn in_vietnam(shown: NaiveDateTime) -> DateTime<Utc> {
    (shown - vietnam()).and_utc()
}

fn vietnam() -> FixedOffset {
    FixedOffset::east_opt(VIETNAM).expect("seven hours are within a day")
}
