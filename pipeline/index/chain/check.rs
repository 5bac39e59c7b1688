//! The whole chain of a province, read in its order and held against what was signed of it.
//!
//! Of every month some file is open at a time, and of each a row group; so memory follows neither
//! the number of events nor that of files.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque},
    fmt,
};

use arrow::array::{Int64Array, RecordBatch, StringArray};
use serde::Serialize;

use super::{
    canonical::{Canonical, number_column},
    link::Head,
};
use crate::{
    Index,
    error::IndexError,
    files::{DataFile, FileReader, Rows, text_column},
    table::Table,
};

/// Faults of a province that are told one by one; further ones are only counted.
const TOLD: usize = 100;

/// Places away that a moved row is looked for.
const NEAR: i64 = 16;

/// A place of a chain that somebody vouched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Who says so: the signed head's key.
    pub name: String,
    /// The place.
    pub seq: i64,
    /// The hash that stood there.
    pub row_hash: String,
}

/// Something that should not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChainFault {
    /// A row is not what was appended.
    Changed {
        /// Its place.
        seq: i64,
        /// The event, as the row says now.
        event_uid: String,
    },
    /// A row stands in another's place.
    Moved {
        /// Where it stands.
        seq: i64,
        /// Where it was appended.
        was: i64,
        /// The event.
        event_uid: String,
    },
    /// Rows were removed from the middle.
    Removed {
        /// The first of them.
        from: i64,
        /// The last of them.
        to: i64,
    },
    /// Two rows have one place: one was inserted, or two writers forked the chain.
    Twice {
        /// The place.
        seq: i64,
        /// The second event.
        event_uid: String,
    },
    /// A whole row does not build on the one before it.
    DoesNotFollow {
        /// Its place.
        seq: i64,
    },
    /// A file holds its rows in another order than they were appended.
    OutOfOrder {
        /// The file.
        file: String,
        /// The place that comes too late in it.
        seq: i64,
    },
    /// The end of the chain is gone.
    Cut {
        /// The last event there is; 0 for none.
        last: i64,
        /// The one that was signed for.
        signed: i64,
        /// The signed head.
        head: String,
    },
    /// The chain is another than the one that was signed.
    NotAsSigned {
        /// The place.
        seq: i64,
        /// The signed head.
        head: String,
    },
}

impl fmt::Display for ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { seq, event_uid } => {
                write!(f, "event {seq} ({event_uid}) was changed: its hash is not that of the row")
            }
            Self::Moved { seq, was, event_uid } => {
                write!(f, "event {was} ({event_uid}) was moved to place {seq}")
            }
            Self::Removed { from, to } if from == to => write!(f, "event {from} was removed"),
            Self::Removed { from, to } => write!(f, "events {from} to {to} were removed"),
            Self::Twice { seq, event_uid } => write!(
                f,
                "place {seq} is taken twice: event {event_uid} was inserted, or the chain forked"
            ),
            Self::DoesNotFollow { seq } => write!(
                f,
                "event {seq} does not build on the one before it: one of the two was replaced"
            ),
            Self::OutOfOrder { file, seq } => {
                write!(f, "`{file}` was re-ordered: event {seq} stands behind a later one")
            }
            Self::Cut { last, signed, head } => write!(
                f,
                "the tail was cut: the chain ends with event {last}, and `{head}` signed event \
                 {signed}"
            ),
            Self::NotAsSigned { seq, head } => write!(
                f,
                "event {seq} is another than `{head}` signed: the chain was written anew up to there"
            ),
        }
    }
}

/// What is to be said of a province's chain.
#[derive(Debug, Default, Serialize)]
pub struct ChainReport {
    /// Rows read.
    pub events: u64,
    /// The last event.
    pub head: Option<Head>,
    /// Everything wrong.
    pub faults_total: u64,
    /// The first of it.
    pub faults: Vec<ChainFault>,
}

impl ChainReport {
    fn fault(&mut self, fault: ChainFault) {
        self.faults_total += 1;
        if self.faults.len() < TOLD {
            self.faults.push(fault);
        }
    }

