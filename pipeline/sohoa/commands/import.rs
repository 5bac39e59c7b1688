//! `sohoa import`: reference and operational data from files.

use std::{path::Path, sync::Arc};

use object_store::memory::InMemory;
use serde::Serialize;
use sohoa_index::Index;
use sohoa_registers::{
    Context, Finding, Kind, Limits, Options, Reading, Rows, Severity, read, tables,
};
use sohoa_schemas::{events::Action, registers::ImportHeader, rows::SCHEMA_VERSION};
use sohoa_store::{Missing, OpenError, Store, hash::sha256};
use url::Url;

use crate::{
    arguments::import::Import,
    console::say,
    context::{now, vietnamese},
    exit::{Exit, Failure},
    imports,
    privacy::Pseudonyms,
    settings::Settings,
    setup, trail,
};

/// What became of a file.
#[derive(Debug, Serialize)]
struct File {
    #[serde(rename = "file")]
    path: String,
    sha256: String,
    sheet: Option<String>,
    rows: usize,
    /// `refused`, `checked`, `imported` or `unchanged`.
    state: &'static str,
    /// Key of its import.
    import_key: Option<String>,
    errors: u64,
    findings: Vec<Finding>,
    /// Findings beyond those.
    further_findings: u64,
    #[serde(skip)]
    taken: Option<Rows>,
}

/// What became of all.
#[derive(Debug, Serialize)]
struct Report {
    kind: &'static str,
    dry_run: bool,
    files: Vec<File>,
    tables: Vec<Table>,
}

#[derive(Debug, Serialize)]
struct Table {
    table: &'static str,
    rows: usize,
}

/// Checks files, and imports them if none has an error.
pub(crate) async fn run(arguments: &Import) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.results.config.as_deref())?;
    let store = open(arguments, &settings).await?;
    let files = check(arguments, &settings, &store).await?;
    let mut report = Report {
        kind: arguments.kind.name(),
        dry_run: arguments.check_only,
        files,
        tables: Vec::new(),
    };
    let refused = report.files.iter().any(|file| file.state == "refused");
    if !refused && !arguments.check_only {
        setup::writable(&store, settings.config.output.single_writer).await?;
        take(arguments, &store, &mut report).await?;
        trace(&settings, &store, &report).await?;
    }
    tell(&report, arguments.json)?;
    Ok(if refused { Exit::CheckFailed } else { Exit::Done })
}

/// Whoever begins with the register of agencies has no records yet: a dry run then checks against
/// nothing, and leaves not even a folder behind.
async fn open(arguments: &Import, settings: &Settings) -> Result<Store, Failure> {
    if !arguments.check_only {
        return setup::open(settings, &arguments.results.output, Missing::Create).await;
    }
    let there =
        Store::open_with(&arguments.results.output, Missing::Refuse, &settings.config.store);
    if matches!(there, Err(OpenError::NoFolder(_))) {
        let nothing = Url::parse("memory:///").expect("a scheme and a path make an address");
        return Ok(Store::from_parts(Arc::new(InMemory::new()), nothing));
    }
    setup::open(settings, &arguments.results.output, Missing::Refuse).await
}

async fn check(
    arguments: &Import,
    settings: &Settings,
    store: &Store,
) -> Result<Vec<File>, Failure> {
    let pseudonyms = Pseudonyms::load(settings.config.secrets.hmac_key.as_deref())?;
    let hide = |identifier: &str| pseudonyms.hash(identifier);
    let hide_numbers = |text: &str| pseudonyms.hide_numbers(text);
    let agencies = imports::agencies(store).await?;
    let today = vietnamese(now()).date_naive();
    let inventory = match arguments.kind {
        Kind::Inventory => imports::inventory(store, &agencies).await?,
        _ => Vec::new(),
    };
    let mut context = Context {
        province: settings.config.agency.province.clone(),
        agency: settings.config.agency.code.clone(),
        today,
        as_of: arguments.as_of.unwrap_or(today),
        limits: Limits::default(),
        hide: &hide,
        hide_numbers: &hide_numbers,
        register: agencies,
        inventory,
        accept_unknown: arguments.accept_unknown_agencies,
    };
    let options = Options { sheets: arguments.sheet.clone(), map: arguments.map.clone() };
    let mut files = Vec::new();
    for path in &arguments.files {
        let bytes = bytes(path, context.limits.file_bytes)?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let reading = read((&name, &bytes), arguments.kind, &options, &context);
        // The next file must not hold the same papers either.
        if let Some(Rows::Inventory(counts)) = &reading.rows {
            let known = std::mem::take(&mut context.inventory);
            context.inventory = tables::standing([known, counts.clone()], &context.register);
        }
        files.push(file(&name, &bytes, reading));
    }
    Ok(files)
}

