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
    finding::{Finding, Severity},
    grid::{Cell, Grid, Row},
    header::{Field, Header},
    kinds::{Kind, Rows},
    legacy,
    line::{Context, Found, Line},
    overlap, workbook,
};

/// How a file is to be read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Sheet of a spreadsheet; the first that holds anything otherwise.
    pub sheet: Option<String>,
    /// A heading, or a column's letters, and the field it holds.
    pub map: Vec<(String, String)>,
}

/// What a file holds.
#[derive(Debug)]
pub struct Reading {
    /// The rows that are right; all of them if there is no error.
    pub rows: Option<Rows>,
    /// The sheet that was read.
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
    let grid = grid(bytes, options, context, &mut findings);
    let mut rows = None;
    let mut sheet = None;
    match grid {
        Ok(mut grid) => {
            sheet.clone_from(&grid.sheet);
            if grid.rows.is_empty() {
                findings.push(Finding::of_file(Severity::Error, "empty", "holds nothing"));
            }
            prepare(&mut grid, &mut findings);
            let header = Header::find(&grid, kind.fields(), &options.map, &mut findings);
            take(&found, findings);
            if let Some(header) = header {
                rows = Some(take_rows(kind, &grid, &header, context, &found));
            }
        }
        Err(finding) => {
            findings.push(*finding);
            take(&found, findings);
        }
    }
    if let Some(rows) = &rows {
        if rows.is_empty() && found.borrow().errors == 0 {
            let said = "holds no row below its headings";
            found.borrow_mut().push(Finding::of_file(Severity::Error, "empty", said));
        }
        if let Rows::Agencies(statements) = rows {
            unknown_relatives(statements, &context.agencies, &found);
        }
    }
    let mut found = found.into_inner();
    for finding in &mut found.findings {
        name.clone_into(&mut finding.file);
        finding.sheet = finding.sheet.take().or_else(|| sheet.clone());
    }
    found.findings.sort_by_key(|finding| finding.row);
    Reading { rows, sheet, findings: found.findings, errors: found.errors, more: found.more }
}

fn take(found: &RefCell<Found>, findings: Vec<Finding>) {
    let mut found = found.borrow_mut();
    for finding in findings {
        found.push(finding);
    }
}

fn grid(
    bytes: &[u8],
    options: &Options,
    context: &Context<'_>,
    findings: &mut Vec<Finding>,
) -> Result<Grid, Box<Finding>> {
    let error = |code, said: String| Box::new(Finding::of_file(Severity::Error, code, said));
    if bytes.len() as u64 > context.limits.file_bytes {
        let most = context.limits.file_bytes >> 20;
        return Err(error("too_large", format!("more than {most} MiB; split the file")));
    }
    if workbook::is_archive(bytes) {
        return workbook::read(bytes, options.sheet.as_deref(), &context.limits);
    }
    if workbook::is_old(bytes) {
        let said = "is a workbook of before 2007, or protected; save it as XLSX or CSV UTF-8";
        return Err(error("unreadable", said.into()));
    }
    let is_wide = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    if !is_wide && bytes.contains(&0) {
        return Err(error("unreadable", "is neither XLSX nor a text file; save it as one".into()));
    }
    if let Some(sheet) = &options.sheet {
        return Err(error("sheet", format!("a text file has no sheet `{sheet}`")));
    }
    delimited::read(bytes, &context.limits, findings)
}

/// What is done to cells before anybody asks what they mean.
fn prepare(grid: &mut Grid, findings: &mut Vec<Finding>) {
    grid.spread_merged();
    if grid.merged.iter().any(|merged| merged.last_row > merged.first_row) {
        let said = "has merged cells: their value stands for each of their rows";
        findings.push(Finding::of_file(Severity::Note, "merged", said));
    }
    let cells = grid.rows.iter_mut().flat_map(|row| &mut row.cells);
    if let Some((legacy, count)) = legacy::repair(cells) {
        let said = format!(
            "{count} cells are written in {} and are read as that; check the names in the dry run",
            legacy.name()
        );
        findings.push(Finding::of_file(Severity::Warning, "encoding", said));
    }
}

