//! A table of either kind, for what is done to both alike.

use arrow::datatypes::SchemaRef;

use crate::{
    Index, columns,
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

    /// The table in words, one line a column.
    ///
    /// # Errors
    /// [`IndexError::ColumnType`] as for [`Table::schema`].
    pub fn describe(self) -> Result<String, IndexError> {
        let comment = match self {
            Self::Derived(table) => table.comment(),
            Self::Reference(register) => register.comment(),
        };
        Ok(columns::describe(self.name(), &comment, self.schema()?.as_ref()))
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

#[cfg(test)]
mod tests {
    use std::{env, fs, path::PathBuf};

    use super::*;

    /// `SOHOA_UPDATE=1 cargo test -p sohoa-index` writes the files anew.
    #[test]
    fn published_schemas_are_those_of_the_row_types() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas/tables");
        for table in Stored::all() {
            let file = folder.join(format!("{}.txt", table.name()));
            let text = table.describe().unwrap();
            if env::var_os("SOHOA_UPDATE").is_some() {
                fs::create_dir_all(&folder).unwrap();
                fs::write(&file, &text).unwrap();
            }
            let published = fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(published, text, "SOHOA_UPDATE=1 writes {}", file.display());
        }
    }

    #[test]
    fn every_named_column_exists() {
        for table in Stored::all() {
            let schema = table.schema().unwrap();
            let named =
                [table.key(), table.partition_columns(), table.statistics(), table.bloom_filters()];
            for column in named.into_iter().flatten() {
                assert!(schema.field_with_name(column).is_ok(), "{}.{column}", table.name());
            }
        }
    }
}
