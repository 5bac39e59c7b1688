//! Bytes to values, over a window of the file.
//!
//! A window may end in the middle of a value: the lexer then answers [`Fault::Cut`] and its caller
//! reads a larger window. Depth is bounded, so that nested arrays cannot exhaust the stack.

use super::object::{Dictionary, Object, Reference, Stream};

/// Deeper nesting than any producer writes, shallow enough for the smallest thread stack.
const MAX_DEPTH: usize = 64;

/// Why no value could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The window ended inside the value.
    Cut,
    /// Not PDF syntax.
    Syntax(&'static str),
}

type Result<T> = std::result::Result<T, Fault>;

/// A cursor over a window of a file.
#[derive(Debug)]
pub(crate) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The window ends where the file ends, so a token that touches the end is complete.
    complete: bool,
    /// A key whose value's place is wanted, and that place once it was seen.
    wanted: Option<&'static str>,
    found: Option<(usize, usize)>,
}

/// White space of PDF, including NUL.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

fn is_delimiter(byte: u8) -> bool {
    b"()<>[]{}/%".contains(&byte)
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(bytes: &'a [u8], complete: bool) -> Self {
        Self { bytes, at: 0, complete, wanted: None, found: None }
    }

    /// Remembers where the value of `key` lies in the outermost dictionary.
    pub(crate) fn want(&mut self, key: &'static str) {
        self.wanted = Some(key);
    }

    /// Start and end of the wanted value, in bytes of the window.
    pub(crate) fn found(&self) -> Option<(usize, usize)> {
        self.found
    }

    /// Bytes consumed.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(crate) fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if is_space(byte) {
                self.at += 1;
            } else if byte == b'%' {
                while self.peek().is_some_and(|byte| byte != b'\n' && byte != b'\r') {
                    self.at += 1;
                }
            } else {
                return;
            }
        }
    }

    /// Skips white space, then `keyword` when it is next.
    pub(crate) fn keyword(&mut self, keyword: &str) -> Result<bool> {
        self.skip_space();
        let rest = &self.bytes[self.at..];
        if rest.len() < keyword.len() && !self.complete && keyword.as_bytes().starts_with(rest) {
            return Err(Fault::Cut);
        }
        let found = rest.starts_with(keyword.as_bytes());
        if found {
            self.at += keyword.len();
        }
        Ok(found)
    }

    /// A non-negative integer token.
    pub(crate) fn unsigned(&mut self) -> Result<u64> {
        match self.object()? {
            Object::Integer(value) => {
                u64::try_from(value).map_err(|_| Fault::Syntax("a negative number"))
            }
            _ => Err(Fault::Syntax("a whole number is expected")),
        }
    }

    /// The next value; `n g R` is read as a reference.
    pub(crate) fn object(&mut self) -> Result<Object> {
        self.value(0)
    }

    fn value(&mut self, depth: usize) -> Result<Object> {
        if depth > MAX_DEPTH {
            return Err(Fault::Syntax("nested too deeply"));
        }
        self.skip_space();
        match self.peek().ok_or(self.end())? {
            b'/' => self.name().map(Object::Name),
            b'(' => self.literal_string().map(Object::String),
            b'[' => self.array(depth),
            b'<' if self.bytes.get(self.at + 1) == Some(&b'<') => {
                self.dictionary(depth).map(Object::Dictionary)
            }
            b'<' => self.hex_string().map(Object::String),
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.number_or_reference(),
            _ => self.word(),
        }
    }

    fn end(&self) -> Fault {
        if self.complete { Fault::Syntax("the file ends inside a value") } else { Fault::Cut }
    }

    /// Bytes up to the next white space or delimiter: an operator, where one begins.
    pub(crate) fn token(&mut self) -> Result<&'a [u8]> {
        let start = self.at;
        while self.peek().is_some_and(|byte| !is_space(byte) && !is_delimiter(byte)) {
            self.at += 1;
        }
        if self.at == self.bytes.len() && !self.complete {
            return Err(Fault::Cut);
        }
        Ok(&self.bytes[start..self.at])
    }

    fn word(&mut self) -> Result<Object> {
        match self.token()? {
            b"null" => Ok(Object::Null),
            b"true" => Ok(Object::Boolean(true)),
            b"false" => Ok(Object::Boolean(false)),
            _ => Err(Fault::Syntax("a value is expected")),
        }
    }

    fn number_or_reference(&mut self) -> Result<Object> {
        let number = self.number()?;
        let Object::Integer(object) = number else { return Ok(number) };
        let Ok(object) = u32::try_from(object) else { return Ok(number) };
        let after = self.at;
        // Two more tokens are needed to tell `1 0 R` from `1 0`.
        self.skip_space();
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            if self.at == self.bytes.len() && !self.complete {
                return Err(Fault::Cut);
            }
            self.at = after;
            return Ok(number);
        }
        if let Object::Integer(generation) = self.number()? {
            self.skip_space();
            let next = self.bytes.get(self.at + 1).copied();
            if self.peek() == Some(b'R') && next.is_none() && !self.complete {
                return Err(Fault::Cut);
            }
            if self.peek() == Some(b'R') && next.is_none_or(|b| is_space(b) || is_delimiter(b)) {
                self.at += 1;
                let generation =
                    u16::try_from(generation).map_err(|_| Fault::Syntax("a generation number"))?;
                return Ok(Object::Reference(Reference { number: object, generation }));
            }
            if self.peek().is_none() && !self.complete {
                return Err(Fault::Cut);
            }
        }
        self.at = after;
        Ok(number)
    }

    fn number(&mut self) -> Result<Object> {
        let token = self.token()?;
        let text = std::str::from_utf8(token).map_err(|_| Fault::Syntax("a number"))?;
        if let Ok(value) = text.parse::<i64>() {
            return Ok(Object::Integer(value));
        }
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
        if plain && text.parse::<f64>().is_ok() {
            return Ok(Object::Real(text.to_owned()));
        }
        Err(Fault::Syntax("a number"))
    }

    fn name(&mut self) -> Result<Vec<u8>> {
        self.at += 1;
        let token = self.token()?;
        let mut name = Vec::with_capacity(token.len());
        let mut i = 0;
        while i < token.len() {
            let escaped = (token[i] == b'#')
                .then(|| Some(nibble(*token.get(i + 1)?)? << 4 | nibble(*token.get(i + 2)?)?))
                .flatten();
            name.push(escaped.unwrap_or(token[i]));
            i += if escaped.is_some() { 3 } else { 1 };
        }
        Ok(name)
    }

    fn hex_string(&mut self) -> Result<Vec<u8>> {
        self.at += 1;
        let mut out = Vec::new();
        let mut high = None;
        loop {
            let byte = self.peek().ok_or(self.end())?;
            self.at += 1;
            match (nibble(byte), high) {
                (Some(low), Some(first)) => {
                    out.push(first << 4 | low);
                    high = None;
                }
                (Some(first), None) => high = Some(first),
                (None, _) if byte == b'>' => break,
                (None, _) if is_space(byte) => {}
                (None, _) => return Err(Fault::Syntax("a hexadecimal digit is expected")),
            }
        }
        out.extend(high.map(|first| first << 4));
        Ok(out)
    }

    fn literal_string(&mut self) -> Result<Vec<u8>> {
        self.at += 1;
        let mut out = Vec::new();
        let mut open = 1_usize;
        loop {
            let byte = self.peek().ok_or(self.end())?;
            self.at += 1;
            match byte {
                b'(' => open += 1,
                b')' => open -= 1,
                b'\\' => {
                    self.escape(&mut out)?;
                    continue;
                }
                // An end of line inside a string reads as one line feed.
                b'\r' => {
                    if self.peek() == Some(b'\n') {
                        self.at += 1;
                    }
                    out.push(b'\n');
                    continue;
                }
                _ => {}
            }
            if open == 0 {
                return Ok(out);
            }
            out.push(byte);
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let byte = self.peek().ok_or(self.end())?;
        self.at += 1;
        match byte {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'\n' => {}
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.at += 1;
                }
            }
            b'0'..=b'7' => {
                let mut value = u16::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    value = value << 3 | u16::from(digit - b'0');
                    self.at += 1;
                }
                out.push((value & 0xff) as u8);
            }
            other => out.push(other),
        }
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<Object> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.peek().ok_or(self.end())? == b']' {
                self.at += 1;
                return Ok(Object::Array(items));
            }
            items.push(self.value(depth + 1)?);
        }
    }

    fn dictionary(&mut self, depth: usize) -> Result<Dictionary> {
        self.at += 2;
        let mut entries = Vec::new();
        loop {
            self.skip_space();
            match self.peek().ok_or(self.end())? {
                b'>' => {
                    if self.bytes.get(self.at + 1).copied().ok_or(self.end())? != b'>' {
                        return Err(Fault::Syntax("`>>` is expected"));
                    }
                    self.at += 2;
                    return Ok(Dictionary::of(entries));
                }
                b'/' => {
                    let key = self.name()?;
                    self.skip_space();
                    let start = self.at;
                    let value = self.value(depth + 1)?;
                    if depth == 0 && self.wanted.is_some_and(|wanted| wanted.as_bytes() == key) {
                        self.found = Some((start, self.at));
                    }
                    entries.push((key, value));
                }
                _ => return Err(Fault::Syntax("a key is expected")),
            }
        }
    }

    /// `n g obj` value, at the start of the window. `origin` is the window's place in the file.
    pub(crate) fn indirect(&mut self, origin: u64) -> Result<(Reference, Object)> {
        let number = u32::try_from(self.unsigned()?).map_err(|_| Fault::Syntax("an object"))?;
        let generation = u16::try_from(self.unsigned()?).map_err(|_| Fault::Syntax("an object"))?;
        if !self.keyword("obj")? {
            return Err(Fault::Syntax("`obj` is expected"));
        }
        let value = self.object()?;
        let id = Reference { number, generation };
        match value {
            Object::Dictionary(dictionary) if self.keyword("stream")? => {
                match self.peek().ok_or(self.end())? {
                    b'\r' => {
                        self.at += 1;
                        if self.peek().ok_or(self.end())? == b'\n' {
                            self.at += 1;
                        }
                    }
                    b'\n' => self.at += 1,
                    _ => {}
                }
                let data_offset = origin + self.at as u64;
                Ok((id, Object::Stream(Stream { dictionary, data_offset })))
            }
            value => Ok((id, value)),
        }
    }
}

