//! The composed file as others see it: its bytes, its pictures, its words.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "../samples/mod.rs"]
mod samples;

mod alto;
mod file;
mod pictures;
mod words;
