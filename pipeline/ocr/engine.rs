//! Tesseract handles for life, and the order of the steps around them.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use image::{DynamicImage, GrayImage};
use sohoa_document::{Again, Line, PageText, Part, Rect, Stamp, Word};
use tesseract_rs::{TessPageSegMode, TesseractAPI};

use crate::{
    again, colour,
    error::OcrError,
    frame::Frame,
    model, orientation,
    prepare::{
        blank, grey, signature,
        skew::{self, Lie},
        stamp, turn,
    },
    repair::Repairer,
    sheet::Sheet,
    steps::{Step, again as second_look, step},
    words::{self, Reading},
};

/// Shorter than this no character can be read; the engine refuses a few pixels outright.
const SHORTEST_SIDE: u32 = 10;

/// Characters read, each counted with its confidence, below which a page counts as not read.
const NOTHING: f32 = 15.0;

/// Tesseract's name of the language whose marks are repaired.
const VIETNAMESE: &str = "vie";

/// The model that reads doubtful lines of digits beside the page's own: trained on other text,
/// it errs elsewhere, and it takes no stroke for a mark (`18` for `lồ`, `25` for `2Š`).
const WITNESS: &str = "eng";

/// What the engine is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineConfig {
    /// Tesseract's name of the language: `vie`.
    pub language: String,
    /// `fast`, `best_int`, another folder below `tessdata`, or with a `/` the path of a folder.
    pub model: String,
    /// Folder of the models; `None` for the library's own default.
    pub tessdata: Option<PathBuf>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self { language: VIETNAMESE.to_owned(), model: model::FAST.to_owned(), tessdata: None }
    }
}

/// How much care a page gets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// Resolution the engine reads at; a raster that is not clearly finer stays as it is.
    pub dpi: f32,
    /// Whether coloured ink is dropped from the print and looked at by itself, for what a stamp says.
    pub part_ink: bool,
    /// Whether lean is straightened and orientation tried.
    pub prepare: bool,
}

impl Profile {
    /// The normal way.
    pub const STANDARD: Self = Self { dpi: 200.0, part_ink: true, prepare: true };
    /// For a page that broke a bound the first time: fewer pixels, fewer steps. A stamped degree of
    /// secrecy may not be missed there either.
    pub const CHEAP: Self = Self { dpi: 130.0, part_ink: true, prepare: false };
}

/// What one page gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognised {
    /// Words in points of the upright page, NFC.
    pub text: PageText,
    /// Lean of the page's lines in degrees, positive when they fall to the right; `None` when it
    /// could not be measured.
    pub skew_deg: Option<f32>,
    /// Clockwise turn that made the raster upright: 0, 90, 180 or 270.
    pub turned: u16,
    /// Nothing is on the page, and the engine was not asked.
    pub blank: bool,
    /// Words left out because the engine's bytes were not UTF-8.
    pub garbled_words: u32,
    /// Words whose marks were put back from their neighbours; their confidence is lowered.
    pub repaired_words: u32,
}

/// A Tesseract handle with its model loaded, and one that reads single lines beside it.
pub struct Engine {
    native: TesseractAPI,
    /// `None` where its model is not installed.
    witness: Option<TesseractAPI>,
    /// For the language it knows.
    repairer: Option<Repairer>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// Loads the model.
    pub fn new(config: &EngineConfig) -> Result<Self, OcrError> {
        let folder = model::folder(config)?;
        let language = config.language.as_str();
        let native =
            loaded(&folder, language)?.ok_or_else(|| model::missing(config, Some(&folder)))?;
        let witness = if language == WITNESS { None } else { witness(&folder, config)? };
        let repairer = (language == VIETNAMESE).then(Repairer::new);
        Ok(Self { native, witness, repairer })
    }

    /// The native library's version.
    pub fn version() -> String {
        TesseractAPI::version()
    }

    /// Reads a page with [`Profile::STANDARD`].
    ///
    /// `dpi` is the raster's resolution, `page_size_pt` the width and height of the page it shows.
    pub fn recognise(
        &self,
        raster: &DynamicImage,
        dpi: f32,
        page_size_pt: (f32, f32),
    ) -> Result<Recognised, OcrError> {
        self.recognise_with(raster, dpi, page_size_pt, Profile::STANDARD)
    }

