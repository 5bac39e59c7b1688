//! The opened file: which container it is, and one page of it at a time.

use std::{
    fmt,
    fs::File,
    io::Read,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

use crate::{
    error::DecodeError,
    jpeg_page::JpegFile,
    jpx,
    jpx_page::JpxFile,
    limits::Limits,
    page::{DecodedPage, Keep},
    pdf::PdfFile,
    png_page::PngFile,
    survey::{Format, Origin, Survey},
    tiff::TiffFile,
};

/// A PDF reader accepts its header anywhere in the first kilobyte.
const PDF_HEADER_WINDOW: usize = 1024;

/// An opened file.
pub struct Source {
    container: Container,
    pages: u32,
}

enum Container {
    Jpeg(JpegFile),
    Jpx(JpxFile),
    Pdf(Box<PdfFile>),
    Png(PngFile),
    Tiff(TiffFile),
}

/// Opens `path`, whatever its name says, and checks its size and its page count.
///
/// # Errors
/// Every [`DecodeError`] but `NoSuchPage`.
pub fn open(path: &Path, limits: &Limits) -> Result<Source, DecodeError> {
    let bytes = Arc::new(read(path, limits)?);
    let format = sniff(&bytes)?;
    guarded(|| Source::of(format, bytes, limits))
}

impl Source {
    pub(crate) fn of(
        format: Format,
        bytes: Arc<Vec<u8>>,
        limits: &Limits,
    ) -> Result<Self, DecodeError> {
        let (container, pages) = match format {
            Format::Jpeg => (Container::Jpeg(JpegFile::open(bytes, limits)?), 1),
            Format::Jpeg2000 => (Container::Jpx(JpxFile::open(bytes, limits)?), 1),
            Format::Png => (Container::Png(PngFile::open(bytes, limits)?), 1),
            Format::Pdf => {
                let file = PdfFile::open(bytes, limits)?;
                let pages = limits.check_pages(file.page_count())?;
                (Container::Pdf(Box::new(file)), pages)
            }
            Format::Tiff => {
                let file = TiffFile::open(bytes, limits)?;
                let pages = limits.check_pages(file.page_count())?;
                (Container::Tiff(file), pages)
            }
        };
        Ok(Self { container, pages })
    }

    /// The container.
    pub fn format(&self) -> Format {
        match self.container {
            Container::Jpeg(_) => Format::Jpeg,
            Container::Jpx(_) => Format::Jpeg2000,
            Container::Pdf(_) => Format::Pdf,
            Container::Png(_) => Format::Png,
            Container::Tiff(_) => Format::Tiff,
        }
    }

    /// The container's own page count, which was checked against the pages found in it.
    pub fn page_count(&self) -> u32 {
        self.pages
    }

    /// What is known without rasterising a page.
    ///
    /// # Errors
    /// `Bomb` for an absurd page, `Unreadable` or `Encrypted` for one that cannot be interpreted.
    pub fn survey(&mut self) -> Result<Survey, DecodeError> {
        guarded(|| match &self.container {
            Container::Jpeg(file) => Ok(file.survey()),
            Container::Jpx(file) => Ok(file.survey()),
            Container::Pdf(file) => file.survey(),
            Container::Png(file) => Ok(file.survey()),
            Container::Tiff(file) => file.survey(),
        })
    }

    /// Decodes one page, numbered from 1, by the rule of its file (`Survey::origin`), with the
    /// image that `keep` asks for.
    ///
    /// A page of a born-digital file has no `scan`, and no `raster` either when its text layer is
    /// good.
    ///
    /// # Errors
    /// Every [`DecodeError`] but `Io`.
    pub fn page(
        &mut self,
        number: u32,
        origin: Origin,
        keep: Keep,
    ) -> Result<DecodedPage, DecodeError> {
        if number == 0 || number > self.pages {
            return Err(DecodeError::NoSuchPage { number, pages: self.pages });
        }
        let started = std::time::Instant::now();
        let index = number as usize - 1;
        let mut page = guarded(|| match &self.container {
            Container::Jpeg(file) => file.page(keep),
            Container::Jpx(file) => file.page(keep),
            Container::Pdf(file) => file.page(index, origin, keep),
            Container::Png(file) => file.page(keep),
            Container::Tiff(file) => file.page(index, keep),
        })?;
        page.facts.decode_ms = started.elapsed().as_millis().try_into().unwrap_or(u32::MAX);
        Ok(page)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Source")
            .field("format", &self.format())
            .field("pages", &self.pages)
            .finish_non_exhaustive()
    }
}

/// A decoder's own panic on hostile bytes is one more way for a file to be unreadable.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(DecodeError::unreadable("its decoder gave up on malformed data")))
}

fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>, DecodeError> {
    let failed = |source| DecodeError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    // One byte past the limit is enough to know; the length of a growing file is not believed.
    file.take(limits.max_file_bytes + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limits.max_file_bytes {
        let found = path.metadata().map_or(bytes.len() as u64, |known| known.len());
        return Err(DecodeError::TooLarge { found, limit: limits.max_file_bytes, unit: "bytes" });
    }
    Ok(bytes)
}

pub(crate) fn sniff(bytes: &[u8]) -> Result<Format, DecodeError> {
    let head = &bytes[..bytes.len().min(PDF_HEADER_WINDOW)];
    if head.is_empty() {
        return Err(DecodeError::Empty { what: "it has no bytes" });
    }
    if head.starts_with(&[0xff, 0xd8, 0xff]) {
        return Ok(Format::Jpeg);
    }
    if head.starts_with(jpx::SIGNATURE) || head.starts_with(&jpx::START) {
        return Ok(Format::Jpeg2000);
    }
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Ok(Format::Png);
    }
    if [b"II\x2a\0", b"MM\0\x2a", b"II\x2b\0", b"MM\0\x2b"]
        .iter()
        .any(|magic| head.starts_with(*magic))
    {
        return Ok(Format::Tiff);
    }
    if head.windows(5).any(|window| window == b"%PDF-") {
        return Ok(Format::Pdf);
    }
    Err(DecodeError::unsupported(format!("it is {}", describe(head))))
}

/// Names what a mislabelled file really is, as far as its first bytes tell.
fn describe(head: &[u8]) -> &'static str {
    let text = head.trim_ascii_start().to_ascii_lowercase();
    if text.starts_with(b"<!doctype html") || text.starts_with(b"<html") {
        "a web page, probably an error message saved in place of the document"
    } else if text.starts_with(b"<?xml") {
        "an XML file"
    } else if head.starts_with(b"PK\x03\x04") {
        "a ZIP or Office file"
    } else if head.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        "an old Office file"
    } else if head.starts_with(b"GIF8") {
        "a GIF image"
    } else if head.starts_with(b"BM") {
        "a BMP image"
    } else if head.iter().all(|byte| *byte == 0) {
        "filled with zero bytes, as after a broken copy"
    } else {
        "neither PDF, TIFF, JPEG, JPEG 2000 nor PNG by its content"
    }
}
