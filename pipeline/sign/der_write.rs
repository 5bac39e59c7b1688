//! Writes DER, for the few structures a signature is made of.
//!
//! Certificates go in byte for byte: decoding and encoding them again through a typed model can
//! change them, and a changed certificate no longer carries its issuer's signature.

/// One element: tag, length, content.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes = length.to_be_bytes();
        let first = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len() - 1);
        out.push(0x80 | (bytes.len() - first) as u8);
        out.extend_from_slice(&bytes[first..]);
    }
    out.extend_from_slice(content);
    out
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

/// The elements sorted, as DER wants a SET OF.
pub(crate) fn set(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    element(0x31, &parts.concat())
}

pub(crate) fn octets(bytes: &[u8]) -> Vec<u8> {
    element(0x04, bytes)
}

pub(crate) fn small_integer(value: u8) -> Vec<u8> {
    let padding: &[u8] = if value >= 0x80 { &[0] } else { &[] };
    element(0x02, &[padding, &[value]].concat())
}

pub(crate) const NULL: [u8; 2] = [5, 0];

/// An object identifier from its encoded content.
pub(crate) fn oid(content: &[u8]) -> Vec<u8> {
    element(0x06, content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_the_shortest() {
        assert_eq!(element(4, &[0; 127])[..2], [4, 127]);
        assert_eq!(element(4, &[0; 128])[..3], [4, 0x81, 128]);
        assert_eq!(element(4, &[0; 256])[..4], [4, 0x82, 1, 0]);
    }

    #[test]
    fn a_set_is_sorted() {
        assert_eq!(set(vec![vec![5, 0], vec![2, 1, 1]]), [0x31, 5, 2, 1, 1, 5, 0]);
    }
}
