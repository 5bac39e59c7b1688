//! Reason and finding codes.
//!
//! A code says *what is wrong*, for reports and filters; its sentence says *what to do*, for the
//! person at the scanner. Codes are a closed list: what has no code cannot be rejected.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much a finding weighs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// The record is published, but somebody should look.
    Warn,
    /// The record is published with a fault.
    Error,
    /// The record is not published.
    Block,
}

macro_rules! codes {
    ($($name:ident, $text:literal, $severity:ident, $sentence:literal;)+) => {
        /// A reason or finding code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum Code {
            $(#[doc = $sentence] #[serde(rename = $text)] $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The code as it is written in tables, messages and logs.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The weight a finding of this code has unless the finder says otherwise.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)+ }
            }

            /// What to do about it.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)+ }
            }
        }
    };
}

// A table is the clearest form for forty codes, and a macro the only way to keep the enum, the
// text and the sentence on one line.
codes! {
    Q01UnsignedScan, "Q01_UNSIGNED_SCAN", Error, "The scan carries no agency signature; release it for signing.";
    Q02PersonalSig, "Q02_PERSONAL_SIG", Error, "A personal signature stands where the organisation's must; sign with the agency's certificate.";
    Q03PublicCa, "Q03_PUBLIC_CA", Error, "The signature comes from a public certificate authority; use the Government Cipher Committee's.";
    Q04NotReusable, "Q04_NOT_REUSABLE", Warn, "The data is not good enough for reuse; complete the missing fields.";
    I01DpiLow, "I01_DPI_LOW", Warn, "The image is below 200 dots per inch, or does not say how dense it is; scan at 200 dpi or more.";
    I02NotColour, "I02_NOT_COLOUR", Info, "The page was not scanned in colour; scan in 24-bit colour unless the source is certified monochrome.";
    I04Skew, "I04_SKEW", Info, "The page lies askew; straighten it on the scanner if it must be read at the edge.";
    I05Blank, "I05_BLANK", Info, "The page is blank; it is kept.";
    I06CroppedHeader, "I06_CROPPED_HEADER", Warn, "The top of the page is cut off; scan it again with the whole header.";
    I10PageCountMismatch, "I10_PAGE_COUNT_MISMATCH", Block, "The file does not hold the number of pages it or its manifest says; count the sheets, and scan or declare them again.";
    I12Rotated, "I12_ROTATED", Info, "The page was scanned turned; it is shown upright.";
    I13WhiteDecode, "I13_WHITE_DECODE", Block, "The page's image is not empty but decodes to white; scan the page again.";
    F01HashMismatch, "F01_HASH_MISMATCH", Block, "The file is not the one its manifest describes (size or SHA-256 differs); upload the file again.";
    F02Unreadable, "F02_UNREADABLE", Block, "The file is damaged or incomplete; scan or copy it again.";
    F03Encrypted, "F03_ENCRYPTED", Block, "The file is locked with a password; save it without one and send it again.";
    F04ActiveContent, "F04_ACTIVE_CONTENT", Warn, "The file carries scripts or attachments; they are not run and not copied into the record.";
    F05Unsupported, "F05_UNSUPPORTED", Block, "The file is of a kind that is not read here; send TIFF, JPEG, PNG or PDF.";
    F06TooLarge, "F06_TOO_LARGE", Block, "The file or a page of it is larger than is accepted; split it, or scan at a lower density.";
    F07DecompressionBomb, "F07_DECOMPRESSION_BOMB", Block, "The file claims an absurd size and was not opened; scan the page again.";
    F09PageFailed, "F09_PAGE_FAILED", Error, "A page broke the reader twice; the rest of the document is complete. Scan that page again.";
    F10MissingFile, "F10_MISSING_FILE", Block, "The manifest names a file that is not there; upload it, then the manifest again.";
    F11UnlistedFile, "F11_UNLISTED_FILE", Block, "A file lies in the dossier that its manifest does not name; list it, or take it away.";
    F12ManifestInvalid, "F12_MANIFEST_INVALID", Block, "The manifest breaks its schema; correct it as the message says and send it again.";
    S01SecretPaper, "S01_SECRET_PAPER", Block, "The paper bears a secrecy stamp; nothing of it was copied. Handle it by the rules for state secrets.";
    S03CopyNotOriginal, "S03_COPY_NOT_ORIGINAL", Block, "The manifest says the paper is a copy; only originals and certified electronic copies are digitised.";
    M01Missing, "M01_MISSING", Warn, "A field could not be read; fill it in with `sohoa amend`.";
    M02LowConf, "M02_LOW_CONF", Warn, "A field was read but not surely enough to be used; check it.";
    M03DateFuture, "M03_DATE_FUTURE", Warn, "The date lies after the day of scanning; check it.";
    M05NumberNotationPattern, "M05_NUMBER_NOTATION_PATTERN", Warn, "The number and notation follow no known pattern; check them.";
    M06AgencyUnknown, "M06_AGENCY_UNKNOWN", Warn, "The issuing agency is not known; check its name.";
    M07TypeConflict, "M07_TYPE_CONFLICT", Warn, "The title and the notation say different kinds of document; check which is right.";
    M08LengthOverStd, "M08_LENGTH_OVER_STD", Warn, "A value is longer than the standard allows; shorten it before export.";
    M09Duplicate, "M09_DUPLICATE", Info, "The same file was received twice in one dossier; it is one document.";
    M10NoDiacritics, "M10_NO_DIACRITICS", Warn, "The text has almost no Vietnamese diacritics; check the language model.";
    M11CitedYearAfterIssue, "M11_CITED_YEAR_AFTER_ISSUE", Warn, "A document is cited that is younger than this one; check the dates.";
    M12ManifestConflict, "M12_MANIFEST_CONFLICT", Warn, "The page and the manifest say different things; check which is right.";
    T01JunkLayer, "T01_JUNK_LAYER", Info, "The file's text layer is not Vietnamese text and was not used; the page was read again.";
    T02StampLayer, "T02_STAMP_LAYER", Info, "The file's text layer holds only a signature's stamp; the page was read again.";
    X01StageFailed, "X01_STAGE_FAILED", Block, "A step failed on this document again and again; look at the error chain, then replay it.";
    X03KilledWorker, "X03_KILLED_WORKER", Block, "Working on this document ended the program twice; have the file looked at before it is replayed.";
    X02BrokenMessage, "X02_BROKEN_MESSAGE", Block, "The message could not be understood; correct the sender, then send it again.";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

/// A text that is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a reason code")]
pub struct UnknownCode(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back() {
        for code in Code::ALL {
            assert_eq!(code.as_str().parse::<Code>().as_ref(), Ok(code));
        }
        assert_eq!("X99".parse::<Code>(), Err(UnknownCode("X99".into())));
    }
}
