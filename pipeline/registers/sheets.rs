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
    /// Whether it has headings, be they enough or not.
    is_headed: bool,
    findings: Vec<Finding>,
}

impl Looked {
    fn is_list(&self) -> bool {
        self.is_headed && !self.grid.is_hidden
    }
}

/// The sheets to be read, of those of a file. One that has headings but lacks a column is an error:
/// nobody but the caller can say whether its rows belong to the others.
pub(crate) fn choose(
    grids: Vec<Grid>,
    kind: Kind,
    options: &Options,
    findings: &mut Vec<Finding>,
) -> Vec<Sheet> {
    let mut looked: Vec<Looked> = grids.into_iter().map(|grid| look(grid, kind, options)).collect();
    if !looked.iter().any(Looked::is_list) {
        // The letters of columns fit any sheet: they tell lists only where nothing else does.
        for sheet in &mut looked {
            sheet.is_headed |= sheet.header.is_some();
        }
    }
    if !looked.iter().any(Looked::is_list) {
        // What the first one lacks is told.
        looked.truncate(1);
    } else if options.sheets.is_empty() {
        looked.retain_mut(|sheet| is_read(sheet, kind, findings));
        name_the_complete(&mut looked);
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

/// Says of a sheet that lacks a column how to read the others alone.
fn name_the_complete(looked: &mut [Looked]) {
    let complete = looked.iter().filter(|sheet| sheet.header.is_some());
    let names: Vec<String> = complete
        .filter_map(|sheet| Some(format!("--sheet '{}'", sheet.grid.sheet.as_deref()?)))
        .collect();
    if names.is_empty() {
        return;
    }
    let lacking = looked.iter_mut().flat_map(|sheet| &mut sheet.findings);
    for finding in lacking.filter(|finding| finding.code == "missing_column") {
        let others =
            format!("; if this sheet is no such list, read the others: {}", names.join(" "));
        finding.expected.push_str(&others);
    }
}

/// Whether a sheet that nobody named is read; tells of one that is not.
fn is_read(sheet: &Looked, kind: Kind, findings: &mut Vec<Finding>) -> bool {
    let (severity, said) = match (sheet.is_headed, sheet.grid.is_hidden) {
        (true, false) => return true,
        (true, true) => {
            (Severity::Warning, "is hidden, and left out; give --sheet to read it".to_owned())
        }
        // Its rows may go on with those of another sheet.
        (false, _) if sheet.header.is_some() => (
            Severity::Warning,
            format!("left out: has no headings of {kind}; give --sheet to read it by --map alone"),
        ),
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
    let is_headed = header.as_ref().is_some_and(|header| header.is_named(&options.map))
        || Header::is_in(&grid, kind.fields());
    let name = grid.sheet.as_deref();
    let findings = findings.into_iter().map(|finding| finding.of_sheet(name)).collect();
    Looked { grid, header, is_headed, findings }
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
