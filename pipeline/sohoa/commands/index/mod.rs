//! `sohoa index`: upkeep of the tables, their files, and making them anew.

mod compact;
mod rebuild;
mod stats;
mod vacuum;
mod verify;

use indicatif::MultiProgress;
use serde::Serialize;
use sohoa_index::{Index, IndexError, Stored};
use sohoa_store::Missing;

use crate::{
    arguments::{self, IndexCommand, index::Of},
    commands::query,
    console::say,
    exit::{Exit, Failure},
    settings::Settings,
    setup,
};

/// Runs one maintenance command.
pub(crate) async fn run(
    arguments: &arguments::Index,
    bars: &MultiProgress,
) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.config.as_deref())?;
    match &arguments.command {
        IndexCommand::Files { table, output } => files(&settings, table, output).await,
        IndexCommand::Rebuild { output } => rebuild::run(&settings, output, bars).await,
        IndexCommand::Compact(arguments) => compact::run(&settings, arguments, bars).await,
        IndexCommand::Vacuum(arguments) => vacuum::run(&settings, arguments, bars).await,
        IndexCommand::Verify(arguments) => verify::run(&settings, arguments, bars).await,
        IndexCommand::Stats(of) => stats::run(&settings, of).await,
    }
}

fn table(name: &str) -> Result<Stored, Failure> {
    Stored::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Stored::all().map(Stored::name).collect();
        Failure::new(Exit::Usage, format!("there is no table `{name}`"))
            .hint(format!("one of {}", names.join(", ")))
    })
}

/// The index that is asked about, and the tables.
async fn open(settings: &Settings, of: &Of) -> Result<(Index, Vec<Stored>), Failure> {
    let named = of.tables.iter().map(|name| table(name)).collect::<Result<Vec<_>, _>>()?;
    let store = setup::open(settings, &of.output, Missing::Refuse).await?;
    let index = query::open(&store).await?;
    Ok((index, if named.is_empty() { Stored::all().collect() } else { named }))
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
    let table = table(name)?;
    let store = setup::open(settings, output, Missing::Refuse).await?;
    let index = query::open(&store).await?;
    for file in index.files(table).await.map_err(|error| failed(&error))? {
        say(file)?;
    }
    Ok(Exit::Done)
}
