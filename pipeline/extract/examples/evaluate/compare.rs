//! One document's fields beside the truth's.

use serde_json::Value;
use sohoa_document::{Field, fold::fold};
use sohoa_extract::Fields;

/// One field of one document: what the truth says and what was read.
pub(crate) struct Compared {
    pub(crate) field: &'static str,
    /// `print`, `hand` or `unknown`.
    pub(crate) hand: &'static str,
    pub(crate) expected: Option<String>,
    pub(crate) found: Option<(String, f32)>,
}

impl Compared {
    pub(crate) fn same(&self) -> bool {
        match (&self.expected, &self.found) {
            (Some(_), Some(_)) if self.field == "subject" => {
                self.distance().is_some_and(|distance| distance <= 0.1)
            }
            (Some(expected), Some((value, _))) => key(expected) == key(value),
            _ => false,
        }
    }

    /// Edits over the longer length, when both are there.
    pub(crate) fn distance(&self) -> Option<f32> {
        let (expected, (value, _)) = self.expected.as_ref().zip(self.found.as_ref())?;
        Some(distance(&about(expected), &about(value)))
    }
}

/// All fields that the truth knows.
pub(crate) fn all(truth: &Value, fields: &Fields) -> Vec<Compared> {
    let hand = |key: &str| match truth[key].as_bool() {
        Some(true) => "hand",
        Some(false) => "print",
        None => "unknown",
    };
    let text = |key: &str| truth[key].as_str().map(str::to_owned);
    let compared = |field, hand, expected, found| Compared { field, hand, expected, found };
    let print = |field, expected, found: Option<&Field<String>>| {
        compared(field, "print", expected, found.map(|f| (f.value.clone(), f.probability)))
    };
    let number = hand("number_handwritten");
    let read = |found: Option<&Field<String>>| found.map(|f| (f.value.clone(), f.probability));
    let date = fields.issued_date.as_ref().map(|f| (f.value.to_string(), f.probability));
    let urgency = fields.urgency_level.as_ref();
    let secrecy = fields.secrecy_level.as_ref();
    vec![
        compared("number", number, text("number"), read(fields.code_number.as_ref())),
        compared("full", number, text("notation"), read(fields.code_full.as_ref())),
        compared("date", hand("date_handwritten"), text("issued_date"), date),
        print("notation", notation(text("notation")), fields.code_notation.as_ref()),
        print("place", text("place"), fields.issued_place.as_ref()),
        print("type", text("doc_type"), fields.type_name.as_ref()),
        print("organ", text("issuing_org"), fields.organ_name.as_ref()),
        print("parent", text("parent_org"), fields.parent_organ_name.as_ref()),
        print("subject", text("subject"), fields.subject.as_ref()),
        print("signer", text("signer_name"), fields.signer_name.as_ref()),
        print(
            "title",
            text("signer_title").map(|title| own_title(&title)),
            fields.signer_title.as_ref(),
        ),
        compared(
            "urgency",
            "print",
            text("notes").and_then(|notes| stamp(&notes)),
            urgency.map(|f| (f.value.as_str().to_owned(), f.probability)),
        ),
        compared(
            "secrecy",
            "print",
            None,
            secrecy.map(|f| (f.value.as_str().to_owned(), f.probability)),
        ),
    ]
}

fn notation(full: Option<String>) -> Option<String> {
    let full = full?;
    Some(full.split_once(['/', '-']).map_or(full.clone(), |(_, notation)| notation.to_owned()))
}

/// The signer's own office: what follows the last one he signs for.
fn own_title(title: &str) -> String {
    let parts: Vec<&str> = title.split(" - ").collect();
    let held = |part: &&str| part.split_once(". ").is_some_and(|(lead, _)| lead.len() < 4);
    let own = parts.iter().rposition(held).map_or(0, |at| at + 1);
    parts[own..].join(" - ")
}

/// The stamp named in the truth's notes.
fn stamp(notes: &str) -> Option<String> {
    let rest = notes.split_once("urgency ")?.1;
    Some(if rest.starts_with("HỎA") { "hoa_toc" } else { "khan" }.to_owned())
}

/// The comparison key: folded, without spaces or punctuation that carries nothing.
fn key(text: &str) -> String {
    let text = fold(text).replace("uy ban nhan dan", "ubnd");
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '/' | '-' | '_')).collect()
}

fn about(text: &str) -> Vec<char> {
    let folded = fold(text);
    folded.trim_start_matches("v/v").trim().trim_end_matches('.').chars().collect()
}

fn distance(a: &[char], b: &[char]) -> f32 {
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            row.push((above[j] + usize::from(x != y)).min(above[j + 1] + 1).min(row[j] + 1));
        }
        above = row;
    }
    above[b.len()] as f32 / a.len().max(b.len()).max(1) as f32
}
