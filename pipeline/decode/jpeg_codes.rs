//! The entropy-coded data of a JPEG: its codes, read without making coefficients of them.

/// Coefficients of a block.
pub(crate) const BLOCK: usize = 64;

/// Bits of a coefficient, by its code; none ends a block or a run of zeros.
fn length(code: u8) -> u32 {
    u32::from(code & 15)
}

/// Bits of the coefficients from one to another.
pub(crate) fn mask((first, last): (usize, usize)) -> u64 {
    (u64::MAX >> (BLOCK - 1 - last)) & (u64::MAX << first)
}

/// A Huffman table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// By the next eight bits: length and value of a code that is no longer.
    short: [(u8, u8); 256],
    /// By length: one past the last code, and where its first value lies.
    lengths: [(u32, usize); 17],
    /// By length: the first code.
    first: [u32; 17],
    values: Vec<u8>,
}

impl Table {
    pub(crate) fn new(counts: &[u8; 16], values: &[u8]) -> Option<Self> {
        let mut table = Self {
            short: [(0, 0); 256],
            lengths: [(0, 0); 17],
            first: [0; 17],
            values: values.to_vec(),
        };
        let (mut code, mut at) = (0_u32, 0_usize);
        for (length, count) in (1_usize..).zip(counts) {
            table.first[length] = code;
            table.lengths[length] = (code + u32::from(*count), at);
            if code + u32::from(*count) > 1 << length {
                return None;
            }
            for value in &values[at..at + usize::from(*count)] {
                if length <= 8 {
                    let from = (code as usize) << (8 - length);
                    table.short[from..from + (1 << (8 - length))].fill((length as u8, *value));
                }
                code += 1;
            }
            at += usize::from(*count);
            code <<= 1;
        }
        Some(table)
    }
}

/// The codes of a scan, up to the next marker.
pub(crate) struct Codes<'a> {
    data: &'a [u8],
    at: usize,
    /// Bits that were read ahead, the next one first.
    held: u64,
    count: u32,
}

impl<'a> Codes<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, held: 0, count: 0 }
    }

    /// What follows the codes.
    pub(crate) fn rest(&self) -> &'a [u8] {
        let mut at = self.at;
        while let Some(skip) = self.data[at..].iter().position(|byte| *byte == 0xff) {
            at += skip;
            match self.data.get(at + 1) {
                Some(0) => at += 2,
                Some(0xff) => at += 1,
                _ => return &self.data[at..],
            }
        }
        &[]
    }

    fn fill(&mut self) {
        while self.count <= 56 {
            let Some(byte) = self.data.get(self.at) else { return };
            let mut next = self.at + 1;
            if *byte == 0xff {
                // Fill bytes may stand before a marker, and before a zero.
                while self.data.get(next) == Some(&0xff) {
                    next += 1;
                }
                if self.data.get(next) != Some(&0) {
                    return;
                }
                next += 1;
            }
            self.at = next;
            self.held |= u64::from(*byte) << (56 - self.count);
            self.count += 8;
        }
    }

    fn drop(&mut self, bits: u32) -> Option<()> {
        self.count = self.count.checked_sub(bits)?;
        self.held <<= bits;
        Some(())
    }

    /// Up to 16 bits.
    pub(crate) fn take(&mut self, bits: u32) -> Option<u32> {
        if self.count < bits {
            self.fill();
        }
        let value = if bits == 0 { 0 } else { (self.held >> (64 - bits)) as u32 };
        self.drop(bits)?;
        Some(value)
    }

    fn value(&mut self, table: &Table) -> Option<u8> {
        if self.count < 16 {
            self.fill();
        }
        let (length, value) = table.short[(self.held >> 56) as usize];
        if length > 0 {
            self.drop(u32::from(length))?;
            return Some(value);
        }
        let (length, code) = (9..=16)
            .map(|length| (length, (self.held >> (64 - length)) as u32))
            .find(|(length, code)| *code < table.lengths[*length].0)?;
        self.drop(length as u32)?;
        let at = table.lengths[length].1 + code.checked_sub(table.first[length])? as usize;
        table.values.get(at).copied()
    }

    /// Goes on behind a restart mark; false when another marker or the end is there.
    pub(crate) fn restart(&mut self) -> bool {
        (self.held, self.count) = (0, 0);
        let rest = self.rest();
        if !matches!(rest, [0xff, 0xd0..=0xd7, ..]) {
            return false;
        }
        self.at = self.data.len() - rest.len() + 2;
        true
    }

    /// The first coefficient, which is the block's mean.
    pub(crate) fn mean(&mut self, table: &Table) -> Option<()> {
        let length = self.value(table)?;
        self.take(u32::from(length.min(16))).map(|_| ())
    }

    /// A whole block.
    pub(crate) fn block(&mut self, first: &Table, others: &Table) -> Option<()> {
        self.mean(first)?;
        let mut at = 1;
        while at < BLOCK {
            match self.value(others)? {
                0xf0 => at += 16,
                code if length(code) == 0 => break,
                code => at = self.coefficient(code, at)? + 1,
            }
        }
        Some(())
    }

    /// A coefficient after zeros; gives its place.
    fn coefficient(&mut self, code: u8, at: usize) -> Option<usize> {
        let at = at + usize::from(code >> 4);
        self.take(length(code))?;
        // No writer makes one beyond the block.
        (at < BLOCK).then_some(at)
    }

    /// A block's coefficients of a band; `run` blocks from here on have no more of them.
    pub(crate) fn band(
        &mut self,
        table: &Table,
        (first, last): (usize, usize),
        run: &mut u32,
        nonzero: &mut u64,
    ) -> Option<()> {
        if *run > 0 {
            *run -= 1;
            return Some(());
        }
        let mut at = first;
        while at <= last {
            match self.value(table)? {
                0xf0 => at += 16,
                code if length(code) == 0 => {
                    *run = self.run(code)? - 1;
                    break;
                }
                code => {
                    at = self.coefficient(code, at)?;
                    *nonzero |= 1 << at;
                    at += 1;
                }
            }
        }
        Some(())
    }

    /// How many blocks end here, this one included.
    fn run(&mut self, code: u8) -> Option<u32> {
        let bits = u32::from(code >> 4);
        Some((1 << bits) + self.take(bits)?)
    }

    /// One bit more of each coefficient of a band that is not zero, and those that begin here.
    pub(crate) fn refined(
        &mut self,
        table: &Table,
        (first, last): (usize, usize),
        run: &mut u32,
        nonzero: &mut u64,
    ) -> Option<()> {
        let mut at = first;
        while *run == 0 && at <= last {
            let code = self.value(table)?;
            let (mut zeros, begins) = (code >> 4, length(code) > 0);
            if !begins && zeros < 15 {
                *run = self.run(code)?;
                break;
            }
            if begins {
                self.take(1)?;
            }
            while at <= last {
                if *nonzero >> at & 1 == 1 {
                    self.take(1)?;
                } else if zeros == 0 {
                    break;
                } else {
                    zeros -= 1;
                }
                at += 1;
            }
            if begins && at <= last {
                *nonzero |= 1 << at;
            }
            at += 1;
        }
        if *run > 0 {
            *run -= 1;
            let known = if at <= last { *nonzero & mask((at, last)) } else { 0 };
            for _ in 0..known.count_ones() {
                self.take(1)?;
            }
        }
        Some(())
    }
}
