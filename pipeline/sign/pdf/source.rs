//! Positioned reads of a PDF file.
//!
//! A source may be cut at an earlier length: the prefix that a signature covers is then read as
//! the complete document it was when it was signed. Reads are positioned and share one handle,
//! so a file of any size costs the same memory.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    PdfError,
    lexer::{Fault, Lexer},
};

/// A structure object larger than this is an attack: the largest legitimate ones are signature
/// values, reference tables and annotation lists of a few megabytes.
const MAX_WINDOW: usize = 64 << 20;

/// Most objects (pages, fields, annotations) are read with one call.
const FIRST_WINDOW: usize = 4 << 10;

/// Viewers search this far for the header.
const HEADER_SEARCH: u64 = 1024;

/// Bytes that large windows and unpacked streams of one file may cost together. Real files stay
/// under a hundredth of it; hostile ones make every object reach to the end of the file.
const MAX_SPENT: u64 = 4 << 30;

/// A file, or the first bytes of one.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    file: Arc<File>,
    len: u64,
    base: u64,
    /// Shared by all cuts of the file.
    spent: Arc<AtomicU64>,
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self, PdfError> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        let mut source = Self { file: Arc::new(file), len, base: 0, spent: Arc::default() };
        let head = source.read(0, len.min(HEADER_SEARCH) as usize)?;
        let header = head.windows(5).position(|window| window == b"%PDF-");
        source.base = header.ok_or(PdfError::NoHeader)? as u64;
        Ok(source)
    }

    /// The same file, ending at `len`.
    pub(crate) fn cut(&self, len: u64) -> Self {
        Self { len: len.min(self.len), ..self.clone() }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Bytes of junk before `%PDF-`; some writers count offsets from the header.
    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    /// Exactly `count` bytes.
    pub(crate) fn read(&self, offset: u64, count: usize) -> Result<Vec<u8>, PdfError> {
        let end = offset.checked_add(count as u64);
        if end.is_none_or(|end| end > self.len) {
            return Err(PdfError::Syntax { offset, what: "data beyond the end of the file" });
        }
        let mut bytes = vec![0; count];
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// Runs `parse` over windows that grow until the value fits.
    pub(crate) fn parse<T>(
        &self,
        offset: u64,
        parse: impl Fn(&mut Lexer<'_>) -> Result<T, Fault>,
    ) -> Result<T, PdfError> {
        if offset >= self.len {
            return Err(PdfError::Syntax { offset, what: "an offset beyond the end of the file" });
        }
        let left = self.len - offset;
        let mut window = FIRST_WINDOW;
        loop {
            let count = left.min(window as u64) as usize;
            let bytes = self.read(offset, count)?;
            let mut lexer = Lexer::new(&bytes, count as u64 == left);
            match parse(&mut lexer) {
                Ok(value) => return Ok(value),
                Err(Fault::Cut) if window < MAX_WINDOW => {
                    window = (window * 8).min(MAX_WINDOW);
                    self.spend(left.min(window as u64))?;
                }
                Err(Fault::Cut) => return Err(PdfError::Bound("one object over 64 MB")),
                Err(Fault::Syntax(what)) => {
                    let offset = offset + lexer.position() as u64;
                    return Err(PdfError::Syntax { offset, what });
                }
            }
        }
    }

    /// Counts work against the bound of the file.
    pub(crate) fn spend(&self, bytes: u64) -> Result<(), PdfError> {
        let before = self.spent.fetch_add(bytes, Ordering::Relaxed);
        if before > MAX_SPENT {
            return Err(PdfError::Bound("structure that costs more than 4 GB to read"));
        }
        Ok(())
    }

    /// Hands the bytes of `from..to` to `take`, a piece at a time.
    pub(crate) fn stream(
        &self,
        from: u64,
        to: u64,
        mut take: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<(), PdfError> {
        let mut at = from;
        while at < to {
            let piece = self.read(at, (to - at).min(1 << 18) as usize)?;
            take(&piece)?;
            at += piece.len() as u64;
        }
        Ok(())
    }
}