    /// Reads a page with a given care.
    pub fn recognise_with(
        &self,
        raster: &DynamicImage,
        dpi: f32,
        page_size_pt: (f32, f32),
        profile: Profile,
    ) -> Result<Recognised, OcrError> {
        let mut page = self.recognise_as_it_is(raster, dpi, page_size_pt, profile)?;
        if let Some(repairer) = &self.repairer {
            page.repaired_words = step(Step::Words, || repairer.lines(&mut page.text.lines));
        }
        page.text.coloured = step(Step::Words, || colour::coloured(raster, &page));
        Ok(page)
    }

    /// Reads lines of a page once more, each alone and at 300 dpi, by the page's own model and by
    /// another, where that is installed.
    ///
    /// `raster` and `dpi` are those that gave `page`; `zones` are boxes on it. Where nothing is read
    /// in a zone there is no line of it.
    pub fn read_again(
        &self,
        raster: &DynamicImage,
        dpi: f32,
        page: &Recognised,
        zones: &[Rect],
    ) -> Result<Vec<Again>, OcrError> {
        let straighten = skew::to_straighten(page.skew_deg);
        let mut lines = Vec::new();
        for zone in zones {
            let cut = again::Cut::new(
                (raster, dpi),
                page,
                *zone,
                straighten,
                (without_ink, again::LINE_DPI),
            );
            let Some(cut) = cut.filter(|cut| cut.shorter_side() >= SHORTEST_SIDE) else { continue };
            let witness = self.witness.as_ref().map(|native| (native, false));
            for (native, same_model) in [Some((&self.native, true)), witness].into_iter().flatten()
            {
                set_mode(native, TessPageSegMode::PSM_SINGLE_LINE)?;
                let reading = second_look(|| read(native, &cut.grey, cut.dpi, &cut.frame));
                set_mode(native, TessPageSegMode::PSM_AUTO)?;
                let mut found = reading?.lines;
                if let Some(repairer) = self.repairer.as_ref().filter(|_| same_model) {
                    step(Step::Words, || repairer.lines(&mut found));
                }
                lines.extend(cut.line(found).map(|line| Again { line, same_model }));
            }
        }
        Ok(lines)
    }

    /// Reads the signature block once more, in the first or the second of two ways: with the pen's ink
    /// dropped and what is larger than print, or with all colour dropped. Of a raster without colour
    /// the second leaves the strokes. `None` where the place lies off the raster, and from the third
    /// on.
    ///
    /// `raster` and `dpi` are those that gave `page`; `place` is a box on it.
    pub fn read_signature(
        &self,
        (raster, dpi): (&DynamicImage, f32),
        page: &Recognised,
        place: Rect,
        way: usize,
    ) -> Result<Option<Part>, OcrError> {
        let ways: [(again::ToGrey, bool); 2] =
            [(signature::without_pen, true), (without_ink, raster.color().has_color())];
        let Some((ink, strokes_out)) = ways.get(way) else { return Ok(None) };
        let straighten = skew::to_straighten(page.skew_deg);
        let cut = again::Cut::new((raster, dpi), page, place, straighten, (*ink, again::BLOCK_DPI));
        let Some(mut cut) = cut.filter(|cut| cut.shorter_side() >= SHORTEST_SIDE) else {
            return Ok(None);
        };
        if *strokes_out {
            signature::remove_strokes(&mut cut.grey, cut.dpi);
        }
        let reading = self.read_scattered(&cut.grey, cut.dpi, &cut.frame)?;
        let mut lines = cut.lines(reading.lines);
        if let Some(repairer) = &self.repairer {
            step(Step::Words, || repairer.lines(&mut lines));
        }
        Ok(Some(Part { place: cut.place, lines }))
    }

