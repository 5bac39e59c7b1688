//! The size line of a JPEG 2000 codestream, bare or boxed.

/// What the SIZ marker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub width: u32,
    pub height: u32,
    pub channels: u8,
    pub bits: u8,
}

/// Start of codestream followed by the SIZ marker, which must come first.
const START: [u8; 4] = [0xff, 0x4f, 0xff, 0x51];

impl Header {
    /// Reads it; `None` of anything broken or of unequal or signed channels.
    pub(crate) fn read(data: &[u8]) -> Option<Self> {
        let window = &data[..data.len().min(1 << 16)];
        let start = window.windows(4).position(|bytes| bytes == START)?;
        let body = data.get(start + 8..)?;
        let word =
            |at: usize| body.get(at..at + 4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
        let width = word(0)?.checked_sub(word(8)?)?;
        let height = word(4)?.checked_sub(word(12)?)?;
        let channels = u16::from_be_bytes([*body.get(32)?, *body.get(33)?]);
        let depths: Vec<u8> =
            body.get(34..)?.chunks(3).take(channels.into()).map(|c| c[0]).collect();
        let depth = *depths.first()?;
        if depth >= 0x80 || depths.iter().any(|other| *other != depth) {
            return None;
        }
        Some(Self { width, height, channels: u8::try_from(channels).ok()?, bits: depth + 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_line_is_read_and_a_cut_one_is_not() {
        let mut data = START.to_vec();
        data.extend([0, 47, 0, 0]);
        for number in [2479_u32, 3508, 0, 0, 2479, 3508, 0, 0] {
            data.extend(number.to_be_bytes());
        }
        data.extend([0, 3, 7, 1, 1, 7, 1, 1, 7, 1, 1]);
        let header = Header::read(&data).unwrap();
        assert_eq!(header, Header { width: 2479, height: 3508, channels: 3, bits: 8 });
        assert_eq!(Header::read(&data[..40]), None);
    }
}
