//! Posts of staff: lists come anew, each with its own first day, and nobody writes that the former
//! row has ended. A person in several open rows would count several times in a report.

use chrono::NaiveDate;
use sohoa_schemas::registers::StaffRow;

/// What is a full post, with room for shares such as a third.
const FULL: f64 = 1.001;

/// The posts as they were held: a newer row of the same person takes the place of the one it follows
/// for as long as it lasts itself. `rows` of a person stand together.
pub(crate) fn held(rows: &[StaffRow]) -> Vec<StaffRow> {
    let persons = rows.chunk_by(|a, b| a.staff_ref == b.staff_ref);
    persons.flat_map(|person| person.iter().flat_map(|row| parts(row, person))).collect()
}

/// A row without the days of those that follow it.
fn parts(row: &StaffRow, person: &[StaffRow]) -> Vec<StaffRow> {
    let newer = person.iter().filter(|newer| newer.from_date > row.from_date);
    let mut followers: Vec<_> = newer.filter(|newer| follows(newer, row)).collect();
    followers.sort_by_key(|newer| newer.from_date);
    let mut parts = Vec::new();
    let mut part = |from_date: NaiveDate, to_date| {
        parts.push(StaffRow { from_date, to_date, ..row.clone() });
    };
    let mut from = Some(row.from_date);
    for newer in followers {
        let Some(begin) = from.filter(|_| is_before(newer.from_date, row.to_date)) else { break };
        if begin < newer.from_date {
            part(begin, Some(newer.from_date));
        }
        from = newer.to_date.map(|end| end.max(begin));
    }
    if let Some(begin) = from.filter(|begin| is_before(*begin, row.to_date)) {
        part(begin, row.to_date);
    }
    parts
}

fn is_before(day: NaiveDate, end: Option<NaiveDate>) -> bool {
    end.is_none_or(|end| day < end)
}

/// Whether a newer row takes the place of an older one: in the same agency in the same role, or where
/// both are more than one post; in another one where both are open besides, for then the person has
/// moved.
fn follows(newer: &StaffRow, older: &StaffRow) -> bool {
    let is_same = newer.agency_code == older.agency_code
        || newer.agency_uid.is_some() && newer.agency_uid == older.agency_uid;
    let are_open = newer.to_date.is_none() && older.to_date.is_none();
    let is_too_much = newer.fte + older.fte > FULL;
    if is_same { newer.role == older.role || is_too_much } else { are_open && is_too_much }
}
