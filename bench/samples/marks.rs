//! Stamps: the round seal, the incoming stamp, the framed word.
//!
//! Ink is uneven: a slow noise over the page takes some of it away.

use std::f32::consts::{PI, TAU};

use crate::{
    canvas::{Canvas, Colour, Stencil},
    chance::Chance,
    fonts::{Face, Fonts},
    pen, render,
    sheet::{MM, Mark, Run},
};

const RED: Colour = [214, 38, 46];
const VIOLET: Colour = [112, 52, 150];

/// A stamp being pressed: where ink goes and how much stays.
struct Press<'a> {
    fonts: &'a Fonts<'a>,
    canvas: &'a mut Canvas,
    scale: f32,
    colour: Colour,
    /// Share of the ink that stays, and a seed for where.
    strength: f32,
    noise: u64,
}

/// Draws one mark; `scale` is pixels per point.
pub(crate) fn draw(
    fonts: &Fonts<'_>,
    canvas: &mut Canvas,
    mark: &Mark,
    scale: f32,
    chance: &mut Chance,
) {
    if let Mark::Scribble { x, y, width } = mark {
        return pen::sign(canvas, [*x, *y], *width, scale, chance);
    }
    let colour = match mark {
        Mark::Incoming { .. } if chance.happens(0.4) => VIOLET,
        _ => RED,
    };
    let (strength, noise) = (chance.range(0.78, 0.98), chance.bits());
    let mut press = Press { fonts, canvas, scale, colour, strength, noise };
    match mark {
        Mark::Seal { upper, lower, middle, x, y } => {
            press.seal([*x, *y], (upper, lower), middle, chance.range(-0.12, 0.12));
        }
        Mark::Scribble { .. } => {}
        Mark::Incoming { office, number, date, x, y } => {
            press.incoming([*x, *y], office, [number, date], chance);
        }
        Mark::Stamp { word, x, y } => press.framed([*x, *y], word),
    }
}

