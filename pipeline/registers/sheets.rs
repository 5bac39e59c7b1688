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
    /// Whether it is read; a hidden one is where it was named.
    fn is_list(&self, options: &Options) -> bool {
        self.is_headed && (!options.sheets.is_empty() || !self.grid.is_hidden)
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
    let has_list = |looked: &[Looked]| looked.iter().any(|sheet| sheet.is_list(options));
    if !has_list(&looked) {
        // The letters of columns fit any sheet: they tell lists only where nothing else does.
        for sheet in &mut looked {
            sheet.is_headed |= sheet.header.is_some();
        }
    }
    if !has_list(&looked) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fuzzing::{book, text},
        read::{
            Reading,
            tests::{counts, number, row},
        },
    };

    fn counts_in(bytes: &[u8], sheets: &[&str]) -> Reading {
        let sheets = sheets.iter().map(|name| (*name).to_owned()).collect();
        counts(bytes, &Options { sheets, ..Options::default() })
    }

    /// A sheet of counts of one agency, by year.
    fn list(agency: &str, years: &[&str]) -> String {
        let headings = [text("A1", "Mã cơ quan"), text("B1", "Năm"), text("C1", "Số lượng")];
        let rows = years.iter().enumerate().map(|(at, year)| {
            let at = at as u32 + 2;
            let cells = [
                text(&format!("A{at}"), agency),
                number(&format!("B{at}"), year),
                number(&format!("C{at}"), "7"),
            ];
            row(at, &cells)
        });
        let rows: String = rows.collect();
        format!("<sheetData>{}{rows}</sheetData>", row(1, &headings))
    }

    /// What is told, each with its sheet, row and code.
    fn told(reading: &Reading) -> Vec<String> {
        let told = reading.findings.iter().map(|f| {
            format!("{} {} {}", f.sheet.as_deref().unwrap_or_default(), f.row.unwrap_or(0), f.code)
        });
        told.collect()
    }

    #[test]
    fn a_sheet_for_each_agency_is_one_list() {
        let remarks = format!("<sheetData>{}</sheetData>", row(1, &[text("A1", "Hướng dẫn")]));
        let (first, second) = (list("H08.12", &["2019", "2020"]), list("H08.13", &["2019"]));
        let sheets = [
            ("name=\"Bìa\"", remarks.as_str()),
            ("name=\"Sở A\"", &first),
            ("name=\"Sở B\"", &second),
            ("name=\"Cũ\" state=\"hidden\"", &first),
        ];
        let reading = counts_in(&book(&sheets), &[]);
        assert_eq!(told(&reading), ["Bìa 0 sheet", "Cũ 0 sheet", " 0 sheets"]);
        assert_eq!(reading.findings[1].severity, Severity::Warning, "it may hold what is meant");
        assert!(reading.is_acceptable());
        assert_eq!(reading.sheet.as_deref(), Some("Sở A, Sở B"));
        assert_eq!(reading.rows.unwrap().len(), 3);
        let one = counts_in(&book(&sheets), &["Cũ"]);
        assert_eq!((told(&one), one.rows.unwrap().len()), (vec![], 2));
        assert_eq!(one.sheet.as_deref(), Some("Cũ"));
    }

    #[test]
    fn what_is_wrong_in_one_of_several_sheets_is_told_with_its_sheet() {
        let (first, again) = (list("H08.12", &["2019", "2020"]), list("H08.12", &["2020", "9"]));
        let reading = counts_in(&book(&[("name=\"A\"", &first), ("name=\"B\"", &again)]), &[]);
        assert_eq!(told(&reading), [" 0 sheets", "B 2 duplicate", "B 3 year"]);
        let twice = &reading.findings[1].expected;
        assert!(twice.contains("row 3 of sheet A says the same"), "{twice}");
        let lacking = first.replace("Số lượng", "SL");
        let reading = counts_in(&book(&[("name=\"A\"", &first), ("name=\"B\"", &lacking)]), &[]);
        assert_eq!(told(&reading), [" 0 sheets", "B 1 missing_column"]);
        assert!(!reading.is_acceptable(), "its rows may belong to the others");
        let said = &reading.findings[1].expected;
        assert!(said.ends_with("--sheet 'A'"), "{said}");
    }

    #[test]
    fn a_sheet_that_adds_up_the_others_is_refused_until_somebody_names_the_sheets() {
        let year = list("H08.12", &["2019"]);
        let sum = year.replace("Năm", "Ghi chú");
        let sheets = [("name=\"2019\"", &*year), ("name=\"Tổng hợp\"", &*sum)];
        let reading = counts_in(&book(&sheets), &[]);
        let errors: Vec<_> =
            reading.findings.iter().filter(|f| f.severity == Severity::Error).collect();
        assert_eq!((reading.errors, errors[0].code), (1, "overlap"), "{errors:?}");
        assert_eq!((errors[0].sheet.as_deref(), errors[0].row), (Some("Tổng hợp"), Some(2)));
        assert!(errors[0].expected.contains("row 2 of sheet 2019"), "{}", errors[0]);
        let one = counts_in(&book(&sheets), &["2019"]);
        assert_eq!((told(&one), one.is_acceptable()), (vec![], true));
        let both = counts_in(&book(&sheets), &["2019", "Tổng hợp"]);
        assert!(both.is_acceptable(), "one may be of unknown years: {:?}", both.findings);
        assert!(told(&both).contains(&"Tổng hợp 2 overlap".to_owned()), "{:?}", both.findings);
    }

    #[test]
    fn letters_of_columns_are_no_headings_of_a_sheet_of_remarks() {
        let remarks = [text("A1", "Hướng dẫn"), text("B1", "Bước"), text("C1", "Ai làm")];
        let remarks = format!("<sheetData>{}</sheetData>", row(1, &remarks));
        let headed = list("H08.12", &["2019"]).replace("Số lượng", "SL");
        let map = |map: &[(&str, &str)]| Options {
            map: map.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
            ..Options::default()
        };
        let both = book(&[("name=\"Bìa\"", &remarks), ("name=\"A\"", &headed)]);
        let reading = counts(&both, &map(&[("C", "valid_paper_count"), ("A", "agency_code")]));
        assert_eq!(told(&reading), ["Bìa 0 sheet"], "{:?}", reading.findings);
        assert_eq!(reading.findings[0].severity, Severity::Warning, "it may hold rows");
        assert_eq!(reading.rows.unwrap().len(), 1);
        // Where no sheet has headings, all that the letters fit are read.
        let bare = headed.replace("Mã cơ quan", "Đơn vị").replace("Năm", "Khi");
        let both = book(&[("name=\"A\"", &bare), ("name=\"B\"", &bare.replace(".12", ".13"))]);
        let by_letter = [("A", "agency_code"), ("B", "document_year"), ("C", "valid_paper_count")];
        assert_eq!(counts(&both, &map(&by_letter)).rows.unwrap().len(), 2);
        let by_name =
            [("đơn vị", "agency_code"), ("khi", "document_year"), ("sl", "valid_paper_count")];
        assert_eq!(counts(&both, &map(&by_name)).rows.unwrap().len(), 2);
    }
}
