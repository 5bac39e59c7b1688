//! An embedded font: the subset a few lines need, as PDF objects.
//!
//! PDF/A wants every glyph embedded, every width stated and every character mapped back to
//! Unicode; `.notdef` may not be shown, so a missing glyph is an error and never a box.

use std::{
    collections::{BTreeMap, HashMap},
    io::Write,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use flate2::{Compression, write::ZlibEncoder};
use subsetter::GlyphRemapper;
use ttf_parser::Face;
use unicode_normalization::UnicodeNormalization;

use crate::{
    SignError,
    hash::Hash,
    pdf::{Dictionary, Object, object::hex},
    revision::Revision,
};

/// Subsets kept at once: an agency has one text, a province a few dozen agencies.
const KEPT: usize = 64;

/// A TrueType font file, checked to be one. Copies share its bytes, and the subsets made of it.
#[derive(Clone)]
pub struct FontFile {
    bytes: Arc<[u8]>,
    packed: Arc<Mutex<HashMap<String, Arc<Packed>>>>,
}

impl std::fmt::Debug for FontFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FontFile({} bytes)", self.bytes.len())
    }
}

/// What takes long to make of a subset: a hundred signatures a second show the same text but for
/// the time.
#[derive(Debug)]
struct Packed {
    name: String,
    file: (Dictionary, Vec<u8>),
    unicode: (Dictionary, Vec<u8>),
}

impl FontFile {
    /// Reads a font; Debian's `fonts-croscore` has Tinos, which is metrically Times New Roman.
    ///
    /// # Errors
    /// [`SignError::Io`] or [`SignError::Font`].
    pub fn load(path: &Path) -> Result<Self, SignError> {
        Self::new(std::fs::read(path).map_err(SignError::io(path))?)
    }

    /// A font from memory.
    ///
    /// # Errors
    /// [`SignError::Font`] when the bytes are no TrueType font.
    pub fn new(bytes: Vec<u8>) -> Result<Self, SignError> {
        let face = Face::parse(&bytes, 0).map_err(|_| SignError::Font("it is no font"))?;
        if face.tables().glyf.is_none() {
            return Err(SignError::Font("it has no TrueType outlines"));
        }
        Ok(Self { bytes: bytes.into(), packed: Arc::default() })
    }

    pub(crate) fn face(&self) -> Result<Face<'_>, SignError> {
        Face::parse(&self.bytes, 0).map_err(|_| SignError::Font("it is no font"))
    }
}

/// Width of a text in points.
pub(crate) fn width(face: &Face<'_>, text: &str, size: f64) -> Result<f64, SignError> {
    let units: u64 = text.nfc().map(|c| advance(face, c)).sum::<Result<_, _>>()?;
    Ok(units as f64 * size / f64::from(face.units_per_em()))
}

fn advance(face: &Face<'_>, c: char) -> Result<u64, SignError> {
    let glyph = face.glyph_index(c).ok_or(SignError::MissingGlyph(c))?;
    Ok(u64::from(face.glyph_hor_advance(glyph).unwrap_or(0)))
}

/// A subset in the making: glyphs are numbered in the order they are first used.
#[derive(Debug)]
pub(crate) struct Subset<'a> {
    font: &'a FontFile,
    face: Face<'a>,
    glyphs: GlyphRemapper,
    /// New glyph number to the character it shows and its width in thousandths.
    shown: BTreeMap<u16, (char, i64)>,
}

impl<'a> Subset<'a> {
    pub(crate) fn new(font: &'a FontFile) -> Result<Self, SignError> {
        let face = font.face()?;
        Ok(Self { font, face, glyphs: GlyphRemapper::new(), shown: BTreeMap::new() })
    }

    /// The text as two-byte glyph numbers of the subset.
    pub(crate) fn encode(&mut self, text: &str) -> Result<Vec<u8>, SignError> {
        let mut out = Vec::new();
        for c in text.nfc() {
            let glyph = self.face.glyph_index(c).ok_or(SignError::MissingGlyph(c))?;
            let new = self.glyphs.remap(glyph.0);
            let width = f64::from(self.face.glyph_hor_advance(glyph).unwrap_or(0)) * 1000.0
                / f64::from(self.face.units_per_em());
            self.shown.entry(new).or_insert((c, width.round() as i64));
            out.extend_from_slice(&new.to_be_bytes());
        }
        Ok(out)
    }

    /// The font file of the glyphs encoded so far.
    pub(crate) fn data(&self) -> Result<Vec<u8>, SignError> {
        subsetter::subset(&self.font.bytes, 0, &self.glyphs)
            .map_err(|_| SignError::Font("it cannot be subset"))
    }

    /// The subset ready to be embedded; of the same characters in the same order it is the same.
    fn packed(&self) -> Result<Arc<Packed>, SignError> {
        let shown: String = self.shown.values().map(|(c, _)| c).collect();
        let kept = || self.font.packed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(packed) = kept().get(&shown) {
            return Ok(Arc::clone(packed));
        }
        let data = self.data()?;
        let mut stream = Dictionary::new();
        stream.set("Length1", data.len() as i64);
        let packed = Arc::new(Packed {
            name: format!("{}+{}", tag(&data), self.name()),
            file: compressed(&data, stream)?,
            unicode: compressed(self.to_unicode().as_bytes(), Dictionary::new())?,
        });
        let mut kept = kept();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(shown, Arc::clone(&packed));
        Ok(packed)
    }

