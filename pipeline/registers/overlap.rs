//! Counts that hold the same papers: in one file they are refused, and a newer import must count anew
//! all that it replaces. Otherwise the papers would stand in the reports twice. A count that no other
//! replaces is withdrawn.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use sohoa_schemas::registers::InventoryRow;

use crate::{
    finding::{Finding, Place, Severity},
    line::{Context, Found},
};

/// What is counted: of whom, and of which procedure and kind of result.
type Subject<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

fn subject(row: &InventoryRow) -> Subject<'_> {
    (&row.agency_code, row.procedure_base.as_deref(), row.result_type_code.as_deref())
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

/// Counts with the places of their rows.
type Counts<'a> = Vec<(&'a InventoryRow, Place<'a>)>;

/// How a row says that it takes back a count and counts nothing.
pub(crate) const WITHDRAWN: &str = "withdrawn";

/// What a finding says to do about a count that stands.
const WAY_OUT: &str = "withdraw that count by a row of it whose method is withdrawn";

/// Tells of the counts of a file that hold papers which others of it, or of earlier imports, hold.
pub(crate) fn tell(
    (rows, places): (&[InventoryRow], &[Place<'_>]),
    context: &Context<'_>,
    found: &RefCell<Found>,
) {
    let mut counts: BTreeMap<Subject<'_>, Counts<'_>> = BTreeMap::new();
    for (row, place) in rows.iter().zip(places) {
        counts.entry(subject(row)).or_default().push((row, *place));
    }
    let mut held: BTreeMap<&str, Vec<&InventoryRow>> = BTreeMap::new();
    for row in &context.inventory {
        held.entry(&row.agency_code).or_default().push(row);
    }
    let of_agency = |code: &str| held.get(code).into_iter().flatten().copied();
    let say = |(row, place): (&InventoryRow, Place<'_>), severity, said: String| {
        let finding = Finding::of_file(severity, "overlap", said).at_place(place);
        found.borrow_mut().push(finding.seeing(&years(row)));
    };
    for (of, rows) in &counts {
        for (at, count) in rows.iter().enumerate() {
            let (row, place) = *count;
            if let Some((other, first)) = rows[..at].iter().find(|(other, _)| meet(row, other)) {
                let said = format!(
                    "years that {} ({}) does not count: of one agency, procedure and kind of \
                     result each year is counted once",
                    first.named_from(place),
                    years(other)
                );
                say(*count, Severity::Error, said);
            }
            let replaced = of_agency(of.0).filter(|held| subject(held) == *of);
            for said in replaced.filter_map(|held| against((row, rows), held)) {
                say(*count, Severity::Error, said);
            }
            if row.method == WITHDRAWN {
                continue;
            }
            let wider = wider(*of).filter_map(|of| counts.get(&of)).flatten();
            let mut wider = wider.filter(|(other, _)| other.method != WITHDRAWN);
            if let Some((_, whole)) = wider.find(|(other, _)| meet(row, other)) {
                let said = format!(
                    "{} counts all procedures or kinds of result of these years: if it holds this \
                     row's papers they count twice",
                    whole.named_from(place)
                );
                say(*count, Severity::Warning, said);
            }
            for (severity, said) in elsewhere(row, &counts, &held, context) {
                say(*count, severity, said);
            }
        }
    }
}

/// Why a row's papers may be counted by an earlier import: by procedure or as a whole, or for who was
/// there before its agency.
fn elsewhere(
    row: &InventoryRow,
    counts: &BTreeMap<Subject<'_>, Counts<'_>>,
    held: &BTreeMap<&str, Vec<&InventoryRow>>,
    context: &Context<'_>,
) -> Vec<(Severity, String)> {
    let of = subject(row);
    let of_agency = |code: &str| {
        let held = held.get(code).into_iter().flatten().copied();
        held.filter(|held| {
            share(of, subject(held)) && meet(row, held) && !is_replaced(counts, held)
        })
    };
    let mut said = Vec::new();
    if let Some(which) = told(of_agency(of.0).filter(|held| subject(held) != of)) {
        let what = format!(
            "papers that are counted already in {which}: count that anew in this file, too, or \
             {WAY_OUT}"
        );
        said.push((Severity::Error, what));
    }
    let before = context.predecessors.get(of.0).into_iter().flatten();
    if let Some(which) = told(before.flat_map(|code| of_agency(code))) {
        let what = format!(
            "papers that its predecessor still counts in {which}: if they are the same, {WAY_OUT}"
        );
        said.push((Severity::Warning, what));
    }
    said
}

/// Whether papers may be of both, whosesoever they are: one is of all procedures or kinds, or they
/// name the same.
fn share(a: Subject<'_>, b: Subject<'_>) -> bool {
    let meets = |a: Option<&str>, b: Option<&str>| a.is_none() || b.is_none() || a == b;
    meets(a.1, b.1) && meets(a.2, b.2)
}

/// Whether a count of this file takes the place of an earlier import's.
fn is_replaced(counts: &BTreeMap<Subject<'_>, Counts<'_>>, held: &InventoryRow) -> bool {
    let same = counts.get(&subject(held)).into_iter().flatten();
    same.into_iter().any(|(row, _)| meet(row, held) && row.counted_at >= held.counted_at)
}

/// The first of some counts, and how many more there are.
fn told<'a>(mut counts: impl Iterator<Item = &'a InventoryRow>) -> Option<String> {
    let first = counts.next()?;
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

/// Why a row cannot stand beside a count of an earlier import: of the two the newer replaces the
/// older, and must hold all of it.
fn against((row, rows): (&InventoryRow, &Counts<'_>), held: &InventoryRow) -> Option<String> {
    if row.inventory_uid == held.inventory_uid || !meet(row, held) {
        return None;
    }
    let (years, day, papers) = (years(held), held.counted_at, held.valid_paper_count);
    if held.counted_at > row.counted_at {
        return Some(format!(
            "years that no later count holds: {years} was counted on {day} ({papers} papers)"
        ));
    }
    let newer: Vec<&InventoryRow> = rows
        .iter()
        .map(|(other, _)| *other)
        .filter(|other| meet(other, held) && other.counted_at >= held.counted_at)
        .collect();
    (!cover(&newer, held)).then(|| {
        format!(
            "all years of {years}, which was counted on {day} ({papers} papers) and is replaced: \
             count the others in this file, too, or give the same span"
        )
    })
}

/// The counts that stand: of those that hold the same papers the newest, and of one day the one
/// imported later; none that was withdrawn. `rows` come in the order of import.
pub fn standing(mut rows: Vec<InventoryRow>) -> Vec<InventoryRow> {
    rows.sort_by_key(|row| row.counted_at);
    let mut held: BTreeMap<(String, Option<String>, Option<String>), Vec<InventoryRow>> =
        BTreeMap::new();
    for row in rows {
        let (agency, procedure, kind) = subject(&row);
        let key = (agency.to_owned(), procedure.map(str::to_owned), kind.map(str::to_owned));
        let counts = held.entry(key).or_default();
        counts.retain(|older| !meet(older, &row));
        counts.push(row);
    }
    held.into_values().flatten().filter(|row| row.method != WITHDRAWN).collect()
}
