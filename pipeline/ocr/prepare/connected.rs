//! Ink that hangs together.

use image::GrayImage;

/// A box of whole pixels; `right` and `bottom` lie outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// First column behind it.
    pub right: u32,
    /// First row below it.
    pub bottom: u32,
}

impl Area {
    fn of(x: u32, y: u32) -> Self {
        Self { left: x, top: y, right: x + 1, bottom: y + 1 }
    }

    fn add(&mut self, x: u32, y: u32) {
        (self.left, self.right) = (self.left.min(x), self.right.max(x + 1));
        (self.top, self.bottom) = (self.top.min(y), self.bottom.max(y + 1));
    }

    /// Columns.
    pub fn width(&self) -> u32 {
        self.right - self.left
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.bottom - self.top
    }

    /// Whether it reaches a side of a box that it lies in.
    pub fn touches(&self, outer: &Self) -> bool {
        self.left <= outer.left
            || self.top <= outer.top
            || self.right >= outer.right
            || self.bottom >= outer.bottom
    }
}

/// Ink whose pixels touch each other, at a side or a corner.
#[derive(Debug)]
pub struct Component {
    /// Columns and rows.
    pub pixels: Vec<(u32, u32)>,
    /// The box around them.
    pub area: Area,
}

/// Where a raster has ink.
#[derive(Debug)]
pub struct Ink {
    /// Row by row, in a border without ink, so that every pixel has neighbours.
    cells: Vec<bool>,
    across: usize,
}

impl Ink {
    /// Of a raster of this width and height.
    pub fn of((width, height): (u32, u32), is_ink: impl Fn(u32, u32) -> bool) -> Self {
        let across = width as usize + 2;
        let mut cells = vec![false; across * (height as usize + 2)];
        for y in 0..height {
            let row = (y as usize + 1) * across + 1;
            for x in 0..width {
                cells[row + x as usize] = is_ink(x, y);
            }
        }
        Self { cells, across }
    }

    /// What is darker than this.
    pub fn darker(grey: &GrayImage, than: u8) -> Self {
        Self::of(grey.dimensions(), |x, y| grey.get_pixel(x, y).0[0] < than)
    }

    /// Each part that hangs together, from top to bottom.
    pub fn components(mut self) -> impl Iterator<Item = Component> {
        let mut stack = Vec::new();
        let mut next = 0;
        std::iter::from_fn(move || {
            next += self.cells[next..].iter().position(|ink| *ink)?;
            Some(self.take(next, &mut stack))
        })
    }

    fn take(&mut self, start: usize, stack: &mut Vec<usize>) -> Component {
        let across = self.across;
        let place = |at: usize| ((at % across) as u32 - 1, (at / across) as u32 - 1);
        let (x, y) = place(start);
        let mut component = Component { pixels: Vec::new(), area: Area::of(x, y) };
        self.cells[start] = false;
        stack.push(start);
        while let Some(at) = stack.pop() {
            let (x, y) = place(at);
            component.pixels.push((x, y));
            component.area.add(x, y);
            for row in [at - across, at, at + across] {
                for near in row - 1..=row + 1 {
                    if std::mem::take(&mut self.cells[near]) {
                        stack.push(near);
                    }
                }
            }
        }
        component
    }
}

/// Paper instead of these pixels and of the soft edges around them.
pub fn whiten(grey: &mut GrayImage, pixels: impl Iterator<Item = (u32, u32)>) {
    let (width, height) = grey.dimensions();
    for (x, y) in pixels {
        for near_y in y.saturating_sub(1)..(y + 2).min(height) {
            for near_x in x.saturating_sub(1)..(x + 2).min(width) {
                grey.get_pixel_mut(near_x, near_y).0[0] = u8::MAX;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_touches_at_a_corner_hangs_together_and_a_side_of_the_raster_joins_nothing() {
        let dark = [(0, 0), (1, 1), (4, 1), (0, 2), (4, 3)];
        let ink = Ink::of((5, 4), |x, y| dark.contains(&(x, y)));
        let found: Vec<(usize, Area)> =
            ink.components().map(|found| (found.pixels.len(), found.area)).collect();
        let area = |left, top, right, bottom| Area { left, top, right, bottom };
        assert_eq!(found, [(3, area(0, 0, 2, 3)), (1, area(4, 1, 5, 2)), (1, area(4, 3, 5, 4))]);
        assert_eq!(Ink::of((0, 0), |_, _| true).components().count(), 0);
    }
}
