//! Tesseract handles for life, and the order of the steps around them.

use std::{
    env, fmt,
    path::{Path, PathBuf},
};

use image::{DynamicImage, GrayImage};
use sohoa_document::{Again, PageText, Rect, TextOrigin};
use tesseract_rs::{TessPageSegMode, TesseractAPI};

use crate::{
    again,
    error::OcrError,
    frame::Frame,
    orientation,
    prepare::{blank, grey, ink, reduce, skew, turn},
    repair::Repairer,
    steps::{Step, again as second_look, step},
    words::{self, Reading},
};

/// Tesseract keeps coordinates in 16 bits.
const LONGEST_SIDE: u32 = 32_767;

/// Shorter than this no character can be read; the engine refuses a few pixels outright.
const SHORTEST_SIDE: u32 = 10;

/// Resolution of the small raster on which blankness and lean are judged.
const JUDGED_AT_DPI: f32 = 100.0;

/// A lean below this costs no accuracy (measured: none at 1 degree, CER 0.08 to 0.24 at 2 degrees
/// and 0.62 at 4 without straightening), and the resampling would cost time.
const LEAST_LEAN: f32 = 0.8;

/// Edges must pile up by so much at the best angle before a lean is believed.
const LEAST_SHARPNESS: f32 = 1.12;

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
    /// Folder that holds `<language>.traineddata`; `None` for the library's own default.
    pub tessdata: Option<PathBuf>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self { language: VIETNAMESE.to_owned(), tessdata: None }
    }
}

/// How much care a page gets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// Resolution the engine reads at; a raster that is not clearly finer stays as it is.
    pub dpi: f32,
    /// Whether ink is dropped, lean straightened and orientation tried.
    pub prepare: bool,
}

