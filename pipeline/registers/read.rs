//! A file as rows, with everything there is to say about it at once.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet, hash_map::Entry},
};

use serde::Serialize;
use sohoa_document::fold::fold;
use sohoa_schemas::registers::AgencyStatement;

use crate::{
    delimited,
    finding::{Finding, Place, Severity},
    grid::{Cell, Grid, Row},
    header::Field,
    kinds::{Kind, Rows},
    line::{Context, Found, Line},
    overlap,
    sheets::{Sheet, choose},
    tables::Agencies,
    workbook,
};

/// How a file is to be read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Sheets of a spreadsheet; without any all that have the headings.
    pub sheets: Vec<String>,
    /// A heading, or a column's letters, and the field it holds.
    pub map: Vec<(String, String)>,
}

/// What a file holds.
#[derive(Debug)]
pub struct Reading {
    /// The rows that are right; all of them if there is no error.
    pub rows: Option<Rows>,
    /// The sheets that were read, between commas.
    pub sheet: Option<String>,
    /// Everything there is to say, in the order of the file.
    pub findings: Vec<Finding>,
    /// Errors among them, and among those that were too many to be kept.
    pub errors: u64,
    /// Findings that were not kept.
    pub more: u64,
}

impl Reading {
    /// Whether all of it may be taken.
    pub fn is_acceptable(&self) -> bool {
        self.errors == 0 && self.rows.as_ref().is_some_and(|rows| !rows.is_empty())
    }
}

/// Reads a file of a kind.
pub fn read(
    (name, bytes): (&str, &[u8]),
    kind: Kind,
    options: &Options,
    context: &Context<'_>,
) -> Reading {
    let found = RefCell::new(Found::new(context.limits.findings));
    let mut findings = Vec::new();
    let sheets = match grids(bytes, options, context, &mut findings) {
        Ok(grids) => choose(grids, kind, options, &mut findings),
        Err(finding) => {
            findings.push(*finding);
            Vec::new()
        }
    };
    take(&found, findings);
    let rows = (!sheets.is_empty()).then(|| take_rows(kind, &sheets, (options, context), &found));
    let names: Vec<&str> = sheets.iter().filter_map(|sheet| sheet.grid.sheet.as_deref()).collect();
    if let Some(rows) = &rows {
        let only = if let [only] = names[..] { Some(only) } else { None };
        if rows.is_empty() && found.borrow().errors == 0 {
            let said = "holds no row below its headings";
            let finding = Finding::of_file(Severity::Error, "empty", said);
            found.borrow_mut().push(finding.of_sheet(only));
        }
        if let Rows::Agencies(statements) = rows {
            unknown_relatives(statements, &context.register, &found, only);
        }
    }
    let mut found = found.into_inner();
    for finding in &mut found.findings {
        name.clone_into(&mut finding.file);
    }
    let place =
        |finding: &Finding| names.iter().position(|name| finding.sheet.as_deref() == Some(name));
    found.findings.sort_by_key(|finding| (place(finding), finding.row));
    let sheet = (!names.is_empty()).then(|| names.join(", "));
    Reading { rows, sheet, findings: found.findings, errors: found.errors, more: found.more }
}

fn take(found: &RefCell<Found>, findings: Vec<Finding>) {
    let mut found = found.borrow_mut();
    for finding in findings {
        found.push(finding);
    }
}

fn grids(
    bytes: &[u8],
    options: &Options,
    context: &Context<'_>,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Grid>, Box<Finding>> {
    let error = |code, said: String| Box::new(Finding::of_file(Severity::Error, code, said));
    if bytes.len() as u64 > context.limits.file_bytes {
        let most = context.limits.file_bytes >> 20;
        return Err(error("too_large", format!("more than {most} MiB; split the file")));
    }
    if workbook::is_archive(bytes) {
        return workbook::read(bytes, &options.sheets, &context.limits);
    }
    if workbook::is_old(bytes) {
        let said = "is a workbook of before 2007, or protected; save it as XLSX or CSV UTF-8";
        return Err(error("unreadable", said.into()));
    }
    let is_wide = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    if !is_wide && bytes.contains(&0) {
        return Err(error("unreadable", "is neither XLSX nor a text file; save it as one".into()));
    }
    if let Some(sheet) = options.sheets.first() {
        return Err(error("sheet", format!("a text file has no sheet `{sheet}`")));
    }
    Ok(vec![delimited::read(bytes, &context.limits, findings)?])
}

