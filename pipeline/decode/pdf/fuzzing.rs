//! The parts of PDF reading that take bytes, for `tests/fuzz`.

use super::{claims, content, wrapped};
use crate::limits::Limits;

/// Text encodings, run lengths, segments of JBIG2, the end mark: the first byte picks none of
/// them, each gets all.
pub(crate) fn images(bytes: &[u8], limits: &Limits) {
    if content::check_end(bytes).is_ok() {
        assert!(bytes.windows(9).any(|window| window == b"startxref"));
    }
    claims::fuzz(bytes, limits);
    wrapped::fuzz(bytes);
}
