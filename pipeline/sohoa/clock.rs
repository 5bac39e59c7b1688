//! CPU time of what is made of pages here, by step; that of the pages themselves their workers tell.

use std::sync::{Arc, Mutex, PoisonError};

use cpu_time::ThreadTime;
use sohoa_schemas::summary::StepSeconds;

/// What was spent since the start; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock(Arc<Mutex<StepSeconds>>);

impl Clock {
    /// Does `work`, which does not wait, and books its time.
    pub(crate) fn book<T>(
        &self,
        step: fn(&mut StepSeconds) -> &mut f64,
        work: impl FnOnce() -> T,
    ) -> T {
        let begun = ThreadTime::now();
        let done = work();
        let spent = begun.elapsed().as_secs_f64();
        *step(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)) += spent;
        done
    }

    /// What was spent here, with what page workers spent.
    pub(crate) fn with(&self, pages: StepSeconds) -> StepSeconds {
        let mut sum = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sum += pages;
        sum
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn work_is_booked_where_it_belongs() {
        let clock = Clock::default();
        let least = Duration::from_millis(20);
        let begun = ThreadTime::now();
        clock.clone().book(|spent| &mut spent.sign, || while begun.elapsed() < least {});
        clock.book(|spent| &mut spent.extract, || ());
        let spent = clock.with(StepSeconds { decode: 2.0, ..StepSeconds::default() });
        assert!(spent.sign > 0.019 && spent.extract < 0.019, "{spent:?}");
        assert_eq!((spent.decode, spent.compose), (2.0, 0.0));
    }
}
