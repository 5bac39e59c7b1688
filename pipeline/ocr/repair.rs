//! Tone marks the engine lost, put back where the neighbours bear it out.
//!
//! At the engine's line height of 36 pixels a tone mark is four pixels high, and most words it
//! misreads are right but for their marks: `sô` for `số`, `phú` for `phủ`. Vietnamese syllables
//! are a closed set, and few follow each other. So each line is read again as a chain: what each
//! word was read as, or a syllable that differs from it in nothing but marks, at a price for every
//! difference and for every unusual neighbour. The cheapest chain wins.
//!
//! A word keeps its letters, its case and its punctuation; figures, notations and words that are part
//! of a name are left alone; and a repaired word says so by a confidence that is never above
//! [`REPAIRED`]. What is no mark but a sign the engine has many shapes for is set in order in
//! passing (`signs`).

mod lexicon;
mod marks;
mod signs;

use std::ops::Range;

use sohoa_document::{Line, Word};

use self::{
    lexicon::{BOUNDARY, Lexicon, START},
    marks::{Spelling, skeleton},
};

/// Of what is changed about seven words in ten come out right and two had been right before: too
/// doubtful for a value that nobody looks at again.
pub(crate) const REPAIRED: f32 = 0.7;

/// Prices in nats. A lost tone mark is the engine's commonest error, one taken for another less
/// common, a circumflex, breve, horn or stroke least.
const TONE_LOST: f32 = 6.0;
const TONE_CHANGED: f32 = 7.0;
const LETTER_CHANGED: f32 = 8.0;

/// What it costs more to change a word with a capital inside a line.
const CAPITAL: f32 = 3.0;

/// Fewest words of a line that the next one may go on from: a shorter one stands in a column.
const FEWEST_WORDS: usize = 4;

/// Keeping a reading that is no syllable while there is a syllable it could be.
const NO_SYLLABLE: f32 = 3.0;

/// Above this confidence the engine is believed more, up to twice at 1.
const SURE: f32 = 0.8;

/// Puts marks back.
#[derive(Debug)]
pub(crate) struct Repairer {
    lexicon: Lexicon,
}

impl Repairer {
    /// Reads the counts that are part of the program.
    pub(crate) fn new() -> Self {
        Self { lexicon: Lexicon::built_in() }
    }

    /// Repairs the words of a page; says how many it changed.
    pub(crate) fn lines(&self, lines: &mut [Line]) -> u32 {
        let (mut repaired, mut before) = (0, None);
        for line in lines {
            signs::set_in_order(line);
            let start = before
                .filter(|(block, _)| *block == line.block && goes_on(line))
                .map_or(START, |(_, syllable)| syllable);
            repaired += self.line(line, start);
            before = self.open_end(line).map(|syllable| (line.block, syllable));
        }
        repaired
    }

    /// The last syllable of a line that the next one may go on from.
    fn open_end(&self, line: &Line) -> Option<u32> {
        let last = line.words.last().filter(|_| line.words.len() >= FEWEST_WORDS)?;
        let core = cores(&last.text).pop().filter(|core| core.end == last.text.len())?;
        Some(self.lexicon.find(&last.text[core].to_lowercase()).unwrap_or(lexicon::UNKNOWN))
    }

    /// Repairs the words of one line that begins after `start`; says how many it changed.
    fn line(&self, line: &mut Line, start: u32) -> u32 {
        let cells: Vec<Cell> =
            (0..line.words.len()).flat_map(|at| self.cells(&line.words, at)).collect();
        let mut repaired = 0;
        let chosen = self.cheapest(&cells, start);
        // From behind, so that the places of a word's other syllables stay what they are.
        for (cell, chosen) in cells.iter().zip(chosen).rev() {
            let Some(syllable) = cell.readings[chosen].instead else { continue };
            let word = &mut line.words[cell.word];
            let as_printed = in_case_of(&word.text[cell.core.clone()], self.lexicon.text(syllable));
            word.text.replace_range(cell.core.clone(), &as_printed);
            word.confidence = word.confidence.min(REPAIRED);
            repaired += 1;
        }
        repaired
    }

    /// What a word may have been, syllable by syllable.
    fn cells(&self, words: &[Word], at: usize) -> Vec<Cell> {
        let cores = cores(&words[at].text);
        if cores.is_empty() {
            return vec![Cell::boundary(at)];
        }
        cores.into_iter().map(|core| self.cell(words, at, core)).collect()
    }

    fn cell(&self, words: &[Word], at: usize, core: Range<usize>) -> Cell {
        let word = &words[at];
        let printed = &word.text[core.clone()];
        let read = printed.to_lowercase();
        let known = self.lexicon.find(&read);
        let as_read = Reading { syllable: known, instead: None, price: 0.0 };
        let mut cell = Cell { word: at, core, readings: vec![as_read], name: is_name(words, at) };
        if cell.name {
            return cell;
        }
        let capital = if at > 0 && is_title(printed) { CAPITAL } else { 0.0 };
        let spelling = Spelling::of(&read);
        for &syllable in self.lexicon.alike(&skeleton(&read)) {
            if let Some(price) = price(&spelling, self.lexicon.spelling(syllable)) {
                let price = price * trust(word.confidence) + capital;
                cell.readings.push(Reading {
                    syllable: Some(syllable),
                    instead: Some(syllable),
                    price,
                });
            }
        }
        if known.is_none() && cell.readings.len() > 1 {
            cell.readings[0].price = NO_SYLLABLE;
        }
        cell
    }

