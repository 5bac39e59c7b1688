//! What every document needs: stores, workers, key, limits. Made once, shared by all.

use chrono::{DateTime, FixedOffset, Utc};
use sohoa_compose::Font;
use sohoa_flow::{Budget, Shutdown, Turns, retry::Policy};
use sohoa_page_workers::Pool;
use sohoa_sign::FontFile;
use sohoa_store::{Lease, Store};
use uuid::Uuid;

use crate::{arguments::Reprocess, authority::Authority, privacy::Pseudonyms, settings::Settings};

/// Seconds east of Greenwich of Vietnam, which has no other time.
const VIETNAM: i32 = 7 * 3600;

/// Shared by all documents of a run.
#[derive(Debug)]
pub(crate) struct Context {
    /// The checked configuration.
    pub(crate) settings: Settings,
    /// Where scans come from.
    pub(crate) input: Store,
    /// Configured name of the input.
    pub(crate) input_name: String,
    /// Where results go.
    pub(crate) output: Store,
    /// The page workers.
    pub(crate) pool: Pool,
    /// Who signs.
    pub(crate) authority: Authority,
    /// Font of the text layer.
    pub(crate) text_font: Font,
    /// Font of the appearance.
    pub(crate) appearance_font: FontFile,
    /// Hashes citizens' numbers.
    pub(crate) pseudonyms: Pseudonyms,
    /// Bytes in flight.
    pub(crate) budget: Budget,
    /// The right to write to the output.
    pub(crate) lease: Lease,
    /// Sources under way: copies of the same bytes in a dossier are one source, and take turns.
    pub(crate) turns: Turns<Uuid>,
    /// How a failing store is tried again.
    pub(crate) retry: Policy,
    /// When the run began.
    pub(crate) began: DateTime<Utc>,
    /// What is done again.
    pub(crate) reprocess: Option<Reprocess>,
    /// How the run ends.
    pub(crate) shutdown: Shutdown,
}

/// The one place that reads the clock.
pub(crate) fn now() -> DateTime<Utc> {
    // Microseconds are what the index keeps.
    let now = Utc::now();
    DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
}

/// A time as Vietnamese law shows it.
pub(crate) fn vietnamese(time: DateTime<Utc>) -> DateTime<FixedOffset> {
    let offset = FixedOffset::east_opt(VIETNAM).expect("seven hours are within a day");
    time.with_timezone(&offset)
}
