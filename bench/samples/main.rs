//! Sample maker: invented Vietnamese administrative documents as an office would scan them, and the
//! truth about each.
//!
//! ```text
//! agencies, topics, results ─> draft + bodies ─> form (typeset, table) ─> sheets ─┬─> render ─> faults ─> encode, tiff, pdf
//!                                                                                 ├─> layer, embed ─> pdf
//!                                                                                 └─> truth.jsonl, manifest.json
//! ```
//! One sheet is the source of the pixels, of the PDF text and of the truth, which is why they
//! agree. It never reads a clock or any other source of chance than the seed.

mod agencies;
mod args;
mod barcode;
mod bodies;
mod broken;
mod canvas;
mod chance;
mod dossier;
mod draft;
mod embed;
mod encode;
mod faults;
mod fonts;
mod form;
mod format;
mod layer;
mod manifest;
mod marks;
mod pdf;
mod pen;
mod render;
mod results;
mod scan;
mod severity;
mod sheet;
mod spoil;
mod table;
mod tiff;
mod topics;
mod typeset;

use anyhow::Result;
use clap::{CommandFactory as _, Parser as _};

use args::{Cli, Command};
use fonts::FontFiles;

fn main() -> Result<()> {
    let cli = Cli::parse();
    match (cli.command, cli.make) {
        (Some(Command::Broken(order)), _) => {
            let count = broken::make_all(&order)?;
            println!("{count} broken inputs in `{}`", order.output.display());
        }
        (Some(Command::Spoil(order)), _) => {
            let count = spoil::spoil_all(&order)?;
            println!("{count} images in `{}`", order.output.display());
        }
        (None, Some(order)) => {
            let fonts = FontFiles::read(&order.fonts)?;
            let tally = dossier::make_all(&order, &fonts)?;
            println!(
                "{} documents, {} pages, {:.1} MB in `{}`",
                tally.documents,
                tally.pages,
                tally.bytes as f64 / 1e6,
                order.output.display()
            );
        }
        (None, None) => Cli::command().print_long_help()?,
    }
    Ok(())
}
