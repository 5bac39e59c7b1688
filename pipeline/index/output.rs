//! Answers as text: a table for people, CSV and JSON lines for programs.
//!
//! NULL is empty in the table and in CSV, and `null` in JSON. Lists and maps are JSON text in the
//! first two. Only the table form cuts long text; programs get every character.

use std::{io::Write, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, RecordBatch, StringArray},
    csv::WriterBuilder,
    datatypes::{DataType, Field, FieldRef, Schema, SchemaRef},
    error::ArrowError,
    json::{
        EncoderOptions, LineDelimitedWriter, WriterBuilder as JsonBuilder,
        writer::{LineDelimited, make_encoder},
    },
    util::display::{ArrayFormatter, FormatOptions},
};
use futures::{Stream, StreamExt as _};

use crate::error::IndexError;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines for people, no wider than so many columns of a terminal where that can be. Holds the
    /// whole answer in memory.
    Table {
        /// Width of the terminal; `None` cuts nothing.
        width: Option<usize>,
    },
    /// Comma-separated, with a header, RFC 4180.
    Csv,
    /// One JSON object a line.
    Json,
}

/// Narrowest column: a shorter one says nothing.
const NARROWEST: usize = 6;

/// Writes an answer whose columns are `schema`; says how many rows it had. Except for tables, one
/// batch is in memory at a time.
///
/// # Errors
/// The stream's, and [`IndexError::Output`] when `out` fails.
pub async fn write<E: Into<IndexError>>(
    schema: SchemaRef,
    batches: impl Stream<Item = Result<RecordBatch, E>>,
    format: Format,
    out: &mut (dyn Write + Send),
) -> Result<usize, IndexError> {
    let mut batches = std::pin::pin!(batches);
    let mut rows = 0;
    let mut held = Vec::new();
    let mut first = true;
    while let Some(batch) = batches.next().await {
        let batch = batch.map_err(Into::into)?;
        rows += batch.num_rows();
        match format {
            Format::Table { .. } => held.push(text_columns(&batch)?),
            Format::Csv => csv(&batch, first, out)?,
            Format::Json => json(&batch, out)?,
        }
        first = false;
    }
    match format {
        Format::Table { width } => table(&schema, &held, width, out)?,
        Format::Csv if first => csv(&RecordBatch::new_empty(schema), true, out)?,
        Format::Csv | Format::Json => {}
    }
    out.flush()?;
    Ok(rows)
}

/// Writes rows as CSV, with or without the header before them.
///
/// # Errors
/// [`IndexError::Output`] when `out` fails.
pub fn csv(
    batch: &RecordBatch,
    header: bool,
    out: &mut (dyn Write + Send),
) -> Result<(), IndexError> {
    let columns = batch
        .schema_ref()
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| {
            if !is_nested(column.data_type()) {
                return Ok((Arc::clone(field), Arc::clone(column)));
            }
            let text: ArrayRef = Arc::new(StringArray::from(nested_text(field, column)?));
            Ok((Arc::new(Field::new(field.name(), DataType::Utf8, true)), text))
        })
        .collect::<Result<(Vec<FieldRef>, Vec<ArrayRef>), ArrowError>>()?;
    let flat = RecordBatch::try_new(Arc::new(Schema::new(columns.0)), columns.1)?;
    WriterBuilder::new().with_header(header).build(out).write(&flat)?;
    Ok(())
}

fn json(batch: &RecordBatch, out: &mut (dyn Write + Send)) -> Result<(), IndexError> {
    let mut writer: LineDelimitedWriter<_> =
        JsonBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(out);
    writer.write(batch)?;
    writer.finish()?;
    Ok(())
}

/// Every value as one line of text, by column.
fn text_columns(batch: &RecordBatch) -> Result<Vec<Vec<String>>, IndexError> {
    let options = FormatOptions::new().with_null("");
    let mut columns = Vec::with_capacity(batch.num_columns());
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let values: Vec<String> = if is_nested(column.data_type()) {
            nested_text(field, column)?.into_iter().map(Option::unwrap_or_default).collect()
        } else {
            let formatter = ArrayFormatter::try_new(column.as_ref(), &options)?;
            (0..column.len())
                .map(|row| formatter.value(row).try_to_string())
                .collect::<Result<_, _>>()?
        };
        // A line break inside a value would tear the lines of the table apart.
        columns.push(values.into_iter().map(|v| v.replace(['\n', '\r', '\t'], " ")).collect());
    }
    Ok(columns)
}

fn table(
    schema: &SchemaRef,
    batches: &[Vec<Vec<String>>],
    width: Option<usize>,
    out: &mut (dyn Write + Send),
) -> Result<(), IndexError> {
    let natural: Vec<usize> = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(column, field)| {
            let values = batches.iter().flat_map(|batch| &batch[column]);
            values.map(|v| columns_of(v)).fold(columns_of(field.name()), usize::max)
        })
        .collect();
    let widths = width.map_or_else(|| natural.clone(), |width| fit(&natural, width));
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    line(&names, &widths, out)?;
    let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    line(&rule, &widths, out)?;
    for batch in batches {
        for row in 0..batch.first().map_or(0, Vec::len) {
            let values: Vec<&str> = batch.iter().map(|column| column[row].as_str()).collect();
            line(&values, &widths, out)?;
        }
    }
    Ok(())
}

