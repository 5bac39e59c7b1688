//! `sohoa index rebuild`.

use futures::StreamExt as _;
use indicatif::MultiProgress;
use serde_json::{Value, json};
use sohoa_flow::Fault;
use sohoa_index::{Index, IndexError, Rebuilt, Table};
use sohoa_publish::survey::{self, Entry, SourceEntries};
use sohoa_schemas::{events::Action, record::Rows};
use sohoa_store::{Missing, Store};

use crate::{
    bar::Progress,
    commands::query,
    console::say,
    exit::{Exit, Failure},
    imports,
    settings::Settings,
    setup, trail,
};

/// Folders of sources, by the first two digits of their names: how far the reading has come.
const FOLDERS: u64 = 256;

/// Either side's fault while rows stream from the records into the tables.
#[derive(Debug, thiserror::Error)]
enum RebuildError {
    #[error("the index cannot be written")]
    Index(#[from] IndexError),
    #[error("the records cannot be read")]
    Records(Fault),
}

impl From<RebuildError> for Failure {
    fn from(error: RebuildError) -> Self {
        match error {
            RebuildError::Index(error) => Self::from_error(Exit::Unreachable, &error),
            RebuildError::Records(fault) => Self::from(fault),
        }
    }
}

/// Makes the tables anew.
pub(super) async fn run(
    settings: &Settings,
    output: &str,
    bars: &MultiProgress,
) -> Result<Exit, Failure> {
    let store = setup::open(settings, output, Missing::Refuse).await?;
    let mut index = query::open(&store).await?;
    let lease = setup::take_lease(&store).await?;
    let mut records = Records::new(bars);
    let rebuilt = records.fill(&store, &mut index).await;
    let has_events = rebuilt.as_ref().is_ok_and(|rebuilt| rebuilt.events_left.is_none());
    let registers = imports::rebuild((&store, &mut index), has_events).await;
    setup::give_back(lease).await;
    let rebuilt = rebuilt?;
    let rows = |table: &Table| rebuilt.rows.get(table).copied().unwrap_or(0);
    let mut details: serde_json::Map<String, Value> = Table::ALL
        .iter()
        .map(|table| (table.name().to_owned(), Value::from(rows(table))))
        .collect();
    details.insert("damaged_records".into(), json!(records.damaged));
    let told = ("sohoa index rebuild", Value::Object(details));
    trail::tell((&settings.config, &store), Action::Rebuilt, told).await;
    for table in Table::ALL {
        let kept = if table == Table::Events { " added, the others kept" } else { "" };
        say(format_args!("{:<18} {:>10} rows{kept}", table.name(), rows(&table)))?;
    }
    for (table, rows) in registers? {
        say(format_args!("{table:<18} {rows:>10} rows"))?;
    }
    Ok(end(&records, rebuilt.events_left.as_ref()))
}

/// Says what is not in the tables.
fn end(records: &Records, events_left: Option<&IndexError>) -> Exit {
    if let Some(error) = events_left {
        let why = Failure::from_error(Exit::CheckFailed, error).line();
        eprintln!(
            "events: left as it is, without what records and imports tell and it lacks: {why}. Restore the file \
             from a backup, then run this again; the other tables are whole"
        );
    }
    let is_whole = records.damaged == 0 && events_left.is_none();
    if is_whole { Exit::Done } else { Exit::CheckFailed }
}

/// The records on their way into the tables.
struct Records {
    bar: Progress,
    /// Folders that are read.
    folders: u64,
    damaged: u64,
}

impl Records {
    fn new(bars: &MultiProgress) -> Self {
        let bar = Progress::of(bars, FOLDERS, "folders of records", "read");
        Self { bar, folders: 0, damaged: 0 }
    }

    async fn fill(&mut self, store: &Store, index: &mut Index) -> Result<Rebuilt, RebuildError> {
        let rows = survey::sources(store)
            .map(|source| Ok(self.rows(source.map_err(RebuildError::Records)?)));
        index.rebuild(rows).await
    }

    fn rows(&mut self, source: SourceEntries) -> Rows {
        let folder = source.uid.get(..2).and_then(|name| u64::from_str_radix(name, 16).ok());
        while folder.is_some_and(|folder| self.folders < folder) {
            self.folders += 1;
            self.bar.one();
        }
        for (_, entry) in &source.entries {
            if let Entry::Damaged(why) = entry {
                self.damaged += 1;
                eprintln!("left out: {why}");
            }
        }
        source.into_rows()
    }
}
