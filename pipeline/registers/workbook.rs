//! Spreadsheets (XLSX, XLSM): the cells of its sheets, as the file holds them.
//!
//! The archive is unpacked once into nothing before it is believed: what it says of its own sizes may
//! be a lie. Cells are read one by one; a sheet whose last cell is far away costs nothing.

use std::io::{Cursor, Read as _};

use calamine::{Data, DataRef, Reader as _, SheetVisible, Xlsx, XlsxError};

use crate::{
    finding::{Finding, Severity, letters},
    grid::{Cell, Grid, Merged, Row},
    limits::Limits,
};

/// Parts an archive may have; a workbook has some dozen.
const PARTS: usize = 10_000;

/// Whether these bytes are an archive, as an XLSX is.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Whether these bytes are a workbook of before 2007.
pub(crate) fn is_old(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xd0\xcf\x11\xe0")
}

/// Reads the sheets of these names, or without any all that hold something.
///
/// # Errors
/// Why it is no such file, or is too large.
pub(crate) fn read(
    bytes: &[u8],
    wanted: &[String],
    limits: &Limits,
) -> Result<Vec<Grid>, Box<Finding>> {
    unpacks(bytes, limits)?;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
    let names = book.sheet_names();
    if let Some(missing) = wanted.iter().find(|wanted| !names.contains(wanted)) {
        let said = format!("there is no sheet of this name, but: {}", names.join(", "));
        return Err(Finding::of_file(Severity::Error, "sheet", said).seeing(missing).into());
    }
    let shown =
        book.sheets_metadata().iter().filter(|sheet| sheet.visible == SheetVisible::Visible);
    let shown: Vec<String> = shown.map(|sheet| sheet.name.clone()).collect();
    let mut grids = Vec::new();
    for name in names.iter().filter(|name| wanted.is_empty() || wanted.contains(name)) {
        let mut grid = grid(&mut book, name, limits)?;
        grid.is_hidden = !shown.contains(name);
        if !grid.rows.is_empty() {
            grids.push(grid);
        }
    }
    if grids.is_empty() {
        return Err(Finding::of_file(Severity::Error, "empty", "no sheet holds anything").into());
    }
    Ok(grids)
}

fn unreadable(error: &XlsxError) -> Box<Finding> {
    let said = match error {
        XlsxError::Password => "is protected by a password; save it without".to_owned(),
        error => format!("cannot be read as XLSX ({error}); open it and save it anew"),
    };
    Finding::of_file(Severity::Error, "unreadable", said).into()
}

/// Unpacks everything, and keeps nothing.
fn unpacks(bytes: &[u8], limits: &Limits) -> Result<(), Box<Finding>> {
    let broken = |why: &dyn std::fmt::Display| {
        let said = format!("is a broken archive ({why}); open it and save it anew");
        Box::new(Finding::of_file(Severity::Error, "unreadable", said))
    };
    let too_large = |what: String| {
        let said = format!("unpacks to more than {what}; no workbook of registers does");
        Box::new(Finding::of_file(Severity::Error, "too_large", said))
    };
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    if archive.len() > PARTS {
        return Err(too_large(format!("{PARTS} parts")));
    }
    let mut left = limits.unpacked_bytes;
    for part in 0..archive.len() {
        let part = archive.by_index(part).map_err(|error| broken(&error))?;
        let unpacked = std::io::copy(&mut part.take(left + 1), &mut std::io::sink())
            .map_err(|error| broken(&error))?;
        left = left
            .checked_sub(unpacked)
            .ok_or_else(|| too_large(format!("{} MiB", limits.unpacked_bytes >> 20)))?;
    }
    Ok(())
}

fn grid(
    book: &mut Xlsx<Cursor<&[u8]>>,
    sheet: &str,
    limits: &Limits,
) -> Result<Grid, Box<Finding>> {
    let of_sheet = |mut finding: Box<Finding>| {
        finding.sheet = Some(sheet.to_owned());
        finding
    };
    let mut grid = Grid { sheet: Some(sheet.to_owned()), ..Grid::default() };
    let merged =
        book.merge_cells_by_sheet_name(sheet).map_err(|error| of_sheet(unreadable(&error)))?;
    let mut cells =
        book.worksheet_cells_reader(sheet).map_err(|error| of_sheet(unreadable(&error)))?;
    while let Some(found) = cells.next_cell().map_err(|error| of_sheet(unreadable(&error)))? {
        let (row, column) = found.get_position();
        let cell = cell(found.get_value());
        if cell.is_empty() {
            continue;
        }
        bounded(&cell, (row, column), limits).map_err(of_sheet)?;
        let number = u64::from(row) + 1;
        match grid.rows.last_mut() {
            Some(last) if last.number == number => last.set(column as usize, cell),
            Some(last) if last.number > number => {
                let said = "rows do not follow each other; open it and save it anew";
                let finding = Finding::of_file(Severity::Error, "unreadable", said).at(number);
                return Err(of_sheet(finding.into()));
            }
            _ => {
                let mut new = Row { number, cells: Vec::new() };
                new.set(column as usize, cell);
                grid.rows.push(new);
            }
        }
    }
    grid.merged = merged
        .into_iter()
        .map(|area| Merged {
            first_row: u64::from(area.start.0) + 1,
            last_row: u64::from(area.end.0) + 1,
            first_column: area.start.1 as usize,
            last_column: area.end.1 as usize,
        })
        .collect();
    Ok(grid)
}

