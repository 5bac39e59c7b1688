//! Extraction against known metadata, one table.
//!
//! `evaluate TRUTH.jsonl FOLDER [SCANS-FOLDER-NAME]` reads every page of `FOLDER` named
//! `<file stem>.p<page>.tsv` (Tesseract's TSV, page height taken as A4 when the resolution is not
//! known) or `<file stem>.p<page>.json` (a `PageText`), extracts each file and compares with the
//! truth: printed and handwritten apart, even and odd files apart. Values are compared folded.

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use sohoa_document::{Line, PageText, Rect, TextOrigin, Word, fold::fold};
use sohoa_extract::{Context, Fields, extract};

/// The TSV's pages were rendered at this resolution.
const DPI: f32 = 200.0;
const ACCEPT: f32 = 0.9;

#[derive(Default)]
struct Tally {
    right: usize,
    right_accepted: usize,
    wrong: usize,
    wrong_accepted: usize,
    null: usize,
    spurious: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(truth), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: evaluate TRUTH.jsonl FOLDER".into());
    };
    let mut tallies: BTreeMap<(String, &'static str, &'static str), Tally> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut doubted = Vec::new();
    let mut distances: [Vec<f32>; 2] = Default::default();
    for line in fs::read_to_string(truth)?.lines() {
        let truth: serde_json::Value = serde_json::from_str(line)?;
        let file = truth["file"].as_str().unwrap_or_default();
        let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let texts = pages(&folder, stem)?;
        let pages: Vec<(u32, &PageText)> = texts.iter().map(|(page, text)| (*page, text)).collect();
        let extraction = extract(&pages, &Context { scan_year: 2026, accept_line: ACCEPT });
        let Some(segment) = extraction.segments.first() else {
            println!("no pages: {file}");
            continue;
        };
        if extraction.segments.len() > 1 {
            let starts: Vec<u32> = extraction.segments.iter().map(|s| s.page_from).collect();
            println!("segments of {stem}: {starts:?}");
        }
        let digits: String = stem.chars().skip(1).take(3).collect();
        let half = if digits.parse::<u32>().is_ok_and(|n| n % 2 == 0) { "even" } else { "odd" };
        for (field, hand, expected, found) in compare(&truth, &segment.fields) {
            let tally = tallies.entry((field.to_owned(), hand, half)).or_default();
            let accepted = found.as_ref().is_some_and(|(_, p)| *p >= ACCEPT);
            let same = match (&expected, &found) {
                (Some(expected), Some((value, _))) if field == "subject" => {
                    let distance = distance(&about(expected), &about(value));
                    distances[usize::from(half == "odd")].push(distance);
                    distance <= 0.1
                }
                (Some(expected), Some((value, _))) => key(expected) == key(value),
                _ => false,
            };
            match (&expected, &found) {
                (None, None) => {}
                (Some(expected), None) => {
                    tally.null += 1;
                    if hand == "print"
                        && matches!(
                            field,
                            "number"
                                | "full"
                                | "notation"
                                | "date"
                                | "place"
                                | "organ"
                                | "subject"
                                | "type"
                        )
                    {
                        doubted.push(format!("{field:<9} {stem:.6} {hand} none for `{expected}`"));
                    }
                }
                (Some(_), Some(_)) if same => {
                    tally.right += 1;
                    tally.right_accepted += usize::from(accepted);
                    if let (false, Some((value, p))) = (accepted, &found) {
                        doubted.push(format!("{field:<9} {stem:.6} {hand} p={p:.3} `{value}`"));
                    }
                }
                (expected, Some((value, p))) => {
                    if expected.is_none() {
                        tally.spurious += 1
                    } else {
                        tally.wrong += 1
                    }
                    tally.wrong_accepted += usize::from(accepted && expected.is_some());
                    let mark = if accepted { "!!" } else { "  " };
                    let expected = expected.as_deref().unwrap_or("-");
                    wrong.push(format!(
                        "{mark} {field:<9} {stem:.6} {hand} p={p:.3} `{value}` for `{expected}`"
                    ));
                }
            }
        }
    }
    doubted.sort();
    println!("right, below the accept line:");
    for line in &doubted {
        println!("   {line}");
    }
    wrong.sort();
    println!("wrong (`!!`: accepted):");
    for line in &wrong {
        println!("{line}");
    }
    print(&tallies);
    for (half, list) in ["even", "odd"].iter().zip(&mut distances) {
        list.sort_by(f32::total_cmp);
        if let Some(median) = list.get(list.len() / 2) {
            println!(
                "subject, normalised edit distance, {half}: median {median:.3} of {}",
                list.len()
            );
        }
    }
    Ok(())
}

type Compared = (&'static str, &'static str, Option<String>, Option<(String, f32)>);

