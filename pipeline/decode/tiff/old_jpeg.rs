//! Old-style JPEG (compression 6, 1992 to 1995): a JPEG stream taken apart, put together again.
//!
//! Its writers agreed on little. The tables lie in tags of their own, or in the head of a stream
//! that the tag `JPEGInterchangeFormat` points to, or the strips are whole streams. Whatever lacks
//! is made of the TIFF's own tags. Strips start their predictions afresh, which is what a restart
//! interval means.

use super::{
    directory::tags,
    jpeg::{Part, assemble},
    layout::{Chunk, Layout, photometric},
    pages::PageImages,
};
use crate::{
    error::DecodeError,
    jpeg::{Segments, after_scan_header, ends},
};

const BASELINE: u64 = 1;
/// A table of quantisation in a tag.
const Q_TABLE: usize = 64;
/// Codes a Huffman table has of each of 16 lengths, before the values.
const HUFFMAN_COUNTS: usize = 16;

/// The marker segments of a stream, whatever of them was found.
#[derive(Default)]
struct Head {
    /// Tables, markers included.
    tables: Vec<u8>,
    /// The frame header and the scan header, markers included.
    frame: Option<Vec<u8>>,
    scan: Option<Vec<u8>>,
    restarts: bool,
}

pub(super) fn page(layout: &Layout<'_>) -> Result<PageImages, DecodeError> {
    if layout.number(tags::JPEG_PROCESS).is_some_and(|process| process != BASELINE) {
        return Err(DecodeError::unsupported("a TIFF image with old-style lossless JPEG inside"));
    }
    if layout.planes > 1 || layout.bits != 8 {
        return Err(DecodeError::unsupported("a TIFF image with old-style JPEG in planes"));
    }
    let stated = stated_stream(layout);
    if let Some(stream) = stated.and_then(|stated| whole_stream(layout, stated)) {
        return assemble(layout, vec![whole(layout, direct(layout, stream))]);
    }
    let mut head = stated.map_or_else(Head::default, Head::of);
    let chunks = layout.chunks()?;
    if chunks.iter().all(|chunk| chunk.data.starts_with(&[0xff, 0xd8])) {
        return assemble(layout, streams(layout, &head, &chunks)?);
    }
    if chunks.iter().any(|chunk| chunk.stored.0 != layout.width) {
        return Err(DecodeError::unsupported("a TIFF image with old-style JPEG in tiles"));
    }
    head.complete(layout)?;
    assemble(layout, vec![whole(layout, direct(layout, head.with_scan(&chunks)?))])
}

/// The bytes that the tag `JPEGInterchangeFormat` points to.
fn stated_stream<'a>(layout: &Layout<'a>) -> Option<&'a [u8]> {
    let start = usize::try_from(layout.number(tags::JPEG_STREAM)?).ok()?;
    let rest = layout.bytes.get(start..)?;
    let length = layout.number(tags::JPEG_STREAM_LENGTH).and_then(|n| usize::try_from(n).ok());
    let length = length.filter(|length| *length > 0).unwrap_or(rest.len()).min(rest.len());
    rest[..length].starts_with(&[0xff, 0xd8]).then(|| &rest[..length])
}

/// The stream when it holds a picture, not only tables; its stated length may be too short.
fn whole_stream(layout: &Layout<'_>, stated: &[u8]) -> Option<Vec<u8>> {
    let data = after_scan_header(stated)?;
    // A mark that ends the stream is no picture.
    if data.len() <= 2 {
        return None;
    }
    if ends(data) {
        return Some(stated.to_vec());
    }
    let start = usize::try_from(layout.number(tags::JPEG_STREAM)?).ok()?;
    let rest = layout.bytes.get(start + stated.len() - data.len()..)?;
    let end = rest.windows(2).position(|pair| pair == [0xff, 0xd9])?;
    let head = &stated[..stated.len() - data.len()];
    Some([head, &rest[..end + 2]].concat())
}

