//! Orientation and resolution out of an EXIF block, which is a small TIFF.

use crate::tiff::directory::Directory;

/// What EXIF says about the picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Exif {
    /// EXIF's 1 to 8.
    pub orientation: Option<u8>,
    /// Dots per inch across and down.
    pub dpi: Option<(f32, f32)>,
}

impl Exif {
    /// Reads a block after its `Exif\0\0`; anything broken reads as nothing.
    pub(crate) fn read(block: &[u8]) -> Self {
        let Ok(first) = Directory::read_first(block) else { return Self::default() };
        Self { orientation: Some(first.orientation(block)), dpi: first.dpi(block) }
    }
}

/// The clockwise turn, after an optional left-right mirroring, that makes a picture upright.
pub(crate) fn turn(orientation: u8) -> (bool, u16) {
    match orientation {
        2 => (true, 0),
        3 => (false, 180),
        4 => (true, 180),
        5 => (true, 270),
        6 => (false, 90),
        7 => (true, 90),
        8 => (false, 270),
        _ => (false, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiff::directory::tags;

    #[test]
    fn orientation_six_is_a_quarter_turn() {
        let mut block = b"II\x2a\0\x08\0\0\0\x01\0".to_vec();
        block.extend(tags::ORIENTATION.to_le_bytes());
        block.extend([3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]);
        let exif = Exif::read(&block);
        assert_eq!(exif.orientation, Some(6));
        assert_eq!(turn(6), (false, 90));
        for cut in 0..block.len() {
            assert!(Exif::read(&block[..cut]).dpi.is_none());
        }
    }
}
