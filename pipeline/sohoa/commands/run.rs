//! `sohoa run`: a folder or bucket of scans in, a folder or bucket of records out.

use std::sync::Arc;

use indicatif::MultiProgress;
use sohoa_flow::Shutdown;
use sohoa_source::{Layout, Naming, Owners, Selection, Walk};
use sohoa_store::Missing;

use crate::{
    arguments::{LayoutArgument, Run},
    console::say,
    context::Context,
    exit::{Exit, Failure},
    privacy,
    run::{self, Ending, Plan},
    scratch::Scratch,
    settings::Settings,
    setup, trail,
};

/// Refusals shown on a screen; the query below them gives all.
const MOST_SHOWN: usize = 20;

/// Runs the whole input through and prints the summary.
pub(crate) async fn run(arguments: Run, bars: &MultiProgress) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.results.config.as_deref())?;
    let selection = Selection::new(&arguments.files.include, &arguments.files.exclude)
        .map_err(|error| Failure::from_error(Exit::Usage, &error))?;
    let layout = layout(arguments.files.layout);
    let agency = settings.config.agency.code.clone();
    if arguments.list_only {
        let naming = Naming { agency, input: String::new() };
        let walk = Walk { layout, selection, naming, owners: Owners::default() };
        return list(&settings, &arguments, &walk).await;
    }
    let _scratch = Scratch::open()?;
    let shutdown = Shutdown::default();
    let places = setup::places(&settings, &arguments.input, &arguments.results.output).await?;
    let lease = setup::take_lease(&places.output).await?;
    let context = setup::context(settings, places, arguments.reprocess, shutdown.clone()).await?;
    watch_signals(&shutdown);
    let naming = Naming { agency, input: context.input_name.clone() };
    let owners = privacy::owners(&context.settings.config.secrets)?;
    let walk = Walk { layout, selection, naming, owners };
    let plan = Plan { walk, limit: arguments.files.limit };
    let context = Arc::new(context);
    let ended = run::drive(Arc::clone(&context), plan, &lease, bars).await;
    if ended.is_ok() {
        trail::sign_after_run(&context).await;
    }
    context.pool.shutdown().await;
    setup::give_back(lease).await;
    report(&context, &ended?, arguments.json)
}

/// The layout an argument names.
pub(crate) fn layout(argument: LayoutArgument) -> Layout {
    match argument {
        LayoutArgument::Auto => Layout::Auto,
        LayoutArgument::Flat => Layout::Flat,
        LayoutArgument::Folders => Layout::Folders,
        LayoutArgument::Manifest => Layout::Manifest,
    }
}

/// The first Ctrl-C or TERM drains, the second stops.
pub(crate) fn watch_signals(shutdown: &Shutdown) {
    use tokio::signal::unix::{SignalKind, signal};
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        // At once, and not when the task is first looked at: until then a signal just ends the process.
        let mut signals = match signal(kind) {
            Ok(signals) => signals,
            Err(error) => {
                tracing::error!(%error, "signals cannot be watched; kill -9 is safe, too");
                continue;
            }
        };
        let shutdown = shutdown.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                let again = shutdown.draining();
                shutdown.request();
                let what = if again {
                    "stopping"
                } else {
                    "finishing what is under way; once more to stop"
                };
                tracing::warn!("{what}");
            }
        });
    }
}

fn report(context: &Context, ending: &Ending, json: bool) -> Result<Exit, Failure> {
    let Ending { summary, refused_before, interrupted, not_done } = ending;
    if json {
        let text = serde_json::to_string(summary)
            .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
        say(text)?;
    } else {
        say(run::describe(summary))?;
        say(format_args!("results: {}", context.output.address()))?;
        if context.authority.test_root.is_some() {
            say("signed with a throw-away TEST key: not legal signatures")?;
        }
    }
    if *not_done > 0 {
        eprintln!("{not_done} documents were begun and not finished; run again to complete them");
    }
    if !json {
        for refused in summary.refused.iter().take(MOST_SHOWN) {
            eprintln!("{}", run::describe_refusal(refused));
        }
    }
    let refused = summary.documents.quarantined + refused_before;
    if refused > 0 {
        let output = context.output.address();
        eprintln!(
            "{refused} documents were refused ({refused_before} by earlier runs); why: sohoa query \
             --output '{output}' \"select uri, code, sentence from intake where outcome = \
             'quarantined'\""
        );
    }
    Ok(match (interrupted, refused) {
        (true, _) => Exit::Interrupted,
        (false, 0) => Exit::Done,
        (false, _) => Exit::SomeQuarantined,
    })
}

/// `--dry-run`: what would be taken in, and what would be refused unread.
async fn list(settings: &Settings, arguments: &Run, walk: &Walk) -> Result<Exit, Failure> {
    let input = setup::open(settings, &arguments.input.address, Missing::Refuse).await?;
    let limit = arguments.files.limit.unwrap_or(u64::MAX);
    let (mut documents, mut files, mut bytes, mut refused) = (0u64, 0u64, 0u64, 0u64);
    let mut said = Ok(());
    sohoa_source::walk(&input, walk, |source| {
        documents += 1;
        files += source.files.len() as u64;
        bytes += source.files.iter().map(|file| file.size).sum::<u64>();
        refused += u64::from(source.refused.is_some());
        if !arguments.json {
            let why = source.refused.as_ref();
            let why = why.map(|why| format!("  refused: {} {}", why.code, why.error));
            let line = format!("{}{}", source.uris().join(" + "), why.unwrap_or_default());
            if said.is_ok() {
                said = say(line);
            }
        }
        std::future::ready(documents < limit && said.is_ok())
    })
    .await?;
    said?;
    if arguments.json {
        let summary = serde_json::json!({
            "dry_run": true, "documents": documents, "files": files, "bytes": bytes,
            "refused": refused,
        });
        say(summary)?;
    } else {
        say(format_args!(
            "{documents} documents in {files} files, {bytes} bytes; {refused} would be refused unread"
        ))?;
    }
    Ok(Exit::Done)
}
