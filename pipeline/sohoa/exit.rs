//! Exit codes, and the error that carries one.

use std::{borrow::Cow, fmt};

use sohoa_flow::{Fatal, FatalKind, Fault};
use sohoa_store::Trouble;

/// Characters of one line of an error: beyond that it is somebody's page, not a sentence.
const LONGEST_LINE: usize = 300;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// A verification or audit failed.
    CheckFailed = 6,
    /// Configuration, key, permission, or a store without atomic create.
    Configuration = 2,
    /// Everything is published or held.
    Done = 0,
    /// A defect of ours.
    Internal = 70,
    /// Stopped by a signal.
    Interrupted = 130,
    /// A language model, font or library is not there.
    MissingDependency = 3,
    /// Some documents were quarantined.
    SomeQuarantined = 5,
    /// A store or broker does not answer.
    Unreachable = 4,
    /// The command line.
    Usage = 1,
}

/// An error that ends the process: what is wrong, and what to do.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// What is wrong, outermost first: each line is the cause of the one before.
    pub(crate) chain: Vec<String>,
    /// What is wrong side by side.
    pub(crate) mistakes: Vec<String>,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// A failure with its message.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, chain: vec![message.into()], mistakes: Vec::new(), hint: None }
    }

    /// A failure from an error and its causes.
    pub(crate) fn from_error(exit: Exit, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut chain = vec![error.to_string()];
        let mut next = error.source();
        while let Some(cause) = next {
            chain.push(cause.to_string());
            next = cause.source();
        }
        let plain = Self { exit, chain, mistakes: Vec::new(), hint: None };
        match Trouble::of(error) {
            Some(trouble) => plain.at_store(trouble),
            None => plain,
        }
    }

    /// What a store's trouble is at the bottom of is said by that, and by what led there.
    fn at_store(mut self, trouble: &Trouble) -> Self {
        let sentence = trouble.to_string();
        let wrapped = self.chain.iter().position(|line| line.contains(&sentence));
        self.chain.truncate(wrapped.unwrap_or(self.chain.len()));
        self.chain.push(sentence);
        self.exit = if trouble.is_final() { Exit::Configuration } else { Exit::Unreachable };
        self.hint = Some(trouble.advice().to_owned());
        self
    }

    /// Adds what to do, unless that is known more exactly.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// All of it on one line.
    pub(crate) fn line(&self) -> String {
        let hint = self.hint.as_ref().map(|hint| format!(" (hint: {hint})")).unwrap_or_default();
        let mut lines = tidy(&self.chain);
        lines.extend((!self.mistakes.is_empty()).then(|| self.mistakes.join("; ")));
        format!("{}{hint}", lines.join(": "))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", tidy(&self.chain).join("\n  because: "))?;
        self.mistakes.iter().try_for_each(|mistake| write!(f, "\n  - {mistake}"))?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n  hint: {hint}"))
    }
}

/// A chain for people: no cause that the line before has said already, and of a store's answer only
/// its own sentence.
fn tidy(chain: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for message in chain {
        let line = shortened(message);
        if !lines.iter().any(|said| said.contains(&line)) {
            lines.push(line);
        }
    }
    lines
}

fn shortened(message: &str) -> String {
    let message = without_request(message);
    let message = message.as_ref();
    let (before, answer) = match message.find("<?xml").or_else(|| message.find("<Error>")) {
        Some(at) => message.split_at(at),
        None => (message, ""),
    };
    let said = answer.split_once("<Message>").and_then(|(_, rest)| rest.split_once("</Message>"));
    let text = format!("{before} {}", said.map_or("", |(sentence, _)| sentence));
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Of `… Generic S3 error: Error performing GET <address> in 2s … - HTTP error: <reason>` the
/// beginning and the reason: some libraries keep of a store's error only its text.
fn without_request(message: &str) -> Cow<'_, str> {
    let Some((before, rest)) = message.split_once("Generic ") else { return message.into() };
    match rest.split_once("HTTP error: ") {
        Some((_, reason)) => format!("{before}{reason}").into(),
        None => message.into(),
    }
}

impl From<Fault> for Failure {
    /// A fault that nobody could handle ends the process.
    fn from(fault: Fault) -> Self {
        let (exit, cause) = match fault {
            Fault::Fatal(Fatal { kind, cause }) => (exit_of(kind), cause),
            Fault::Retry(cause) => (Exit::Unreachable, cause),
            Fault::Reject(rejection) => (Exit::SomeQuarantined, rejection.cause),
        };
        Self::from_error(exit, &*cause.error)
    }
}

fn exit_of(kind: FatalKind) -> Exit {
    match kind {
        FatalKind::Configuration => Exit::Configuration,
        FatalKind::Internal => Exit::Internal,
        FatalKind::MissingDependency => Exit::MissingDependency,
        FatalKind::Unreachable => Exit::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stores_page_becomes_its_sentence_and_nothing_is_said_twice() {
        let page = "not found: PUT failed: 404 Not Found: <?xml version=\"1.0\"?>\n<Error>\
                    <Code>NoSuchBucket</Code><Message>There is no bucket.</Message></Error>";
        let inner = "PUT failed: 404 Not Found: <?xml?><Message>There is no bucket.</Message>";
        let chain = ["cannot write".to_owned(), page.to_owned(), inner.to_owned()];
        let tidied = tidy(&chain);
        assert_eq!(
            tidied,
            ["cannot write", "not found: PUT failed: 404 Not Found: There is no bucket."]
        );
        let kept = "Kernel error: Generic S3 error: Error performing GET http://s3 in 2s - HTTP \
                    error: the store is busy";
        assert_eq!(shortened(kept), "Kernel error: the store is busy");
        assert_eq!(shortened(&"đ".repeat(400)).chars().count(), LONGEST_LINE + 1);
    }

    #[test]
    fn a_stores_trouble_is_said_once_with_its_own_advice_and_code() {
        let trouble = Trouble::NoBucket { server: "https://s3".into(), address: "s3://a".into() };
        let wrapped = std::io::Error::other(std::io::Error::other(trouble.clone()));
        let failure = Failure::from_error(Exit::Usage, &wrapped).hint("another");
        assert_eq!(failure.chain, [trouble.to_string()]);
        assert_eq!(failure.exit, Exit::Configuration);
        assert!(failure.line().contains("make the bucket"));
        let fault = Fault::retry(
            "publish",
            Trouble::Silent { server: "https://s3".into(), reason: "refused".into() },
        );
        assert_eq!(Failure::from(fault).exit, Exit::Unreachable);
    }

    #[test]
    fn a_failure_says_why_and_what_to_do() {
        let fault = Fault::fatal(FatalKind::MissingDependency, "ocr", "no model `vie`");
        let failure = Failure::from(fault).hint("install tesseract-ocr-vie");
        assert_eq!(failure.exit as u8, 3);
        assert_eq!(failure.to_string(), "error: no model `vie`\n  hint: install tesseract-ocr-vie");
    }
}
