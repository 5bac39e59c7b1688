//! `sohoa query`: SQL over the index.

use std::{
    io::IsTerminal as _,
    sync::atomic::{AtomicBool, Ordering},
};

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use futures::{Stream, StreamExt as _};
use indicatif::MultiProgress;
use sohoa_index::{Index, IndexError, output};
use sohoa_store::{Missing, Store};

use crate::{
    arguments::{Format, Query},
    exit::{Exit, Failure},
    scanning::{AfterBar, Scanning},
    settings::Settings,
    setup,
};

/// Answers one query on standard output.
pub(crate) async fn run(arguments: &Query, bars: &MultiProgress) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.results.config.as_deref())?;
    let store = setup::open(&settings, &arguments.results.output, Missing::Refuse).await?;
    let index = open(&store).await?;
    let scanning = Scanning::begin(bars);
    let answer = index.answer(&arguments.sql).await.map_err(|error| match error {
        IndexError::Query(_) => Failure::from_error(Exit::Usage, &error)
            .hint("`sohoa query --help` names the tables; `describe documents` shows columns"),
        error => Failure::from_error(Exit::Unreachable, &error),
    })?;
    scanning.watch("the tables", &answer);
    let format = match arguments.format {
        Format::Csv => output::Format::Csv,
        Format::Json => output::Format::Json,
        Format::Table => output::Format::Table { width: terminal_width() },
    };
    let mut out = AfterBar::stdout(&scanning);
    let written = match answer.stream() {
        Ok(rows) => write(answer.schema(), rows, format, arguments.limit, &mut out).await,
        Err(error) => Err(error),
    };
    scanning.stop();
    written.map(|()| Exit::Done).map_err(|error| Failure::from_error(Exit::Usage, &error))
}

/// Writes so many rows of an answer, 0 for all, and says on standard error where there are more.
pub(crate) async fn write<E: Into<IndexError> + Send>(
    schema: SchemaRef,
    rows: impl Stream<Item = Result<RecordBatch, E>> + Send,
    format: output::Format,
    limit: usize,
    out: &mut (dyn std::io::Write + Send),
) -> Result<(), IndexError> {
    let more = AtomicBool::new(false);
    let most = if limit == 0 { usize::MAX } else { limit };
    output::write(schema, first(rows, most, &more), format, out).await?;
    if more.load(Ordering::Relaxed) {
        eprintln!("only the first {limit} rows are shown; --limit 0 shows all");
    }
    Ok(())
}

/// The first so many rows; `more` becomes true where there is another one, and nothing is read
/// after it.
fn first<'a, E: Send + 'a>(
    rows: impl Stream<Item = Result<RecordBatch, E>> + Send + 'a,
    most: usize,
    more: &'a AtomicBool,
) -> impl Stream<Item = Result<RecordBatch, E>> + Send + 'a {
    let start = (Box::pin(rows), most);
    futures::stream::unfold(start, move |(mut rows, left)| async move {
        if more.load(Ordering::Relaxed) {
            return None;
        }
        let batch = match rows.next().await? {
            Ok(batch) => batch,
            Err(error) => return Some((Err(error), (rows, left))),
        };
        if batch.num_rows() > left {
            more.store(true, Ordering::Relaxed);
        }
        let kept = batch.slice(0, batch.num_rows().min(left));
        let left = left - kept.num_rows();
        Some((Ok(kept), (rows, left)))
    })
}

/// The index of an output.
pub(crate) async fn open(output: &Store) -> Result<Index, Failure> {
    setup::require_records(output).await?;
    let (objects, url) = output.below(sohoa_publish::keys::INDEX);
    Index::open(&objects, url).map_err(|error| Failure::from_error(Exit::Configuration, &error))
}

/// Columns of the terminal, where standard output is one and says.
pub(crate) fn terminal_width() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    std::env::var("COLUMNS").ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int32Array};

    use super::*;

    fn batch(rows: i32) -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int32Array::from_iter_values(0..rows));
        RecordBatch::try_from_iter([("n", numbers)]).unwrap()
    }

    async fn shown(batches: &[i32], limit: usize) -> (usize, bool) {
        let more = AtomicBool::new(false);
        let batches: Vec<_> =
            batches.iter().map(|rows| Ok::<_, IndexError>(batch(*rows))).collect();
        let rows = first(futures::stream::iter(batches), limit, &more);
        let rows: usize =
            rows.map(|batch| batch.unwrap().num_rows()).collect::<Vec<_>>().await.iter().sum();
        (rows, more.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn an_answer_is_cut_and_only_then_said_to_be() {
        assert_eq!(shown(&[3, 3], 4).await, (4, true));
        assert_eq!(shown(&[3, 3], 6).await, (6, false));
        assert_eq!(shown(&[3, 0, 1], 3).await, (3, true));
        assert_eq!(shown(&[3], usize::MAX).await, (3, false));
        assert_eq!(shown(&[], 1).await, (0, false));
    }
}
