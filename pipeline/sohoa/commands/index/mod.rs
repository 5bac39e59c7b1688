//! `sohoa index`: upkeep of the tables, their files, and making them anew.

mod compact;
mod stats;
mod vacuum;
mod verify;

use futures::StreamExt as _;
use indicatif::MultiProgress;
use serde::Serialize;
use serde_json::Value;
use sohoa_flow::Fault;
use sohoa_index::{Index, IndexError, Register, Table};
use sohoa_publish::survey;
use sohoa_schemas::events::Action;
use sohoa_store::Missing;

use crate::{
    arguments::{self, IndexCommand, index::Of},
    commands::query,
    console::say,
    exit::{Exit, Failure},
    settings::Settings,
    setup, trail,
};

/// Runs one maintenance command.
pub(crate) async fn run(
    arguments: &arguments::Index,
    bars: &MultiProgress,
) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.config.as_deref())?;
    match &arguments.command {
        IndexCommand::Files { table, output } => files(&settings, table, output).await,
        IndexCommand::Rebuild { output } => rebuild(&settings, output).await,
        IndexCommand::Compact(arguments) => compact::run(&settings, arguments, bars).await,
        IndexCommand::Vacuum(arguments) => vacuum::run(&settings, arguments, bars).await,
        IndexCommand::Verify(arguments) => verify::run(&settings, arguments, bars).await,
        IndexCommand::Stats(of) => stats::run(&settings, of).await,
    }
}

fn table(name: &str) -> Result<Table, Failure> {
    Table::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Table::ALL.iter().map(|table| table.name()).collect();
        Failure::new(Exit::Usage, format!("there is no table `{name}`"))
            .hint(format!("one of {}", names.join(", ")))
    })
}

/// The index that is asked about, and the tables.
async fn open(settings: &Settings, of: &Of) -> Result<(Index, Vec<Table>), Failure> {
    let named = of.tables.iter().map(|name| table(name)).collect::<Result<Vec<_>, _>>()?;
    let store = setup::open(settings, &of.output, Missing::Refuse).await?;
    let index = query::open(&store).await?;
    Ok((index, if named.is_empty() { Table::ALL.to_vec() } else { named }))
}

fn failed(error: &IndexError) -> Failure {
    Failure::from_error(Exit::Unreachable, error)
}

fn print(answer: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(answer)
        .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    say(text)
}

/// Mebibytes, for people.
fn mib(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}

async fn files(settings: &Settings, name: &str, output: &str) -> Result<Exit, Failure> {
    let register = Register::from_name(name);
    let table = Table::from_name(name);
    if table.is_none() && register.is_none() {
        let names = Table::ALL.iter().map(|table| table.name());
        let names: Vec<&str> = names.chain(Register::ALL.map(Register::name)).collect();
        return Err(Failure::new(Exit::Usage, format!("there is no table `{name}`"))
            .hint(format!("one of {}", names.join(", "))));
    }
    let store = setup::open(settings, output, Missing::Refuse).await?;
    let index = query::open(&store).await?;
    let files = match (table, register) {
        (Some(table), _) => index.files(table).await,
        (None, Some(register)) => index.register_files(register).await,
        (None, None) => Ok(Vec::new()),
    };
    for file in files.map_err(|error| Failure::from_error(Exit::Unreachable, &error))? {
        say(file)?;
    }
    Ok(Exit::Done)
}

/// Either side's fault while rows stream from the records into the tables.
#[derive(Debug, thiserror::Error)]
enum RebuildError {
    #[error("the index cannot be written")]
    Index(#[from] IndexError),
    #[error("the records cannot be read")]
    Records(Fault),
}

async fn rebuild(settings: &Settings, output: &str) -> Result<Exit, Failure> {
    let store = setup::open(settings, output, Missing::Refuse).await?;
    let mut index = query::open(&store).await?;
    let lease = setup::take_lease(&store).await?;
    let mut damaged = 0u64;
    let rows = survey::sources(&store).map(|source| {
        let source = source.map_err(RebuildError::Records)?;
        for (_, entry) in &source.entries {
            if let survey::Entry::Damaged(why) = entry {
                damaged += 1;
                eprintln!("left out: {why}");
            }
        }
        Ok(source.into_rows())
    });
    let rebuilt = index.rebuild(rows).await;
    let registers = crate::imports::rebuild(&store, &mut index).await;
    setup::give_back(lease).await;
    let counts = rebuilt.map_err(|error| match error {
        RebuildError::Index(error) => Failure::from_error(Exit::Unreachable, &error),
        RebuildError::Records(fault) => Failure::from(fault),
    })?;
    let rows = |table: &Table| counts.get(table).copied().unwrap_or(0);
    let details =
        Table::ALL.iter().map(|table| (table.name().to_owned(), Value::from(rows(table))));
    let told = ("sohoa index rebuild", Value::Object(details.collect()));
    trail::tell((&settings.config, &store), Action::Rebuilt, told).await;
    for table in Table::ALL {
        let kept = if table == Table::Events { " added, the others kept" } else { "" };
        say(format_args!("{:<18} {:>10} rows{kept}", table.name(), rows(&table)))?;
    }
    for (table, rows) in registers? {
        say(format_args!("{table:<18} {rows:>10} rows"))?;
    }
    Ok(if damaged == 0 { Exit::Done } else { Exit::CheckFailed })
}
