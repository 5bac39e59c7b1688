//! The files published from the types: JSON Schemas and the configuration reference.

use std::fmt::Write as _;

use schemars::{JsonSchema, Schema, schema_for};
use serde_json::Value;

use crate::{
    code::Code,
    config::Config,
    events::{Action, ChainHead, FIRST_HASH_FORM, GENESIS, HASH_FORM, HASHED, NOT_IN_FIRST},
    ledger,
    manifest::Manifest,
    message, record,
    summary::Summary,
};

/// Every published file: its name in `schemas/`, and its content.
///
/// # Panics
/// Never: the values are plain JSON.
pub fn files() -> Vec<(&'static str, String)> {
    vec![
        ("codes.md", codes()),
        ("archive-stamps.v1.schema.json", json::<record::ArchiveStamps>()),
        ("chain-head.v1.schema.json", json::<ChainHead>()),
        ("config.schema.json", json::<Config>()),
        ("configuration.md", configuration_reference()),
        ("broken-message.v1.schema.json", json::<record::BrokenMessage>()),
        ("deadletter.v1.schema.json", json::<message::DeadLetter>()),
        ("document-event.v1.schema.json", json::<message::DocumentEvent>()),
        ("events.md", events()),
        ("ledger-chunk.v1.schema.json", json::<ledger::Chunk>()),
        ("ledger-done.v1.schema.json", json::<ledger::Done>()),
        ("ledger-plan.v1.schema.json", json::<ledger::Plan>()),
        ("manifest.v1.schema.json", json::<Manifest>()),
        ("prepared.v1.schema.json", json::<record::Prepared>()),
        ("quarantine.v1.schema.json", json::<record::Quarantine>()),
        ("record.v1.schema.json", json::<record::Record>()),
        ("release.v1.schema.json", json::<message::Release>()),
        ("stored-submission.v1.schema.json", json::<message::StoredSubmission>()),
        ("submission.v1.schema.json", json::<message::Submission>()),
        ("summary.v1.schema.json", json::<Summary>()),
    ]
}

fn json<T: JsonSchema>() -> String {
    let schema = schema_for!(T);
    serde_json::to_string_pretty(&schema).expect("a schema is plain JSON") + "\n"
}

/// The audit trail as a page: what is told, and how anybody checks it.
fn events() -> String {
    let columns: Vec<String> = HASHED.iter().map(|column| format!("`{column}`")).collect();
    let mut page = format!(
        "# Events\n\nTable `events` is the audit trail: one chain a province, in the order of `seq`. \
         `prev_hash` is the `row_hash` of the event before, and `{GENESIS}` of the first. \
         `row_hash` is the SHA-256, in lower-case hex, of one JSON array in UTF-8 without white \
         space: `\"{HASH_FORM}\"`, then the values of {}. Texts are written as RFC 8785 writes \
         strings, numbers as integers, times as microseconds since 1970-01-01 UTC, and null as \
         `null`. Rows of `schema_version` 1 have `\"{FIRST_HASH_FORM}\"` there and no {}.\n\nSigned heads, `evidence/<province>/heads/<number>.p7m`, are CMS files with JSON \
         inside (`chain-head.v1.schema.json`): `openssl cms -verify -binary -inform DER -purpose any \
         -CAfile ROOT -in FILE`. `tests/judges/events.py` does all of it in fifty lines. Made from \
         `schemas/events.rs`.\n\n| stage | action | meaning |\n|---|---|---|\n",
        columns.join(", "),
        NOT_IN_FIRST.map(|column| format!("`{column}`")).join(", "),
    );
    for action in Action::ALL {
        let (stage, name, meaning) = (action.stage(), action.as_str(), action.meaning());
        writeln!(page, "| `{stage}` | `{name}` | {meaning} |").expect("a string takes everything");
    }
    page
}

/// The codes as a page, in the order of their letters.
fn codes() -> String {
    let mut page = String::from(
        "# Codes\n\nWhat is found on a page, a file or a message, and what to do. `block`: not \
         published; `error`: published with a fault; `warn`: somebody should look; `info`: worth \
         knowing. Made from `schemas/code.rs`.\n\n| code | severity | what to do | việc cần làm | \
         expected | yêu cầu |\n|---|---|---|---|---|---|\n",
    );
    let mut codes = Code::ALL.to_vec();
    codes.sort_by_key(|code| code.as_str());
    for code in codes {
        let severity = serde_json::to_value(code.severity()).expect("a severity is a word");
        let severity = severity.as_str().unwrap_or_default();
        let (advice, advice_vi) = (code.sentence(), code.sentence_vi());
        let (expected, expected_vi) = (code.expected(), code.expected_vi());
        writeln!(
            page,
            "| `{code}` | {severity} | {advice} | {advice_vi} | {expected} | {expected_vi} |"
        )
        .expect("a string takes everything");
    }
    page
}

