//! How two Vietnamese texts are compared: without diacritics, case or odd spaces.

use unicode_normalization::UnicodeNormalization;

/// Lower case, no diacritics, `đ` as `d`, every run of white space one space, dashes as `-`.
///
/// The `_folded` columns and every anchor match use this.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.nfd() {
        let c = match c {
            'đ' | 'Đ' => 'd',
            '–' | '—' | '−' | '‐' => '-',
            '“' | '”' => '"',
            '‘' | '’' => '\'',
            '\u{300}'..='\u{36f}' => continue,
            c => c,
        };
        if c.is_whitespace() {
            gap = !out.is_empty();
            continue;
        }
        if std::mem::take(&mut gap) {
            out.push(' ');
        }
        out.extend(c.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diacritics_case_and_spaces_fold_away() {
        assert_eq!(fold("  Ủy  ban\tnhân dân – Đắk Lắk "), "uy ban nhan dan - dak lak");
    }
}