/// Strips or tiles that are streams of their own, some without their tables.
fn streams(
    layout: &Layout<'_>,
    head: &Head,
    chunks: &[Chunk<'_>],
) -> Result<Vec<Part>, DecodeError> {
    layout.check_tables(head.tables.len(), chunks.len())?;
    let most = chunks.first().map_or((0, 0), |chunk| chunk.stored);
    let parts = chunks.iter().map(|chunk| {
        let own = Head::of(chunk.data);
        let bare = own.tables.is_empty();
        let tables = if bare { head.tables.as_slice() } else { &[] };
        let stream = [&[0xff, 0xd8], tables, &chunk.data[2..]].concat();
        let (width, height) = (chunk.width, chunk.height);
        Ok(Part { x: chunk.x, y: chunk.y, width, height, most, stream: direct(layout, stream) })
    });
    parts.collect()
}

fn whole(layout: &Layout<'_>, stream: Vec<u8>) -> Part {
    let (width, height) = (layout.width, layout.height);
    Part { x: 0, y: 0, width, height, most: (width, height), stream }
}

/// Says of red, green and blue that they are no luminance and chrominance.
fn direct(layout: &Layout<'_>, stream: Vec<u8>) -> Vec<u8> {
    if layout.photometric != photometric::RGB || layout.samples != 3 {
        return stream;
    }
    let mut out = vec![0xff, 0xd8, 0xff, 0xee, 0, 14];
    out.extend(b"Adobe\0\x64\0\0\0\0\0");
    out.extend(&stream[2..]);
    out
}

impl Head {
    /// What there is in a stream up to its first scan.
    fn of(stream: &[u8]) -> Self {
        let mut head = Self::default();
        let Ok(mut segments) = Segments::of(stream) else { return head };
        while let Some(Ok((marker, body))) = segments.next() {
            match marker {
                0xdb | 0xc4 => head.tables.extend(segment(marker, body)),
                0xdd => {
                    head.tables.extend(segment(marker, body));
                    head.restarts = body != [0, 0];
                }
                0xc0..=0xc2 => head.frame = Some(segment(marker, body)),
                _ => {}
            }
        }
        if let [0xff, 0xda, high, low, rest @ ..] = segments.rest() {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            head.scan = rest.get(..length.saturating_sub(2)).map(|body| segment(0xda, body));
        }
        head
    }

    /// Adds what the TIFF's tags say of tables, and what its size says of the frame.
    fn complete(&mut self, layout: &Layout<'_>) -> Result<(), DecodeError> {
        let count = layout.samples;
        let mut selectors = vec![(0, 0, 0); count];
        if self.tables.is_empty() {
            let quantisers = Tables::read(layout, tags::JPEG_Q_TABLES, |_| Some(Q_TABLE))?;
            let dc = Tables::read(layout, tags::JPEG_DC_TABLES, huffman_length)?;
            let ac = Tables::read(layout, tags::JPEG_AC_TABLES, huffman_length)?;
            quantisers.write(0xdb, 0, &mut self.tables);
            dc.write(0xc4, 0, &mut self.tables);
            ac.write(0xc4, 0x10, &mut self.tables);
            for (at, selector) in selectors.iter_mut().enumerate() {
                *selector = (quantisers.of(at), dc.of(at), ac.of(at));
            }
        } else if self.frame.is_none() || self.scan.is_none() {
            // Tables without a word on who uses them: luminance the first, the others the second.
            for selector in selectors.iter_mut().skip(1) {
                *selector = (1, 1, 1);
            }
        }
        if let Some(interval) = layout.number(tags::JPEG_RESTART_INTERVAL).filter(|n| *n > 0)
            && !self.restarts
        {
            self.tables.extend(segment(0xdd, &(interval as u16).to_be_bytes()));
            self.restarts = true;
        }
        self.frame.get_or_insert_with(|| frame(layout, &selectors));
        self.scan.get_or_insert_with(|| scan(&selectors));
        Ok(())
    }

    /// The stream: head, and the strips as one scan with a restart between them.
    fn with_scan(self, chunks: &[Chunk<'_>]) -> Result<Vec<u8>, DecodeError> {
        let mut out = vec![0xff, 0xd8];
        out.extend(&self.tables);
        let frame = self.frame.unwrap_or_default();
        if chunks.len() > 1 && !self.restarts {
            let interval = units(&frame, chunks).and_then(|units| u16::try_from(units).ok());
            let interval = interval.ok_or_else(|| {
                DecodeError::unreadable("old-style JPEG strips that are no whole rows of blocks")
            })?;
            out.extend(segment(0xdd, &interval.to_be_bytes()));
        }
        out.extend(frame);
        out.extend(self.scan.unwrap_or_default());
        for (number, chunk) in chunks.iter().enumerate() {
            let mut data = chunk.data;
            if let Some(body) = data.strip_suffix(&[0xff, 0xd9]) {
                data = body;
            }
            if let [body @ .., 0xff, 0xd0..=0xd7] = data {
                data = body;
            }
            if number > 0 {
                out.extend([0xff, 0xd0 + ((number - 1) % 8) as u8]);
            }
            out.extend(data);
        }
        out.extend([0xff, 0xd9]);
        Ok(out)
    }
}

/// Tables of one kind, each once, and which of them each component uses.
struct Tables<'a> {
    each: Vec<&'a [u8]>,
    used: Vec<u8>,
}

impl<'a> Tables<'a> {
    /// The tables at the places that a tag lists, one a component.
    fn read(
        layout: &Layout<'a>,
        tag: u16,
        length: impl Fn(&[u8]) -> Option<usize>,
    ) -> Result<Self, DecodeError> {
        let missing = || DecodeError::unreadable("an old-style JPEG without its tables");
        let places = layout.directory.values(layout.bytes, tag).ok_or_else(missing)?;
        let mut tables = Self { each: Vec::new(), used: Vec::new() };
        for place in places.iter().take(layout.samples) {
            let rest = usize::try_from(*place).ok().and_then(|place| layout.bytes.get(place..));
            let table = rest.and_then(|rest| rest.get(..length(rest)?)).ok_or_else(missing)?;
            let known = tables.each.iter().position(|known| *known == table);
            let number = known.unwrap_or_else(|| {
                tables.each.push(table);
                tables.each.len() - 1
            });
            tables.used.push(number as u8);
        }
        // Four is the most a stream can name.
        if tables.each.is_empty() || tables.each.len() > 4 {
            return Err(missing());
        }
        Ok(tables)
    }

    fn of(&self, component: usize) -> u8 {
        self.used.get(component).or(self.used.last()).copied().unwrap_or(0)
    }

    fn write(&self, marker: u8, class: u8, out: &mut Vec<u8>) {
        for (number, table) in (0_u8..).zip(&self.each) {
            out.extend(segment(marker, &[&[class | number], *table].concat()));
        }
    }
}

fn huffman_length(table: &[u8]) -> Option<usize> {
    let counts = table.get(..HUFFMAN_COUNTS)?;
    Some(HUFFMAN_COUNTS + counts.iter().map(|count| usize::from(*count)).sum::<usize>())
}

fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() + 2) as u16;
    let mut out = vec![0xff, marker];
    out.extend(length.to_be_bytes());
    out.extend(body);
    out
}

