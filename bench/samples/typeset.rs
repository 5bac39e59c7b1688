//! Sets text onto sheets: words, lines, paragraphs, page breaks.
//!
//! Markup inside a text: `*bold*`, `_italic_`, `~written by hand~`. Words break at spaces only.
//! It knows nothing of what is said; `form.rs` knows the parts of a document, `table.rs` sets
//! tables.

use crate::{
    fonts::{Face, Fonts},
    sheet::{Line, MM, PAGE_HEIGHT, PAGE_WIDTH, Rule, Run, Sheet},
};

/// Left edge of the body: Decree 30 asks for 30 to 35 mm.
pub(crate) const LEFT: f32 = 30.0 * MM;
/// Right edge of the body: 15 to 20 mm of margin.
pub(crate) const RIGHT: f32 = PAGE_WIDTH - 17.0 * MM;
/// Top and bottom margins: 20 to 25 mm.
const TOP: f32 = 20.0 * MM;
const BOTTOM: f32 = PAGE_HEIGHT - 20.0 * MM;

/// Where the lines of a paragraph end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Centre,
    Justify,
    Left,
}

/// How a paragraph looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) face: Face,
    pub(crate) size: f32,
    pub(crate) align: Align,
    /// Indent of the first line.
    pub(crate) indent: f32,
    /// Space after the paragraph.
    pub(crate) after: f32,
}

impl Style {
    /// Body text: 14 pt, justified, first line moved in by 10 mm.
    pub(crate) const BODY: Self = Self {
        face: Face::Regular,
        size: 14.0,
        align: Align::Justify,
        indent: 10.0 * MM,
        after: 6.0,
    };

    /// Centred text of the given face and size.
    pub(crate) const fn centred(face: Face, size: f32) -> Self {
        Self { face, size, align: Align::Centre, indent: 0.0, after: 0.0 }
    }

    /// Text that starts at the left edge.
    pub(crate) const fn left(face: Face, size: f32) -> Self {
        Self { face, size, align: Align::Left, indent: 0.0, after: 0.0 }
    }

    /// The same style with space after it.
    pub(crate) const fn after(mut self, after: f32) -> Self {
        self.after = after;
        self
    }

    /// Distance from one line to the next.
    pub(crate) fn leading(&self) -> f32 {
        self.size * 1.18
    }
}

#[derive(Debug, Clone)]
struct Piece {
    face: Face,
    handwritten: bool,
    text: String,
}

type Word = Vec<Piece>;

/// Sets text downwards from `y`, opening sheets as they fill.
#[derive(Debug)]
pub(crate) struct Setter<'f> {
    pub(crate) fonts: &'f Fonts<'f>,
    pub(crate) sheets: Vec<Sheet>,
    pub(crate) y: f32,
}

impl<'f> Setter<'f> {
    /// One empty sheet.
    pub(crate) fn new(fonts: &'f Fonts<'f>) -> Self {
        Self { fonts, sheets: vec![Sheet::default()], y: TOP }
    }

    /// The sheet being filled.
    pub(crate) fn sheet(&mut self) -> &mut Sheet {
        self.sheets.last_mut().expect("a setter starts with one sheet and only adds")
    }

    /// Opens a sheet if fewer than `height` points are left on this one.
    pub(crate) fn need(&mut self, height: f32) {
        if self.y + height <= BOTTOM {
            return;
        }
        self.sheets.push(Sheet::default());
        let number = self.sheets.len().to_string();
        let style = Style::centred(Face::Regular, 13.0);
        // The page number stands in the middle of the top margin.
        self.line_at(&number, style, [0.0, PAGE_WIDTH], TOP - 4.0 * MM);
        self.y = TOP + 4.0;
    }

    /// Sets a paragraph over the whole width.
    pub(crate) fn paragraph(&mut self, text: &str, style: Style) {
        for line in self.wrap(text, style, RIGHT - LEFT) {
            self.need(style.leading());
            let baseline = self.y + style.size;
            self.place(&line, style, [LEFT, RIGHT], baseline);
            self.y += style.leading();
        }
        self.y += style.after;
    }

    /// Sets paragraphs between two edges from `y` on this sheet, and returns where they end.
    pub(crate) fn column(&mut self, texts: &[(String, Style)], edges: [f32; 2], from: f32) -> f32 {
        let mut y = from;
        for (text, style) in texts {
            for line in self.wrap(text, *style, edges[1] - edges[0]) {
                self.place(&line, *style, edges, y + style.size);
                y += style.leading();
            }
            y += style.after;
        }
        y
    }

    /// Sets one line between two edges; returns where its ink starts and ends.
    pub(crate) fn line_at(
        &mut self,
        text: &str,
        style: Style,
        edges: [f32; 2],
        baseline: f32,
    ) -> [f32; 2] {
        let words = split(text, style.face);
        let width = self.words_width(&words, style.size);
        let line = SetLine { words, first: true, last: true };
        self.place(&line, style, edges, baseline);
        let start = match style.align {
            Align::Centre => f32::midpoint(edges[0], edges[1]) - width / 2.0,
            Align::Justify | Align::Left => edges[0],
        };
        [start, start + width]
    }

    /// Draws a straight line.
    pub(crate) fn rule(&mut self, from: [f32; 2], to: [f32; 2], width: f32) {
        self.sheet().rules.push(Rule { from, to, width });
    }