/// The value of a hexadecimal digit.
pub(crate) fn nibble(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8]) -> Result<Object> {
        Lexer::new(text, true).object()
    }

    #[test]
    fn values_are_read() {
        let object = read(b"<</A [1 2 0 R -3.5 (a\\(b\\051) <4a4B5>]/B#20C null>>").unwrap();
        let dictionary = object.dictionary().unwrap();
        let items = dictionary.get("A").unwrap().array().unwrap();
        assert_eq!(items[0], Object::Integer(1));
        assert_eq!(items[1], Object::Reference(Reference { number: 2, generation: 0 }));
        assert_eq!(items[2].number(), Some(-3.5));
        assert_eq!(items[3].string(), Some(&b"a(b)"[..]));
        assert_eq!(items[4].string(), Some(&[0x4a, 0x4b, 0x50][..]));
        assert_eq!(dictionary.get("B C"), Some(&Object::Null));
    }

    #[test]
    fn deep_nesting_is_refused_and_not_followed() {
        assert!(matches!(read(&[b'['; 10_000]), Err(Fault::Syntax(_))));
    }

    #[test]
    fn a_dictionary_of_very_many_keys_is_read() {
        let keys: Vec<String> = (0..300_000).map(|number| format!("/k{number} {number}")).collect();
        let object = read(format!("<<{}/k7 -7>>", keys.concat()).as_bytes()).unwrap();
        let dictionary = object.dictionary().unwrap();
        assert_eq!(dictionary.iter().count(), 300_000);
        assert_eq!(dictionary.get("k7"), Some(&Object::Integer(-7)), "the last value counts");
    }

    #[test]
    fn a_window_that_cuts_a_value_asks_for_more() {
        let text = b"<</Key (value) /Ref 12 0 R/N 17>> ";
        for end in 0..text.len() - 1 {
            assert_eq!(Lexer::new(&text[..end], false).object(), Err(Fault::Cut), "{end}");
        }
    }

    #[test]
    fn a_window_that_ends_behind_a_reference_may_have_cut_a_word() {
        assert_eq!(Lexer::new(b"1 0 R", false).object(), Err(Fault::Cut));
        assert!(matches!(Lexer::new(b"1 0 R", true).object(), Ok(Object::Reference(_))));
        assert_eq!(Lexer::new(b"1 0 RG ", false).object(), Ok(Object::Integer(1)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let first = Lexer::new(&bytes, true).object();
            prop_assert_ne!(first, Err(Fault::Cut));
        }

        #[test]
        fn what_is_written_is_read_again(name in proptest::collection::vec(1_u8.., 0..9),
                                         string in proptest::collection::vec(any::<u8>(), 0..40),
                                         number: i64, object: u32) {
            let mut dictionary = Dictionary::new();
            dictionary.insert(name, Object::String(string));
            let written = Object::Array(vec![
                dictionary.into(), number.into(), Reference { number: object, generation: 3 }.into(),
            ]);
            let mut out = Vec::new();
            written.write(&mut out);
            prop_assert_eq!(read(&out), Ok(written));
        }
    }
}
