//! What was read on a page: words in lines, with boxes and confidences.

use serde::{Deserialize, Serialize};

use crate::geometry::Rect;

/// One word as printed, in NFC, without spaces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// The word, NFC.
    pub text: String,
    /// Its box.
    pub bbox: Rect,
    /// The engine's confidence, 0 to 1; 1 for a word of a true text layer.
    pub confidence: f32,
}

/// One line of words, left to right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The words in reading order; never empty.
    pub words: Vec<Word>,
    /// The box around the words.
    pub bbox: Rect,
    /// Height of the baseline at the left and the right end of `bbox`, in points from the top.
    pub baseline: (f32, f32),
    /// Number of the layout block the engine put this line in.
    pub block: u32,
}

impl Line {
    /// The words joined by single spaces.
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
        words.join(" ")
    }
}

/// A line that was read again, cut out and alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Again {
    /// What was read.
    pub line: Line,
    /// Whether the model that read the page read it; another one errs elsewhere.
    pub same_model: bool,
}

/// A part of the page that was read again, cut out and prepared in another way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Where on the page.
    pub place: Rect,
    /// What was read there; may be nothing.
    pub lines: Vec<Line>,
}

/// What was read in coloured ink alone, or in a frame of any ink.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stamp {
    /// The words, surely read or not.
    pub line: Line,
    /// Whether a frame stands around it; its words then have the frame's box.
    pub framed: bool,
}

/// Where a page's text comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextOrigin {
    /// The file's own text layer, judged good.
    Layer,
    /// Nothing was read: the page is blank.
    None,
    /// Optical character recognition.
    Ocr,
}

/// All text of one page, lines in the engine's reading order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageText {
    /// Width of the page in points.
    pub width: f32,
    /// Height of the page in points.
    pub height: f32,
    /// The lines.
    pub lines: Vec<Line>,
    /// Who read it.
    pub origin: TextOrigin,
    /// Lines that left doubt, as read again: witnesses for extraction; [`PageText::settled`] makes
    /// the surer words text.
    #[serde(default)]
    pub again: Vec<Again>,
    /// The signature block as read again, once a preparation: witnesses as [`PageText::again`].
    #[serde(default)]
    pub signature: Vec<Part>,
    /// What stamps say, also over print: for what a stamp decides; of these what stands in a frame can
    /// become text.
    #[serde(default)]
    pub stamps: Vec<Stamp>,
    /// Boxes of words in coloured ink among words that are not, as a pen or a stamp leaves them;
    /// none where the raster has no colour.
    #[serde(default)]
    pub coloured: Vec<Rect>,
}

impl PageText {
    /// A page with nothing on it.
    pub fn empty(width: f32, height: f32) -> Self {
        let origin = TextOrigin::None;
        Self {
            width,
            height,
            lines: Vec::new(),
            origin,
            again: Vec::new(),
            signature: Vec::new(),
            stamps: Vec::new(),
            coloured: Vec::new(),
        }
    }

    /// All words in reading order.
    pub fn words(&self) -> impl Iterator<Item = &Word> {
        self.lines.iter().flat_map(|line| line.words.iter())
    }

    /// The text, one line a line, a blank line between blocks.
    pub fn plain(&self) -> String {
        let mut out = String::new();
        let mut block = None;
        for line in &self.lines {
            if block.is_some_and(|block| block != line.block) {
                out.push('\n');
            }
            block = Some(line.block);
            out.push_str(&line.text());
            out.push('\n');
        }
        out
    }

    /// Mean confidence weighted by characters, 0 to 1; `None` without words.
    pub fn mean_confidence(&self) -> Option<f32> {
        let (sum, chars) = self.words().fold((0.0, 0usize), |(sum, chars), word| {
            let count = word.text.chars().count();
            (sum + word.confidence * count as f32, chars + count)
        });
        (chars > 0).then(|| sum / chars as f32)
    }
}
