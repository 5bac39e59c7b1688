//! The command line of `sohoa find`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Results;

/// `sohoa find`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Find {
    /// What to look for, with or without diacritics.
    #[arg(value_name = "WORDS")]
    pub(crate) query: Vec<String>,
    #[command(flatten)]
    pub(crate) results: Results,
    /// Agency: its code (then it keeps the document), or words of its name (then it issued it).
    #[arg(long)]
    pub(crate) agency: Option<String>,
    /// Kind: `quyết định`, `QĐ` or `02`.
    #[arg(long = "type", value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// Year of the document.
    #[arg(long)]
    pub(crate) year: Option<String>,
    /// Issued on or after: `2020`, `06/2020`, `01/06/2020` or `2020-06-01`.
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// Issued on or before.
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<String>,
    /// Ask for the number of the owner, a person's or an organisation's, on the terminal, or read it
    /// from standard input; never give it on the command line. Found are documents whose manifest names
    /// the owner, and those of dossiers that the case system lists as the owner's.
    #[arg(long)]
    pub(crate) owner: bool,
    /// Read the number of the owner from a file.
    #[arg(long, value_name = "FILE", conflicts_with = "owner")]
    pub(crate) owner_file: Option<PathBuf>,
    /// Look in the text of the pages; needs an agency, a year or another part that narrows it.
    #[arg(long)]
    pub(crate) text: bool,
    /// Look for words in everything, however long it takes.
    #[arg(long)]
    pub(crate) all: bool,
    /// Look among papers in another state.
    #[arg(long, value_enum, default_value_t = State::Published)]
    pub(crate) state: State,
    /// Show so many, the best first; 0 for all.
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: usize,
    /// Print one JSON object.
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print comma-separated values with a header.
    #[arg(long)]
    pub(crate) csv: bool,
    /// Say how many files and row groups of the tables were read.
    #[arg(long)]
    pub(crate) explain: bool,
}

/// What became of a paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    /// In the record.
    Published,
    /// Waiting for release; found by the words of its file's address.
    Held,
    /// Refused; found by the words of its file's address, and of the reason.
    Quarantined,
}

const HELP: &str = "\
Examples:
  sohoa find --output records 2114/QĐ-UBND
  sohoa find --output records quyet dinh 2114 năm 2020
  sohoa find --output records đất đai --agency \"sở tài nguyên\" --from 2015 --to 06/2019
  sohoa find --output records --text --year 2017 '\"răng hàm mặt\"'
  sohoa find --output records 000.00.00.H08-200601-0001
  sohoa find --output records --owner          asks for the number
  sohoa find --output records --state quarantined 416

What is understood: numbers (2114, số 2114, 2114/QĐ-UBND), kinds before a number (quyết định 2114),
dates (01/06/2020, ngày 1 tháng 6 năm 2020, tháng 6 năm 2020, năm 2020), codes of dossiers, uids of
documents; words in quotation marks stand together; all else are words, every one of which has to
be in the subject or in the name of agency, kind, place or signer. Marks need not be typed; where
they are, what is written so comes first. How it was understood is said with the answer.

Found are current versions, open and conditional ones alike: who may read the index may look them
up, and each says which it is. Secret papers are in no table. Excerpts of pages show no numbers of
nine digits and more; there, a number without `số` and kind is one of the words.

Exit codes: 0 also where nothing was found, 1 what was asked is not understood or too wide.";
