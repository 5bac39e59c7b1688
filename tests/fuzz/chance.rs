//! Chance that a seed repeats (`SplitMix64`).

use std::ops::Range;

/// A stream of numbers.
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    /// The numbers of one file: the order in which files are made changes none of them.
    pub fn of(seed: u64, file: u64) -> Self {
        let seed = seed.wrapping_mul(0xd134_2543_de82_ef95);
        Self(seed ^ file.wrapping_mul(0xaf25_1af3_b0f0_25b5))
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of the range; its start when it is empty.
    pub fn within(&mut self, range: Range<usize>) -> usize {
        let width = range.end.saturating_sub(range.start).max(1);
        range.start + (self.number() % width as u64) as usize
    }

    /// One of a slice that is not empty.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.within(0..all.len())]
    }
}
