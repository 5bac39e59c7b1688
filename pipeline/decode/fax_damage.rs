//! How much of a fax its damaged lines take away.
//!
//! The decoder passes a damaged line over and leaves it white. A few lines that a telephone lost
//! make a page no poorer; more of them, or several in a row, are part of a letter.

use hayro_ccitt::{Decoder, EncodingMode};

use crate::fax_codec::{FaxSettings, context, ends_block};

/// One damaged line in so many is borne, and one in a strip of fewer.
const BORNE_SHARE: u32 = 100;
/// And so many in a row: half a millimetre.
const BORNE_RUN: u32 = 4;
/// Zeros before the one that ends a line.
const LINE_END: usize = 11;
/// Bytes of padding after the last line.
const PADDING: usize = 16;

/// Counts rows and keeps none.
pub(crate) struct Count(pub u32);

impl Decoder for Count {
    fn push_row(&mut self, _: &[u32]) {
        self.0 += 1;
    }
}

/// Which lines a stream lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damage {
    pub lines: u32,
    /// The most of them in a row.
    pub run: u32,
}

impl Damage {
    /// Whether a page of so many rows is worth keeping as it is.
    pub(crate) fn is_borne(self, rows: u32) -> bool {
        self.run <= BORNE_RUN && self.lines <= (rows / BORNE_SHARE).max(1)
    }
}

/// The damage of a stream of which a strict decoder gave `sound` rows, and a lenient one `found`,
/// up to the byte `end`.
pub(crate) fn damage(
    data: &[u8],
    width: u32,
    settings: FaxSettings,
    (sound, found): (u32, u32),
    end: Option<usize>,
) -> Damage {
    if settings.mode != EncodingMode::Group4 {
        let lines = lines(data);
        let starts = lines.first().is_some_and(|first| !holds(data, *first));
        // Elsewhere padding and the zeros of a code may look like a mark.
        if lines.len() > 1 && (settings.end_of_line || starts) {
            return in_lines(data, &lines, width, settings, found);
        }
    }
    // Without marks between its lines a stream that was misread does not come out at its end.
    let end = end.unwrap_or(0);
    if data.len().saturating_sub(end) <= PADDING || ends_block(&data[..end.min(data.len())]) {
        return Damage { lines: 0, run: 0 };
    }
    let lost = found.saturating_sub(sound);
    Damage { lines: lost, run: lost }
}

/// The lines of a stream, each from the bit after the mark before it to its own mark.
fn lines(data: &[u8]) -> Vec<(usize, usize)> {
    let (mut lines, mut start, mut zeros) = (Vec::new(), 0, 0);
    for at in 0..data.len() * 8 {
        if !bit(data, at) {
            zeros += 1;
            continue;
        }
        if zeros >= LINE_END {
            lines.push((start, (at - LINE_END).max(start)));
            start = at + 1;
        }
        zeros = 0;
    }
    lines.push((start, data.len() * 8));
    lines
}

/// Decodes groups of lines, each from one that needs none before it.
fn in_lines(
    data: &[u8],
    lines: &[(usize, usize)],
    width: u32,
    settings: FaxSettings,
    found: u32,
) -> Damage {
    let two = settings.mode == EncodingMode::Group3_2D;
    let tag = usize::from(two);
    // Marks upon marks hold no line: they end the picture.
    let held: Vec<_> = lines
        .iter()
        .filter(|(start, end)| holds(data, (start + tag, *end)))
        .take(found as usize)
        .copied()
        .collect();
    let (mut damage, mut run, mut seen) = (Damage { lines: 0, run: 0 }, 0, 0);
    let mut rest = held.as_slice();
    while let [first, others @ ..] = rest {
        let depend = others.iter().take_while(|(start, _)| two && !bit(data, *start)).count();
        let (group, after) = rest.split_at(depend + 1);
        let last = group.last().unwrap_or(first);
        let size = group.len() as u32;
        let sound = strict(&part(data, first.0, last.1), width, size, settings).min(size);
        seen += sound;
        run = if sound > 0 { size - sound } else { run + size };
        damage.run = damage.run.max(run);
        rest = after;
    }
    damage.lines = found.saturating_sub(seen);
    damage
}

