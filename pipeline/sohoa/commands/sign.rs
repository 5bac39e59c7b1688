//! `sohoa sign`: one document by hand, by the same key and policy as a run's.
//!
//! What was made is judged beside its place first: the output is there when the signature holds, and
//! those before it still do.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::json;
use sohoa_schemas::config::{Config, Sign, SignatureLevel, WithoutEvidence};
use sohoa_sign::{
    Appearance, Corner, EvidenceError, FontFile, SignError, SignRequest, Signed,
    verify::{Report, Signature, verify_pdf},
};
use sohoa_store::{Missing, Store, hash::hex};
use tempfile::TempPath;

use crate::{
    arguments::{self, Shown},
    authority::{Authority, EVIDENCE, configured},
    console::say,
    context::{now, vietnamese},
    exit::{Exit, Failure},
    ink,
    levels::{Seal, is_unanswered, names_nobody, told},
    settings::{Settings, limits},
    setup,
    stages::sign::{self, copied_at, shown_time, word},
    trail,
};

/// Signs a file, and judges what was made.
pub(crate) async fn run(arguments: &arguments::Sign) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.config.as_deref())?;
    // Before the key is used.
    let trail = match arguments.trail.as_ref().or(settings.config.sign.trail.as_ref()) {
        Some(results) => Some(setup::open(&settings, results, Missing::Refuse).await?),
        None => None,
    };
    let time = now();
    let authority = Authority::load(&settings.config, time)?;
    let made = tokio::task::block_in_place(|| make(arguments, &settings, (&authority, time)))?;
    if let Some(trail) = &trail {
        trace((&settings, trail), &made).await?;
    }
    let Made { place, signed, own } = made;
    let (verdict, level) = (word(&own.verdict), word(&own.pades_level));
    keep(place, arguments)?;
    if arguments.json {
        say(json!({
            "output": arguments.output, "field_name": signed.field_name, "size": signed.size,
            "sha256": hex(&signed.sha256),
            "certificate_sha256": hex(&signed.certificate_sha256),
            "pades_level": level, "verdict": verdict, "in_trail": trail.is_some(),
        }))?;
    } else {
        say(format_args!("{}: {verdict}, {level}", arguments.output.display()))?;
    }
    if authority.test_root.is_some() {
        eprintln!("TEST, not a legal signature: set sign.key to the agency's");
    } else if trail.is_none() {
        eprintln!("the audit trail does not know of it: set sign.trail, or give --trail");
    }
    Ok(Exit::Done)
}

/// A signed file that has no name yet, and the signature.
struct Made {
    place: TempPath,
    signed: Signed,
    own: Signature,
}

fn make(
    arguments: &arguments::Sign,
    settings: &Settings,
    (authority, time): (&Authority, DateTime<Utc>),
) -> Result<Made, Failure> {
    let (_, font) = setup::fonts(&settings.config.sign.font)?;
    let request = SignRequest {
        field_name: arguments.field.clone(),
        appearance: appearance((arguments, &settings.config), font, time),
        signing_time: vietnamese(time),
        reason: arguments.reason.clone(),
        location: arguments.location.clone(),
    };
    let place = beside(arguments)?;
    let signed = made((arguments, &*place), &request, (authority, &settings.config))?;
    let judged = |path: &Path| {
        verify_pdf(path, &authority.trust, now())
            .map_err(|error| Failure::from_error(Exit::CheckFailed, &error))
    };
    let (before, after) = (judged(&arguments.input)?, judged(&place)?);
    let own = good(&before, &after, &signed.field_name)?.clone();
    Ok(Made { place, signed, own })
}

/// Tells the audit trail what the key was used for. The file gets its name after that: no signature
/// leaves that the trail does not know of. One that it knows of and that never left, because the
/// process was killed in between, was made all the same. Names of files and reasons may tell of
/// citizens, and stay out of it.
async fn trace(
    (settings, trail): (&Settings, &Store),
    Made { signed, own, .. }: &Made,
) -> Result<(), Failure> {
    let scheme = own.sig_alg.map(|made| format!("{}-{}", word(&made.algorithm), word(&made.hash)));
    let sha256 = hex(&signed.sha256);
    let details = json!({
        "by_hand": true,
        "field": signed.field_name,
        "sha256": sha256,
        "cert_sha256": own.cert_sha256,
        "serial": own.serial_hex,
        "subject": own.subject_cn,
        "algorithm": scheme,
        "level": own.pades_level,
        "trust": own.trust_domain,
        "verdict": own.verdict,
    });
    let told = ("sohoa sign", details);
    trail::tell_signed((&settings.config, trail), &sha256, told).await.map_err(|fault| {
        let mut failure = Failure::from(fault);
        failure.chain.insert(0, "the audit trail cannot be told, so nothing was written".into());
        failure.hint("try again once it can be reached; `sign.trail` says where it is")
    })
}

