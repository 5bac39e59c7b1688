//! The tables and their columns as a page for people: `schemas/index.md`.

use std::fmt::Write as _;

use arrow::datatypes::{Field, Schema};

use crate::{
    columns::{COMMENT, STANDARD, type_name},
    error::IndexError,
    table::{PARTITION_COLUMNS, Table},
};

const HEAD: &str = "# Tables of the index

Delta Lake tables under `OUT/index/<table>`, protocol reader 1 and writer 2, without deletion vectors
or column mapping: DuckDB (`delta_scan`), Polars (`scan_delta`), Spark, Trino, pandas (through
`deltalake`) and `sohoa query` read them. Made from the row types in `schemas/rows.rs`.

**Readers of plain Parquet** take the list of files from `sohoa index files TABLE --output OUT`, and
the partition columns from the paths (DuckDB: `read_parquet([…], hive_partitioning = true)`). Never
read a table by a pattern such as `index/documents/**/*.parquet`: the folder also holds files that
were merged, replaced or not yet committed, and rows would be counted twice. A list stays readable for
`index.retention_days`; take a new one for newer rows.

**Versions.** `documents` has the current version of each document and `document_versions` all of
them. Rows of `pages`, `page_text`, `signatures` and `findings` stay when a document gets a new
version: join them on `document_uid` (or `source_uid`) *and* `version`.

**Change.** New columns are added at any time and are null in older rows; `schema_version` says which
version of the row type wrote a row. No column is removed, renamed or given another type: a program
that finds a column it does not know refuses to write.

**Look-ups.** Row groups with none of the wanted keys are passed over by their bloom filters, files by
the minimum and maximum that the log has of some columns; both are named below. `sohoa index compact`
puts rows in the order that is named there: of several columns the first two together along a curve, so
that a question for either reads few row groups and one for both reads one or two a month, and the rest
within these. Files of an earlier version are put in the new order by the next compaction.

*Standard* is the field's own name in the law, with the length that exports must keep.
";

/// Fields of the plans and standards that `documents` has no column for, and why.
const LEFT_OUT: [(&str, &str); 9] = [
    (
        "issuing_agency_uid, custodian_agency_uid, level_now",
        "follow from the register of agencies, which changes: join `agency_keys` on `organ_name` or \
         `custodian_agency_code`",
    ),
    ("result_type_code", "is `paper_type_code` of a result (Circular 01/2023, article 10)"),
    (
        "digitisation_code",
        "begins with the holder's number, which the index has only as an HMAC; the kind of paper is in \
         `paper_type_code`",
    ),
    (
        "duplicate_of_uid, dup_basis",
        "change with every document that comes later; report R15 finds them",
    ),
    (
        "valid_from, validity_scope, keywords, info_sign, autograph, description",
        "no manifest has them, and no fixed place of a page",
    ),
    ("priority_reason, sector_program", "no manifest has them"),
    ("permanently_archived", "is `retention_code = '01'`"),
    ("intake_unit_uid", "is `receiving_unit_uid` of the dossier in `dossiers`"),
    ("risk_recovery, risk_recovery_status", "only who runs the store knows of its copies"),
];

/// The page.
///
/// # Errors
/// [`IndexError::ColumnType`] as for [`Table::schema`].
pub fn page() -> Result<String, IndexError> {
    let mut page = String::from(HEAD);
    page.push_str("\n| table | rows |\n|---|---|\n");
    for table in Table::ALL.into_iter().rev() {
        let name = table.name();
        line(&mut page, format_args!("| [`{name}`](#{name}) | {} |", table.comment()));
    }
    for table in Table::ALL.into_iter().rev() {
        section(&mut page, table, table.schema()?.as_ref());
        if table == Table::Documents {
            page.push_str("\nWithout a column of their own:\n\n| field | why |\n|---|---|\n");
            for (fields, why) in LEFT_OUT {
                line(&mut page, format_args!("| `{}` | {why} |", fields.replace(", ", "`, `")));
            }
        }
    }
    Ok(page)
}

fn section(page: &mut String, table: Table, schema: &Schema) {
    line(page, format_args!("\n## {}\n\n{}\n", table.name(), table.comment()));
    let facts = [
        ("partitions", PARTITION_COLUMNS.as_slice()),
        ("key", table.key()),
        ("a row replaces one of the same key by higher", table.rank()),
        ("bloom filters", table.bloom_filters()),
        ("minimum and maximum in the log", table.statistics()),
        ("order", table.order()),
    ];
    for (what, columns) in facts.into_iter().filter(|(_, columns)| !columns.is_empty()) {
        line(page, format_args!("* {what}: `{}`", columns.join("`, `")));
    }
    page.push_str("\n| column | type | null | what it is | standard |\n|---|---|---|---|---|\n");
    for field in schema.fields() {
        column(page, field);
    }
}

fn column(page: &mut String, field: &Field) {
    let text = |key: &str| {
        let text = field.metadata().get(key).map(String::as_str).unwrap_or_default();
        text.replace('|', "\\|")
    };
    let (name, kind) = (field.name(), type_name(field.data_type()));
    let null = if field.is_nullable() { "yes" } else { "" };
    let (comment, standard) = (text(COMMENT), text(STANDARD));
    line(page, format_args!("| `{name}` | {kind} | {null} | {comment} | {standard} |"));
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(page, "{text}").expect("a string takes everything");
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::PathBuf};

    use super::*;

    /// `SOHOA_UPDATE=1 cargo test -p sohoa-index` writes the page anew.
    #[test]
    fn the_published_page_is_that_of_the_tables() {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas/index.md");
        let text = page().unwrap();
        if env::var_os("SOHOA_UPDATE").is_some() {
            fs::write(&file, &text).unwrap();
        }
        let published = fs::read_to_string(&file).unwrap_or_default();
        assert!(published == text, "SOHOA_UPDATE=1 writes {}", file.display());
        for table in Table::ALL {
            for field in table.schema().unwrap().fields() {
                assert!(text.contains(&format!("| `{}` |", field.name())), "{}", field.name());
            }
        }
    }
}
