//! The only source of chance: everything drawn follows from the seed, so that the same seed gives
//! the same bytes on every machine and for any number of threads.
//!
//! Invariant: a fork depends on its parent's seed and its label alone, never on how much was drawn
//! before; adding a draw in one document therefore leaves every other document as it was.

/// A stream of pseudo-random numbers (`SplitMix64`).
#[derive(Debug, Clone)]
pub(crate) struct Chance {
    seed: u64,
    state: u64,
}

impl Chance {
    /// A stream that follows from `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    /// An independent stream for the thing called `label`.
    pub(crate) fn fork(&self, label: &str) -> Self {
        // FNV-1a over the label, started from the seed.
        let hash = label.bytes().fold(self.seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self::new(mix(hash))
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// A number in `0..bound`; 0 when `bound` is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { (self.bits() % bound as u64) as usize }
    }

    /// A whole number in `low..=high`.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below((high - low + 1).max(1) as usize) as i32
    }

    /// A number in `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u32 << 24) as f32
    }

    /// A number in `low..high`.
    pub(crate) fn range(&mut self, low: f32, high: f32) -> f32 {
        low + self.unit() * (high - low)
    }

    /// A number around 0, bell-shaped, mostly within -1 and 1.
    pub(crate) fn spread(&mut self) -> f32 {
        (self.unit() + self.unit() + self.unit() + self.unit()) - 2.0
    }

    /// One of `choices`, which must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// True in `share` of the cases.
    pub(crate) fn happens(&mut self, share: f32) -> bool {
        self.unit() < share
    }

    /// `choices` in another order.
    pub(crate) fn shuffled<'a, T>(&mut self, choices: &'a [T]) -> Vec<&'a T> {
        let mut order: Vec<&T> = choices.iter().collect();
        for last in (1..order.len()).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fork_does_not_depend_on_earlier_draws() {
        let untouched = Chance::new(7);
        let mut used = Chance::new(7);
        used.bits();
        assert_eq!(untouched.fork("page 1").bits(), used.fork("page 1").bits());
        assert_ne!(untouched.fork("page 1").bits(), untouched.fork("page 2").bits());
    }

    #[test]
    fn draws_stay_in_their_bounds() {
        let mut chance = Chance::new(1);
        for _ in 0..10_000 {
            assert!((3..=5).contains(&chance.between(3, 5)));
            assert!((0.0..1.0).contains(&chance.unit()));
            assert!(chance.spread().abs() <= 2.0);
        }
        assert_eq!(chance.below(0), 0);
    }
}
