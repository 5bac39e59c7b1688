//! `sohoa sign`: one document by hand, by the same key and policy as a run's.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::json;
use sohoa_schemas::config::{Config, Sign, SignatureLevel};
use sohoa_sign::{
    Appearance, Corner, EvidenceError, FontFile, SignError, SignRequest, Signed, verify::verify_pdf,
};

use crate::{
    arguments::{self, Shown},
    authority::{Authority, EVIDENCE},
    console::say,
    context::{now, vietnamese},
    exit::{Exit, Failure},
    ink,
    levels::Seal,
    settings::{Settings, limits},
    setup,
    stages::sign::{self, copied_at, shown_time, word},
};

/// Signs a file, and judges what was made.
pub(crate) fn run(arguments: &arguments::Sign) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.config.as_deref())?;
    let (_, font) = setup::fonts(&settings.config.sign.font)?;
    let time = now();
    let authority = Authority::load(&settings.config, time)?;
    let request = SignRequest {
        field_name: arguments.field.clone(),
        appearance: appearance((arguments, &settings.config), font, time),
        signing_time: vietnamese(time),
        reason: arguments.reason.clone(),
        location: arguments.location.clone(),
    };
    let signed = made(arguments, &request, (&authority, &settings.config))?;
    let report = verify_pdf(&arguments.output, &authority.trust, now())
        .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    let own = report.signatures.iter().find(|one| one.field_name == signed.field_name);
    let holds = own.is_some_and(|one| one.verdict.is_acceptable() && !one.modified_after);
    let told = own.map(|one| (word(&one.verdict), word(&one.pades_level)));
    let (verdict, level) = told.unwrap_or_default();
    if arguments.json {
        say(json!({
            "output": arguments.output, "field_name": signed.field_name, "size": signed.size,
            "sha256": sohoa_store::hash::hex(&signed.sha256),
            "certificate_sha256": sohoa_store::hash::hex(&signed.certificate_sha256),
            "pades_level": level, "verdict": verdict,
        }))?;
    } else {
        say(format_args!("{}: {verdict}, {level}", arguments.output.display()))?;
    }
    if authority.test_root.is_some() {
        eprintln!("TEST, not a legal signature: set sign.key to the agency's");
    }
    Ok(if holds { Exit::Done } else { Exit::CheckFailed })
}

/// What is shown, and where: clear of what page 1 shows.
fn appearance(
    (arguments, config): (&arguments::Sign, &Config),
    font: FontFile,
    time: DateTime<Utc>,
) -> Option<Appearance> {
    let Sign { form, conversion_mark, .. } = &config.sign;
    let mut lines = vec![form.clone(), config.agency.name.clone()];
    let mut corner = sign::corner(config.sign.corner);
    match arguments.appearance {
        Shown::None => return None,
        Shown::Copy => {}
        Shown::Converted => lines.push(conversion_mark.clone()),
        Shown::Officer => {
            lines = arguments.officer.clone().into_iter().collect();
            corner = Corner::TopLeft;
        }
    }
    lines.push(match arguments.appearance {
        Shown::Officer => copied_at(time),
        _ => shown_time(time),
    });
    let corner = arguments.corner.map_or(corner, Into::into);
    let printed = ink::of_first_page(&arguments.input, &limits(config));
    Some(Appearance { lines, font, corner, printed })
}

fn made(
    arguments: &arguments::Sign,
    request: &SignRequest,
    (authority, config): (&Authority, &Config),
) -> Result<Signed, Failure> {
    let (input, output): (&Path, &Path) = (&arguments.input, &arguments.output);
    if output.exists() && !arguments.force {
        let what = format!("`{}` is there already", output.display());
        return Err(Failure::new(Exit::Usage, what).hint("give another name, or --force"));
    }
    let signer = &*authority.signer;
    let level = arguments.level.map_or_else(|| config.sign.wanted_level(), Into::into);
    if level > SignatureLevel::BB && authority.stamps.is_none() {
        let what = "a level above B-B needs a time-stamp authority";
        return Err(Failure::new(Exit::Configuration, what)
            .hint("set sign.timestamp_url, and its root in sign.timestamp_roots"));
    }
    let asks = level > SignatureLevel::BT || authority.test_root.is_none();
    let evidence = asks.then(|| authority.evidence(config)).transpose()?;
    let seal = Seal::of(level, authority.stamps.as_ref(), evidence.as_ref());
    seal.sign((input, output), request, signer).map_err(|error| refusal(&error))
}

/// What to do about a failure.
fn refusal(error: &SignError) -> Failure {
    match error {
        SignError::TimeStamp(_) => Failure::from_error(Exit::Unreachable, error)
            .hint("check sign.timestamp_url, or sign with --level B-B"),
        SignError::Token(token) if token.may_pass() => {
            Failure::from_error(Exit::Unreachable, error).hint("put the token back, and try again")
        }
        SignError::Token(_) | SignError::Io { .. } => {
            Failure::from_error(Exit::Configuration, error)
        }
        SignError::Evidence { source, .. } if matches!(**source, EvidenceError::Revoked { .. }) => {
            Failure::from_error(Exit::Configuration, error)
        }
        SignError::Evidence { .. } => Failure::from_error(Exit::Unreachable, error).hint(EVIDENCE),
        _ => Failure::from_error(Exit::CheckFailed, error),
    }
}
