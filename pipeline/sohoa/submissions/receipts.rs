//! The receipts of a window of files, by the state in which the files were submitted.

use std::collections::HashMap;

use sohoa_index::{Index, IndexError};
use sohoa_schemas::ledger::{ChunkDocument, ChunkFile};
use sohoa_source::identity::intake_uid;
use uuid::Uuid;

use crate::{answers::for_each_row, audit::print};

/// What became of a document: the worst of its files' receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer<'a> {
    /// `published`, `held` or `quarantined`.
    pub(crate) outcome: &'a str,
    /// Why it was refused.
    pub(crate) code: Option<&'a str>,
    /// What to do about it.
    pub(crate) sentence: Option<&'a str>,
    /// Pages of all its files.
    pub(crate) pages: i64,
}

/// Outcome, code and sentence: few different ones, so they are kept once.
type Words = (String, Option<String>, Option<String>);

/// What the latest receipt of a file says.
#[derive(Debug, Clone, Copy)]
struct Receipt {
    words: u32,
    pages: i32,
    /// When it was settled, microseconds.
    settled: i64,
}

/// A file that is asked about, and its latest receipts.
#[derive(Debug)]
struct Asked {
    state: u128,
    /// Its last change, microseconds.
    modified: i64,
    /// Of the file as it was submitted.
    exact: Option<Receipt>,
    /// Of what lies at its address since: a touched file's receipt takes the earlier one's place.
    later: Option<Receipt>,
}

/// The files that are asked about, by their identity.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    files: HashMap<Uuid, Asked>,
    words: Vec<Words>,
    known: HashMap<Words, u32>,
}

impl Receipts {
    /// How many files are asked about.
    pub(super) fn wanted(&self) -> usize {
        self.files.len()
    }

    /// Asks about a document's files.
    pub(super) fn want(&mut self, document: &ChunkDocument) {
        for (uid, state, modified) in states(document) {
            let asked = Asked { state, modified, exact: None, later: None };
            self.files.insert(uid, asked);
        }
    }

    /// Finds the receipts, in one pass over the table. `source_name` narrows it to an input's files.
    pub(super) async fn read(
        &mut self,
        index: &Index,
        source_name: Option<&str>,
    ) -> Result<(), IndexError> {
        let of_source = source_name.map_or_else(String::new, |name| {
            format!(" where source_name = '{}'", name.replace('\'', "''"))
        });
        // Numbers, so that no form of a time is read.
        let sql = format!(
            "select intake_uid, size, etag, cast(modified_at as bigint), outcome, code, sentence, \
             pages, cast(settled_at as bigint), sha256 is null from intake{of_source}"
        );
        for_each_row(index, &sql, |row| self.note(row)).await
    }

    fn note(&mut self, row: &[Option<&str>]) {
        let text = |at: usize| row.get(at).copied().flatten();
        let number =
            |at: usize| text(at).and_then(|number| number.parse::<i64>().ok()).unwrap_or(0);
        let Some(uid) = text(0).and_then(|uid| uid.parse::<Uuid>().ok()) else { return };
        let Some(asked) = self.files.get(&uid) else { return };
        let (modified, settled) = (number(3), number(8));
        let unread = text(9) == Some("true");
        let is_exact = asked.state == listed(uid, (number(1), text(2), modified))
            || (unread && asked.state == absent(uid));
        let held = if is_exact { asked.exact } else { asked.later };
        let older = held.is_some_and(|held| held.settled > settled);
        if older || (!is_exact && modified <= asked.modified) {
            return;
        }
        let own = |at: usize| text(at).map(str::to_owned);
        let words = self.index_of((own(4).unwrap_or_default(), own(5), own(6)));
        let pages = i32::try_from(number(7)).unwrap_or(i32::MAX);
        let receipt = Some(Receipt { words, pages, settled });
        if let Some(asked) = self.files.get_mut(&uid) {
            *(if is_exact { &mut asked.exact } else { &mut asked.later }) = receipt;
        }
    }

    fn index_of(&mut self, words: Words) -> u32 {
        let next = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        *self.known.entry(words).or_insert_with_key(|words| {
            self.words.push(words.clone());
            next
        })
    }

    /// The answer about a document, once every file of it has one.
    pub(super) fn answer(&self, document: &ChunkDocument) -> Option<Answer<'_>> {
        let find = |(uid, ..): (Uuid, u128, i64)| {
            self.files.get(&uid).and_then(|asked| asked.exact.or(asked.later))
        };
        let receipts: Vec<Receipt> = states(document).map(find).collect::<Option<_>>()?;
        let pages = receipts.iter().map(|receipt| i64::from(receipt.pages)).sum();
        let words = |receipt: &Receipt| self.words.get(receipt.words as usize);
        let said: Vec<&Words> = receipts.iter().filter_map(words).collect();
        let worst = |outcome: &str| said.iter().find(|(said, ..)| said == outcome);
        let (outcome, code, sentence) =
            worst("quarantined").or_else(|| worst("held")).or_else(|| said.first())?;
        Some(Answer { outcome, code: code.as_deref(), sentence: sentence.as_deref(), pages })
    }
}

