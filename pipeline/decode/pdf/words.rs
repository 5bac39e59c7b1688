//! Words with boxes out of glyphs, and lines out of words.

use hayro_interpret::kurbo::Point;
use sohoa_document::{Line, PageText, Rect, TextOrigin, Word};
use unicode_normalization::UnicodeNormalization;

use super::observe::{GlyphMark, Observed};

/// A gap wider than this part of the em parts two words without a space between them.
const WORD_GAP: f64 = 0.12;
/// A gap wider than this many ems parts two columns.
const COLUMN_GAP: f32 = 2.2;

/// A word before it has its line.
struct Draft {
    text: String,
    bbox: Rect,
    baseline: f32,
    em: f32,
    /// A space follows: it never joins its neighbour.
    closed: bool,
}

/// The text layer of a page.
pub(super) fn layer(observed: &Observed) -> PageText {
    let mut drafts = drafts(&observed.glyphs);
    drafts.retain(|draft| !draft.text.is_empty());
    let lines = lines(drafts);
    PageText {
        lines,
        origin: TextOrigin::Layer,
        ..PageText::empty(observed.size.0 as f32, observed.size.1 as f32)
    }
}

fn drafts(glyphs: &[GlyphMark]) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut end: Option<Point> = None;
    for glyph in glyphs {
        if glyph.text.chars().all(char::is_whitespace) {
            if let Some(last) = drafts.last_mut() {
                last.closed = true;
            }
            end = None;
            continue;
        }
        let follows = end.is_some_and(|end| end.distance(glyph.start) < WORD_GAP * glyph.em);
        match drafts.last_mut().filter(|_| follows) {
            Some(word) => {
                word.text.push_str(glyph.text.trim());
                word.bbox = word.bbox.union(&rect(glyph));
            }
            None => drafts.push(Draft {
                text: glyph.text.trim().to_owned(),
                bbox: rect(glyph),
                baseline: glyph.start.y as f32,
                em: glyph.em as f32,
                closed: false,
            }),
        }
        end = Some(glyph.end);
        // A glyph that stands for a word's end as well, as some writers map it.
        if glyph.text.ends_with(char::is_whitespace) {
            end = None;
        }
    }
    drafts
}

fn rect(glyph: &GlyphMark) -> Rect {
    let b = glyph.bounds;
    Rect::new(b.x0 as f32, b.y0 as f32, b.x1 as f32, b.y1 as f32)
}

/// Sorts words into lines top down, and parts lines at column gaps.
fn lines(mut drafts: Vec<Draft>) -> Vec<Line> {
    drafts.sort_by(|a, b| a.baseline.total_cmp(&b.baseline));
    let mut rows: Vec<Vec<Draft>> = Vec::new();
    for draft in drafts {
        match rows.last_mut() {
            Some(row)
                if row.last().is_some_and(|last| {
                    draft.baseline - last.baseline < 0.35 * draft.em.min(last.em)
                }) =>
            {
                row.push(draft);
            }
            _ => rows.push(vec![draft]),
        }
    }
    let mut lines: Vec<Line> = rows.into_iter().flat_map(columns).collect();
    number_blocks(&mut lines);
    lines
}

fn columns(mut row: Vec<Draft>) -> Vec<Line> {
    row.sort_by(|a, b| a.bbox.x0.total_cmp(&b.bbox.x0));
    let mut parts: Vec<Vec<Draft>> = Vec::new();
    for draft in row {
        let Some(part) = parts.last_mut() else {
            parts.push(vec![draft]);
            continue;
        };
        let Some(last) = part.last_mut() else { continue };
        let gap = draft.bbox.x0 - last.bbox.x1;
        let em = draft.em.max(last.em);
        let twice = draft.text == last.text && gap < -0.8 * draft.bbox.width();
        if twice {
            // Drawn twice to look bold.
            continue;
        }
        if !last.closed && gap.abs() < 0.1 * em {
            last.text.push_str(&draft.text);
            last.bbox = last.bbox.union(&draft.bbox);
            last.closed = draft.closed;
        } else if gap > COLUMN_GAP * em {
            parts.push(vec![draft]);
        } else {
            part.push(draft);
        }
    }
    parts.into_iter().filter_map(line).collect()
}

