//! Papers made for tests: lines of type at given places, as an engine would report them.

use sohoa_document::{Again, Field, Line, PageText, Part, Rect, Stamp, TextOrigin, Word};

use crate::fields::{Authority, Context, Extraction};

/// Height and width of a letter of 13-point type, in points.
pub(crate) const TYPE: (f32, f32) = (10.0, 6.2);

/// A page of A4 under construction.
#[derive(Debug, Clone, Default)]
pub(crate) struct Paper {
    lines: Vec<Line>,
    again: Vec<Again>,
    signature: Vec<Part>,
    stamps: Vec<Stamp>,
    coloured: Vec<Rect>,
}

impl Paper {
    /// A letterhead in two columns.
    pub(crate) fn letterhead(organ: &str, number: &str, date: &str) -> Self {
        Self::default()
            .line(90.0, 60.0, organ)
            .line(290.0, 60.0, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
            .line(340.0, 76.0, "Độc lập - Tự do - Hạnh phúc")
            .line(110.0, 104.0, number)
            .line(330.0, 104.0, date)
    }

    /// A printed decision of an invented commune.
    pub(crate) fn decision() -> Self {
        Self::letterhead(
            "ỦY BAN NHÂN DÂN",
            "Số: 2114/QĐ-UBND",
            "Bình Định, ngày 01 tháng 6 năm 2020",
        )
        .line(95.0, 76.0, "TỈNH BÌNH ĐỊNH")
        .line(255.0, 140.0, "QUYẾT ĐỊNH")
        .line(180.0, 156.0, "Về việc phê duyệt kế hoạch số hóa hồ sơ")
        .line(110.0, 250.0, "Căn cứ Luật Lưu trữ ngày 11 tháng 11 năm 2011;")
    }

    /// A decision with the list of recipients and these lines beside it, 16 points apart.
    pub(crate) fn signed(lines: &[&str]) -> Self {
        let start = Self::decision().line(90.0, 600.0, "Nơi nhận:");
        let lines = lines.iter().enumerate();
        lines.fold(start, |paper, (at, text)| {
            paper.line(420.0 - 3.1 * text.len() as f32, 600.0 + 16.0 * at as f32, text)
        })
    }

    /// Adds a line that starts at the point.
    pub(crate) fn line(self, x: f32, y: f32, text: &str) -> Self {
        self.line_at(x, y, text, 0.96)
    }

    /// Adds a line whose words carry this confidence.
    pub(crate) fn line_at(mut self, x: f32, y: f32, text: &str, confidence: f32) -> Self {
        let mut at = x;
        let mut words = Vec::new();
        for word in text.split(' ') {
            let width = word.chars().count() as f32 * TYPE.1;
            if !word.is_empty() {
                let bbox = Rect::new(at, y, at + width, y + TYPE.0);
                words.push(Word { text: word.to_owned(), bbox, confidence });
            }
            at += width + 0.5 * TYPE.1;
        }
        let bbox = Rect::around(words.iter().map(|word| &word.bbox)).unwrap();
        let block = self.lines.len() as u32;
        self.lines.push(Line { words, bbox, baseline: (bbox.y1, bbox.y1), block });
        self
    }

    /// Adds a reading of the signature block: what these lines say instead of what stands there.
    pub(crate) fn signature_again(mut self, lines: &[(f32, f32, &str)]) -> Self {
        let place = Rect::new(250.0, 580.0, 585.0, 830.0);
        let read =
            lines.iter().fold(Self::default(), |paper, (x, y, text)| paper.line(*x, *y, text));
        self.signature.push(Part { place, lines: read.lines });
        self
    }

    /// Adds what coloured ink alone was read as.
    pub(crate) fn stamp(
        mut self,
        (x, y): (f32, f32),
        text: &str,
        confidence: f32,
        framed: bool,
    ) -> Self {
        let mut read = Self::default().line_at(x, y, text, confidence).lines;
        self.stamps.extend(read.drain(..).map(|line| Stamp { line, framed }));
        self
    }

    /// Adds words of another height, as a pen or another machine leaves them.
    pub(crate) fn tall(self, x: f32, y: f32, text: &str, height: f32) -> Self {
        let mut paper = self.line(x, y, text);
        stretch(paper.lines.last_mut().unwrap(), height);
        paper
    }

    /// Adds what the model of the page, or another, read of a line again.
    pub(crate) fn again(self, x: f32, y: f32, text: &str, same_model: bool) -> Self {
        self.again_at((x, y), (text, 0.96), same_model)
    }

    /// The same, of a line whose words all took in ink below them.
    pub(crate) fn again_tall(self, (x, y): (f32, f32), text: &str, own: bool, height: f32) -> Self {
        let mut paper = self.again(x, y, text, own);
        stretch(&mut paper.again.last_mut().unwrap().line, height);
        paper
    }

    /// The same, read with this confidence.
    pub(crate) fn again_at(
        mut self,
        (x, y): (f32, f32),
        (text, confidence): (&str, f32),
        same_model: bool,
    ) -> Self {
        let line = Self::default().line_at(x, y, text, confidence).lines.remove(0);
        self.again.push(Again { line, same_model });
        self
    }

    /// Makes the ink of the word that starts near the point coloured.
    pub(crate) fn coloured(mut self, x: f32, y: f32) -> Self {
        let words = self.lines.iter().flat_map(|line| &line.words);
        let near = |bbox: &&Rect| (bbox.x0 - x).abs() < TYPE.1 && (bbox.y0 - y).abs() < TYPE.0;
        let found: Vec<Rect> = words.map(|word| &word.bbox).filter(near).copied().collect();
        assert_eq!(found.len(), 1, "{found:?}");
        self.coloured.extend(found);
        self
    }

    pub(crate) fn text(&self) -> PageText {
        PageText {
            width: 595.0,
            height: 842.0,
            lines: self.lines.clone(),
            origin: TextOrigin::Ocr,
            again: self.again.clone(),
            signature: self.signature.clone(),
            stamps: self.stamps.clone(),
            coloured: self.coloured.clone(),
        }
    }
}

fn stretch(line: &mut Line, height: f32) {
    line.bbox.y1 = line.bbox.y0 + height;
    line.words.iter_mut().for_each(|word| word.bbox.y1 = word.bbox.y0 + height);
}

pub(crate) fn context() -> Context {
    Context { scan_year: 2026, accept_line: 0.9 }
}

/// Authority, office and name that pass the accept line on a paper.
pub(crate) fn signed_by(paper: Paper) -> (Option<Authority>, Option<String>, Option<String>) {
    let context = context();
    let accepted = |p: f32| p >= context.accept_line;
    let fields = extract(&[paper], context).segments.remove(0).fields;
    let sure = |field: Option<Field<String>>| {
        field.filter(|field| accepted(field.probability)).map(|field| field.value)
    };
    let authority = fields.signer_authority.filter(|field| accepted(field.probability));
    (authority.map(|field| field.value), sure(fields.signer_title), sure(fields.signer_name))
}

/// Extracts a file made of these papers.
pub(crate) fn extract(papers: &[Paper], context: Context) -> Extraction {
    let texts: Vec<PageText> = papers.iter().map(Paper::text).collect();
    let pages: Vec<(u32, &PageText)> = (1..).zip(&texts).collect();
    crate::extract(&pages, &context)
}
