//! The values that labels may have.
//!
//! Invariant: every label's values are a closed set of words of ours. So the number of series of a
//! process is known beforehand, and no name, number or path of a citizen can get into one.

use sohoa_schemas::Code;

/// A label: its key, and every value it may have.
#[derive(Debug, Clone, Copy)]
pub struct Dimension {
    /// The label's name.
    pub key: &'static str,
    /// Its values.
    pub values: fn() -> Vec<&'static str>,
}

macro_rules! closed {
    ($($(#[$about:meta])* $name:ident = $key:literal { $($(#[$what:meta])* $value:ident = $text:literal,)+ })+) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$what])* $value,)+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$value,)+];

            /// The label of this set.
            pub const DIMENSION: Dimension =
                Dimension { key: $key, values: || vec![$($text,)+] };

            /// The value as it stands in the label.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text,)+ }
            }
        }
    )+};
}

// A table keeps each word beside its meaning; written out, it would be twelve times the same code.
closed! {
    /// A stage of the line, in the order of the work.
    Stage = "stage" {
        /// Files in from the source.
        Fetch = "fetch",
        /// Pages out of files.
        Decode = "decode",
        /// Words out of pages.
        Ocr = "ocr",
        /// Fields out of words.
        Extract = "extract",
        /// PDF/A out of pages and words.
        Compose = "compose",
        /// The agency's signature.
        Sign = "sign",
        /// Objects and record into the store.
        Publish = "publish",
        /// Rows into the tables.
        Index = "index",
    }

    /// Live first, bulk fills the rest.
    Lane = "lane" {
        /// Somebody waits for it.
        Live = "live",
        /// A backfill.
        Bulk = "bulk",
    }

    /// What became of a document, or of its pages.
    Outcome = "outcome" {
        /// Signed, stored, its record created.
        Published = "published",
        /// Refused with a reason.
        Quarantined = "quarantined",
        /// Composed, waiting for a release or for a signature.
        Held = "held",
    }

    /// What came of trying again to sign what was held.
    HeldRetry = "result" {
        /// Signed and published.
        Published = "published",
        /// Whom it waits for is silent still: one for each time that it was tried.
        Silent = "silent",
        /// Its held files are gone, or it cannot be signed.
        Left = "left",
    }

    /// The class of an error, by what is done next.
    Class = "class" {
        /// The process stops.
        Fatal = "fatal",
        /// The same again.
        Retry = "retry",
        /// The document is refused.
        Reject = "reject",
    }

    /// Why a page worker was replaced.
    Restart = "reason" {
        /// A signal or an exit of its own.
        Crashed = "crashed",
        /// Past a deadline.
        TimedOut = "timed_out",
        /// Past its memory limit.
        OutOfMemory = "out_of_memory",
        /// Said something that is no answer.
        Protocol = "protocol",
        /// Whoever waited for its answer went away.
        Cancelled = "cancelled",
        /// Served its number of requests; no fault.
        Retired = "retired",
    }

    /// What a page worker made of a page.
    PageRead = "result" {
        /// A page with its words.
        Given = "given",
        /// The same, at the second attempt.
        Retried = "retried",
        /// Refused as the file's or page's own fault.
        Rejected = "rejected",
        /// Broke every worker that tried.
        Broken = "broken",
    }

    /// What CPU time is spent on.
    Step = "step" {
        /// From the file to a raster.
        Decode = "decode",
        /// Looking for barcodes.
        Barcodes = "barcodes",
        /// From the raster to what the engine sees.
        Prepare = "prepare",
        /// The engine's first look.
        Recognise = "recognise",
        /// Its further looks at a page or a part of it.
        RecogniseAgain = "recognise_again",
        /// From the engine's result to words.
        Words = "words",
        /// Everything else of a page worker.
        Rest = "rest",
        /// Fields from words.
        Extract = "extract",
        /// The archived document and its layout.
        Compose = "compose",
        /// Signatures, made and verified.
        Sign = "sign",
    }

    /// What came of a transaction of announcements.
    AnnounceResult = "result" {
        /// Messages and positions are there.
        Committed = "committed",
        /// Nothing is there; the same again later.
        Aborted = "aborted",
    }

    /// What came of a commit to the index.
    CommitResult = "result" {
        /// The rows are there.
        Committed = "committed",
        /// They are not; tried again.
        Failed = "failed",
    }

    /// Why the rows of an announced document are not in the index.
    Skipped = "reason" {
        /// Its object is not there.
        Gone = "gone",
        /// Its object cannot be understood.
        Damaged = "damaged",
        /// Its announcement cannot be understood.
        Unreadable = "unreadable",
    }

    /// A table of the index.
    Table = "table" {
        /// Current documents.
        Documents = "documents",
        /// Every version.
        DocumentVersions = "document_versions",
        /// Pages.
        Pages = "pages",
        /// Text of pages.
        PageText = "page_text",
        /// Signatures.
        Signatures = "signatures",
        /// Findings.
        Findings = "findings",
        /// Received files.
        Intake = "intake",
        /// The audit trail.
        Events = "events",
    }

    /// An operation on the object store.
    Operation = "operation" {
        /// Read, whole or a range.
        Get = "get",
        /// Write, replacing.
        Put = "put",
        /// Write if absent.
        Create = "create",
        /// Names under a prefix.
        List = "list",
        /// Removal.
        Delete = "delete",
    }

    /// What came of an operation on the object store.
    StoreResult = "result" {
        /// Done.
        Ok = "ok",
        /// No such object: an answer, no error.
        Absent = "absent",
        /// Created by somebody else before: an answer, no error.
        Exists = "exists",
        /// Refused or unreachable.
        Error = "error",
    }
}

/// Reason codes of refusals.
pub const CODE: Dimension =
    Dimension { key: "code", values: || Code::ALL.iter().map(|code| code.as_str()).collect() };

/// The upper end of an edge.
pub const FROM: Dimension =
    Dimension { key: "from", values: || Stage::ALL.iter().map(|stage| stage.upstream()).collect() };

/// The lower end of an edge.
pub const TO: Dimension = Dimension { key: "to", values: Stage::DIMENSION.values };

impl Stage {
    /// The upper end of the edge into this stage: the stage before, or `source`.
    pub fn upstream(self) -> &'static str {
        let before = (self as usize).checked_sub(1).and_then(|before| Self::ALL.get(before));
        before.map_or("source", |stage| stage.as_str())
    }
}

impl Table {
    /// The table of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|table| table.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edge_begins_where_another_ends() {
        assert_eq!(Stage::Fetch.upstream(), "source");
        for pair in Stage::ALL.windows(2) {
            assert_eq!(pair[1].upstream(), pair[0].as_str());
        }
    }

    #[test]
    fn a_table_is_found_by_its_name() {
        assert_eq!(Table::named("page_text"), Some(Table::PageText));
        assert_eq!(Table::named("no_such"), None);
    }
}