impl Profile {
    /// The normal way.
    pub const STANDARD: Self = Self { dpi: 200.0, prepare: true };
    /// For a page that broke a bound the first time: fewer pixels, fewer steps.
    pub const CHEAP: Self = Self { dpi: 130.0, prepare: false };
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
        let folder = config.tessdata.as_deref().unwrap_or(Path::new(""));
        let usable = folder.to_str().is_some_and(|folder| !folder.contains('\0'));
        if !usable {
            let value = folder.display().to_string();
            return Err(OcrError::UnusableSetting { what: "tessdata folder", value });
        }
        let language = config.language.as_str();
        if language.is_empty() || language.contains(['\0', '/']) {
            let value = language.to_owned();
            return Err(OcrError::UnusableSetting { what: "language", value });
        }
        let native = loaded(folder, language)?.ok_or_else(|| missing_language(config))?;
        let witness = if language == WITNESS { None } else { loaded(folder, WITNESS)? };
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
            let lines = page.text.lines.iter_mut();
            page.repaired_words = step(Step::Words, || lines.map(|line| repairer.line(line)).sum());
        }
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
        let straighten = page.skew_deg.filter(|lean| lean.abs() >= LEAST_LEAN);
        let mut lines = Vec::new();
        for zone in zones {
            let cut = again::Cut::new(raster, dpi, page, *zone, straighten);
            let Some(cut) = cut.filter(|cut| cut.shorter_side() >= SHORTEST_SIDE) else { continue };
            let witness = self.witness.as_ref().map(|native| (native, false));
            for (native, same_model) in [Some((&self.native, true)), witness].into_iter().flatten()
            {
                set_mode(native, TessPageSegMode::PSM_SINGLE_LINE)?;
                let reading = second_look(|| read(native, &cut.grey, cut.dpi, &cut.frame));
                set_mode(native, TessPageSegMode::PSM_AUTO)?;
                let line = cut.line(reading?.lines);
                lines.extend(line.map(|line| Again { line, same_model }));
            }
        }
        Ok(lines)
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
            let reading = self.read(&page.grey, page.dpi, &page.frame(0.0))?;
            return Ok(page.recognised(reading, None, false));
        }
        let lie = skew::lie(&small);
        drop(small);
        let on_end = lie.is_some_and(|lie| lie.sideways > lie.sharpness);
        if on_end {
            let best = second_look(|| self.try_turns(&page, on_end, &[0, 90, 270]))?;
            page.turn(best);
        }
        let (mut reading, mut lean) = self.read_straightened(&page)?;
        if page.turned == 0 && reading.sense() < orientation::POOR_SENSE {
            let best = second_look(|| self.try_turns(&page, false, &[0, 90, 180, 270]))?;
            if best != 0 {
                page.turn(best);
                (reading, lean) = second_look(|| self.read_straightened(&page))?;
            }
        }
        Ok(page.recognised(reading, lean, false))
    }

    /// Measures the lean, takes it out when that helps, and reads.
    fn read_straightened(&self, page: &Sheet) -> Result<(Reading, Option<f32>), OcrError> {
        let lean = skew::lie(&page.small())
            .filter(|lie| lie.sharpness >= LEAST_SHARPNESS && lie.sharpness >= lie.sideways)
            .map(|lie| lie.degrees);
        let straighten = lean.filter(|degrees| degrees.abs() >= LEAST_LEAN);
        let frame = page.frame(straighten.unwrap_or(0.0));
        let seen = |raster: &GrayImage| straighten.map(|lean| turn::straighten(raster, lean));
        let grey = seen(&page.grey);
        let mut reading = self.read(grey.as_ref().unwrap_or(&page.grey), page.dpi, &frame)?;
        if let Some(ink) = &page.ink {
            let straight = seen(ink);
            reading.add_sure(self.read_scattered(
                straight.as_ref().unwrap_or(ink),
                page,
                &frame,
            )?);
        }
        Ok((reading, lean))
    }

    /// Reads a band of the page each way round; the turn that reads clearly best.
    fn try_turns(&self, page: &Sheet, on_end: bool, turns: &[u16]) -> Result<u16, OcrError> {
        let band = orientation::busiest_band(&page.grey, on_end);
        let mut evidence = Vec::with_capacity(turns.len());
        for &clockwise in turns {
            let band = turn::quarter(band.clone(), clockwise);
            // In pixels: only the shape of the words matters.
            let (width, height) = band.dimensions();
            let frame = Frame::new((width, height), (width as f32, height as f32), 0.0);
            evidence.push((clockwise, self.read(&band, page.dpi, &frame)?.evidence()));
        }
        Ok(orientation::clearly_best(&evidence))
    }

    /// Reads single words anywhere, as stamps are.
    fn read_scattered(
        &self,
        ink: &GrayImage,
        page: &Sheet,
        frame: &Frame,
    ) -> Result<Reading, OcrError> {
        set_mode(&self.native, TessPageSegMode::PSM_SPARSE_TEXT)?;
        let reading = second_look(|| self.read(ink, page.dpi, frame));
        set_mode(&self.native, TessPageSegMode::PSM_AUTO)?;
        reading
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

/// Names what is missing, where, and what brings it.
fn missing_language(config: &EngineConfig) -> OcrError {
    let place = match (&config.tessdata, env::var_os("TESSDATA_PREFIX")) {
        (Some(folder), _) => format!("`{}`", folder.display()),
        (None, Some(folder)) => format!("`{}` (TESSDATA_PREFIX)", Path::new(&folder).display()),
        (None, None) => "the library's default folder".to_owned(),
    };
    let language = config.language.clone();
    let package = format!("tesseract-ocr-{}", language.replace('_', "-"));
    OcrError::MissingLanguage { language, place, package }
}

/// The raster as the engine gets it, with where it belongs.
struct Sheet {
    grey: GrayImage,
    /// The coloured ink that `grey` lacks.
    ink: Option<GrayImage>,
    dpi: f32,
    size_pt: (f32, f32),
    turned: u16,
}

impl Sheet {
    fn new(
        raster: &DynamicImage,
        dpi: f32,
        size_pt: (f32, f32),
        profile: Profile,
    ) -> Result<Self, OcrError> {
        let grey = grey::grey(raster, profile.prepare);
        let ink = Some(raster).filter(|_| profile.prepare).and_then(ink::ink);
        let reduced = |raster: &GrayImage| reduce::to_resolution(raster, dpi, profile.dpi);
        let ink = ink.map(|ink| reduced(&ink).unwrap_or(ink));
        let (grey, dpi) = match reduced(&grey) {
            Some(small) => (small, profile.dpi),
            None => (grey, dpi),
        };
        let (width, height) = grey.dimensions();
        if width.max(height) > LONGEST_SIDE {
            return Err(OcrError::RasterTooLarge { width, height });
        }
        Ok(Self { grey, ink, dpi, size_pt, turned: 0 })
    }

    /// The page at the resolution it is judged at.
    fn small(&self) -> GrayImage {
        reduce::to_resolution(&self.grey, self.dpi, JUDGED_AT_DPI)
            .unwrap_or_else(|| self.grey.clone())
    }

    fn turn(&mut self, clockwise: u16) {
        if clockwise == 0 {
            return;
        }
        self.grey = turn::quarter(std::mem::take(&mut self.grey), clockwise);
        self.ink = self.ink.take().map(|ink| turn::quarter(ink, clockwise));
        self.turned = (self.turned + clockwise) % 360;
        if clockwise != 180 {
            self.size_pt = (self.size_pt.1, self.size_pt.0);
        }
    }

    fn frame(&self, straightened: f32) -> Frame {
        Frame::new(self.grey.dimensions(), self.size_pt, straightened)
    }

    fn recognised(self, reading: Reading, lean: Option<f32>, blank: bool) -> Recognised {
        let (width, height) = self.size_pt;
        let origin = if blank { TextOrigin::None } else { TextOrigin::Ocr };
        Recognised {
            text: PageText { width, height, lines: reading.lines, origin, again: Vec::new() },
            skew_deg: lean,
            turned: self.turned,
            blank,
            garbled_words: reading.garbled_words,
            repaired_words: 0,
        }
    }
}
