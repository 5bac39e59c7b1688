//! The embedded font: codes are given to characters as they are met, and what they mean is written
//! when the document ends.
//!
//! A code stands for one character with its combining marks, so that whatever recognition gives
//! comes back out of a reader unchanged, inside and outside Vietnamese.

use std::collections::HashMap;

use flate2::{Compression, write::ZlibEncoder};
use pdf_writer::{
    Filter, Finish, Name, Ref, Str,
    types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap},
};
use std::io::Write;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::{
    error::ComposeError,
    font::Font,
    objects::Objects,
    truetype::{ASCENT, DESCENT, font_file},
};

const NAME: Name<'static> = Name(b"SOHOAA+SohoaInvisible");
const IDENTITY: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
/// Marks on one character beyond these become characters of their own.
const MAX_MARKS: usize = 8;
/// Codes 1 to 65,534; 0 is `.notdef`, and a font holds 65,535 glyphs.
const MAX_CODES: usize = 65_534;

/// The code of the space between words.
pub(crate) const SPACE: u16 = 1;

/// The characters met so far.
pub(crate) struct Glyphless {
    font: Font,
    codes: HashMap<String, u16>,
    /// Text and width by code less one.
    glyphs: Vec<(String, u16)>,
}

/// A text in codes.
pub(crate) struct Coded {
    /// Two bytes a code.
    pub(crate) bytes: Vec<u8>,
    /// Width in ems, unscaled; never 0.
    pub(crate) ems: f32,
}

impl Glyphless {
    /// Knows the space alone.
    pub(crate) fn new(font: Font) -> Self {
        let space = (" ".to_owned(), font.width(' '));
        Self { font, codes: HashMap::from([(" ".to_owned(), SPACE)]), glyphs: vec![space] }
    }

    /// Width of the space in ems.
    pub(crate) fn space_ems(&self) -> f32 {
        f32::from(self.font.width(' ')) / 1000.0
    }

    /// The word in codes; `None` when it holds nothing that can be shown.
    pub(crate) fn encode(&mut self, word: &str) -> Result<Option<Coded>, ComposeError> {
        let (mut bytes, mut width) = (Vec::new(), 0u32);
        for cluster in clusters(word) {
            let code = self.code(cluster)?;
            bytes.extend_from_slice(&code.to_be_bytes());
            width += u32::from(self.glyphs[usize::from(code) - 1].1);
        }
        Ok((width > 0).then(|| Coded { bytes, ems: width as f32 / 1000.0 }))
    }

    fn code(&mut self, cluster: String) -> Result<u16, ComposeError> {
        if let Some(code) = self.codes.get(&cluster) {
            return Ok(*code);
        }
        if self.glyphs.len() == MAX_CODES {
            return Err(ComposeError::TooLarge("more than 65,534 distinct characters"));
        }
        let width = cluster.chars().next().map_or(0, |c| self.font.width(c));
        self.glyphs.push((cluster.clone(), width));
        let code = self.glyphs.len() as u16;
        self.codes.insert(cluster, code);
        Ok(code)
    }