/// Where the file is made: on the disk where it will lie.
fn beside(arguments: &arguments::Sign) -> Result<TempPath, Failure> {
    let output = &arguments.output;
    if output.exists() && !arguments.force {
        return Err(taken(output));
    }
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty());
    tempfile::Builder::new()
        .prefix(".sohoa-")
        .suffix(".pdf")
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map(tempfile::NamedTempFile::into_temp_path)
        .map_err(|source| unwritten(output, source))
}

/// Gives the file its name.
fn keep(place: TempPath, arguments: &arguments::Sign) -> Result<(), Failure> {
    let output = &arguments.output;
    let kept =
        if arguments.force { place.persist(output) } else { place.persist_noclobber(output) };
    kept.map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => taken(output),
        _ => unwritten(output, error.error),
    })
}

fn taken(output: &Path) -> Failure {
    Failure::new(Exit::Usage, format!("`{}` is there already", output.display()))
        .hint("give another name, or --force")
}

fn unwritten(output: &Path, source: std::io::Error) -> Failure {
    refusal(&SignError::Io { path: output.display().to_string(), source })
}

/// The new signature, when it holds and those before it are no worse for it.
fn good<'a>(before: &Report, after: &'a Report, field: &str) -> Result<&'a Signature, Failure> {
    let held = |name: &str| {
        before.signatures.iter().any(|one| one.field_name == name && !one.modified_after)
    };
    let spoilt = after.signatures.iter().find(|one| one.modified_after && held(&one.field_name));
    if let Some(one) = spoilt {
        let what = format!("the signature `{}` does not allow another one", one.field_name);
        return Err(Failure::new(Exit::CheckFailed, what)
            .hint("nothing was written: sign what it was made from, or leave it as it is"));
    }
    let own = after.signatures.iter().find(|one| one.field_name == field);
    own.filter(|one| one.verdict.is_acceptable() && !one.modified_after).ok_or_else(|| {
        let verdict = own.map(|one| word(&one.verdict)).unwrap_or_default();
        Failure::new(Exit::CheckFailed, format!("the signature does not hold: {verdict}"))
            .hint("nothing was written: see sohoa check")
    })
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
    (arguments, output): (&arguments::Sign, &Path),
    request: &SignRequest,
    (authority, config): (&Authority, &Config),
) -> Result<Signed, Failure> {
    let input = arguments.input.as_path();
    let signer = &*authority.signer;
    let level = arguments.level.map_or_else(|| config.sign.wanted_level(), Into::into);
    if level > SignatureLevel::BB && authority.stamps.is_none() {
        let what = "a level above B-B needs a time-stamp authority";
        return Err(Failure::new(Exit::Configuration, what)
            .hint("set sign.timestamp_url, and its root in sign.timestamp_roots"));
    }
    let asks = authority.is_asked_at(level);
    let evidence = asks.then(|| authority.evidence(config)).transpose()?;
    let stamps = authority.stamps.as_ref();
    let sealed = Seal::of(level, stamps, evidence.as_ref()).sign((input, output), request, signer);
    let lower = config.sign.without_evidence == WithoutEvidence::Lower;
    let sealed = match sealed {
        // As a run does; a level that embeds evidence is what was asked for, and not made lower.
        Err(error)
            if lower
                && level <= SignatureLevel::BT
                && (is_unanswered(&error) || names_nobody(&error)) =>
        {
            eprintln!("nobody says whether the signing certificate was revoked: {}", told(&error));
            Seal::of(level, stamps, None).sign((input, output), request, signer)
        }
        sealed => sealed,
    };
    sealed.map(|made| made.signed).map_err(|error| refusal(&error))
}

/// What to do about a failure, in the clerk's language too where it is about what was asked.
fn refusal(error: &SignError) -> Failure {
    let mut failure = refused(error);
    failure.chain.extend(match error {
        SignError::TimeStamp(source) => Some(source.vietnamese().to_owned()),
        SignError::Evidence { source, .. } => Some(source.vietnamese().to_owned()),
        SignError::Pdf(source) => Some(source.vietnamese().to_owned()),
        _ => None,
    });
    failure
}

fn refused(error: &SignError) -> Failure {
    match error {
        SignError::TimeStamp(_) => Failure::from_error(Exit::Unreachable, error)
            .hint("check sign.timestamp_url, or sign with --level B-B"),
        SignError::Token(token) if token.may_pass() => {
            Failure::from_error(Exit::Unreachable, error).hint("put the token back, and try again")
        }
        SignError::Token(_) => configured(error),
        SignError::Io { .. } => Failure::from_error(Exit::Configuration, error),
        SignError::Evidence { source, .. } if matches!(**source, EvidenceError::Revoked { .. }) => {
            Failure::from_error(Exit::Configuration, error)
        }
        error if names_nobody(error) => {
            Failure::from_error(Exit::Configuration, error).hint(EVIDENCE)
        }
        SignError::Evidence { .. } => Failure::from_error(Exit::Unreachable, error).hint(EVIDENCE),
        _ => Failure::from_error(Exit::CheckFailed, error),
    }
}
