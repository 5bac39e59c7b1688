//! What a page worker reads, kept for the extraction's example `evaluate`.
//!
//! `words [--first] FOLDER FILE…` writes each page's text to `FOLDER/<file stem>.p<page>.json`, so
//! that rules of extraction can be weighed without recognising anything again; the last lines say
//! what recognition cost, and on which steps the CPU time went. `--first` leaves out every page but a file's first.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use sohoa_decode::{Keep, Limits};
use sohoa_ocr::EngineConfig;
use sohoa_page_workers::{Care, DecodeAndRecognise, PageEngine, PageJob};
use sohoa_schemas::summary::StepSeconds;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from).peekable();
    let first = arguments.next_if(|argument| argument.as_os_str() == "--first").is_some();
    let most = if first { 1 } else { usize::MAX };
    let folder = arguments.next().ok_or("usage: words [--first] FOLDER FILE…")?;
    fs::create_dir_all(&folder)?;
    let mut engine = DecodeAndRecognise::new(&EngineConfig::default(), Limits::default())?;
    let (mut costs, mut spent) = (Vec::new(), StepSeconds::default());
    for path in arguments {
        for (milliseconds, cpu) in keep(&mut engine, &path, &folder, most)? {
            costs.push(milliseconds);
            spent += cpu;
        }
    }
    println!("{} ms in {} pages", costs.iter().sum::<u64>(), costs.len());
    for (step, seconds) in spent.by_step().into_iter().filter(|(_, seconds)| *seconds > 0.0) {
        println!("{step:<16}{seconds:>9.2} s{:>7.1} %", 100.0 * seconds / spent.total());
    }
    Ok(())
}

/// Milliseconds each page of the file took to be read, and the CPU time of its steps.
fn keep(
    engine: &mut DecodeAndRecognise,
    path: &Path,
    folder: &Path,
    most: usize,
) -> Result<Vec<(u64, StepSeconds)>, Box<dyn Error>> {
    let survey = engine.survey(path)?;
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let mut costs = Vec::new();
    for (number, &megapixels) in (1..).zip(&survey.page_megapixels).take(most) {
        let origin = survey.origin;
        let job = PageJob { path: path.to_owned(), number, origin, megapixels, keep: Keep::Stream };
        let page = engine.page(&job, Care::Full)?;
        let to = folder.join(format!("{stem}.p{number}.json"));
        fs::write(to, serde_json::to_string(&page.text)?)?;
        costs.push((page.facts.ocr_ms.into(), page.facts.cpu));
    }
    Ok(costs)
}
