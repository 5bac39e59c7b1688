//! Boxes on a page.
//!
//! One coordinate system for every stage: **points** (1/72 inch), origin at the **top left** of the
//! page **as a person reads it** (after the page's own rotation). Physical sizes matter to
//! extraction (a line of 13-point type), to composing and to signing alike.

use serde::{Deserialize, Serialize};

/// An axis-aligned box in points; `x1 >= x0` and `y1 >= y0`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Rect {
    /// Left edge.
    pub x0: f32,
    /// Top edge.
    pub y0: f32,
    /// Right edge.
    pub x1: f32,
    /// Bottom edge.
    pub y1: f32,
}

impl Rect {
    /// A box from its edges.
    pub const fn new(x0: f32, y0: f32, x1: f32, y1: f32) -> Self {
        Self { x0, y0, x1, y1 }
    }

    /// Width in points.
    pub fn width(&self) -> f32 {
        self.x1 - self.x0
    }

    /// Height in points.
    pub fn height(&self) -> f32 {
        self.y1 - self.y0
    }

    /// The middle of the box.
    pub fn centre(&self) -> (f32, f32) {
        (f32::midpoint(self.x0, self.x1), f32::midpoint(self.y0, self.y1))
    }

    /// Whether the point lies in the box or on its edge.
    pub fn holds(&self, (x, y): (f32, f32)) -> bool {
        self.x0 <= x && x <= self.x1 && self.y0 <= y && y <= self.y1
    }

    /// The smallest box that holds both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            x0: self.x0.min(other.x0),
            y0: self.y0.min(other.y0),
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
        }
    }

    /// The box after the page it lies on, `width` by `height` points, was turned clockwise by 0, 90,
    /// 180 or 270 degrees.
    #[must_use]
    pub fn turned(&self, clockwise: u16, (width, height): (f32, f32)) -> Self {
        let Self { x0, y0, x1, y1 } = *self;
        match clockwise {
            90 => Self::new(height - y1, x0, height - y0, x1),
            180 => Self::new(width - x1, height - y1, width - x0, height - y0),
            270 => Self::new(y0, width - x1, y1, width - x0),
            _ => *self,
        }
    }

    /// Whether the two boxes share any area.
    pub fn intersects(&self, other: &Self) -> bool {
        self.x0 < other.x1 && other.x0 < self.x1 && self.y0 < other.y1 && other.y0 < self.y1
    }

    /// The smallest box that holds all of them; `None` of nothing.
    pub fn around<'a>(boxes: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        boxes.into_iter().fold(None, |held, next| match held {
            None => Some(*next),
            Some(held) => Some(held.union(next)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_quarter_turns_bring_a_box_back() {
        let (wide, high) = (100.0, 200.0);
        let start = Rect::new(10.0, 20.0, 30.0, 60.0);
        // What stood near the top left stands near the top right.
        assert_eq!(start.turned(90, (wide, high)), Rect::new(140.0, 10.0, 180.0, 30.0));
        let twice = start.turned(90, (wide, high)).turned(90, (high, wide));
        assert_eq!(twice, start.turned(180, (wide, high)));
        let back = twice.turned(90, (wide, high)).turned(90, (high, wide));
        assert_eq!(back, start);
        assert_eq!(start.turned(270, (wide, high)).turned(90, (high, wide)), start);
    }
}
