//! `sohoa query`: SQL over the index.

use std::io::{IsTerminal as _, Write as _};

use sohoa_index::{Index, IndexError, output};
use sohoa_store::{Missing, Store};

use crate::{
    arguments::{Format, Query},
    exit::{Exit, Failure},
    settings::Settings,
    setup,
};

/// Answers one query on standard output.
pub(crate) async fn run(arguments: &Query) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.config.as_deref())?;
    let store = setup::open(&settings, &arguments.output, Missing::Refuse).await?;
    let index = open(&store).await?;
    let answer = index.query(&arguments.sql).await.map_err(|error| match error {
        IndexError::Query(_) => Failure::from_error(Exit::Usage, &error)
            .hint("`sohoa query --help` names the tables; `describe documents` shows columns"),
        error => Failure::from_error(Exit::Unreachable, &error),
    })?;
    let stdout = std::io::stdout();
    let width = stdout.is_terminal().then(terminal_width).flatten();
    let format = match arguments.format {
        Format::Csv => output::Format::Csv,
        Format::Json => output::Format::Json,
        Format::Table => output::Format::Table { width },
    };
    let schema = answer.schema();
    let mut out = std::io::BufWriter::new(stdout);
    let written = output::write(schema, answer, format, &mut out).await;
    written
        .and_then(|_| out.flush().map_err(IndexError::from))
        .map(|()| Exit::Done)
        .map_err(|error| Failure::from_error(Exit::Usage, &error))
}

/// The index of an output.
pub(crate) async fn open(output: &Store) -> Result<Index, Failure> {
    setup::require_records(output).await?;
    let (objects, url) = output.below(sohoa_publish::keys::INDEX);
    Index::open(&objects, url).map_err(|error| Failure::from_error(Exit::Configuration, &error))
}

fn terminal_width() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok()
}
