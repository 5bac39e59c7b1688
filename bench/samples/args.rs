//! The command line.

use std::{path::PathBuf, str::FromStr};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    barcode::Printer,
    draft::Kind,
    format::Format,
    severity::{Fault, Severity},
};

/// Makes Vietnamese administrative documents as scans, with the truth about each.
///
/// Every document is invented, follows the layout of Decree 30/2020/NĐ-CP, and is written as an
/// office scanner, a partner or a word processor would deliver it. The same arguments give the same
/// bytes.
///
/// What is written:
///   DIR/scans/<dossier>/NN-kind.ext   the scans; point the pipeline here
///   DIR/scans/<dossier>/manifest.json in every second dossier
///   DIR/truth.jsonl                   one line a document: metadata, faults, text of every page
///
/// Examples:
///   sohoa-samples --output /tmp/samples
///   sohoa-samples --output /tmp/load --dossiers 2000 --threads 4
///   sohoa-samples --output /tmp/bad-scans --faults heavy --formats tiff-g4,pdf-g4 --dpi 200
///   sohoa-samples --output /tmp/askew --faults medium --only skew
///   sohoa-samples broken --output /tmp/broken
///   sohoa-samples spoil --output /tmp/spoiled --faults medium page-1.png page-2.png
#[derive(Debug, Parser)]
#[command(
    name = "sohoa-samples",
    version,
    verbatim_doc_comment,
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) make: Option<Make>,
}

/// What else can be made.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Writes inputs that must be refused, or that look wrong and must work, each named for its
    /// fault
    ///
    /// DIR/inputs/… holds the files and dossiers, DIR/expected.jsonl the code of domain.md §8 that
    /// each must get, or `null` where it must work.
    Broken(Broken),
    /// Spoils given page images as a scanner would and writes them as JPEG, each under its own name
    Spoil(Spoil),
}

/// Arguments of `broken`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Broken {
    /// Folder to write into
    #[arg(long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Folder of the Tinos fonts
    #[arg(long, value_name = "DIR", default_value = FONTS)]
    pub(crate) fonts: PathBuf,
}

/// Arguments of `spoil`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Spoil {
    /// Folder to write into
    #[arg(long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Everything drawn follows from this number and the images' names
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How bad the scans are
    #[arg(long, value_name = "HOW", default_value = "light")]
    pub(crate) faults: Severity,
    /// This fault on every page and nothing else
    #[arg(long, value_name = "FAULT")]
    pub(crate) only: Option<Fault>,
    /// Resolution of the images
    #[arg(long, value_name = "DPI", default_value_t = 300)]
    #[arg(value_parser = clap::value_parser!(u32).range(72..=600))]
    pub(crate) dpi: u32,
    /// PNG or JPEG images in page order; each one's next shines through as its other side
    #[arg(value_name = "IMAGE", required = true)]
    pub(crate) images: Vec<PathBuf>,
}

const FONTS: &str = "/usr/share/fonts/truetype/croscore";

/// Arguments of the sample maker.
#[derive(Debug, Clone, Args)]
pub(crate) struct Make {
    /// Folder to write into
    #[arg(long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Everything drawn follows from this number
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many dossiers
    #[arg(long, value_name = "N", default_value_t = 6)]
    pub(crate) dossiers: usize,
    /// Documents in a dossier, a number or a range
    #[arg(long, value_name = "N-M", default_value = "2-3")]
    pub(crate) documents: Span,
    /// Pages with text in a document, a number or a range; documents of one image have one page
    #[arg(long, value_name = "N-M", default_value = "1-3")]
    pub(crate) pages_per_document: Span,
    /// Kinds of document, taken in turn
    #[arg(long, value_name = "KIND,…", value_enum, value_delimiter = ',', default_values_t = all::<Kind>())]
    #[arg(hide_default_value = true)]
    pub(crate) kinds: Vec<Kind>,
    /// Formats, taken in turn
    #[arg(long, value_name = "FORMAT,…", value_enum, value_delimiter = ',', default_values_t = all::<Format>())]
    #[arg(hide_default_value = true)]
    pub(crate) formats: Vec<Format>,
    /// How bad the scans are
    #[arg(long, value_name = "HOW", default_value = "light")]
    pub(crate) faults: Severity,
    /// This fault on every page and nothing else; for bleed, documents of two pages or more
    #[arg(long, value_name = "FAULT")]
    pub(crate) only: Option<Fault>,
    /// Resolutions, drawn from
    #[arg(long, value_name = "DPI,…", value_delimiter = ',', default_value = "200,200,300")]
    #[arg(value_parser = clap::value_parser!(u32).range(72..=600))]
    pub(crate) dpi: Vec<u32>,
    /// Adds one document stamped MẬT to the first dossier
    #[arg(long)]
    pub(crate) with_secret: bool,
    /// Prints a barcode on the first page of every paper
    #[arg(long, value_name = "CODE", value_enum)]
    pub(crate) barcode: Option<Printer>,
    /// Threads; the bytes do not depend on it
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) threads: usize,
    /// Folder of the Tinos fonts
    #[arg(long, value_name = "DIR", default_value = FONTS)]
    pub(crate) fonts: PathBuf,
}

/// A number or a range such as `1-3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(usize, usize);

impl Span {
    /// Fewest and most.
    pub(crate) fn bounds(self) -> (usize, usize) {
        (self.0, self.1)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (low, high) = text.split_once('-').unwrap_or((text, text));
        let number = |part: &str| {
            part.trim().parse::<usize>().map_err(|_| format!("`{text}` is not a number or a range"))
        };
        let (low, high) = (number(low)?, number(high)?);
        if low == 0 || low > high || high > 40 {
            return Err(format!("`{text}` must rise, within 1 to 40"));
        }
        Ok(Self(low, high))
    }
}

fn all<T: ValueEnum + Clone>() -> Vec<T> {
    T::value_variants().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_or_a_rising_range() {
        assert_eq!("2".parse::<Span>().unwrap().bounds(), (2, 2));
        assert_eq!("1-3".parse::<Span>().unwrap().bounds(), (1, 3));
        for wrong in ["", "3-1", "0", "1-99", "a-b"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
