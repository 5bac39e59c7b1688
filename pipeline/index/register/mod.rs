//! The reference tables: agencies and their keys, inventory, targets, procedures, phases, staff and
//! dossiers. They come from imports, not from records, and so stand beside the other tables: readers
//! find them by their names in the same place.
//!
//! A change is one commit on the state it was made from ([`Index::register`]), or [`IndexError::Busy`]:
//! look at the imports after looking at the state, make the rows, commit; on `Busy` begin again. So
//! the last commit always knows all imports, however many programs import at once. The commit
//! carries how many imports it knows ([`RegisterState::position`]), by which an interrupted one shows.
//!
//! `state` is a table as it was looked at, and the commit that follows; `dossiers` merges, `rewrite`
//! makes them anew.
//!
//! Small tables are written whole. `dossiers` are millions: only the months an import speaks of are
//! written anew, and a dossier's month never changes.

mod dossiers;
mod rewrite;
mod state;

use arrow::datatypes::SchemaRef;
use deltalake::DeltaTableError;
use serde_json::Value;
use sohoa_schemas::registers::{
    AgencyKeyRow, AgencyRow, DossierRow, InventoryRow, PhaseRow, ProcedureRow, StaffRow, TargetRow,
};

pub use self::rewrite::{FindAgency, Month, Rewrite};
pub use self::state::RegisterState;
pub(crate) use self::state::RegisterStore;
use crate::{columns, error::IndexError};

/// A reference table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Register {
    /// Agencies with their history.
    Agencies,
    /// Their codes and names, for joins.
    AgencyKeys,
    /// What there is to digitise.
    Inventory,
    /// What the plans demand.
    Targets,
    /// Administrative procedures.
    Procedures,
    /// Phases of the plans.
    Phases,
    /// Who takes dossiers in.
    Staff,
    /// Dossiers of the case system.
    Dossiers,
}

impl Register {
    /// Every reference table.
    pub const ALL: [Self; 8] = [
        Self::Agencies,
        Self::AgencyKeys,
        Self::Inventory,
        Self::Targets,
        Self::Procedures,
        Self::Phases,
        Self::Staff,
        Self::Dossiers,
    ];

    /// Name of the table and of its folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agencies => "agencies",
            Self::AgencyKeys => "agency_keys",
            Self::Inventory => "inventory",
            Self::Targets => "targets",
            Self::Procedures => "procedures",
            Self::Phases => "phases",
            Self::Staff => "staff",
            Self::Dossiers => "dossiers",
        }
    }

    /// The table of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|register| register.name() == name)
    }

    /// Columns that identify a row.
    pub(crate) const fn key(self) -> &'static [&'static str] {
        match self {
            Self::Agencies => &["agency_uid", "valid_from"],
            Self::AgencyKeys => &["kind", "key", "agency_uid", "valid_from"],
            Self::Dossiers => &["province", "dossier_code"],
            Self::Inventory => &["inventory_uid"],
            Self::Phases => &["province", "phase"],
            Self::Procedures => &["province", "procedure_base"],
            Self::Staff => &["staff_ref", "agency_code", "role", "from_date"],
            Self::Targets => &["target_uid"],
        }
    }

    pub(crate) const fn partition_columns(self) -> &'static [&'static str] {
        match self {
            Self::Dossiers => &["province", "received_month"],
            _ => &[],
        }
    }

    /// Columns with minimum and maximum in the log.
    pub(crate) const fn statistics(self) -> &'static [&'static str] {
        match self {
            Self::Dossiers => &["dossier_code", "received_at", "resolved_at", "listed_at"],
            Self::Phases => &["phase"],
            Self::AgencyKeys => &["kind", "key"],
            Self::Procedures => &["procedure_base"],
            Self::Targets => &["metric"],
            Self::Agencies => &["code"],
            Self::Inventory | Self::Staff => &["agency_code"],
        }
    }

    pub(crate) const fn bloom_filters(self) -> &'static [&'static str] {
        match self {
            Self::Dossiers => &["dossier_uid", "dossier_code", "owner_id_hmac"],
            _ => &[],
        }
    }

    pub(crate) fn comment(self) -> String {
        columns::sentence(&self.json_schema())
    }

    pub(crate) fn schema(self) -> Result<SchemaRef, IndexError> {
        columns::derive(self.name(), &self.json_schema())
    }

    fn json_schema(self) -> Value {
        match self {
            Self::Agencies => columns::json_schema::<AgencyRow>(),
            Self::AgencyKeys => columns::json_schema::<AgencyKeyRow>(),
            Self::Inventory => columns::json_schema::<InventoryRow>(),
            Self::Targets => columns::json_schema::<TargetRow>(),
            Self::Procedures => columns::json_schema::<ProcedureRow>(),
            Self::Phases => columns::json_schema::<PhaseRow>(),
            Self::Staff => columns::json_schema::<StaffRow>(),
            Self::Dossiers => columns::json_schema::<DossierRow>(),
        }
    }

    fn error(self, error: DeltaTableError) -> IndexError {
        IndexError::delta(self.name())(error)
    }
}