fn take_rows(
    kind: Kind,
    sheets: &[Sheet],
    (options, context): (&Options, &Context<'_>),
    found: &RefCell<Found>,
) -> Rows {
    let lines = sheets.iter().flat_map(|Sheet { grid, header }| {
        let below = grid.rows.iter().filter(|row| row.number > header.row);
        below.map(move |row| Line { row, header, grid, context, found })
    });
    let lines = lines.filter(|line| match no_row(line, kind) {
        Some(why) => {
            found.borrow_mut().push(
                Finding::of_file(Severity::Note, "skipped", format!("left out: {why}"))
                    .at_place(line.place())
                    .seeing(&shown(line.row, kind)),
            );
            false
        }
        None => true,
    });
    let (rows, places) = kind.read(lines);
    if let Rows::Inventory(counts) = &rows {
        overlap::tell((counts, &places), (options, context), found);
    }
    rows
}

/// A row as it is told; of one that may be a person's only how long it is.
fn shown(row: &Row, kind: Kind) -> String {
    let cells: Vec<String> = row.cells.iter().map(Cell::shown).filter(|c| !c.is_empty()).collect();
    if kind.fields().iter().any(|field| field.secret) {
        return format!("{} cells", cells.len());
    }
    cells.join(" | ")
}

/// Why a row below the headings is none: their numbers, a heading between, a sum, or what is written
/// below a list.
fn no_row(line: &Line<'_>, kind: Kind) -> Option<&'static str> {
    let filled: Vec<String> =
        line.row.cells.iter().map(Cell::shown).filter(|cell| !cell.is_empty()).collect();
    let numbers = filled.iter().enumerate().all(|(at, cell)| {
        let inner = cell.trim_matches(['(', ')', ' ']);
        inner == (at + 1).to_string()
            || matches!((at, inner), (0, "A" | "a") | (1, "B" | "b"))
            || inner.parse::<usize>().is_ok_and(|n| n + 2 == at + 1)
    });
    let follows = line.row.number <= line.header.row + 2;
    if follows && filled.len() > 2 && numbers {
        return Some("the numbers of the columns");
    }
    let required = || kind.fields().iter().filter(|field| field.required);
    if filled.len() == 1 && required().all(|field| line.lacks(field.name)) {
        return Some("a heading or remark between rows");
    }
    // The sum may stand in the column of the code, or before it.
    let is_lacking = required().any(|field| line.lacks(field.name));
    let sums = |field: &Field| is_sum(&line.shown(field.name));
    if filled.iter().take(2).any(|cell| is_sum(cell)) && (is_lacking || required().any(sums)) {
        return Some("a sum");
    }
    // The code of a dossier has digits, and is no sentence.
    let code = line.shown("dossier_code");
    let is_remark = filled.len() == 1 && code.split(' ').count() > 3
        || filled.iter().all(|cell| !cell.contains(|c: char| c.is_ascii_digit()));
    if kind == Kind::Dossiers && is_remark {
        return Some("a remark below the list");
    }
    None
}

/// Whether a cell says that the row adds up others: `Tổng cộng: 12 hồ sơ`, but not `Tổng công ty`.
fn is_sum(cell: &str) -> bool {
    let folded = fold(cell);
    ["tong cong", "tong so", "cong", "tong", "total"].iter().any(|word| {
        let rest = folded.strip_prefix(word).map(str::trim_start);
        rest.is_some_and(|rest| {
            rest.chars().next().is_none_or(|c| c.is_ascii_digit() || ":.(=".contains(c))
        })
    })
}

/// Reads every row, and tells of those that say the same thing twice: by `key_fields`, by which a
/// row is known. Each row's place stands beside it.
pub(crate) fn each<'a, T: Serialize>(
    lines: impl Iterator<Item = Line<'a>>,
    key_fields: &[&str],
    read: impl Fn(&Line<'_>) -> Option<(String, T)>,
) -> (Vec<T>, Vec<Place<'a>>) {
    let mut rows: Vec<T> = Vec::new();
    let mut places: Vec<Place<'a>> = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for line in lines {
        let before = line.found.borrow().errors;
        let Some((key, row)) = read(&line) else { continue };
        if line.found.borrow().errors > before {
            continue;
        }
        match seen.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(rows.len());
                rows.push(row);
                places.push(line.place());
            }
            Entry::Occupied(entry) => {
                let at = *entry.get();
                let same = serde_json::to_value(&row).ok() == serde_json::to_value(&rows[at]).ok();
                let first = places[at].named_from(line.place());
                let (severity, said) = if same {
                    (Severity::Warning, format!("left out: {first} says the same"))
                } else {
                    (Severity::Error, format!("one row of these; {first} says otherwise"))
                };
                line.tell_of(severity, "duplicate", key_fields, said);
            }
        }
    }
    (rows, places)
}

