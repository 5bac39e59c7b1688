//! What a file may hold: its fields, and how a row of it is read. One file a kind.

mod agencies;
mod dossiers;
mod events;
mod inventory;
mod owner;
mod phases;
mod procedures;
mod staff;
mod status;
mod targets;

use std::fmt;

use serde::{Serialize, de::DeserializeOwned};
use sohoa_schemas::{
    events::EventRow,
    registers::{
        AgencyStatement, DossierRow, InventoryRow, PhaseRow, ProcedureRow, StaffRow, TargetRow,
    },
};

use crate::{finding::Place, header::Field, line::Line, read::each};

macro_rules! kinds {
    ($($kind:ident, $module:ident, $row:ty, $text:literal;)+) => {
        /// A kind of file.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $(#[doc = $text] $kind,)+
        }

        /// Rows of one kind.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Rows {
            $(#[doc = $text] $kind(Vec<$row>),)+
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// Name, as in commands and keys.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => stringify!($module),)+ }
            }

            /// What a file of it may say.
            pub const fn fields(self) -> &'static [Field] {
                match self { $(Self::$kind => $module::FIELDS,)+ }
            }

            /// Reads the rows of a file; the place of each in it stands beside them.
            pub(crate) fn read<'a>(
                self,
                lines: impl Iterator<Item = Line<'a>>,
            ) -> (Rows, Vec<Place<'a>>) {
                match self {
                    $(Self::$kind => {
                        let (rows, places) = each(lines, $module::KEY, $module::read);
                        (Rows::$kind(rows), places)
                    })+
                }
            }

            /// Rows from the lines of an import.
            ///
            /// # Errors
            /// The line that is no such row.
            pub(crate) fn parse<'a>(
                self,
                lines: impl Iterator<Item = &'a str>,
            ) -> serde_json::Result<Rows> {
                Ok(match self { $(Self::$kind => Rows::$kind(parsed(lines)?),)+ })
            }
        }

        impl Rows {
            /// How many there are.
            pub fn len(&self) -> usize {
                match self { $(Self::$kind(rows) => rows.len(),)+ }
            }

            /// What they are.
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind,)+ }
            }

            /// Each as one line of JSON.
            pub(crate) fn lines(&self) -> serde_json::Result<String> {
                match self { $(Self::$kind(rows) => lines(rows),)+ }
            }
        }
    };
}

kinds! {
    Agencies, agencies, AgencyStatement, "Agencies, their history and who took over.";
    Dossiers, dossiers, DossierRow, "Dossiers of the case system.";
    Events, events, EventRow, "What happened at counters and post offices.";
    Inventory, inventory, InventoryRow, "How many papers there are.";
    Phases, phases, PhaseRow, "Phases of a plan.";
    Procedures, procedures, ProcedureRow, "Administrative procedures.";
    Staff, staff, StaffRow, "Who takes dossiers in.";
    Targets, targets, TargetRow, "What the plans demand.";
}

impl Kind {
    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

impl Rows {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn parsed<'a, T: DeserializeOwned>(
    lines: impl Iterator<Item = &'a str>,
) -> serde_json::Result<Vec<T>> {
    lines.map(serde_json::from_str).collect()
}

fn lines<T: Serialize>(rows: &[T]) -> serde_json::Result<String> {
    let mut text = String::new();
    for row in rows {
        text.push_str(&serde_json::to_string(row)?);
        text.push('\n');
    }
    Ok(text)
}