    /// What the engine reads, nothing repaired.
    fn recognise_as_it_is(
        &self,
        raster: &DynamicImage,
        dpi: f32,
        page_size_pt: (f32, f32),
        profile: Profile,
    ) -> Result<Recognised, OcrError> {
        let mut page = Sheet::new(raster, dpi, page_size_pt, profile)?;
        let small = page.small();
        let nothing = page.grey.width().min(page.grey.height()) < SHORTEST_SIDE;
        if nothing || blank::is_blank(&small) {
            return Ok(page.recognised(Reading::default(), None, true));
        }
        if !profile.prepare {
            let (reading, _) = self.read_straightened(&page, None)?;
            return Ok(page.recognised(reading, None, false));
        }
        let mut lie = skew::lie(&small);
        let on_end = lie.is_some_and(Lie::is_on_end);
        let turns = orientation::to_try(&small, lie);
        drop(small);
        if !turns.is_empty() {
            let best = second_look(|| self.try_turns(&page, on_end, turns))?;
            page.turn(best);
            // A half turn leaves the lean as it is.
            if !best.is_multiple_of(180) {
                lie = skew::lie(&page.small());
            }
        }
        let (mut reading, mut lean) = self.read_straightened(&page, lie)?;
        if reading.evidence() < NOTHING {
            let (sharp, ink) = (page.soften(), page.ink.take());
            let soft = second_look(|| self.read_straightened(&page, lie))?.0;
            page.ink = ink;
            if soft.evidence() > 2.0 * reading.evidence().max(NOTHING) {
                reading = Reading { stamps: reading.stamps, ..soft };
            } else {
                page.grey = sharp;
            }
        }
        if page.turned == 0 && reading.sense() < orientation::POOR_SENSE {
            let on_end = reading.is_on_end();
            let turns = orientation::others(on_end, lean);
            let best = second_look(|| self.try_turns(&page, on_end, turns))?;
            if best != 0 {
                page.turn(best);
                lie = skew::lie(&page.small());
                (reading, lean) = second_look(|| self.read_straightened(&page, lie))?;
            }
        }
        Ok(page.recognised(reading, lean, false))
    }

    /// Takes the lean out when that helps, and reads.
    fn read_straightened(
        &self,
        page: &Sheet,
        lie: Option<Lie>,
    ) -> Result<(Reading, Option<f32>), OcrError> {
        let lean = lie.and_then(Lie::lean);
        let straighten = skew::to_straighten(lean);
        let frame = page.frame(straighten.unwrap_or(0.0));
        let seen = |raster: &GrayImage| straighten.map(|lean| turn::straighten(raster, lean));
        let grey = seen(&page.grey);
        let mut reading = self.read(grey.as_ref().unwrap_or(&page.grey), page.dpi, &frame)?;
        if let Some(ink) = &page.ink {
            let straight = seen(ink);
            let ink = straight.as_ref().unwrap_or(ink);
            let scattered = self.read_scattered(ink, page.dpi, &frame)?;
            let loose = scattered.lines.iter().cloned();
            reading.stamps = loose.map(|line| Stamp { line, framed: false }).collect();
            reading.stamps.extend(self.read_framed((ink, stamp::COLOURED), page.dpi, &frame)?);
            reading.add_sure(scattered);
        }
        let grey = grey.as_ref().unwrap_or(&page.grey);
        reading.stamps.extend(self.read_framed((grey, stamp::GREY), page.dpi, &frame)?);
        Ok((reading, lean))
    }

    /// Reads a band of the page each way round, the likeliest first: the turn that reads plainly, or
    /// else the one that reads clearly best.
    fn try_turns(&self, page: &Sheet, on_end: bool, turns: &[u16]) -> Result<u16, OcrError> {
        let band = orientation::busiest_band(&page.grey, on_end);
        let mut evidence = Vec::with_capacity(turns.len());
        for &clockwise in turns {
            let band = turn::quarter(band.clone(), clockwise);
            // In pixels: only the shape of the words matters.
            let (width, height) = band.dimensions();
            let frame = Frame::new((width, height), (width as f32, height as f32), 0.0);
            let reading = self.read(&band, page.dpi, &frame)?;
            if orientation::reads_plainly(reading.evidence(), reading.sense()) {
                return Ok(clockwise);
            }
            evidence.push((clockwise, reading.evidence()));
        }
        Ok(orientation::clearly_best(&evidence))
    }

