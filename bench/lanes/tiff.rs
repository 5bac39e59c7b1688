//! TIFF files beyond those of the sample maker: hundreds of pages, and a page far larger than its
//! bytes.

/// One page, its strips taken as they are and not looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Tag, type and value of every entry but where the strips lie.
    entries: Vec<(u16, u16, Vec<u8>)>,
    strips: Vec<Vec<u8>>,
}

const SHORT: u16 = 3;
const LONG: u16 = 4;
const STRIP_OFFSETS: u16 = 273;
const STRIP_SIZES: u16 = 279;

/// Bytes of one value of each type, by the type's number.
const SIZES: [usize; 13] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];

/// The pages of a file as the sample maker writes it: little-endian, places and sizes of the strips
/// as longs.
pub(crate) fn pages(file: &[u8]) -> Vec<Page> {
    assert_eq!(&file[..4], b"II*\0", "not a TIFF of the sample maker's");
    let mut pages = Vec::new();
    let mut at = long(&file[4..]);
    while at != 0 {
        let count = usize::from(short(&file[at..]));
        let entries = file[at + 2..].chunks_exact(12).take(count);
        let entries: Vec<_> = entries.map(|entry| read(file, entry)).collect();
        let longs = |wanted| {
            let (.., value) = entries.iter().find(|(tag, ..)| *tag == wanted).unwrap();
            value.chunks_exact(4).map(long)
        };
        let strips = longs(STRIP_OFFSETS).zip(longs(STRIP_SIZES));
        let strips = strips.map(|(at, size)| file[at..at + size].to_vec()).collect();
        at = long(&file[at + 2 + 12 * count..]);
        let kept = |(tag, ..): &(u16, u16, _)| ![STRIP_OFFSETS, STRIP_SIZES].contains(tag);
        pages.push(Page { entries: entries.into_iter().filter(kept).collect(), strips });
    }
    pages
}

/// A white page of `side` by `side` pixels, group 4: a bit for each line.
pub(crate) fn white(side: u32) -> Page {
    // "As the line above" is a single 1; the end of the data is twice eleven 0 and a 1.
    let lines = std::iter::repeat_n(true, side as usize);
    let bits: Vec<bool> = lines.chain((1..=24).map(|bit| bit % 12 == 0)).collect();
    let byte = |bits: &[bool]| {
        let ones = bits.iter().enumerate().filter(|(_, one)| **one);
        ones.fold(0u8, |byte, (place, _)| byte | 0x80 >> place)
    };
    let entry = |tag, value: u16| (tag, SHORT, value.to_le_bytes().to_vec());
    let long = |tag, value: u32| (tag, LONG, value.to_le_bytes().to_vec());
    Page {
        entries: vec![
            long(256, side),
            long(257, side),
            entry(258, 1),
            entry(259, 4),
            entry(262, 0),
            entry(277, 1),
            long(278, side),
        ],
        strips: vec![bits.chunks(8).map(byte).collect()],
    }
}

/// The pages as one file, each with bytes of its own.
pub(crate) fn file<'a>(pages: impl IntoIterator<Item = &'a Page>) -> Vec<u8> {
    let mut file = b"II*\0\0\0\0\0".to_vec();
    let mut link = 4;
    for page in pages {
        let sizes = page.strips.iter().map(|strip| strip.len() as u32);
        let sizes: Vec<u8> = sizes.flat_map(u32::to_le_bytes).collect();
        let offsets = page.strips.iter().map(|strip| append(&mut file, strip));
        let offsets: Vec<u8> = offsets.flat_map(u32::to_le_bytes).collect();
        let mut entries = page.entries.clone();
        entries.extend([(STRIP_OFFSETS, LONG, offsets), (STRIP_SIZES, LONG, sizes)]);
        entries.sort_by_key(|(tag, ..)| *tag);
        let mut directory = (entries.len() as u16).to_le_bytes().to_vec();
        for (tag, kind, mut value) in entries {
            let count = (value.len() / SIZES[usize::from(kind)]) as u32;
            if value.len() > 4 {
                value = append(&mut file, &value).to_le_bytes().to_vec();
            }
            value.resize(4, 0);
            directory.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
            directory.extend([&count.to_le_bytes()[..], &value].concat());
        }
        let at = append(&mut file, &directory);
        file[link..link + 4].copy_from_slice(&at.to_le_bytes());
        link = file.len();
        file.extend([0; 4]);
    }
    file
}

/// An entry of twelve bytes: a value of more than four lies elsewhere.
fn read(file: &[u8], entry: &[u8]) -> (u16, u16, Vec<u8>) {
    let (tag, kind) = (short(entry), short(&entry[2..]));
    let size = SIZES[usize::from(kind)] * long(&entry[4..]);
    let value = if size > 4 { &file[long(&entry[8..])..] } else { &entry[8..] };
    (tag, kind, value[..size].to_vec())
}

/// Appends at an even place, as the format wants, and returns it.
fn append(file: &mut Vec<u8>, bytes: &[u8]) -> u32 {
    file.resize(file.len().next_multiple_of(2), 0);
    let at = file.len() as u32;
    file.extend_from_slice(bytes);
    at
}

fn short(bytes: &[u8]) -> u16 {
    u16::from_le_bytes([bytes[0], bytes[1]])
}

fn long(bytes: &[u8]) -> usize {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tiff::decoder::{Decoder, DecodingResult};

    use super::*;

    fn decode(file: &[u8]) -> Vec<(u32, u32, bool)> {
        let mut decoder = Decoder::new(Cursor::new(file)).unwrap();
        let mut found = Vec::new();
        loop {
            let (width, height) = decoder.dimensions().unwrap();
            let DecodingResult::U8(image) = decoder.read_image().unwrap() else { panic!() };
            let white = image.len() == (width.div_ceil(8) * height) as usize
                && image.windows(2).all(|pair| pair[0] == pair[1]);
            found.push((width, height, white));
            if !decoder.more_images() {
                return found;
            }
            decoder.next_image().unwrap();
        }
    }

    #[test]
    fn a_white_page_is_white_to_another_reader() {
        assert_eq!(
            decode(&file(&[white(1_000), white(1_008)])),
            [(1_000, 1_000, true), (1_008, 1_008, true)]
        );
        let bomb = file(&[white(14_000)]);
        assert!(bomb.len() < 2_500, "{}", bomb.len());
    }

    #[test]
    fn pages_are_repeated_with_their_bytes() {
        let mut two = vec![white(800), white(808)];
        // Several strips, and a value that lies outside its entry.
        two[1].strips = vec![white(808).strips.concat()[..51].to_vec(), vec![1, 2, 3]];
        two[0].entries.push((282, 5, vec![88, 2, 0, 0, 1, 0, 0, 0]));
        let made = file(&two);
        assert_eq!(pages(&made), two);
        let many = file(two.iter().cycle().take(7));
        assert_eq!(pages(&many).len(), 7);
        assert!(many.len() > 3 * made.len());
    }
}
