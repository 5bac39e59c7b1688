//! Whether a JPEG holds every block of its picture: its codes are read, and no pixel is made.
//!
//! Decoders make a picture of whatever is left of a damaged stream, and say nothing: what lies
//! behind a broken code or an early end mark comes out grey. Here is seen how far the codes go.
//! Faults that lose nothing are none: bytes between markers, padding, an end mark that was never
//! written.

use crate::{
    jpeg::Segments,
    jpeg_codes::{BLOCK, Codes, Table, mask},
};

/// Scans of a progressive picture; the decoders stop there too.
const MOST_SCANS: usize = 100;
/// So many units may lack at the end, and no more than a hundredth: some writers lose the last
/// bytes. Where more do, a part was lost before, and what follows it stands in the wrong place.
const MOST_LACKING: u64 = 8;
const LEAST_PERCENT: u64 = 99;

/// Whether every block is there; `None` when the markers are not understood here.
///
/// `shown` is the size by which the picture will be decoded, where its own is the larger one.
pub(crate) fn is_whole(data: &[u8], shown: Option<(u32, u32)>) -> Option<bool> {
    let mut picture = Picture { shown, ..Picture::default() };
    let mut segments = Segments::of(data).ok()?;
    for _ in 0..MOST_SCANS {
        for segment in segments.by_ref() {
            let Ok((marker, body)) = segment else { return Some(false) };
            picture.segment(marker, body)?;
        }
        let [0xff, mark @ (0xda | 0xd9), rest @ ..] = segments.rest() else { return Some(false) };
        if *mark == 0xd9 {
            return Some(picture.is_shown());
        }
        let Some((header, codes)) = scan_header(rest) else { return Some(false) };
        let mut codes = Codes::new(codes);
        if !picture.scan(header, &mut codes)? {
            return Some(false);
        }
        if !picture.progressive && picture.is_shown() {
            return Some(true);
        }
        segments = Segments::after(codes.rest());
    }
    None
}

/// The header of a scan, and what follows it.
fn scan_header(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = usize::from(u16::from_be_bytes([*data.first()?, *data.get(1)?]));
    Some((data.get(2..length)?, data.get(length..)?))
}

/// One colour of the frame.
#[derive(Debug, Clone, Default)]
struct Component {
    id: u8,
    /// Blocks of a unit across and down.
    across: u32,
    down: u32,
    /// Which coefficients some scan has told.
    told: u64,
    /// Of a progressive picture: which coefficients of each block are not zero.
    nonzero: Vec<u64>,
}

/// What the markers have said so far.
#[derive(Debug, Default)]
struct Picture {
    shown: Option<(u32, u32)>,
    width: u32,
    height: u32,
    progressive: bool,
    components: Vec<Component>,
    /// Tables of the first and of the other coefficients.
    tables: [[Option<Table>; 4]; 2],
    /// Units between restart marks; 0 for none.
    interval: u32,
}

/// One scan: its components and their coding tables.
struct Scan {
    /// Each with its tables of the first and of the other coefficients.
    parts: Vec<(usize, usize, usize)>,
    /// First and last coefficient.
    band: (usize, usize),
    /// Whether coefficients known before get one bit more.
    refines: bool,
}

impl Picture {
    fn segment(&mut self, marker: u8, body: &[u8]) -> Option<()> {
        match marker {
            0xc4 => self.huffman(body),
            0xc0..=0xc2 => self.frame(marker, body),
            // Lossless, hierarchical and arithmetic-coded frames.
            0xc3 | 0xc5..=0xcf => None,
            0xdd => {
                self.interval = u32::from(u16::from_be_bytes([*body.first()?, *body.get(1)?]));
                Some(())
            }
            _ => Some(()),
        }
    }

    fn frame(&mut self, marker: u8, body: &[u8]) -> Option<()> {
        let [8, h1, h0, w1, w0, count, ref parts @ ..] = *body else { return None };
        let own = (u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into());
        let area = |size: (u32, u32)| u64::from(size.0) * u64::from(size.1);
        let smaller = self.shown.filter(|shown| area(*shown) < area(own));
        (self.width, self.height) = smaller.unwrap_or(own);
        self.progressive = marker == 0xc2;
        self.components = parts
            .chunks_exact(3)
            .take(usize::from(count))
            .map(|part| {
                let (across, down) = (u32::from(part[1] >> 4), u32::from(part[1] & 15));
                Component { id: part[0], across, down, ..Component::default() }
            })
            .collect();
        let sound = |one: &Component| (1..=4).contains(&one.across) && (1..=4).contains(&one.down);
        let all = self.components.len() == usize::from(count) && (1..=4).contains(&count);
        (all && self.components.iter().all(sound) && self.width > 0 && self.height > 0)
            .then_some(())
    }

