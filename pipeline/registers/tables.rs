//! From imports to the rows of the reference tables. Of rows with the same key the newest stands:
//! by the day it speaks of where there is one, else by the order of acceptance.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use sohoa_schemas::{
    events::EventRow,
    registers::{AgencyRow, DossierRow, InventoryRow, PhaseRow, ProcedureRow, StaffRow, TargetRow},
};
use sohoa_source::identity::register_uid;
use uuid::Uuid;

use crate::{code, history::Said, import::Import, kinds::Rows, line::day_in_vietnam, posts};

use crate::overlap::WITHDRAWN;
pub use crate::overlap::standing;

/// A period without its last day, the agency, and its level then.
type Holder = (Option<NaiveDate>, Option<NaiveDate>, Uuid, String);

/// Who has, or had, a code, and at which level.
#[derive(Debug, Default)]
pub struct Agencies {
    /// By code: periods, and what held in them.
    codes: HashMap<String, Vec<Holder>>,
    /// By agency: those it took over.
    followed: HashMap<Uuid, Vec<Uuid>>,
}

impl Agencies {
    /// Of the rows of the table.
    pub fn new(rows: &[AgencyRow]) -> Self {
        let mut codes: HashMap<String, Vec<_>> = HashMap::new();
        for row in rows {
            let held = (row.valid_from, row.valid_to, row.agency_uid, row.level.clone());
            codes.entry(row.code.clone()).or_default().push(held);
        }
        let mut followed: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        for row in rows {
            for successor in &row.successor_uids {
                followed.entry(*successor).or_default().push(row.agency_uid);
            }
        }
        Self { codes, followed }
    }

    /// Whether there never was any.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// Whether there ever was an agency of this code.
    pub fn knows(&self, code: &str) -> bool {
        self.codes.contains_key(code)
    }

    /// The agency of a code on a day, or whenever it had the code, and its level then.
    pub fn find(&self, code: &str, day: Option<NaiveDate>) -> Option<(Uuid, &str)> {
        let held = self.codes.get(code)?;
        let on_day = held.iter().find(|(from, to, ..)| {
            day.is_some_and(|day| from.is_none_or(|f| f <= day) && to.is_none_or(|t| day < t))
        });
        let (.., uid, level) = on_day.or_else(|| held.last())?;
        Some((*uid, level))
    }

    /// The agencies that one took over, and those that they had taken over.
    pub fn predecessors(&self, uid: Uuid) -> Vec<Uuid> {
        let mut reached = vec![uid];
        let mut next = 0;
        while let Some(uid) = reached.get(next).copied() {
            next += 1;
            for before in self.followed.get(&uid).into_iter().flatten() {
                if !reached.contains(before) {
                    reached.push(*before);
                }
            }
        }
        reached.split_off(1)
    }

    fn uid(&self, code: &str) -> Option<Uuid> {
        self.find(code, None).map(|(uid, _)| uid)
    }
}

/// Imports of one kind with their keys, in the order of acceptance.
pub type Imports = [(String, Import)];

/// The table `agencies`.
pub fn agencies(imports: &Imports) -> Vec<AgencyRow> {
    let said: Vec<Said<'_>> = imports
        .iter()
        .filter_map(|(key, import)| match &import.rows {
            Rows::Agencies(statements) => {
                Some(Said { key, as_of: import.header.as_of, statements })
            }
            _ => None,
        })
        .collect();
    crate::history::agencies(&said)
}

/// Of rows with one key the one imported last.
macro_rules! latest {
    ($imports:expr, $kind:ident, |$row:ident| $key:expr) => {{
        let mut held = BTreeMap::new();
        for (import_key, import) in $imports {
            let Rows::$kind(rows) = &import.rows else { continue };
            for $row in rows {
                let mut row = $row.clone();
                row.import_key.clone_from(import_key);
                held.insert($key, row);
            }
        }
        held.into_values().collect::<Vec<_>>()
    }};
}

