//! The boxes of a JP2 file (ISO/IEC 15444-1, annex I).

/// The first box of every file.
pub const SIGNATURE: &[u8] = b"\0\0\0\x0cjP  \r\n\x87\n";

/// One box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jp2Box<'a> {
    /// Its type, as `jp2c`.
    pub kind: [u8; 4],
    /// What is in it, as far as it is there.
    pub content: &'a [u8],
    /// Whether all of it is there.
    pub is_whole: bool,
}

/// The boxes of a file, or of a box.
#[derive(Debug)]
pub struct Boxes<'a>(pub &'a [u8]);

impl<'a> Iterator for Boxes<'a> {
    type Item = Jp2Box<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let kind = self.0.get(4..8)?.try_into().ok()?;
        let (start, stated) = match number(self.0, 0)? {
            0 => (8, self.0.len()),
            1 => {
                let length = u64::from_be_bytes(self.0.get(8..16)?.try_into().ok()?);
                (16, usize::try_from(length).ok()?)
            }
            length => (8, length as usize),
        };
        let end = stated.min(self.0.len());
        let content = self.0.get(start..end)?;
        self.0 = &self.0[end..];
        Some(Jp2Box { kind, content, is_whole: end == stated })
    }
}

/// The four bytes at a place as a number; `None` where there are fewer.
pub fn number(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(data.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(data: &[u8]) -> Vec<(&[u8], bool)> {
        Boxes(data).map(|one| (one.content, one.is_whole)).collect()
    }

    #[test]
    fn boxes_follow_each_other_and_a_cut_one_says_so() {
        let short = [&[0, 0, 0, 10], &b"resc"[..], b"ab"].concat();
        let long = [&[0, 0, 0, 1], &b"jp2c"[..], &[0, 0, 0, 0, 0, 0, 0, 19], b"cde"].concat();
        let open = [&[0; 4], &b"jp2c"[..], b"fg"].concat();
        let all = [short.clone(), long, open].concat();
        assert_eq!(found(&all), [(&b"ab"[..], true), (b"cde", true), (b"fg", true)]);
        assert_eq!(found(&short[..9]), [(&b"a"[..], false)]);
        // Shorter than its own head, and none.
        assert_eq!(found(&[&[0, 0, 0, 7], &b"resc"[..]].concat()), []);
        assert_eq!(found(&short[..7]), []);
    }
}
