//! `sohoa audit`: proof that nothing is lost.

use std::time::Duration;

use indicatif::MultiProgress;
use serde::Serialize;
use sohoa_source::{Layout, Naming, Owners, Selection, Walk};
use sohoa_store::Missing;

use crate::{
    arguments,
    audit::{Audit, audit},
    authority::Authority,
    commands::query,
    console::say,
    context::now,
    exit::{Exit, Failure},
    settings::Settings,
    setup,
    trail::{self, HeadSigner},
};

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

/// Audits an output, and an input against it.
pub(crate) async fn run(
    arguments: &arguments::Audit,
    bars: &MultiProgress,
) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.results.config.as_deref())?;
    if arguments.events {
        return Box::pin(check_trail(&settings, arguments, bars)).await;
    }
    let output = setup::open(&settings, &arguments.results.output, Missing::Refuse).await?;
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
    tell(arguments.json, &report, (&report.describe(), report.problems_total))
}

/// Checks the audit trail alone, and signs its heads where it is sound.
async fn check_trail(
    settings: &Settings,
    arguments: &arguments::Audit,
    bars: &MultiProgress,
) -> Result<Exit, Failure> {
    let output = setup::open(settings, &arguments.results.output, Missing::Refuse).await?;
    let mut index = query::open(&output).await?;
    // What waits for a head gets it now.
    let head_within = Some(arguments.head_within).filter(|_| !arguments.sign_head);
    let mut report =
        Box::pin(trail::check((settings, head_within), &output, &mut index, bars)).await?;
    if arguments.sign_head && report.problems_total == 0 {
        let authority = Authority::load(&settings.config, now())?;
        let signer =
            HeadSigner { config: &settings.config, output: &output, authority: &authority };
        setup::publish_test_root(&output, &authority).await?;
        for province in &mut report.provinces {
            let signed = Box::pin(signer.sign_head(&mut index, &province.province)).await;
            province.signed_now = signed?;
        }
    }
    tell(arguments.json, &report, (&report.describe(), report.problems_total))
}

fn tell(
    json: bool,
    report: &impl Serialize,
    (described, problems): (&str, u64),
) -> Result<Exit, Failure> {
    if json {
        let text = serde_json::to_string(report)
            .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
        say(text)?;
    } else {
        say(described.trim_end())?;
    }
    Ok(if problems == 0 { Exit::Done } else { Exit::CheckFailed })
}

/// Every file of the input, whatever layout it was run with.
fn walk(input: String) -> Result<Walk, Failure> {
    let selection =
        Selection::new(&[], &[]).map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    let naming = Naming { agency: None, input };
    Ok(Walk { layout: Layout::Auto, selection, naming, owners: Owners::default() })
}
