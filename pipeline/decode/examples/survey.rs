//! Prints the survey of each file given, a JSON line each; with `--pages`, decodes every page too.
//!
//! ```text
//! survey [--pages] [--save DIRECTORY] FILE...
//! ```
//! `--save` writes each page's raster as PNG. A file that cannot be decoded gets a line with its
//! finding code and reason, and the exit code is 1.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use serde_json::{Value, json};
use sohoa_decode::{DecodeError, DecodedPage, Keep, Limits, Survey, open};

#[derive(Default)]
struct Options {
    pages: bool,
    save: Option<PathBuf>,
    files: Vec<PathBuf>,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut options = Options::default();
    let mut arguments = env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--pages") => options.pages = true,
            Some("--save") => {
                options.save = Some(arguments.next().ok_or("--save needs a folder")?.into());
            }
            _ => options.files.push(argument.into()),
        }
    }
    let mut failed = false;
    for file in &options.files {
        let started = Instant::now();
        let mut line = json!({ "file": file });
        match examine(file, &options) {
            Ok((survey, pages)) => {
                line["survey"] = serde_json::to_value(survey)?;
                failed |= pages.iter().any(|page| page.get("code").is_some());
                line["decoded"] = Value::Array(pages);
            }
            Err(error) => {
                failed = true;
                line["code"] = json!(error.code());
                line["reason"] = json!(error.to_string());
            }
        }
        line["ms"] = json!(started.elapsed().as_millis() as u64);
        println!("{line}");
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn examine(file: &Path, options: &Options) -> Result<(Survey, Vec<Value>), DecodeError> {
    let mut source = open(file, &Limits::default())?;
    let survey = source.survey()?;
    let mut pages = Vec::new();
    if options.pages || options.save.is_some() {
        for number in 1..=source.page_count() {
            pages.push(match source.page(number, survey.origin, Keep::Stream) {
                Ok(page) => {
                    save(&page, file, number, options);
                    describe(&page)
                }
                Err(error) => json!({ "code": error.code(), "reason": error.to_string() }),
            });
        }
    }
    Ok((survey, pages))
}

fn describe(page: &DecodedPage) -> Value {
    let images = page.scan.iter().flat_map(|scan| &scan.images).map(|(place, image)| {
        json!({
            "rect": place.rect,
            "codec": image.codec,
            "size": [image.width, image.height],
            "bits": image.bits,
            "bytes": image.data.len(),
            "original": image.original_stream,
            "checksum": checksum(&image.data),
        })
    });
    let raster = page.raster.as_ref();
    json!({
        "images": images.collect::<Vec<_>>(),
        "rotation": page.scan.as_ref().map(|scan| scan.rotation),
        "size": page.scan.as_ref().map(|scan| (scan.width, scan.height)),
        "raster": raster.map(|raster| (raster.width(), raster.height())),
        "raster_dpi": page.raster_dpi,
        "raster_checksum": raster.map(|raster| checksum(raster.as_bytes())),
        "mean": raster.map(|raster| {
            let grey = raster.to_luma8();
            grey.iter().map(|value| f64::from(*value)).sum::<f64>() / grey.len().max(1) as f64
        }),
        "layer_words": page.layer.as_ref().map(|layer| layer.words().count()),
        "facts": page.facts,
    })
}

/// Tells whether two runs gave the same bytes.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn save(page: &DecodedPage, file: &Path, number: u32, options: &Options) {
    let Some(folder) = &options.save else { return };
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let target = folder.join(format!("{stem}_{number:03}"));
    if let Some(raster) = &page.raster
        && let Err(error) = raster.save(target.with_extension("png"))
    {
        eprintln!("{}: {error}", target.display());
    }
    if let Some(layer) = &page.layer
        && let Err(error) = fs::write(target.with_extension("txt"), layer.plain())
    {
        eprintln!("{}: {error}", target.display());
    }
}
