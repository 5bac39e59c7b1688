//! `sohoa audit`: proof that nothing is lost.

use std::time::Duration;

use sohoa_source::{Layout, Naming, Selection, Walk};
use sohoa_store::Missing;

use crate::{
    arguments,
    audit::{Audit, audit},
    commands::query,
    console::say,
    exit::{Exit, Failure},
    settings::Settings,
    setup,
};

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

/// Audits an output, and an input against it.
pub(crate) async fn run(arguments: &arguments::Audit) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.config.as_deref())?;
    let output = setup::open(&settings, &arguments.output, Missing::Refuse).await?;
    let index = query::open(&output).await?;
    let input = match &arguments.input {
        Some(named) => {
            let store = setup::open(&settings, &named.address, Missing::Refuse).await?;
            Some((store, walk(named.name(&settings))?))
        }
        None => None,
    };
    let input = input.as_ref().map(|(store, walk)| (store, walk));
    let settled_within = Duration::from_secs(u64::from(arguments.settled_within) * DAY);
    let full = arguments.full;
    let report =
        audit(&Audit { output: &output, index: &index, input, settled_within, full }).await?;
    if arguments.json {
        let text = serde_json::to_string(&report)
            .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
        say(text)?;
    } else {
        say(report.describe().trim_end())?;
    }
    Ok(if report.problems_total == 0 { Exit::Done } else { Exit::CheckFailed })
}

/// Every file of the input, whatever layout it was run with.
fn walk(input: String) -> Result<Walk, Failure> {
    let selection =
        Selection::new(&[], &[]).map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    Ok(Walk { layout: Layout::Auto, selection, naming: Naming { agency: None, input } })
}
