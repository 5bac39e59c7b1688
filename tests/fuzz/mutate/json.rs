//! Changes to JSON that leave it JSON.

use serde_json::Value;

use super::text::WORDS;
use crate::chance::Chance;

/// Changes one value; what is no JSON stays as it is.
pub(super) fn change(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let Ok(mut whole) = serde_json::from_slice::<Value>(bytes) else { return };
    let mut at = chance.within(0..count(&whole));
    if let Some(value) = find(&mut whole, &mut at) {
        one(value, chance);
    }
    *bytes = whole.to_string().into_bytes();
}

fn one(value: &mut Value, chance: &mut Chance) {
    let number = *chance.one_of(&super::EDGES);
    *value = match chance.within(0..8) {
        0 => Value::Null,
        1 => number.into(),
        2 => (number as i64).wrapping_neg().into(),
        3 => Value::String((*chance.one_of(&WORDS)).to_owned()),
        4 => Value::String(chance.one_of(&WORDS).repeat(*chance.one_of(&[2, 100, 5_000]))),
        5 => Value::Array(vec![value.take(); *chance.one_of(&[0, 1, 2, 50])]),
        6 => (0..*chance.one_of(&[3, 120, 200])).fold(value.take(), |inner, _| vec![inner].into()),
        _ => match value {
            Value::Object(fields) => {
                let names: Vec<String> = fields.keys().cloned().collect();
                if !names.is_empty() {
                    fields.remove(chance.one_of(&names));
                }
                return;
            }
            Value::Array(items) => {
                let again = items.clone();
                items.extend(again);
                return;
            }
            _ => 1e300.into(),
        },
    };
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

fn find<'a>(value: &'a mut Value, number: &mut usize) -> Option<&'a mut Value> {
    if *number == 0 {
        return Some(value);
    }
    *number -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| find(item, number)),
        Value::Object(fields) => fields.values_mut().find_map(|field| find(field, number)),
        _ => None,
    }
}