/// The files of a document: who they are, in which state they were submitted, and when they were
/// last changed before.
fn states(document: &ChunkDocument) -> impl Iterator<Item = (Uuid, u128, i64)> + '_ {
    let uid = |address: &str| intake_uid(document.dossier_uid, address);
    let file = move |file: &ChunkFile| {
        let uid = uid(&file.key);
        // Microseconds are what the index keeps.
        let modified = file.modified_at.timestamp_micros();
        let size = i64::try_from(file.size).unwrap_or(i64::MAX);
        (uid, listed(uid, (size, file.etag.as_deref(), modified)), modified)
    };
    // What was never there has no later state: its receipt stays beside that of a file that comes.
    let gone = move |address: &String| {
        let uid = uid(address);
        (uid, absent(uid), i64::MAX)
    };
    document.files.iter().map(file).chain(document.absent.iter().map(gone))
}

/// A file with the size, tag and time that it was listed with: changed bytes at a known address are
/// another file.
fn listed(uid: Uuid, (size, etag, modified): (i64, Option<&str>, i64)) -> u128 {
    let cells =
        [uid.to_string(), size.to_string(), etag.unwrap_or("-").to_owned(), modified.to_string()];
    print(&cells.join("\u{1f}"))
}

/// What belongs to a document and was never there has no size, tag or time.
fn absent(uid: Uuid) -> u128 {
    print(&format!("absent\u{1f}{uid}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(size: u64, etag: &str) -> ChunkFile {
        let modified_at = "2026-11-03T01:02:03.000456789Z".parse().unwrap();
        ChunkFile { key: "a.tif".into(), size, etag: Some(etag.into()), modified_at }
    }

    fn document(file: ChunkFile) -> ChunkDocument {
        let (dossier_uid, absent) = (Uuid::from_u128(7), Vec::new());
        ChunkDocument { dossier_uid, ordinal: 1, files: vec![file], absent, refused: None }
    }

    /// A receipt of `file` as the query gives it.
    fn row(receipts: &mut Receipts, file: &ChunkFile, (outcome, settled): (&str, i64)) {
        let uid = intake_uid(Uuid::from_u128(7), &file.key).to_string();
        let (size, modified) =
            (file.size.to_string(), file.modified_at.timestamp_micros().to_string());
        let (settled, etag) = (settled.to_string(), file.etag.as_deref());
        receipts.note(&[
            Some(uid.as_str()),
            Some(size.as_str()),
            etag,
            Some(modified.as_str()),
            Some(outcome),
            None,
            None,
            Some("3"),
            Some(settled.as_str()),
            Some("false"),
        ]);
    }

    fn outcome(receipts: &Receipts, document: &ChunkDocument) -> Option<String> {
        receipts.answer(document).map(|answer| answer.outcome.to_owned())
    }

    #[test]
    fn the_latest_receipt_counts_in_whatever_order_they_come() {
        let document = document(file(5, "e"));
        for order in [[0, 1], [1, 0]] {
            let mut receipts = Receipts::default();
            receipts.want(&document);
            assert_eq!(outcome(&receipts, &document), None);
            for at in order {
                row(&mut receipts, &file(5, "e"), [("quarantined", 10), ("published", 20)][at]);
            }
            assert_eq!(outcome(&receipts, &document).as_deref(), Some("published"));
        }
    }

    #[test]
    fn a_receipt_of_other_bytes_at_the_address_is_no_answer() {
        let changed = document(file(6, "f"));
        let mut receipts = Receipts::default();
        receipts.want(&changed);
        row(&mut receipts, &file(5, "e"), ("published", 10));
        row(&mut receipts, &file(6, "e"), ("published", 20));
        assert_eq!(outcome(&receipts, &changed), None);
        row(&mut receipts, &file(6, "f"), ("held", 10));
        assert_eq!(outcome(&receipts, &changed).as_deref(), Some("held"));
    }

    #[test]
    fn a_file_that_was_touched_since_is_answered_by_what_lies_there_now() {
        let document = document(file(5, "e"));
        let mut receipts = Receipts::default();
        receipts.want(&document);
        let mut touched = file(5, "f");
        touched.modified_at += chrono::TimeDelta::seconds(1);
        row(&mut receipts, &touched, ("published", 10));
        assert_eq!(outcome(&receipts, &document).as_deref(), Some("published"));
        // Its own receipt says it better, where there still is one.
        row(&mut receipts, &file(5, "e"), ("quarantined", 5));
        assert_eq!(outcome(&receipts, &document).as_deref(), Some("quarantined"));
    }

    #[test]
    fn a_document_is_answered_when_every_file_of_it_is() {
        let mut document = document(file(5, "e"));
        document.absent.push("gone.tif".into());
        let mut receipts = Receipts::default();
        receipts.want(&document);
        row(&mut receipts, &file(5, "e"), ("quarantined", 10));
        assert_eq!(outcome(&receipts, &document), None);
        let uid = intake_uid(document.dossier_uid, "gone.tif").to_string();
        let gone = ["0", "99", "quarantined", "F10_MISSING_FILE", "0", "11"];
        let [size, modified, said, code, pages, settled] = gone.map(Some);
        let cells =
            [Some(&*uid), size, None, modified, said, code, None, pages, settled, Some("true")];
        receipts.note(&cells);
        assert_eq!(outcome(&receipts, &document).as_deref(), Some("quarantined"));
    }
}
