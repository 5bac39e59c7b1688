//! What a page says, all its readings considered.
//!
//! Parts of a page are read more than once: doubtful lines, the signature block, what stands in a
//! frame. Extraction weighs the readings against each other and takes them as they came. Text that is
//! searched and laid under the image can have one word in one place: the surer one.

use crate::{
    geometry::Rect,
    text::{Line, PageText, Word},
};

/// By so much a second reading must be surer than the words it takes the place of: one that says
/// the same gains nothing, and of two that differ by less either may be right.
const SURER: f32 = 0.05;

/// A word where none was read must be as sure as this, and have as many letters: what a signature
/// leaves of its strokes is short and doubtful.
const SURE: f32 = 0.6;
const SHORTEST: usize = 2;

/// Two boxes are of one place when they share this part of the smaller one, across and down.
const SHARED: f32 = 0.4;

impl PageText {
    /// The page with the surer reading of each place in its lines, and without witnesses.
    ///
    /// Only the model that knows the language is heard.
    #[must_use]
    pub fn settled(&self) -> Self {
        let (lines, origin) = (self.lines.clone(), self.origin);
        let mut page = Self { lines, origin, ..Self::empty(self.width, self.height) };
        let again = self.again.iter().filter(|again| again.same_model).map(|again| &again.line);
        let signed = self.signature.iter().flat_map(|part| &part.lines);
        for line in again.chain(signed) {
            page.settle(&line.words);
        }
        for line in self.framed() {
            page.stamp(&side_by_side(line));
        }
        page
    }

    /// The surest reading of each frame.
    fn framed(&self) -> Vec<&Line> {
        let framed = self.stamps.iter().filter(|stamp| stamp.framed);
        let mut lines: Vec<&Line> = framed.map(|stamp| &stamp.line).collect();
        lines.sort_by(|a, b| sureness(&b.words).total_cmp(&sureness(&a.words)));
        let mut one_each: Vec<&Line> = Vec::new();
        for line in lines {
            if !one_each.iter().any(|other| one_place(&other.bbox, &line.bbox)) {
                one_each.push(line);
            }
        }
        one_each
    }

    /// Makes what stands in a frame a line of the page. It can lie over print, which stays where it was
    /// read surely; what else was read there is the stamp, misread.
    fn stamp(&mut self, words: &[Word]) {
        if !words.iter().all(is_sure) {
            return;
        }
        let places = self.places(words);
        let read = places.iter().map(|(line, at)| &self.lines[*line].words[*at].text);
        if read.eq(words.iter().map(|word| &word.text)) {
            return;
        }
        let is_print = |word: &Word| {
            word.confidence >= SURE && words.iter().all(|stamped| stamped.text != word.text)
        };
        for (line, at) in places.into_iter().rev() {
            if !is_print(&self.lines[line].words[at]) {
                self.lines[line].words.remove(at);
            }
        }
        self.lines.retain_mut(|line| {
            line.bbox = Rect::around(line.words.iter().map(|word| &word.bbox)).unwrap_or(line.bbox);
            !line.words.is_empty()
        });
        self.add(words.to_vec());
    }

    /// Adds words as a line behind all others.
    fn add(&mut self, words: Vec<Word>) {
        let block = self.lines.last().map_or(0, |line| line.block + 1);
        if let Some(bbox) = Rect::around(words.iter().map(|word| &word.bbox)) {
            self.lines.push(Line { words, bbox, baseline: (bbox.y1, bbox.y1), block });
        }
    }

    /// Puts these words of one line in the place of less sure ones.
    fn settle(&mut self, words: &[Word]) {
        let (mut new, mut beside) = (Vec::new(), None);
        let mut rest = words;
        while !rest.is_empty() {
            let (group, after) = rest.split_at(self.group(rest));
            rest = after;
            let places = self.places(group);
            match places.as_slice() {
                [] => new.extend(group.iter().filter(|word| is_sure(word)).cloned()),
                [(line, first), others @ ..] => {
                    beside = Some(*line);
                    // Words of one line stand together; of several, something else lies between.
                    let count = places.len();
                    let together =
                        (first + 1..).zip(others).all(|(at, place)| *place == (*line, at));
                    if together {
                        self.lines[*line].put(*first, count, group);
                    }
                }
            }
        }
        match beside {
            Some(line) => new.into_iter().for_each(|word| self.lines[line].insert(word)),
            None => self.add(new),
        }
    }

