//! Bounds on what is decoded, checked on declared sizes before anything is allocated.

use crate::error::DecodeError;

/// Bounds on one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of a file: it is held in memory whole, its pixels are not.
    pub max_file_bytes: u64,
    /// Most pages of a file.
    pub max_pages: u32,
    /// Most pixels of a page.
    pub max_pixels: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // A bound book of 2,000 colour pages at 250 kB.
            max_file_bytes: 512 << 20,
            max_pages: 5_000,
            // An A0 map at 300 dpi has 140 million.
            max_pixels: 200_000_000,
        }
    }
}

impl Limits {
    /// Refuses an image whose declared size is zero or past the bound.
    pub(crate) fn check_pixels(&self, width: u64, height: u64) -> Result<(), DecodeError> {
        if width == 0 || height == 0 {
            return Err(DecodeError::unreadable("an image without width or height"));
        }
        match width.checked_mul(height) {
            Some(pixels) if pixels <= self.max_pixels => Ok(()),
            _ => Err(DecodeError::Bomb { width, height, limit: self.max_pixels }),
        }
    }

    pub(crate) fn check_pages(&self, pages: usize) -> Result<u32, DecodeError> {
        match u32::try_from(pages) {
            Ok(0) => Err(DecodeError::Empty { what: "it holds no page" }),
            Ok(count) if count <= self.max_pages => Ok(count),
            _ => Err(DecodeError::TooLarge {
                found: pages as u64,
                limit: u64::from(self.max_pages),
                unit: "pages",
            }),
        }
    }
}
