//! From the bytes of a text file to text.
//!
//! Unicode is taken as it is. An old Vietnamese encoding is converted, and a note says so, if nearly
//! every word then is a Vietnamese syllable; otherwise the file is refused, because a name that is
//! guessed wrongly finds no agency.

use encoding_rs::{WINDOWS_1252, WINDOWS_1258};
use unicode_normalization::UnicodeNormalization as _;

use crate::legacy::{Legacy, share};

/// Share of words that must be syllables before a conversion is believed.
const SURE: f64 = 0.8;

/// Text, and what it was converted from if it was not Unicode.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text.
    pub text: String,
    /// Name of the encoding it was in.
    pub converted_from: Option<&'static str>,
}

/// The text of bytes in UTF-8 or UTF-16 with a byte order mark, or UTF-8 without.
pub fn unicode(bytes: &[u8]) -> Option<String> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units = bytes[2..].as_chunks::<2>().0.iter().map(|pair| from(*pair));
        char::decode_utf16(units).collect::<Result<String, _>>().ok()
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        bytes => std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
            .ok()
            .map(str::to_owned),
    }
}

/// The text of a file.
///
/// # Errors
/// The line and the byte on it from which on the file is not UTF-8, when no encoding explains it.
pub fn decode(bytes: &[u8]) -> Result<Decoded, (u64, u8)> {
    if let Some(text) = unicode(bytes) {
        return Ok(Decoded { text, converted_from: None });
    }
    let latin = WINDOWS_1252.decode_without_bom_handling(bytes).0;
    let windows: String = WINDOWS_1258.decode_without_bom_handling(bytes).0.nfc().collect();
    let mut candidates = vec![("Windows-1258", windows)];
    candidates.extend(Legacy::ALL.map(|legacy| (legacy.name(), legacy.decode(&latin))));
    let best = candidates
        .into_iter()
        .map(|(name, text)| (share(&text).0, name, text))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((share, name, text)) if share >= SURE => {
            Ok(Decoded { text, converted_from: Some(name) })
        }
        _ => Err(first_bad(bytes)),
    }
}

fn first_bad(bytes: &[u8]) -> (u64, u8) {
    let good = std::str::from_utf8(bytes).err().map_or(0, |error| error.valid_up_to());
    let line = bytes[..good].split(|byte| *byte == b'\n').count() as u64;
    (line, bytes.get(good).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Mã,Tên\nH08.12,Sở Nội vụ\nH08.13,Ủy ban nhân dân tỉnh Bình Định\n";

    #[test]
    fn unicode_in_every_form_is_taken_as_it_is() {
        let with_mark = format!("\u{feff}{TEXT}");
        let wide = |order: fn(u16) -> [u8; 2]| with_mark.encode_utf16().flat_map(order).collect();
        let forms: [Vec<u8>; 4] =
            [TEXT.into(), with_mark.clone().into(), wide(u16::to_le_bytes), wide(u16::to_be_bytes)];
        for bytes in forms {
            let decoded = decode(&bytes).unwrap();
            assert_eq!(decoded.text.trim_start_matches('\u{feff}'), TEXT);
            assert_eq!(decoded.converted_from, None);
        }
    }

    #[test]
    fn old_encodings_are_recognised_by_their_words() {
        // Windows-1258 writes tones as marks after the letter.
        let windows = b"Ma\xde,T\xean\nH08.12,S\xf5\xd2 N\xf4\xf2i vu\xf2\n";
        let decoded = decode(windows).unwrap();
        assert_eq!(decoded.converted_from, Some("Windows-1258"));
        assert!(decoded.text.contains("Sở Nội vụ"), "{}", decoded.text);
        let tcvn3 = b"M\xb7,T\xaan\nH08.12,S\xeb N\xe9i v\xf4\n";
        assert_eq!(
            decode(tcvn3).unwrap(),
            Decoded {
                text: "Mã,Tên\nH08.12,Sở Nội vụ\n".into(),
                converted_from: Some("TCVN3 (ABC)")
            }
        );
        let vni = b"Ma\xf5,Te\xe2n\nH08.12,S\xf4\xfb No\xe4i vu\xef\n";
        let decoded = decode(vni).unwrap();
        assert_eq!(decoded.converted_from, Some("VNI"));
        assert!(decoded.text.contains("Mã,Tên\nH08.12,Sở Nội vụ"), "{}", decoded.text);
    }

    #[test]
    fn what_no_encoding_explains_is_refused_with_its_place() {
        assert_eq!(decode(b"a,b\nstra\xdfe,\xdcbung\nGr\xf6\xdfe,\xe4\xe4\n"), Err((2, 0xdf)));
    }
}
