//! `sohoa verify`: the signatures of any PDF, ours or not.

use std::{fmt::Write as _, path::Path};

use chrono::{DateTime, Utc};
use serde::Serialize;
use sohoa_schemas::config::UnknownRevocation;
use sohoa_sign::{
    EvidenceSource,
    verify::{
        Expected, Report, Signature, Trust, TrustDomain, VerifyError, verify_pdf, verify_pdf_online,
    },
};

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
    /// The kind of error, in Vietnamese.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_vi: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Report>,
    /// What no authority told and the file does not prove, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_learnt: Vec<NotLearnt>,
}

#[derive(Serialize)]
struct NotLearnt {
    field_name: String,
    error: String,
    error_vi: &'static str,
}

/// Who is believed, and who is asked.
struct Judge {
    trust: Trust,
    online: Option<EvidenceSource>,
    /// A signature whose revocation stays unknown is valid: the user said so.
    accepts_unknown: bool,
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
    let online = arguments.online.then(|| authority::online(&trust));
    let warns = settings.config.sign.unknown_revocation == UnknownRevocation::Warn;
    let accepts = arguments.accept_unknown_revocation || (warns && !arguments.strict);
    let judge = Judge { trust, online, accepts_unknown: accepts };
    let mut all_valid = true;
    for file in &arguments.files {
        let answer = judge.answer(file, now());
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

impl Judge {
    fn answer(&self, file: &Path, now: DateTime<Utc>) -> Answer {
        let mut answer = Answer {
            file: file.display().to_string(),
            valid: false,
            error: None,
            error_vi: None,
            report: None,
            not_learnt: Vec::new(),
        };
        match self.judge(file, now) {
            Ok((report, not_learnt)) => {
                let verdict = report.verdict;
                answer.valid =
                    verdict.is_proven() || (self.accepts_unknown && verdict.is_acceptable());
                answer.report = Some(report);
                answer.not_learnt = not_learnt;
            }
            Err(error) => {
                answer.error = Some(said(&error));
                answer.error_vi = Some(error.vietnamese());
            }
        }
        answer
    }

    fn judge(
        &self,
        file: &Path,
        now: DateTime<Utc>,
    ) -> Result<(Report, Vec<NotLearnt>), VerifyError> {
        let Some(evidence) = &self.online else {
            return Ok((verify_pdf(file, &self.trust, now)?, Vec::new()));
        };
        let (report, unknown) = verify_pdf_online(file, evidence, now)?;
        let not_learnt = unknown.into_iter().map(|(field_name, error)| NotLearnt {
            field_name,
            error: said(&error),
            error_vi: error.vietnamese(),
        });
        Ok((report, not_learnt.collect()))
    }
}

/// An error with its causes, on one line.
fn said(error: &(dyn std::error::Error + 'static)) -> String {
    Failure::from_error(Exit::CheckFailed, error).chain.join(": ")
}

fn describe(answer: &Answer) -> String {
    let mut text = String::new();
    write(&mut text, answer).expect("a string takes everything");
    text
}

fn write(text: &mut String, answer: &Answer) -> std::fmt::Result {
    writeln!(text, "{}", answer.file)?;
    if let Some(error) = &answer.error {
        let told = answer.error_vi.unwrap_or_default();
        writeln!(text, "  cannot be judged / không kiểm tra được: {error} / {told}")?;
    }
    let Some(report) = &answer.report else { return Ok(()) };
    if report.signatures.is_empty() {
        let verdict = report.verdict;
        writeln!(text, "  {} / {}", verdict.english(), verdict.vietnamese())?;
    }
    report.signatures.iter().try_for_each(|signature| one(text, signature))?;
    answer.not_learnt.iter().try_for_each(|NotLearnt { field_name, error, error_vi }| {
        writeln!(text, "  {field_name}: not learnt / chưa tra cứu được: {error} / {error_vi}")
    })?;
    let (english, vietnamese) = match (answer.valid, report.verdict.is_proven()) {
        (true, true) => ("valid", "hợp lệ"),
        (true, false) => (
            "taken for valid without knowing whether a certificate was revoked",
            "được chấp nhận khi chưa rõ tình trạng thu hồi chứng thư số",
        ),
        (false, _) if report.verdict.is_acceptable() => (
            "not valid: ask with --online, or see --help",
            "chưa hợp lệ: tra cứu bằng --online hoặc xem --help",
        ),
        (false, _) => ("not valid", "không hợp lệ"),
    };
    writeln!(text, "  result / kết luận: {english} / {vietnamese}")
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
    who(text, signature)?;
    what(text, signature)?;
    when(text, signature)?;
    for note in &signature.notes {
        writeln!(text, "     note / lưu ý: {} / {}", note.english(), note.vietnamese())?;
    }
    Ok(())
}

fn who(text: &mut String, signature: &Signature) -> std::fmt::Result {
    let name = signature.subject_cn.as_deref().unwrap_or("?");
    let above =
        signature.subject_o.as_deref().map(|above| format!(", {above}")).unwrap_or_default();
    if signature.is_document_stamp() {
        let kind = "time-stamp over the whole file by / dấu thời gian cho toàn tệp của";
        writeln!(text, "     {kind}: {name}{above}")?;
    } else {
        let kind = signature.subject_kind;
        let (english, vietnamese) = (kind.english(), kind.vietnamese());
        writeln!(text, "     signer / người ký: {name}{above} ({english} / {vietnamese})")?;
    }
    let serial = signature.serial_hex.as_deref().unwrap_or("?");
    let ends = [signature.cert_not_before, signature.cert_not_after].map(|end| {
        end.map_or_else(|| "?".to_owned(), |end| vietnamese(end).format("%d.%m.%Y").to_string())
    });
    writeln!(text, "     certificate / chứng thư số: {serial}, {} - {}", ends[0], ends[1])?;
    writeln!(text, "     issuer / cấp bởi: {}", signature.issuer_dn.as_deref().unwrap_or("?"))
}

fn what(text: &mut String, signature: &Signature) -> std::fmt::Result {
    let two = |text: &mut String, label, (english, vietnamese)| {
        writeln!(text, "     {label}: {english} / {vietnamese}")
    };
    let Signature { integrity, trust_domain, revocation_status, .. } = signature;
    let (integrity, trust, revoked) = (*integrity, *trust_domain, *revocation_status);
    two(text, "integrity / toàn vẹn", (integrity.english(), integrity.vietnamese()))?;
    two(text, "coverage / phạm vi", covers(signature))?;
    two(text, "chain / chuỗi chứng thực", (trust.english(), trust.vietnamese()))?;
    two(text, "revocation / thu hồi", (revoked.english(), revoked.vietnamese()))?;
    let level = word(&signature.pades_level);
    let bits = signature.key_bits.map(|bits| format!(" {bits}")).unwrap_or_default();
    let made = signature.sig_alg.map(|made| (word(&made.algorithm), word(&made.hash)));
    let made = made.map(|(algorithm, hash)| format!(" ({algorithm}{bits}, {hash})"));
    writeln!(text, "     level / mức: {level}{}", made.unwrap_or_default())
}

fn when(text: &mut String, signature: &Signature) -> std::fmt::Result {
    let shown = |time: DateTime<Utc>| vietnamese(time).format("%d.%m.%Y %H:%M:%S %:z").to_string();
    if let Some(stamp) = &signature.timestamp {
        let by = stamp.tsa_dn.as_deref().unwrap_or("?");
        writeln!(text, "     time-stamp / dấu thời gian: {}, {by}", shown(stamp.time))?;
    }
    match signature.signing_time_claimed {
        Some(time) if !signature.is_document_stamp() => {
            writeln!(text, "     claimed time / giờ ký tự khai: {}", shown(time))
        }
        _ => Ok(()),
    }
}

fn covers(signature: &Signature) -> (&'static str, &'static str) {
    if signature.byte_range_covers_all {
        ("the whole file", "toàn bộ tệp")
    } else {
        let changes = signature.later_changes;
        (changes.english(), changes.vietnamese())
    }
}
