//! The four Tinos faces: widths, outlines and glyph numbers.
//!
//! Tinos has the metrics of Times New Roman, which Decree 30 prescribes, and every Vietnamese
//! letter as one glyph; text must therefore be NFC. No kerning: office software of those years did
//! none either.

use std::{cell::RefCell, collections::HashMap, path::Path, rc::Rc};

use anyhow::{Context, Result};
use ttf_parser::OutlineBuilder;

/// One of the four cuts of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Face {
    Regular,
    Bold,
    Italic,
    BoldItalic,
}

impl Face {
    /// Every face, in the order of [`Face::index`].
    pub(crate) const ALL: [Self; 4] = [Self::Regular, Self::Bold, Self::Italic, Self::BoldItalic];

    /// Position in tables indexed by face.
    pub(crate) fn index(self) -> usize {
        self as usize
    }

    /// Name inside a PDF.
    pub(crate) fn name(self) -> &'static str {
        ["Tinos", "Tinos-Bold", "Tinos-Italic", "Tinos-BoldItalic"][self.index()]
    }

    fn file(self) -> &'static str {
        ["Tinos-Regular.ttf", "Tinos-Bold.ttf", "Tinos-Italic.ttf", "Tinos-BoldItalic.ttf"]
            [self.index()]
    }
}

/// One step of an outline, in em units with y upwards.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Move([f32; 2]),
    Line([f32; 2]),
    Curve([f32; 2], [f32; 2]),
    Close,
}

/// The bytes of the four font files.
#[derive(Debug)]
pub(crate) struct FontFiles([Vec<u8>; 4]);

impl FontFiles {
    /// Reads the four files from the folder of Debian's `fonts-croscore`.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let read = |face: Face| {
            let path = folder.join(face.file());
            std::fs::read(&path).with_context(|| {
                format!(
                    "cannot read `{}`; hint: apt-get install fonts-croscore, or give --fonts",
                    path.display()
                )
            })
        };
        Ok(Self([
            read(Face::Regular)?,
            read(Face::Bold)?,
            read(Face::Italic)?,
            read(Face::BoldItalic)?,
        ]))
    }

    /// The bytes of one face.
    pub(crate) fn bytes(&self, face: Face) -> &[u8] {
        &self.0[face.index()]
    }
}

struct Cut<'a> {
    face: ttf_parser::Face<'a>,
    units: f32,
    outlines: RefCell<HashMap<char, Rc<Vec<Step>>>>,
}

/// The parsed faces, with outlines kept once read.
pub(crate) struct Fonts<'a> {
    files: &'a FontFiles,
    cuts: Vec<Cut<'a>>,
}

impl std::fmt::Debug for Fonts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fonts").field("faces", &self.cuts.len()).finish_non_exhaustive()
    }
}

impl<'a> Fonts<'a> {
    /// Parses the four faces.
    pub(crate) fn parse(files: &'a FontFiles) -> Result<Self> {
        let mut cuts = Vec::with_capacity(4);
        for face in Face::ALL {
            let parsed = ttf_parser::Face::parse(files.bytes(face), 0)
                .with_context(|| format!("{} is not a usable font", face.file()))?;
            let units = f32::from(parsed.units_per_em());
            cuts.push(Cut { face: parsed, units, outlines: RefCell::default() });
        }
        Ok(Self { files, cuts })
    }

    /// The bytes of one face, for embedding.
    pub(crate) fn bytes(&self, face: Face) -> &'a [u8] {
        self.files.bytes(face)
    }

    /// The parsed face, for its metrics.
    pub(crate) fn face(&self, face: Face) -> &ttf_parser::Face<'a> {
        &self.cuts[face.index()].face
    }

    /// Glyph number of a letter; 0 is the empty box.
    pub(crate) fn glyph(&self, face: Face, letter: char) -> u16 {
        self.cuts[face.index()].face.glyph_index(letter).map_or(0, |glyph| glyph.0)
    }

    /// Width of a letter in em.
    pub(crate) fn advance(&self, face: Face, letter: char) -> f32 {
        let cut = &self.cuts[face.index()];
        let glyph = cut.face.glyph_index(letter).unwrap_or_default();
        f32::from(cut.face.glyph_hor_advance(glyph).unwrap_or(0)) / cut.units
    }

    /// Width of a text at `size`, in the unit of `size`.
    pub(crate) fn width(&self, face: Face, size: f32, text: &str) -> f32 {
        text.chars().map(|letter| self.advance(face, letter)).sum::<f32>() * size
    }

    /// Outline of a letter.
    pub(crate) fn outline(&self, face: Face, letter: char) -> Rc<Vec<Step>> {
        let cut = &self.cuts[face.index()];
        if let Some(known) = cut.outlines.borrow().get(&letter) {
            return Rc::clone(known);
        }
        let mut steps = Steps { scale: 1.0 / cut.units, at: [0.0; 2], out: Vec::new() };
        if let Some(glyph) = cut.face.glyph_index(letter) {
            cut.face.outline_glyph(glyph, &mut steps);
        }
        let outline = Rc::new(steps.out);
        cut.outlines.borrow_mut().insert(letter, Rc::clone(&outline));
        outline
    }
}

struct Steps {
    scale: f32,
    at: [f32; 2],
    out: Vec<Step>,
}

impl Steps {
    fn point(&mut self, x: f32, y: f32) -> [f32; 2] {
        self.at = [x * self.scale, y * self.scale];
        self.at
    }
}

impl OutlineBuilder for Steps {
    fn move_to(&mut self, x: f32, y: f32) {
        let to = self.point(x, y);
        self.out.push(Step::Move(to));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.point(x, y);
        self.out.push(Step::Line(to));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let control = self.point(x1, y1);
        let to = self.point(x, y);
        self.out.push(Step::Curve(control, to));
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        // TrueType has no cubic curves; one quadratic through the middle of the controls is near enough.
        let control = self.point(f32::midpoint(x1, x2), f32::midpoint(y1, y2));
        let to = self.point(x, y);
        self.out.push(Step::Curve(control, to));
    }

    fn close(&mut self) {
        self.out.push(Step::Close);
    }
}