fn frame(layout: &Layout<'_>, selectors: &[(u8, u8, u8)]) -> Vec<u8> {
    let mut body = vec![8];
    body.extend((layout.height as u16).to_be_bytes());
    body.extend((layout.width as u16).to_be_bytes());
    body.push(selectors.len() as u8);
    let (across, down) = layout.subsampling();
    let shared = layout.photometric == photometric::YCBCR && selectors.len() == 3;
    for (number, selector) in (0_u8..).zip(selectors) {
        let factors = if shared && number == 0 { (across << 4 | down) as u8 } else { 0x11 };
        body.extend([number + 1, factors, selector.0]);
    }
    segment(0xc0, &body)
}

fn scan(selectors: &[(u8, u8, u8)]) -> Vec<u8> {
    let mut body = vec![selectors.len() as u8];
    for (number, selector) in (0_u8..).zip(selectors) {
        body.extend([number + 1, selector.1 << 4 | selector.2]);
    }
    body.extend([0, 63, 0]);
    segment(0xda, &body)
}

/// Interleaved units of a full strip; none when a strip ends within one.
fn units(frame: &[u8], chunks: &[Chunk<'_>]) -> Option<u32> {
    let components = frame.get(10..)?.chunks_exact(3);
    let single = components.len() == 1;
    let across = components.clone().map(|one| u32::from(one[1] >> 4)).max()?;
    let down = components.map(|one| u32::from(one[1] & 15)).max()?;
    let (across, down) = if single { (8, 8) } else { (across * 8, down * 8) };
    let first = chunks.first()?;
    let (width, rows) = first.stored;
    let whole = across > 0 && down > 0 && rows.is_multiple_of(down);
    whole.then(|| width.div_ceil(across) * (rows / down))
}
