//! How a page, a child or the pool fails.

use std::{error::Error, fmt, io, time::Duration};

use serde::{Deserialize, Serialize};
use sohoa_decode::DecodeError;
use sohoa_ocr::OcrError;

pub use crate::wire::WireError;

/// The file's or the page's own fault, told by a healthy child. Trying again gives the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct PageError {
    /// Finding code of the domain, e.g. `F02_UNREADABLE`.
    pub code: String,
    /// The error with its causes, for people.
    pub message: String,
}

impl From<DecodeError> for PageError {
    fn from(error: DecodeError) -> Self {
        Self { code: error.code().to_owned(), message: chain(&error) }
    }
}

impl From<OcrError> for PageError {
    fn from(error: OcrError) -> Self {
        let code = match error {
            OcrError::RasterTooLarge { .. } => "F06_TOO_LARGE",
            _ => "F02_UNREADABLE",
        };
        Self { code: code.to_owned(), message: chain(&error) }
    }
}

/// Why a child cannot work at all, as it tells its parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct StartRefusal {
    /// Whether something must be installed, e.g. a language model.
    pub missing_dependency: bool,
    /// What is wrong and what to do.
    pub message: String,
}

impl From<OcrError> for StartRefusal {
    fn from(error: OcrError) -> Self {
        let missing_dependency = matches!(error, OcrError::MissingModel { .. });
        Self { missing_dependency, message: chain(&error) }
    }
}

/// How a child broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Breakage {
    /// A signal ended it.
    Crashed {
        /// The signal's number; 9 came from outside, or from the kernel short of memory.
        signal: i32,
    },
    /// It left by itself.
    Exited {
        /// Its exit code.
        code: i32,
    },
    /// It ran into its memory limit.
    OutOfMemory,
    /// It did not answer in time and was killed.
    TimedOut {
        /// The deadline.
        after: Duration,
    },
    /// It said something that is no answer, and was killed.
    Protocol {
        /// What was wrong with it.
        detail: String,
    },
}

impl fmt::Display for Breakage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crashed { signal: 9 } => f.write_str("was killed from outside (signal 9)"),
            Self::Crashed { signal } => write!(f, "crashed with signal {signal}"),
            Self::Exited { code } => write!(f, "exited with code {code}"),
            Self::OutOfMemory => f.write_str("ran out of its memory limit"),
            Self::TimedOut { after } => {
                write!(f, "did not answer within {:.1} s", after.as_secs_f32())
            }
            Self::Protocol { detail } => write!(f, "broke the protocol: {detail}"),
        }
    }
}

/// Why the pool gave no page.
#[derive(Debug, thiserror::Error)]
pub enum PageFailure {
    /// Each child that tried it broke.
    #[error("the page worker {reason} ({attempts} attempts)")]
    Broken {
        /// How the last one broke.
        reason: Breakage,
        /// How many tried.
        attempts: u32,
    },
    /// The file or page itself is at fault.
    #[error(transparent)]
    Rejected(#[from] PageError),
    /// No child could be started.
    #[error(transparent)]
    Pool(#[from] PoolError),
}

/// Why there is no working child.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The system started no process.
    #[error("cannot start the page worker `{program}`")]
    Spawn {
        /// The program.
        program: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The child said why it cannot work.
    #[error("the page worker cannot start: {0}")]
    Refused(#[source] StartRefusal),
    /// The child broke before its first word.
    #[error("the page worker {reason} before it was ready")]
    NotReady {
        /// How.
        reason: Breakage,
    },
    /// The pool was shut down.
    #[error("the page workers were shut down")]
    ShutDown,
}

/// Why a child stopped serving.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The streams could not be set up.
    #[error("cannot set up the worker's streams")]
    Streams(#[from] rustix::io::Errno),
    /// A frame could not be exchanged with the parent.
    #[error("cannot talk to the parent process")]
    Wire(#[from] WireError),
    /// The engine could not be started; the parent was told.
    #[error("the engine cannot start: {0}")]
    Refused(#[source] StartRefusal),
    /// The thread that watches the parent could not be started.
    #[error("cannot watch the parent process")]
    Watch(#[source] io::Error),
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_in_order() {
        let error = ServeError::Wire(WireError::Pipe(io::Error::other("gone")));
        assert_eq!(chain(&error), "cannot talk to the parent process: the pipe failed: gone");
    }

    #[test]
    fn a_missing_model_is_a_missing_dependency() {
        let error = OcrError::MissingModel {
            model: "fast".into(),
            language: "vie".into(),
            place: "`/x`".into(),
            remedy: "apt-get install tesseract-ocr-vie".into(),
        };
        let refusal = StartRefusal::from(error);
        assert!(refusal.missing_dependency && refusal.message.contains("tesseract-ocr-vie"));
    }
}