    fn huffman(&mut self, body: &[u8]) -> Option<()> {
        let mut rest = body;
        while let Some((head, after)) = rest.split_first() {
            let (counts, after) = after.split_first_chunk::<16>()?;
            let count = counts.iter().map(|count| usize::from(*count)).sum();
            let (values, after) = after.split_at_checked(count)?;
            let slot =
                self.tables.get_mut(usize::from(head >> 4))?.get_mut(usize::from(head & 15))?;
            *slot = Some(Table::new(counts, values)?);
            rest = after;
        }
        Some(())
    }

    /// Whether something of all that is seen was told: of every colour its mean, of the first the
    /// rest as well.
    fn is_shown(&self) -> bool {
        let means = self.components.iter().all(|component| component.told & 1 == 1);
        means && self.components.first().is_some_and(|first| first.told == u64::MAX)
    }

    /// Whether a scan holds all its blocks; `None` when its header makes no sense.
    fn scan(&mut self, header: &[u8], codes: &mut Codes<'_>) -> Option<bool> {
        let scan = self.scan_of(header)?;
        let widest = self.components.iter().map(|one| one.across).max()?;
        let highest = self.components.iter().map(|one| one.down).max()?;
        let alone = match scan.parts.as_slice() {
            [(only, ..)] => Some(&self.components[*only]),
            _ => None,
        };
        // A component alone has blocks for units, and none beyond its edge.
        let (columns, rows) = match alone {
            Some(one) => (
                (self.width * one.across).div_ceil(widest).div_ceil(8),
                (self.height * one.down).div_ceil(highest).div_ceil(8),
            ),
            None => (self.width.div_ceil(8 * widest), self.height.div_ceil(8 * highest)),
        };
        let single = alone.is_some();
        let units = u64::from(columns) * u64::from(rows);
        if scan.band.0 > 0 {
            for (at, ..) in &scan.parts {
                self.components[*at].nonzero.resize(units as usize, 0);
            }
        }
        let found = self.units(&scan, units, single, codes)?;
        for (at, ..) in &scan.parts {
            self.components[*at].told |= mask(scan.band);
        }
        // Where a scan is not all there is, decoders give up the whole picture.
        let all_in_one = !self.progressive && scan.parts.len() == self.components.len();
        let few = units - found <= MOST_LACKING && found * 100 >= units * LEAST_PERCENT;
        Some(found == units || (all_in_one && few))
    }

    fn scan_of(&self, header: &[u8]) -> Option<Scan> {
        let (count, rest) = header.split_first()?;
        let (parts, rest) = rest.split_at_checked(2 * usize::from(*count))?;
        let [first, last, step, ..] = *rest else { return None };
        let find = |id: u8| self.components.iter().position(|component| component.id == id);
        let parts: Vec<_> = parts
            .chunks_exact(2)
            .map(|part| {
                Some((find(part[0])?, usize::from(part[1] >> 4), usize::from(part[1] & 15)))
            })
            .collect::<Option<_>>()?;
        let band = if self.progressive { (first.into(), last.into()) } else { (0, BLOCK - 1) };
        let sound = !parts.is_empty()
            && parts.len() <= self.components.len()
            && band.0 <= band.1
            && band.1 < BLOCK
            && (!self.progressive || if band.0 == 0 { band.1 == 0 } else { parts.len() == 1 });
        sound.then_some(Scan { parts, band, refines: self.progressive && step >> 4 != 0 })
    }

    /// How many units of a scan are there.
    fn units(
        &mut self,
        scan: &Scan,
        units: u64,
        single: bool,
        codes: &mut Codes<'_>,
    ) -> Option<u64> {
        let mut run = 0;
        for unit in 0..units {
            if self.interval > 0 && unit > 0 && unit % u64::from(self.interval) == 0 {
                run = 0;
                if !codes.restart() {
                    return Some(unit);
                }
            }
            for (at, first, others) in &scan.parts {
                let component = &mut self.components[*at];
                let blocks = if single { 1 } else { component.across * component.down };
                let tables = |class: usize, slot: usize| self.tables[class].get(slot)?.as_ref();
                let mut nothing = 0;
                let nonzero = component.nonzero.get_mut(unit as usize).unwrap_or(&mut nothing);
                for _ in 0..blocks {
                    let read = match (self.progressive, scan.band, scan.refines) {
                        (false, ..) => codes.block(tables(0, *first)?, tables(1, *others)?),
                        (true, (0, _), false) => codes.mean(tables(0, *first)?),
                        (true, (0, _), true) => codes.take(1).map(|_| ()),
                        (true, band, false) => {
                            codes.band(tables(1, *others)?, band, &mut run, nonzero)
                        }
                        (true, band, true) => {
                            codes.refined(tables(1, *others)?, band, &mut run, nonzero)
                        }
                    };
                    if read.is_none() {
                        return Some(unit);
                    }
                }
            }
        }
        Some(units)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};
    use proptest::prelude::*;

