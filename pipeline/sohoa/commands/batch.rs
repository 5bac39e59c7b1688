//! `sohoa batch`: what became of each document of a submission.

use std::collections::HashMap;

use serde::Serialize;
use sohoa_backfill::Ledger;
use sohoa_schemas::{Code, ledger::ChunkDocument, rows::Outcome};
use sohoa_store::Missing;

use crate::{
    arguments::{Batch, Format},
    commands::query,
    console::say,
    exit::{Exit, Failure},
    settings::Settings,
    setup,
    submissions::{Answer, Broken, BrokenMessages, each_document},
};

/// Of a submission that has a plan alone.
const NOTHING_YET: &str = "no document of it has been submitted yet";

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

/// Prints a line a document, in the order of the ledger.
pub(crate) async fn run(arguments: &Batch) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.results.config.as_deref())?;
    let store = setup::open(&settings, &arguments.results.output, Missing::Refuse).await?;
    let ledger = Ledger::new(store.clone(), &arguments.submission)
        .map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    // Begun, it may not have a chunk yet.
    if ledger.input().await?.is_none() && ledger.chunks().await? == 0 {
        let what = format!("there is no submission `{}`", arguments.submission);
        return Err(Failure::new(Exit::Usage, what).hint("see ledger/ in the output"));
    }
    let index = query::open(&store).await?;
    let broken = BrokenMessages::read(&store).await?;
    if arguments.format == Format::Csv {
        say("dossier_uid,ordinal,files,outcome,code,sentence,sentence_vi,pages")?;
    }
    let mut outcomes: HashMap<String, u64> = HashMap::new();
    each_document((&ledger, &index), |_, document, answer| {
        let broken = || broken.find(&arguments.submission, document);
        let line = line(document, answer.as_ref(), broken);
        *outcomes.entry(line.outcome.clone()).or_default() += 1;
        print(&line, arguments.format)
    })
    .await?;
    if arguments.format == Format::Table {
        let mut outcomes: Vec<_> = outcomes.into_iter().collect();
        outcomes.sort();
        let counts: Vec<_> =
            outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        say(if counts.is_empty() { NOTHING_YET.to_owned() } else { counts.join(", ") })?;
    }
    Ok(Exit::Done)
}

/// The answer about a document. A receipt of its files says more than a message that was refused:
/// it may have been sent again since.
fn line<'a>(
    document: &ChunkDocument,
    answer: Option<&Answer<'_>>,
    broken: impl FnOnce() -> Option<&'a Broken>,
) -> Line {
    let keys = document.files.iter().map(|file| file.key.as_str());
    let keys: Vec<&str> = keys.chain(document.absent.iter().map(String::as_str)).collect();
    let refused = if answer.is_none() { broken() } else { None };
    let outcome = answer.map(|answer| answer.outcome);
    let outcome = outcome.or(refused.map(|_| Outcome::Quarantined.as_str())).unwrap_or("waiting");
    let code = answer.and_then(|answer| answer.code).or(refused.map(|broken| broken.code.as_str()));
    let sentence = answer.and_then(|answer| answer.sentence);
    let sentence = sentence.or(refused.map(|broken| broken.sentence.as_str()));
    Line {
        dossier_uid: document.dossier_uid.to_string(),
        ordinal: document.ordinal,
        files: keys.join(" + "),
        outcome: outcome.to_owned(),
        code: code.map(str::to_owned),
        sentence: sentence.map(str::to_owned),
        sentence_vi: code.and_then(|code| code.parse().ok().map(Code::sentence_vi)),
        pages: answer.map_or(0, |answer| answer.pages),
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
        Format::Table => {
            let (code, sentence) = (text(&line.code), text(&line.sentence));
            say(format_args!("{:<12} {code:<24} {} {sentence}", line.outcome, line.files))?;
            line.sentence_vi.map_or(Ok(()), |action| say(format_args!("{:<38}{action}", "")))
        }
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
    fn a_refused_message_is_an_answer_until_there_is_a_receipt() {
        let (dossier_uid, files, absent) = (uuid::Uuid::nil(), Vec::new(), vec!["a.pdf".into()]);
        let document = ChunkDocument { dossier_uid, ordinal: 1, files, absent, refused: None };
        let broken = Broken { code: Code::X02BrokenMessage, sentence: "No.".into() };
        assert_eq!(line(&document, None, || None).outcome, "waiting");
        let refused = line(&document, None, || Some(&broken));
        assert_eq!(refused.outcome, "quarantined");
        assert_eq!(refused.code.as_deref(), Some("X02_BROKEN_MESSAGE"));
        assert!(refused.sentence_vi.is_some());
        let answer = Answer { outcome: "published", code: None, sentence: None, pages: 2 };
        let published = line(&document, Some(&answer), || Some(&broken));
        assert_eq!((&*published.outcome, published.code, published.pages), ("published", None, 2));
    }

    #[test]
    fn a_cell_cannot_break_out_or_be_a_formula() {
        let cells = ["a,b", "say \"no\"", "=1+1", "a.pdf", "", "", "0"];
        assert_eq!(row(&cells.map(guarded)).unwrap(), "\"a,b\",\"say \"\"no\"\"\",'=1+1,a.pdf,,,0");
    }
}
