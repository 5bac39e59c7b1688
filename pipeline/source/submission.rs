//! A source as a message, and back: what a worker gets over Kafka it treats exactly as
//! `sohoa run` treats the listed source.
//!
//! Identity, addresses and declared fields travel unchanged; what they were made of is never made
//! again. Of the manifest only what holds for the whole dossier travels: not the other documents,
//! not the partner's signature, and of the owner's identifiers only the province's own hash. A key is
//! opened by the worker, so one that leads out of the input is an error; an address in `absent` is only
//! ever shown.

use std::sync::Arc;

use object_store::path::Path;
use sohoa_schemas::{
    manifest::Manifest,
    message::{Submission, SubmittedDossier, SubmittedFile, SubmittedRefusal, VERSION},
};

use crate::dossier::{Dossier, Refusal, Source, SourceFile};

/// Bytes a document may claim to have, a pebibyte: sums of what is in flight cannot overflow.
const MAX_BYTES: u64 = 1 << 50;

/// A message that is no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmissionError {
    /// The address of a file is not a plain path below the input.
    #[error("the file key `{0}` is not a relative path without empty, `.` or `..` parts")]
    Key(String),
    /// No file is named and no refusal given.
    #[error("the message names no files and gives no reason to refuse the document")]
    NoFiles,
    /// A submission that could be no part of a key, and would have no bound in what is announced.
    #[error("the message's submission is not named by {SUBMISSION_NAME}")]
    Submission,
    /// A refusal that names nothing.
    #[error("the message refuses a document without naming any address of it")]
    NoAddress,
    /// A size that no store holds.
    #[error("the files of the message are said to have more than {MAX_BYTES} bytes together")]
    Size,
    /// A version of the format that is not known here.
    #[error("the message has schema_version {0}, and only {VERSION} is known")]
    Version(i16),
}

/// What names a submission, in words.
pub const SUBMISSION_NAME: &str =
    "1 to 100 letters, digits, dots, dashes and underlines, beginning with a letter or digit";

/// Whether a text can name a submission.
pub fn names_a_submission(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    begins && text.len() <= 100 && text.bytes().all(plain)
}

/// The message for a source of `input`, the input's configured name.
pub fn to_message(
    source: &Source,
    input: &str,
    submission: Option<&str>,
    documents_expected: Option<u32>,
) -> Submission {
    let dossier = &source.dossier;
    Submission {
        schema_version: VERSION,
        submission: submission.map(str::to_owned),
        input: input.to_owned(),
        dossier: SubmittedDossier {
            uid: dossier.uid,
            folder: dossier.folder.clone(),
            documents_expected,
            manifest: dossier.manifest.as_ref().map(shared),
        },
        ordinal: source.ordinal,
        files: source.files.iter().map(submitted).collect(),
        absent: source.absent.clone(),
        declared: source.declared.clone(),
        refused: source
            .refused
            .as_ref()
            .map(|refusal| SubmittedRefusal { code: refusal.code, error: refusal.error.clone() }),
    }
}

/// The source of a message.
///
/// # Errors
/// The message is of another version, or says something that no listing says.
pub fn from_message(message: Submission) -> Result<Source, SubmissionError> {
    if message.schema_version != VERSION {
        return Err(SubmissionError::Version(message.schema_version));
    }
    if message.submission.as_deref().is_some_and(|name| !names_a_submission(name)) {
        return Err(SubmissionError::Submission);
    }
    if message.files.is_empty() {
        match &message.refused {
            None => return Err(SubmissionError::NoFiles),
            Some(_) if message.absent.is_empty() => return Err(SubmissionError::NoAddress),
            Some(_) => {}
        }
    }
    let sizes = message.files.iter().try_fold(0u64, |sum, file| sum.checked_add(file.size));
    if sizes.is_none_or(|sum| sum > MAX_BYTES) {
        return Err(SubmissionError::Size);
    }
    let SubmittedDossier { uid, folder, manifest, documents_expected: _ } = message.dossier;
    let dossier = Dossier { uid, folder, manifest: manifest.as_ref().map(shared) };
    let refused = message.refused;
    Ok(Source {
        dossier: Arc::new(dossier),
        ordinal: message.ordinal,
        files: message.files.into_iter().map(listed).collect::<Result<_, _>>()?,
        absent: message.absent,
        declared: message.declared,
        refused: refused.map(|SubmittedRefusal { code, error }| Refusal { code, error }),
        stands_for: None,
    })
}

/// What of a manifest holds for all documents of its dossier.
fn shared(manifest: &Manifest) -> Manifest {
    let Manifest {
        manifest_version,
        manifest_id,
        created_at,
        partner,
        batch,
        purpose,
        custody,
        dossier,
        documents: _,
        counts,
        signature: _,
    } = manifest;
    let mut dossier = dossier.clone();
    if let Some(owner) = &mut dossier.owner {
        // What is left here is the province's own hash: see `Owners`.
        owner.id_enc = None;
    }
    Manifest {
        manifest_version: manifest_version.clone(),
        manifest_id: manifest_id.clone(),
        created_at: *created_at,
        partner: partner.clone(),
        batch: batch.clone(),
        purpose: purpose.clone(),
        custody: custody.clone(),
        dossier,
        documents: Vec::new(),
        counts: counts.clone(),
        signature: None,
    }
}

