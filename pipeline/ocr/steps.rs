//! Where the CPU time of a page goes: a clock that always runs on one step.
//!
//! [`step`] changes the step for the length of a call and changes back, so the times never overlap
//! and add up to all the thread has used between two calls of [`take`]. It counts the thread's CPU
//! time, not the clock's: waiting costs nothing, and a busy machine changes nothing. A change costs
//! one system call, and a page has some dozens.

use std::{cell::RefCell, time::Duration};

use cpu_time::ThreadTime;
use sohoa_schemas::summary::StepSeconds;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Everything that is not one of the others.
    Rest,
    /// From the file to a raster.
    Decode,
    /// Looking for barcodes.
    Barcodes,
    /// From the raster to what the engine sees.
    Prepare,
    /// The engine's recognise call; inside [`again`], that of a second look.
    Recognise,
    /// From the engine's result to words with boxes, marks repaired.
    Words,
}

struct Clock {
    since: ThreadTime,
    step: Step,
    again: bool,
    spent: StepSeconds,
}

thread_local! {
    static CLOCK: RefCell<Clock> = RefCell::new(Clock {
        since: ThreadTime::now(),
        step: Step::Rest,
        again: false,
        spent: StepSeconds::default(),
    });
}

impl Clock {
    /// Books what was used since the last booking.
    fn book(&mut self) {
        let now = ThreadTime::now();
        let used: Duration = now.duration_since(self.since);
        self.since = now;
        *match self.step {
            Step::Rest => &mut self.spent.rest,
            Step::Decode => &mut self.spent.decode,
            Step::Barcodes => &mut self.spent.barcodes,
            Step::Prepare => &mut self.spent.prepare,
            Step::Recognise if self.again => &mut self.spent.recognise_again,
            Step::Recognise => &mut self.spent.recognise,
            Step::Words => &mut self.spent.words,
        } += used.as_secs_f64();
    }
}

/// Does `work` as a step; what it uses is booked there, but for steps inside it.
pub fn step<T>(step: Step, work: impl FnOnce() -> T) -> T {
    let change = |step| {
        CLOCK.with_borrow_mut(|clock| {
            clock.book();
            std::mem::replace(&mut clock.step, step)
        })
    };
    let before = change(step);
    let done = work();
    change(before);
    done
}

/// Does `work` as a second look: recognition inside it is booked apart.
pub fn again<T>(work: impl FnOnce() -> T) -> T {
    let change = |again| CLOCK.with_borrow_mut(|clock| std::mem::replace(&mut clock.again, again));
    let before = change(true);
    let done = work();
    change(before);
    done
}

/// CPU seconds by step since the last call on this thread.
pub fn take() -> StepSeconds {
    CLOCK.with_borrow_mut(|clock| {
        clock.book();
        std::mem::take(&mut clock.spent)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uses at least so much CPU time of this thread.
    fn work(least: Duration) {
        let begun = ThreadTime::now();
        while begun.elapsed() < least {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn steps_inside_steps_are_booked_once() {
        take();
        let long = Duration::from_millis(20);
        step(Step::Prepare, || {
            step(Step::Recognise, || work(long));
            again(|| step(Step::Recognise, || work(2 * long)));
        });
        let spent = take();
        assert!(spent.recognise >= 0.02 && spent.recognise_again >= 0.04, "{spent:?}");
        assert!(spent.prepare < 0.02, "{spent:?}");
        assert!((spent.total() - spent.recognise - spent.recognise_again) < 0.02, "{spent:?}");
        assert!(take().total() < 0.01, "taken twice");
    }
}