/// The configuration file as a page: a table a section, a line a key.
fn configuration_reference() -> String {
    let schema = schema_for!(Config);
    let defaults = serde_json::to_value(Config::default()).expect("plain values");
    let mut page = String::from(
        "# Configuration\n\nA TOML file given with `--config`. Every key may be left out; unknown \
         keys are refused. Made from `schemas/config.rs`.\n",
    );
    for (name, reference) in properties(schema.as_value()) {
        if let Some(table) = resolve(&schema, reference) {
            let about = text(reference, "description").or_else(|| text(table, "description"));
            let heading = (format!("[{name}]"), about);
            section(&mut page, &schema, (&heading, table), &defaults[name]);
        }
    }
    page
}

/// A table of the file, and those in it.
fn section(
    page: &mut String,
    schema: &Schema,
    ((heading, about), table): (&(String, Option<&str>), &Value),
    defaults: &Value,
) {
    write!(page, "\n## `{heading}`\n\n{}\n\n", about.unwrap_or_default())
        .expect("a string takes everything");
    page.push_str("| key | default | what it is |\n|---|---|---|\n");
    let mut inner = Vec::new();
    for (key, property) in properties(table) {
        let default = defaults.get(key).or_else(|| property.get("default"));
        let default = default.filter(|default| !default.is_null());
        let default = default.map_or_else(|| "none".into(), |default| format!("`{default}`"));
        let about = text(property, "description").unwrap_or_default().replace('\n', " ");
        writeln!(page, "| `{key}` | {default} | {about} |").expect("a string takes everything");
        let name = heading.trim_matches(['[', ']']);
        if let Some(table) = one_of(schema, property) {
            inner.push((format!("[{name}.{key}]"), table));
        } else if let Some(table) = each_of(schema, property) {
            inner.push((format!("[[{name}.{key}]]"), table));
        }
    }
    for (heading, table) in inner {
        let heading = (heading, text(table, "description"));
        section(page, schema, (&heading, table), &Value::Null);
    }
}

/// The table that a key may be.
fn one_of<'a>(schema: &'a Schema, property: &'a Value) -> Option<&'a Value> {
    let either = property.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    let tables = std::iter::once(property).chain(either).filter_map(|one| resolve(schema, one));
    tables.into_iter().find(|table| table.get("properties").is_some())
}

/// The tables that a key is a list of.
fn each_of<'a>(schema: &'a Schema, property: &'a Value) -> Option<&'a Value> {
    one_of(schema, property.get("items")?)
}

fn properties(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

fn text<'a>(schema: &'a Value, key: &str) -> Option<&'a str> {
    schema.get(key).and_then(Value::as_str)
}

/// Follows `$ref` into the schema's own definitions.
fn resolve<'a>(root: &'a Schema, schema: &'a Value) -> Option<&'a Value> {
    let name = text(schema, "$ref")?.strip_prefix("#/$defs/")?;
    root.as_value().get("$defs")?.get(name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// `SOHOA_UPDATE=1 cargo test -p sohoa-schemas` writes them anew.
    #[test]
    fn published_files_equal_the_types() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (name, content) in files() {
            let path = folder.join(name);
            if std::env::var_os("SOHOA_UPDATE").is_some() {
                std::fs::write(&path, &content).unwrap();
            }
            let held = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(held == content, "{name} is not what the types say: run with SOHOA_UPDATE=1");
        }
    }

    #[test]
    fn every_key_of_the_configuration_has_a_description() {
        let page = configuration_reference();
        assert!(page.contains("| `budget_mib` | `512` |"));
        assert!(page.contains("| `patience_seconds` | `20` |"));
        let schema = schema_for!(Config);
        let tables = schema.as_value()["$defs"].as_object().unwrap().values();
        for (key, _) in tables.flat_map(properties) {
            assert!(page.contains(&format!("| `{key}` |")), "{key}");
        }
        assert!(!page.lines().any(|line| line.starts_with("| `") && line.ends_with("|  |")));
    }
}
