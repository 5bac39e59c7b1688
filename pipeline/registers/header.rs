//! Which column holds which field: the row of headings is looked for under titles, headings are
//! compared without diacritics, and `--map` decides where that is not enough.

use sohoa_document::{fold::fold, mask::mask};

use crate::{
    finding::{Finding, Severity, letters},
    grid::{Cell, Grid, Row},
};

/// Rows in which the headings are looked for.
const LOOKED_AT: usize = 40;

/// Something a file says of a thing.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Name of the column in the table.
    pub name: &'static str,
    /// What people call it, folded.
    pub also: &'static [&'static str],
    /// Whether every row must have it.
    pub required: bool,
    /// Whether a merged cell would count twice if it stood for every row.
    pub counts: bool,
    /// Whether it says something about a person, and is never shown.
    pub secret: bool,
}

impl Field {
    /// A field that a row may lack.
    pub(crate) const fn new(name: &'static str, also: &'static [&'static str]) -> Self {
        Self { name, also, required: false, counts: false, secret: false }
    }

    /// The same, and every row must have it.
    pub(crate) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same, as a number of things.
    pub(crate) const fn counting(self) -> Self {
        Self { counts: true, ..self }
    }

    /// The same, about a person.
    pub(crate) const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    fn is_called(&self, folded: &str) -> bool {
        folded == self.name || self.also.contains(&folded)
    }
}

/// The headings of a sheet.
#[derive(Debug, Default)]
pub(crate) struct Header {
    /// Number of the last row of headings.
    pub(crate) row: u64,
    /// By column: its heading, and its field if it has one.
    pub(crate) columns: Vec<(String, Option<&'static Field>)>,
}

impl Header {
    /// The column of a field.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|(_, field)| field.is_some_and(|field| field.name == name))
    }

    /// The heading of a field; empty where it has none.
    pub(crate) fn heading(&self, name: &str) -> &str {
        self.column(name).map_or("", |column| &self.columns[column].0)
    }

    /// A column as it is named in findings.
    pub(crate) fn shown(&self, column: usize) -> String {
        match self.columns.get(column) {
            Some((heading, _)) if !heading.is_empty() => {
                format!("{} ({heading})", letters(column))
            }
            _ => letters(column),
        }
    }

    /// Finds the headings; `map` are pairs of a heading, or a column's letters, and a field's name.
    pub(crate) fn find(
        grid: &Grid,
        fields: &'static [Field],
        map: &[(String, String)],
        findings: &mut Vec<Finding>,
    ) -> Option<Self> {
        let mapped = mapped(fields, map, findings)?;
        let mut best = Self::best(grid, fields, &mapped)?;
        let complete = best.check(fields, &mapped, findings);
        complete.then_some(best)
    }

    /// Whether a sheet has headings of these fields, be they enough or not.
    pub(crate) fn is_in(grid: &Grid, fields: &'static [Field]) -> bool {
        Self::best(grid, fields, &[]).is_some_and(|best| best.are_headings())
    }

    /// Whether something is called by its name, or as `map` has it; a column's letters are no name.
    pub(crate) fn is_named(&self, map: &[(String, String)]) -> bool {
        let is_there = |name: &String| self.columns.iter().any(|(own, _)| fold(own) == fold(name));
        self.are_headings() || map.iter().any(|(name, _)| is_there(name))
    }

