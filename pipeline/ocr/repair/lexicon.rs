//! How often a syllable, and one syllable after another, is written.
//!
//! Counted in texts of public bodies, where an occurrence weighs twenty, and in the Vietnamese
//! manuals and messages of office programs, where it weighs one: the first say what this kind of
//! paper says, the second what the language has. Beside them stands which syllables follow each
//! other at all in texts of the web, uncounted: ten times as many pairs. `repair/count` makes the
//! files anew.

use std::collections::{HashMap, HashSet};

use super::marks::{Spelling, skeleton};

/// The beginning of a line.
pub(super) const START: u32 = 0;

/// A figure or a stop.
pub(super) const BOUNDARY: u32 = 1;

/// Letters that are no syllable.
pub(super) const UNKNOWN: u32 = u32::MAX;

const COUNTS: &str = include_str!("vi.tsv");
const PAIRS: &str = include_str!("vi.pairs");

/// An occurrence in a text of a public body.
const WEIGHT: f32 = 20.0;

/// So many occurrences of chance are mixed into what followed a syllable (Dirichlet's prior).
const PRIOR: f32 = 3.0;

/// So many occurrences more are shared by the pairs that are written, each by how common its right
/// syllable is. With more of them more words are repaired, and more of these wrongly.
const LISTED: f32 = 10.0;

/// Occurrences granted to a syllable never seen.
const UNSEEN: f32 = 0.02;

#[derive(Debug)]
pub(super) struct Lexicon {
    ids: HashMap<String, u32>,
    entries: Vec<Entry>,
    pairs: HashMap<(u32, u32), f32>,
    listed: HashSet<(u32, u32)>,
    alike: HashMap<String, Vec<u32>>,
    total: f32,
}

#[derive(Debug)]
struct Entry {
    text: String,
    spelling: Spelling,
    count: f32,
    /// What the syllables listed as following it count together.
    followers: f32,
}

impl Lexicon {
    /// The counts that are part of the program.
    pub(super) fn built_in() -> Self {
        let mut lexicon = Self::parse(COUNTS);
        lexicon.list(PAIRS);
        lexicon
    }

    /// Lines of `syllable TAB count`, then of `left TAB right TAB count`; what cannot be read is
    /// passed over.
    fn parse(counts: &str) -> Self {
        let mut lexicon = Self {
            ids: HashMap::new(),
            entries: Vec::new(),
            pairs: HashMap::new(),
            listed: HashSet::new(),
            alike: HashMap::new(),
            total: 0.0,
        };
        lexicon.add("<s>", 0.0);
        lexicon.add("<p>", 0.0);
        for line in counts.lines() {
            let mut parts = line.split('\t');
            let (first, second, third) = (parts.next(), parts.next(), parts.next());
            match (first, second, third) {
                (Some(syllable), Some(count), None) => {
                    lexicon.add(syllable, count.parse().unwrap_or(0.0) / WEIGHT);
                }
                (Some(left), Some(right), Some(count)) => lexicon.pair(left, right, count),
                _ => {}
            }
        }
        lexicon
    }

    fn add(&mut self, text: &str, count: f32) {
        self.total += count;
        if let Some(&known) = self.ids.get(text) {
            self.entries[known as usize].count += count;
            return;
        }
        let id = self.entries.len() as u32;
        self.ids.insert(text.to_owned(), id);
        if id > BOUNDARY {
            self.alike.entry(skeleton(text)).or_default().push(id);
        }
        let spelling = Spelling::of(text);
        self.entries.push(Entry { text: text.to_owned(), spelling, count, followers: 0.0 });
    }

    /// Lines of `left TAB right right …`.
    fn list(&mut self, pairs: &str) {
        for (left, rights) in pairs.lines().filter_map(|line| line.split_once('\t')) {
            let Some(left) = self.find(left) else { continue };
            for right in rights.split(' ') {
                let Some(right) = self.find(right) else { continue };
                if self.listed.insert((left, right)) {
                    self.entries[left as usize].followers += self.count(right) + UNSEEN;
                }
            }
        }
    }

    /// Occurrences; none of what is no syllable.
    fn count(&self, id: u32) -> f32 {
        self.entries.get(id as usize).map_or(0.0, |entry| entry.count)
    }

    fn pair(&mut self, left: &str, right: &str, count: &str) {
        if let (Some(&left), Some(&right), Ok(count)) =
            (self.ids.get(left), self.ids.get(right), count.parse::<f32>())
        {
            self.pairs.insert((left, right), count / WEIGHT);
        }
    }

    pub(super) fn find(&self, syllable: &str) -> Option<u32> {
        self.ids.get(syllable).copied().filter(|&id| id > BOUNDARY)
    }

    pub(super) fn text(&self, id: u32) -> &str {
        &self.entries[id as usize].text
    }

    pub(super) fn spelling(&self, id: u32) -> &Spelling {
        &self.entries[id as usize].spelling
    }

    /// The syllables of the same bare letters.
    pub(super) fn alike(&self, skeleton: &str) -> &[u32] {
        self.alike.get(skeleton).map_or(&[], Vec::as_slice)
    }

    /// Nats of surprise at `right` after `left`; `None` is no syllable.
    pub(super) fn surprise(&self, left: u32, right: Option<u32>) -> f32 {
        let alone = right.map_or(0.0, |right| self.count(right)) + UNSEEN;
        let counted =
            right.and_then(|right| self.pairs.get(&(left, right))).copied().unwrap_or_default();
        let followers = self.entries.get(left as usize).map_or(0.0, |entry| entry.followers);
        let is_listed = right.is_some_and(|right| self.listed.contains(&(left, right)));
        let granted = if followers > 0.0 { LISTED } else { 0.0 };
        let listed = if is_listed { granted * alone / followers } else { 0.0 };
        let chance = PRIOR * alone / self.total.max(1.0);
        -((counted + listed + chance) / (self.count(left) + granted + PRIOR)).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_together_surprises_less() {
        let lexicon = Lexicon::built_in();
        let id = |syllable: &str| lexicon.find(syllable).expect("a common syllable");
        let after = |left: &str, right: &str| lexicon.surprise(id(left), Some(id(right)));
        assert!(after("quyết", "định") < after("quyết", "đình"));
        assert!(after("chính", "phủ") < after("chính", "phú"));
        // Never counted, and known to be written.
        assert!(after("sáng", "kiến") < after("sáng", "kiện"));
        assert!(lexicon.surprise(UNKNOWN, None).is_finite());
    }

    #[test]
    fn the_file_is_whole() {
        for line in COUNTS.lines() {
            let parts: Vec<&str> = line.split('\t').collect();
            assert!(matches!(parts.len(), 2 | 3), "{line}");
            assert!(parts.last().is_some_and(|count| count.parse::<u32>().is_ok()), "{line}");
        }
        let lexicon = Lexicon::built_in();
        let listed: usize = PAIRS.lines().map(|line| line.split(['\t', ' ']).count() - 1).sum();
        assert_eq!(lexicon.listed.len(), listed, "a pair of syllables that are not counted");
    }

    #[test]
    fn syllables_of_the_same_letters_are_found() {
        let lexicon = Lexicon::built_in();
        let texts: Vec<&str> = lexicon.alike("so").iter().map(|&id| lexicon.text(id)).collect();
        assert!(texts.contains(&"số") && texts.contains(&"sở"), "{texts:?}");
    }
}
