//! Whether what is read of a partition follows on what was read before, or was deleted by age first.
//!
//! The client goes on with the oldest message that is left and says nothing. A step over offsets alone
//! proves nothing, since the ends of transactions are no messages; it does where the oldest one that
//! the broker keeps lies beyond it.

/// How far a partition is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The offset that should come next; none before the first one of a new group.
    next: Option<i64>,
    /// A step over offsets: the first that did not come, and the one that did.
    step: Option<(i64, i64)>,
}

impl From<Option<i64>> for Reading {
    fn from(position: Option<i64>) -> Self {
        Self { next: position, step: None }
    }
}

impl Reading {
    /// The offset behind everything that was read.
    pub(crate) fn next(&self) -> Option<i64> {
        self.next
    }

    /// The message at `offset` came.
    pub(crate) fn took(&mut self, offset: i64) {
        if let Some(next) = self.next.filter(|next| *next < offset) {
            let first = self.step.map_or(next, |(first, _)| first);
            self.step = Some((first, offset));
        }
        self.next = self.next.max(Some(offset + 1));
    }

    /// Offsets that were deleted unread since this was asked last; `low` is the oldest that is kept,
    /// negative while unknown.
    pub(crate) fn removed(&mut self, low: i64) -> u64 {
        if low < 0 {
            return 0;
        }
        let mut removed = 0;
        if let Some((first, came)) = self.step.take() {
            removed += low.min(came) - first;
        }
        if let Some(next) = self.next.filter(|next| *next < low) {
            removed = removed.max(0) + low - next;
            self.next = Some(low);
        }
        u64::try_from(removed).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_deleted_before_the_first_one_came_is_counted_once() {
        let mut reading = Reading::from(Some(5));
        reading.took(9);
        assert_eq!(reading.removed(9), 4);
        assert_eq!(reading.removed(9), 0);
        reading.took(10);
        assert_eq!(reading.removed(11), 0, "read and then deleted");
    }

    #[test]
    fn the_end_of_a_transaction_is_no_message() {
        let mut reading = Reading::from(Some(5));
        reading.took(5);
        reading.took(7);
        assert_eq!(reading.removed(0), 0);
        reading.took(8);
        assert_eq!(reading.removed(3), 0);
    }

    #[test]
    fn what_is_deleted_while_nothing_comes_is_counted() {
        let mut reading = Reading::from(Some(5));
        assert_eq!(reading.removed(-1), 0, "the broker has not said");
        assert_eq!(reading.removed(8), 3);
        reading.took(8);
        assert_eq!(reading.removed(8), 0);
    }

    #[test]
    fn a_new_group_misses_nothing() {
        let mut reading = Reading::from(None);
        assert_eq!(reading.removed(4), 0);
        reading.took(4);
        assert_eq!(reading.removed(4), 0);
    }
}
