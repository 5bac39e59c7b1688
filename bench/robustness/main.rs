//! Malformed files by the thousand through real page workers.
//!
//! ```text
//! good files ─> mutate (seeded) ─> a file ─> survey, every page ─> tally
//!                                             └ page workers: processes of this program
//! ```
//! Every file must end published or with a reason code, every death of a worker with an answer,
//! and every question within its bounds of time and memory. Anything else is a failure, and the
//! file that caused it is kept.

mod arguments;
mod feed;
mod memory;
mod tally;

use std::{error::Error, process::ExitCode};

use clap::Parser as _;
use sohoa_decode::Limits;
use sohoa_ocr::EngineConfig;
use sohoa_page_workers::{DecodeAndRecognise, StartRefusal, serve};

use crate::arguments::Arguments;

/// First argument of a child.
const WORKER: &str = "page-worker";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    if std::env::args_os().nth(1).is_some_and(|first| first == WORKER) {
        let start = || DecodeAndRecognise::new(&EngineConfig::default(), Limits::default());
        serve(|| start().map_err(StartRefusal::from))?;
        return Ok(ExitCode::SUCCESS);
    }
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    let tally = runtime.block_on(feed::all(&arguments))?;
    print!("{}", tally.report());
    Ok(if tally.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