    /// The reading of each cell on the cheapest chain.
    fn cheapest(&self, cells: &[Cell], start: u32) -> Vec<usize> {
        let mut before = vec![(start, 0.0_f32)];
        let mut steps: Vec<Vec<usize>> = Vec::with_capacity(cells.len());
        for cell in cells {
            let mut now = Vec::with_capacity(cell.readings.len());
            let mut from = Vec::with_capacity(cell.readings.len());
            for reading in &cell.readings {
                let (step, price) = before
                    .iter()
                    .map(|&(left, paid)| {
                        if cell.name {
                            paid
                        } else {
                            paid + self.lexicon.surprise(left, reading.syllable)
                        }
                    })
                    .enumerate()
                    .min_by(|a, b| a.1.total_cmp(&b.1))
                    .unwrap_or((0, 0.0));
                now.push((reading.syllable.unwrap_or(lexicon::UNKNOWN), price + reading.price));
                from.push(step);
            }
            steps.push(from);
            before = now;
        }
        let ends = before.iter().enumerate().min_by(|a, b| a.1.1.total_cmp(&b.1.1));
        let mut at = ends.map_or(0, |(at, _)| at);
        let mut chosen = vec![0; cells.len()];
        for (place, from) in chosen.iter_mut().zip(&steps).rev() {
            *place = at;
            at = from[at];
        }
        chosen
    }
}

/// One syllable of the chain.
struct Cell {
    /// The number of its word in the line.
    word: usize,
    /// Where its letters stand in the word's text.
    core: Range<usize>,
    /// The first is what was read.
    readings: Vec<Reading>,
    /// Part of a name, which may stand after anything.
    name: bool,
}

impl Cell {
    /// A figure, a notation, a stop: nothing to repair, and what follows starts afresh.
    fn boundary(word: usize) -> Self {
        let reading = Reading { syllable: Some(BOUNDARY), instead: None, price: 0.0 };
        Self { word, core: 0..0, readings: vec![reading], name: false }
    }
}

struct Reading {
    /// `None` for letters that are no syllable.
    syllable: Option<u32>,
    /// What to write in place of what was read.
    instead: Option<u32>,
    price: f32,
}

/// The runs of letters of a word without figures: one, or several with strokes between them
/// (`huyện/thị/thành`). Runs of capitals are a notation (`QĐ/UB`), and left alone.
fn cores(text: &str) -> Vec<Range<usize>> {
    let Some(start) = text.find(char::is_alphanumeric) else { return Vec::new() };
    let end = text
        .rfind(char::is_alphanumeric)
        .map_or(start, |last| last + text[last..].chars().next().map_or(0, char::len_utf8));
    let mut runs = Vec::new();
    let mut from = start;
    for run in text[start..end].split('/') {
        runs.push(from..from + run.len());
        from += run.len() + 1;
    }
    let letters =
        |run: &Range<usize>| !run.is_empty() && text[run.clone()].chars().all(char::is_alphabetic);
    // `đ/c` and `V/v` are no syllables.
    let is_word = |run: &Range<usize>| {
        let run = &text[run.clone()];
        run.contains(char::is_lowercase) && run.chars().nth(1).is_some()
    };
    let readable = runs.iter().all(letters) && (runs.len() == 1 || runs.iter().all(is_word));
    if readable { runs } else { Vec::new() }
}

/// Whether a line goes on where another ended: it begins with a small letter.
fn goes_on(line: &Line) -> bool {
    let first = line.words.first().and_then(|word| word.text.chars().next());
    first.is_some_and(char::is_lowercase)
}

/// Whether a word has a capital inside a line and stands beside another such word: names of people
/// and places have two syllables at least.
fn is_name(words: &[Word], at: usize) -> bool {
    let is_title = |word: Option<&Word>| {
        word.is_some_and(|word| is_title(word.text.trim_matches(|c: char| !c.is_alphanumeric())))
    };
    at > 0
        && is_title(words.get(at))
        && (is_title(words.get(at - 1)) || is_title(words.get(at + 1)))
}

fn is_title(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(char::is_uppercase) && chars.any(char::is_lowercase)
}

/// `syllable` in the capitals `printed` has.
fn in_case_of(printed: &str, syllable: &str) -> String {
    let mut letters = printed.chars().filter(|c| c.is_alphabetic());
    let capital = letters.next().is_some_and(char::is_uppercase);
    let all = printed.chars().count() > 1 && letters.all(char::is_uppercase);
    match (capital, all) {
        (true, true) => syllable.to_uppercase(),
        (true, false) => {
            let mut chars = syllable.chars();
            chars
                .next()
                .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
        }
        (false, _) => syllable.to_owned(),
    }
}

