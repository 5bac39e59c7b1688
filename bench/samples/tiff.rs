//! A TIFF writer for strips that are already compressed: the container only, any number of pages.
//!
//! Little-endian, one directory a page, each after its strips, as office scanners write them.

/// How the strips of a page are compressed and what they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// One bit, white is 0, CCITT group 4.
    Group4,
    /// Eight bits of grey, LZW.
    LzwGrey,
    /// A whole JPEG in each strip, YCbCr without subsampling.
    Jpeg,
}

/// One page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) coding: Coding,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) rows_per_strip: u32,
    pub(crate) dpi: u32,
    pub(crate) strips: Vec<Vec<u8>>,
}

const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;

/// Writes the pages as one file.
pub(crate) fn write(pages: &[Page]) -> Vec<u8> {
    let mut file = b"II*\0\0\0\0\0".to_vec();
    let mut link = 4;
    for page in pages {
        let offsets: Vec<u32> = page.strips.iter().map(|strip| append(&mut file, strip)).collect();
        let counts: Vec<u32> = page.strips.iter().map(|strip| strip.len() as u32).collect();
        let entries = entries(&mut file, page, &offsets, &counts);
        let directory = append(&mut file, &(entries.len() as u16).to_le_bytes());
        for (tag, kind, count, value) in entries {
            file.extend(tag.to_le_bytes());
            file.extend(kind.to_le_bytes());
            file.extend(count.to_le_bytes());
            file.extend(value.to_le_bytes());
        }
        file[link..link + 4].copy_from_slice(&directory.to_le_bytes());
        link = file.len();
        file.extend(0u32.to_le_bytes());
    }
    file
}

type Entry = (u16, u16, u32, u32);

fn entries(file: &mut Vec<u8>, page: &Page, offsets: &[u32], counts: &[u32]) -> Vec<Entry> {
    // A little-endian SHORT sits in the first bytes of the value field, so a u32 holds both.
    let (bits, compression, photometric, samples) = match page.coding {
        Coding::Group4 => (1, 4, 0, 1),
        Coding::LzwGrey => (8, 5, 1, 1),
        Coding::Jpeg => (8, 7, 6, 3),
    };
    let depth = if samples == 3 { append(file, &[8, 0, 8, 0, 8, 0]) } else { bits };
    let resolution = append(file, &[page.dpi.to_le_bytes(), 1u32.to_le_bytes()].concat());
    let mut list = |values: &[u32]| match values {
        [one] => *one,
        several => {
            let bytes: Vec<u8> = several.iter().flat_map(|value| value.to_le_bytes()).collect();
            append(file, &bytes)
        }
    };
    let strips = offsets.len() as u32;
    let (at, sizes) = (list(offsets), list(counts));
    let mut entries = vec![
        (256, LONG, 1, page.width),
        (257, LONG, 1, page.height),
        (258, SHORT, samples, depth),
        (259, SHORT, 1, compression),
        (262, SHORT, 1, photometric),
        (273, LONG, strips, at),
        (277, SHORT, 1, samples),
        (278, LONG, 1, page.rows_per_strip),
        (279, LONG, strips, sizes),
        (282, RATIONAL, 1, resolution),
        (283, RATIONAL, 1, resolution),
        (296, SHORT, 1, 2),
    ];
    match page.coding {
        Coding::Group4 => entries.insert(11, (293, LONG, 1, 0)),
        // YCbCrSubSampling 1:1, two SHORTs in one value.
        Coding::Jpeg => entries.push((530, SHORT, 2, 0x0001_0001)),
        Coding::LzwGrey => {}
    }
    entries
}

/// Appends at an even offset, as the format wants, and returns it.
fn append(file: &mut Vec<u8>, bytes: &[u8]) -> u32 {
    if file.len() % 2 == 1 {
        file.push(0);
    }
    let at = file.len() as u32;
    file.extend_from_slice(bytes);
    at
}
