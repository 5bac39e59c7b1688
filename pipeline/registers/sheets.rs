//! Which sheets of a file are read: every one that has the headings of the kind. A workbook with one
//! sheet an agency or a year is one list; what stands beside it, such as remarks, has no headings.

use crate::{
    finding::{Finding, Severity},
    grid::Grid,
    header::Header,
    kinds::Kind,
    legacy,
    read::Options,
};

/// A sheet that is read.
pub(crate) struct Sheet {
    pub(crate) grid: Grid,
    pub(crate) header: Header,
}

/// A sheet as it was looked at.
struct Looked {
    grid: Grid,
    header: Option<Header>,
    is_list: bool,
    findings: Vec<Finding>,
}

/// The sheets to be read, of those of a file. One that has headings but lacks a column is an error:
/// nobody can say whether its rows belong to the others.
pub(crate) fn choose(
    grids: Vec<Grid>,
    kind: Kind,
    options: &Options,
    findings: &mut Vec<Finding>,
) -> Vec<Sheet> {
    let mut looked: Vec<Looked> = grids.into_iter().map(|grid| look(grid, kind, options)).collect();
    if !looked.iter().any(|sheet| sheet.is_list && !sheet.grid.is_hidden) {
        // What the first one lacks is told.
        looked.truncate(1);
    } else if options.sheets.is_empty() {
        looked.retain_mut(|sheet| is_read(sheet, kind, findings));
    }
    let names: Vec<&str> = looked.iter().filter_map(|sheet| sheet.grid.sheet.as_deref()).collect();
    if names.len() > 1 {
        let said = format!(
            "{} sheets are read as one list: {}; --sheet names those to read",
            names.len(),
            names.join(", ")
        );
        findings.push(Finding::of_file(Severity::Note, "sheets", said));
    }
    let mut sheets = Vec::new();
    for sheet in looked {
        findings.extend(sheet.findings);
        sheets.extend(sheet.header.map(|header| Sheet { grid: sheet.grid, header }));
    }
    sheets
}

/// Whether a sheet that nobody named is read; tells of one that is not.
fn is_read(sheet: &Looked, kind: Kind, findings: &mut Vec<Finding>) -> bool {
    let (severity, said) = match (sheet.is_list, sheet.grid.is_hidden) {
        (true, false) => return true,
        (true, true) => {
            (Severity::Warning, "is hidden, and left out; give --sheet to read it".to_owned())
        }
        (false, _) => (Severity::Note, format!("left out: has no headings of {kind}")),
    };
    let finding = Finding::of_file(severity, "sheet", said);
    findings.push(finding.of_sheet(sheet.grid.sheet.as_deref()));
    false
}

fn look(mut grid: Grid, kind: Kind, options: &Options) -> Looked {
    let mut findings = Vec::new();
    if grid.rows.is_empty() {
        findings.push(Finding::of_file(Severity::Error, "empty", "holds nothing"));
    }
    prepare(&mut grid, &mut findings);
    let header = Header::find(&grid, kind.fields(), &options.map, &mut findings);
    let is_list = header.is_some() || Header::is_in(&grid, kind.fields());
    let name = grid.sheet.as_deref();
    let findings = findings.into_iter().map(|finding| finding.of_sheet(name)).collect();
    Looked { grid, header, is_list, findings }
}

/// What is done to cells before anybody asks what they mean.
fn prepare(grid: &mut Grid, findings: &mut Vec<Finding>) {
    grid.spread_merged();
    if grid.merged.iter().any(|merged| merged.last_row > merged.first_row) {
        let said = "has merged cells: their value stands for each of their rows";
        findings.push(Finding::of_file(Severity::Note, "merged", said));
    }
    legacy::repair(&mut grid.rows, findings);
}
