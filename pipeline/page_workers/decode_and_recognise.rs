//! The real work of a child: decode a page, judge whether it must be read, read it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Instant, SystemTime},
};

use image::DynamicImage;
use sohoa_decode::{DecodeError, DecodedPage, Limits, Source, Survey, open};
use sohoa_document::{Barcodes, Line, Page, PageText, TextOrigin};
use sohoa_ocr::{
    Engine, EngineConfig, OcrError, Profile, Recognised,
    steps::{self, Step, step},
};

use crate::{
    care::Care,
    engine::{PageEngine, PageJob},
    failure::PageError,
};

/// A lean a reader sees at a glance; the archived image keeps it, so it is worth a finding.
const VISIBLE_LEAN_DEG: f32 = 2.0;

/// A word read less surely may be strokes.
const LIKELY: f32 = 0.5;

/// Decoder and recognition engine of one child.
#[derive(Debug)]
pub struct DecodeAndRecognise {
    engine: Engine,
    limits: Limits,
    opened: Option<Opened>,
}

/// The file that was asked for last: the next page is mostly of the same.
#[derive(Debug)]
struct Opened {
    path: PathBuf,
    stamp: (u64, SystemTime),
    source: Source,
}

impl DecodeAndRecognise {
    /// Loads the recognition engine.
    pub fn new(config: &EngineConfig, limits: Limits) -> Result<Self, OcrError> {
        Ok(Self { engine: Engine::new(config)?, limits, opened: None })
    }

    /// The opened file, kept while it stays the same file.
    fn source(&mut self, path: &Path) -> Result<&mut Source, DecodeError> {
        let failed = |source: io::Error| DecodeError::Io { path: path.to_owned(), source };
        let known = fs::metadata(path).map_err(failed)?;
        let stamp = (known.len(), known.modified().map_err(failed)?);
        let kept = self.opened.take().filter(|kept| kept.path == path && kept.stamp == stamp);
        let opened = match kept {
            Some(kept) => kept,
            None => Opened { path: path.to_owned(), stamp, source: open(path, &self.limits)? },
        };
        Ok(&mut self.opened.insert(opened).source)
    }

    /// The barcodes of a page; none is looked for after a bound was broken, for the decoder may
    /// have been the reason.
    fn barcodes(decoded: &DecodedPage, care: Care) -> Barcodes {
        match &decoded.raster {
            Some(raster) if care == Care::Full && !decoded.facts.blank => {
                sohoa_barcode::read(raster, decoded.raster_dpi)
            }
            _ => Barcodes::default(),
        }
    }

    /// Reads the raster when there is something to read that the file does not tell itself; the clockwise
    /// turn that made it upright with it.
    fn read(
        &self,
        decoded: &mut DecodedPage,
        size_pt: (f32, f32),
        care: Care,
    ) -> Result<(PageText, u16), OcrError> {
        if let Some(layer) = decoded.layer.take() {
            return Ok((layer, 0));
        }
        let Some(raster) = decoded.raster.take() else {
            return Ok((PageText::empty(size_pt.0, size_pt.1), 0));
        };
        let profile = match care {
            Care::Full => Profile::STANDARD,
            Care::Reduced => Profile::CHEAP,
        };
        let dpi = decoded.raster_dpi;
        let mut read = self.engine.recognise_with(&raster, dpi, size_pt, profile)?;
        if care == Care::Full {
            let doubtful = sohoa_extract::doubtful(&read.text);
            read.text.again = self.engine.read_again(&raster, dpi, &read, &doubtful)?;
            while let Some(place) = sohoa_extract::unsettled_signature(&read.text) {
                let way = read.text.signature.len();
                let part = self.engine.read_signature((&raster, dpi), &read, place, way)?;
                let Some(part) = part else { break };
                read.text.signature.push(part);
            }
        }
        note(decoded, &read);
        if care == Care::Reduced && !read.blank {
            decoded.facts.findings.push("T05_LESS_CARE".to_owned());
        }
        Ok((read.text, read.turned))
    }
}

