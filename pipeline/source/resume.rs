//! Going on behind a position: which folders and sources an earlier walk has passed.
//!
//! The order of a walk is total, so whether a folder was passed is seen from its name. In doubt
//! (the folder's manifest is new or changed, the source is gone) sources are given again rather
//! than left out.

use std::collections::HashMap;

use sohoa_schemas::ledger::Position;
use uuid::Uuid;

use crate::{dossier::Source, listing::within, order::compare, walk::Found};

/// Where a folder lies, seen from a position.
#[derive(Debug)]
pub(crate) enum Bearing<'a> {
    /// It holds the position's folder, which lies in or is this folder below it.
    Above(String),
    /// It comes after everything that was passed.
    Behind,
    /// It is the position's folder.
    Here(&'a Position),
}

/// Where `folder` lies, seen from `after`. Folders that were passed never come up.
pub(crate) fn bearing<'a>(folder: &str, after: &'a Position) -> Bearing<'a> {
    if folder == after.folder {
        return Bearing::Here(after);
    }
    let rest = if folder.is_empty() {
        Some(after.folder.as_str())
    } else {
        after.folder.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'))
    };
    rest.map_or(Bearing::Behind, |rest| {
        let child = rest.split('/').next().unwrap_or(rest);
        Bearing::Above(within(folder, child))
    })
}

impl Bearing<'_> {
    /// Whether everything in a folder below was passed.
    pub(crate) fn passes(&self, below: &str) -> bool {
        matches!(self, Self::Above(towards) if compare(below, towards).is_lt())
    }
}

/// How many of a folder's sources, or of what becomes sources, were passed; `first` gives the first
/// address of each, and `before` of them come before those that are given. `decided` says that a
/// manifest orders them, and not their names.
pub(crate) fn passed<T>(
    bearing: &Bearing<'_>,
    (sources, before): (&[T], u64),
    first: impl Fn(&T) -> &str,
    decided: bool,
) -> usize {
    let after = match bearing {
        Bearing::Behind => return 0,
        // A manifest that was not there before makes new dossiers of all that lies below it.
        Bearing::Above(_) => return if decided { 0 } else { sources.len() },
        Bearing::Here(after) => after,
    };
    let is_it = |source: &T| first(source) == after.address;
    let index = after.index.checked_sub(before).and_then(|index| usize::try_from(index).ok());
    let index = index.unwrap_or(usize::MAX);
    if sources.get(index).is_some_and(is_it) {
        return index + 1;
    }
    match sources.iter().position(is_it) {
        Some(index) => index + 1,
        None if decided => 0,
        None => sources.partition_point(|one| compare(first(one), &after.address).is_le()),
    }
}

/// How many of a folder's selected sources belong to each dossier.
pub(crate) enum Counted {
    /// All to the same.
    One(u32),
    /// To several.
    Several(HashMap<Uuid, u32>),
}

impl Counted {
    pub(crate) fn new<'a>(sources: impl Iterator<Item = &'a Source> + Clone) -> Self {
        let mut uids = sources.clone().map(|source| source.dossier.uid);
        let first = uids.next();
        if uids.all(|uid| Some(uid) == first) {
            return Self::One(u32::try_from(sources.count()).unwrap_or(u32::MAX));
        }
        let mut counts = HashMap::new();
        for source in sources {
            *counts.entry(source.dossier.uid).or_default() += 1;
        }
        Self::Several(counts)
    }

    /// A source with its place.
    pub(crate) fn found(&self, source: Source, folder: &str, index: u64) -> Found {
        let of_dossier = match self {
            Self::One(count) => *count,
            Self::Several(counts) => counts.get(&source.dossier.uid).copied().unwrap_or(1),
        };
        let address = source.first().to_owned();
        let position = Position { folder: folder.to_owned(), address, index };
        Found { source, position, of_dossier }
    }
}
