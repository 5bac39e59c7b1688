//! What the walk makes of an input: of folders, of manifests, of what is no file, of a bucket; and
//! how it goes on.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

mod bucket;
mod folders;
mod manifests;
mod resume;
mod support;
mod unusable;