    /// Reads single words anywhere, as stamps are, and what a signature left of a line.
    fn read_scattered(
        &self,
        grey: &GrayImage,
        dpi: f32,
        frame: &Frame,
    ) -> Result<Reading, OcrError> {
        set_mode(&self.native, TessPageSegMode::PSM_SPARSE_TEXT)?;
        let reading = second_look(|| self.read(grey, dpi, frame));
        set_mode(&self.native, TessPageSegMode::PSM_AUTO)?;
        reading
    }

    /// Reads what stands in frames, each as one line.
    fn read_framed(
        &self,
        (ink, dark): (&GrayImage, u8),
        dpi: f32,
        frame: &Frame,
    ) -> Result<Vec<Stamp>, OcrError> {
        let mut stamps = Vec::new();
        for found in step(Step::Prepare, || stamp::framed(ink, dpi, dark)) {
            let pixels = found.inside.dimensions();
            let own = Frame::new(pixels, (pixels.0 as f32, pixels.1 as f32), 0.0);
            set_mode(&self.native, TessPageSegMode::PSM_SINGLE_LINE)?;
            let reading = second_look(|| self.read(&found.inside, dpi, &own));
            set_mode(&self.native, TessPageSegMode::PSM_AUTO)?;
            let bbox = frame.rect(found.place);
            let words = reading?.lines.into_iter().flat_map(|line| line.words);
            let words: Vec<Word> = words.map(|word| Word { bbox, ..word }).collect();
            if !words.is_empty() {
                let line = Line { words, bbox, baseline: (bbox.y1, bbox.y1), block: 0 };
                stamps.push(Stamp { line, framed: true });
            }
        }
        Ok(stamps)
    }

    fn read(&self, grey: &GrayImage, dpi: f32, frame: &Frame) -> Result<Reading, OcrError> {
        read(&self.native, grey, dpi, frame)
    }
}

/// A handle with this model; `None` where it is not installed.
fn loaded(folder: &Path, language: &str) -> Result<Option<TesseractAPI>, OcrError> {
    let native = TesseractAPI::new();
    if native.init(folder, language).is_err() {
        return Ok(None);
    }
    set_mode(&native, TessPageSegMode::PSM_AUTO)?;
    // The library's own messages can quote words of the page.
    native
        .set_variable("debug_file", "/dev/null")
        .map_err(OcrError::native("silencing its messages"))?;
    Ok(Some(native))
}

/// The second model, from beside the first one, from the folder of models, or the library's own.
fn witness(beside: &Path, config: &EngineConfig) -> Result<Option<TesseractAPI>, OcrError> {
    let mut folders = [Some(beside), config.tessdata.as_deref()].into_iter().flatten();
    let folder = folders.find(|folder| model::holds(folder, WITNESS));
    loaded(folder.unwrap_or(Path::new("")), WITNESS)
}

/// The grey raster with all coloured ink dropped.
fn without_ink(raster: &DynamicImage) -> GrayImage {
    grey::grey(raster, true)
}

fn set_mode(native: &TesseractAPI, mode: TessPageSegMode) -> Result<(), OcrError> {
    native.set_page_seg_mode(mode).map_err(OcrError::native("setting its mode"))
}

/// One recognition.
fn read(
    native: &TesseractAPI,
    grey: &GrayImage,
    dpi: f32,
    frame: &Frame,
) -> Result<Reading, OcrError> {
    let (width, height) = (grey.width() as i32, grey.height() as i32);
    native
        .set_image(grey.as_raw(), width, height, 1, width)
        .map_err(OcrError::native("taking the raster"))?;
    native
        .set_source_resolution(dpi.clamp(70.0, 2400.0) as i32)
        .map_err(OcrError::native("taking the resolution"))?;
    step(Step::Recognise, || native.recognize()).map_err(OcrError::native("recognising"))?;
    let reading = step(Step::Words, || words::read(native, frame))?;
    native.clear().map_err(OcrError::native("forgetting the page"))?;
    Ok(reading)
}
