//! Pages as recognised by someone else: Tesseract's TSV, or `PageText` as JSON.

use std::{error::Error, fs, path::Path};

use sohoa_document::{Line, PageText, Rect, TextOrigin, Word};

/// The TSV's pages were rendered at this resolution.
const DPI: f32 = 200.0;

/// The pages of one file in the folder, by page number.
pub(crate) fn read(folder: &Path, stem: &str) -> Result<Vec<(u32, PageText)>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(rest) = name.strip_prefix(stem).and_then(|rest| rest.strip_prefix(".p")) else {
            continue;
        };
        if let Some(page) = rest.strip_suffix(".json").and_then(|page| page.parse().ok()) {
            found.push((page, serde_json::from_str(&fs::read_to_string(&path)?)?));
        } else if let Some(page) = rest.strip_suffix(".tsv").and_then(|page| page.parse().ok()) {
            found.push((page, tsv(&fs::read_to_string(&path)?)));
        }
    }
    found.sort_by_key(|(page, _)| *page);
    Ok(found)
}

/// Level 1 is the page, level 4 a line, level 5 a word.
fn tsv(text: &str) -> PageText {
    let scale = 72.0 / DPI;
    let mut page = PageText::empty(595.0, 842.0);
    page.origin = TextOrigin::Ocr;
    for row in text.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let number = |at: usize| cells.get(at).and_then(|cell| cell.parse().ok()).unwrap_or(0.0f32);
        let (x, y) = (number(6) * scale, number(7) * scale);
        let (width, height) = (number(8) * scale, number(9) * scale);
        let bbox = Rect::new(x, y, x + width, y + height);
        let word = cells.get(11).copied().unwrap_or_default().trim();
        match cells.first() {
            Some(&"1") => (page.width, page.height) = (width, height),
            Some(&"4") => page.lines.push(Line {
                words: Vec::new(),
                bbox,
                baseline: (bbox.y1, bbox.y1),
                block: number(2) as u32,
            }),
            Some(&"5") if !word.is_empty() => {
                let word = Word { text: word.to_owned(), bbox, confidence: number(10) / 100.0 };
                page.lines.last_mut().into_iter().for_each(|line| line.words.push(word.clone()));
            }
            _ => {}
        }
    }
    page.lines.retain(|line| !line.words.is_empty());
    page
}
