//! The list of what is missing, ready for a clerk: to read, as JSON, and as the CSV file that comes
//! back filled in.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
};

use futures::{StreamExt as _, stream};
use indicatif::MultiProgress;
use sohoa_decode::Limits;
use sohoa_index::Index;
use sohoa_store::Store;

use super::{
    Field,
    crop::{Crop, crops},
    gaps::{Gap, gaps},
};
use crate::{
    bar::Progress,
    exit::{Exit, Failure},
};

/// Documents drawn at once: each holds a page's pixels.
const AT_ONCE: usize = 4;

/// The first columns are those that `sohoa amend` reads; the others help to find the paper.
const HEADER: [&str; 15] = [
    "document_uid",
    "field",
    "value",
    "who",
    "note",
    "seen",
    "seen_vi",
    "crop",
    "page",
    "pdf",
    "type_name",
    "code",
    "issued_date",
    "organ_name",
    "subject",
];

/// What is listed, and what is made of it.
pub(crate) struct List<'a> {
    /// The columns.
    pub(crate) fields: &'a [Field],
    /// Values at most.
    pub(crate) limit: Option<u64>,
    /// Where pictures go.
    pub(crate) crops: Option<&'a Path>,
    /// Bounds on a page.
    pub(crate) limits: Limits,
    /// Where the CSV file goes, and its separator.
    pub(crate) csv: Option<(&'a Path, u8)>,
}

/// Lists, draws and writes; answers with the list.
///
/// # Errors
/// The store's, the index's, or a file that cannot be written.
pub(crate) async fn list(
    (store, index): (&Store, &Index),
    list: &List<'_>,
    bars: &MultiProgress,
) -> Result<Vec<Gap>, Failure> {
    // A folder that cannot be written to is told before a long wait.
    let csv = list.csv.map(|(path, separator)| create(path).map(|file| (path, file, separator)));
    let csv = csv.transpose()?;
    // A path is what people open.
    let folder = store.folder().map(|folder| folder.display().to_string());
    let address = folder.unwrap_or_else(|| store.address());
    let found = gaps(index, (list.fields, list.limit), &address).await?;
    let found = match list.crops {
        Some(folder) => draw(store, found, (folder, list.limits), bars).await?,
        None => found,
    };
    if let Some((path, file, separator)) = csv {
        write(&found, file, separator).map_err(|error| cannot_write(path, &error))?;
    }
    Ok(found)
}

fn cannot_write(path: &Path, error: &(dyn std::error::Error + 'static)) -> Failure {
    let mut failure = Failure::from_error(Exit::Configuration, error);
    failure.chain.insert(0, format!("`{}` cannot be written", path.display()));
    failure
}

/// A new file: one that is there may be half filled in.
fn create(path: &Path) -> Result<File, Failure> {
    File::create_new(path).map_err(|error| {
        let failure = cannot_write(path, &error);
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            return Failure { exit: Exit::Usage, ..failure }.hint(
                "a list that somebody may be filling in is not overwritten: give another name",
            );
        }
        failure
    })
}

/// Draws the places, document by document; a picture that cannot be drawn is told and left out.
async fn draw(
    store: &Store,
    found: Vec<Gap>,
    (folder, limits): (&Path, Limits),
    bars: &MultiProgress,
) -> Result<Vec<Gap>, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    let documents: Vec<Vec<Gap>> =
        found.chunk_by(|a, b| a.document_uid == b.document_uid).map(<[Gap]>::to_vec).collect();
    let progress = Progress::begin(bars, documents.len() as u64, "drawn");
    let shown = &progress;
    let mut drawing = stream::iter(documents)
        .map(|gaps| async move {
            let drawn = one(store, gaps, (folder, limits)).await;
            shown.one();
            drawn
        })
        .buffered(AT_ONCE);
    let mut all = Vec::new();
    while let Some(drawn) = drawing.next().await {
        all.extend(drawn?);
    }
    Ok(all)
}

async fn one(
    store: &Store,
    mut gaps: Vec<Gap>,
    (folder, limits): (&Path, Limits),
) -> Result<Vec<Gap>, Failure> {
    let Some(first) = gaps.first() else { return Ok(gaps) };
    let at = (first.source.0, first.source.1, first.document_uid);
    let fields = gaps.iter().filter_map(|gap| Field::named(&gap.field).ok()).collect();
    let drawn = crops(store, at, fields, (folder, limits)).await?;
    for (gap, drawn) in gaps.iter_mut().zip(drawn) {
        match drawn {
            Ok(Crop { page, name }) => {
                gap.page = page;
                gap.crop = Some(PathBuf::from(folder).join(name).display().to_string());
            }
            Err(why) => {
                tracing::warn!(document = %gap.document_uid, field = gap.field, why, "no picture");
            }
        }
    }
    Ok(gaps)
}

fn write(gaps: &[Gap], mut file: File, separator: u8) -> Result<(), csv::Error> {
    // Without this mark Excel takes the letters for another alphabet.
    file.write_all("\u{feff}".as_bytes())?;
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(file);
    writer.write_record(HEADER)?;
    for gap in gaps {
        let text = |value: &Option<String>| guarded(value.as_deref().unwrap_or_default());
        let code: Vec<&str> = [&gap.code_number, &gap.code_notation]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        writer.write_record([
            gap.document_uid.to_string(),
            gap.field.clone(),
            String::new(),
            String::new(),
            String::new(),
            text(&gap.seen),
            text(&gap.seen_vi),
            text(&gap.crop),
            gap.page.to_string(),
            guarded(&gap.pdf),
            text(&gap.type_name),
            guarded(&code.join("/")),
            text(&gap.issued_date),
            text(&gap.organ_name),
            text(&gap.subject),
        ])?;
    }
    writer.flush()?;
    Ok(())
}

/// A spreadsheet must not take what stood on a page for a formula.
fn guarded(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@']);
    if formula { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::amend::Sheet;

    fn gap(field: &str, seen: &str) -> Gap {
        Gap {
            document_uid: Uuid::max(),
            field: field.into(),
            seen: Some(seen.into()),
            seen_vi: None,
            type_name: None,
            code_number: None,
            code_notation: Some("QĐ-UBND".into()),
            issued_date: None,
            organ_name: Some("UBND; xã, \"Mẫu\"".into()),
            subject: None,
            page: 1,
            pdf: "/out/documents/a.pdf".into(),
            crop: None,
            source: (Uuid::nil(), 1),
        }
    }

    #[test]
    fn the_list_comes_back_filled_in() {
        for separator in *b",;" {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("todo.csv");
            let gaps = [gap("code_number", "=?(4"), gap("issued_date", "ngày 31")];
            write(&gaps, create(&path).unwrap(), separator).unwrap();
            assert!(create(&path).is_err(), "a half filled list is not overwritten");
            let text = std::fs::read_to_string(&path).unwrap();
            let shown = char::from(separator).to_string();
            assert!(text.contains("'=?(4"), "{text}");
            let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 27).unwrap();
            let empty = Sheet::read(text.as_bytes(), Some("a"), today).unwrap();
            assert_eq!((empty.empty, empty.edits.len(), empty.wrong.len()), (2, 0, 0));
            let blank = ["code_number", "", ""].join(&shown);
            let filled = text.replace(&blank, &["code_number", "45", ""].join(&shown));
            let sheet = Sheet::read(filled.as_bytes(), Some("a"), today).unwrap();
            assert_eq!((sheet.empty, sheet.edits[0].1.len(), sheet.wrong.len()), (1, 1, 0));
        }
    }
}
