//! Posts of staff: lists come anew, each with its own first day, and nobody writes that the former
//! row has ended. A person in several open rows would count several times in a report.

use sohoa_schemas::registers::StaffRow;

/// What is a full post, with room for shares such as a third.
const FULL: f64 = 1.001;

/// Ends posts that a newer row of the same person follows. `rows` of a person stand together.
pub(crate) fn end(rows: &mut [StaffRow]) {
    for person in rows.chunk_by_mut(|a, b| a.staff_ref == b.staff_ref) {
        let end = |row: &StaffRow| {
            let newer = person.iter().filter(|newer| newer.from_date > row.from_date);
            let next = newer.filter(|newer| follows(newer, row)).map(|newer| newer.from_date);
            next.chain(row.to_date).min()
        };
        let ends: Vec<_> = person.iter().map(end).collect();
        for (row, end) in person.iter_mut().zip(ends) {
            row.to_date = end;
        }
    }
}

/// Whether a newer row takes the place of an older one: in the same agency always; in another one
/// where both are open and are more than one post, for then the person has moved.
fn follows(newer: &StaffRow, older: &StaffRow) -> bool {
    let is_same = newer.agency_code == older.agency_code
        || newer.agency_uid.is_some() && newer.agency_uid == older.agency_uid;
    let are_open = newer.to_date.is_none() && older.to_date.is_none();
    is_same || are_open && newer.fte + older.fte > FULL
}