fn submitted(file: &SourceFile) -> SubmittedFile {
    SubmittedFile {
        key: file.key.to_string(),
        size: file.size,
        etag: file.etag.clone(),
        modified_at: file.modified,
        declared: file.declared.clone(),
    }
}

fn listed(file: SubmittedFile) -> Result<SourceFile, SubmissionError> {
    let SubmittedFile { key, size, etag, modified_at: modified, declared } = file;
    // A slash at either end would be taken off in silence.
    let parsed = Path::parse(&key).ok().filter(|parsed| parsed.as_ref() == key);
    match parsed.filter(|parsed| !parsed.is_root()) {
        Some(key) => Ok(SourceFile { key, size, etag, modified, declared }),
        None => Err(SubmissionError::Key(key)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate};
    use proptest::{collection::vec, option, prelude::*};
    use sohoa_schemas::{
        Code,
        manifest::{self, Batch, Counts, Custody, Owner, Partner, Signature},
    };
    use uuid::Uuid;

    use super::*;

    fn name() -> impl Strategy<Value = String> {
        "[a-zà-ỹ0-9 _#%~(.-]{1,11}[a-z]"
    }

    fn file_declared() -> impl Strategy<Value = manifest::File> {
        (name(), any::<Option<u64>>(), option::of("[0-9a-f]{64}"), any::<Option<u32>>(), 0..4i64)
            .prop_map(|(path, bytes, sha256, pages, scanned)| {
                let scanned_at = (scanned > 0).then(|| {
                    let offset = chrono::FixedOffset::east_opt(7 * 3600).unwrap();
                    let time = DateTime::from_timestamp(1_700_000_000 * scanned, 5).unwrap();
                    time.with_timezone(&offset)
                });
                manifest::File {
                    path,
                    media_type: Some("image/tiff".into()),
                    bytes,
                    sha256,
                    pages,
                    dpi: Some(300),
                    colour: None,
                    scale_percent: None,
                    page_map: Some(vec![1, 3]),
                    annotation_pairs: None,
                    scanned_at,
                    scanner_operator_ref: None,
                    device: Some("máy quét 2".into()),
                    personal_signature: None,
                }
            })
    }

    fn document() -> impl Strategy<Value = manifest::Document> {
        (any::<u32>(), option::of(name()), vec(file_declared(), 0..3), any::<bool>()).prop_map(
            |(ordinal, text, files, dated)| {
                let date = NaiveDate::from_ymd_opt(1997, 7, 1).filter(|_| dated);
                manifest::Document {
                    ordinal,
                    role: text.clone(),
                    paper_type_code: None,
                    declared_type: text.clone(),
                    code_full: Some("12/QĐ-UBND".into()),
                    issued_on: date,
                    original_kind: text,
                    validity: None,
                    valid_to: date,
                    physical_sheets: Some(2),
                    physical_pages: None,
                    physical_state: None,
                    scope_basis: None,
                    access_mode: Some("01".into()),
                    files,
                }
            },
        )
    }

    fn manifest() -> impl Strategy<Value = Manifest> {
        (name(), option::of(name()), vec(document(), 0..3), any::<bool>()).prop_map(
            |(id, code, documents, owned)| {
                let owner = Owner {
                    kind: "cccd".into(),
                    id_enc: Some("unspoken".into()),
                    id_hmac: Some("9f".into()),
                };
                Manifest {
                    manifest_version: "1.0".into(),
                    manifest_id: id.clone(),
                    created_at: "2026-11-20T08:15:02.25+07:00".parse().unwrap(),
                    partner: Partner {
                        id,
                        office_code: code.clone(),
                        operator_ref: None,
                        contract_ref: None,
                    },
                    batch: code.clone().map(|id| Batch { id, sequence: Some(1), total: None }),
                    purpose: None,
                    custody: Some(Custody {
                        received_from_agency_code: None,
                        handover_minutes_no: code.clone(),
                        boxes: vec!["7".into()],
                        originals_count: None,
                    }),
                    dossier: manifest::Dossier {
                        dossier_code: code,
                        archive_file_code: None,
                        paper_file_code: None,
                        procedure_code: None,
                        title: None,
                        handling_agency_code: None,
                        level: None,
                        commune_code: None,
                        commune_code_system: None,
                        received_on: None,
                        resolved_on: None,
                        document_year: Some(1997),
                        retention_code: None,
                        owner: owned.then_some(owner),
                    },
                    documents,
                    counts: Some(Counts {
                        documents: Some(3),
                        files: None,
                        pages: None,
                        bytes: None,
                    }),
                    signature: Some(Signature {
                        alg: "ES256".into(),
                        kid: "k".into(),
                        jws_detached: "unspoken".into(),
                    }),
                }
            },
        )
    }

    fn source_file() -> impl Strategy<Value = SourceFile> {
        let time = (0i64..4_000_000_000, 0u32..1_000_000_000);
        (vec(name(), 1..4), 0u64..1 << 40, option::of(name()), time, option::of(file_declared()))
            .prop_map(|(parts, size, etag, (seconds, nanos), declared)| SourceFile {
                key: Path::parse(parts.join("/")).unwrap(),
                size,
                etag,
                modified: DateTime::from_timestamp(seconds, nanos).unwrap(),
                declared,
            })
    }

    fn refusal() -> impl Strategy<Value = Refusal> {
        (0..Code::ALL.len(), any::<String>())
            .prop_map(|(code, error)| Refusal { code: Code::ALL[code], error })
    }

    fn source() -> impl Strategy<Value = Source> {
        let dossier = (any::<u128>(), name(), option::of(manifest()));
        // An address that cannot be read may be anything.
        let absent = vec(prop_oneof![any::<String>(), Just("../x".into())], 1..3);
        let files = vec(source_file(), 0..4);
        (dossier, any::<u32>(), files, absent, option::of(document()), option::of(refusal()))
            .prop_map(|((uid, folder, manifest), ordinal, files, absent, declared, refused)| {
                let unread = || Refusal { code: Code::F10MissingFile, error: "it is gone".into() };
                let refused = refused.or_else(|| files.is_empty().then(unread));
                Source {
                    dossier: Arc::new(Dossier { uid: Uuid::from_u128(uid), folder, manifest }),
                    ordinal,
                    files,
                    absent: if refused.is_some() { absent } else { Vec::new() },
                    declared,
                    refused,
                    stands_for: None,
                }
            })
    }

    proptest! {
        #[test]
        fn a_source_comes_back_as_it_was(source in source()) {
            let message = to_message(&source, "scans", Some("b-1"), Some(4));
            let text = serde_json::to_string(&message).unwrap();
            prop_assert!(!text.contains("unspoken"));
            let read: Submission = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&read, &message);
            let back = from_message(read).unwrap();

            prop_assert_eq!(back.dossier.uid, source.dossier.uid);
            prop_assert_eq!(&back.dossier.folder, &source.dossier.folder);
            prop_assert_eq!(back.uris(), source.uris());
            prop_assert_eq!(back.ordinal, source.ordinal);
            prop_assert_eq!(&back.files, &source.files);
            prop_assert_eq!(&back.absent, &source.absent);
            prop_assert_eq!(&back.declared, &source.declared);
            prop_assert_eq!(&back.refused, &source.refused);
            let (back, sent) = (&back.dossier.manifest, &source.dossier.manifest);
            prop_assert_eq!(back.is_some(), sent.is_some());
            if let (Some(back), Some(sent)) = (back, sent) {
                prop_assert_eq!(&back.partner, &sent.partner);
                prop_assert_eq!(&back.batch, &sent.batch);
                prop_assert_eq!(&back.custody, &sent.custody);
                let mut dossier = sent.dossier.clone();
                if let Some(owner) = &mut dossier.owner {
                    owner.id_enc = None;
                }
                prop_assert_eq!(&back.dossier, &dossier);
                prop_assert!(back.documents.is_empty() && back.signature.is_none());
            }
        }

        #[test]
        fn whatever_is_accepted_lies_below_the_input(key in "[a./\\\\ %0]{0,8}|\\PC{0,6}") {
            let mut message = message();
            message.files[0].key.clone_from(&key);
            if let Ok(source) = from_message(message) {
                prop_assert_eq!(source.files[0].key.as_ref(), key.as_str());
                prop_assert!(key.split('/').all(|part| !matches!(part, "" | "." | "..")));
            }
        }
    }

    fn message() -> Submission {
        let text = r#"{"schema_version":1,"input":"scans","ordinal":1,
            "dossier":{"uid":"7ff95965-b70b-59f7-bd3c-a312d92f8ffc","folder":"a"},
            "files":[{"key":"a/1.tif","size":1,"modified_at":"2026-11-20T01:15:02Z"}]}"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_no_listing_says_is_an_error() {
        type Change = fn(&mut Submission);
        let cases: [(Change, &str); 11] = [
            (|m| m.schema_version = 2, "schema_version 2"),
            (|m| m.files[0].key = "../etc/passwd".into(), "`../etc/passwd`"),
            (|m| m.files[0].key = "/etc/passwd".into(), "`/etc/passwd`"),
            (|m| m.files[0].key = "a//b".into(), "`a//b`"),
            (|m| m.files[0].key = "a/./b".into(), "`a/./b`"),
            (|m| m.files[0].key = String::new(), "``"),
            (|m| m.files[0].size = u64::MAX, "bytes together"),
            (|m| m.submission = Some("a".repeat(1_000_000)), "1 to 100 letters"),
            (|m| m.submission = Some("đợt 1".into()), "1 to 100 letters"),
            (|m| m.files.clear(), "names no files"),
            (
                |m| {
                    m.files.clear();
                    let (code, error) = (Code::F05Unsupported, "a pipe".into());
                    m.refused = Some(SubmittedRefusal { code, error });
                },
                "without naming any address",
            ),
        ];
        assert!(from_message(message()).is_ok());
        for (change, said) in cases {
            let mut message = message();
            change(&mut message);
            let error = from_message(message).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
