//! Reads page images: plain text by default, one JSON object a page with `--json`.
//!
//! `read [--json] [--plain-engine] [--turn DEGREES] [--lean DEGREES] [--dpi DPI] [--read-at DPI] [--text-dir DIR]
//! IMAGE…`; times go to stderr. `--plain-engine` skips every preparation, for comparison; `--turn`
//! and `--lean` spoil the raster first.

use std::{env, error::Error, fs, path::PathBuf, time::Instant};

use image::DynamicImage;
use sohoa_ocr::{
    Engine, EngineConfig, Profile,
    prepare::{grey, turn},
};

#[derive(Default)]
struct Args {
    json: bool,
    plain_engine: bool,
    turn: u16,
    lean: f32,
    dpi: Option<f32>,
    read_at: Option<f32>,
    tessdata: Option<PathBuf>,
    text_dir: Option<PathBuf>,
    images: Vec<PathBuf>,
}

fn args() -> Result<Args, Box<dyn Error>> {
    let mut parsed = Args::default();
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--json" => parsed.json = true,
            "--plain-engine" => parsed.plain_engine = true,
            "--turn" => parsed.turn = value()?.parse()?,
            "--lean" => parsed.lean = value()?.parse()?,
            "--dpi" => parsed.dpi = Some(value()?.parse()?),
            "--read-at" => parsed.read_at = Some(value()?.parse()?),
            "--tessdata" => parsed.tessdata = Some(value()?.into()),
            "--text-dir" => parsed.text_dir = Some(value()?.into()),
            _ => parsed.images.push(arg.into()),
        }
    }
    Ok(parsed)
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = args()?;
    let engine = Engine::new(&EngineConfig { tessdata: args.tessdata, ..EngineConfig::default() })?;
    let read_at = args.read_at.unwrap_or(Profile::STANDARD.dpi);
    let prepare = !args.plain_engine;
    let profile = Profile { prepare, part_ink: prepare, dpi: read_at };
    let dpi = args.dpi.unwrap_or(200.0);
    for path in &args.images {
        let mut raster = image::open(path)?;
        if args.turn != 0 || args.lean != 0.0 {
            let spoiled = turn::quarter(grey::grey(&raster, true), args.turn);
            raster = DynamicImage::ImageLuma8(turn::straighten(&spoiled, -args.lean));
        }
        let size = (raster.width() as f32 / dpi * 72.0, raster.height() as f32 / dpi * 72.0);
        let start = Instant::now();
        let page = engine.recognise_with(&raster, dpi, size, profile)?;
        let took = start.elapsed().as_millis();
        let (turned, skew, blank) = (page.turned, page.skew_deg.unwrap_or(f32::NAN), page.blank);
        let words = page.text.words().count();
        let sure = page.text.mean_confidence().unwrap_or(0.0);
        eprintln!(
            "{} {took} ms, {words} words, confidence {sure:.2}, turned {turned}, \
             skew {skew:.2}, blank {blank}",
            path.display()
        );
        if let (Some(dir), Some(name)) = (&args.text_dir, path.file_stem()) {
            fs::write(dir.join(name).with_extension("txt"), page.text.plain())?;
        } else if args.json {
            println!("{}", serde_json::to_string(&page.text)?);
        } else {
            print!("{}", page.text.plain());
        }
    }
    Ok(())
}
