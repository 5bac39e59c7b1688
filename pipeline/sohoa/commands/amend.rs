//! `sohoa amend`: corrections from a CSV file, and the list of what is to be corrected.

use std::path::Path;

use indicatif::MultiProgress;
use sohoa_store::Missing;

use crate::{
    amend::{Field, Gap, List, Plan, Report, Sheet, list},
    arguments::Amend,
    channel::{self, Channel},
    commands::query,
    console::say,
    context::{now, vietnamese},
    exit::{Exit, Failure},
    scratch::Scratch,
    settings::{Settings, limits},
    setup,
};

/// Checks a file of corrections, and carries it out.
pub(crate) async fn run(arguments: &Amend, bars: &MultiProgress) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.results.config.as_deref())?;
    let Some(file) = &arguments.file else {
        return missing(&settings, arguments, bars).await;
    };
    let by = arguments.by.as_deref().map(str::trim).filter(|by| !by.is_empty());
    let sheet = read(file, by)?;
    let store = setup::open(&settings, &arguments.results.output, Missing::Refuse).await?;
    let index = query::open(&store).await?;
    let hmac_key = settings.config.secrets.hmac_key.as_deref();
    let mut plan = Plan::new((&store, &index), sheet, hmac_key, bars).await?;
    let wrong = !plan.check().await?.wrong.is_empty();
    let report = if wrong || arguments.check_only {
        plan.leave(arguments.check_only)
    } else {
        let channel = Channel::open(("amend", channel::EVENTS), &settings, &store)?;
        plan.carry_out(channel).await?
    };
    tell(&report, file, arguments.json)?;
    Ok(if report.wrong.is_empty() { Exit::Done } else { Exit::CheckFailed })
}

fn read(file: &Path, by: Option<&str>) -> Result<Sheet, Failure> {
    let wrong = |what: String| Failure::new(Exit::Usage, format!("`{}` {what}", file.display()));
    let bytes = std::fs::read(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    // A day of issue is one in Vietnam.
    Sheet::read(&bytes, by, vietnamese(now()).date_naive()).map_err(wrong)
}

/// `--list`: what is missing.
async fn missing(
    settings: &Settings,
    arguments: &Amend,
    bars: &MultiProgress,
) -> Result<Exit, Failure> {
    let mut fields = Vec::new();
    for name in &arguments.field {
        let field = Field::named(name).map_err(|why| Failure::new(Exit::Usage, why))?;
        // It is never without a value.
        if field == Field::UrgencyLevel {
            return Err(Failure::new(Exit::Usage, "urgency_level is `none` where there is none"));
        }
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    let store = setup::open(settings, &arguments.results.output, Missing::Refuse).await?;
    let index = query::open(&store).await?;
    let _scratch = Scratch::open()?;
    let separator = if arguments.semicolon { b';' } else { b',' };
    let wanted = List {
        fields: &fields,
        limit: arguments.limit,
        crops: arguments.crops.as_deref(),
        limits: limits(&settings.config),
        csv: arguments.csv.as_deref().map(|path| (path, separator)),
    };
    let found = list((&store, &index), &wanted, bars).await?;
    for gap in &found {
        if arguments.json {
            let line = serde_json::to_string(gap)
                .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
            say(line)?;
        } else {
            say(lines(gap))?;
        }
    }
    if !arguments.json {
        say(format_args!("{} values are missing", found.len()))?;
    }
    if let Some(path) = arguments.csv.as_ref().filter(|_| !found.is_empty()) {
        let (path, output) = (path.display(), &arguments.results.output);
        eprintln!("fill in `value` in {path}, then: sohoa amend {path} --output {output} --by …");
    }
    Ok(Exit::Done)
}

/// A missing value for people: which, of what, and where it stands.
fn lines(gap: &Gap) -> String {
    let Gap { document_uid, field, page, pdf, .. } = gap;
    let code: Vec<&str> =
        [&gap.code_number, &gap.code_notation].into_iter().flatten().map(String::as_str).collect();
    let code = Some(code.join("/")).filter(|code| !code.is_empty());
    let known = [&gap.type_name, &code, &gap.issued_date, &gap.organ_name, &gap.subject];
    let known: Vec<&str> = known.into_iter().flatten().map(String::as_str).collect();
    let further = [("seen", &gap.seen), ("đã thấy", &gap.seen_vi), ("picture", &gap.crop)];
    let further = further.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let further: String =
        further.map(|(name, value)| ["\n    ", name, ": ", value].concat()).collect();
    format!("{document_uid}  {field}  {}\n    page {page} of {pdf}{further}", known.join(", "))
}

fn tell(report: &Report, file: &Path, json: bool) -> Result<(), Failure> {
    if json {
        let text = serde_json::to_string(report)
            .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
        say(text)?;
    } else {
        for change in &report.changes {
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".into());
            let one = &change.amendment;
            say(format_args!(
                "{} v{}  {}: {} -> {}",
                one.document_uid,
                change.version,
                one.field,
                shown(&one.before),
                shown(&one.value)
            ))?;
        }
        say(summary(report))?;
    }
    for wrong in &report.wrong {
        eprintln!("{}: line {}, {}: {}", file.display(), wrong.line, wrong.column, wrong.what);
    }
    if !report.wrong.is_empty() {
        let count = report.wrong.len();
        let written = if report.index == "untouched" {
            "nothing was written"
        } else {
            "all else was written: these changed while they were amended"
        };
        eprintln!("{count} wrong; {written}");
    }
    Ok(())
}

/// The counts, and what became of the index.
fn summary(report: &Report) -> String {
    let Report { documents, amended, unchanged, empty, dry_run, index, .. } = report;
    let done = if *dry_run || !report.wrong.is_empty() { "to amend" } else { "amended" };
    let told = match (*dry_run, *amended, *index) {
        (true, ..) => "; nothing was written",
        (_, 0, _) if report.wrong.is_empty() => "; nothing is new",
        (.., "written") => "; the index is up to date",
        (.., "announced") => "; announced to sohoa indexer",
        _ => "",
    };
    format!(
        "documents {documents}: {amended} {done}, {unchanged} unchanged; {empty} rows still empty{told}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_says_what_was_done() {
        let report = Report {
            documents: 3,
            amended: 2,
            unchanged: 1,
            index: "written",
            ..Report::default()
        };
        let text = summary(&report);
        assert!(text.contains("2 amended, 1 unchanged") && text.ends_with("up to date"), "{text}");
        let dry = Report { dry_run: true, index: "untouched", ..report };
        assert!(
            summary(&dry).contains("2 to amend") && summary(&dry).ends_with("nothing was written")
        );
        let again = Report { documents: 3, unchanged: 3, index: "written", ..Report::default() };
        assert!(summary(&again).ends_with("nothing is new"));
    }
}