fn bounded(cell: &Cell, (row, column): (u32, u32), limits: &Limits) -> Result<(), Box<Finding>> {
    let (what, most) = if row >= limits.rows {
        ("rows", limits.rows as usize)
    } else if column >= limits.columns {
        ("columns", limits.columns as usize)
    } else if matches!(cell, Cell::Text(text) if text.chars().nth(limits.cell_chars).is_some()) {
        ("characters in a cell", limits.cell_chars)
    } else {
        return Ok(());
    };
    let said = format!("more than {most} {what}; split the file, or clear what lies outside");
    let mut finding = Finding::of_file(Severity::Error, "too_large", said).at(u64::from(row) + 1);
    finding.column = Some(letters(column as usize));
    Err(finding.into())
}

fn cell(value: &DataRef<'_>) -> Cell {
    match Data::from(value.clone()) {
        Data::Empty => Cell::Empty,
        Data::Int(number) => Cell::Number(number as f64),
        Data::Float(number) => Cell::Number(number),
        Data::Bool(value) => Cell::Bool(value),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::text(&text),
        Data::Error(error) => Cell::Fault(error.to_string()),
        Data::DateTime(time) => {
            let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
            let day = chrono::NaiveDate::from_ymd_opt(year.into(), month.into(), day.into());
            let time_of_day =
                |day: chrono::NaiveDate| day.and_hms_opt(hour.into(), minute.into(), second.into());
            day.and_then(time_of_day).map_or(Cell::Number(time.as_f64()), Cell::Time)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::{book, text, workbook};

    #[test]
    fn cells_are_what_the_sheet_says() {
        let (a, b) = (text("A1", " Mã  số "), text("B3", "#x"));
        let inside = format!(
            "<sheetData><row r=\"1\">{a}<c r=\"C1\"><v>12</v></c></row><row r=\"3\"><c r=\"A3\" \
             s=\"1\"><v>43560</v></c>{b}<c r=\"C3\" t=\"e\"><v>#REF!</v></c></row></sheetData>\
             <mergeCells><mergeCell ref=\"A1:A2\"/></mergeCells>"
        );
        let grids = read(&workbook(&inside), &[], &Limits::default()).unwrap();
        let [grid] = &grids[..] else { panic!("{grids:?}") };
        assert_eq!(grid.sheet.as_deref(), Some("Bảng"));
        assert_eq!(grid.rows[0].cells, [Cell::text("Mã số"), Cell::Empty, Cell::Number(12.0)]);
        assert_eq!(grid.rows[1].number, 3);
        assert_eq!(grid.rows[1].cell(0).shown(), "2019-04-05 00:00:00");
        assert_eq!(*grid.rows[1].cell(2), Cell::Fault("#REF!".into()));
        assert_eq!(grid.merged[0].last_row, 2);
        let other = read(&workbook(&inside), &["Sheet2".into()], &Limits::default()).unwrap_err();
        assert!(other.expected.contains("Bảng"));
        let hidden = book(&[("name=\"Cũ\" state=\"hidden\"", &inside)]);
        let named = read(&hidden, &["Cũ".into()], &Limits::default()).unwrap();
        assert!(named[0].is_hidden, "also if it is asked for");
    }

    #[test]
    fn a_cell_far_away_and_an_archive_that_swells_are_findings() {
        let inside = format!("<sheetData><row r=\"9\">{}</row></sheetData>", text("XFD9", "x"));
        let far = read(&workbook(&inside), &[], &Limits::default()).unwrap_err();
        assert_eq!((far.code, far.column.as_deref(), far.row), ("too_large", Some("XFD"), Some(9)));
        let swelling = workbook(&format!("<sheetData>{}</sheetData>", " ".repeat(3 << 20)));
        assert!(swelling.len() < 20_000);
        let limits = Limits { unpacked_bytes: 1 << 20, ..Limits::default() };
        assert_eq!(read(&swelling, &[], &limits).unwrap_err().code, "too_large");
        let broken = read(&swelling[..500], &[], &Limits::default()).unwrap_err();
        assert_eq!(broken.code, "unreadable");
    }
}
