//! `sohoa find`: looking documents up without SQL.

use indicatif::MultiProgress;
use sohoa_find::{Found, Request, Words};
use sohoa_index::{Index, IndexError, Table, output};
use sohoa_schemas::rows::Outcome;
use sohoa_store::{Missing, Store};

use crate::{
    arguments::find::{Find, State},
    commands::query,
    exit::{Exit, Failure},
    find::{ask, show},
    scanning::{AfterBar, Scanning},
    settings::Settings,
    setup,
};

/// Documents up to which words are looked for without being asked for an agency or year: a second's
/// work.
const AT_ONCE: usize = 500_000;

/// Looks, and prints what was found.
pub(crate) async fn run(arguments: &Find, bars: &MultiProgress) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.results.config.as_deref())?;
    let store = setup::open(&settings, &arguments.results.output, Missing::Refuse).await?;
    let index = query::open(&store).await?;
    let scanning = Scanning::begin(bars);
    let done = match arguments.state {
        State::Published => published(arguments, &settings, &store, &index, &scanning).await,
        State::Held => received(arguments, &index, Outcome::Held, &scanning).await,
        State::Quarantined => received(arguments, &index, Outcome::Quarantined, &scanning).await,
    };
    scanning.stop();
    if arguments.explain {
        scanning.explain();
    }
    done.map(|()| Exit::Done)
}

async fn published(
    arguments: &Find,
    settings: &Settings,
    store: &Store,
    index: &Index,
    scanning: &Scanning,
) -> Result<(), Failure> {
    let request = ask::request(arguments, settings)?;
    if !arguments.all {
        refuse_too_wide(arguments, index, &request).await?;
    }
    let (request, found) = search(arguments, index, request, scanning).await?;
    scanning.stop();
    show::found(arguments, store, &request, &found, &scanning.readings())
}

/// Words alone are looked for in every row there is.
async fn refuse_too_wide(
    arguments: &Find,
    index: &Index,
    request: &Request,
) -> Result<(), Failure> {
    if arguments.text && !request.narrows_pages() {
        let failure = Failure::new(Exit::Usage, "the text of all pages would have to be read");
        return Err(failure.hint("add --agency or --year, or give --all and wait"));
    }
    let documents = index.rows(Table::Documents).await.map_err(|error| at_index(&error))?;
    if !request.is_narrow() && documents > AT_ONCE {
        let what = format!("there are {documents} documents to look for these words in");
        return Err(
            Failure::new(Exit::Usage, what).hint("add --agency or --year, or give --all and wait")
        );
    }
    Ok(())
}

/// Looks; where a bare number among words finds nothing, looks for it as one of the words.
async fn search(
    arguments: &Find,
    index: &Index,
    request: Request,
    scanning: &Scanning,
) -> Result<(Request, Found), Failure> {
    let limit = if arguments.limit == 0 { usize::MAX } else { arguments.limit };
    let scans = |table: Table, answer: &sohoa_index::Answer| scanning.watch(table.name(), answer);
    let look = async |request: &Request| {
        if arguments.text {
            sohoa_find::pages(index, request, limit, &scans).await
        } else {
            sohoa_find::documents(index, request, limit, &scans).await
        }
    };
    let found = look(&request).await.map_err(|error| at_index(&error))?;
    if found.total == 0
        && let Some(other) = request.with_number_as_word()
        && (arguments.all || refuse_too_wide(arguments, index, &other).await.is_ok())
    {
        let found = look(&other).await.map_err(|error| at_index(&error))?;
        if found.total > 0 {
            return Ok((other, found));
        }
    }
    Ok((request, found))
}

async fn received(
    arguments: &Find,
    index: &Index,
    outcome: Outcome,
    scanning: &Scanning,
) -> Result<(), Failure> {
    let words = Words::of(&arguments.query.join(" "));
    let scans = |table: Table, answer: &sohoa_index::Answer| scanning.watch(table.name(), answer);
    let found = sohoa_find::received(index, outcome, words, &scans).await;
    let (schema, rows) = found.map_err(|error| at_index(&error))?;
    let format = match (arguments.json, arguments.csv) {
        (true, _) => output::Format::Json,
        (_, true) => output::Format::Csv,
        _ => output::Format::Table { width: query::terminal_width() },
    };
    let mut out = AfterBar::stdout(scanning);
    query::write(schema, rows, format, arguments.limit, &mut out)
        .await
        .map_err(|error| at_index(&error))
}

fn at_index(error: &IndexError) -> Failure {
    Failure::from_error(Exit::Unreachable, error)
}
