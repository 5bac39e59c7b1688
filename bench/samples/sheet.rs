//! A page before it is drawn: text where it stands, rules, and the marks people put on it.
//!
//! Unit: points (1/72 inch) from the top left corner. The same sheet becomes pixels (`render.rs`),
//! real PDF text (`born.rs`), an invisible layer (`layer.rs`) and the ground truth, which is why
//! they agree. Invariant: `runs` and `lines` are in reading order (domain.md §6.3).

use crate::fonts::Face;

/// Width of A4 in points.
pub(crate) const PAGE_WIDTH: f32 = 595.28;
/// Height of A4 in points.
pub(crate) const PAGE_HEIGHT: f32 = 841.89;
/// Points in a millimetre.
pub(crate) const MM: f32 = 72.0 / 25.4;

/// Text in one face on one line.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) face: Face,
    pub(crate) size: f32,
    pub(crate) x: f32,
    /// The line the letters stand on.
    pub(crate) baseline: f32,
    /// Added to every space, so that justified lines end together.
    pub(crate) stretch: f32,
    pub(crate) text: String,
    /// Written by hand: drawn as pen strokes.
    pub(crate) handwritten: bool,
}

/// A straight line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) from: [f32; 2],
    pub(crate) to: [f32; 2],
    pub(crate) width: f32,
}

/// A line of the ground truth.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) baseline: f32,
    pub(crate) text: String,
}

/// Something stamped or drawn on the printed page.
#[derive(Debug, Clone)]
pub(crate) enum Mark {
    /// The incoming stamp: office, number, date (`day/month/year`).
    Incoming { office: String, number: String, date: String, x: f32, y: f32 },
    /// A pen signature that starts at (`x`, `y`).
    Scribble { x: f32, y: f32, width: f32 },
    /// The round red seal around (`x`, `y`): words of the upper arc, of the lower arc, in the
    /// middle.
    Seal { upper: String, lower: String, middle: Vec<String>, x: f32, y: f32 },
    /// A red framed word in the left margin: secrecy or urgency.
    Stamp { word: String, x: f32, y: f32 },
}

/// One page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sheet {
    pub(crate) runs: Vec<Run>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) lines: Vec<Line>,
}

impl Sheet {
    /// The printed text from `top` (points) downwards, a line of the page on each line.
    pub(crate) fn text(&self, top: f32) -> String {
        let lines: Vec<&str> = self
            .lines
            .iter()
            .filter(|line| line.baseline > top)
            .map(|line| line.text.as_str())
            .collect();
        lines.join("\n")
    }
}