impl PageEngine for DecodeAndRecognise {
    fn name(&self) -> String {
        format!("tesseract {}", Engine::version())
    }

    fn survey(&mut self, path: &Path) -> Result<Survey, PageError> {
        Ok(self.source(path)?.survey()?)
    }

    fn page(&mut self, job: &PageJob, care: Care) -> Result<Page, PageError> {
        let mut decoded = step(Step::Decode, || -> Result<_, DecodeError> {
            self.source(&job.path)?.page(job.number, job.origin, job.keep)
        })?;
        let size_pt = displayed_size(&decoded);
        let started = Instant::now();
        let mut barcodes = step(Step::Barcodes, || Self::barcodes(&decoded, care));
        let (mut text, turned) = step(Step::Prepare, || self.read(&mut decoded, size_pt, care))?;
        for barcode in &mut barcodes.codes {
            barcode.bbox = barcode.bbox.turned(turned, size_pt);
        }
        add_fields(&mut text, &decoded.fields, turned, size_pt);
        decoded.facts.ocr_ms = started.elapsed().as_millis().try_into().unwrap_or(u32::MAX);
        decoded.facts.cpu = steps::take();
        Ok(Page { number: job.number, scan: decoded.scan, text, barcodes, facts: decoded.facts })
    }
}

/// Width and height of the page as a person reads it, in points.
fn displayed_size(decoded: &DecodedPage) -> (f32, f32) {
    let of_raster = |raster: &DynamicImage| {
        let points = |pixels: u32| pixels as f32 / decoded.raster_dpi.max(1.0) * 72.0;
        (points(raster.width()), points(raster.height()))
    };
    match (&decoded.scan, &decoded.layer, &decoded.raster) {
        (Some(scan), _, _) => scan.displayed_size(),
        (None, Some(layer), _) => (layer.width, layer.height),
        (None, None, Some(raster)) => of_raster(raster),
        (None, None, None) => (0.0, 0.0),
    }
}

/// Whether anything was read that is likely a word, and no stroke taken for one.
fn has_words(text: &PageText) -> bool {
    text.words().any(|word| {
        word.confidence >= LIKELY && word.text.chars().filter(|c| c.is_alphanumeric()).count() >= 2
    })
}

/// Adds the text of fields that no picture shows; recognition may have turned the page under them.
fn add_fields(text: &mut PageText, fields: &[Line], turned: u16, size_pt: (f32, f32)) {
    let block = text.lines.iter().map(|line| line.block + 1).max().unwrap_or(0);
    text.lines.extend((block..).zip(fields).map(|(block, field)| {
        let mut line = Line { block, ..field.clone() };
        for word in &mut line.words {
            word.bbox = word.bbox.turned(turned, size_pt);
        }
        line.bbox = line.bbox.turned(turned, size_pt);
        if turned != 0 {
            line.baseline = (line.bbox.y1, line.bbox.y1);
        }
        line
    }));
    if !fields.is_empty() && text.origin == TextOrigin::None {
        text.origin = TextOrigin::Layer;
    }
}

/// Writes down what the reading found out about the page.
fn note(decoded: &mut DecodedPage, read: &Recognised) {
    let facts = &mut decoded.facts;
    facts.skew_deg = read.skew_deg;
    let mut find = |is_so: bool, code: &str| {
        if is_so && !facts.findings.iter().any(|known| known == code) {
            facts.findings.push(code.to_owned());
        }
    };
    find(read.blank, "I05_BLANK");
    find(!read.blank && !has_words(&read.text), "T07_NOT_READ");
    find(read.turned != 0, "I12_ROTATED");
    find(read.skew_deg.is_some_and(|lean| lean.abs() > VISIBLE_LEAN_DEG), "I04_SKEW");
    find(read.garbled_words > 0, "M02_LOW_CONF");
    find(read.repaired_words > 0, "T03_MARKS_REPAIRED");
    facts.repaired_words = read.repaired_words;
    facts.blank = read.blank;
    if let Some(scan) = &mut decoded.scan {
        scan.rotation = (scan.rotation + read.turned) % 360;
    }
}
