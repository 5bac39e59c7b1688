//! Looking documents up: what is asked, and how the answer is shown.

pub(crate) mod ask;
pub(crate) mod show;