/// Widths that together with two spaces between columns fit: the widest give way first.
fn fit(natural: &[usize], width: usize) -> Vec<usize> {
    let room = width.saturating_sub(2 * natural.len().saturating_sub(1));
    let (mut low, mut high) = (NARROWEST, natural.iter().copied().max().unwrap_or(0));
    // The largest cap under which the columns fit.
    while low < high {
        let cap = low + (high - low).div_ceil(2);
        if natural.iter().map(|w| (*w).min(cap)).sum::<usize>() <= room {
            low = cap;
        } else {
            high = cap - 1;
        }
    }
    natural.iter().map(|w| (*w).min(low)).collect()
}

fn line<T: AsRef<str>>(
    values: &[T],
    widths: &[usize],
    out: &mut (dyn Write + Send),
) -> Result<(), IndexError> {
    let cells: Vec<String> =
        values.iter().zip(widths).map(|(value, width)| cell(value.as_ref(), *width)).collect();
    writeln!(out, "{}", cells.join("  ").trim_end())?;
    Ok(())
}

/// `value` in exactly `width` columns, its cut marked.
fn cell(value: &str, width: usize) -> String {
    let length = columns_of(value);
    if length <= width {
        return format!("{value}{}", " ".repeat(width - length));
    }
    let kept: String = value.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// Columns of a terminal that `value` takes; Vietnamese text in NFC has one a character.
fn columns_of(value: &str) -> usize {
    value.chars().count()
}

fn is_nested(data_type: &DataType) -> bool {
    data_type.is_nested()
}

fn nested_text(field: &FieldRef, column: &ArrayRef) -> Result<Vec<Option<String>>, ArrowError> {
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let mut encoder = make_encoder(field, column.as_ref(), &options)?;
    Ok((0..column.len())
        .map(|row| {
            column.is_valid(row).then(|| {
                let mut json = Vec::new();
                encoder.encode(row, &mut json);
                String::from_utf8_lossy(&json).into_owned()
            })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use std::io;

    use arrow::{
        array::{Int32Array, ListBuilder, StringBuilder},
        datatypes::SchemaRef,
    };

    use super::*;

    fn batch() -> RecordBatch {
        let mut lists = ListBuilder::new(StringBuilder::new());
        lists.append_value([Some("Lưu: VT"), Some("a,b")]);
        lists.append_null();
        let columns: [(&str, ArrayRef); 3] = [
            ("số", Arc::new(Int32Array::from(vec![Some(7), None]))),
            (
                "subject",
                Arc::new(StringArray::from(vec![
                    Some("Quyết định về việc\ncấp giấy chứng nhận"),
                    None,
                ])),
            ),
            ("recipients", Arc::new(lists.finish())),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(n, c)| (n, c, true))).unwrap()
    }

    async fn written(format: Format, batches: Vec<RecordBatch>) -> String {
        let schema: SchemaRef = batch().schema();
        let stream = futures::stream::iter(batches.into_iter().map(Ok::<_, IndexError>));
        let mut out = Vec::new();
        write(schema, stream, format, &mut out).await.unwrap();
        String::from_utf8(out).unwrap()
    }

    #[tokio::test]
    async fn a_table_fits_the_terminal_and_marks_what_it_cut() {
        let text = written(Format::Table { width: Some(40) }, vec![batch()]).await;
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "số  subject            recipients");
        assert_eq!(lines[2], "7   Quyết định về vi…  [\"Lưu: VT\",\"a,b\"]");
        assert_eq!(lines[3], "");
        assert!(lines.iter().all(|line| line.chars().count() <= 40), "{text}");
        let whole = written(Format::Table { width: None }, vec![batch()]).await;
        assert!(whole.contains("Quyết định về việc cấp giấy chứng nhận"), "{whole}");
    }

    #[tokio::test]
    async fn csv_and_json_keep_every_character() {
        let csv = written(Format::Csv, vec![batch(), batch()]).await;
        assert_eq!(csv.matches("số,subject,recipients").count(), 1, "{csv}");
        assert!(csv.contains("\"Quyết định về việc\ncấp giấy chứng nhận\""), "{csv}");
        assert!(csv.contains("\"[\"\"Lưu: VT\"\",\"\"a,b\"\"]\""), "{csv}");
        assert!(csv.ends_with("\n,,\n"), "{csv}");
        let json = written(Format::Json, vec![batch()]).await;
        let lines: Vec<serde_json::Value> =
            json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["recipients"][1], "a,b");
        assert!(lines[1]["subject"].is_null() && lines[1].get("số").is_some());
    }

    #[tokio::test]
    async fn an_empty_answer_still_has_its_header() {
        assert_eq!(written(Format::Csv, Vec::new()).await, "số,subject,recipients\n");
        assert_eq!(written(Format::Json, Vec::new()).await, "");
        let table = written(Format::Table { width: Some(80) }, Vec::new()).await;
        assert_eq!(table.lines().next(), Some("số  subject  recipients"));
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[tokio::test]
    async fn a_closed_pipe_is_an_error() {
        for format in [Format::Table { width: None }, Format::Csv, Format::Json] {
            let stream = futures::stream::iter([Ok::<_, IndexError>(batch())]);
            write(batch().schema(), stream, format, &mut Closed).await.unwrap_err();
        }
    }
}
