//! The answer for programs: CSV and JSON, with unrounded numbers and ISO dates.

use serde_json::{Map, Value, json};

use super::RenderError;
use crate::answer::{Answer, Cell};

/// A header and one record a row; the first three columns say which report and period it is.
pub(super) fn csv(answer: &Answer) -> Result<Vec<u8>, RenderError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = answer.columns.iter().map(|column| column.name);
    writer.write_record(["report", "period_from", "period_to"].into_iter().chain(names))?;
    let period = &answer.question.period;
    let head = [answer.report.name.to_owned(), period.from.to_string(), period.to.to_string()];
    for row in &answer.rows {
        writer.write_record(head.iter().cloned().chain(row.iter().map(text)))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// One object: what was asked, the columns with their kinds, and the rows as objects.
pub(super) fn json(answer: &Answer) -> Result<Vec<u8>, RenderError> {
    let question = &answer.question;
    let columns: Vec<Value> = answer
        .columns
        .iter()
        .map(|column| json!({"name": column.name, "kind": column.kind.as_str(), "title": column.title}))
        .collect();
    let rows: Vec<Value> = answer
        .rows
        .iter()
        .map(|row| {
            let values = answer.columns.iter().zip(row);
            Value::Object(
                values
                    .map(|(column, cell)| (column.name.to_owned(), value(cell)))
                    .collect::<Map<_, _>>(),
            )
        })
        .collect();
    let object = json!({
        "report": answer.report.name,
        "title": answer.report.title,
        "period_from": question.period.from,
        "period_to": question.period.to,
        "due_before": question.period.due,
        "province": question.province.as_ref().map(ToString::to_string),
        "agency": question.agency.as_ref().map(ToString::to_string),
        "level_at": question.level_at.as_str(),
        "made_on": question.today,
        "missing": answer.missing,
        "columns": columns,
        "rows": rows,
    });
    let mut text = serde_json::to_vec_pretty(&object)?;
    text.push(b'\n');
    Ok(text)
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Count(count) => count.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Date(date) => date.to_string(),
        Cell::Text(text) => text.clone(),
    }
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Count(count) => json!(count),
        Cell::Number(number) => json!(number),
        Cell::Date(date) => json!(date),
        Cell::Text(text) => json!(text),
    }
}
