//! Whether the signatures made here hold, document by document and over the process.
//!
//! A document whose signature our own verifier refuses is signed once more, and refused if that is no
//! better and the key signs a message rightly: it keeps no other from being signed. A key that does
//! not, or a program of which no signature holds, is no document's fault, and would fill the quarantine
//! with an archive.

use std::sync::{Mutex, PoisonError};

use sohoa_flow::{FatalKind, Fault};
use sohoa_schemas::Code;
use sohoa_sign::verify::{Signature, Verdict};
use uuid::Uuid;

use super::sign::word;

const STAGE: &str = "sign";

/// How often a document is signed before it is refused.
const TRIES: usize = 2;

/// Documents whose signatures do not hold, with no good one between, after which it is the program.
const IN_A_ROW: usize = 20;

/// Why a signature made here is not published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fails {
    /// The file or the signature over it: other documents may do better.
    Document(String),
    /// The certificate, which is the same for all.
    Certificate(Verdict),
}

/// Our signature does not hold.
#[derive(Debug, thiserror::Error)]
#[error("the signature just made is judged `{0}`")]
struct OwnSignature(String);

/// Something makes signatures that do not hold, whatever is signed.
#[derive(Debug, thiserror::Error)]
enum NoneHolds {
    #[error("nor does one over a message: try the key or the token with sohoa check")]
    Key(#[source] OwnSignature),
    #[error(
        "no signature holds of the last {IN_A_ROW} documents that were signed, and the key is good"
    )]
    Program(#[source] OwnSignature),
}

/// What a verifier says against a signature just made, which has to stand in the file.
pub(crate) fn judge(own: Option<&Signature>) -> Result<(), Fails> {
    let verdict = own.map_or(Verdict::Missing, |own| own.verdict);
    weigh(verdict, own.is_some_and(|own| own.modified_after))
}

fn weigh(verdict: Verdict, modified_after: bool) -> Result<(), Fails> {
    match verdict {
        Verdict::Altered | Verdict::Missing => Err(Fails::Document(word(&verdict))),
        // Revocation is not looked up at level B-B; everything else must hold.
        verdict if !verdict.is_acceptable() => Err(Fails::Certificate(verdict)),
        verdict if modified_after => Err(Fails::Document(word(&verdict))),
        _ => Ok(()),
    }
}

/// The signatures that a process makes.
#[derive(Debug, Default)]
pub(crate) struct OwnSignatures {
    /// The documents whose signatures do not hold, since one did.
    failing: Mutex<Vec<Uuid>>,
}

