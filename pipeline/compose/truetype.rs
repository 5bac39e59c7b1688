//! A TrueType font file whose characters have widths and no ink.
//!
//! Invisible text still needs an embedded font. This one has `.notdef` and one empty glyph a code:
//! about four bytes a character, where a subset of real outlines takes a hundred.

/// Units of one em, as in PDF's own glyph space, so that no width is rounded twice.
const UNITS_PER_EM: u16 = 1000;
/// Height of the tallest letters (Ấ) over the baseline, thousandths of an em, as in Times.
pub(crate) const ASCENT: i16 = 891;
/// Depth of the lowest letters under the baseline.
pub(crate) const DESCENT: i16 = -216;

/// The font file with glyph 0 (`.notdef`) and then one glyph for each width.
pub(crate) fn font_file(widths: &[u16]) -> Vec<u8> {
    let glyphs = widths.len() as u16 + 1;
    let notdef = widths.first().copied().unwrap_or(UNITS_PER_EM);
    let mut hmtx = Vec::new();
    for width in std::iter::once(&notdef).chain(widths) {
        put(&mut hmtx, &[*width, 0]);
    }
    let glyf = notdef_outline();
    // Every glyph but the first is empty: it starts and ends where the table ends.
    let mut loca = vec![0, 0];
    for _ in 0..glyphs {
        put(&mut loca, &[glyf.len() as u16 / 2]);
    }
    let widest = widths.iter().copied().max().unwrap_or(UNITS_PER_EM).max(notdef);
    sfnt(&[
        (b"glyf", glyf),
        (b"head", head()),
        (b"hhea", hhea(widest, glyphs)),
        (b"hmtx", hmtx),
        (b"loca", loca),
        (b"maxp", maxp(glyphs)),
        (b"post", post()),
    ])
}

/// One contour of one point: no ink, but readers that refuse an empty `glyf` table are content.
fn notdef_outline() -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, &[1, 0, 0, 0, 0, 0, 0]);
    out.extend_from_slice(&[0x31, 0]);
    out
}

fn head() -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, &[1, 0, 1, 0]);
    // The file's checksum is put in afterwards.
    put(&mut out, &[0, 0, 0x5f0f, 0x3cf5, 0b1011, UNITS_PER_EM]);
    // Made and changed at the epoch: the same characters give the same bytes.
    out.extend_from_slice(&[0; 16]);
    put(&mut out, &[0, DESCENT as u16, UNITS_PER_EM, ASCENT as u16, 0, 8, 2, 0, 0]);
    out
}

fn hhea(widest: u16, glyphs: u16) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, &[1, 0, ASCENT as u16, DESCENT as u16, 0, widest, 0, 0, 0, 1, 0, 0]);
    put(&mut out, &[0, 0, 0, 0, 0, glyphs]);
    out
}

fn maxp(glyphs: u16) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, &[1, 0, glyphs, 1, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
    out
}

fn post() -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, &[3, 0, 0, 0, -100i16 as u16, 50]);
    out.extend_from_slice(&[0; 20]);
    out
}

fn sfnt(tables: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let count = tables.len() as u16;
    let power = count.ilog2() as u16;
    let mut out = Vec::new();
    put(&mut out, &[1, 0, count, 16 << power, power, 16 * (count - (1 << power))]);
    let mut offset = out.len() + 16 * tables.len();
    let mut body = Vec::new();
    let mut head_at = 0;
    for (tag, table) in tables {
        out.extend_from_slice(*tag);
        out.extend_from_slice(&checksum(table).to_be_bytes());
        out.extend_from_slice(&(offset as u32).to_be_bytes());
        out.extend_from_slice(&(table.len() as u32).to_be_bytes());
        if *tag == b"head" {
            head_at = offset;
        }
        body.extend_from_slice(table);
        body.resize(body.len().next_multiple_of(4), 0);
        offset = 12 + 16 * tables.len() + body.len();
    }
    out.extend_from_slice(&body);
    let adjustment = 0xb1b0_afba_u32.wrapping_sub(checksum(&out));
    out[head_at + 8..head_at + 12].copy_from_slice(&adjustment.to_be_bytes());
    out
}

fn checksum(table: &[u8]) -> u32 {
    table.chunks(4).fold(0, |sum: u32, chunk| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        sum.wrapping_add(u32::from_be_bytes(word))
    })
}

fn put(out: &mut Vec<u8>, words: &[u16]) {
    out.extend(words.iter().flat_map(|word| word.to_be_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_finds_every_width_and_no_ink() {
        let widths: Vec<u16> = (1..=300).map(|i| 200 + i).collect();
        let file = font_file(&widths);
        let face = ttf_parser::Face::parse(&file, 0).unwrap();
        assert_eq!(face.number_of_glyphs(), 301);
        assert_eq!((face.ascender(), face.descender()), (ASCENT, DESCENT));
        for (i, width) in widths.iter().enumerate() {
            let glyph = ttf_parser::GlyphId(i as u16 + 1);
            assert_eq!(face.glyph_hor_advance(glyph), Some(*width));
            assert_eq!(face.glyph_bounding_box(glyph), None);
        }
        assert_eq!(checksum(&file), 0xb1b0_afba);
    }

    #[test]
    fn the_most_a_font_can_hold_fits() {
        let file = font_file(&vec![500; usize::from(u16::MAX) - 1]);
        assert_eq!(ttf_parser::Face::parse(&file, 0).unwrap().number_of_glyphs(), u16::MAX);
    }
}
