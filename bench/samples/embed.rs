//! Fonts inside a PDF: subsets of Tinos with Identity-H codes and a `ToUnicode` map.
//!
//! Used for born-digital pages, invisible layers and stamp layers alike.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use pdf_writer::{
    Finish, Name, Pdf, Ref, Str,
    types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap},
};
use subsetter::GlyphRemapper;

use crate::fonts::{Face, Fonts};

const SYSTEM: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
const MAP_SYSTEM: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"UCS"), supplement: 0 };

/// Resource names by face.
const NAMES: [&[u8]; 4] = [b"F0", b"F1", b"F2", b"F3"];

/// The letters a document uses, face by face.
#[derive(Debug, Default)]
pub(crate) struct Embedding {
    faces: BTreeMap<Face, (GlyphRemapper, BTreeMap<u16, char>)>,
}

impl Embedding {
    /// Codes of a text, two bytes a letter.
    pub(crate) fn codes(&mut self, fonts: &Fonts<'_>, face: Face, text: &str) -> Vec<u8> {
        let (remapper, letters) = self.faces.entry(face).or_default();
        text.chars()
            .flat_map(|letter| {
                let code = remapper.remap(fonts.glyph(face, letter));
                letters.entry(code).or_insert(letter);
                code.to_be_bytes()
            })
            .collect()
    }

    /// Resource name of a face.
    pub(crate) fn name(face: Face) -> Name<'static> {
        Name(NAMES[face.index()])
    }

    /// Writes the used subsets and returns their names and objects.
    pub(crate) fn write(
        &self,
        fonts: &Fonts<'_>,
        pdf: &mut Pdf,
        next: &mut Ref,
    ) -> Result<Vec<(Name<'static>, Ref)>> {
        let mut written = Vec::new();
        for (&face, (remapper, letters)) in &self.faces {
            let font = write_face(fonts, pdf, next, (face, remapper, letters))?;
            written.push((Self::name(face), font));
        }
        Ok(written)
    }
}

fn write_face(
    fonts: &Fonts<'_>,
    pdf: &mut Pdf,
    next: &mut Ref,
    used: (Face, &GlyphRemapper, &BTreeMap<u16, char>),
) -> Result<Ref> {
    let (face, remapper, letters) = used;
    let [type0, cid, descriptor, map, file] = [(); 5].map(|()| next.bump());
    let bytes = subsetter::subset(fonts.bytes(face), 0, remapper)
        .with_context(|| format!("cannot subset {}", face.name()))?;
    let packed = deflate(&bytes)?;
    // A subset's name starts with six letters and a plus.
    let name = format!("SOHOAS+{}", face.name());
    pdf.type0_font(type0)
        .base_font(Name(name.as_bytes()))
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(cid)
        .to_unicode(map);
    let mut font = pdf.cid_font(cid);
    font.subtype(CidFontType::Type2);
    font.base_font(Name(name.as_bytes()));
    font.system_info(SYSTEM);
    font.font_descriptor(descriptor);
    font.cid_to_gid_map_predefined(Name(b"Identity"));
    let mut widths = font.widths();
    for (&code, &letter) in letters {
        widths.consecutive(code, [fonts.advance(face, letter) * 1000.0]);
    }
    widths.finish();
    font.finish();
    describe(fonts, pdf, face, (descriptor, file), &name);
    pdf.stream(file, &packed)
        .filter(pdf_writer::Filter::FlateDecode)
        .pair(Name(b"Length1"), bytes.len() as i32);
    let mut unicode = UnicodeCmap::<u16>::new(Name(b"Sohoa-UCS"), MAP_SYSTEM);
    for (&code, &letter) in letters {
        unicode.pair(code, letter);
    }
    pdf.cmap(map, &unicode.finish().into_vec());
    Ok(type0)
}

fn describe(fonts: &Fonts<'_>, pdf: &mut Pdf, face: Face, ids: (Ref, Ref), name: &str) {
    let parsed = fonts.face(face);
    let unit = 1000.0 / f32::from(parsed.units_per_em());
    let bounds = parsed.global_bounding_box();
    let mut descriptor = pdf.font_descriptor(ids.0);
    descriptor.name(Name(name.as_bytes()));
    descriptor.flags(FontFlags::SYMBOLIC | FontFlags::SERIF);
    let side = |value: i16| f32::from(value) * unit;
    descriptor.bbox(pdf_writer::Rect::new(
        side(bounds.x_min),
        side(bounds.y_min),
        side(bounds.x_max),
        side(bounds.y_max),
    ));
    descriptor.italic_angle(parsed.italic_angle());
    descriptor.ascent(side(parsed.ascender()));
    descriptor.descent(side(parsed.descender()));
    descriptor.cap_height(parsed.capital_height().map_or(660.0, side));
    descriptor.stem_v(if matches!(face, Face::Bold | Face::BoldItalic) { 140.0 } else { 80.0 });
    descriptor.font_file2(ids.1);
}

/// Flate-compressed bytes.
pub(crate) fn deflate(bytes: &[u8]) -> Result<Vec<u8>> {
    use std::io::Write as _;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