/// Agencies above others, and those that took over, should be in the file or known.
fn unknown_relatives(
    statements: &[AgencyStatement],
    register: &Agencies,
    found: &RefCell<Found>,
    sheet: Option<&str>,
) {
    let own: HashSet<&str> = statements
        .iter()
        .flat_map(|one| [Some(one.code.as_str()), one.previous_code.as_deref()])
        .flatten()
        .collect();
    let is_known = |code: &String| own.contains(code.as_str()) || register.knows(code);
    for one in statements {
        let related = one.parent_code.iter().chain(&one.successor_codes);
        for code in related.filter(|code| !is_known(code)) {
            let said = format!(
                "{} names an agency that is neither here nor known; import it, too",
                one.code
            );
            let finding = Finding::of_file(Severity::Warning, "unknown_agency", said);
            found.borrow_mut().push(finding.of_sheet(sheet).seeing(code));
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        fuzzing::{text, workbook},
        limits::Limits,
    };

    pub(crate) fn number(place: &str, number: &str) -> String {
        format!("<c r=\"{place}\"><v>{number}</v></c>")
    }

    pub(crate) fn row(number: u32, cells: &[String]) -> String {
        format!("<row r=\"{number}\">{}</row>", cells.concat())
    }

    fn reading(rows: &[String], merged: &str) -> Reading {
        let inside =
            format!("<sheetData>{}</sheetData><mergeCells>{merged}</mergeCells>", rows.concat());
        counts(&workbook(&inside), &Options::default())
    }

    /// Reads a workbook as counts.
    pub(crate) fn counts(bytes: &[u8], options: &Options) -> Reading {
        let hide = |text: &str| text.to_owned();
        let today = "2026-11-27".parse().unwrap();
        let context = Context {
            province: "H08".into(),
            agency: None,
            today,
            as_of: today,
            limits: Limits::default(),
            hide: &hide,
            hide_numbers: &hide,
            register: Agencies::default(),
            inventory: Vec::new(),
            accept_unknown: false,
        };
        read(("kiem-ke.xlsx", bytes), Kind::Inventory, options, &context)
    }

    #[test]
    fn a_merged_agency_stands_for_its_rows_but_a_merged_number_does_not() {
        let headings = [
            text("A3", "Mã cơ quan"),
            text("B3", "Năm"),
            text("C3", "Số lượng"),
            text("D3", "Ngày kiểm kê"),
        ];
        let rows = [
            row(1, &[text("A1", "BIỂU KIỂM KÊ")]),
            row(3, &headings),
            row(
                4,
                &[
                    text("A4", "H08.12"),
                    number("B4", "2016"),
                    number("C4", "5"),
                    "<c r=\"D4\" s=\"1\"><v>43560</v></c>".to_owned(),
                ],
            ),
            row(5, &[number("B5", "2017"), number("C5", "7"), text("D5", "06/04/2019")]),
        ];
        let right = reading(&rows, "<mergeCell ref=\"A1:D1\"/><mergeCell ref=\"A4:A5\"/>");
        let Some(Rows::Inventory(counts)) = &right.rows else { panic!("{:?}", right.findings) };
        assert!(right.is_acceptable(), "{:?}", right.findings);
        let told: Vec<_> = counts
            .iter()
            .map(|row| (row.agency_code.as_str(), row.year_to, row.counted_at.to_string()))
            .collect();
        let expected = [
            ("H08.12", Some(2016), "2019-04-05".to_owned()),
            ("H08.12", Some(2017), "2019-04-06".to_owned()),
        ];
        assert_eq!(told, expected);

        let wrong = reading(&rows, "<mergeCell ref=\"A4:A5\"/><mergeCell ref=\"C4:C5\"/>");
        let errors: Vec<_> =
            wrong.findings.iter().filter(|f| f.severity == Severity::Error).collect();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].code, "merged");
        assert_eq!(errors[0].sheet.as_deref(), Some("Bảng"));
        assert_eq!((errors[0].row, errors[0].column.as_deref()), (Some(5), Some("C (Số lượng)")));
    }
}
