//! Counts that hold the same papers: in one file they are refused, and a newer import must count anew
//! all that it replaces. Otherwise the papers would stand in the reports twice. A count that no other
//! replaces is withdrawn.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use sohoa_schemas::registers::InventoryRow;
use uuid::Uuid;

use crate::{
    finding::{Finding, Place, Severity},
    line::{Context, Found},
    read::Options,
    tables::Agencies,
};

/// Who keeps papers: an agency, whatever code it had on the day of the count, or the code of one that
/// nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Keeper<'a> {
    Agency(Uuid),
    Code(&'a str),
}

/// What is counted: of whom, and of which procedure and kind of result.
type Subject<'a> = (Keeper<'a>, Option<&'a str>, Option<&'a str>);

fn subject<'a>(row: &'a InventoryRow, register: &Agencies) -> Subject<'a> {
    let agency = register.find(&row.agency_code, Some(row.counted_at));
    let keeper = agency.map_or(Keeper::Code(&row.agency_code), |(uid, _)| Keeper::Agency(uid));
    (keeper, row.procedure_base.as_deref(), row.result_type_code.as_deref())
}

/// The years of a count; without a last one, they are not known.
fn span(row: &InventoryRow) -> Option<(i32, i32)> {
    row.year_to.map(|to| (row.year_from.unwrap_or(i32::MIN), to))
}

/// Whether two counts have a year in common.
fn meet(a: &InventoryRow, b: &InventoryRow) -> bool {
    match (span(a), span(b)) {
        (Some((a_from, a_to)), Some((b_from, b_to))) => a_from <= b_to && b_from <= a_to,
        (None, None) => true,
        _ => false,
    }
}

/// Whether one of two counts is of years and the other of papers of any, or of unknown, years: nobody
/// can say whether they hold the same.
fn differ_in_years(a: &InventoryRow, b: &InventoryRow) -> bool {
    span(a).is_some() != span(b).is_some()
}

/// Whether `rows`, which do not meet each other, count every year of `whole`.
fn cover(rows: &[&InventoryRow], whole: &InventoryRow) -> bool {
    let Some((mut from, to)) = span(whole) else { return !rows.is_empty() };
    let mut spans: Vec<(i32, i32)> = rows.iter().filter_map(|row| span(row)).collect();
    spans.sort_unstable();
    for (start, end) in spans {
        if start > from {
            break;
        }
        from = from.max(end.saturating_add(1));
    }
    from > to
}

fn years(row: &InventoryRow) -> String {
    match (row.year_from, row.year_to) {
        (_, None) => "no year".to_owned(),
        (None, Some(to)) => format!("up to {to}"),
        (Some(from), Some(to)) if from == to => from.to_string(),
        (Some(from), Some(to)) => format!("{from}-{to}"),
    }
}

/// How a row says that it takes back a count and counts nothing.
pub(crate) const WITHDRAWN: &str = "withdrawn";

fn is_count(row: &InventoryRow) -> bool {
    row.method != WITHDRAWN
}

/// What a finding says to do about a count that stands.
const WAY_OUT: &str = "withdraw that count by a row of it whose method is withdrawn";

/// Counts with the places of their rows.
type Counts<'a> = Vec<(&'a InventoryRow, Place<'a>)>;

/// A count of an earlier import, and what it counts.
type Held<'a> = (&'a InventoryRow, Subject<'a>);

/// What a file counts, and what earlier imports did.
struct All<'a> {
    here: BTreeMap<Subject<'a>, Counts<'a>>,
    /// Counts of this file with years.
    dated: BTreeMap<Keeper<'a>, Vec<(Subject<'a>, Place<'a>)>>,
    held: BTreeMap<Keeper<'a>, Vec<Held<'a>>>,
    register: &'a Agencies,
    /// Whether somebody named the sheets to be read.
    sheets_named: bool,
}

