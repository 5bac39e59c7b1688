//! Who goes first.

/// How soon somebody waits for the work. In order: live before bulk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// A partner waits for the answer.
    Live,
    /// A backfill, which takes what live leaves.
    Bulk,
}

impl Urgency {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::Live, Self::Bulk];
}
