//! PDF values as they are written in a file, and the way back to bytes.
//!
//! Real numbers keep their spelling, so that a dictionary which is read, extended and written
//! again differs from the old one only where it was extended.

use std::{
    collections::{HashMap, hash_map},
    fmt::Write as _,
};

/// Keys up to which a dictionary is searched faster than indexed; nearly all have fewer.
const FEW: usize = 32;

/// An indirect reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Reference {
    pub(crate) number: u32,
    pub(crate) generation: u16,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Object {
    Null,
    Boolean(bool),
    Integer(i64),
    /// As spelt in the file.
    Real(String),
    /// Without the solidus, escapes resolved.
    Name(Vec<u8>),
    String(Vec<u8>),
    Array(Vec<Self>),
    Dictionary(Dictionary),
    Stream(Stream),
    Reference(Reference),
}

/// A stream: its dictionary and where its bytes begin; the bytes stay in the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stream {
    pub(crate) dictionary: Dictionary,
    /// Position of the first data byte in the file.
    pub(crate) data_offset: u64,
}

/// Keys in file order; a repeated key has its last value, which is what common readers show.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Dictionary(Vec<(Vec<u8>, Object)>);

impl Dictionary {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Object> {
        self.0.iter().find(|(name, _)| name == key.as_bytes()).map(|(_, value)| value)
    }

    pub(crate) fn set(&mut self, key: &str, value: impl Into<Object>) {
        self.insert(key.as_bytes().to_vec(), value.into());
    }

    pub(crate) fn insert(&mut self, key: Vec<u8>, value: Object) {
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some(slot) => slot.1 = value,
            None => self.0.push((key, value)),
        }
    }

    /// The entries of a file in their order. A hostile one lists them by the million, so that each
    /// cannot be held against all before it.
    pub(crate) fn of(entries: Vec<(Vec<u8>, Object)>) -> Self {
        let mut dictionary = Self(Vec::with_capacity(entries.len()));
        if entries.len() <= FEW {
            for (key, value) in entries {
                dictionary.insert(key, value);
            }
            return dictionary;
        }
        let mut places = HashMap::<Vec<u8>, usize>::with_capacity(entries.len());
        for (key, value) in entries {
            match places.entry(key.clone()) {
                hash_map::Entry::Occupied(known) => dictionary.0[*known.get()].1 = value,
                hash_map::Entry::Vacant(new) => {
                    new.insert(dictionary.0.len());
                    dictionary.0.push((key, value));
                }
            }
        }
        dictionary
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.0.retain(|(name, _)| name != key.as_bytes());
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &Object)> {
        self.0.iter().map(|(name, value)| (name.as_slice(), value))
    }

    /// The value is the name `expected`.
    pub(crate) fn is(&self, key: &str, expected: &str) -> bool {
        self.get(key).and_then(Object::name) == Some(expected.as_bytes())
    }
}

impl Object {
    pub(crate) fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            _ => None,
        }
    }

    /// Integer or real.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Real(text) => text.parse().ok().filter(|value: &f64| value.is_finite()),
            _ => None,
        }
    }

    pub(crate) fn name(&self) -> Option<&[u8]> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn string(&self) -> Option<&[u8]> {
        match self {
            Self::String(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(crate) fn array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn reference(&self) -> Option<Reference> {
        match self {
            Self::Reference(reference) => Some(*reference),
            _ => None,
        }
    }

    /// The dictionary of a dictionary or of a stream.
    pub(crate) fn dictionary(&self) -> Option<&Dictionary> {
        match self {
            Self::Dictionary(dictionary) => Some(dictionary),
            Self::Stream(stream) => Some(&stream.dictionary),
            _ => None,
        }
    }

    /// Appends the value in PDF syntax. A stream is written as its dictionary.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Boolean(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Self::Integer(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Self::Real(text) => out.extend_from_slice(text.as_bytes()),
            Self::Name(name) => write_name(name, out),
            Self::String(bytes) => write_hex_string(bytes, out),
            Self::Array(items) => {
                out.push(b'[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(b' ');
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Self::Dictionary(dictionary) => dictionary.write(out),
            Self::Stream(stream) => stream.dictionary.write(out),
            Self::Reference(reference) => out.extend_from_slice(
                format!("{} {} R", reference.number, reference.generation).as_bytes(),
            ),
        }
    }
}

impl Dictionary {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<<");
        for (key, value) in &self.0 {
            write_name(key, out);
            out.push(b' ');
            value.write(out);
        }
        out.extend_from_slice(b">>");
    }
}

fn write_name(name: &[u8], out: &mut Vec<u8>) {
    out.push(b'/');
    for &byte in name {
        let plain = byte.is_ascii_graphic() && !b"#()<>[]{}/%".contains(&byte);
        if plain {
            out.push(byte);
        } else {
            out.extend_from_slice(format!("#{byte:02X}").as_bytes());
        }
    }
}

/// Hexadecimal needs no escape and survives every transport.
pub(crate) fn write_hex_string(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'<');
    out.extend_from_slice(hex(bytes).as_bytes());
    out.push(b'>');
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String never fails.
        if write!(text, "{byte:02x}").is_err() {
            unreachable!("a String takes every write");
        }
        text
    })
}

/// A text string: ASCII as it is, else UTF-16BE with its byte order mark.
pub(crate) fn text_string(text: &str) -> Object {
    if text.is_ascii() {
        return Object::String(text.as_bytes().to_vec());
    }
    let units = text.encode_utf16().flat_map(u16::to_be_bytes);
    Object::String([0xfe, 0xff].into_iter().chain(units).collect())
}

/// The way back: UTF-16BE, UTF-8 or (almost) Latin-1.
pub(crate) fn decode_text_string(bytes: &[u8]) -> String {
    if let Some(utf16) = bytes.strip_prefix(&[0xfe, 0xff]) {
        let units: Vec<u16> =
            utf16.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        return String::from_utf16_lossy(&units);
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

impl From<i64> for Object {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<Reference> for Object {
    fn from(value: Reference) -> Self {
        Self::Reference(value)
    }
}

impl From<Dictionary> for Object {
    fn from(value: Dictionary) -> Self {
        Self::Dictionary(value)
    }
}

impl From<Vec<Self>> for Object {
    fn from(value: Vec<Self>) -> Self {
        Self::Array(value)
    }
}

/// A name.
impl From<&str> for Object {
    fn from(value: &str) -> Self {
        Self::Name(value.as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_when_written() {
        let mut out = Vec::new();
        Object::from("A B#/").write(&mut out);
        assert_eq!(out, b"/A#20B#23#2F");
    }

    #[test]
    fn text_strings_return() {
        for text in ["Signature1", "Ủy ban nhân dân", "đ😀"] {
            let Object::String(bytes) = text_string(text) else { panic!("a string") };
            assert_eq!(decode_text_string(&bytes), text);
        }
    }

    #[test]
    fn a_repeated_key_has_its_last_value() {
        let mut dictionary = Dictionary::new();
        dictionary.set("A", 1);
        dictionary.set("A", 2);
        assert_eq!(dictionary.get("A"), Some(&Object::Integer(2)));
    }
}
