//! The CSV file of corrections. Its reader is part of the program, which is no library: the files
//! are compiled in here.

#[cfg_attr(not(test), expect(dead_code, reason = "what the reader does not ask for"))]
#[path = "../../pipeline/sohoa/amend/field.rs"]
mod field;
#[path = "../../pipeline/sohoa/amend/sheet.rs"]
mod sheet;
#[path = "../../pipeline/sohoa/amend/value.rs"]
mod value;

use chrono::NaiveDate;
use field::Field;

/// Reads a file; every correction and every complaint has its line.
pub(crate) fn sheet(bytes: &[u8]) {
    let Some(today) = NaiveDate::from_ymd_opt(2026, 11, 27) else { return };
    let Ok(sheet) = sheet::Sheet::read(bytes, Some("Mẫu"), today) else { return };
    let edits = sheet.edits.iter().flat_map(|(_, edits)| edits);
    assert!(
        edits
            .map(|edit| edit.line)
            .chain(sheet.wrong.iter().map(|wrong| wrong.line))
            .all(|line| line > 0)
    );
}