    /// Whether a row that comes late was missed at its place; then it was not removed.
    fn found_again(&mut self, seq: i64) -> bool {
        let missed = |fault: &ChainFault| match fault {
            ChainFault::Removed { from, to } if (*from..=*to).contains(&seq) => Some((*from, *to)),
            _ => None,
        };
        let Some(at) = self.faults.iter().position(|fault| missed(fault).is_some()) else {
            return false;
        };
        let (from, to) = missed(&self.faults.remove(at)).unwrap_or((seq, seq));
        self.faults_total -= 1;
        for (from, to) in [(from, seq - 1), (seq + 1, to)] {
            if from <= to {
                self.fault(ChainFault::Removed { from, to });
            }
        }
        true
    }
}

impl Index {
    /// The last event of a province's chain, as the store has it now.
    ///
    /// # Errors
    /// [`IndexError`] when the table cannot be read.
    pub async fn event_head(&mut self, province: &str) -> Result<Option<Head>, IndexError> {
        let log = self.log_mut(Table::Events);
        log.forget();
        log.head(province).await
    }

    /// The provinces that have events, and how many rows all of them have, as the log says.
    ///
    /// # Errors
    /// [`IndexError`] when the table cannot be read.
    pub async fn event_provinces(&mut self) -> Result<(BTreeSet<String>, u64), IndexError> {
        let log = self.log_mut(Table::Events);
        log.forget();
        let files = log.files().await?;
        let rows = files.iter().filter_map(|file| file.view().num_records()).sum::<usize>() as u64;
        Ok((files.into_iter().map(|file| file.province).collect(), rows))
    }

    /// Reads a province's chain from its first event to its last and holds it against `anchors`;
    /// `each` is told of the rows as they are read.
    ///
    /// # Errors
    /// [`IndexError`] when a file cannot be read; what is wrong with the chain is in the report.
    pub async fn check_events(
        &mut self,
        province: &str,
        anchors: &[Anchor],
        mut each: impl FnMut(u64),
    ) -> Result<ChainReport, IndexError> {
        let log = self.log_mut(Table::Events);
        let mut files = log.files().await?;
        files.retain(|file| file.province == province);
        let mut chain = Chain::new(log.reader(), files);
        let mut check = Check::new(anchors);
        while let Some((row, batch)) = chain.next(&mut check.report).await? {
            check.row(&row, batch);
            each(1);
        }
        Ok(check.end())
    }
}

/// A place and the number of the open file that holds it; the smallest first.
type Next = Reverse<(i64, usize)>;

/// The files of a province, read side by side.
struct Chain {
    reader: FileReader,
    /// By their first places.
    unopened: VecDeque<DataFile>,
    open: Vec<Option<Cursor>>,
    next: BinaryHeap<Next>,
    /// The cursor whose row was given last.
    given: Option<usize>,
}

impl Chain {
    fn new(reader: FileReader, mut files: Vec<DataFile>) -> Self {
        files.sort_by_key(first);
        let (open, next) = (Vec::new(), BinaryHeap::new());
        Self { reader, unopened: files.into(), open, next, given: None }
    }

    /// The next row of the chain.
    async fn next(
        &mut self,
        report: &mut ChainReport,
    ) -> Result<Option<(Row, &Batch)>, IndexError> {
        if let Some(given) = self.given.take() {
            self.advance(given, report).await?;
        }
        loop {
            let due = self.next.peek().map(|Reverse((seq, _))| *seq);
            let opens = |file: &&DataFile| due.is_none_or(|due| first(file) <= due);
            let Some(file) = self.unopened.front().filter(opens) else { break };
            let rows = self.reader.rows(file).await?;
            let name = file.path.to_string();
            self.unopened.pop_front();
            self.open.push(Some(Cursor { name, rows, batch: None, highest: i64::MIN }));
            self.advance(self.open.len() - 1, report).await?;
        }
        let Some(Reverse((seq, at))) = self.next.pop() else { return Ok(None) };
        self.given = Some(at);
        let batch = self.open[at].as_ref().and_then(|cursor| cursor.batch.as_ref());
        Ok(batch.map(|(batch, row)| (Row { seq, row: *row }, batch)))
    }

    /// Moves a file on by a row; one that is read is closed.
    async fn advance(&mut self, at: usize, report: &mut ChainReport) -> Result<(), IndexError> {
        let Some(cursor) = &mut self.open[at] else { return Ok(()) };
        match cursor.step(report).await? {
            Some(seq) => self.next.push(Reverse((seq, at))),
            None => self.open[at] = None,
        }
        Ok(())
    }
}

