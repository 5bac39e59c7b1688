//! `sohoa` (số hóa, "to digitise"): scanned government papers in, signed, searchable, indexed
//! records out.
//!
//! ```text
//! source ─> fetch ─> decode ─> ocr ─> extract ─> compose ─> [held] ─> sign ─> publish ─> index
//!                    └──── page workers ────┘    PDF/A-2b   release   PAdES
//! ```
//!
//! This crate is the wiring, and the commands that change records. Each step is a crate of its own
//! beside this one and knows none of the others.
//!
//! | modules | what |
//! |---|---|
//! | `arguments`, `commands`, `exit`, `settings`, `setup`, `context` | the command line, a file a command; exit codes; from the configuration to what every document needs |
//! | `stages`, `levels`, `custody`, `privacy`, `ink` | one document's way; how a signature's level is made; whose a paper is; numbers of citizens; boxes of ink on a first page |
//! | `run`, `worker`, `indexer`, `inputs` | everything in one process; the same from Kafka; the index's writer; inputs by name |
//! | `authority`, `keys` | whom signatures are believed by; the key that signs |
//! | `told`, `broken`, `channel`, `submissions`, `dead_letters` | what is told of a settled document; messages that cannot be read; how the index learns of it; what was submitted; refusals, and once more |
//! | `amend`, `release`, `renew`, `trail`, `audit`, `imports`, `find` | corrections by hand; the clerk's release; signatures kept good for decades; the audit trail; is everything there; reference tables; looking documents up |
//! | `bar`, `console`, `scanning`, `tally`, `answers` | what a person at a terminal sees |
//! | `observe`, `telemetry`, `clock`, `scratch` | metrics, logs, CPU time by step, temporary files |

mod amend;
mod answers;
mod arguments;
mod audit;
mod authority;
mod bar;
mod broken;
mod channel;
mod clock;
mod commands;
mod console;
mod context;
mod custody;
mod dead_letters;
mod exit;
mod find;
mod imports;
mod indexer;
mod ink;
mod inputs;
mod keys;
mod levels;
mod observe;
mod privacy;
mod release;
mod renew;
mod run;
mod scanning;
mod scratch;
mod settings;
mod setup;
mod stages;
mod submissions;
mod tally;
mod telemetry;
mod told;
mod trail;
mod worker;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{
    arguments::{Arguments, Command},
    exit::{Exit, Failure},
};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            return match error.print() {
                Ok(()) => ExitCode::from(exit as u8),
                Err(_) => ExitCode::from(Exit::Internal as u8),
            };
        }
    };
    // The child has its own streams and no use for the parent's set-up.
    if let Command::PageWorker(arguments) = arguments.command {
        return finish(commands::page_worker::run(&arguments));
    }
    finish(start(arguments))
}

fn start(arguments: Arguments) -> Result<Exit, Failure> {
    let bars = telemetry::start(arguments.verbose, arguments.log_json);
    // Before the first TLS connection: two providers are linked, and one has to be chosen.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        return Err(Failure::new(Exit::Internal, "a TLS provider was installed before ours"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    let exit = runtime.block_on(async move {
        match arguments.command {
            Command::Amend(arguments) => commands::amend::run(&arguments, &bars).await,
            Command::Audit(arguments) => commands::audit::run(&arguments, &bars).await,
            Command::Backfill(arguments) => commands::backfill::run(arguments, &bars).await,
            Command::Batch(arguments) => commands::batch::run(&arguments).await,
            Command::Check(arguments) => commands::check::run(&arguments).await,
            Command::DeadLetters(command) => commands::dead_letters::run(command).await,
            Command::Export(arguments) => commands::export::run(&arguments, &bars).await,
            Command::Find(arguments) => commands::find::run(&arguments, &bars).await,
            Command::Import(arguments) => commands::import::run(&arguments).await,
            Command::Index(arguments) => commands::index::run(&arguments, &bars).await,
            Command::Indexer(arguments) => commands::indexer::run(arguments).await,
            Command::PageWorker(arguments) => commands::page_worker::run(&arguments),
            Command::Query(arguments) => commands::query::run(&arguments, &bars).await,
            Command::Reconcile(arguments) => commands::reconcile::run(&arguments).await,
            Command::Release(command) => commands::release::run(command, &bars).await,
            Command::Report(arguments) => commands::report::run(&arguments).await,
            Command::Run(arguments) => commands::run::run(arguments, &bars).await,
            Command::Schemas(arguments) => commands::schemas::run(&arguments),
            Command::Sign(arguments) => commands::sign::run(&arguments).await,
            Command::Sweep(arguments) => commands::sweep::run(&arguments).await,
            Command::Timestamp(arguments) => commands::timestamp::run(&arguments, &bars).await,
            Command::Verify(arguments) => commands::verify::run(&arguments),
            Command::Worker(arguments) => commands::worker::run(arguments).await,
        }
    });
    // A listing or a download that nobody waits for must not hold the process.
    runtime.shutdown_background();
    exit
}

fn finish(ended: Result<Exit, Failure>) -> ExitCode {
    match ended {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(failure.exit as u8)
        }
    }
}
