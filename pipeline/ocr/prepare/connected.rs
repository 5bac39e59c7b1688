//! Ink that hangs together.

use image::GrayImage;

/// Ink whose pixels touch each other.
#[derive(Debug)]
pub struct Component {
    /// Places in the raster, row by row; four bytes each, for a dark page is one of these.
    pub pixels: Vec<u32>,
    /// First and last column.
    pub across: (usize, usize),
    /// First and last row.
    pub down: (usize, usize),
}

impl Component {
    /// Width and height of the box around it.
    pub fn size(&self) -> (usize, usize) {
        (self.across.1 - self.across.0 + 1, self.down.1 - self.down.0 + 1)
    }
}

/// Everything darker than `ink` that hangs together, from top to bottom.
pub fn components(grey: &GrayImage, ink: u8) -> impl Iterator<Item = Component> {
    let mut seen = vec![false; grey.as_raw().len()];
    (0..seen.len()).filter_map(move |start| {
        let new = !seen[start] && grey.as_raw()[start] < ink;
        new.then(|| component(grey, ink, start, &mut seen))
    })
}

fn component(grey: &GrayImage, ink: u8, start: usize, seen: &mut [bool]) -> Component {
    let width = grey.width() as usize;
    let (mut pixels, mut next) = (vec![start as u32], 0);
    let (mut across, mut down) = ((usize::MAX, 0), (usize::MAX, 0));
    seen[start] = true;
    while let Some(&at) = pixels.get(next) {
        next += 1;
        let at = at as usize;
        let (x, y) = (at % width, at / width);
        across = (across.0.min(x), across.1.max(x));
        down = (down.0.min(y), down.1.max(y));
        for near in around(grey, at) {
            if !seen[near] && grey.as_raw()[near] < ink {
                seen[near] = true;
                pixels.push(near as u32);
            }
        }
    }
    Component { pixels, across, down }
}

/// The pixels around one, and itself.
fn around(grey: &GrayImage, at: usize) -> impl Iterator<Item = usize> + use<> {
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    let (x, y) = (at % width, at / width);
    let rows = y.saturating_sub(1)..(y + 2).min(height);
    rows.flat_map(move |y| (x.saturating_sub(1)..(x + 2).min(width)).map(move |x| y * width + x))
}

/// Paper instead of these pixels and of the soft edges around them.
pub fn whiten(grey: &mut GrayImage, pixels: &[u32]) {
    for &at in pixels {
        for near in around(grey, at as usize) {
            grey.as_mut()[near] = u8::MAX;
        }
    }
}
