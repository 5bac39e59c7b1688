//! Errors as the next step: stop, try again, or refuse this document.

use std::error::Error;

use sohoa_schemas::Code;

/// Any error, with its chain.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What went wrong, where.
#[derive(Debug)]
pub struct Cause {
    /// The stage that failed, e.g. `decode`.
    pub stage: &'static str,
    /// The error and, through `source()`, what caused it.
    pub error: BoxError,
}

impl Cause {
    /// A cause in `stage`.
    pub fn new(stage: &'static str, error: impl Into<BoxError>) -> Self {
        Self { stage, error: error.into() }
    }

    /// The error and its causes, outermost first.
    pub fn chain(&self) -> Vec<String> {
        let mut chain = vec![self.error.to_string()];
        let mut next = self.error.source();
        while let Some(error) = next {
            chain.push(error.to_string());
            next = error.source();
        }
        chain
    }
}

/// Why the process has to stop; decides its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FatalKind {
    /// A setting, a key or a permission.
    Configuration,
    /// A defect of ours.
    Internal,
    /// A language model, a font or another part of the system.
    MissingDependency,
    /// A store or broker that does not answer.
    Unreachable,
}

/// An error that no document can get past.
#[derive(Debug)]
pub struct Fatal {
    /// What kind.
    pub kind: FatalKind,
    /// What went wrong.
    pub cause: Cause,
}

/// A refusal of one document or page.
#[derive(Debug)]
pub struct Rejection {
    /// Reason code.
    pub code: Code,
    /// What was wrong with this one and what to do, for the scanning clerk.
    pub sentence: String,
    /// What went wrong underneath.
    pub cause: Cause,
    /// What was seen and what was expected, where both are known apart from the cause.
    pub seen_and_expected: Option<Box<(String, String)>>,
}

impl Rejection {
    /// A refusal whose sentence is the error's own words followed by the code's advice.
    pub fn new(code: Code, stage: &'static str, error: impl Into<BoxError>) -> Self {
        let cause = Cause::new(stage, error);
        let sentence = format!("{}. {}", upper_first(&cause.error.to_string()), code.sentence());
        Self { code, sentence, cause, seen_and_expected: None }
    }

    /// The same, with what was seen held against what was expected.
    #[must_use]
    pub fn held_against(self, seen: impl Into<String>, expected: impl Into<String>) -> Self {
        let seen_and_expected = Some(Box::new((seen.into(), expected.into())));
        Self { seen_and_expected, ..self }
    }
}

/// An error at a stage border, named by what the caller does next.
#[derive(Debug)]
pub enum Fault {
    /// Stop the process.
    Fatal(Fatal),
    /// Quarantine this document.
    Reject(Box<Rejection>),
    /// Try again, with a bound.
    Retry(Cause),
}

impl Fault {
    /// Stop the process.
    pub fn fatal(kind: FatalKind, stage: &'static str, error: impl Into<BoxError>) -> Self {
        Self::Fatal(Fatal { kind, cause: Cause::new(stage, error) })
    }

    /// Quarantine this document.
    pub fn reject(code: Code, stage: &'static str, error: impl Into<BoxError>) -> Self {
        Self::Reject(Box::new(Rejection::new(code, stage, error)))
    }

    /// Try again.
    pub fn retry(stage: &'static str, error: impl Into<BoxError>) -> Self {
        Self::Retry(Cause::new(stage, error))
    }
}

impl From<Rejection> for Fault {
    fn from(rejection: Rejection) -> Self {
        Self::Reject(Box::new(rejection))
    }
}

fn upper_first(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn a_chain_names_every_cause() {
        let cause = Cause::new("fetch", Outer(std::io::Error::other("inner")));
        assert_eq!(cause.chain(), ["outer", "inner"]);
    }

    #[test]
    fn a_rejection_says_what_is_wrong_then_what_to_do() {
        let rejection = Rejection::new(Code::F03Encrypted, "decode", "the file needs a password");
        assert!(rejection.sentence.starts_with("The file needs a password. The file is locked"));
    }
}