fn take_rows(
    kind: Kind,
    grid: &Grid,
    header: &Header,
    context: &Context<'_>,
    found: &RefCell<Found>,
) -> Rows {
    let below = grid.rows.iter().filter(|row| row.number > header.row);
    let lines = below.filter_map(|row| {
        let line = Line { row, header, grid, context, found };
        match no_row(&line, kind) {
            Some(why) => {
                found.borrow_mut().push(
                    Finding::of_file(Severity::Note, "skipped", format!("left out: {why}"))
                        .at(row.number)
                        .seeing(&shown(row, kind)),
                );
                None
            }
            None => Some(line),
        }
    });
    let (rows, numbers) = kind.read(lines);
    if let Rows::Inventory(counts) = &rows {
        overlap::tell((counts, &numbers), &context.inventory, found);
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
/// row is known. Each row's number stands beside it.
pub(crate) fn each<'a, T: Serialize>(
    lines: impl Iterator<Item = Line<'a>>,
    key_fields: &[&str],
    read: impl Fn(&Line<'_>) -> Option<(String, T)>,
) -> (Vec<T>, Vec<u64>) {
    let mut rows: Vec<T> = Vec::new();
    let mut numbers = Vec::new();
    let mut seen: HashMap<String, (u64, usize)> = HashMap::new();
    for line in lines {
        let before = line.found.borrow().errors;
        let Some((key, row)) = read(&line) else { continue };
        if line.found.borrow().errors > before {
            continue;
        }
        match seen.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert((line.number(), rows.len()));
                rows.push(row);
                numbers.push(line.number());
            }
            Entry::Occupied(entry) => {
                let (first, at) = entry.get();
                let same = serde_json::to_value(&row).ok() == serde_json::to_value(&rows[*at]).ok();
                let (severity, said) = if same {
                    (Severity::Warning, format!("left out: row {first} says the same"))
                } else {
                    (Severity::Error, format!("one row of these; row {first} says otherwise"))
                };
                line.tell_of(severity, "duplicate", key_fields, said);
            }
        }
    }
    (rows, numbers)
}

/// Agencies above others, and those that took over, should be in the file or known.
fn unknown_relatives(
    statements: &[AgencyStatement],
    known: &HashSet<String>,
    found: &RefCell<Found>,
) {
    let own: HashSet<&str> = statements
        .iter()
        .flat_map(|one| [Some(one.code.as_str()), one.previous_code.as_deref()])
        .flatten()
        .collect();
    let is_known = |code: &String| own.contains(code.as_str()) || known.contains(code);
    for one in statements {
        let related = one.parent_code.iter().chain(&one.successor_codes);
        for code in related.filter(|code| !is_known(code)) {
            let said = format!(
                "{} names an agency that is neither here nor known; import it, too",
                one.code
            );
            let finding = Finding::of_file(Severity::Warning, "unknown_agency", said);
            found.borrow_mut().push(finding.seeing(code));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fuzzing::{text, workbook},
        limits::Limits,
    };

    fn number(place: &str, number: &str) -> String {
        format!("<c r=\"{place}\"><v>{number}</v></c>")
    }

    fn row(number: u32, cells: &[String]) -> String {
        format!("<row r=\"{number}\">{}</row>", cells.concat())
    }

    fn reading(rows: &[String], merged: &str) -> Reading {
        let inside =
            format!("<sheetData>{}</sheetData><mergeCells>{merged}</mergeCells>", rows.concat());
        let hide = |text: &str| text.to_owned();
        let today = "2026-11-27".parse().unwrap();
        let context = Context {
            province: "H08".into(),
            agency: None,
            today,
            as_of: today,
            limits: Limits::default(),
            hide: &hide,
            agencies: HashSet::new(),
            inventory: Vec::new(),
            accept_unknown: false,
        };
        let file = ("kiem-ke.xlsx", &*workbook(&inside));
        read(file, Kind::Inventory, &Options::default(), &context)
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
