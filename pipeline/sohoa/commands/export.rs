//! `sohoa export --public`: a catalogue of what everybody may know.

use std::path::Path;

use chrono::{DateTime, Utc};
use indicatif::MultiProgress;
use serde::Serialize;
use sohoa_export::{Census, ExportError, Files};
use sohoa_find::Request;
use sohoa_index::IndexError;
use sohoa_schemas::events::Action;
use sohoa_store::{Missing, Store, hash::Hasher};

use crate::{
    arguments::export::Export,
    bar::Progress,
    commands::query,
    console::say,
    context::now,
    exit::{Exit, Failure},
    find::ask,
    settings::Settings,
    setup, trail,
};

/// Where errors of the store say they are from.
const STAGE: &str = "export";

/// What lies beside the files, put last.
const NOTE: &str = "export.json";

/// Bytes hashed at once.
const PIECE: usize = 1 << 20;

/// What an export is.
#[derive(Debug, Serialize)]
struct Note {
    made_at: DateTime<Utc>,
    /// What it is limited to.
    of: String,
    rows: u64,
    documents: Census,
    files: Vec<Written>,
}

#[derive(Debug, Serialize)]
struct Written {
    name: String,
    bytes: u64,
    sha256: String,
}

/// Counts, and writes unless it is a dry run.
pub(crate) async fn run(arguments: &Export, bars: &MultiProgress) -> Result<Exit, Failure> {
    debug_assert!(arguments.public, "the command line demands it");
    let settings = Settings::load(arguments.results.config.as_deref())?;
    let request = request(arguments)?;
    let store = setup::open(&settings, &arguments.results.output, Missing::Refuse).await?;
    let index = query::open(&store).await?;
    let documents =
        sohoa_export::census(&index, &request).await.map_err(|error| at_index(&error))?;
    let mut note = Note {
        made_at: now(),
        of: if request.is_empty() { "all documents".to_owned() } else { request.explanation() },
        rows: documents.public,
        documents,
        files: Vec::new(),
    };
    if let Some(to) = arguments.to.as_ref().filter(|_| !arguments.list_only) {
        let target = setup::open(&settings, to, Missing::Create).await?;
        refuse_inside(&store, &target)?;
        let folder = tempfile::tempdir().map_err(|error| at_file(&error))?;
        let progress = Progress::begin(bars, documents.public, "exported");
        let files = sohoa_export::write(&index, &request, folder.path(), &|| progress.one()).await;
        drop(progress);
        let files = files.map_err(|error| match error {
            ExportError::Index(error) => at_index(&error),
            error => Failure::from_error(Exit::Configuration, &error),
        })?;
        put(&target, &files, &mut note).await?;
        trace((&settings, &store), &target, &note).await;
    }
    report(arguments, &note)?;
    Ok(Exit::Done)
}

/// Tells the audit trail what left, and where to.
async fn trace((settings, store): (&Settings, &Store), target: &Store, note: &Note) {
    let details = serde_json::json!({
        "what": "public", "of": note.of, "to": target.address(), "rows": note.rows,
        "files": note.files,
    });
    let told = ("sohoa export", details);
    trail::tell((&settings.config, store), Action::Exported, told).await;
}

fn request(arguments: &Export) -> Result<Request, Failure> {
    let mut request = Request::default();
    if let Some(agency) = &arguments.agency {
        request.of_agency(agency);
        if request.names_agency() {
            let what = format!("`{agency}` is no code of an agency");
            return Err(Failure::new(Exit::Usage, what).hint("as in custodian_agency_code: H08.12"));
        }
    }
    if let Some(year) = &arguments.year {
        request.within(ask::years(year)?).map_err(|error| ask::misunderstood(&error))?;
    }
    Ok(request)
}

/// What everybody may read does not lie among what is closed, nor the other way round.
fn refuse_inside(output: &Store, target: &Store) -> Result<(), Failure> {
    let (closed, open) = (output.address(), target.address());
    if closed.starts_with(&open) || open.starts_with(&closed) {
        let what = format!("the records `{closed}` and the catalogue `{open}` lie in each other");
        return Err(Failure::new(Exit::Usage, what).hint("give the catalogue a place of its own"));
    }
    Ok(())
}

/// Puts the files, and last the note that vouches for them.
async fn put(target: &Store, files: &Files, note: &mut Note) -> Result<(), Failure> {
    note.rows = files.rows;
    for path in [&files.parquet, &files.csv] {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let sha256 = sha256(path).map_err(|error| at_file(&error))?;
        let bytes = target.put_file(STAGE, &name, path, &sha256).await.map_err(Failure::from)?;
        note.files.push(Written { name, bytes, sha256 });
    }
    let text = serde_json::to_vec_pretty(note)
        .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    target.put(STAGE, NOTE, text.into()).await.map_err(Failure::from)
}

fn sha256(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Hasher::default();
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hasher.finish()),
            read => hasher.update(&piece[..read]),
        }
    }
}

fn report(arguments: &Export, note: &Note) -> Result<(), Failure> {
    if arguments.json {
        let text = serde_json::to_string(note)
            .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
        return say(text);
    }
    let Census { public, not_published, not_open, maybe_secret } = note.documents;
    say(format_args!("{}:", note.of))?;
    for (what, count) in [
        ("public", public),
        ("not open (conditional or unknown)", not_open),
        ("secret, or unknown whether", maybe_secret),
        ("not published, or withdrawn", not_published),
    ] {
        say(format_args!("{count:>10}  {what}"))?;
    }
    for Written { name, bytes, .. } in &note.files {
        say(format_args!("{name}: {} rows, {bytes} bytes", note.rows))?;
    }
    Ok(())
}

fn at_index(error: &IndexError) -> Failure {
    Failure::from_error(Exit::Unreachable, error)
}

fn at_file(error: &std::io::Error) -> Failure {
    Failure::from_error(Exit::Configuration, error)
        .hint("set TMPDIR to a folder with room for the catalogue")
}
