//! CSV files as spreadsheet programs save them: comma, semicolon or tab; quotes or none; `sep=;` on
//! the first line or not.

use crate::{
    encoding::{self, Decoded},
    finding::{Finding, Severity},
    grid::{Cell, Grid, Row},
    limits::Limits,
};

/// Separators that spreadsheets use, by the language they run in.
pub const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// Lines by which the separator is recognised.
const TASTED: usize = 30;

/// Reads a text file; notes go to `findings`.
///
/// # Errors
/// Why it is no such file.
pub(crate) fn read(
    bytes: &[u8],
    limits: &Limits,
    findings: &mut Vec<Finding>,
) -> Result<Grid, Box<Finding>> {
    let Decoded { text, converted_from } = encoding::decode(bytes).map_err(|(line, byte)| {
        Finding::of_file(
            Severity::Error,
            "encoding",
            "is neither UTF-8 nor an old Vietnamese encoding that its words speak for; in Excel save \
             it as `CSV UTF-8 (Comma delimited)`, or send the XLSX",
        )
        .at(line)
        .seeing(&format!("byte {byte:#04x}"))
    })?;
    if let Some(name) = converted_from {
        let said = format!("was in {name} and is read as that; check the names in the dry run");
        findings.push(Finding::of_file(Severity::Warning, "encoding", said));
    }
    let told = text.trim_start_matches('\u{feff}').as_bytes();
    let (skipped, text) = told_separator(&text);
    let told = told.get(4).copied().filter(|byte| skipped > 0 && SEPARATORS.contains(byte));
    parse(text, (told.unwrap_or_else(|| separator(text)), skipped), limits)
}

/// A first line by which Excel is told the separator is no row.
pub fn told_separator(text: &str) -> (u64, &str) {
    match text.split_once('\n') {
        Some((first, rest)) if first.trim_end().to_ascii_lowercase().starts_with("sep=") => {
            (1, rest)
        }
        _ => (0, text),
    }
}

fn parse(
    text: &str,
    (separator, skipped): (u8, u64),
    limits: &Limits,
) -> Result<Grid, Box<Finding>> {
    if let Some(at) = open_quote(text, separator) {
        let said = "a quote opens here and is never closed: the rows behind it would be one cell";
        let finding = Finding::of_file(Severity::Error, "csv", said.to_owned()).at(at + skipped);
        return Err(Box::new(finding));
    }
    let mut grid = Grid::default();
    for record in reader(text, separator).records() {
        let record = record.map_err(|error| {
            Finding::of_file(Severity::Error, "csv", format!("cannot be read as CSV: {error}"))
        })?;
        let number = record.position().map_or(0, |at| line(text, at)) + skipped;
        let too_many = |what: &str, most: usize| {
            let said = format!("more than {most} {what}; split the file");
            Box::new(Finding::of_file(Severity::Error, "too_large", said).at(number))
        };
        if record.len() > limits.columns as usize {
            return Err(too_many("columns", limits.columns as usize));
        }
        if grid.rows.len() >= limits.rows as usize {
            return Err(too_many("rows", limits.rows as usize));
        }
        if record.iter().any(|cell| cell.chars().nth(limits.cell_chars).is_some()) {
            return Err(too_many("characters in a cell (an open quote?)", limits.cell_chars));
        }
        let row = Row { number, cells: record.iter().map(Cell::text).collect() };
        if !row.is_empty() {
            grid.rows.push(row);
        }
    }
    Ok(grid)
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
}

/// The separator under which the first lines have most cells.
fn separator(text: &str) -> u8 {
    let cells = |separator: &u8| {
        let records = reader(text, *separator).into_records().take(TASTED);
        let filled = |record: csv::StringRecord| record.iter().filter(|c| !c.is_empty()).count();
        records.map_while(Result::ok).map(|record| filled(record).saturating_sub(1)).sum::<usize>()
    };
    // The first of equals.
    SEPARATORS.into_iter().rev().max_by_key(cells).unwrap_or(b',')
}

/// Line of a quote that begins a cell and has no end: a reader of CSV takes the end of the file for
/// it, and all rows behind for a part of the cell.
pub fn open_quote(text: &str, separator: u8) -> Option<u64> {
    let (mut line, mut opened) = (1, None);
    let mut begins = true;
    let mut bytes = text.trim_start_matches('\u{feff}').bytes().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, opened) {
            // Twice within quotes it is a sign like others.
            (b'"', Some(_)) if bytes.next_if_eq(&b'"').is_some() => {}
            (b'"', Some(_)) => opened = None,
            (b'"', None) if begins => opened = Some(line),
            _ => {}
        }
        begins = opened.is_none() && (byte == separator || matches!(byte, b'\n' | b'\r'));
        line += u64::from(byte == b'\n');
    }
    opened
}

/// Line on which a record begins: its position is that of the line ends before it.
pub fn line(text: &str, at: &csv::Position) -> u64 {
    let from = usize::try_from(at.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    at.line() + ends.filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<(u64, Vec<String>)> {
        let grid = read(text.as_bytes(), &Limits::default(), &mut Vec::new()).unwrap();
        grid.rows
            .iter()
            .map(|row| (row.number, row.cells.iter().map(Cell::shown).collect()))
            .collect()
    }

    #[test]
    fn every_separator_is_recognised_and_lines_keep_their_numbers() {
        for separator in [",", ";", "\t"] {
            let text = format!(
                "KIỂM KÊ, QUÝ 3\r\n\r\nMã{separator}Số lượng\r\n\"H08\n.12\"{separator}1\r\nH09{separator}2\n"
            );
            let rows = cells(&text);
            let numbers: Vec<u64> = rows.iter().map(|(number, _)| *number).collect();
            assert_eq!(numbers, [1, 3, 4, 6], "{separator:?}");
            assert_eq!(rows[3].1, ["H09", "2"]);
        }
        assert_eq!(cells("sep=;\r\na;b,c\r\n"), [(2, vec!["a".to_owned(), "b,c".to_owned()])]);
    }

    #[test]
    fn an_open_quote_takes_no_rows_with_it() {
        let open = |text: &str| open_quote(text, b',');
        assert_eq!(open("a,b\n1,\"x\n2,y\n"), Some(2));
        assert_eq!(open("a,b\r\n1,\"x \"\"y\"\" z\"\r\n2,\"\"\r\n"), None);
        assert_eq!(open("a,b\n1,khu \"A\n\"2\n3\",5\" x\n"), None, "a sign within a cell");
        assert_eq!(open("\u{feff}\"a"), Some(1));
        let wrong = read(b"a;b\n1;\"x\n2;y\n", &Limits::default(), &mut Vec::new()).unwrap_err();
        assert_eq!((wrong.code, wrong.row), ("csv", Some(2)));
    }

    #[test]
    fn bounds_are_findings() {
        let limits = Limits { rows: 2, columns: 3, cell_chars: 5, ..Limits::default() };
        let of = |text: &str| read(text.as_bytes(), &limits, &mut Vec::new()).unwrap_err().row;
        assert_eq!(of("a\nb\nc\n"), Some(3));
        assert_eq!(of("a,b,c,d\n"), Some(1));
        assert_eq!(of("a\nabcdef\n"), Some(2));
    }
}