    /// How many of these words, from the first, hang together: each shares a word of the page with
    /// the one before it.
    fn group(&self, words: &[Word]) -> usize {
        let known = |word: &Word| self.places(std::slice::from_ref(word));
        let mut of_last = known(&words[0]);
        let mut length = 1;
        for word in &words[1..] {
            let of_next = known(word);
            if !of_next.iter().any(|place| of_last.contains(place)) {
                break;
            }
            (of_last, length) = (of_next, length + 1);
        }
        length
    }

    /// Line and number of the page's words in the places of these.
    fn places(&self, words: &[Word]) -> Vec<(usize, usize)> {
        let lines = self.lines.iter().enumerate();
        let all = lines.flat_map(|(line, found)| {
            found.words.iter().enumerate().map(move |(at, word)| ((line, at), word))
        });
        all.filter(|(_, known)| words.iter().any(|word| one_place(&word.bbox, &known.bbox)))
            .map(|(place, _)| place)
            .collect()
    }
}

impl Line {
    /// Puts a word where it stands among the others.
    fn insert(&mut self, word: Word) {
        let at = self.words.partition_point(|known| known.bbox.x0 < word.bbox.x0);
        self.bbox = self.bbox.union(&word.bbox);
        self.words.insert(at, word);
    }

    /// Puts `words` in the place of `count` words from `first` if they are surer.
    fn put(&mut self, first: usize, count: usize, words: &[Word]) {
        let known = first..first + count;
        if sureness(words) > sureness(&self.words[known.clone()]) + SURER {
            self.words.splice(known, words.iter().cloned());
            self.bbox = Rect::around(self.words.iter().map(|word| &word.bbox)).unwrap_or(self.bbox);
        }
    }
}

/// The confidence of words, each counted with its length.
fn sureness(words: &[Word]) -> f32 {
    let chars = |word: &Word| word.text.chars().count() as f32;
    let all: f32 = words.iter().map(chars).sum();
    words.iter().map(|word| word.confidence * chars(word)).sum::<f32>() / all.max(1.0)
}

fn is_sure(word: &Word) -> bool {
    word.confidence >= SURE && word.text.chars().filter(|c| c.is_alphanumeric()).count() >= SHORTEST
}

fn one_place(a: &Rect, b: &Rect) -> bool {
    let across = a.x1.min(b.x1) - a.x0.max(b.x0);
    let down = a.y1.min(b.y1) - a.y0.max(b.y0);
    across >= SHARED * a.width().min(b.width()) && down >= SHARED * a.height().min(b.height())
}

