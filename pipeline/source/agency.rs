//! An agency's code in its two spellings.

use std::borrow::Cow;

/// A code as identities are made of it, so that one agency has one name: in the spelling of Decision
/// 20/2020, in large letters. What is no such code stays as it is.
pub fn canonical(given: &str) -> Cow<'_, str> {
    let code = given.trim().to_uppercase();
    match of_qcvn102(&code) {
        Some(code) => code.into(),
        None if is_qd20(&code) && code != given => code.into(),
        None => given.into(),
    }
}

/// `000.00.12.H08` is `H08.12`: the groups the other way round, without those of zeros.
pub fn of_qcvn102(given: &str) -> Option<String> {
    let groups: Vec<&str> = given.split('.').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    if lengths != [3, 2, 2, 3] || !is_first(groups[3]) {
        return None;
    }
    let kept = groups.iter().rev().filter(|group| group.bytes().any(|b| b != b'0'));
    Some(kept.copied().collect::<Vec<_>>().join("."))
}

/// Whether it is one of Decision 20/2020: groups from the whole to its parts.
pub fn is_qd20(given: &str) -> bool {
    let mut groups = given.split('.');
    let plain = |group: &str| {
        (1..=6).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    groups.next().is_some_and(is_first) && groups.all(plain)
}

/// A letter from A to Y and two digits.
fn is_first(group: &str) -> bool {
    matches!(group.as_bytes(), [b'A'..=b'Y', b'0'..=b'9', b'0'..=b'9'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_one_name() {
        for given in ["000.00.12.H08", "H08.12", " h08.12 "] {
            assert_eq!(canonical(given), "H08.12");
        }
        assert_eq!(canonical("Sở Nội vụ"), "Sở Nội vụ");
    }
}
