//! What a figure says: plain lines, the last of which is the verdict, or one JSON object.

use serde_json::{Map, Value, json};

use crate::{arguments::Common, machine};

/// Lines as they come, values for the end.
#[derive(Debug)]
pub(crate) struct Report {
    json: bool,
    values: Map<String, Value>,
}

impl Report {
    /// Says what is measured, on what, and how it was started.
    pub(crate) fn begin(figure: &str, about: &str, common: &Common) -> Self {
        let mut report = Self { json: common.json, values: Map::new() };
        report.value("figure", figure);
        report.line(&format!("{figure}: {about}"));
        report.said("machine", &machine::describe());
        report.said("command", &machine::command());
        report.said("program", &machine::subject());
        report
    }

    /// A line `name: text`, which is a value as well.
    pub(crate) fn said(&mut self, name: &str, text: &str) {
        self.line(&format!("{name}: {text}"));
        self.value(name, text);
    }

    /// A line.
    pub(crate) fn line(&self, text: &str) {
        if self.json {
            eprintln!("{text}");
        } else {
            println!("{text}");
        }
    }

    /// A value for the JSON object.
    pub(crate) fn value(&mut self, name: &str, value: impl Into<Value>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// The last line.
    pub(crate) fn end(mut self, verdict: &str) {
        self.line(verdict);
        self.value("verdict", verdict);
        if self.json {
            println!("{}", json!(self.values));
        }
    }
}

/// How a goal was met.
pub(crate) fn met(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

/// Bytes as mebibytes.
pub(crate) fn mebibytes(bytes: f64) -> f64 {
    bytes / f64::from(1 << 20)
}
