//! Which rows fit, and which fit better.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use arrow::array::{RecordBatch, StringArray};
use sohoa_document::fold::fold;
use sohoa_index::IndexError;

use crate::{
    columns::{Folder, Texts, text, value},
    request::{Agency, Request},
    words::Words,
};

/// Code of the kinds that the law does not list.
const OTHER_KIND: &str = "32";

/// A whole code outweighs everything, a number every word.
const CODE: u32 = 2_000;
const CODE_AS_TYPED: u32 = 500;
const NUMBER: u32 = 1_000;
const KIND: u32 = 200;
/// The words one after the other.
const PHRASE: u32 = 60;
/// A word with the marks it was typed with, before one without.
const MARKED: u32 = 20;
/// A word in the subject, before one in the agency's name.
const IN_SUBJECT: u32 = 5;

/// Judges the rows of one stream.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    request: &'a Request,
    folder: Folder,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(request: &'a Request) -> Self {
        Self { request, folder: Folder::default() }
    }

    /// The rows that fit, with their points.
    pub(crate) fn rows(&mut self, batch: &RecordBatch) -> Result<Vec<(usize, u32)>, IndexError> {
        let texts = Texts::of(batch)?;
        let [code, number, kind] =
            ["code_full", "code_number", "type_code"].map(|c| text(batch, c));
        let (code, number, kind) = (code?, number?, kind?);
        let mut fitting = Vec::new();
        for row in 0..batch.num_rows() {
            if let Some(points) = self.words(&texts, row) {
                fitting.push((row, points + self.keys([&code, &number, &kind], row)));
            }
        }
        Ok(fitting)
    }

    /// Points for words; none where one is missing, or the agency is another.
    fn words(&mut self, texts: &Texts, row: usize) -> Option<u32> {
        // Code 32 is all kinds that the law does not list; their names tell them apart.
        if let Some(kind) = self.request.kind.filter(|kind| kind.code == OTHER_KIND)
            && !texts.kind(row).is_empty()
            && fold(texts.kind(row)) != fold(kind.name)
        {
            return None;
        }
        if let Some(Agency::Name(name)) = &self.request.agency {
            let agencies = self.folder.join(texts.agencies(row).into_iter());
            name.all_in(&[&agencies]).then_some(())?;
        }
        let words = &self.request.words;
        if words.is_empty() {
            return Some(0);
        }
        let subject = value(&texts.subject_folded, row);
        let in_subject = words.count_in(subject);
        let others = self.folder.join(texts.others(row));
        if in_subject < words.0.len() && !words.all_in(&[subject, &others]) {
            return None;
        }
        let phrase = words.0.len() > 1
            && [subject, others.as_str()]
                .iter()
                .any(|t| matches!(words.place_in(t), Some((_, true))));
        let marks = marked(words, value(&texts.subject, row), texts.others(row));
        Some(in_subject as u32 * IN_SUBJECT + marks * MARKED + u32::from(phrase) * PHRASE)
    }

    fn keys(&self, [code, number, kind]: [&StringArray; 3], row: usize) -> u32 {
        let mut points = 0;
        if let Some(wanted) = &self.request.code {
            let (typed, printed) = (wanted.typed(), value(code, row));
            points += u32::from(fold(&typed) == fold(printed)) * CODE;
            points += u32::from(typed == printed) * CODE_AS_TYPED;
        }
        if let Some(wanted) = &self.request.number {
            points += u32::from(wanted == value(number, row)) * NUMBER;
        }
        if let Some(wanted) = self.request.kind {
            points += u32::from(wanted.code == value(kind, row)) * KIND;
        }
        points
    }
}

/// How many words have their marks in one of the texts.
fn marked<'t>(words: &Words, subject: &'t str, others: impl Iterator<Item = &'t str>) -> u32 {
    if !words.has_marks() {
        return 0;
    }
    let all: Vec<&str> = std::iter::once(subject).chain(others).collect();
    words.marked_in(&all.join(" | ")) as u32
}

/// A thing with its points, later dates and then lower keys first.
#[derive(Debug)]
struct Ranked<T> {
    key: (u32, String, Reverse<String>),
    thing: T,
}

impl<T> PartialEq for Ranked<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<T> Eq for Ranked<T> {}

impl<T> PartialOrd for Ranked<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Ranked<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

/// The best so many, and how many there were.
#[derive(Debug)]
pub(crate) struct Best<T> {
    limit: usize,
    heap: BinaryHeap<Reverse<Ranked<T>>>,
    pub(crate) total: u64,
}

impl<T> Best<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, heap: BinaryHeap::new(), total: 0 }
    }

    /// Counts a thing, and makes and keeps it unless there are so many better ones.
    pub(crate) fn offer<E>(
        &mut self,
        (points, date, uid): (u32, &str, &str),
        thing: impl FnOnce() -> Result<T, E>,
    ) -> Result<(), E> {
        self.total += 1;
        let key = (points, date.to_owned(), Reverse(uid.to_owned()));
        let full = self.heap.len() >= self.limit;
        if full && self.heap.peek().is_none_or(|Reverse(worst)| key < worst.key) {
            return Ok(());
        }
        self.keep(Ranked { key, thing: thing()? });
        Ok(())
    }

    fn keep(&mut self, ranked: Ranked<T>) {
        self.heap.push(Reverse(ranked));
        if self.heap.len() > self.limit {
            self.heap.pop();
        }
    }

    /// Takes those of another one, too.
    pub(crate) fn merge(&mut self, other: Self) {
        self.total += other.total;
        other.heap.into_iter().for_each(|Reverse(ranked)| self.keep(ranked));
    }

    /// The best first.
    pub(crate) fn into_sorted(self) -> Vec<T> {
        let mut all: Vec<Ranked<T>> = self.heap.into_iter().map(|Reverse(ranked)| ranked).collect();
        all.sort_by(|a, b| b.cmp(a));
        all.into_iter().map(|ranked| ranked.thing).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_kept_and_all_are_counted() {
        let mut one = Best::new(2);
        let mut two = Best::new(2);
        for (points, date, uid) in [(1, "2020", "a"), (5, "2019", "b"), (1, "2021", "c")] {
            one.offer((points, date, uid), || Ok::<_, ()>(uid)).unwrap();
        }
        two.offer((1, "2021", "0"), || Ok::<_, ()>("0")).unwrap();
        two.offer((1, "2021", "z"), || Ok::<_, ()>("z")).unwrap();
        one.merge(two);
        // What is not kept is not made.
        one.offer((0, "2030", "y"), || Err::<_, ()>(())).unwrap();
        assert_eq!(one.total, 6);
        assert_eq!(one.into_sorted(), ["b", "0"], "points, then dates, then uids");
    }
}
