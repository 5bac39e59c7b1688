//! What a hand does: digits as jittered, slanted strokes, and signatures.
//!
//! The strokes are our own. A digit lives in a box 1 wide and 1.6 high, y downwards; each is a list
//! of strokes through which a smooth curve is drawn.

use crate::{
    canvas::{Canvas, Colour, Stencil},
    chance::Chance,
    sheet::Run,
};

/// Ball-pen blue.
const BLUE: Colour = [38, 52, 150];

type Stroke = &'static [[f32; 2]];

/// How each digit is written, by its value.
const DIGITS: [&[Stroke]; 10] = [
    &[&[[0.55, 0.05], [0.1, 0.5], [0.1, 1.1], [0.5, 1.55], [0.9, 1.1], [0.9, 0.5], [0.55, 0.05]]],
    &[&[[0.25, 0.4], [0.6, 0.05], [0.58, 0.8], [0.55, 1.55]]],
    &[&[[0.1, 0.4], [0.45, 0.05], [0.85, 0.4], [0.6, 0.95], [0.08, 1.5], [0.5, 1.42], [0.95, 1.5]]],
    &[&[
        [0.12, 0.2],
        [0.55, 0.05],
        [0.8, 0.4],
        [0.4, 0.72],
        [0.85, 1.1],
        [0.5, 1.55],
        [0.08, 1.35],
    ]],
    &[
        &[[0.6, 0.05], [0.35, 0.55], [0.05, 1.05], [0.95, 1.0]],
        &[[0.68, 0.6], [0.66, 1.1], [0.64, 1.6]],
    ],
    &[&[[0.85, 0.08], [0.25, 0.1], [0.2, 0.65], [0.6, 0.6], [0.85, 1.05], [0.5, 1.5], [0.08, 1.4]]],
    &[&[
        [0.75, 0.05],
        [0.3, 0.5],
        [0.1, 1.1],
        [0.45, 1.55],
        [0.82, 1.2],
        [0.5, 0.85],
        [0.15, 1.15],
    ]],
    &[
        &[[0.08, 0.12], [0.5, 0.1], [0.9, 0.08], [0.6, 0.8], [0.4, 1.55]],
        &[[0.3, 0.82], [0.85, 0.78]],
    ],
    &[&[
        [0.8, 0.2],
        [0.4, 0.05],
        [0.2, 0.4],
        [0.6, 0.8],
        [0.8, 1.2],
        [0.45, 1.55],
        [0.15, 1.2],
        [0.5, 0.75],
        [0.8, 0.35],
        [0.72, 0.1],
    ]],
    &[&[
        [0.85, 0.35],
        [0.45, 0.05],
        [0.15, 0.45],
        [0.5, 0.8],
        [0.85, 0.4],
        [0.75, 1.0],
        [0.4, 1.55],
    ]],
];
const SLASH: &[Stroke] = &[&[[0.8, 0.0], [0.45, 0.8], [0.1, 1.6]]];

fn strokes(letter: char) -> &'static [Stroke] {
    match letter.to_digit(10) {
        Some(value) => DIGITS[value as usize],
        None if letter == '/' => SLASH,
        None => &[],
    }
}

/// Writes a run of digits by hand, as wide as it would be in print.
pub(crate) fn write(canvas: &mut Canvas, run: &Run, scale: f32, chance: &mut Chance) {
    let height = run.size * 0.78;
    let mut x = run.x;
    let mut dots = Vec::new();
    let slant = chance.range(0.1, 0.3);
    for letter in run.text.chars() {
        let (lift, wide) = (chance.spread() * 0.9, 1.0 + 0.12 * chance.spread());
        for stroke in strokes(letter) {
            let points: Vec<[f32; 2]> = stroke
                .iter()
                .map(|p| {
                    let shaky = |chance: &mut Chance| 0.05 * chance.spread();
                    let (px, py) = (p[0] + shaky(chance), p[1] / 1.6 + shaky(chance));
                    let along = px * wide * height * 0.55 + slant * (1.0 - py) * height;
                    [(x + along) * scale, (run.baseline - height * (1.0 - py) + lift) * scale]
                })
                .collect();
            trace(&mut dots, &points, 0.55 * scale, chance);
        }
        x += run.size * 0.5;
    }
    if let Some(stencil) = Stencil::of_strokes(&dots) {
        canvas.print(&stencil, 0, 0, BLUE);
    }
}

/// Signs: a tall first letter, loops that shrink, a long flourish back under them.
pub(crate) fn sign(canvas: &mut Canvas, at: [f32; 2], width: f32, scale: f32, chance: &mut Chance) {
    let tall = chance.range(20.0, 32.0);
    let mut points = vec![
        [0.0, tall * 0.3],
        [width * 0.08, -tall],
        [width * 0.13, tall * 0.75],
        [width * 0.05, tall * 0.4],
    ];
    let loops = chance.between(4, 7);
    for turn in 0..loops {
        let along = 0.16 + 0.6 * turn as f32 / loops as f32;
        let high = tall * chance.range(0.2, 0.75) * (1.0 - 0.4 * turn as f32 / loops as f32);
        points.push([width * along, -high]);
        points.push([width * (along + 0.06), high * chance.range(0.2, 0.7)]);
        if chance.happens(0.5) {
            points.push([width * (along + 0.01), high * 0.1]);
        }
    }
    points.push([width * 0.85, -tall * chance.range(0.1, 0.5)]);
    points.push([width * 1.05, -tall * 0.2]);
    points.push([width * 0.55, tall * chance.range(0.5, 0.8)]);
    points.push([width * chance.range(0.05, 0.3), tall * chance.range(0.6, 1.0)]);
    points.push([width * 1.1, tall * chance.range(0.2, 0.5)]);
    let tilt = chance.range(-0.16, 0.02);
    let placed: Vec<[f32; 2]> = points
        .iter()
        .map(|p| [(at[0] + p[0]) * scale, (at[1] + p[1] + tilt * p[0]) * scale])
        .collect();
    let mut dots = Vec::new();
    trace(&mut dots, &placed, 0.6 * scale, chance);
    if let Some(stencil) = Stencil::of_strokes(&dots) {
        canvas.print(&stencil, 0, 0, BLUE);
    }
}

/// Dots along the Catmull-Rom curve through `points`, half a pixel apart or less, pressed unevenly.
fn trace(dots: &mut Vec<([f32; 2], f32)>, points: &[[f32; 2]], radius: f32, chance: &mut Chance) {
    for index in 0..points.len().saturating_sub(1) {
        let get = |at: isize| points[at.clamp(0, points.len() as isize - 1) as usize];
        let here = index as isize;
        let (a, b, c, d) = (get(here - 1), get(here), get(here + 1), get(here + 2));
        let length = (c[0] - b[0]).hypot(c[1] - b[1]) * 1.3;
        let count = (length * 2.0).ceil().clamp(2.0, 4000.0) as usize;
        let press = radius * chance.range(0.75, 1.1);
        for step in 0..count {
            let t = step as f32 / count as f32;
            let at = |axis: usize| {
                let (a, b, c, d) = (a[axis], b[axis], c[axis], d[axis]);
                0.5 * (2.0 * b
                    + (c - a) * t
                    + (2.0 * a - 5.0 * b + 4.0 * c - d) * t * t
                    + (3.0 * b - a - 3.0 * c + d) * t * t * t)
            };
            dots.push(([at(0), at(1)], press));
        }
    }
}