/// The table `inventory`: a newer count replaces an older one, also one of other years that has some
/// of its own.
pub fn inventory(imports: &Imports, agencies: &Agencies) -> Vec<InventoryRow> {
    let mut rows = held(imports, agencies);
    rows.retain(|row| row.method != WITHDRAWN);
    let mut identities = BTreeSet::new();
    for row in &mut rows {
        if let Some((uid, level)) = agencies.find(&row.agency_code, Some(row.counted_at)) {
            row.agency_uid = Some(uid);
            row.level.get_or_insert_with(|| level.to_owned());
            // Of two agencies that had one code, each in its time, both may have counted.
            if !identities.insert(row.inventory_uid) {
                let parts = [row.inventory_uid, uid].map(|part| part.to_string());
                row.inventory_uid = register_uid("inventory", &parts.each_ref().map(|p| &**p));
            }
        }
    }
    rows
}

/// The counts of the table `inventory`, as they were imported, and what withdrew others: a count from
/// before a withdrawal does not stand, either.
pub fn held(imports: &Imports, agencies: &Agencies) -> Vec<InventoryRow> {
    let counts = imports.iter().filter_map(|(key, import)| match &import.rows {
        Rows::Inventory(rows) => Some((key, rows)),
        _ => None,
    });
    let counts = counts.map(|(key, rows)| {
        let rows = rows.iter();
        rows.map(|row| InventoryRow { import_key: key.clone(), ..row.clone() }).collect()
    });
    standing(counts, agencies)
}

/// The table `targets`.
pub fn targets(imports: &Imports, agencies: &Agencies) -> Vec<TargetRow> {
    let mut rows = latest!(imports, Targets, |row| row.target_uid);
    for row in rows.iter_mut().filter(|row| row.scope == "agency") {
        row.agency_uid = row.scope_value.as_deref().and_then(|code| agencies.uid(code));
    }
    rows
}

/// The table `procedures`.
pub fn procedures(imports: &Imports) -> Vec<ProcedureRow> {
    // Not by province: older imports have that of the code.
    latest!(imports, Procedures, |row| row.procedure_base.clone())
}

/// The table `phases`.
pub fn phases(imports: &Imports) -> Vec<PhaseRow> {
    latest!(imports, Phases, |row| (row.province.clone(), row.phase))
}

/// The table `staff`: a newer row of a person takes the place of the one it follows while it lasts.
pub fn staff(imports: &Imports, agencies: &Agencies) -> Vec<StaffRow> {
    let mut rows = latest!(imports, Staff, |row| (
        row.staff_ref.clone(),
        row.agency_code.clone(),
        row.from_date
    ));
    for row in &mut rows {
        row.agency_uid = agencies.find(&row.agency_code, Some(row.from_date)).map(|(uid, _)| uid);
    }
    posts::held(&rows)
}

/// Rows of the table `dossiers` from one import, to be merged into it: of two rows of a dossier the
/// one listed later stands, of two listed at once the one accepted later.
pub fn dossiers(key: &str, import: &Import, agencies: &Agencies) -> Vec<DossierRow> {
    let Rows::Dossiers(rows) = &import.rows else { return Vec::new() };
    let filled = rows.iter().map(|row| {
        let mut row = row.clone();
        key.clone_into(&mut row.import_key);
        let day = reception(row.received_at, &row.dossier_code);
        let find = |code: &Option<String>| agencies.find(code.as_deref()?, day);
        let receiving = find(&row.receiving_unit_code).map(|(uid, level)| (uid, level.to_owned()));
        row.handling_agency_uid = find(&row.handling_agency_code).map(|(uid, _)| uid);
        row.receiving_unit_uid = receiving.as_ref().map(|(uid, _)| *uid);
        row.level_at_receipt = receiving.map(|(_, level)| level);
        row
    });
    filled.collect()
}

/// The day by which the agencies of a dossier are found: a list without the time still has the day in
/// the code.
pub fn reception(received_at: Option<DateTime<Utc>>, dossier_code: &str) -> Option<NaiveDate> {
    received_at.map(day_in_vietnam).or_else(|| code::dossier_day(dossier_code))
}

/// The events of an import, with the agencies that had their codes on the day.
pub fn events(import: &Import, agencies: &Agencies) -> Vec<EventRow> {
    let Rows::Events(rows) = &import.rows else { return Vec::new() };
    let found = rows.iter().map(|row| {
        let day = day_in_vietnam(row.occurred_at);
        let find =
            |code: &Option<String>| agencies.find(code.as_deref()?, Some(day)).map(|(uid, _)| uid);
        EventRow {
            agency_uid: find(&row.agency_code),
            unit_uid: find(&row.unit_code),
            ..row.clone()
        }
    });
    found.collect()
}
