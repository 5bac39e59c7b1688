//! PEM text to DER bytes.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::SignError;

/// Every block with this label, in order.
pub(crate) fn blocks(text: &str, label: &str) -> Result<Vec<Vec<u8>>, SignError> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let mut found = Vec::new();
    for part in text.split(begin.as_str()).skip(1) {
        let (body, _) = part.split_once(end.as_str()).ok_or(SignError::Pem("no END line"))?;
        let packed: String = body.split_whitespace().collect();
        found.push(STANDARD.decode(packed).map_err(|_| SignError::Pem("bad base64"))?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_among_other_text() {
        let text = "x\n-----BEGIN A-----\nAQI=\n-----END A-----\n\
                    -----BEGIN B-----\nAw==\n-----END B-----\n-----BEGIN A-----\nBA==\n-----END A-----";
        assert_eq!(blocks(text, "A").unwrap(), [vec![1, 2], vec![4]]);
    }

    #[test]
    fn a_block_without_an_end_is_refused() {
        assert!(blocks("-----BEGIN A-----\nAQI=", "A").is_err());
    }
}