fn first(file: &DataFile) -> i64 {
    file.bound("minValues", "seq").unwrap_or(i64::MIN)
}

struct Cursor {
    name: String,
    rows: Rows,
    batch: Option<(Batch, usize)>,
    highest: i64,
}

impl Cursor {
    /// The place of the file's next row.
    async fn step(&mut self, report: &mut ChainReport) -> Result<Option<i64>, IndexError> {
        if let Some((_, row)) = &mut self.batch {
            *row += 1;
        }
        while self.batch.as_ref().is_none_or(|(batch, row)| *row >= batch.places.len()) {
            let Some(batch) = self.rows.next().await? else { return Ok(None) };
            self.batch = Some((Batch::of(&batch)?, 0));
        }
        let Some((batch, row)) = &self.batch else { return Ok(None) };
        let seq = batch.places.value(*row);
        if seq < self.highest {
            report.fault(ChainFault::OutOfOrder { file: self.name.clone(), seq });
        }
        self.highest = self.highest.max(seq);
        Ok(Some(seq))
    }
}

/// The columns of some rows.
struct Batch {
    places: Int64Array,
    before: StringArray,
    hashes: StringArray,
    uids: StringArray,
    canonical: Canonical,
}

impl Batch {
    fn of(batch: &RecordBatch) -> Result<Self, IndexError> {
        Ok(Self {
            places: number_column(batch, "seq")?,
            before: text_column(batch, "prev_hash")?,
            hashes: text_column(batch, "row_hash")?,
            uids: text_column(batch, "event_uid")?,
            canonical: Canonical::of(batch)?,
        })
    }
}

/// A row of a batch.
struct Row {
    seq: i64,
    row: usize,
}

/// What is known of the rows so far.
struct Check {
    report: ChainReport,
    head: Head,
    /// Whether the last row is what was appended: else the next one need not build on it.
    is_sound: bool,
    anchors: BTreeMap<i64, Vec<Anchor>>,
}

impl Check {
    fn new(anchors: &[Anchor]) -> Self {
        let mut by_place: BTreeMap<i64, Vec<Anchor>> = BTreeMap::new();
        for anchor in anchors {
            by_place.entry(anchor.seq).or_default().push(anchor.clone());
        }
        Self {
            report: ChainReport::default(),
            head: Head::default(),
            is_sound: true,
            anchors: by_place,
        }
    }

    fn row(&mut self, row: &Row, batch: &Batch) {
        let Row { seq, row } = *row;
        let (before, hash) = (batch.before.value(row), batch.hashes.value(row));
        let event_uid = || batch.uids.value(row).to_owned();
        self.report.events += 1;
        let expected = self.head.seq.saturating_add(1);
        let is_late = seq < expected;
        if is_late && !self.report.found_again(seq) {
            return self.report.fault(ChainFault::Twice { seq, event_uid: event_uid() });
        }
        if seq > expected {
            self.report.fault(ChainFault::Removed { from: expected, to: seq - 1 });
        }
        let is_sound = batch.canonical.hash(row, (seq, before)) == hash;
        if !is_sound {
            let mut near = seq.saturating_sub(NEAR)..=seq.saturating_add(NEAR);
            let was = near.find(|was| batch.canonical.hash(row, (*was, before)) == hash);
            self.report.fault(match was {
                Some(was) => ChainFault::Moved { seq, was, event_uid: event_uid() },
                None => ChainFault::Changed { seq, event_uid: event_uid() },
            });
        } else if seq == expected && self.is_sound && before != self.head.row_hash {
            self.report.fault(ChainFault::DoesNotFollow { seq });
        }
        for anchor in self.anchors.remove(&seq).into_iter().flatten() {
            if anchor.row_hash != hash {
                self.report.fault(ChainFault::NotAsSigned { seq, head: anchor.name });
            }
        }
        if !is_late {
            self.head = Head { seq, row_hash: hash.to_owned() };
            self.is_sound = is_sound;
        }
    }

    fn end(mut self) -> ChainReport {
        let last = self.head.seq;
        for (signed, anchors) in std::mem::take(&mut self.anchors) {
            // What is missing before the end is told as removed.
            for anchor in anchors.into_iter().filter(|_| signed > last) {
                self.report.fault(ChainFault::Cut { last, signed, head: anchor.name });
            }
        }
        self.report.head = Some(self.head).filter(|head| head.seq > 0);
        self.report
    }
}
