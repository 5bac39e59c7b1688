//! A value read from a page.

use serde::{Deserialize, Serialize};

use crate::geometry::Rect;

/// A candidate value of one field, with the evidence for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field<T> {
    /// The value.
    pub value: T,
    /// Probability that the value is right, 0 to 1 (`field_conf`).
    pub probability: f32,
    /// 1-based page it was read on.
    pub page: u32,
    /// Where on the page.
    pub bbox: Rect,
}
