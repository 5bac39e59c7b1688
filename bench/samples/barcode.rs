//! The barcode an office's receiving counter prints at the top left of a paper.

use anyhow::{Result, anyhow};
use clap::ValueEnum;
use rxing::{BarcodeFormat, MultiFormatWriter, Writer as _};
use serde_json::{Value, json};

use crate::{chance::Chance, sheet::Rule};

/// Where it starts, above the letterhead.
const AT: [f32; 2] = [20.0, 2.0];

/// Side of a QR code's module: 0.44 mm.
const MODULE: f32 = 1.26;

/// Width of the thinnest bar, 0.38 mm, and the bars' height.
const BAR: [f32; 2] = [1.08, 30.0];

/// What the counter's printer prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Printer {
    /// Code 128 with the dossier's code
    Code128,
    /// QR code with the codes of dossier and procedure
    Qr,
}

/// A printed barcode.
#[derive(Debug, Clone, Default)]
pub(crate) struct Printed {
    /// Its black, as rules of the sheet.
    pub(crate) rules: Vec<Rule>,
    /// What the ground truth says of it.
    pub(crate) truth: Value,
}

/// The dossier's code: its folder's name where that is one, else an invented one.
pub(crate) fn dossier_code(folder: &str, chance: &mut Chance) -> String {
    if folder.starts_with("000.") {
        return folder.to_owned();
    }
    format!(
        "H08.{:02}-{:02}{:02}{:02}-{:04}",
        chance.between(1, 40),
        chance.between(19, 25),
        chance.between(1, 12),
        chance.between(1, 28),
        chance.between(1, 900)
    )
}

/// Draws the barcode of a dossier.
pub(crate) fn print(printer: Printer, dossier_code: &str, procedure_code: &str) -> Result<Printed> {
    let (format, text) = match printer {
        Printer::Code128 => (BarcodeFormat::CODE_128, dossier_code.to_owned()),
        Printer::Qr => (BarcodeFormat::QR_CODE, format!("{dossier_code}|{procedure_code}")),
    };
    let drawn = MultiFormatWriter
        .encode(&text, &format, 1, 1)
        .map_err(|error| anyhow!("no barcode of `{text}`: {error}"))?;
    let rows = if printer == Printer::Qr { drawn.getHeight() } else { 1 };
    let mut rules = Vec::new();
    for y in 0..rows {
        let mut x = 0;
        while x < drawn.getWidth() {
            let end = (x..drawn.getWidth()).find(|&at| !drawn.get(at, y));
            let end = end.unwrap_or(drawn.getWidth());
            if end > x {
                rules.push(black(printer, (x as f32, end as f32), y as f32));
            }
            x = end + 1;
        }
    }
    let truth = json!({ "text": text, "dossier_code": dossier_code });
    Ok(Printed { rules, truth })
}

/// A rule that covers the modules from `from` to `to` of a row: its ends stand out by half its width.
fn black(printer: Printer, (from, to): (f32, f32), row: f32) -> Rule {
    match printer {
        Printer::Code128 => {
            let width = (to - from) * BAR[0];
            let x = AT[0] + from * BAR[0] + width / 2.0;
            let ends = [AT[1] + width / 2.0, AT[1] + BAR[1] - width / 2.0];
            Rule { from: [x, ends[0]], to: [x, ends[1]], width }
        }
        Printer::Qr => {
            let y = AT[1] + (row + 0.5) * MODULE;
            let x = |modules: f32| AT[0] + modules * MODULE;
            let ends = [x(from + 0.5), x(to - 0.5)];
            Rule { from: [ends[0], y], to: [ends[1], y], width: MODULE }
        }
    }
}
