//! A report's answer: a typed table, or why there is none.

use arrow::{
    array::{ArrayRef, AsArray as _, RecordBatch},
    compute::cast,
    datatypes::{DataType, Date32Type, Float64Type, Int64Type},
};
use chrono::{NaiveDate, TimeDelta};
use futures::TryStreamExt as _;
use sohoa_index::{Index, IndexError};

use crate::{
    catalogue::Report,
    columns::{Column, Kind, column},
    question::Question,
};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A whole number.
    Count(i64),
    /// A day.
    Date(NaiveDate),
    /// Nothing is known.
    Null,
    /// A number, percentage or time.
    Number(f64),
    /// Words.
    Text(String),
}

impl Cell {
    /// The value as a number, where it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Count(count) => Some(*count as f64),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The words, where it is words.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// What a report answers. Every answer has a row: one that lacks an input has one that says so.
#[derive(Debug)]
pub struct Answer {
    /// The report.
    pub report: &'static Report,
    /// What was asked.
    pub question: Question,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
    /// Tables that are needed and empty.
    pub missing: Vec<&'static str>,
}

/// A report that could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The index cannot be read, or the query failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The SQL answers with a column that has no title.
    #[error("the report has a column `{0}` that this program does not know")]
    UnknownColumn(String),
    /// A column of the answer is of another kind than it should be.
    #[error("column `{column}` of the report is not what it should be")]
    ColumnKind {
        /// The column.
        column: &'static str,
        /// The cause.
        #[source]
        source: arrow::error::ArrowError,
    },
}

impl Answer {
    /// Asks the index.
    ///
    /// # Errors
    /// [`ReportError::Index`] when it cannot be read; the others are defects of the shipped SQL.
    pub async fn ask(
        index: &Index,
        report: &'static Report,
        question: Question,
    ) -> Result<Self, ReportError> {
        let mut missing = Vec::new();
        for table in report.inputs.iter().copied() {
            if is_empty(index, table).await? {
                missing.push(table);
            }
        }
        // The columns are the query's also where there is nothing to be counted.
        let stream = index.query(&question.sql(report)).await?;
        let columns = stream
            .schema()
            .fields()
            .iter()
            .map(|field| {
                column(field.name()).ok_or_else(|| ReportError::UnknownColumn(field.name().clone()))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut rows = Vec::new();
        if missing.is_empty() {
            let batches: Vec<RecordBatch> = stream.try_collect().await.map_err(IndexError::from)?;
            for batch in &batches {
                rows.extend(cells(&columns, batch)?);
            }
        }
        if rows.is_empty() {
            rows.push(no_data(&columns, &missing));
        }
        Ok(Self { report, question, columns, rows, missing })
    }

    /// The place of a column.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The value of a column in a row.
    pub fn cell<'a>(&self, row: &'a [Cell], name: &str) -> Option<&'a Cell> {
        row.get(self.place(name)?)
    }

    /// Whether nothing could be counted.
    pub fn is_without_data(&self) -> bool {
        self.rows.iter().all(|row| {
            self.cell(row, "note")
                .and_then(Cell::text)
                .is_some_and(|note| note.starts_with("no data"))
        })
    }
}

async fn is_empty(index: &Index, table: &str) -> Result<bool, IndexError> {
    let stream = index.query(&format!("SELECT 1 FROM {table} LIMIT 1")).await?;
    let batches: Vec<RecordBatch> = stream.try_collect().await.map_err(IndexError::from)?;
    Ok(batches.iter().all(|batch| batch.num_rows() == 0))
}

/// The row of an answer that counts nothing.
fn no_data(columns: &[Column], missing: &[&str]) -> Vec<Cell> {
    let what =
        if missing.is_empty() { "rows for the period".to_owned() } else { missing.join(", ") };
    let note = format!("no data: missing {what}");
    let value = |column: &Column| {
        if column.name == "note" { Cell::Text(note.clone()) } else { Cell::Null }
    };
    columns.iter().map(value).collect()
}

fn cells(columns: &[Column], batch: &RecordBatch) -> Result<Vec<Vec<Cell>>, ReportError> {
    let values = columns
        .iter()
        .zip(batch.columns())
        .map(|(column, values)| {
            column_cells(column.kind, values)
                .map_err(|source| ReportError::ColumnKind { column: column.name, source })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let row = |row: usize| values.iter().map(|column| column[row].clone()).collect();
    Ok((0..batch.num_rows()).map(row).collect())
}

fn column_cells(kind: Kind, values: &ArrayRef) -> Result<Vec<Cell>, arrow::error::ArrowError> {
    let as_type = |wanted: &DataType| cast(values, wanted);
    Ok(match kind {
        Kind::Text => {
            let values = as_type(&DataType::Utf8)?;
            values
                .as_string::<i32>()
                .iter()
                .map(|v| v.map(|v| Cell::Text(v.to_owned())))
                .map(known)
                .collect()
        }
        Kind::Count => {
            let values = as_type(&DataType::Int64)?;
            values
                .as_primitive::<Int64Type>()
                .iter()
                .map(|v| v.map(Cell::Count))
                .map(known)
                .collect()
        }
        Kind::Date => {
            let values = as_type(&DataType::Date32)?;
            values
                .as_primitive::<Date32Type>()
                .iter()
                .map(|v| v.and_then(day).map(Cell::Date))
                .map(known)
                .collect()
        }
        Kind::Minutes | Kind::Number | Kind::Percent => {
            let values = as_type(&DataType::Float64)?;
            values
                .as_primitive::<Float64Type>()
                .iter()
                .map(|v| v.map(Cell::Number))
                .map(known)
                .collect()
        }
    })
}

fn known(cell: Option<Cell>) -> Cell {
    cell.unwrap_or(Cell::Null)
}

fn day(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(1970, 1, 1)?.checked_add_signed(TimeDelta::days(days.into()))
}
