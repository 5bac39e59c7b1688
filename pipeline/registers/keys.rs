//! Table `agency_keys`: every way documents call an agency, so that a join by equality finds it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use sohoa_schemas::{
    registers::{AgencyKeyRow, AgencyRow},
    rows::SCHEMA_VERSION,
};
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use crate::code;

type Period = (Option<NaiveDate>, Option<NaiveDate>);

/// Who is called the same, each with the province: and when.
type Owners<'a> = BTreeMap<(Uuid, &'a str), Vec<Period>>;

/// The keys of all agencies.
pub fn agency_keys(agencies: &[AgencyRow]) -> Vec<AgencyKeyRow> {
    // By kind and key: whose it is, in which province, and when.
    let mut held: BTreeMap<(&str, String), Owners<'_>> = BTreeMap::new();
    for row in agencies {
        let mut codes = code::spellings(&row.code);
        codes.insert(row.code_as_sent.clone());
        let names: BTreeSet<String> =
            [&row.name].into_iter().chain(&row.aliases).flat_map(|name| spellings(name)).collect();
        let codes = codes.into_iter().map(|code| ("code", code));
        for key in codes.chain(names.into_iter().map(|name| ("name", name))) {
            let owners = held.entry(key).or_default();
            let periods = owners.entry((row.agency_uid, row.province.as_str())).or_default();
            add(periods, (row.valid_from, row.valid_to));
        }
    }
    held.into_iter().flat_map(|((kind, key), owners)| rows(kind, &key, &owners)).collect()
}

/// Adds a period, and joins it to the one it follows: a join must not find an agency twice.
fn add(periods: &mut Vec<Period>, period: Period) {
    match periods.last_mut() {
        Some(last) if last.1.is_some() && last.1 == period.0 => last.1 = period.1,
        _ => periods.push(period),
    }
}

fn rows(kind: &str, key: &str, owners: &Owners<'_>) -> Vec<AgencyKeyRow> {
    let all = owners.iter().flat_map(|(owner, periods)| periods.iter().map(move |p| (owner, *p)));
    let all: Vec<(&(Uuid, &str), Period)> = all.collect();
    all.iter()
        .map(|((uid, province), period)| AgencyKeyRow {
            kind: kind.to_owned(),
            key: key.to_owned(),
            agency_uid: *uid,
            province: (*province).to_owned(),
            valid_from: period.0,
            valid_to: period.1,
            ambiguous: all.iter().any(|(other, at)| other.0 != *uid && overlap(*period, *at)),
            schema_version: SCHEMA_VERSION,
        })
        .collect()
}

fn overlap(a: Period, b: Period) -> bool {
    let before = |end: Option<NaiveDate>, start: Option<NaiveDate>| {
        end.zip(start).is_some_and(|(end, start)| end <= start)
    };
    !before(a.1, b.0) && !before(b.1, a.0)
}

/// A name in lower case, in the ways it is written: with the tone on either vowel of `oa`, `oe` and
/// `uy`, and `Ủy ban nhân dân` also as `UBND`.
fn spellings(name: &str) -> BTreeSet<String> {
    const COMMITTEE: &str = "ủy ban nhân dân";
    const SHORT: &str = "ubnd";
    let name: String = name.nfc().collect::<String>().to_lowercase();
    let old = tones(&name, false);
    let mut all = BTreeSet::from([old.clone()]);
    if old.contains(COMMITTEE) {
        all.insert(old.replace(COMMITTEE, SHORT));
    } else if old.split(|c: char| !c.is_alphanumeric()).any(|word| word == SHORT) {
        all.insert(old.replace(SHORT, COMMITTEE));
    }
    let new: Vec<String> = all.iter().map(|name| tones(name, true)).collect();
    all.extend(new);
    all.insert(name);
    all
}

/// Puts the tone of an open `oa`, `oe`, `uy` on the second vowel, or on the first.
fn tones(name: &str, on_second: bool) -> String {
    const PAIRS: [(&str, &str); 15] = [
        ("òa", "oà"),
        ("óa", "oá"),
        ("ỏa", "oả"),
        ("õa", "oã"),
        ("ọa", "oạ"),
        ("òe", "oè"),
        ("óe", "oé"),
        ("ỏe", "oẻ"),
        ("õe", "oẽ"),
        ("ọe", "oẹ"),
        ("ùy", "uỳ"),
        ("úy", "uý"),
        ("ủy", "uỷ"),
        ("ũy", "uỹ"),
        ("ụy", "uỵ"),
    ];
    let words = name.split_inclusive(|c: char| !c.is_alphabetic());
    words
        .map(|word| {
            let end = word.trim_end_matches(|c: char| !c.is_alphabetic()).len();
            let (stem, rest) = word.split_at(end);
            for (first, second) in PAIRS {
                let (from, to) = if on_second { (first, second) } else { (second, first) };
                // `quý` is `qu` and `ý`, and has its tone where it is.
                if let Some(onset) = stem.strip_suffix(from).filter(|onset| !onset.ends_with('q')) {
                    return format!("{onset}{to}{rest}");
                }
            }
            word.to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_however_it_is_written() {
        let all = spellings("Uỷ ban nhân dân thị xã Hòa Quý");
        for name in [
            "ủy ban nhân dân thị xã hòa quý",
            "uỷ ban nhân dân thị xã hoà quý",
            "ubnd thị xã hòa quý",
            "ubnd thị xã hoà quý",
        ] {
            assert!(all.contains(name), "{name}: {all:?}");
        }
        assert!(spellings("UBND tỉnh").contains("ủy ban nhân dân tỉnh"));
        assert_eq!(tones("thủy, toán, hoàn", true), "thuỷ, toán, hoàn", "closed ones stay");
    }

    #[test]
    fn two_agencies_of_one_name_at_one_time_decide_nothing() {
        assert!(overlap((None, None), (None, None)));
        let day = |text: &str| Some(text.parse().unwrap());
        assert!(!overlap((None, day("2025-07-01")), (day("2025-07-01"), None)));
        assert!(overlap((None, day("2025-07-02")), (day("2025-07-01"), None)));
        let mut periods = vec![(None, day("2020-01-01"))];
        add(&mut periods, (day("2020-01-01"), None));
        assert_eq!(periods, [(None, None)], "one row for a name that stayed");
    }
}