impl OwnSignatures {
    /// Signs a document by `attempt`, once more where the signature does not hold; then `proves` says
    /// whether the key signs a message rightly.
    ///
    /// # Errors
    /// Those of `attempt` and `proves`. `Reject` for a document whose signatures do not hold; `Fatal`
    /// when it is the certificate or the key, or when so many documents in a row fare like that.
    pub(crate) fn make<T>(
        &self,
        source: Uuid,
        proves: impl FnOnce() -> Result<bool, Fault>,
        mut attempt: impl FnMut() -> Result<Result<T, Fails>, Fault>,
    ) -> Result<T, Fault> {
        let mut verdict = String::new();
        for _ in 0..TRIES {
            match attempt()? {
                Ok(made) => {
                    self.with(Vec::clear);
                    return Ok(made);
                }
                Err(Fails::Document(told)) => {
                    tracing::warn!(%source, verdict = told, "a signature just made does not hold");
                    verdict = told;
                }
                Err(Fails::Certificate(verdict)) => {
                    let error = OwnSignature(word(&verdict));
                    return Err(Fault::fatal(FatalKind::Configuration, STAGE, error));
                }
            }
        }
        let error = OwnSignature(verdict);
        if !proves()? {
            return Err(Fault::fatal(FatalKind::Configuration, STAGE, NoneHolds::Key(error)));
        }
        let failing = self.with(|failing| {
            // One that stays held is tried again and again.
            if !failing.contains(&source) {
                failing.push(source);
            }
            failing.len()
        });
        if failing >= IN_A_ROW {
            return Err(Fault::fatal(FatalKind::Configuration, STAGE, NoneHolds::Program(error)));
        }
        Err(Fault::reject(Code::X04OwnSignature, STAGE, error))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Uuid>) -> T) -> T {
        act(&mut self.failing.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn altered() -> Result<(), Fails> {
        Err(Fails::Document("altered".into()))
    }

    /// What comes of a document whose signatures are judged like this, one after another.
    fn made(own: &OwnSignatures, source: u128, mut judged: Vec<Result<(), Fails>>) -> Outcome {
        judged.reverse();
        let attempt = || Ok(judged.pop().expect("it is signed no oftener than that"));
        match own.make(Uuid::from_u128(source), || Ok(true), attempt) {
            Ok(()) => Outcome::Good,
            Err(Fault::Reject(rejection)) => {
                assert_eq!(rejection.code, Code::X04OwnSignature);
                assert!(rejection.sentence.contains("altered"), "{}", rejection.sentence);
                Outcome::Refused
            }
            Err(Fault::Fatal(fatal)) => Outcome::Stopped(fatal.kind),
            Err(Fault::Retry(cause)) => panic!("{cause:?}"),
        }
    }

    #[derive(Debug, PartialEq)]
    enum Outcome {
        Good,
        Refused,
        Stopped(FatalKind),
    }

    #[test]
    fn a_signature_that_does_not_hold_is_made_once_more_and_then_the_document_is_refused() {
        let own = OwnSignatures::default();
        assert_eq!(made(&own, 1, vec![altered(), Ok(())]), Outcome::Good);
        assert_eq!(made(&own, 2, vec![altered(), altered()]), Outcome::Refused);
    }

    #[test]
    fn what_is_wrong_with_the_file_is_told_from_what_is_wrong_with_the_certificate() {
        use Verdict::{
            Altered, IndeterminateRevocation, Missing, Ok as Good, Revoked, WrongAgency,
        };
        for good in [Good, IndeterminateRevocation] {
            assert_eq!(weigh(good, false), Ok(()));
        }
        for (verdict, modified_after) in [(Altered, false), (Missing, false), (Good, true)] {
            assert!(matches!(weigh(verdict, modified_after), Err(Fails::Document(_))));
        }
        for verdict in [Revoked, WrongAgency, Verdict::ExpiredAtSigning, Verdict::UntrustedChain] {
            assert_eq!(weigh(verdict, true), Err(Fails::Certificate(verdict)));
        }
        assert_eq!(judge(None), Err(Fails::Document("missing".into())));
    }

    #[test]
    fn a_verdict_about_the_certificate_stops_at_once() {
        let ended = || Err(Fails::Certificate(Verdict::ExpiredAtSigning));
        let stopped = made(&OwnSignatures::default(), 1, vec![ended()]);
        assert_eq!(stopped, Outcome::Stopped(FatalKind::Configuration));
    }

    #[test]
    fn a_key_that_signs_no_message_rightly_stops_at_the_first_document() {
        let own = OwnSignatures::default();
        let made = own.make(Uuid::from_u128(1), || Ok(false), || Ok(altered()));
        assert!(matches!(made, Err(Fault::Fatal(fatal)) if fatal.kind == FatalKind::Configuration));
    }

    #[test]
    fn a_program_of_which_no_signature_holds_stops_and_a_good_one_between_does_not() {
        let own = OwnSignatures::default();
        let bad = |source| made(&own, source, vec![altered(), altered()]);
        let most = IN_A_ROW as u128;
        // The same document again is no further one.
        assert_eq!([1, 1, 1, 2].map(bad), [const { Outcome::Refused }; 4]);
        assert_eq!(made(&own, 3, vec![Ok(())]), Outcome::Good);
        assert!((10..10 + most - 1).map(bad).all(|outcome| outcome == Outcome::Refused));
        assert_eq!(bad(9), Outcome::Stopped(FatalKind::Configuration));
    }
}
