//! `sohoa report`: the province's reports over the index.

use std::{
    io::{IsTerminal as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use chrono::{TimeDelta, Utc};
use serde_json::json;
use sohoa_index::IndexError;
use sohoa_report::{Answer, Format, Question, REPORTS, Report, ReportError, render};
use sohoa_schemas::events::Action;
use sohoa_store::{Missing, hash::sha256};

use crate::{
    arguments::{
        self,
        report::{Form, LevelAt, ReportCommand},
    },
    commands::query,
    console,
    exit::{Exit, Failure},
    settings::Settings,
    setup, trail,
};

/// Makes one report, or lists them.
pub(crate) async fn run(arguments: &arguments::report::Report) -> Result<Exit, Failure> {
    if let Some(ReportCommand::List { json }) = arguments.command {
        return list(json);
    }
    // The command line has all three where there is no subcommand.
    let (Some(name), Some(period), Some(output)) =
        (&arguments.name, &arguments.period, &arguments.output)
    else {
        return Err(Failure::new(Exit::Usage, "name a report, --period and --output"));
    };
    let report = Report::find(name).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("there is no report `{name}`"))
            .hint("`sohoa report list` shows the reports")
    })?;
    if arguments.agency.is_some() && report.counts_files() {
        let what = format!("{} counts received files, which belong to no agency", report.name);
        return Err(Failure::new(Exit::Usage, what).hint("ask without --agency"));
    }
    let question = Question {
        period: period.clone(),
        province: arguments.province.clone(),
        agency: arguments.agency.clone(),
        level_at: match arguments.level_at {
            LevelAt::Issue => sohoa_report::LevelAt::Issue,
            LevelAt::Now => sohoa_report::LevelAt::Now,
        },
        // Viet Nam has no summer time.
        today: (Utc::now() + TimeDelta::hours(7)).date_naive(),
    };
    let Some(format) = format(arguments)? else {
        write(question.sql(report).as_bytes(), arguments.to.as_deref())?;
        return Ok(Exit::Done);
    };
    let settings = Settings::load(arguments.config.as_deref())?;
    let store = setup::open(&settings, output, Missing::Refuse).await?;
    let index = query::open(&store).await?;
    let answer = Answer::ask(&index, report, question).await.map_err(|error| failure(&error))?;
    let bytes =
        render(&answer, format).map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    write(&bytes, arguments.to.as_deref())?;
    let details = json!({
        "report": report.name, "from": period.from, "until": period.to,
        "province": arguments.province.as_ref().map(ToString::to_string),
        "agency": arguments.agency.as_ref().map(ToString::to_string),
        "to": arguments.to, "sha256": sha256(&bytes),
    });
    let told = ("sohoa report", details);
    trail::tell((&settings.config, &store), Action::Reported, told).await;
    if answer.is_without_data() {
        eprintln!("no data: {}", missing(&answer));
    }
    Ok(Exit::Done)
}

/// What is missing, and how it comes.
fn missing(answer: &Answer) -> String {
    if !answer.missing.is_empty() {
        let tables = answer.missing.join(", ");
        return format!("missing {tables}; `sohoa import` brings reference tables");
    }
    let mut notes = answer.rows.iter().filter_map(|row| answer.cell(row, "note")?.text());
    if notes.any(|note| note.contains("doc_role")) {
        return "of no paper it is known whether it is a valid result; set it in the list of \
                `sohoa amend --list --field doc_role,validity_status --csv todo.csv`"
            .to_owned();
    }
    "nothing is recorded for the period; the notes say what is missing".to_owned()
}

/// The form asked for, else that of the file's ending, else a table; none for the SQL alone.
fn format(arguments: &arguments::report::Report) -> Result<Option<Format>, Failure> {
    let ending = arguments.to.as_deref().and_then(Path::extension).and_then(|end| end.to_str());
    let format = match (arguments.format, ending) {
        (Some(Form::Csv), _) | (None, Some("csv")) => Format::Csv,
        (Some(Form::Html), _) | (None, Some("html" | "htm")) => Format::Html,
        (Some(Form::Json), _) | (None, Some("json")) => Format::Json,
        (Some(Form::Sql), _) | (None, Some("sql")) => return Ok(None),
        (Some(Form::Xlsx), _) | (None, Some("xlsx")) => Format::Xlsx,
        (Some(Form::Table), _) | (None, None | Some("txt")) => Format::Table,
        (None, Some(other)) => {
            return Err(Failure::new(Exit::Usage, format!("no form is known for `.{other}`"))
                .hint("name it with --format"));
        }
    };
    if format == Format::Xlsx && arguments.to.is_none() && std::io::stdout().is_terminal() {
        return Err(Failure::new(Exit::Usage, "a workbook cannot be shown in a terminal")
            .hint("name a file with --to"));
    }
    Ok(Some(format))
}

fn failure(error: &ReportError) -> Failure {
    let exit = match error {
        // The SQL is ours.
        ReportError::Index(error) if !matches!(error, IndexError::Query(_)) => Exit::Unreachable,
        _ => Exit::Internal,
    };
    Failure::from_error(exit, error)
}

/// Writes the report whole: a file that is there already is replaced at once or stays as it was.
fn write(bytes: &[u8], to: Option<&Path>) -> Result<(), Failure> {
    let Some(to) = to else {
        let mut out = std::io::stdout().lock();
        return match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Failure::from_error(Exit::Configuration, &error)
                    .hint("standard output cannot be written"))
            }
            _ => Ok(()),
        };
    };
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = tempfile::Builder::new()
        // Others read it, as a file that is written directly; the umask still counts.
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.persist(to).map(|_| ()).map_err(|error| error.error)
        });
    written.map_err(|error| {
        Failure::from_error(Exit::Configuration, &error)
            .hint(format!("`{}` cannot be written", to.display()))
    })
}

fn list(as_json: bool) -> Result<Exit, Failure> {
    if as_json {
        let reports: Vec<_> = REPORTS
            .iter()
            .map(|report| {
                json!({
                    "name": report.name,
                    "slug": report.slug,
                    "title": report.title,
                    "sentence": report.sentence,
                    "sentence_en": report.sentence_en,
                    "inputs": report.inputs,
                    "also": report.also,
                })
            })
            .collect();
        console::say(json!(reports))?;
        return Ok(Exit::Done);
    }
    for report in &REPORTS {
        let also = if report.also.is_empty() {
            String::new()
        } else {
            format!(" (better with {})", report.also.join(", "))
        };
        console::say(format!(
            "{:<4} {}\n     {}.\n     {}.\n     needs {}{also}\n",
            report.name,
            report.slug,
            report.sentence,
            report.sentence_en,
            report.inputs.join(", "),
        ))?;
    }
    Ok(Exit::Done)
}
