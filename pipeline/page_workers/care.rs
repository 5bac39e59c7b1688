//! How much is spent on a page.

use serde::{Deserialize, Serialize};

/// How much is spent on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Care {
    /// Every step.
    Full,
    /// After a bound was broken: fewer pixels and fewer steps, the text may suffer.
    Reduced,
}