    /// Adds the font's five objects to the revision and answers the font itself.
    pub(crate) fn embed(self, revision: &mut Revision) -> Result<Object, SignError> {
        let packed = self.packed()?;
        let name = &packed.name;
        let descriptor = self.descriptor(revision, &packed);
        let mut descendant = Dictionary::new();
        descendant.set("Type", "Font");
        descendant.set("Subtype", "CIDFontType2");
        descendant.set("BaseFont", name.as_str());
        let mut system = Dictionary::new();
        system.set("Registry", Object::String(b"Adobe".to_vec()));
        system.set("Ordering", Object::String(b"Identity".to_vec()));
        system.set("Supplement", 0);
        descendant.set("CIDSystemInfo", system);
        descendant.set("FontDescriptor", descriptor);
        descendant.set("CIDToGIDMap", "Identity");
        let widths: Vec<Object> = self
            .shown
            .iter()
            .flat_map(|(&glyph, &(_, width))| {
                [Object::Integer(glyph.into()), vec![Object::Integer(width)].into()]
            })
            .collect();
        descendant.set("W", widths);
        let descendant = revision.add(&descendant.into());
        let unicode = revision.add_stream(packed.unicode.0.clone(), &packed.unicode.1);
        let mut font = Dictionary::new();
        font.set("Type", "Font");
        font.set("Subtype", "Type0");
        font.set("BaseFont", name.as_str());
        font.set("Encoding", "Identity-H");
        font.set("DescendantFonts", vec![descendant.into()]);
        font.set("ToUnicode", unicode);
        Ok(revision.add(&font.into()).into())
    }

    fn descriptor(&self, revision: &mut Revision, packed: &Packed) -> Object {
        let file = revision.add_stream(packed.file.0.clone(), &packed.file.1);
        let scale = |units: i16| {
            Object::Integer(i64::from(units) * 1000 / i64::from(self.face.units_per_em()))
        };
        let bounds = self.face.global_bounding_box();
        let mut descriptor = Dictionary::new();
        descriptor.set("Type", "FontDescriptor");
        descriptor.set("FontName", packed.name.as_str());
        // Symbolic, as the encoding is the font's own; with serifs.
        descriptor.set("Flags", 6);
        descriptor.set(
            "FontBBox",
            [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(scale).to_vec(),
        );
        descriptor.set("ItalicAngle", self.face.italic_angle().round() as i64);
        descriptor.set("Ascent", scale(self.face.ascender()));
        descriptor.set("Descent", scale(self.face.descender()));
        let capitals = self.face.capital_height().unwrap_or(self.face.ascender());
        descriptor.set("CapHeight", scale(capitals));
        descriptor.set("StemV", 80);
        descriptor.set("FontFile2", file);
        revision.add(&descriptor.into()).into()
    }

    fn name(&self) -> String {
        let names = self.face.names();
        let postscript = names
            .into_iter()
            .filter(|name| name.name_id == ttf_parser::name_id::POST_SCRIPT_NAME)
            .find_map(|name| name.to_string());
        let plain: String = postscript
            .unwrap_or_default()
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect();
        if plain.is_empty() { "Serif".to_owned() } else { plain }
    }

    fn to_unicode(&self) -> String {
        let mut map = String::from(
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo \
             << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n\
             /CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n\
             1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n",
        );
        let shown: Vec<_> = self.shown.iter().collect();
        // A hundred entries at most are allowed in one block.
        for block in shown.chunks(100) {
            map.push_str(&block.len().to_string());
            map.push_str(" beginbfchar\n");
            for (glyph, (c, _)) in block {
                let mut units = [0; 2];
                let text = c.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes());
                let (from, to) = (hex(&glyph.to_be_bytes()), hex(&text.collect::<Vec<_>>()));
                map.push_str(&["<", &from, "> <", &to, ">\n"].concat());
            }
            map.push_str("endbfchar\n");
        }
        map.push_str("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
        map
    }
}

/// Six capital letters that tell two subsets of the same font apart.
fn tag(data: &[u8]) -> String {
    Hash::Sha256.of(data).iter().take(6).map(|byte| char::from(b'A' + byte % 26)).collect()
}

/// Flate data and its dictionary.
pub(crate) fn compressed(
    data: &[u8],
    mut dictionary: Dictionary,
) -> Result<(Dictionary, Vec<u8>), SignError> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let packed = encoder.write_all(data).and_then(|()| encoder.finish());
    let packed = packed.map_err(|_| SignError::Font("it cannot be compressed"))?;
    dictionary.set("Filter", "FlateDecode");
    Ok((dictionary, packed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINOS: &str = "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf";

    fn packed(font: &FontFile, text: &str) -> Arc<Packed> {
        let mut subset = Subset::new(font).unwrap();
        subset.encode("0123456789").unwrap();
        subset.encode(text).unwrap();
        subset.packed().unwrap()
    }

    #[test]
    fn a_subset_is_made_once_for_the_same_characters_and_few_are_kept() {
        let font = FontFile::load(Path::new(TINOS)).unwrap();
        let first = packed(&font, "Sở Xây dựng 0123");
        assert!(Arc::ptr_eq(&first, &packed(&font.clone(), "Sở Xây dựng 3210")));
        let other = packed(&font, "Sở Tư pháp 0123");
        assert_ne!(first.name, other.name);
        let again = FontFile::new(font.bytes.to_vec()).unwrap();
        assert_eq!(packed(&again, "Sở Tư pháp 0123").file, other.file);
        for last in 'a'..='z' {
            for first in 'A'..='D' {
                packed(&font, &format!("{first}{last}"));
            }
        }
        assert!(font.packed.lock().unwrap().len() <= KEPT);
    }
}
