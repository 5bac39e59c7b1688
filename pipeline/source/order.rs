//! The order of names: NFC bytes, runs of digits compared as numbers, so that `2.tif` comes before
//! `10.tif` whatever the scanner pads.

use std::cmp::Ordering;

use unicode_normalization::UnicodeNormalization as _;

/// Compares two names. Names that differ only in zero padding or in how accents are written fall
/// back to their bytes, so the order is total: a walk that goes on after a name depends on that.
pub fn compare(left: &str, right: &str) -> Ordering {
    let (l, r): (String, String) = (left.nfc().collect(), right.nfc().collect());
    natural(l.as_bytes(), r.as_bytes()).then_with(|| l.cmp(&r)).then_with(|| left.cmp(right))
}

fn natural(mut left: &[u8], mut right: &[u8]) -> Ordering {
    while let (Some(&l), Some(&r)) = (left.first(), right.first()) {
        let order = if l.is_ascii_digit() && r.is_ascii_digit() {
            by_number(take_digits(&mut left), take_digits(&mut right))
        } else {
            (left, right) = (&left[1..], &right[1..]);
            l.cmp(&r)
        };
        if order.is_ne() {
            return order;
        }
    }
    left.len().cmp(&right.len())
}

fn take_digits<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    *text = rest;
    digits
}

/// Compares digit runs of any length as numbers.
fn by_number(left: &[u8], right: &[u8]) -> Ordering {
    let strip = |digits: &[u8]| {
        let start = digits.iter().position(|&digit| digit != b'0').unwrap_or(digits.len());
        digits[start..].to_vec()
    };
    let (left, right) = (strip(left), strip(right));
    left.len().cmp(&right.len()).then_with(|| left.cmp(&right))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_count_as_numbers() {
        let mut names = ["trang 10.tif", "trang 2.tif", "trang 02.tif", "Trang 1.tif", "a"];
        names.sort_by(|l, r| compare(l, r));
        assert_eq!(names, ["Trang 1.tif", "a", "trang 02.tif", "trang 2.tif", "trang 10.tif"]);
    }

    proptest! {
        #[test]
        fn the_order_is_total(
            a in "[aeê\u{302}0-2]{0,6}", b in "[aeê\u{302}0-2]{0,6}", c in "[aeê\u{302}0-2]{0,6}",
        ) {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &b).is_eq(), a == b);
            if compare(&a, &b).is_le() && compare(&b, &c).is_le() {
                prop_assert!(compare(&a, &c).is_le());
            }
        }
    }
}
