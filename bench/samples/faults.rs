//! What scanners and paper do to a page: skew, blur, noise, uneven light, the other side shining
//! through, specks, a lost top edge, a page fed upside down.
//!
//! The page is drawn once; all of this is one pass over its pixels and a few cheap ones.

use serde_json::{Value, json};

use crate::{
    canvas::{Canvas, Stencil},
    chance::Chance,
    marks::smooth,
    severity::{Damage, Fault, Severity},
};

/// The faults of one scanned page.
#[derive(Debug, Clone)]
pub(crate) struct Faults {
    /// Degrees, clockwise.
    pub(crate) skew: f32,
    /// Passes of a small blur.
    blur: u8,
    /// Standard deviation of the noise, in grey levels.
    noise: f32,
    /// Share of light lost at the darkest place.
    shade: f32,
    /// Share of the other side's ink that shows.
    bleed: f32,
    specks: usize,
    /// Millimetres of the top edge that are lost.
    pub(crate) crop: f32,
    pub(crate) upside_down: bool,
    /// Share of red, green, blue that the paper reflects.
    paper: [f32; 3],
}

impl Faults {
    /// Faults as bad as `damage` says.
    pub(crate) fn draw(damage: Damage, chance: &mut Chance) -> Self {
        let Some(only) = damage.only else {
            return Self::by_chance(damage.severity, |share| share, chance);
        };
        let all = Self::by_chance(damage.severity, |_| 1.0, chance);
        let mut one = Self::NONE;
        match only {
            Fault::Bleed => one.bleed = all.bleed,
            Fault::Blur => one.blur = all.blur,
            Fault::Crop => one.crop = all.crop,
            // The encoder's business.
            Fault::Jpeg => {}
            Fault::Noise => one.noise = all.noise,
            Fault::Paper => one.paper = all.paper,
            Fault::Shade => one.shade = all.shade,
            Fault::Skew => one.skew = all.skew,
            Fault::Specks => one.specks = all.specks,
            Fault::UpsideDown => one.upside_down = damage.severity != Severity::None,
        }
        one
    }

    /// A perfect scanner.
    const NONE: Self = Self {
        skew: 0.0,
        blur: 0,
        noise: 0.0,
        shade: 0.0,
        bleed: 0.0,
        specks: 0,
        crop: 0.0,
        upside_down: false,
        paper: [1.0; 3],
    };

    /// Every fault in a share of the cases; `often` makes the share of the severity's own.
    fn by_chance(severity: Severity, often: impl Fn(f32) -> f32, chance: &mut Chance) -> Self {
        let mut some = |share: f32, low: f32, high: f32| {
            let value = chance.range(low, high);
            if chance.happens(often(share)) { value } else { 0.0 }
        };
        match severity {
            Severity::None => Self::NONE,
            Severity::Light => Self {
                skew: some(0.8, -0.7, 0.7),
                blur: some(0.5, 1.0, 1.9) as u8,
                noise: some(0.9, 0.8, 2.2),
                shade: some(0.5, 0.01, 0.05),
                bleed: some(0.25, 0.03, 0.07),
                specks: some(0.6, 1.0, 14.0) as usize,
                crop: 0.0,
                upside_down: some(0.02, 1.0, 2.0) > 0.0,
                paper: paper(some(1.0, 0.0, 0.03)),
            },
            Severity::Medium => Self {
                skew: some(0.9, -1.4, 1.4),
                blur: some(0.7, 1.0, 2.6) as u8,
                noise: some(1.0, 1.8, 5.0),
                shade: some(0.65, 0.03, 0.14),
                bleed: some(0.4, 0.05, 0.12),
                specks: some(0.75, 8.0, 60.0) as usize,
                // Of the margin only: nothing printed is lost.
                crop: some(0.1, 4.0, 10.0),
                upside_down: some(0.04, 1.0, 2.0) > 0.0,
                paper: paper(some(1.0, 0.015, 0.08)),
            },
            Severity::Heavy => Self {
                skew: some(0.95, -2.4, 2.4),
                blur: some(0.9, 1.0, 3.4) as u8,
                noise: some(1.0, 3.0, 9.0),
                shade: some(0.8, 0.08, 0.28),
                bleed: some(0.6, 0.08, 0.2),
                specks: some(0.9, 20.0, 160.0) as usize,
                crop: some(0.2, 22.0, 28.0),
                upside_down: some(0.1, 1.0, 2.0) > 0.0,
                paper: paper(some(1.0, 0.03, 0.14)),
            },
        }
    }

    /// The faults that are present, for the ground truth.
    pub(crate) fn truth(&self) -> Value {
        let tenth = |value: f32| (f64::from(value) * 1000.0).round() / 1000.0;
        let mut all = serde_json::Map::new();
        for (name, value) in [
            ("skew_degrees", self.skew),
            ("blur_passes", f32::from(self.blur)),
            ("noise_levels", self.noise),
            ("shade", self.shade),
            ("bleed_through", self.bleed),
            ("specks", self.specks as f32),
            ("cropped_top_mm", self.crop),
            ("paper_tint", 1.0 - self.paper[2]),
        ] {
            if value != 0.0 {
                all.insert(name.to_owned(), json!(tenth(value)));
            }
        }
        Value::Object(all)
    }