impl Press<'_> {
    fn lay(&mut self, stencil: Option<Stencil>) {
        let (strength, noise) = (self.strength, self.noise);
        let cell = (self.scale * 3.0).max(1.0);
        if let Some(stencil) = stencil {
            let worn = stencil.worn(|x, y| {
                strength * (0.72 + 0.34 * smooth(noise, x as f32 / cell, y as f32 / cell))
            });
            self.canvas.print(&worn, 0, 0, self.colour);
        }
    }

    /// Points of a circle around `centre`, wound one way or the other.
    fn circle(&self, centre: [f32; 2], radius: f32, forward: bool) -> Vec<[f32; 2]> {
        (0..180u16)
            .map(|step| {
                let turn = f32::from(step) / 180.0 * TAU * if forward { 1.0 } else { -1.0 };
                let at = |c: f32, offset: f32| (c + radius * offset) * self.scale;
                [at(centre[0], turn.cos()), at(centre[1], turn.sin())]
            })
            .collect()
    }

    fn ring(&mut self, centre: [f32; 2], radius: f32, width: f32) {
        let rings = [self.circle(centre, radius, true), self.circle(centre, radius - width, false)];
        self.lay(Stencil::of_polygons(&rings));
    }

    /// A line of text turned around a point; `angle` is that of the baseline.
    fn letter(&mut self, letter: char, size: f32, at: [f32; 2], angle: f32) {
        let size = size * self.scale;
        let (sin, cos) = angle.sin_cos();
        let map = [
            size * cos,
            size * sin,
            size * sin,
            -size * cos,
            at[0] * self.scale,
            at[1] * self.scale,
        ];
        self.lay(render::glyph(self.fonts, Face::Bold, letter, map));
    }

    /// Text on an arc over (or, reversed, under) the centre.
    fn arc(&mut self, text: &str, centre: [f32; 2], (radius, span): (f32, f32), over: bool) {
        let size = 6.6;
        let width: f32 = self.fonts.width(Face::Bold, size, text);
        let room = span * radius;
        let spacing = ((room - width) / text.chars().count().max(1) as f32).clamp(-0.9, 2.4);
        let total = width + spacing * text.chars().count() as f32;
        let mut along = -total / 2.0;
        for letter in text.chars() {
            let own = self.fonts.advance(Face::Bold, letter) * size;
            let turn = (along + own / 2.0) / radius;
            let (angle, foot) = if over { (turn, radius) } else { (-turn, radius + size * 0.66) };
            let direction = if over { turn - PI / 2.0 } else { PI / 2.0 - turn };
            let back = own / 2.0;
            let at = [
                centre[0] + foot * direction.cos() - back * angle.cos(),
                centre[1] + foot * direction.sin() - back * angle.sin(),
            ];
            self.letter(letter, size, at, angle);
            along += own + spacing;
        }
    }

    fn seal(&mut self, centre: [f32; 2], around: (&str, &str), middle: &[String], tilt: f32) {
        // 36 mm across for a committee's seal.
        let radius = 17.5 * MM;
        self.ring(centre, radius, 1.7);
        self.ring(centre, radius - 3.0, 0.7);
        self.ring(centre, radius - 14.5, 0.8);
        self.arc(around.0, centre, (radius - 12.2, 3.9), true);
        self.arc(around.1, centre, (radius - 12.2, 2.0), false);
        let star: Vec<[f32; 2]> = (0..10u8)
            .map(|corner| {
                let turn = f32::from(corner) * PI / 5.0 - PI / 2.0 + tilt;
                let reach = if corner % 2 == 0 { 8.0 } else { 3.1 };
                let at = |c: f32, offset: f32| (c + reach * offset) * self.scale;
                [at(centre[0], turn.cos()), at(centre[1] - 15.0, turn.sin())]
            })
            .collect();
        self.lay(Stencil::of_polygons(&[star]));
        let inner = (radius - 17.0) * 1.72;
        for (index, line) in middle.iter().enumerate() {
            let width = self.fonts.width(Face::Bold, 1.0, line);
            let size = (inner / width.max(1.0)).min(10.0);
            let from = centre[0] - width * size / 2.0;
            let base = centre[1] + 6.0 + index as f32 * 10.0;
            self.words(line, size, [from, base]);
        }
    }

    fn words(&mut self, text: &str, size: f32, at: [f32; 2]) {
        let mut x = at[0];
        for letter in text.chars() {
            self.letter(letter, size, [x, at[1]], 0.0);
            x += self.fonts.advance(Face::Bold, letter) * size;
        }
    }

    fn frame(&mut self, from: [f32; 2], to: [f32; 2], width: f32) {
        let s = self.scale;
        let [l, t] = [from[0] * s, from[1] * s];
        let [r, b] = [to[0] * s, to[1] * s];
        let w = width * s;
        let outer = vec![[l, t], [r, t], [r, b], [l, b]];
        let hole = vec![[l + w, t + w], [l + w, b - w], [r - w, b - w], [r - w, t + w]];
        self.lay(Stencil::of_polygons(&[outer, hole]));
    }

    fn incoming(&mut self, at: [f32; 2], office: &str, written: [&str; 2], chance: &mut Chance) {
        // Appendix IV: 35 mm by 50 mm, here a little smaller as many offices have it.
        let (width, height) = (44.0 * MM, 27.0 * MM);
        let [x, y] = at;
        self.frame(at, [x + width, y + height], 1.1);
        self.frame([x, y + 15.0], [x + width, y + 16.0], 1.0);
        let size = (width - 10.0) / self.fonts.width(Face::Bold, 1.0, office).max(1.0);
        let size = size.min(8.5);
        let from = x + (width - self.fonts.width(Face::Bold, size, office)) / 2.0;
        self.words(office, size, [from, y + 11.0]);
        self.words("ĐẾN", 16.0, [x + 6.0, y + 44.0]);
        self.words("Số:", 9.0, [x + 46.0, y + 32.0]);
        self.words("Ngày:", 9.0, [x + 46.0, y + 50.0]);
        self.words("Chuyển:", 9.0, [x + 6.0, y + 68.0]);
        for (text, right, down) in [(written[0], 66.0, 32.0), (written[1], 73.0, 50.0)] {
            let run = Run {
                face: Face::Regular,
                size: 11.0,
                x: x + right,
                baseline: y + down,
                stretch: 0.0,
                text: text.to_owned(),
                handwritten: true,
            };
            pen::write(self.canvas, &run, self.scale, chance);
        }
    }

    fn framed(&mut self, at: [f32; 2], word: &str) {
        let size = 15.0;
        let width = self.fonts.width(Face::Bold, size, word) + 14.0;
        self.frame(at, [at[0] + width, at[1] + 24.0], 1.6);
        self.words(word, size, [at[0] + 7.0, at[1] + 17.5]);
    }
}

/// Noise between 0 and 1 that changes slowly from cell to cell.
pub(crate) fn smooth(seed: u64, x: f32, y: f32) -> f32 {
    let (column, row) = (x.floor(), y.floor());
    let (u, v) = (x - column, y - row);
    let corner = |dx: f32, dy: f32| {
        let key = (column + dx) as i64 as u64 ^ (((row + dy) as i64 as u64) << 32);
        (Chance::new(seed ^ key.wrapping_mul(0x9e37_79b9_7f4a_7c15)).bits() >> 40) as f32
            / (1u32 << 24) as f32
    };
    let top = corner(0.0, 0.0) * (1.0 - u) + corner(1.0, 0.0) * u;
    let bottom = corner(0.0, 1.0) * (1.0 - u) + corner(1.0, 1.0) * u;
    top * (1.0 - v) + bottom * v
}