fn compare(truth: &serde_json::Value, fields: &Fields) -> Vec<Compared> {
    let hand = |key: &str| match truth[key].as_bool() {
        Some(true) => "hand",
        Some(false) => "print",
        None => "unknown",
    };
    let text = |key: &str| truth[key].as_str().map(str::to_owned);
    let read = |field: &Option<sohoa_document::Field<String>>| {
        field.as_ref().map(|field| (field.value.clone(), field.probability))
    };
    let date =
        fields.issued_date.as_ref().map(|field| (field.value.to_string(), field.probability));
    // Two offices without an authority between them are both the signer's; the first is his here.
    let title = text("signer_title").map(|title| {
        if let Some((own, _)) = title.split_once(" - ").filter(|(own, _)| !own.contains('.')) {
            return own.to_owned();
        }
        title
            .rsplit(" - ")
            .next()
            .unwrap_or_default()
            .trim_start_matches("KT. ")
            .trim_start_matches("TL. ")
            .to_owned()
    });
    let notation = text("notation").map(|full| match full.split_once(['/', '-']) {
        Some((_, notation)) => notation.to_owned(),
        None => full,
    });
    vec![
        ("number", hand("number_handwritten"), text("number"), read(&fields.code_number)),
        ("full", hand("number_handwritten"), text("notation"), read(&fields.code_full)),
        ("notation", "print", notation, read(&fields.code_notation)),
        ("date", hand("date_handwritten"), text("issued_date"), date),
        ("place", "print", text("place"), read(&fields.issued_place)),
        ("type", "print", text("doc_type"), read(&fields.type_name)),
        ("organ", "print", text("issuing_org"), read(&fields.organ_name)),
        ("parent", "print", text("parent_org"), read(&fields.parent_organ_name)),
        ("subject", "print", text("subject"), read(&fields.subject)),
        ("signer", "print", text("signer_name"), read(&fields.signer_name)),
        ("title", "print", title, read(&fields.signer_title)),
        (
            "urgency",
            "print",
            text("notes").and_then(|notes| urgency(&notes)),
            fields.urgency_level.as_ref().map(|f| (f.value.as_str().to_owned(), f.probability)),
        ),
        (
            "secrecy",
            "print",
            None,
            fields.secrecy_level.as_ref().map(|f| (f.value.as_str().to_owned(), f.probability)),
        ),
    ]
}

/// The stamp named in the truth's notes.
fn urgency(notes: &str) -> Option<String> {
    let rest = notes.split_once("urgency ")?.1;
    Some(if rest.starts_with("HỎA") { "hoa_toc" } else { "khan" }.to_owned())
}

/// The comparison key: folded, without spaces or punctuation that carries nothing.
fn key(text: &str) -> String {
    let text = fold(text).replace("uy ban nhan dan", "ubnd");
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '/' | '-' | '_')).collect()
}

fn about(text: &str) -> Vec<char> {
    let folded = fold(text);
    folded.trim_start_matches("v/v").trim().trim_end_matches('.').chars().collect()
}

/// Edits over the longer length.
fn distance(a: &[char], b: &[char]) -> f32 {
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            row.push((above[j] + usize::from(x != y)).min(above[j + 1] + 1).min(row[j] + 1));
        }
        above = row;
    }
    above[b.len()] as f32 / a.len().max(b.len()).max(1) as f32
}

fn print(tallies: &BTreeMap<(String, &'static str, &'static str), Tally>) {
    println!(
        "{:<9} {:<8} {:<5} {:>5} {:>6} {:>5} {:>8} {:>5} {:>8}",
        "field", "hand", "half", "right", ">=0.9", "wrong", "wrong>=.9", "null", "spurious"
    );
    for ((field, hand, half), t) in tallies {
        println!(
            "{field:<9} {hand:<8} {half:<5} {:>5} {:>6} {:>5} {:>8} {:>5} {:>8}",
            t.right, t.right_accepted, t.wrong, t.wrong_accepted, t.null, t.spurious
        );
    }
}

fn pages(folder: &Path, stem: &str) -> Result<Vec<(u32, PageText)>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
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

/// A page from Tesseract's TSV: level 1 the page, level 4 a line, level 5 a word.
fn tsv(text: &str) -> PageText {
    let scale = 72.0 / DPI;
    let mut page = PageText::empty(595.0, 842.0);
    page.origin = TextOrigin::Ocr;
    for row in text.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let number =
            |at: usize| cells.get(at).and_then(|cell| cell.parse::<f32>().ok()).unwrap_or(0.0);
        let (x, y, w, h) =
            (number(6) * scale, number(7) * scale, number(8) * scale, number(9) * scale);
        let bbox = Rect::new(x, y, x + w, y + h);
        match cells.first() {
            Some(&"1") => (page.width, page.height) = (w, h),
            Some(&"4") => page.lines.push(Line {
                words: Vec::new(),
                bbox,
                baseline: (bbox.y1, bbox.y1),
                block: number(2) as u32,
            }),
            Some(&"5") if cells.get(11).is_some_and(|word| !word.trim().is_empty()) => {
                if let Some(line) = page.lines.last_mut() {
                    line.words.push(Word {
                        text: cells[11].to_owned(),
                        bbox,
                        confidence: number(10) / 100.0,
                    });
                }
            }
            _ => {}
        }
    }
    page.lines.retain(|line| !line.words.is_empty());
    page
}