    /// Spoils a page; `other` is the other side of the sheet.
    pub(crate) fn apply(
        &self,
        page: &Canvas,
        other: Option<&Canvas>,
        dpi: f32,
        chance: &mut Chance,
    ) -> Canvas {
        let mut spoiled = self.resample(page, other, dpi, chance);
        for _ in 0..self.blur {
            blur(&mut spoiled);
        }
        self.dust(&mut spoiled, dpi, chance);
        self.grain(&mut spoiled, chance);
        if self.upside_down {
            turn(&mut spoiled);
        }
        spoiled
    }

    /// Skew, crop, bleed-through, light and paper in one pass.
    fn resample(
        &self,
        page: &Canvas,
        other: Option<&Canvas>,
        dpi: f32,
        chance: &mut Chance,
    ) -> Canvas {
        let (sin, cos) = self.skew.to_radians().sin_cos();
        let (width, height) = (page.width as f32, page.height as f32);
        let lost = (self.crop / 25.4 * dpi).round();
        let (light, seed) = ([chance.range(-1.0, 1.0), chance.range(-1.0, 1.0)], chance.bits());
        let mut out = Canvas::white(page.width, page.height);
        for (row, line) in out.pixels.chunks_exact_mut(page.width * 3).enumerate() {
            let v = row as f32 - height / 2.0;
            let slow = smooth(seed, 0.0, row as f32 / (dpi * 2.0));
            for (column, pixel) in line.chunks_exact_mut(3).enumerate() {
                let u = column as f32 - width / 2.0;
                let from =
                    [cos * u + sin * v + width / 2.0, cos * v - sin * u + height / 2.0 + lost];
                let mut colour = sample(page, from, self.skew != 0.0);
                if let Some(other) = other.filter(|_| self.bleed > 0.0) {
                    let shine = sample(other, [width - 1.0 - from[0], from[1]], false);
                    for (value, through) in colour.iter_mut().zip(shine) {
                        *value *= 1.0 - self.bleed * (1.0 - through / 255.0);
                    }
                }
                let dark = 0.5
                    + 0.25 * (light[0] * u / width + light[1] * v / height) * 2.0
                    + 0.25 * (slow - 0.5);
                let lit = 1.0 - self.shade * dark;
                for ((value, paper), out) in colour.iter().zip(self.paper).zip(pixel) {
                    *out = (value * paper * lit) as u8;
                }
            }
        }
        out
    }

    fn dust(&self, page: &mut Canvas, dpi: f32, chance: &mut Chance) {
        for _ in 0..self.specks {
            let at = [chance.unit() * page.width as f32, chance.unit() * page.height as f32];
            let mut dots = vec![(at, chance.range(0.1, 0.9) * dpi / 150.0)];
            if chance.happens(0.1) {
                // A fibre rather than a grain.
                let (dx, dy) = (chance.spread(), chance.spread());
                dots = (0..24u8)
                    .map(|step| {
                        let along = f32::from(step) * dpi / 200.0;
                        ([at[0] + dx * along, at[1] + dy * along + along * along * 0.02], 0.5)
                    })
                    .collect();
            }
            let grey = chance.between(30, 130) as u8;
            if let Some(stencil) = Stencil::of_strokes(&dots) {
                page.print(&stencil, 0, 0, [grey; 3]);
            }
        }
    }

    fn grain(&self, page: &mut Canvas, chance: &mut Chance) {
        if self.noise == 0.0 {
            return;
        }
        // The spread of four uniform draws has a standard deviation of 0.577.
        let table: Vec<i16> =
            (0..4096).map(|_| (chance.spread() * self.noise / 0.577).round() as i16).collect();
        let mut state = chance.bits() | 1;
        for pixel in page.pixels.chunks_exact_mut(3) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let grey = table[(state & 4095) as usize];
            let hue = table[(state >> 20 & 4095) as usize] / 3;
            for (value, add) in pixel.iter_mut().zip([grey + hue, grey, grey - hue]) {
                *value = (i16::from(*value) + add).clamp(0, 255) as u8;
            }
        }
    }
}

/// Yellowing: blue goes first.
fn paper(age: f32) -> [f32; 3] {
    [1.0 - age * 0.25, 1.0 - age * 0.45, 1.0 - age]
}

