//! Reads DER and the BER that real signatures contain, without refusing what does no harm.
//!
//! Old signing programs wrote lengths with leading zeros, indefinite lengths, sets out of order
//! and parameters that are not empty. Strict readers refuse them and call a good signature
//! unreadable. Nothing is normalised: signatures are checked over the bytes as they are.

/// Deeper than any certificate or signature nests.
const MAX_DEPTH: usize = 24;

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    /// The identifier octet: class, constructed bit and number.
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    /// Identifier, length and content as they are in the file.
    pub(crate) raw: &'a [u8],
}

/// A position in a run of elements.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next element when it has this tag.
    pub(crate) fn accept(&mut self, tag: u8) -> Option<Element<'a>> {
        let mut ahead = self.clone();
        let element = ahead.next().filter(|element| element.tag == tag)?;
        *self = ahead;
        Some(element)
    }

    /// The inside of the next element, which must be a SEQUENCE.
    pub(crate) fn sequence(&mut self) -> Option<Self> {
        self.accept(0x30).map(|element| element.inside())
    }
}

/// Ends at the last element, or before the first bytes that are none.
impl<'a> Iterator for Reader<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let (element, rest) = split(self.0, 0)?;
        self.0 = rest;
        Some(element)
    }
}

impl<'a> Element<'a> {
    pub(crate) fn inside(&self) -> Reader<'a> {
        Reader(self.content)
    }

    /// The bytes of an OCTET STRING, primitive or in pieces.
    pub(crate) fn octets(&self) -> Option<Vec<u8>> {
        if self.tag & 0x20 == 0 {
            return Some(self.content.to_vec());
        }
        let pieces: Option<Vec<_>> =
            self.inside().map(|piece| (piece.tag == 4).then_some(piece.content)).collect();
        pieces.map(|pieces| pieces.concat())
    }

    /// The bytes of a BIT STRING of whole bytes.
    pub(crate) fn bits(&self) -> Option<&'a [u8]> {
        match self.content.split_first()? {
            (0, bytes) if self.tag == 3 => Some(bytes),
            _ => None,
        }
    }
}

/// The first element of `bytes` and what follows it.
pub(crate) fn split(bytes: &[u8], depth: usize) -> Option<(Element<'_>, &[u8])> {
    if depth > MAX_DEPTH {
        return None;
    }
    let (&tag, rest) = bytes.split_first()?;
    // Tag numbers of more than one byte do not occur in these structures.
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (&first, rest) = rest.split_first()?;
    if first == 0x80 {
        return indefinite(bytes, tag, rest, depth);
    }
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let significant = digits.iter().position(|&byte| byte != 0).unwrap_or(digits.len());
        let digits = &digits[significant..];
        if digits.len() > 4 {
            return None;
        }
        (digits.iter().fold(0, |length, &byte| length << 8 | usize::from(byte)), rest)
    };
    let (content, after) = rest.split_at_checked(length)?;
    let raw = &bytes[..bytes.len() - after.len()];
    Some((Element { tag, content, raw }, after))
}

fn indefinite<'a>(
    bytes: &'a [u8],
    tag: u8,
    body: &'a [u8],
    depth: usize,
) -> Option<(Element<'a>, &'a [u8])> {
    let mut rest = body;
    loop {
        if let Some(after) = rest.strip_prefix(&[0, 0]) {
            let content = &body[..body.len() - rest.len()];
            let raw = &bytes[..bytes.len() - after.len()];
            return Some((Element { tag, content, raw }, after));
        }
        rest = split(rest, depth + 1)?.1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::der_write;

    #[test]
    fn an_indefinite_length_ends_at_its_marker() {
        let bytes = [0x30, 0x80, 2, 1, 7, 0x24, 0x80, 4, 1, 9, 0, 0, 0, 0, 5, 0];
        let (outer, rest) = split(&bytes, 0).unwrap();
        assert_eq!(rest, [5, 0]);
        let mut inside = outer.inside();
        assert_eq!(inside.next().unwrap().content, [7]);
        assert_eq!(inside.next().unwrap().octets().unwrap(), [9]);
    }

    #[test]
    fn a_length_with_leading_zeros_is_read() {
        assert_eq!(split(&[4, 0x83, 0, 0, 1, 9], 0).unwrap().0.content, [9]);
    }

    #[test]
    fn nesting_is_bounded() {
        let deep: Vec<u8> = [0x30, 0x80].repeat(1000);
        assert!(split(&deep, 0).is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for element in Reader(&bytes) {
                prop_assert!(element.raw.len() >= 2);
            }
        }

        #[test]
        fn what_is_written_is_read_again(tag in 0_u8..0x1f,
                                         content in proptest::collection::vec(any::<u8>(), 0..700)) {
            let bytes = der_write::element(tag, &content);
            let (element, rest) = split(&bytes, 0).unwrap();
            prop_assert_eq!(element.content, &content[..]);
            prop_assert!(rest.is_empty());
        }
    }
}
