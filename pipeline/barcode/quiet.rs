//! Panics of the decoder, caught and silent.
//!
//! A panic's message may quote the text it stumbled over, which may be a citizen's; the messages of
//! other code go where they went.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// What `work` gives; `None` when it panics.
pub(crate) fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                others(info);
            }
        }));
    });
    QUIET.set(true);
    let done = panic::catch_unwind(AssertUnwindSafe(work)).ok();
    QUIET.set(false);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_no_answer_and_other_panics_still_speak() {
        assert_eq!(quietly(|| 7), Some(7));
        let nothing: [u8; 0] = [];
        let index = std::hint::black_box(3);
        assert_eq!(quietly(|| nothing[index]), None);
        assert!(!QUIET.get());
        assert_eq!(quietly(|| 8), Some(8));
    }
}