/// Tells of the counts of a file that hold papers which others of it, or of earlier imports, hold.
pub(crate) fn tell(
    (rows, places): (&[InventoryRow], &[Place<'_>]),
    (options, context): (&Options, &Context<'_>),
    found: &RefCell<Found>,
) {
    let register = &context.register;
    let mut all = All {
        here: BTreeMap::new(),
        dated: BTreeMap::new(),
        held: BTreeMap::new(),
        register,
        sheets_named: !options.sheets.is_empty(),
    };
    for (row, place) in rows.iter().zip(places) {
        let of = subject(row, register);
        all.here.entry(of).or_default().push((row, *place));
        if is_count(row) && span(row).is_some() {
            all.dated.entry(of.0).or_default().push((of, *place));
        }
    }
    for row in &context.inventory {
        let of = subject(row, register);
        all.held.entry(of.0).or_default().push((row, of));
    }
    for (of, rows) in &all.here {
        for (at, (row, place)) in rows.iter().enumerate() {
            let mut said = all.of_file(*of, (row, *place), &rows[..at]);
            said.extend(all.of_same(*of, row));
            if is_count(row) {
                said.extend(all.elsewhere(*of, row));
            }
            for (severity, said) in said {
                let finding = Finding::of_file(severity, "overlap", said).at_place(*place);
                found.borrow_mut().push(finding.seeing(&years(row)));
            }
        }
    }
}

type Said = Vec<(Severity, String)>;

impl<'a> All<'a> {
    /// What earlier imports say of a keeper's papers.
    fn held(&self, keeper: Keeper<'a>) -> impl Iterator<Item = Held<'a>> {
        self.held.get(&keeper).into_iter().flatten().copied()
    }

    /// Why a row's papers may be counted by another row of its file; `before` are those of its subject
    /// above it.
    fn of_file(
        &self,
        of: Subject<'a>,
        (row, place): (&InventoryRow, Place<'_>),
        before: &[(&InventoryRow, Place<'_>)],
    ) -> Said {
        let mut said = Vec::new();
        let same = before.iter().find(|(other, _)| concern(row, other) && !follow(row, other));
        if let Some((other, first)) = same {
            let what = format!(
                "years that {} ({}) does not count: of one agency, procedure and kind of result \
                 each year is counted once",
                first.named_from(place),
                years(other)
            );
            said.push((Severity::Error, what));
        }
        if !is_count(row) {
            return said;
        }
        let wider = wider(of).filter_map(|of| self.here.get(&of)).flatten();
        let mut wider = wider.filter(|(other, _)| is_count(other));
        if let Some((_, whole)) = wider.find(|(other, _)| meet(row, other)) {
            let what = format!(
                "{} counts all procedures or kinds of result of these years: if it holds this \
                 row's papers they count twice",
                whole.named_from(place)
            );
            said.push((Severity::Warning, what));
        }
        if span(row).is_none() {
            said.extend(self.dated(of, place));
        }
        said
    }

    /// Why a count without years may be of papers that others of its file count by years. A sheet that
    /// adds up the others has no years: of two sheets somebody must say that both are meant.
    fn dated(&self, of: Subject<'a>, place: Place<'_>) -> Option<(Severity, String)> {
        let dated = self.dated.get(&of.0).into_iter().flatten();
        let mut dated = dated.filter(|(other, _)| share(of, *other)).map(|(_, place)| place);
        let first = dated.clone().next()?;
        let other = dated.find(|other| other.sheet != place.sheet);
        if let Some(other) = other.filter(|_| !self.sheets_named) {
            let what = format!(
                "papers that {} does not count by years: name the sheets to read by --sheet, \
                 without this one where it adds up others",
                other.named_from(place)
            );
            return Some((Severity::Error, what));
        }
        let what = format!(
            "papers of unknown years: those that {} counts by years count twice if they are among \
             them",
            first.named_from(place)
        );
        Some((Severity::Warning, what))
    }

    /// Why a row cannot stand beside earlier imports' counts of its subject, or takes back nothing.
    fn of_same(&self, of: Subject<'a>, row: &InventoryRow) -> Said {
        let held: Vec<_> = self.held(of.0).filter(|(_, held)| *held == of).collect();
        let against = held.iter().filter_map(|(held, _)| self.against(of, row, held));
        let mut said: Said = against.map(|said| (Severity::Error, said)).collect();
        let takes_back =
            |(held, _): &Held<'_>| concern(row, held) && held.counted_at <= row.counted_at;
        if !is_count(row) && said.is_empty() && !held.iter().any(takes_back) {
            let what = "a row that was counted, up to that day: of this agency, procedure, kind of \
                        result and years nothing is there to be withdrawn";
            said.push((Severity::Warning, what.to_owned()));
        }
        said
    }

    /// Why a row cannot stand beside a count of an earlier import: of the two the newer replaces the
    /// older, and must hold all of it.
    fn against(&self, of: Subject<'a>, row: &InventoryRow, held: &InventoryRow) -> Option<String> {
        let is_later = held.counted_at > row.counted_at;
        if !concern(row, held) {
            return None;
        }
        let (years, day, papers) = (years(held), held.counted_at, held.valid_paper_count);
        if !is_count(held) {
            return (is_count(row) && is_later)
                .then(|| format!("a later day of the count: {years} was withdrawn on {day}"));
        }
        // The same again changes nothing.
        if (row.year_from, row.year_to) == (held.year_from, held.year_to) {
            return None;
        }
        if is_later {
            return Some(format!(
                "years that no later count holds: {years} was counted on {day} ({papers} papers)"
            ));
        }
        let rows = self.here.get(&of).into_iter().flatten();
        let newer: Vec<&InventoryRow> = rows
            .map(|(other, _)| *other)
            .filter(|other| meet(other, held) && other.counted_at >= held.counted_at)
            .collect();
        (!cover(&newer, held)).then(|| {
            format!(
                "all years of {years}, which was counted on {day} ({papers} papers) and is \
                 replaced: count the others in this file, too, or give the same span"
            )
        })
    }

    /// Why a row's papers may be counted by an earlier import: by procedure or as a whole, with or
    /// without years, or for who was there before its agency.
    fn elsewhere(&self, of: Subject<'a>, row: &InventoryRow) -> Said {
        let of_keeper = |keeper| {
            let held = self.held(keeper).filter(|(held, _)| is_count(held));
            held.filter(|(held, what)| share(of, *what) && !self.is_replaced(*what, held))
        };
        let meeting = |(held, _): &Held<'_>| meet(row, held);
        let undated = |(held, _): &Held<'_>| differ_in_years(row, held);
        let is_known = self.is_known(of, row);
        let mut said = Vec::new();
        let others = of_keeper(of.0).filter(|(_, held)| *held != of);
        if let Some(which) = told(others.filter(meeting)) {
            let severity = if is_known { Severity::Warning } else { Severity::Error };
            let what = format!(
                "papers that are counted already in {which}: count that anew in this file, too, or \
                 {WAY_OUT}"
            );
            said.push((severity, what));
        }
        if !is_known && let Some(which) = told(of_keeper(of.0).filter(undated)) {
            let what = format!(
                "papers that are not counted already in {which}: only one of both has years; if \
                 they are the same, {WAY_OUT}"
            );
            said.push((Severity::Warning, what));
        }
        let Keeper::Agency(uid) = of.0 else { return said };
        let before = self.register.predecessors(uid).into_iter().map(Keeper::Agency);
        let before = before.flat_map(of_keeper);
        if let Some(which) = told(before.filter(|held| meeting(held) || undated(held))) {
            let what = format!(
                "papers that its predecessor still counts in {which}: if they are the same, \
                 {WAY_OUT}"
            );
            said.push((Severity::Warning, what));
        }
        said
    }

    /// Whether earlier imports count all that a row does: somebody was asked then about what else
    /// stands beside it.
    fn is_known(&self, of: Subject<'a>, row: &InventoryRow) -> bool {
        let same = self.held(of.0).filter(|(held, what)| *what == of && is_count(held));
        let same: Vec<_> = same.map(|(held, _)| held).filter(|held| meet(row, held)).collect();
        cover(&same, row)
    }

    /// Whether a count of this file takes the place of an earlier import's.
    fn is_replaced(&self, of: Subject<'a>, held: &InventoryRow) -> bool {
        let mut same = self.here.get(&of).into_iter().flatten();
        same.any(|(row, _)| meet(row, held) && row.counted_at >= held.counted_at)
    }
}

/// Whether one row withdraws under an agency's one code what the other counts under another, not
/// earlier.
fn follow(a: &InventoryRow, b: &InventoryRow) -> bool {
    let (withdrawn, count) = if is_count(a) { (b, a) } else { (a, b) };
    !is_count(withdrawn)
        && is_count(count)
        && withdrawn.agency_code != count.agency_code
        && withdrawn.counted_at <= count.counted_at
}

/// Whether papers may be of both, whosesoever they are: one is of all procedures or kinds, or they
/// name the same.
fn share(a: Subject<'_>, b: Subject<'_>) -> bool {
    let meets = |a: Option<&str>, b: Option<&str>| a.is_none() || b.is_none() || a == b;
    meets(a.1, b.1) && meets(a.2, b.2)
}

/// The first of some counts, and how many more there are.
fn told<'a>(mut counts: impl Iterator<Item = Held<'a>>) -> Option<String> {
    let (first, _) = counts.next()?;
    let of = |what: &str, name: &Option<String>| {
        name.as_ref().map_or_else(|| format!("all {what}s"), |name| format!("{what} {name}"))
    };
    let more = counts.count();
    let more = if more > 0 { format!(", and {more} more counts") } else { String::new() };
    Some(format!(
        "{}, {}, {}, {} (on {}, {} papers){more}",
        first.agency_code,
        of("procedure", &first.procedure_base),
        of("kind", &first.result_type_code),
        years(first),
        first.counted_at,
        first.valid_paper_count
    ))
}

/// Counts of all procedures, of all kinds of result, or of both, where this is of one.
fn wider((agency, procedure, kind): Subject<'_>) -> impl Iterator<Item = Subject<'_>> {
    let all = [(agency, None, kind), (agency, procedure, None), (agency, None, None)];
    let all: BTreeSet<Subject<'_>> = all.into_iter().collect();
    all.into_iter().filter(move |of| *of != (agency, procedure, kind))
}

/// Whether one row may say something of the other's papers. A withdrawal says it of what was counted
/// under its own code: who withdraws under an old one leaves what was counted anew under another.
fn concern(a: &InventoryRow, b: &InventoryRow) -> bool {
    let are_counts = is_count(a) && is_count(b);
    meet(a, b) && (are_counts || a.agency_code == b.agency_code)
}

/// What stands: of counts that hold the same papers the newest, and of one day the one imported later;
/// and the withdrawals of which not all was counted anew. `imports` come in their order.
pub fn standing(
    imports: impl IntoIterator<Item = Vec<InventoryRow>>,
    register: &Agencies,
) -> Vec<InventoryRow> {
    let imports = imports.into_iter().flat_map(|mut rows| {
        // One may withdraw under the old code what it counts under the new one.
        rows.sort_by_key(is_count);
        rows
    });
    let mut rows: Vec<InventoryRow> = imports.collect();
    rows.sort_by_key(|row| row.counted_at);
    let mut held: BTreeMap<Subject<'_>, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let counts = held.entry(subject(row, register)).or_default();
        counts.retain(|older| {
            let older = &rows[*older];
            !concern(older, row) || !is_count(older) && !cover(&[row], older)
        });
        counts.push(at);
    }
    let standing: BTreeSet<usize> = held.into_values().flatten().collect();
    let rows = rows.into_iter().enumerate();
    rows.filter(|(at, _)| standing.contains(at)).map(|(_, row)| row).collect()
}