    /// Writes the font under `id`, with everything it needs.
    pub(crate) fn write<W: Write>(
        &self,
        objects: &mut Objects<W>,
        id: Ref,
    ) -> Result<(), ComposeError> {
        let [descendant, descriptor, file, to_unicode] =
            [objects.reserve()?, objects.reserve()?, objects.reserve()?, objects.reserve()?];
        objects.put(id, |chunk| {
            chunk
                .type0_font(id)
                .base_font(NAME)
                .encoding_predefined(Name(b"Identity-H"))
                .descendant_font(descendant)
                .to_unicode(to_unicode);
        })?;
        let widths: Vec<u16> = self.glyphs.iter().map(|(_, width)| *width).collect();
        objects.put(descendant, |chunk| {
            let mut font = chunk.cid_font(descendant);
            font.subtype(CidFontType::Type2).base_font(NAME).system_info(IDENTITY);
            font.font_descriptor(descriptor).cid_to_gid_map_predefined(Name(b"Identity"));
            font.widths().consecutive(SPACE, widths.iter().map(|width| f32::from(*width)));
        })?;
        objects.put(descriptor, |chunk| {
            let (ascent, descent) = (f32::from(ASCENT), f32::from(DESCENT));
            chunk
                .font_descriptor(descriptor)
                .name(NAME)
                .flags(FontFlags::SYMBOLIC)
                .bbox(pdf_writer::Rect::new(0.0, descent, 1000.0, ascent))
                .italic_angle(0.0)
                .ascent(ascent)
                .descent(descent)
                .cap_height(662.0)
                .stem_v(80.0)
                .font_file2(file);
        })?;
        let program = font_file(&widths);
        let packed = deflate(&program)?;
        objects.put(file, |chunk| {
            let mut stream = chunk.stream(file, &packed);
            stream.filter(Filter::FlateDecode);
            stream.pair(Name(b"Length1"), program.len() as i32);
            stream.finish();
        })?;
        let packed = deflate(&self.meanings())?;
        objects.put(to_unicode, |chunk| {
            chunk.stream(to_unicode, &packed).filter(Filter::FlateDecode);
        })
    }

    fn meanings(&self) -> Vec<u8> {
        let mut map = UnicodeCmap::new(Name(b"SohoaInvisible"), IDENTITY);
        for (code, (text, _)) in (SPACE..).zip(&self.glyphs) {
            map.pair_with_multiple(code, text.chars());
        }
        map.finish().as_slice().to_vec()
    }
}

/// Compresses with zlib.
pub(crate) fn deflate(bytes: &[u8]) -> Result<Vec<u8>, ComposeError> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// The word's characters, each with the marks that sit on it; what cannot be shown is left out.
fn clusters(word: &str) -> Vec<String> {
    let mut clusters: Vec<String> = Vec::new();
    for c in word.nfc().filter(|c| is_text(*c)) {
        let c = if c.is_whitespace() { ' ' } else { c };
        match clusters.last_mut() {
            Some(last) if is_combining_mark(c) && last.chars().count() <= MAX_MARKS => last.push(c),
            _ => clusters.push(c.to_string()),
        }
    }
    clusters
}

/// Not a control (but white space), a byte order mark or a noncharacter, which no map may hold.
fn is_text(c: char) -> bool {
    let noncharacter = u32::from(c) & 0xfffe == 0xfffe || ('\u{fdd0}'..='\u{fdef}').contains(&c);
    (!c.is_control() || c.is_whitespace()) && c != '\u{feff}' && !noncharacter
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glyphless() -> Glyphless {
        Glyphless::new(Font::read(&crate::ComposeConfig::default().font).unwrap())
    }

    #[test]
    fn a_letter_and_its_marks_are_one_code() {
        assert_eq!(clusters("tie\u{302}\u{301}ng"), ["t", "i", "ế", "n", "g"]);
        assert_eq!(clusters("x\u{301}\u{323}y"), ["x\u{323}\u{301}", "y"]);
        assert_eq!(clusters("a\u{feff}\u{0}\tb\u{ffff}"), ["a", " ", "b"]);
    }

    #[test]
    fn codes_are_given_once() {
        let mut font = glyphless();
        let first = font.encode("Nội").unwrap().unwrap();
        assert_eq!(first.bytes, [0, 2, 0, 3, 0, 4]);
        assert_eq!(font.encode("iộN").unwrap().unwrap().bytes, [0, 4, 0, 3, 0, 2]);
        assert!((first.ems - (0.722 + 0.5 + 0.277)).abs() < 0.002);
        assert!(font.encode("\u{feff}").unwrap().is_none());
    }

    #[test]
    fn codes_run_out_with_an_error() {
        let mut font = glyphless();
        let letters = || ('\u{4e00}'..='\u{9fff}').chain('\u{20000}'..='\u{3fffd}');
        for c in letters().take(MAX_CODES - 1) {
            font.encode(&c.to_string()).unwrap();
        }
        assert!(font.encode("\u{4e00}").unwrap().is_some());
        assert!(matches!(font.encode("a"), Err(ComposeError::TooLarge(_))));
    }
}
