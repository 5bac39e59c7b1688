//! Draws a sheet as pixels.
//!
//! Letters are kept as stencils by face, size and quarter pixel, since a page has some two thousand
//! of them and few different ones. Marks and handwriting are `marks.rs` and `pen.rs`.

use std::{collections::HashMap, rc::Rc};

use crate::{
    canvas::{Canvas, Colour, Stencil},
    chance::Chance,
    fonts::{Face, Fonts, Step},
    marks, pen,
    sheet::{PAGE_HEIGHT, PAGE_WIDTH, Run, Sheet},
};

/// Toner is not quite black.
const TONER: Colour = [22, 22, 26];

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    face: Face,
    letter: char,
    /// Size in hundredths of a pixel.
    size: u32,
    /// Quarter pixels to the right of a whole pixel.
    shift: u8,
}

/// Draws sheets with one set of fonts.
#[derive(Debug)]
pub(crate) struct Renderer<'f> {
    fonts: &'f Fonts<'f>,
    stencils: HashMap<Key, Option<Rc<Stencil>>>,
}

/// An affine map: `[a, b, c, d, e, f]` sends (x, y) to (ax + cy + e, bx + dy + f).
pub(crate) type Affine = [f32; 6];

impl<'f> Renderer<'f> {
    /// A renderer without stencils yet.
    pub(crate) fn new(fonts: &'f Fonts<'f>) -> Self {
        Self { fonts, stencils: HashMap::new() }
    }

    /// Draws a sheet on white A4 at `dpi`; `chance` moves the pen and wears the stamps.
    pub(crate) fn draw(&mut self, sheet: &Sheet, dpi: f32, chance: &Chance) -> Canvas {
        let scale = dpi / 72.0;
        let size = |points: f32| (points * scale).round() as usize;
        let mut canvas = Canvas::white(size(PAGE_WIDTH), size(PAGE_HEIGHT));
        for rule in &sheet.rules {
            let half = (rule.width * scale / 2.0).max(0.5);
            let at = |p: [f32; 2], by: f32| [p[0] * scale + by, p[1] * scale + by];
            canvas.fill(at(rule.from, -half), at(rule.to, half), TONER);
        }
        for (index, run) in sheet.runs.iter().enumerate() {
            if run.handwritten {
                pen::write(&mut canvas, run, scale, &mut chance.fork(&format!("hand {index}")));
            } else {
                self.print(&mut canvas, run, scale);
            }
        }
        for (index, mark) in sheet.marks.iter().enumerate() {
            let mut own = chance.fork(&format!("mark {index}"));
            marks::draw(self.fonts, &mut canvas, mark, scale, &mut own);
        }
        canvas
    }

    fn print(&mut self, canvas: &mut Canvas, run: &Run, scale: f32) {
        let mut x = run.x;
        let baseline = (run.baseline * scale).round() as i32;
        for letter in run.text.chars() {
            if letter != ' ' {
                let at = x * scale;
                let shift = ((at - at.floor()) * 4.0) as u8;
                let size = (run.size * scale * 100.0).round() as u32;
                let key = Key { face: run.face, letter, size, shift };
                let fonts = self.fonts;
                let stencil = self
                    .stencils
                    .entry(key)
                    .or_insert_with(|| {
                        let size = size as f32 / 100.0;
                        let map = [size, 0.0, 0.0, -size, f32::from(shift) / 4.0, 0.0];
                        glyph(fonts, run.face, letter, map).map(Rc::new)
                    })
                    .clone();
                if let Some(stencil) = stencil {
                    canvas.print(&stencil, at.floor() as i32, baseline, TONER);
                }
            }
            x += fonts_advance(self.fonts, run, letter);
        }
    }
}

fn fonts_advance(fonts: &Fonts<'_>, run: &Run, letter: char) -> f32 {
    let stretch = if letter == ' ' { run.stretch } else { 0.0 };
    fonts.advance(run.face, letter) * run.size + stretch
}

/// The stencil of one letter under a map from em units to pixels.
pub(crate) fn glyph(fonts: &Fonts<'_>, face: Face, letter: char, map: Affine) -> Option<Stencil> {
    let to = |p: [f32; 2]| {
        [map[0] * p[0] + map[2] * p[1] + map[4], map[1] * p[0] + map[3] * p[1] + map[5]]
    };
    let mut polygons: Vec<Vec<[f32; 2]>> = Vec::new();
    let mut at = [0.0; 2];
    for step in fonts.outline(face, letter).iter() {
        match *step {
            Step::Move(p) => {
                at = to(p);
                polygons.push(vec![at]);
            }
            Step::Line(p) => {
                at = to(p);
                polygons.last_mut()?.push(at);
            }
            Step::Curve(control, p) => {
                let (control, end) = (to(control), to(p));
                let polygon = polygons.last_mut()?;
                // Six chords are within a tenth of a pixel of a letter's curve at 300 dpi.
                for chord in 1..=6u8 {
                    let t = f32::from(chord) / 6.0;
                    let (u, v) = ((1.0 - t) * (1.0 - t), 2.0 * t * (1.0 - t));
                    polygon.push([
                        u * at[0] + v * control[0] + t * t * end[0],
                        u * at[1] + v * control[1] + t * t * end[1],
                    ]);
                }
                at = end;
            }
            Step::Close => {}
        }
    }
    Stencil::of_polygons(&polygons)
}