fn strict(data: &[u8], width: u32, rows: u32, settings: FaxSettings) -> u32 {
    let alone = FaxSettings { end_of_line: false, byte_align: false, ..settings };
    let mut count = Count(0);
    // What counts is how many rows there are before a fault.
    let _outcome = hayro_ccitt::decode(data, &mut count, &mut context(width, rows, alone, true));
    count.0
}

/// Whether there are codes, and not only fill.
fn holds(data: &[u8], (start, end): (usize, usize)) -> bool {
    (start..end).any(|at| bit(data, at))
}

fn bit(data: &[u8], at: usize) -> bool {
    data[at / 8] & (0x80 >> (at % 8)) != 0
}

/// The bits `from..to` from a byte on.
fn part(data: &[u8], from: usize, to: usize) -> Vec<u8> {
    let (byte, shift) = (from / 8, from % 8);
    let at = |index: usize| u16::from(data.get(index).copied().unwrap_or(0));
    (byte..byte + (to - from).div_ceil(8))
        .map(|index| ((at(index) << 8 | at(index + 1)) << shift >> 8) as u8)
        .collect()
}

#[cfg(test)]
mod tests {
    use fax::{BitWriter as _, VecWriter, maps};

    use super::*;
    use crate::fax_codec::{BlackBits, has_rows};

    const WIDTH: u32 = 640;
    const ROWS: u32 = 1000;

    /// A one-dimensional stream of rows with a few black runs, each after its mark, and where the
    /// codes of each row begin, in bits.
    fn stream() -> (Vec<u8>, Vec<usize>) {
        let (mut out, mut length, mut starts) = (VecWriter::new(), 0, Vec::new());
        let mut put = |bits: fax::Bits| {
            length += usize::from(bits.len);
            out.write(bits).unwrap();
            length
        };
        for row in 0..ROWS as usize {
            starts.push(put(maps::EOL));
            let black = 3 + row % 50;
            for (at, run) in [20 + row % 40, black, 33, 7].into_iter().enumerate() {
                let tables = [&maps::white::ENTRIES, &maps::black::ENTRIES];
                put(tables[at % 2][run % 64].1);
            }
            let rest = WIDTH as usize - (20 + row % 40) - black - 40;
            put(maps::white::ENTRIES[63 + rest / 64].1);
            put(maps::white::ENTRIES[rest % 64].1);
        }
        for _ in 0..6 {
            put(maps::EOL);
        }
        (out.finish(), starts)
    }

    /// Breaks the codes of these rows: seven zeros begin none that a row may start with.
    fn broken(rows: impl Iterator<Item = usize>) -> Vec<u8> {
        let (mut data, starts) = stream();
        for row in rows {
            for at in starts[row]..starts[row] + 9 {
                data[at / 8] &= !(0x80 >> (at % 8));
            }
            let at = starts[row] + 9;
            data[at / 8] |= 0x80 >> (at % 8);
        }
        data
    }

    const MARKED: FaxSettings =
        FaxSettings { mode: EncodingMode::Group3_1D, end_of_line: true, byte_align: false };

    fn reads(data: &[u8]) -> bool {
        let mut bits = BlackBits::new(WIDTH);
        let read = bits.decode(data, ROWS, MARKED);
        assert_eq!(read.is_ok(), has_rows(data, WIDTH, ROWS, MARKED));
        read.is_ok()
    }

    #[test]
    fn few_damaged_lines_are_borne_and_many_or_a_run_of_them_are_not() {
        assert!(reads(&stream().0));
        assert!(reads(&broken((100..900).step_by(100))));
        assert!(reads(&broken(500..504)));
        assert!(!reads(&broken(500..506)));
        assert!(!reads(&broken((100..900).step_by(20))));
    }

    #[test]
    fn every_damaged_line_is_counted() {
        let data = broken([3, 4, 5, 77, 500].into_iter());
        let seen = damage(&data, WIDTH, MARKED, (3, ROWS), None);
        assert_eq!(seen, Damage { lines: 5, run: 3 });
    }
}