    /// Number of lines a text takes between edges that far apart.
    pub(crate) fn line_count(&self, text: &str, style: Style, width: f32) -> usize {
        self.wrap(text, style, width).len()
    }

    fn wrap(&self, text: &str, style: Style, width: f32) -> Vec<SetLine> {
        let mut lines = Vec::new();
        let mut line: Vec<Word> = Vec::new();
        let mut used = style.indent;
        for word in split(text, style.face) {
            let own = self.word_width(&word, style.size);
            let space = self.fonts.advance(style.face, ' ') * style.size;
            if !line.is_empty() && used + space + own > width {
                let words = std::mem::take(&mut line);
                lines.push(SetLine { words, first: lines.is_empty(), last: false });
                used = 0.0;
            }
            used += if line.is_empty() { own } else { space + own };
            line.push(word);
        }
        lines.push(SetLine { words: line, first: lines.is_empty(), last: true });
        lines
    }

    fn word_width(&self, word: &Word, size: f32) -> f32 {
        word.iter().map(|piece| self.fonts.width(piece.face, size, &piece.text)).sum()
    }

    fn words_width(&self, words: &[Word], size: f32) -> f32 {
        let spaces: f32 = words
            .iter()
            .rev()
            .skip(1)
            .map(|word| word.last().map_or(0.0, |p| self.fonts.advance(p.face, ' ') * size))
            .sum();
        words.iter().map(|word| self.word_width(word, size)).sum::<f32>() + spaces
    }

    fn place(&mut self, line: &SetLine, style: Style, edges: [f32; 2], baseline: f32) {
        let width = self.words_width(&line.words, style.size);
        let room = edges[1] - edges[0];
        let (mut x, mut stretch) = (edges[0], 0.0);
        match style.align {
            Align::Centre => x += (room - width) / 2.0,
            Align::Left => {}
            Align::Justify => {
                let indent = if line.first { style.indent } else { 0.0 };
                x += indent;
                let gaps = line.words.len().saturating_sub(1);
                if !line.last && gaps > 0 {
                    stretch = (room - indent - width) / gaps as f32;
                }
            }
        }
        let mut text = String::new();
        let count = line.words.len();
        for (index, word) in line.words.iter().enumerate() {
            for (part, piece) in word.iter().enumerate() {
                let mut shown = piece.text.clone();
                if part + 1 == word.len() && index + 1 < count {
                    shown.push(' ');
                }
                text.push_str(&shown);
                let spaces = shown.matches(' ').count() as f32;
                let advance = self.fonts.width(piece.face, style.size, &shown) + spaces * stretch;
                self.push(piece, shown, [x, baseline], (style.size, stretch));
                x += advance;
            }
        }
        if !text.is_empty() {
            self.sheet().lines.push(Line { baseline, text });
        }
    }

    /// Adds letters, to the run before them where they go on in the same face on the same line.
    fn push(&mut self, piece: &Piece, text: String, at: [f32; 2], look: (f32, f32)) {
        let fonts = self.fonts;
        let sheet = self.sheet();
        if let Some(run) = sheet.runs.last_mut() {
            let spaces = run.text.matches(' ').count() as f32;
            let end = run.x + fonts.width(run.face, run.size, &run.text) + spaces * run.stretch;
            let same = run.face == piece.face
                && run.handwritten == piece.handwritten
                && run.baseline == at[1]
                && (run.size, run.stretch) == look
                && (end - at[0]).abs() < 0.05;
            if same {
                run.text.push_str(&text);
                return;
            }
        }
        sheet.runs.push(Run {
            face: piece.face,
            size: look.0,
            x: at[0],
            baseline: at[1],
            stretch: look.1,
            text,
            handwritten: piece.handwritten,
        });
    }
}

/// A line of words, knowing whether it opens or ends its paragraph.
#[derive(Debug)]
struct SetLine {
    words: Vec<Word>,
    first: bool,
    last: bool,
}

/// Words of a text with the markup turned into faces.
fn split(text: &str, base: Face) -> Vec<Word> {
    let (mut bold, mut italic) = (
        matches!(base, Face::Bold | Face::BoldItalic),
        matches!(base, Face::Italic | Face::BoldItalic),
    );
    let mut handwritten = false;
    let mut words: Vec<Word> = vec![Vec::new()];
    for letter in text.chars() {
        match letter {
            '*' => bold = !bold,
            '_' => italic = !italic,
            '~' => handwritten = !handwritten,
            ' ' => words.push(Vec::new()),
            letter => {
                let face = match (bold, italic) {
                    (false, false) => Face::Regular,
                    (true, false) => Face::Bold,
                    (false, true) => Face::Italic,
                    (true, true) => Face::BoldItalic,
                };
                let Some(word) = words.last_mut() else { continue };
                match word.last_mut() {
                    Some(piece) if piece.face == face && piece.handwritten == handwritten => {
                        piece.text.push(letter);
                    }
                    _ => word.push(Piece { face, handwritten, text: letter.to_string() }),
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_faces_and_leaves_no_trace() {
        let words = split("*Điều 1.* Số ~45~/QĐ-UBND", Face::Regular);
        let text: Vec<String> =
            words.iter().map(|w| w.iter().map(|p| p.text.as_str()).collect()).collect();
        assert_eq!(text, ["Điều", "1.", "Số", "45/QĐ-UBND"]);
        assert_eq!(words[0][0].face, Face::Bold);
        assert!(words[3][0].handwritten && !words[3][1].handwritten);
    }
}
