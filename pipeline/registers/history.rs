//! The table of agencies from all that was ever imported of them.
//!
//! Each statement says what holds of an agency from a day on. Put in the order of those days, they are
//! the agency's history: a row lasts until the next one begins, or until the day it was said to end;
//! of two that begin on the same day the later import is right. A list that says what holds already
//! changes nothing, so that a whole list can be imported every year. A list of those that ended need
//! not say when they began: it ends what held on the day before.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sohoa_document::fold::fold;
use sohoa_schemas::{
    registers::{AgencyRow, AgencyStatement},
    rows::SCHEMA_VERSION,
};
use uuid::Uuid;

use crate::holders::Holders;

/// One import of agencies.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Its key.
    pub key: &'a str,
    /// Day it speaks of where a statement does not.
    pub as_of: NaiveDate,
    /// What it says.
    pub statements: &'a [AgencyStatement],
}

/// A statement at its place in the history of an agency.
struct Step<'a> {
    /// `None` is before anybody wrote it down.
    from: Option<NaiveDate>,
    /// Day it speaks of.
    day: NaiveDate,
    said: &'a AgencyStatement,
    key: &'a str,
    /// Who said later when it ended, and who took over.
    ended: Option<&'a AgencyStatement>,
}

impl Step<'_> {
    /// The word on its end.
    fn end(&self) -> &AgencyStatement {
        self.ended.unwrap_or(self.said)
    }
}

