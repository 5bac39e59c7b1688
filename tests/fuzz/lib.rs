//! Good files made malformed, the same ones for the same seed.
//!
//! * [`good`]: the files that are changed, by what they are.
//! * [`chance`]: numbers that a seed repeats.
//! * [`mutate`]: the changes: blind ones of bytes, and ones that know what a file is made of.
//!
//! The program `fuzz` feeds them to every parser of outside bytes, `bench/robustness` to page workers.

pub mod chance;
pub mod good;
pub mod mutate;