    /// The row that has most of the headings.
    fn best(
        grid: &Grid,
        fields: &'static [Field],
        mapped: &[(String, &'static Field)],
    ) -> Option<Self> {
        let candidates = (0..grid.rows.len().min(LOOKED_AT)).flat_map(|at| {
            // Headings of two storeys: what stands above and below is one heading.
            [Some(single(&grid.rows[at])), double(grid, at)]
        });
        candidates
            .flatten()
            .map(|(row, headings)| Self { row, columns: named(&headings, fields, mapped) })
            .max_by(|a, b| a.found().cmp(&b.found()).then(b.row.cmp(&a.row)))
    }

    fn found(&self) -> usize {
        let mut names: Vec<_> =
            self.columns.iter().filter_map(|(_, f)| Some(f.as_ref()?.name)).collect();
        names.sort_unstable();
        names.dedup();
        names.len()
    }

    /// Whether these are headings, and no row of a file that has none: something that every row must
    /// have is called by its name, or two other things.
    fn are_headings(&self) -> bool {
        let by_name = self
            .columns
            .iter()
            .filter(|(heading, field)| field.is_some_and(|field| field.is_called(&plain(heading))));
        let (mut required, mut all) = (0, 0);
        for (_, field) in by_name {
            all += 1;
            required += usize::from(field.is_some_and(|field| field.required));
        }
        required > 0 || all > 1
    }

    /// The headings as findings tell them; of a row that may be a person's only how long it is.
    fn told(&self, fields: &[Field]) -> String {
        let headings: Vec<&str> =
            self.columns.iter().map(|(h, _)| h.as_str()).filter(|h| !h.is_empty()).collect();
        if fields.iter().any(|field| field.secret) && !self.are_headings() {
            return format!("{} cells", headings.len());
        }
        mask(&headings.join(" | ")).into_owned()
    }

    /// Forgets the texts of a row that is told as headings in every finding and may be a person's.
    fn hide_row(&mut self, fields: &[Field]) {
        let hide = fields.iter().any(|field| field.secret) && !self.are_headings();
        for (heading, _) in &mut self.columns {
            *heading = if hide { String::new() } else { mask(heading).into_owned() };
        }
    }

    /// Says what is missing, named twice, or left alone.
    fn check(
        &mut self,
        fields: &'static [Field],
        mapped: &[(String, &'static Field)],
        findings: &mut Vec<Finding>,
    ) -> bool {
        let before = findings.len();
        let headings = self.told(fields);
        for field in fields.iter().filter(|field| field.required) {
            if self.column(field.name).is_none() {
                let called: Vec<&str> = field.also.iter().take(3).copied().collect();
                let said = format!(
                    "no column is called {} ({}); name it so, or give --map HEADING={}",
                    field.name,
                    called.join(", "),
                    field.name
                );
                let finding = Finding::of_file(Severity::Error, "missing_column", said);
                findings.push(finding.at(self.row).seeing(&headings));
            }
        }
        for (heading, _) in mapped {
            let is_it = |(column, (name, _)): (usize, &(String, _))| {
                fold(name) == *heading || letters(column).to_lowercase() == *heading
            };
            if !self.columns.iter().enumerate().any(is_it) {
                let said = format!("--map: no column is headed so, but: {headings}");
                let finding = Finding::of_file(Severity::Error, "map", said).at(self.row);
                findings.push(finding.seeing(heading));
            }
        }
        self.hide_row(fields);
        for field in fields {
            let is_field = |other: Option<&Field>| other.is_some_and(|f| f.name == field.name);
            let columns: Vec<String> = (0..self.columns.len())
                .filter(|column| is_field(self.columns[*column].1))
                .map(|column| self.shown(column))
                .collect();
            if columns.len() > 1 {
                let said = format!(
                    "{} are all {}; keep one, or give --map LETTER={}",
                    columns.join(" and "),
                    field.name,
                    field.name
                );
                findings.push(Finding::of_file(Severity::Error, "twice_column", said).at(self.row));
            }
        }
        let is_wrong = findings.len() > before;
        if !is_wrong && !self.are_headings() {
            let said = "is taken for the headings, and not read: put headings above the rows";
            findings.push(Finding::of_file(Severity::Warning, "headings", said).at(self.row));
        }
        let alone: Vec<String> = (0..self.columns.len())
            .filter(|column| self.columns[*column].1.is_none())
            .filter(|column| !self.columns[*column].0.is_empty())
            .map(|column| self.shown(column))
            .collect();
        if !is_wrong && !alone.is_empty() {
            let said = format!("left alone: {}", alone.join(", "));
            findings.push(Finding::of_file(Severity::Note, "columns", said).at(self.row));
        }
        !is_wrong
    }
}

fn mapped(
    fields: &'static [Field],
    map: &[(String, String)],
    findings: &mut Vec<Finding>,
) -> Option<Vec<(String, &'static Field)>> {
    let mut mapped = Vec::new();
    for (heading, name) in map {
        let Some(field) = fields.iter().find(|field| field.is_called(&fold(name))) else {
            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
            let said = format!("--map: no such field; one of {}", names.join(", "));
            findings.push(Finding::of_file(Severity::Error, "map", said).seeing(name));
            return None;
        };
        mapped.push((fold(heading), field));
    }
    Some(mapped)
}

fn single(row: &Row) -> (u64, Vec<String>) {
    (row.number, row.cells.iter().map(Cell::shown).collect())
}

fn double(grid: &Grid, at: usize) -> Option<(u64, Vec<String>)> {
    let (upper, lower) = (grid.rows.get(at)?, grid.rows.get(at + 1)?);
    let wide = upper.cells.len().max(lower.cells.len());
    let mut above = String::new();
    let headings = (0..wide).map(|column| {
        let own = upper.cell(column).shown();
        let below = lower.cell(column).shown();
        if !own.is_empty() {
            above.clone_from(&own);
        }
        // A heading over several columns stands over each of them.
        let over = if own.is_empty() && !below.is_empty() { above.as_str() } else { own.as_str() };
        let below = if below == own { "" } else { below.as_str() };
        format!("{over} {below}").trim().to_owned()
    });
    Some((lower.number, headings.collect()))
}

fn named(
    headings: &[String],
    fields: &'static [Field],
    mapped: &[(String, &'static Field)],
) -> Vec<(String, Option<&'static Field>)> {
    let by_map = |column: usize, folded: &str| {
        let letter = letters(column).to_lowercase();
        mapped.iter().find(|(heading, _)| heading == folded || *heading == letter)
    };
    headings
        .iter()
        .enumerate()
        .map(|(column, heading)| {
            let folded = plain(heading);
            if let Some((_, field)) = by_map(column, &fold(heading)) {
                return (heading.clone(), Some(*field));
            }
            // What is mapped is not found by its usual name as well.
            let free = |field: &&Field| !mapped.iter().any(|(_, taken)| taken.name == field.name);
            let field = fields.iter().filter(free).find(|field| field.is_called(&folded));
            (heading.clone(), field)
        })
        .collect()
}

/// A heading without remarks in brackets, marks and numbering: `Số lượng (bản) *` is `so luong`.
fn plain(heading: &str) -> String {
    let folded = fold(heading);
    let before = folded.split(['(', '[']).next().unwrap_or_default();
    let before = if before.trim().is_empty() { folded.as_str() } else { before };
    before.trim_matches(|c: char| c.is_whitespace() || "*:.".contains(c)).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[Field] = &[
        Field::new("agency_code", &["ma co quan", "ma don vi"]).required(),
        Field::new("valid_paper_count", &["so luong", "tong so ket qua"]).required().counting(),
        Field::new("note", &["ghi chu"]),
    ];

    fn grid(rows: &[&[&str]]) -> Grid {
        let row = |(at, cells): (usize, &&[&str])| Row {
            number: at as u64 + 1,
            cells: cells.iter().map(|text| Cell::text(text)).collect(),
        };
        Grid { rows: rows.iter().enumerate().map(row).collect(), ..Grid::default() }
    }

    fn find(rows: &[&[&str]], map: &[(&str, &str)]) -> (Option<Header>, Vec<Finding>) {
        let map: Vec<_> = map.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let mut findings = Vec::new();
        (Header::find(&grid(rows), FIELDS, &map, &mut findings), findings)
    }

    #[test]
    fn headings_are_found_under_titles_and_in_two_storeys() {
        let (header, _) = find(
            &[&["BIỂU KIỂM KÊ"], &["STT", "Mã cơ quan *", "Số lượng (bản)"], &["1", "H08", "3"]],
            &[],
        );
        let header = header.unwrap();
        assert_eq!((header.row, header.column("agency_code")), (2, Some(1)));
        assert_eq!(header.shown(2), "C (Số lượng (bản))");
        let (header, findings) = find(
            &[&["Mã đơn vị", "Tổng số", "", "Khác"], &["", "kết quả", "trang"], &["H08", "3", "9"]],
            &[],
        );
        let header = header.unwrap();
        assert_eq!((header.row, header.column("valid_paper_count")), (2, Some(1)));
        assert!(findings[0].expected.contains("D (Khác)"), "{findings:?}");
    }

    #[test]
    fn a_row_of_a_file_without_headings_is_not_told() {
        const PERSONS: &[Field] = &[
            Field::new("dossier_code", &["ma ho so"]).required(),
            Field::new("owner_id", &["cccd"]).secret(),
            Field::new("unit", &["bo phan mot cua"]),
        ];
        let row: &[&[&str]] = &[&["H21.5-240115-0007", "Nguyễn Văn A", "CCCD", "052099001234"]];
        let told = |map: &[(&str, &str)]| {
            let map: Vec<_> = map.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            let mut findings = Vec::new();
            let header = Header::find(&grid(row), PERSONS, &map, &mut findings);
            (header, format!("{findings:?}"))
        };
        let (header, said) = told(&[]);
        assert!(header.is_none() && said.contains("4 cells"), "{said}");
        assert!(!said.contains("Nguyễn") && !said.contains("9900"), "{said}");
        let (header, said) = told(&[("A", "dossier_code")]);
        let shown: Vec<String> =
            (0..4).map(|column| header.as_ref().unwrap().shown(column)).collect();
        assert_eq!(shown, ["A", "B", "C", "D"]);
        assert!(!said.contains("Nguyễn") && !said.contains("9900"), "{said}");
        // Headings that are some are told, but no number among them.
        let (_, said) = told(&[("052099001234", "unit"), ("Q", "owner_id")]);
        assert!(!said.contains("9900"), "{said}");
    }

    #[test]
    fn what_is_missing_or_twice_is_told_with_what_was_seen() {
        let (header, findings) = find(&[&["Mã cơ quan", "Số lượg"], &["H08", "3"]], &[]);
        assert!(header.is_none());
        assert!(findings[0].expected.contains("valid_paper_count (so luong"), "{findings:?}");
        let (header, _) =
            find(&[&["Mã cơ quan", "SL"], &["H08", "3"]], &[("sl", "valid_paper_count")]);
        assert_eq!(header.unwrap().column("valid_paper_count"), Some(1));
        let (header, _) = find(&[&["Mã cơ quan", "Số lượng", "Số lượng"], &["H08", "3", "4"]], &[]);
        assert!(header.is_none(), "two columns of one meaning");
        let by_letter = [("C", "valid_paper_count")];
        let (header, _) =
            find(&[&["Mã cơ quan", "Số lượng", "Số lượng"], &["H08", "3", "4"]], &by_letter);
        assert_eq!(header.unwrap().column("valid_paper_count"), Some(2));
        let (header, findings) = find(&[&["Mã cơ quan", "Số lượng"]], &[("XYZ", "note")]);
        assert!(header.is_none() && findings[0].code == "map");
    }
}
