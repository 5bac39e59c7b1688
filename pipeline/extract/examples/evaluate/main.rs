//! Extraction against known metadata, one table.
//!
//! `evaluate TRUTH.jsonl FOLDER [ROWS.jsonl]` reads every page of `FOLDER` named `<file stem>.p<page>.tsv`
//! (Tesseract's TSV of a page rendered at 200 dpi) or `<file stem>.p<page>.json` (a `PageText`),
//! extracts each file and compares with the truth: printed and handwritten apart, even and odd
//! file numbers apart (tune on one half, look at the other). Values are compared folded; a subject
//! is right within a tenth of its length. `ROWS.jsonl` is what the index would hold of each file,
//! for `bench/fields.py`.

mod compare;
mod pages;
mod rows;

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use compare::Compared;
use sohoa_document::PageText;
use sohoa_extract::{Context, extract};

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

/// Everything counted and listed over all files.
#[derive(Default)]
struct Score {
    tallies: BTreeMap<(&'static str, &'static str, &'static str), Tally>,
    doubted: Vec<String>,
    wrong: Vec<String>,
    /// Edit distances of subjects, by half.
    distances: BTreeMap<&'static str, Vec<f32>>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(truth), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: evaluate TRUTH.jsonl FOLDER".into());
    };
    let rows_file = arguments.next();
    let mut rows = String::new();
    let mut score = Score::default();
    for line in fs::read_to_string(truth)?.lines() {
        let truth: serde_json::Value = serde_json::from_str(line)?;
        let file = truth["file"].as_str().unwrap_or_default();
        let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let texts = pages::read(&folder, stem)?;
        let pages: Vec<(u32, &PageText)> = texts.iter().map(|(page, text)| (*page, text)).collect();
        let found = extract(&pages, &Context { scan_year: 2026, accept_line: ACCEPT });
        let Some(segment) = found.segments.first() else {
            println!("no pages: {file}");
            continue;
        };
        if found.segments.len() > 1 {
            let starts: Vec<u32> = found.segments.iter().map(|segment| segment.page_from).collect();
            println!("segments of {stem}: {starts:?}");
        }
        rows.push_str(&rows::row(file, &segment.fields, ACCEPT)?);
        for compared in compare::all(&truth, &segment.fields) {
            score.count(stem, &compared);
        }
    }
    if let Some(path) = rows_file {
        fs::write(path, rows)?;
    }
    score.print();
    Ok(())
}

impl Score {
    fn count(&mut self, stem: &str, compared: &Compared) {
        let digits: String = stem.chars().filter(char::is_ascii_digit).take(3).collect();
        let even = digits.parse::<u32>().is_ok_and(|number| number % 2 == 0);
        let half = if even { "even" } else { "odd" };
        let Compared { field, hand, expected, found } = compared;
        let tally = self.tallies.entry((field, hand, half)).or_default();
        let accepted = found.as_ref().is_some_and(|(_, p)| *p >= ACCEPT);
        if let (&"subject", Some(distance)) = (field, compared.distance()) {
            self.distances.entry(half).or_default().push(distance);
        }
        match (expected, found) {
            (None, None) => {}
            (Some(_), None) => tally.null += 1,
            (Some(_), Some((value, p))) if compared.same() => {
                tally.right += 1;
                tally.right_accepted += usize::from(accepted);
                if !accepted {
                    self.doubted.push(format!("   {field:<9} {stem:.6} {hand} p={p:.3} `{value}`"));
                }
            }
            (expected, Some((value, p))) => {
                tally.spurious += usize::from(expected.is_none());
                tally.wrong += usize::from(expected.is_some());
                tally.wrong_accepted += usize::from(accepted && expected.is_some());
                let mark = if accepted { "!!" } else { "  " };
                let expected = expected.as_deref().unwrap_or("-");
                self.wrong.push(format!(
                    "{mark} {field:<9} {stem:.6} {hand} p={p:.3} `{value}` for `{expected}`"
                ));
            }
        }
    }

    fn print(&mut self) {
        self.doubted.sort();
        self.wrong.sort();
        println!("right, below the accept line:\n{}", self.doubted.join("\n"));
        println!("wrong (`!!`: accepted):\n{}", self.wrong.join("\n"));
        println!(
            "{:<9} {:<8} {:<5} {:>5} {:>6} {:>5} {:>8} {:>5} {:>8}",
            "field", "hand", "half", "right", ">=0.9", "wrong", "wrong>=.9", "null", "spurious"
        );
        for ((field, hand, half), tally) in &self.tallies {
            println!(
                "{field:<9} {hand:<8} {half:<5} {:>5} {:>6} {:>5} {:>8} {:>5} {:>8}",
                tally.right,
                tally.right_accepted,
                tally.wrong,
                tally.wrong_accepted,
                tally.null,
                tally.spurious
            );
        }
        for (half, list) in &mut self.distances {
            list.sort_by(f32::total_cmp);
            let median = list[list.len() / 2];
            println!(
                "subject, normalised edit distance, {half}: median {median:.3} of {}",
                list.len()
            );
        }
    }
}
