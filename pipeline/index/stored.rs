//! A table of either kind, for what is done to both alike.

use arrow::datatypes::SchemaRef;

use crate::{
    Index,
    error::IndexError,
    place::Place,
    register::Register,
    table::{PARTITION_COLUMNS, Table},
};

/// A table that is made from records, or one that is made from imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stored {
    /// Made from records.
    Derived(Table),
    /// Made from imports.
    Reference(Register),
}

impl From<Table> for Stored {
    fn from(table: Table) -> Self {
        Self::Derived(table)
    }
}

impl From<Register> for Stored {
    fn from(register: Register) -> Self {
        Self::Reference(register)
    }
}

impl Stored {
    /// Every table.
    pub fn all() -> impl Iterator<Item = Self> {
        let derived = Table::ALL.into_iter().map(Self::Derived);
        derived.chain(Register::ALL.into_iter().map(Self::Reference))
    }

    /// The table of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|table| table.name() == name)
    }

    /// Name of the table and of its folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Derived(table) => table.name(),
            Self::Reference(register) => register.name(),
        }
    }

    pub(crate) fn schema(self) -> Result<SchemaRef, IndexError> {
        match self {
            Self::Derived(table) => table.schema(),
            Self::Reference(register) => register.schema(),
        }
    }

    pub(crate) const fn partition_columns(self) -> &'static [&'static str] {
        match self {
            Self::Derived(_) => &PARTITION_COLUMNS,
            Self::Reference(register) => register.partition_columns(),
        }
    }

    pub(crate) const fn key(self) -> &'static [&'static str] {
        match self {
            Self::Derived(table) => table.key(),
            Self::Reference(register) => register.key(),
        }
    }

    pub(crate) const fn statistics(self) -> &'static [&'static str] {
        match self {
            Self::Derived(table) => table.statistics(),
            Self::Reference(register) => register.statistics(),
        }
    }

    pub(crate) const fn bloom_filters(self) -> &'static [&'static str] {
        match self {
            Self::Derived(table) => table.bloom_filters(),
            Self::Reference(register) => register.bloom_filters(),
        }
    }
}

impl Index {
    pub(crate) fn place(&self, table: Stored) -> Place {
        match table {
            Stored::Derived(table) => self.log(table).place().clone(),
            Stored::Reference(register) => self.registers.place(register),
        }
    }
}
