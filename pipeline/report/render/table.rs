//! Lines for a terminal.

use std::fmt::Write as _;

use crate::{
    answer::{Answer, Cell},
    columns::Kind,
};

/// The answer with a heading and one line a row; numbers to the right, with two decimals.
pub(super) fn table(answer: &Answer) -> String {
    let question = &answer.question;
    let mut out = format!(
        "{} {}: {}\n{} ({} .. {}), level at {}\n\n",
        answer.report.name,
        answer.report.title,
        answer.report.sentence_en,
        question.period.name,
        question.period.from,
        question.period.to,
        question.level_at.as_str(),
    );
    // The heading says it already.
    let shown: Vec<usize> = (0..answer.columns.len())
        .filter(|place| answer.columns[*place].name != "level_at")
        .collect();
    let mut lines: Vec<Vec<String>> =
        vec![shown.iter().map(|place| answer.columns[*place].name.to_owned()).collect()];
    lines.extend(
        answer.rows.iter().map(|row| shown.iter().map(|place| text(&row[*place])).collect()),
    );
    let width =
        |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..shown.len()).map(width).collect();
    lines.insert(1, widths.iter().map(|width| "─".repeat(*width)).collect());
    for line in &lines {
        let cells = line.iter().enumerate().map(|(column, value)| {
            let space = " ".repeat(widths[column] - value.chars().count());
            let is_text = answer.columns[shown[column]].kind == Kind::Text;
            if is_text { format!("{value}{space}") } else { format!("{space}{value}") }
        });
        let cells: Vec<String> = cells.collect();
        // Writing to a string does not fail.
        writeln!(out, "{}", cells.join("  ").trim_end()).unwrap_or_default();
    }
    out
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Count(count) => count.to_string(),
        Cell::Number(number) => format!("{number:.2}"),
        Cell::Date(date) => date.to_string(),
        Cell::Text(text) => text.clone(),
    }
}