/// What it costs to believe that `meant` was printed where `read` was read; `None` where the two
/// are one syllable, in the older or the newer way to place its mark.
fn price(read: &Spelling, meant: &Spelling) -> Option<f32> {
    let mut price = 0.0;
    if read.letters != meant.letters {
        price += LETTER_CHANGED;
    }
    if read.tone != meant.tone {
        price += if read.tone.is_none() { TONE_LOST } else { TONE_CHANGED };
    }
    (price > 0.0).then_some(price)
}

fn trust(confidence: f32) -> f32 {
    1.0 + ((confidence - SURE) / (1.0 - SURE)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sohoa_document::Rect;

    use super::*;

    fn line(words: &[(&str, f32)]) -> Line {
        let bbox = Rect::new(0.0, 0.0, 10.0, 10.0);
        let words = words.iter().map(|(text, confidence)| Word {
            text: (*text).into(),
            bbox,
            confidence: *confidence,
        });
        Line { words: words.collect(), bbox, baseline: (10.0, 10.0), block: 0 }
    }

    fn repaired(text: &str) -> String {
        let words: Vec<(&str, f32)> = text.split(' ').map(|word| (word, 0.8)).collect();
        let mut line = line(&words);
        Repairer::new().lines(std::slice::from_mut(&mut line));
        line.text()
    }

    #[test]
    fn lost_marks_come_back_where_the_neighbours_bear_it_out() {
        assert_eq!(repaired("sửa đôi, bô sung"), "sửa đổi, bổ sung");
        assert_eq!(repaired("thủ tướng Chính phú"), "thủ tướng Chính phủ");
        assert_eq!(repaired("QUYÉT ĐỊNH"), "QUYẾT ĐỊNH");
        assert_eq!(repaired("cơ quan có thâm quyên"), "cơ quan có thẩm quyền");
    }

    #[test]
    fn syllables_with_strokes_between_them_are_syllables() {
        assert_eq!(
            repaired("các huyện/thị/thành phó trong tỉnh"),
            "các huyện/thị/thành phố trong tỉnh"
        );
        assert_eq!(repaired("nhiệm vụ và/hoặc quyên hạn"), "nhiệm vụ và/hoặc quyền hạn");
        assert_eq!(repaired("12/QĐ-UB và QĐ/UB, TB/TƯ"), "12/QĐ-UB và QĐ/UB, TB/TƯ");
    }

    #[test]
    fn what_stands_is_kept() {
        for text in [
            "Ủy ban nhân dân tỉnh",
            "217/QĐ-UBND ngày 01 tháng 02",
            "Kiên Giang",
            "hoà bình",
            "hòa bình",
            "qwxz (@) ...",
        ] {
            assert_eq!(repaired(text), text);
        }
    }

    #[test]
    fn names_are_not_touched() {
        assert_eq!(repaired("ông Huỳnh Vĩnh Lạc"), "ông Huỳnh Vĩnh Lạc");
        assert_eq!(repaired("tỉnh Cà Mau"), "tỉnh Cà Mau");
    }

    #[test]
    fn a_capital_alone_is_no_name() {
        assert_eq!(repaired("thực hiện Quyêt định số"), "thực hiện Quyết định số");
        assert_eq!(repaired("và Hôi đồng nhân dân"), "và Hội đồng nhân dân");
        assert_eq!(repaired("và Hôi Đồng nhân dân"), "và Hôi Đồng nhân dân");
    }

    #[test]
    fn a_line_goes_on_from_the_one_before() {
        let line = |text: &str, block| {
            let words: Vec<(&str, f32)> = text.split(' ').map(|word| (word, 0.8)).collect();
            Line { block, ..line(&words) }
        };
        let read = |second: u32| {
            let mut lines = [line("gửi về văn phòng của giám", 0), line("độc", second)];
            Repairer::new().lines(&mut lines);
            lines[1].text()
        };
        assert_eq!(read(0), "đốc");
        assert_eq!(read(1), "độc", "another column");
    }

    #[test]
    fn a_repaired_word_is_not_sure_and_is_counted() {
        let mut line = line(&[("bô", 0.85), ("sung", 0.95)]);
        assert_eq!(Repairer::new().lines(std::slice::from_mut(&mut line)), 1);
        assert!(line.words[0].confidence <= REPAIRED);
        assert_eq!(line.words[1].confidence, 0.95);
    }

    proptest! {
        #[test]
        fn letters_case_and_punctuation_stay(
            words in prop::collection::vec("[(\"]?[A-Za-zàảãáạăằâầấđèẽêềếìíòôồốơờùưừỳ]{1,6}[,.;:)]?|[0-9/.-]{1,6}", 0..12)
        ) {
            let pairs: Vec<(&str, f32)> = words.iter().map(|word| (word.as_str(), 0.5)).collect();
            let mut line = line(&pairs);
            Repairer::new().line(&mut line, START);
            for (word, read) in line.words.iter().zip(&words) {
                prop_assert_eq!(skeleton(&word.text.to_lowercase()), skeleton(&read.to_lowercase()));
                let case = |text: &str| text.chars().next().map(char::is_uppercase);
                prop_assert_eq!(case(&word.text), case(read));
            }
        }
    }
}
