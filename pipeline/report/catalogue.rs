//! The reports there are: their SQL, what they need, and how they are explained and drawn.

mod texts;

pub use self::texts::REPORTS;

/// A report.
#[derive(Debug)]
pub struct Report {
    /// `R1` to `R15`.
    pub name: &'static str,
    /// Its name in words, as in the file's name.
    pub slug: &'static str,
    /// Title in Vietnamese.
    pub title: &'static str,
    /// What it says, in Vietnamese.
    pub sentence: &'static str,
    /// What it says, in English.
    pub sentence_en: &'static str,
    /// Tables without whose rows it says nothing.
    pub inputs: &'static [&'static str],
    /// Tables that add to it.
    pub also: &'static [&'static str],
    /// How it is computed, in Vietnamese; one paragraph each.
    pub method: &'static [&'static str],
    /// Where the duty or the formula is from.
    pub basis: &'static str,
    /// The SQL, one statement.
    pub sql: &'static str,
    /// Its chart.
    pub chart: Chart,
}

/// Bars, one a row of the answer.
#[derive(Debug)]
pub struct Chart {
    /// Caption in Vietnamese.
    pub caption: &'static str,
    /// Columns that name a bar.
    pub label: &'static [&'static str],
    /// Column of its length.
    pub value: &'static str,
    /// A mark across the bar.
    pub mark: Mark,
    /// Rows that are drawn.
    pub rows: &'static [Pick],
}

/// What a bar is compared with.
#[derive(Debug)]
pub enum Mark {
    /// A column, and what it is called.
    Column(&'static str, &'static str),
    /// The same for all, and what it is called.
    Fixed(f64, &'static str),
    /// Nothing.
    None,
}

/// A condition on a row.
#[derive(Debug)]
pub enum Pick {
    /// The column is not `total`.
    Part(&'static str),
    /// The column is `total`.
    Total(&'static str),
}

impl Report {
    /// The report of this name: `R1`, `r1` or `phase-progress`.
    pub fn find(name: &str) -> Option<&'static Self> {
        REPORTS.iter().find(|report| {
            report.name.eq_ignore_ascii_case(name) || report.slug.eq_ignore_ascii_case(name)
        })
    }

    /// Whether it counts received files, which belong to no agency: it cannot be asked of one.
    pub fn counts_files(&self) -> bool {
        matches!(self.name, "R13" | "R15")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn names_are_r1_to_r15_and_both_names_find_a_report() {
        for (place, report) in REPORTS.iter().enumerate() {
            assert_eq!(report.name, format!("R{}", place + 1));
            assert!(std::ptr::eq(Report::find(report.slug).unwrap(), report));
            assert!(std::ptr::eq(Report::find(&report.name.to_lowercase()).unwrap(), report));
        }
        assert!(Report::find("R16").is_none());
    }

    #[test]
    fn the_sql_says_what_it_is_and_names_its_inputs() {
        for report in &REPORTS {
            let head: Vec<&str> =
                report.sql.lines().take_while(|line| line.starts_with("--")).collect();
            let head = head.join("\n");
            assert!(head.starts_with(&format!("-- {} ", report.name)), "{head}");
            for table in report.inputs {
                assert!(head.contains(table), "{}: {table} in the head", report.name);
                let read = [format!("FROM {table}"), format!("JOIN {table}")];
                assert!(read.iter().any(|words| report.sql.contains(words.as_str())), "{table}");
            }
        }
    }

    /// The blocks of a statement, with their lines: one that is part of a clause is indented with it,
    /// and may stand within another.
    fn shared(sql: &'static str) -> Vec<(&'static str, Vec<&'static str>)> {
        let (mut blocks, mut open) = (Vec::new(), Vec::<(_, Vec<_>)>::new());
        for line in sql.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("-- shared: ") {
                open.push((name, Vec::new()));
            } else if line == "-- end of shared" {
                blocks.push(open.pop().unwrap());
            } else {
                for (_, lines) in &mut open {
                    lines.push(line);
                }
            }
        }
        assert!(open.is_empty(), "{open:?}");
        blocks
    }

    #[test]
    fn shared_blocks_are_the_same_text_everywhere() {
        let mut blocks: HashMap<&str, Vec<&str>> = HashMap::new();
        let reports = REPORTS.iter().map(|report| (report.name, report.sql));
        let counts = ("reconcile", include_str!("../../schemas/reconcile/inventory.sql"));
        for (place, sql) in reports.chain([counts]) {
            for (name, lines) in shared(sql) {
                let known = blocks.entry(name).or_insert_with(|| lines.clone());
                assert_eq!(*known, lines, "{place} {name}");
            }
        }
        let mut names: Vec<&&str> = blocks.keys().collect();
        names.sort();
        assert_eq!(
            names,
            [
                &"agencies",
                &"cases",
                &"codes",
                &"documents",
                &"inventory",
                &"results",
                &"role",
                &"same paper",
                &"span",
                &"told"
            ]
        );
    }
}