    use super::*;
    use crate::jpeg::after_scan_header;

    /// Files of another writer: baseline, progressive, with restarts, of every number of colours.
    fn files() -> Vec<(String, Vec<u8>)> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/files/jpeg");
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths
            .filter(|path| !path.ends_with("arithmetic.jpg"))
            .map(|path| (path.display().to_string(), fs::read(path).unwrap()))
            .collect()
    }

    fn page() -> Vec<u8> {
        let (width, height) = (640_u16, 900_u16);
        let values: Vec<u8> =
            (0..u32::from(width) * u32::from(height)).map(|n| (n * n / 977 % 251) as u8).collect();
        let mut out = Vec::new();
        JpegEncoder::new_with_quality(&mut out, 80)
            .encode(&values, width.into(), height.into(), ExtendedColorType::L8)
            .unwrap();
        out
    }

    #[test]
    fn every_kind_is_whole_and_cut_anywhere_it_is_not() {
        for (name, data) in files() {
            assert_eq!(is_whole(&data, None), Some(true), "{name}");
            let end = data.windows(2).rposition(|pair| pair == [0xff, 0xd9]).unwrap();
            for cut in 2..end {
                assert_ne!(is_whole(&data[..cut], None), Some(true), "{name} cut at {cut}");
                let ended = [&data[..cut], &[0xff, 0xd9]].concat();
                // Between two scans a progressive picture is whole, only coarser.
                let coarse = name.contains("progressive");
                assert!(coarse || is_whole(&ended, None) != Some(true), "{name} ended at {cut}");
            }
        }
    }

    #[test]
    fn a_mark_or_a_gap_amid_the_codes_is_a_break() {
        let whole = page();
        let codes = whole.len() - after_scan_header(&whole).unwrap().len();
        let middle = codes + (whole.len() - codes) / 2;
        for inserted in [[0xff, 0xd9], [0xff, 0xc4], [0xff, 0xd3], [0xff, 0xd8]] {
            let mut data = whole.clone();
            data.splice(middle..middle, inserted);
            assert_eq!(is_whole(&data, None), Some(false), "{inserted:x?}");
        }
        let mut gap = whole.clone();
        gap[middle..middle + 2000].fill(0);
        assert_eq!(is_whole(&gap, None), Some(false));
        let mut lost = whole;
        lost.drain(middle..middle + 2000);
        assert_eq!(is_whole(&lost, None), Some(false));
    }

    #[test]
    fn faults_that_lose_nothing_are_none() {
        let whole = page();
        let end = whole.len() - 2;
        let mut padded = whole.clone();
        padded.splice(end..end, [0, 0, 0, 0x12, 0xff, 0xff]);
        let mut behind = whole.clone();
        behind.extend([0; 3000]);
        let mut before = whole.clone();
        before.splice(2..2, [0, 0, 0, 0, 0, 0]);
        for data in [padded, behind, before, whole[..end].to_vec()] {
            assert_eq!(is_whole(&data, None), Some(true));
        }
    }

    #[test]
    fn a_page_may_lack_a_little_of_its_last_row_of_blocks() {
        let whole = page();
        assert_eq!(is_whole(&whole[..whole.len() - 6], None), Some(true));
        assert_eq!(is_whole(&whole[..whole.len() * 97 / 100], None), Some(false));
    }

    #[test]
    fn the_size_that_a_pdf_states_is_what_must_be_there() {
        let mut whole = page();
        let frame = whole.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        whole[frame + 5..frame + 7].fill(0xff);
        assert_eq!(is_whole(&whole, None), Some(false));
        assert_eq!(is_whole(&whole, Some((640, 900))), Some(true));
    }

    proptest! {
        #[test]
        fn any_bytes_end(
            number in 0_usize..20, spots in prop::collection::vec((any::<u32>(), any::<u8>()), 1..6),
        ) {
            let files = files();
            let (_, mut data) = files[number % files.len()].clone();
            let length = data.len();
            for (spot, value) in spots {
                data[spot as usize % length] = value;
            }
            let _outcome = is_whole(&data, None);
        }
    }
}