fn file(name: &str, bytes: &[u8], reading: Reading) -> File {
    let acceptable = reading.is_acceptable();
    File {
        path: name.to_owned(),
        sha256: sha256(bytes),
        sheet: reading.sheet,
        rows: reading.rows.as_ref().map_or(0, Rows::len),
        state: if acceptable { "checked" } else { "refused" },
        import_key: None,
        errors: reading.errors,
        findings: reading.findings,
        further_findings: reading.more,
        taken: reading.rows.filter(|_| acceptable),
    }
}

/// The bytes of a file; of one that is too large as many as show that.
fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let unreadable = |error: std::io::Error| {
        Failure::new(Exit::Usage, format!("`{}` cannot be read: {error}", path.display()))
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// Keeps the files' rows, and brings the tables up to them.
async fn take(arguments: &Import, store: &Store, report: &mut Report) -> Result<(), Failure> {
    let mut new = Vec::new();
    for file in &mut report.files {
        let Some(rows) = file.taken.take() else { continue };
        let header = ImportHeader {
            kind: rows.kind().name().to_owned(),
            file_name: file.path.clone(),
            file_sha256: file.sha256.clone(),
            rows_sha256: String::new(),
            sheet: file.sheet.clone(),
            imported_at: now(),
            imported_by: arguments.by.clone().unwrap_or_default(),
            as_of: arguments.as_of.unwrap_or_else(|| vietnamese(now()).date_naive()),
            rows: rows.len() as u64,
            schema_version: SCHEMA_VERSION,
        };
        let kept = imports::keep(store, header, &rows).await?;
        file.state = if kept.existed { "unchanged" } else { "imported" };
        if !kept.existed {
            new.push(kept.key.clone());
        }
        file.import_key = Some(kept.key);
    }
    let (objects, url) = store.below(sohoa_publish::keys::INDEX);
    let mut index = Index::open(&objects, url)
        .map_err(|error| Failure::from_error(Exit::Configuration, &error))?;
    if arguments.kind == Kind::Events {
        // Also what was imported before: an interrupted import is completed so.
        let keys: Vec<String> = report.files.iter().filter_map(|f| f.import_key.clone()).collect();
        let rows = imports::append_events((store, &mut index), &keys).await?;
        report.tables.push(Table { table: "events", rows });
        return Ok(());
    }
    let written = imports::update((store, &index), arguments.kind, &new).await?;
    report.tables = written.into_iter().map(|(table, rows)| Table { table, rows }).collect();
    Ok(())
}

/// Tells the audit trail what was imported; also what an interrupted call kept and did not tell.
async fn trace(settings: &Settings, store: &Store, report: &Report) -> Result<(), Failure> {
    for file in &report.files {
        let Some(key) = &file.import_key else { continue };
        let at = imports::load(store, key).await?.header.imported_at;
        let details = serde_json::json!({
            "kind": report.kind,
            "file": file.path,
            "sha256": file.sha256,
            "rows": file.rows,
            "import_key": file.import_key,
        });
        let told = ("sohoa import", details);
        trail::tell_once((&settings.config, store), (Action::Imported, key, at), told).await;
    }
    Ok(())
}

fn tell(report: &Report, json: bool) -> Result<(), Failure> {
    if json {
        let text = serde_json::to_string(report)
            .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
        return say(text);
    }
    for file in &report.files {
        for finding in &file.findings {
            eprintln!("{finding}");
        }
        if file.further_findings > 0 {
            eprintln!("{}: {} further findings", file.path, file.further_findings);
        }
        let warnings = file.findings.iter().filter(|f| f.severity == Severity::Warning).count();
        let sheet = file.sheet.as_ref().map(|sheet| format!(" ({sheet})")).unwrap_or_default();
        say(format_args!(
            "{}{sheet}: {}, {} rows of {}, {} errors, {warnings} warnings",
            file.path, file.state, file.rows, report.kind, file.errors
        ))?;
    }
    for table in &report.tables {
        say(format_args!("{:<18} {:>10} rows written", table.table, table.rows))?;
    }
    if report.files.iter().any(|file| file.state == "refused") {
        eprintln!("nothing was written");
    }
    Ok(())
}