fn line(drafts: Vec<Draft>) -> Option<Line> {
    let baseline = drafts.first()?.baseline;
    let words: Vec<Word> = drafts
        .into_iter()
        .map(|draft| Word { text: draft.text.nfc().collect(), bbox: draft.bbox, confidence: 1.0 })
        .collect();
    let bbox = Rect::around(words.iter().map(|word| &word.bbox))?;
    Some(Line { words, bbox, baseline: (baseline, baseline), block: 0 })
}

/// A block goes on while lines follow closely under one another.
fn number_blocks(lines: &mut [Line]) {
    let mut fresh = 0;
    for index in 0..lines.len() {
        let (before, rest) = lines.split_at_mut(index);
        let Some(line) = rest.first_mut() else { continue };
        let above = before.iter().rev().take(8).find(|other| {
            let apart = line.bbox.y0 - other.bbox.y1;
            apart < 0.9 * line.bbox.height()
                && apart > -0.5 * line.bbox.height()
                && line.bbox.x0 < other.bbox.x1
                && other.bbox.x0 < line.bbox.x1
        });
        line.block = above.map_or(fresh, |other| other.block);
        fresh = fresh.max(line.block + 1);
    }
}

#[cfg(test)]
mod tests {
    use hayro_interpret::kurbo::Rect as Box2;

    use super::*;

    /// Glyphs of 5 points each from `x` on, ten points high.
    fn write(glyphs: &mut Vec<GlyphMark>, text: &str, x: f64, y: f64) {
        for (c, at) in text.chars().zip(0_u16..) {
            let left = x + 5.0 * f64::from(at);
            glyphs.push(GlyphMark {
                text: c.to_string(),
                start: Point::new(left, y),
                end: Point::new(left + 5.0, y),
                bounds: Box2::new(left, y - 7.6, left + 5.0, y + 2.2),
                em: 10.0,
                visible: true,
                order: 0,
            });
        }
    }

    fn read(glyphs: Vec<GlyphMark>) -> PageText {
        layer(&Observed { size: (595.0, 842.0), glyphs, ..Observed::default() })
    }

    #[test]
    fn columns_part_and_lines_run_top_down_whatever_the_order_drawn() {
        let mut glyphs = Vec::new();
        write(&mut glyphs, "Số: 12/KH", 50.0, 120.0);
        write(&mut glyphs, "CỘNG HÒA", 300.0, 100.5);
        write(&mut glyphs, "SỞ Y TẾ", 50.0, 100.0);
        let text = read(glyphs);
        let lines: Vec<String> = text.lines.iter().map(Line::text).collect();
        assert_eq!(lines, ["SỞ Y TẾ", "CỘNG HÒA", "Số: 12/KH"]);
        assert_ne!(text.lines[0].block, text.lines[1].block);
        assert_eq!(text.lines[0].words[0].bbox, Rect::new(50.0, 92.4, 60.0, 102.2));
    }

    #[test]
    fn gaps_without_a_space_part_words_and_pieces_of_a_word_join() {
        let mut glyphs = Vec::new();
        write(&mut glyphs, "nhân", 50.0, 100.0);
        write(&mut glyphs, "dân", 72.0, 100.0);
        write(&mut glyphs, "qu", 150.0, 100.0);
        write(&mut glyphs, "xa", 200.0, 100.0);
        write(&mut glyphs, "yết", 160.3, 100.0);
        assert_eq!(read(glyphs).plain(), "nhân dân\n\nquyết\n\nxa\n");
    }

    #[test]
    fn letters_and_their_marks_are_composed() {
        let mut glyphs = Vec::new();
        write(&mut glyphs, "e\u{302}\u{301}", 50.0, 100.0);
        assert_eq!(
            read(glyphs).words().next().map(|word| word.text.clone()),
            Some("\u{1ebf}".into())
        );
    }
}
