//! What the index would hold of a file: the values past the accept line, under their columns.

use sohoa_extract::Fields;

/// One JSON line: every field's value, `null` where it does not pass.
pub(crate) fn row(uri: &str, fields: &Fields, accept: f32) -> serde_json::Result<String> {
    let mut row = serde_json::to_value(fields)?;
    for value in row.as_object_mut().into_iter().flat_map(|columns| columns.values_mut()) {
        let sure = value["probability"].as_f64().is_some_and(|p| p >= f64::from(accept));
        *value = if sure { value["value"].take() } else { serde_json::Value::Null };
    }
    row["uri"] = uri.into();
    Ok(format!("{row}\n"))
}