/// The colour at a place, between pixels if `between`; beyond the edges the paper is white.
fn sample(page: &Canvas, at: [f32; 2], between: bool) -> [f32; 3] {
    let get = |x: i32, y: i32| -> [f32; 3] {
        if x < 0 || y < 0 || x as usize >= page.width || y as usize >= page.height {
            return [255.0; 3];
        }
        let at = (y as usize * page.width + x as usize) * 3;
        [0, 1, 2].map(|channel| f32::from(page.pixels[at + channel]))
    };
    if !between {
        return get(at[0].round() as i32, at[1].round() as i32);
    }
    let (left, top) = (at[0].floor(), at[1].floor());
    let (u, v) = (at[0] - left, at[1] - top);
    let (x, y) = (left as i32, top as i32);
    // Most of a page is white: four equal pixels need no arithmetic.
    if x >= 0 && y >= 0 && (x as usize) + 1 < page.width && (y as usize) + 1 < page.height {
        let upper = (y as usize * page.width + x as usize) * 3;
        let lower = upper + page.width * 3;
        let pairs = [&page.pixels[upper..upper + 6], &page.pixels[lower..lower + 6]];
        if pairs.iter().all(|pair| **pair == [255; 6]) {
            return [255.0; 3];
        }
        return [0, 1, 2].map(|c| {
            let mix = |pair: &[u8]| f32::from(pair[c]) * (1.0 - u) + f32::from(pair[c + 3]) * u;
            mix(pairs[0]) * (1.0 - v) + mix(pairs[1]) * v
        });
    }
    let corners = [get(x, y), get(x + 1, y), get(x, y + 1), get(x + 1, y + 1)];
    [0, 1, 2].map(|c| {
        let upper = corners[0][c] * (1.0 - u) + corners[1][c] * u;
        let lower = corners[2][c] * (1.0 - u) + corners[3][c] * u;
        upper * (1.0 - v) + lower * v
    })
}

/// A weighted mean with the neighbours, across and then down.
fn blur(page: &mut Canvas) {
    let stride = page.width * 3;
    for step in [3, stride] {
        let before = page.pixels.clone();
        for at in step..before.len().saturating_sub(step) {
            let sum = u16::from(before[at - step])
                + 2 * u16::from(before[at])
                + u16::from(before[at + step]);
            page.pixels[at] = (sum / 4) as u8;
        }
    }
}

/// Half a turn.
fn turn(page: &mut Canvas) {
    page.pixels.reverse();
    for pixel in page.pixels.chunks_exact_mut(3) {
        pixel.swap(0, 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dotted() -> Canvas {
        let mut page = Canvas::white(40, 60);
        page.fill([4.0, 4.0], [8.0, 8.0], [200, 10, 10]);
        page
    }

    fn drawn(severity: Severity, only: Option<Fault>, chance: &mut Chance) -> Faults {
        Faults::draw(Damage { severity, only }, chance)
    }

    #[test]
    fn a_perfect_scanner_changes_nothing() {
        let mut chance = Chance::new(1);
        for only in [None, Some(Fault::UpsideDown), Some(Fault::Noise)] {
            let faults = drawn(Severity::None, only, &mut chance);
            let page = dotted();
            assert_eq!(faults.apply(&page, None, 200.0, &mut chance).pixels, page.pixels);
        }
    }

    #[test]
    fn a_fault_asked_for_alone_is_on_every_page_and_alone() {
        let names = [
            (Fault::Bleed, "bleed_through"),
            (Fault::Blur, "blur_passes"),
            (Fault::Crop, "cropped_top_mm"),
            (Fault::Noise, "noise_levels"),
            (Fault::Paper, "paper_tint"),
            (Fault::Shade, "shade"),
            (Fault::Skew, "skew_degrees"),
            (Fault::Specks, "specks"),
        ];
        let mut chance = Chance::new(7);
        for (fault, name) in names {
            for _ in 0..30 {
                let truth = drawn(Severity::Heavy, Some(fault), &mut chance).truth();
                let present: Vec<&String> = truth.as_object().unwrap().keys().collect();
                assert_eq!(present, [name]);
            }
        }
        assert!(drawn(Severity::Light, Some(Fault::UpsideDown), &mut chance).upside_down);
    }

    #[test]
    fn medium_is_worse_than_light_and_better_than_heavy() {
        let mean = |severity| {
            let mut chance = Chance::new(3);
            let noise = (0..200).map(|_| drawn(severity, None, &mut chance).noise);
            noise.sum::<f32>() / 200.0
        };
        assert!(mean(Severity::Light) < mean(Severity::Medium));
        assert!(mean(Severity::Medium) < mean(Severity::Heavy));
    }

    #[test]
    fn upside_down_twice_is_the_page() {
        let mut page = dotted();
        turn(&mut page);
        assert_ne!(page.pixels, dotted().pixels);
        turn(&mut page);
        assert_eq!(page.pixels, dotted().pixels);
    }

    #[test]
    fn a_cropped_page_loses_its_top() {
        let mut chance = Chance::new(1);
        let mut faults = drawn(Severity::None, None, &mut chance);
        faults.crop = 2.0;
        let cropped = faults.apply(&dotted(), None, 200.0, &mut chance);
        assert!(cropped.pixels.iter().all(|&value| value == 255));
    }
}
