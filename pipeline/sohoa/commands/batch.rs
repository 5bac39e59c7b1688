//! `sohoa batch`: what became of each document of a submission.

use std::collections::HashMap;

use serde::Serialize;
use sohoa_backfill::Ledger;
use sohoa_index::Index;
use sohoa_schemas::{Code, ledger::ChunkDocument};
use sohoa_source::identity::intake_uid;
use sohoa_store::Missing;

use crate::{
    answers::for_each_row,
    arguments::{Batch, Format},
    commands::query,
    console::say,
    exit::{Exit, Failure},
    settings::Settings,
    setup,
};

/// The answer about one document.
#[derive(Debug, Serialize)]
struct Line {
    dossier_uid: String,
    ordinal: u32,
    files: String,
    /// `published`, `held`, `quarantined`, or `waiting`.
    outcome: String,
    code: Option<String>,
    sentence: Option<String>,
    /// What to do, in Vietnamese.
    sentence_vi: Option<&'static str>,
    pages: i64,
}

/// What a receipt says.
struct Receipt {
    outcome: String,
    code: Option<String>,
    sentence: Option<String>,
    pages: i64,
}

/// Prints a line a document, chunk by chunk.
pub(crate) async fn run(arguments: &Batch) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.config.as_deref())?;
    let store = setup::open(&settings, &arguments.output, Missing::Refuse).await?;
    let ledger = Ledger::new(store.clone(), &arguments.submission)
        .map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let chunks = ledger.chunks().await?;
    if chunks == 0 {
        let what = format!("there is no submission `{}`", arguments.submission);
        return Err(Failure::new(Exit::Usage, what).hint("see ledger/ in the output"));
    }
    let index = query::open(&store).await?;
    if arguments.format == Format::Csv {
        say("dossier_uid,ordinal,files,outcome,code,sentence,sentence_vi,pages")?;
    }
    let mut outcomes: HashMap<String, u64> = HashMap::new();
    for number in 1..=chunks {
        let documents = ledger.chunk(number).await?.documents;
        let receipts = receipts(&index, &documents).await?;
        for document in documents {
            let line = line(&document, &receipts);
            *outcomes.entry(line.outcome.clone()).or_default() += 1;
            print(&line, arguments.format)?;
        }
    }
    if arguments.format == Format::Table {
        let mut outcomes: Vec<_> = outcomes.into_iter().collect();
        outcomes.sort();
        let counts: Vec<_> =
            outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        say(counts.join(", "))?;
    }
    Ok(Exit::Done)
}

fn uids(document: &ChunkDocument) -> impl Iterator<Item = String> + '_ {
    let keys = document.files.iter().map(|file| &file.key).chain(&document.absent);
    keys.map(|key| intake_uid(document.dossier_uid, key).to_string())
}

/// The receipts of a chunk's files, by their identity.
async fn receipts(
    index: &Index,
    documents: &[ChunkDocument],
) -> Result<HashMap<String, Receipt>, Failure> {
    // Identities are hexadecimal: nothing in them needs quoting.
    let wanted: Vec<String> =
        documents.iter().flat_map(uids).map(|uid| format!("'{uid}'")).collect();
    let sql = format!(
        "select intake_uid, outcome, code, sentence, cast(pages as varchar) from intake \
         where intake_uid in ({})",
        wanted.join(",")
    );
    let mut receipts = HashMap::new();
    let read = for_each_row(index, &sql, |row| {
        let text = |at: usize| row[at].map(str::to_owned);
        let receipt = Receipt {
            outcome: text(1).unwrap_or_default(),
            code: text(2),
            sentence: text(3),
            pages: row[4].and_then(|pages| pages.parse().ok()).unwrap_or(0),
        };
        receipts.insert(text(0).unwrap_or_default(), receipt);
    })
    .await;
    read.map_err(|error| Failure::from_error(Exit::Unreachable, &error))?;
    Ok(receipts)
}

fn line(document: &ChunkDocument, receipts: &HashMap<String, Receipt>) -> Line {
    let found: Vec<Option<&Receipt>> = uids(document).map(|uid| receipts.get(&uid)).collect();
    // A document has its answer when every file of it has.
    let answered: Option<Vec<&Receipt>> = found.into_iter().collect();
    let answered = answered.unwrap_or_default();
    let refused = answered.iter().find(|receipt| receipt.outcome == "quarantined");
    let first = refused.or(answered.first());
    let keys = document.files.iter().map(|file| file.key.as_str());
    let keys: Vec<&str> = keys.chain(document.absent.iter().map(String::as_str)).collect();
    Line {
        dossier_uid: document.dossier_uid.to_string(),
        ordinal: document.ordinal,
        files: keys.join(" + "),
        outcome: first.map_or_else(|| "waiting".into(), |receipt| receipt.outcome.clone()),
        code: first.and_then(|receipt| receipt.code.clone()),
        sentence: first.and_then(|receipt| receipt.sentence.clone()),
        sentence_vi: first
            .and_then(|receipt| receipt.code.as_ref()?.parse().ok().map(Code::sentence_vi)),
        pages: answered.iter().map(|receipt| receipt.pages).sum(),
    }
}

fn print(line: &Line, format: Format) -> Result<(), Failure> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    match format {
        Format::Json => say(serde_json::to_string(line)
            .map_err(|error| Failure::from_error(Exit::Internal, &error))?),
        Format::Csv => {
            let (ordinal, pages) = (line.ordinal.to_string(), line.pages.to_string());
            let (code, sentence) = (text(&line.code), text(&line.sentence));
            let cells = [
                &line.dossier_uid,
                &ordinal,
                &line.files,
                &line.outcome,
                &code,
                &sentence,
                line.sentence_vi.unwrap_or_default(),
                &pages,
            ];
            say(row(&cells.map(guarded))?)
        }
        Format::Table => say(format_args!(
            "{:<12} {:<24} {} {}",
            line.outcome,
            text(&line.code),
            line.files,
            text(&line.sentence)
        )),
    }
}

/// A row of a table of comma-separated values.
fn row(cells: &[String]) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(cells);
    written.map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    let bytes = writer.into_inner();
    let bytes = bytes.map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

/// A spreadsheet must not take a file's name for a formula.
fn guarded(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@']);
    if formula { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_cannot_break_out_or_be_a_formula() {
        let cells = ["a,b", "say \"no\"", "=1+1", "a.pdf", "", "", "0"];
        assert_eq!(row(&cells.map(guarded)).unwrap(), "\"a,b\",\"say \"\"no\"\"\",'=1+1,a.pdf,,,0");
    }
}