/// The words of a frame side by side: each has the box of the whole frame.
fn side_by_side(line: &Line) -> Vec<Word> {
    let chars = |word: &Word| word.text.chars().count() as f32 + 1.0;
    let all: f32 = line.words.iter().map(chars).sum();
    let mut x0 = line.bbox.x0;
    let words = line.words.iter().map(|word| {
        let x1 = x0 + line.bbox.width() * chars(word) / all;
        let bbox = Rect { x0, x1, ..line.bbox };
        x0 = x1;
        Word { bbox, ..word.clone() }
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Again, Part, Stamp, TextOrigin};

    fn line(x: f32, y: f32, words: &[(&str, f32)]) -> Line {
        let mut at = x;
        let words: Vec<Word> = words
            .iter()
            .map(|(text, confidence)| {
                let width = 6.0 * text.chars().count() as f32;
                let bbox = Rect::new(at, y, at + width, y + 10.0);
                at += width + 3.0;
                Word { text: (*text).to_owned(), bbox, confidence: *confidence }
            })
            .collect();
        let bbox = Rect::around(words.iter().map(|word| &word.bbox)).unwrap();
        Line { words, bbox, baseline: (bbox.y1, bbox.y1), block: 0 }
    }

    fn page(lines: Vec<Line>) -> PageText {
        PageText { lines, origin: TextOrigin::Ocr, ..PageText::empty(595.0, 842.0) }
    }

    fn again(line: Line, same_model: bool) -> Again {
        Again { line, same_model }
    }

    fn said(page: &PageText) -> String {
        let lines: Vec<String> = page.settled().lines.iter().map(Line::text).collect();
        lines.join(" | ")
    }

    #[test]
    fn the_surer_reading_of_a_word_stands() {
        let mut read = page(vec![line(50.0, 90.0, &[("ngày", 0.9), ("TÔ", 0.5), ("tháng", 0.9)])]);
        read.again =
            vec![again(line(50.5, 90.5, &[("ngáy", 0.7), ("10", 0.9), ("tháng", 0.92)]), true)];
        assert_eq!(said(&read), "ngày 10 tháng");
        assert_eq!(read.settled().again, []);
    }

    #[test]
    fn a_model_that_does_not_know_the_language_is_not_heard() {
        let mut read = page(vec![line(50.0, 90.0, &[("năm", 0.5)])]);
        read.again = vec![again(line(50.0, 90.0, &[("nam", 0.9)]), false)];
        assert_eq!(said(&read), "năm");
    }

    #[test]
    fn words_that_were_joined_come_apart_and_parted_ones_together() {
        let mut read = page(vec![line(50.0, 90.0, &[("ÉÌKT.GIÁM", 0.3), ("ĐỌC", 0.5)])]);
        let place = Rect::new(0.0, 0.0, 595.0, 842.0);
        let lines = vec![line(50.0, 91.0, &[("KT.", 0.9), ("GIÁM", 0.9), ("ĐỐC", 0.9)])];
        read.signature = vec![Part { place, lines }];
        assert_eq!(said(&read), "KT. GIÁM ĐỐC");
        let mut read = page(vec![line(50.0, 90.0, &[("GA", 0.4), ("VI", 0.4), ("Sở", 0.9)])]);
        read.again = vec![again(line(50.0, 90.0, &[("GAVIN", 0.9)]), true)];
        assert_eq!(said(&read), "GAVIN Sở");
    }

    #[test]
    fn a_stamped_name_where_nothing_was_read_is_text() {
        let mut read = page(vec![line(50.0, 90.0, &[("GIÁM", 0.9), ("ĐỐC", 0.9)])]);
        let place = Rect::new(0.0, 80.0, 595.0, 842.0);
        let lines =
            vec![line(50.0, 160.0, &[("Lê", 0.8), ("Hoàng", 0.9), ("Anh", 0.9), ("~", 0.9)])];
        read.signature = vec![Part { place, lines }];
        assert_eq!(said(&read), "GIÁM ĐỐC | Lê Hoàng Anh");
        // Where the page has a part of it, it is one line.
        read.lines.push(line(68.0, 160.0, &[("Hoàng", 0.9), ("Anh", 0.9)]));
        assert_eq!(said(&read), "GIÁM ĐỐC | Lê Hoàng Anh");
    }

    /// A stamp in the frame from (270, 195) to (340, 215).
    fn stamp(words: &[(&str, f32)]) -> Stamp {
        let mut line = line(300.0, 200.0, words);
        line.bbox = Rect::new(270.0, 195.0, 340.0, 215.0);
        line.words.iter_mut().for_each(|word| word.bbox = line.bbox);
        Stamp { line, framed: true }
    }

    #[test]
    fn a_framed_stamp_is_text_in_its_frame() {
        let mut read =
            page(vec![line(300.0, 200.0, &[("rốc|", 0.2)]), line(50.0, 300.0, &[("a", 0.9)])]);
        // Seen in its colour and in grey.
        read.stamps =
            vec![stamp(&[("HỎA", 0.7), ("TÔC", 0.7)]), stamp(&[("HỎA", 0.9), ("TỐC", 0.9)])];
        assert_eq!(said(&read), "a | HỎA TỐC");
        let boxes: Vec<Rect> = read.settled().words().map(|word| word.bbox).collect();
        assert!(boxes.windows(2).all(|pair| pair[0] != pair[1]), "{boxes:?}");
        read.stamps = vec![stamp(&[("HỎA", 0.9), ("~", 0.9)])];
        assert_eq!(said(&read), "rốc| | a", "a doubtful one is none");
    }

    #[test]
    fn print_under_a_stamp_stays() {
        let print = line(280.0, 200.0, &[("Kính", 0.9), ("gửi:", 0.9)]);
        let mut read = page(vec![print]);
        read.stamps = vec![stamp(&[("KHẨN", 0.97)])];
        assert_eq!(said(&read), "Kính gửi: | KHẨN");
        // Read by the page as well, it is there once and where it was.
        read.lines.insert(0, line(275.0, 200.0, &[("KHẨN", 0.8)]));
        read.lines[1] = line(50.0, 300.0, &[("a", 0.9)]);
        assert_eq!(said(&read), "KHẨN | a");
    }

    #[test]
    fn a_page_read_once_stays_as_it_is() {
        let read = page(vec![line(50.0, 90.0, &[("Số:", 0.9)]), line(50.0, 190.0, &[("a", 0.1)])]);
        assert_eq!(read.settled(), read);
    }
}
