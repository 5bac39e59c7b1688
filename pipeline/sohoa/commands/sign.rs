//! `sohoa sign`: one document by hand, by the same key and policy as a run's.

use std::path::Path;

use serde_json::json;
use sohoa_sign::{
    Appearance, SignError, SignRequest, Signed, sign_pdf, sign_pdf_stamped, verify::verify_pdf,
};

use crate::{
    arguments::{self, Level, Shown},
    authority::Authority,
    console::say,
    context::{now, vietnamese},
    exit::{Exit, Failure},
    settings::Settings,
    setup,
    stages::sign::{shown_time, word},
};

/// Signs a file, and judges what was made.
pub(crate) fn run(arguments: &arguments::Sign) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.config.as_deref())?;
    let (_, font) = setup::fonts(&settings.config.sign.font)?;
    let time = now();
    let authority = Authority::load(&settings.config, time)?;
    let mut lines = vec![settings.config.sign.form.clone(), settings.config.agency.name.clone()];
    if arguments.appearance == Shown::Converted {
        lines.push(settings.config.sign.conversion_mark.clone());
    }
    lines.push(shown_time(time));
    let request = SignRequest {
        field_name: arguments.field.clone(),
        appearance: (arguments.appearance != Shown::None).then_some(Appearance { lines, font }),
        signing_time: vietnamese(time),
        reason: arguments.reason.clone(),
        location: arguments.location.clone(),
    };
    let signed = sign(arguments, &request, &authority)?;
    let report = verify_pdf(&arguments.output, &authority.trust, now())
        .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    let own = report.signatures.iter().find(|one| one.field_name == signed.field_name);
    let holds = own.is_some_and(|one| one.verdict.is_acceptable() && one.byte_range_covers_all);
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

fn sign(
    arguments: &arguments::Sign,
    request: &SignRequest,
    authority: &Authority,
) -> Result<Signed, Failure> {
    let (input, output): (&Path, &Path) = (&arguments.input, &arguments.output);
    if output.exists() && !arguments.force {
        let what = format!("`{}` is there already", output.display());
        return Err(Failure::new(Exit::Usage, what).hint("give another name, or --force"));
    }
    let signed = match (arguments.level, &authority.stamps) {
        (Level::BB, _) => sign_pdf(input, output, request, &authority.signer),
        (Level::BT, Some(stamps)) => {
            sign_pdf_stamped(input, output, request, &authority.signer, stamps)
        }
        (Level::BT, None) => {
            let what = "level B-T needs a time-stamp authority";
            return Err(Failure::new(Exit::Configuration, what)
                .hint("set sign.timestamp_url, and its root in sign.roots"));
        }
    };
    signed.map_err(|error| refusal(&error))
}

/// What to do about a failure.
fn refusal(error: &SignError) -> Failure {
    match error {
        SignError::TimeStamp(_) => Failure::from_error(Exit::Unreachable, error)
            .hint("check sign.timestamp_url, or sign with --level B-B"),
        SignError::Io { .. } => Failure::from_error(Exit::Configuration, error),
        _ => Failure::from_error(Exit::CheckFailed, error),
    }
}