/// The rows, from imports in the order of their acceptance.
pub fn agencies(imports: &[Said<'_>]) -> Vec<AgencyRow> {
    let mut holders = Holders::default();
    let mut histories: BTreeMap<Uuid, Vec<Step<'_>>> = BTreeMap::new();
    for import in imports {
        let mut statements: Vec<_> = import.statements.iter().collect();
        holders.note_moves(&statements, import.as_of);
        // Older statements of the same file first, and those that only end something when all that
        // began is there.
        statements.sort_by_key(|said| (ended(said, import.as_of).is_some(), said.valid_from));
        for said in statements {
            let end = ended(said, import.as_of);
            let found = holders.identify(said, import.as_of, end);
            let history = histories.entry(found.uid).or_default();
            // What was before is known.
            if found.is_past && !history.is_empty() {
                continue;
            }
            let holding = match end {
                Some(end) => history
                    .iter_mut()
                    .rfind(|step| step.from.is_none_or(|from| from < end))
                    .filter(|step| is_end_of(said, step.said)),
                None => None,
            };
            if let Some(step) = holding {
                step.ended = Some(said);
                continue;
            }
            let from = said.valid_from.or_else(|| {
                // The first thing heard of an agency held before; a later one holds from its day on.
                (!history.is_empty() && end.is_none()).then_some(import.as_of).or(found.since)
            });
            let day = from.unwrap_or(import.as_of);
            let step = Step { from, day, said, key: import.key, ended: None };
            let at = history.partition_point(|held| held.from < from);
            match history.get(at).map(|held| held.from == from) {
                Some(true) => history[at] = step,
                _ => history.insert(at, step),
            }
        }
    }
    let resolve = |code: &String, day: NaiveDate| holders.find(code, day);
    let rows = histories.into_iter().flat_map(|(uid, steps)| periods(uid, &steps, &resolve));
    rows.collect()
}

/// The day on which something ended, where a statement says no more than that.
pub(crate) fn ended(said: &AgencyStatement, as_of: NaiveDate) -> Option<NaiveDate> {
    said.valid_to.filter(|to| said.valid_from.is_none() && *to <= as_of)
}

/// Whether a statement ends what another one began. One of another name says what came before it.
fn is_end_of(said: &AgencyStatement, held: &AgencyStatement) -> bool {
    !said.successor_codes.is_empty()
        || fold(&said.name) == fold(&held.name) && said.level == held.level
}

/// The agency of a code on a day.
type Resolve<'a> = dyn Fn(&String, NaiveDate) -> Option<Uuid> + 'a;

fn periods(uid: Uuid, steps: &[Step<'_>], resolve: &Resolve<'_>) -> Vec<AgencyRow> {
    let mut rows: Vec<AgencyRow> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let next = steps.get(at + 1).and_then(|next| next.from);
        let row = row(uid, step, next, resolve);
        match rows.last_mut() {
            // What holds already is said again: the row goes on.
            Some(last) if says_the_same(last, &row) && last.valid_to == row.valid_from => {
                last.valid_to = row.valid_to;
                last.successor_uids.clone_from(&row.successor_uids);
                last.successor_codes.clone_from(&row.successor_codes);
            }
            _ => rows.push(row),
        }
    }
    rows
}

fn row(uid: Uuid, step: &Step<'_>, next: Option<NaiveDate>, resolve: &Resolve<'_>) -> AgencyRow {
    let Step { from, day, said, key, .. } = step;
    let last = step.end();
    let end = [last.valid_to, next].into_iter().flatten().min();
    let heirs = |code: &String| resolve(code, last.valid_to.unwrap_or(*day));
    AgencyRow {
        agency_uid: uid,
        province: said.province.clone(),
        code: said.code.clone(),
        code_as_sent: said.code_as_sent.clone(),
        code_system: said.code_system.clone(),
        name: said.name.clone(),
        name_folded: fold(&said.name),
        aliases: said.aliases.clone(),
        level: said.level.clone(),
        parent_code: said.parent_code.clone(),
        parent_uid: said.parent_code.as_ref().and_then(|code| resolve(code, *day)),
        province_code_stat: said.province_code_stat.clone(),
        commune_code_stat: said.commune_code_stat.clone(),
        stat_system: said.stat_system.clone(),
        is_one_stop_unit: said.is_one_stop_unit,
        is_post_office: said.is_post_office,
        remote_area: said.remote_area,
        valid_from: *from,
        valid_to: end,
        successor_uids: last.successor_codes.iter().filter_map(heirs).collect(),
        successor_codes: last.successor_codes.clone(),
        signing_cert_sha256: said.signing_cert_sha256.clone(),
        source_ref: said.source_ref.clone(),
        import_key: (*key).to_owned(),
        schema_version: SCHEMA_VERSION,
    }
}

/// Whether a later row says nothing that the earlier one does not.
fn says_the_same(earlier: &AgencyRow, later: &AgencyRow) -> bool {
    let of = |row: &AgencyRow| AgencyRow {
        // Older imports have that of the code.
        province: String::new(),
        valid_from: None,
        valid_to: None,
        successor_uids: Vec::new(),
        successor_codes: Vec::new(),
        code_as_sent: String::new(),
        code_system: String::new(),
        source_ref: None,
        import_key: String::new(),
        ..row.clone()
    };
    of(earlier) == of(later)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn said(code: &str, name: &str) -> AgencyStatement {
        AgencyStatement {
            code: code.into(),
            code_as_sent: code.into(),
            code_system: "QD20".into(),
            previous_code: None,
            province: "H08".into(),
            name: name.into(),
            aliases: Vec::new(),
            level: "province".into(),
            parent_code: None,
            province_code_stat: None,
            commune_code_stat: None,
            stat_system: None,
            is_one_stop_unit: false,
            is_post_office: false,
            remote_area: false,
            valid_from: None,
            valid_to: None,
            successor_codes: Vec::new(),
            signing_cert_sha256: Vec::new(),
            source_ref: None,
        }
    }

    fn told(imports: &[(&str, Vec<AgencyStatement>)]) -> Vec<String> {
        let imports: Vec<Said<'_>> = imports
            .iter()
            .map(|(as_of, statements)| Said { key: "k", as_of: day(as_of), statements })
            .collect();
        let shown = |day: Option<NaiveDate>| day.map_or("..".into(), |day| day.to_string());
        let mut rows: Vec<String> = agencies(&imports)
            .iter()
            .map(|row| {
                let (from, to) = (shown(row.valid_from), shown(row.valid_to));
                format!("{} {} {from} {to} {}", row.code, row.name, row.successor_uids.len())
            })
            .collect();
        rows.sort();
        rows
    }

    #[test]
    fn a_changed_name_closes_the_row_and_opens_another_of_the_same_agency() {
        let first = vec![said("H08.12", "Sở TT&TT")];
        let second = vec![AgencyStatement {
            valid_from: Some(day("2025-03-01")),
            ..said("H08.12", "Sở KH&CN")
        }];
        let again = vec![said("H08.12", "Sở KH&CN")];
        let expected = ["H08.12 Sở KH&CN 2025-03-01 .. 0", "H08.12 Sở TT&TT .. 2025-03-01 0"];
        let imports =
            [("2024-01-01", first.clone()), ("2025-04-01", second.clone()), ("2026-01-01", again)];
        assert_eq!(told(&imports), expected);
        let undated = [("2024-01-01", first), ("2025-04-01", vec![said("H08.12", "Sở KH&CN")])];
        assert_eq!(told(&undated)[0], "H08.12 Sở KH&CN 2025-04-01 .. 0", "from the list's day on");
    }

    #[test]
    fn a_list_of_mergers_ends_what_held_and_need_not_know_when_that_began() {
        let founded = |name: &str, from: &str| AgencyStatement {
            valid_from: Some(day(from)),
            ..said("H08.8", name)
        };
        let ended = |to: &str| AgencyStatement {
            valid_to: Some(day(to)),
            successor_codes: vec!["H08.12".into()],
            ..said("H08.8", "Sở TT&TT tỉnh")
        };
        let heir = founded_heir();
        let first = vec![founded("Sở BCVT", "2005-01-01"), founded("Sở TT&TT", "2008-03-01")];
        let second = vec![ended("2025-03-01"), heir.clone()];
        let expected = [
            "H08.12 Sở KH&CN 2003-07-01 .. 0",
            "H08.8 Sở BCVT 2005-01-01 2008-03-01 0",
            "H08.8 Sở TT&TT 2008-03-01 2025-03-01 1",
        ];
        let imports = [("2024-01-01", first.clone()), ("2025-04-01", second)];
        assert_eq!(told(&imports), expected);
        let at_once = [first.clone(), vec![ended("2025-03-01"), heir.clone()]].concat();
        assert_eq!(told(&[("2025-04-01", at_once)]), expected);
        // The day is put right: the later word counts, also where it is the later day.
        let imports = [
            ("2024-01-01", first),
            ("2025-04-01", vec![ended("2025-02-01"), heir]),
            ("2025-05-01", vec![ended("2025-03-01")]),
        ];
        assert_eq!(told(&imports), expected);
        // Of one that nobody had heard of.
        let alone = [("2025-04-01", vec![ended("2025-03-01")])];
        assert_eq!(told(&alone), ["H08.8 Sở TT&TT tỉnh .. 2025-03-01 0"]);
    }

    fn founded_heir() -> AgencyStatement {
        AgencyStatement { valid_from: Some(day("2003-07-01")), ..said("H08.12", "Sở KH&CN") }
    }

    #[test]
    fn a_new_code_is_the_same_agency_and_a_merger_names_who_took_over() {
        let mut ended = said("H08", "UBND tỉnh Bình Định");
        ended.valid_to = Some(day("2025-07-01"));
        ended.successor_codes = vec!["H21".into()];
        let mut renamed = said("H21.9", "Sở Y tế");
        renamed.previous_code = Some("H08.9".into());
        renamed.valid_from = Some(day("2025-07-01"));
        let imports = [
            ("2024-01-01", vec![said("H08", "UBND tỉnh Bình Định"), said("H08.9", "Sở Y tế")]),
            ("2025-07-02", vec![ended, said("H21", "UBND tỉnh Gia Lai"), renamed]),
        ];
        let expected = [
            "H08 UBND tỉnh Bình Định .. 2025-07-01 1",
            "H08.9 Sở Y tế .. 2025-07-01 0",
            "H21 UBND tỉnh Gia Lai .. .. 0",
            "H21.9 Sở Y tế 2025-07-01 .. 0",
        ];
        assert_eq!(told(&imports), expected);
        let said: Vec<Said<'_>> = imports
            .iter()
            .map(|(as_of, statements)| Said { key: "k", as_of: day(as_of), statements })
            .collect();
        let rows = agencies(&said);
        let uid = |code: &str| rows.iter().find(|row| row.code == code).unwrap().agency_uid;
        assert_eq!(uid("H08.9"), uid("H21.9"));
        assert_eq!(rows.iter().find(|row| row.code == "H08").unwrap().successor_uids, [uid("H21")]);
    }

    #[test]
    fn a_code_that_its_holder_left_is_of_whoever_has_it_then() {
        let of =
            |code: &str, name: &str, from: Option<&str>, before: Option<&str>| AgencyStatement {
                valid_from: from.map(day),
                previous_code: before.map(str::to_owned),
                ..said(code, name)
            };
        let known = vec![said("H08.9", "Sở A"), said("H08.50", "Sở C")];
        let july = Some("2025-07-01");
        let moved = of("H21.9", "Sở A", july, Some("H08.9"));
        let new = of("H08.9", "Sở B", july, None);
        let expected = [
            "H08.50 Sở C .. .. 0",
            "H08.9 Sở A .. 2025-07-01 0",
            "H08.9 Sở B 2025-07-01 .. 0",
            "H21.9 Sở A 2025-07-01 .. 0",
        ];
        let both = vec![new.clone(), moved.clone()];
        let twice = vec![("2024-01-01", known.clone()), ("2025-07-02", both.clone())];
        assert_eq!(told(&twice), expected);
        // Without its day the same list names who holds the code now, or what held before.
        let undated = vec![said("H08.9", "Sở B"), said("H21.9", "Sở A")];
        let later = [twice, vec![("2026-01-01", undated.clone())]].concat();
        assert_eq!(told(&later), expected);
        let grown = [later.clone(), vec![("2026-02-01", [known.clone(), both].concat())]].concat();
        assert_eq!(told(&grown), expected, "a list of all that ever was");
        let apart = [
            ("2024-01-01", known.clone()),
            ("2025-07-02", vec![moved.clone()]),
            ("2025-08-01", undated),
        ];
        assert_eq!(told(&apart)[2], "H08.9 Sở B 2025-08-01 .. 0", "from the list's day on");
        // One that had another code takes it on the day on which the first one leaves it.
        let follows = of("H08.9", "Sở C", july, Some("H08.50"));
        let expected = [
            "H08.50 Sở C .. 2025-07-01 0",
            "H08.9 Sở A .. 2025-07-01 0",
            "H08.9 Sở C 2025-07-01 .. 0",
            "H21.9 Sở A 2025-07-01 .. 0",
        ];
        let chain = [("2024-01-01", known), ("2025-07-02", vec![follows, moved])];
        assert_eq!(told(&chain), expected);
        assert_eq!(told(&[chain.clone(), chain].concat()[..3]).len(), 4, "said again, nothing new");
    }

    #[test]
    fn a_move_of_which_only_the_end_is_known_came_before_the_next_one() {
        let mut first = said("H21.9", "Sở A");
        first.previous_code = Some("H08.9".into());
        first.valid_to = Some(day("2025-07-01"));
        let mut second = said("H48.9", "Sở A");
        second.previous_code = Some("H21.9".into());
        second.valid_from = first.valid_to;
        let known = [said("H21.9", "Sở A")];
        let list = [first, second];
        for known in [&known[..], &[]] {
            let imports = [(known, "2025-01-01"), (&list[..], "2025-09-01")];
            let imports =
                imports.map(|(statements, on)| Said { key: "k", as_of: day(on), statements });
            let uids: HashSet<Uuid> = agencies(&imports).iter().map(|row| row.agency_uid).collect();
            assert_eq!(uids.len(), 1, "one agency under three codes");
        }
    }

    #[test]
    fn the_first_holder_of_a_code_keeps_its_identity() {
        let mut moved = said("H21.9", "Sở A");
        moved.previous_code = Some("H08.9".into());
        moved.valid_from = Some(day("2025-07-01"));
        let mut new = said("H08.9", "Sở B");
        new.valid_from = Some(day("2026-01-01"));
        let mut below = said("H08.9.1", "Phòng");
        below.parent_code = Some("H08.9".into());
        let statements = [said("H08.9", "Sở A"), moved, new];
        let rows = agencies(&[
            Said { key: "k", as_of: day("2024-01-01"), statements: &[below] },
            Said { key: "k", as_of: day("2026-01-02"), statements: &statements },
        ]);
        let uid = |name: &str| {
            let row = rows.iter().find(|row| row.name == name).unwrap();
            (row.agency_uid, row.parent_uid)
        };
        let (first, second) = (uid("Sở A").0, uid("Sở B").0);
        assert_eq!(first, sohoa_source::identity::register_uid("agencies", &["H08.9"]));
        assert_eq!(
            second,
            sohoa_source::identity::register_uid("agencies", &["H08.9", "2026-01-01"])
        );
        assert_eq!(uid("Phòng").1, Some(first), "below whoever had the code then");
    }

    #[test]
    fn a_correction_of_the_same_day_replaces_and_the_past_is_filled_in() {
        let of = |name: &str, from: &str| AgencyStatement {
            valid_from: Some(day(from)),
            ..said("H08", name)
        };
        let imports = [
            ("2024-01-01", vec![of("Bình Đinh", "1989-07-01")]),
            ("2024-02-01", vec![of("Bình Định", "1989-07-01"), of("Nghĩa Bình", "1975-10-01")]),
        ];
        let expected = ["H08 Bình Định 1989-07-01 .. 0", "H08 Nghĩa Bình 1975-10-01 1989-07-01 0"];
        assert_eq!(told(&imports), expected);
    }
}
