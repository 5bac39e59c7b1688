//! Decodes the streams that hold structure: Flate with or without a predictor, or no filter.
//!
//! Page content and images are never decoded here.

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::{PdfError, object::Dictionary};

/// Cross-reference data of a million objects is under 32 MB.
const MAX_DECODED: u64 = 64 << 20;

/// Decodes `data` as the stream dictionary says.
pub(crate) fn decode(dictionary: &Dictionary, data: &[u8]) -> Result<Vec<u8>, PdfError> {
    let filter = match dictionary.get("Filter") {
        None => return Ok(data.to_vec()),
        Some(filter) => match filter.array() {
            Some([]) => return Ok(data.to_vec()),
            Some([single]) => single.name(),
            Some(_) => None,
            None => filter.name(),
        },
    };
    if !matches!(filter, Some(b"FlateDecode" | b"Fl")) {
        return Err(PdfError::Filter("a filter that is not FlateDecode"));
    }
    let mut out = Vec::new();
    let read = ZlibDecoder::new(data).take(MAX_DECODED + 1).read_to_end(&mut out);
    if out.len() as u64 > MAX_DECODED {
        return Err(PdfError::Bound("a structure stream over 64 MB"));
    }
    read.map_err(|_| PdfError::Filter("broken Flate data"))?;
    let parameters = dictionary.get("DecodeParms").and_then(|value| match value.array() {
        Some([single]) => single.dictionary(),
        _ => value.dictionary(),
    });
    match parameters {
        Some(parameters) => unpredict(parameters, out),
        None => Ok(out),
    }
}

fn unpredict(parameters: &Dictionary, data: Vec<u8>) -> Result<Vec<u8>, PdfError> {
    let number = |key, default| {
        parameters.get(key).map_or(Some(default), |value| value.integer().map(|n| n as usize))
    };
    let bad = PdfError::Filter("predictor parameters");
    let (Some(predictor), Some(columns), Some(colours), Some(bits)) = (
        number("Predictor", 1),
        number("Columns", 1),
        number("Colors", 1),
        number("BitsPerComponent", 8),
    ) else {
        return Err(bad);
    };
    match predictor {
        1 => return Ok(data),
        10..=15 if colours == 1 && bits == 8 && (1..=1024).contains(&columns) => {}
        _ => return Err(bad),
    }
    let mut out = Vec::with_capacity(data.len());
    let mut above = vec![0_u8; columns];
    for row in data.chunks(columns + 1) {
        let (&kind, row) = row.split_first().ok_or(PdfError::Filter("an empty row"))?;
        let mut current = vec![0_u8; columns];
        for (i, &raw) in row.iter().enumerate() {
            let left = if i > 0 { current[i - 1] } else { 0 };
            let corner = if i > 0 { above[i - 1] } else { 0 };
            let guess = match kind {
                0 => 0,
                1 => left,
                2 => above[i],
                3 => u16::midpoint(u16::from(left), u16::from(above[i])) as u8,
                4 => paeth(left, above[i], corner),
                _ => return Err(PdfError::Filter("a predictor row")),
            };
            current[i] = raw.wrapping_add(guess);
        }
        out.extend_from_slice(&current[..row.len()]);
        above = current;
    }
    Ok(out)
}

fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(above), i16::from(corner));
    let estimate = a + b - c;
    let (da, db, dc) = ((estimate - a).abs(), (estimate - b).abs(), (estimate - c).abs());
    if da <= db && da <= dc {
        left
    } else if db <= dc {
        above
    } else {
        corner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_up_predictor_adds_the_row_above() {
        let mut parameters = Dictionary::new();
        parameters.set("Predictor", 12);
        parameters.set("Columns", 3);
        let rows = vec![2, 1, 2, 3, 2, 1, 1, 1];
        assert_eq!(unpredict(&parameters, rows).unwrap(), [1, 2, 3, 2, 3, 4]);
    }

    #[test]
    fn an_unknown_filter_is_refused() {
        let mut dictionary = Dictionary::new();
        dictionary.set("Filter", "LZWDecode");
        assert!(matches!(decode(&dictionary, b"x"), Err(PdfError::Filter(_))));
    }
}
