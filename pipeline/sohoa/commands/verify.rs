//! `sohoa verify`: the signatures of any PDF, ours or not.

use std::{fmt::Write as _, path::Path};

use chrono::{DateTime, Utc};
use serde::Serialize;
use sohoa_sign::verify::{Expected, Report, Signature, Trust, TrustDomain, verify_pdf};

use crate::{
    arguments::Verify,
    authority,
    console::say,
    context::{now, vietnamese},
    exit::{Exit, Failure},
    settings::Settings,
    stages::sign::word,
};

/// One file's answer.
#[derive(Serialize)]
struct Answer {
    file: String,
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Report>,
}

/// Judges every file; valid only when every signature of every file is.
pub(crate) fn run(arguments: &Verify) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.config.as_deref())?;
    let mut trust = authority::trust(&settings.config, &arguments.root)?;
    authority::trust_own_tests(&mut trust)?;
    if let Some(code) = &arguments.agency {
        if !trust.agencies.iter().any(|agency| agency.id == *code) {
            let what = format!("sign.agencies has no agency of the code `{code}`");
            return Err(Failure::new(Exit::Usage, what));
        }
        trust.expected = Expected::Agency(code.clone());
    }
    let mut all_valid = true;
    for file in &arguments.files {
        let answer = judge(file, &trust, now());
        all_valid &= answer.valid;
        if arguments.json {
            let text = serde_json::to_string(&answer)
                .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
            say(text)?;
        } else {
            say(describe(&answer).trim_end())?;
        }
    }
    Ok(if all_valid { Exit::Done } else { Exit::CheckFailed })
}

fn judge(file: &Path, trust: &Trust, now: DateTime<Utc>) -> Answer {
    let name = file.display().to_string();
    match verify_pdf(file, trust, now) {
        Ok(report) => {
            let valid = report.verdict.is_acceptable();
            Answer { file: name, valid, error: None, report: Some(report) }
        }
        Err(error) => {
            let failure = Failure::from_error(Exit::CheckFailed, &error);
            Answer { file: name, valid: false, error: Some(failure.chain.join(": ")), report: None }
        }
    }
}

fn describe(answer: &Answer) -> String {
    let mut text = String::new();
    write(&mut text, answer).expect("a string takes everything");
    text
}

fn write(text: &mut String, answer: &Answer) -> std::fmt::Result {
    writeln!(text, "{}", answer.file)?;
    if let Some(error) = &answer.error {
        writeln!(text, "  cannot be judged: {error}")?;
    }
    let Some(report) = &answer.report else { return Ok(()) };
    if report.signatures.is_empty() {
        let verdict = report.verdict;
        writeln!(text, "  {} / {}", verdict.english(), verdict.vietnamese())?;
    }
    report.signatures.iter().try_for_each(|signature| one(text, signature))
}

fn one(text: &mut String, signature: &Signature) -> std::fmt::Result {
    let verdict = signature.verdict;
    writeln!(text, "  {}. {}: {}", signature.seq, signature.field_name, verdict.english())?;
    writeln!(text, "     {}", verdict.vietnamese())?;
    if signature.trust_domain == TrustDomain::Test {
        writeln!(
            text,
            "     TEST, not a legal signature / chữ ký thử nghiệm, không có giá trị pháp lý"
        )?;
    }
    let name = signature.subject_cn.as_deref().unwrap_or("?");
    let above =
        signature.subject_o.as_deref().map(|above| format!(", {above}")).unwrap_or_default();
    let kind = signature.subject_kind;
    writeln!(text, "     signer: {name}{above} ({} / {})", kind.english(), kind.vietnamese())?;
    writeln!(text, "     issuer: {}", signature.issuer_dn.as_deref().unwrap_or("?"))?;
    let trust = word(&signature.trust_domain);
    let integrity = signature.integrity;
    writeln!(text, "     {}, {}, trust: {trust}", integrity.english(), covers(signature))?;
    let stamp = signature.timestamp.as_ref().map(|stamp| ("time-stamp", stamp.time));
    let claimed = signature.signing_time_claimed.map(|time| ("claimed time", time));
    for (what, time) in stamp.into_iter().chain(claimed) {
        writeln!(text, "     {what}: {}", vietnamese(time).format("%d.%m.%Y %H:%M:%S %:z"))?;
    }
    for note in &signature.notes {
        writeln!(text, "     note: {}", word(note).replace('_', " "))?;
    }
    Ok(())
}

fn covers(signature: &Signature) -> &'static str {
    if signature.byte_range_covers_all {
        "covers the whole file"
    } else {
        signature.later_changes.english()
    }
}
