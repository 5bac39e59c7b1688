//! JSON from partners, brokers and stores: what is understood is the same once written and read.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sohoa_schemas::{ledger, manifest::Manifest, message, record};

/// A manifest.
pub(crate) fn manifest(bytes: &[u8]) {
    let _manifest = sohoa_source::manifest::parse(bytes);
    same::<Manifest>(bytes);
}

/// Submissions, events, dead letters, releases.
pub(crate) fn message(bytes: &[u8]) {
    if let Ok(message) = serde_json::from_slice::<message::Submission>(bytes) {
        let _source = sohoa_source::from_message(message);
    }
    same::<message::Submission>(bytes);
    same::<message::StoredSubmission>(bytes);
    same::<message::DocumentEvent>(bytes);
    same::<message::DeadLetter>(bytes);
    same::<message::Release>(bytes);
}

/// Records of published, waiting and refused documents, and the ledger of a backfill.
pub(crate) fn record(bytes: &[u8]) {
    same::<record::Record>(bytes);
    same::<record::Prepared>(bytes);
    same::<record::Quarantine>(bytes);
    same::<record::BrokenMessage>(bytes);
    same::<ledger::Plan>(bytes);
    same::<ledger::Chunk>(bytes);
    same::<ledger::Done>(bytes);
}

/// Reads, writes and reads again.
fn same<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice::<T>(bytes) else { return };
    let written = serde_json::to_value(&value).expect("what was read can be written");
    let text = written.to_string();
    let again: T = serde_json::from_str(&text).expect("what was written can be read");
    let again = serde_json::to_value(&again).expect("what was read can be written");
    assert!(alike(&written, &again), "{written} became {again}");
}

/// The same but for the last bit of a fraction, which the reader does not promise.
fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| alike(a, b)))
        }
        (Value::Number(x), Value::Number(y)) if x != y => {
            let (x, y) = (x.as_f64().unwrap_or(f64::NAN), y.as_f64().unwrap_or(f64::NAN));
            (x - y).abs() <= 1e-12 * x.abs()
        }
        _ => a == b,
    }
}
