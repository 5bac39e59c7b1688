//! Metadata fields from words with boxes.
//!
//! A Vietnamese administrative paper has its parts in fixed places (Decree 30/2020, Appendix I):
//! the extraction finds the places by printed anchors and geometry, never by reading order, and
//! reads each field in its own place only. Every value carries the probability that it is right;
//! what cannot be read with evidence is `None` with a finding, never a guess.
//!
//! * [`extract`]: all fields of a file's pages, one [`Segment`] a document.
//! * [`secrecy`]: the check on page 1 that comes before anything is stored.
//!
//! | module | field or idea |
//! |---|---|
//! | `rows`, `zones`, `date_line`, `number_line`, `segment`, `attachment` | words as rows, the parts of the first page, several documents in one file |
//! | `anchors`, `confidence`, `witness` | tolerant matching of printed anchors, what a probability is made of, several readings of one line |
//! | `number`, `number_parts`, `notation`, `date`, `issuer`, `level`, `kind`, `subject`, `signer`, `recipients` | the fields |
//! | `signature`, `office`, `person`, `ink` | the signature block by all its readings, a line of it, a name, what stands where digits should |
//! | `copy` | the form of a copy, or an approval, below the paper |
//! | `secrecy`, `urgency`, `arrival` | stamps |
//! | `validity` | how long the paper says it holds |
//! | `assemble`, `evidence` | one document: witnesses joined, findings |
//! | `types`, `places`, `casing` | tables of the law and the country |
//!
//! It does not look at pixels, and it knows no agency by name.

mod anchors;
mod arrival;
mod assemble;
mod attachment;
mod casing;
mod confidence;
mod copy;
mod date;
mod date_line;
mod evidence;
mod fields;
mod ink;
mod issuer;
mod kind;
mod level;
mod notation;
mod number;
mod number_line;
mod number_parts;
mod office;
mod person;
mod places;
mod recipients;
mod rows;
mod secrecy;
mod segment;
mod signature;
mod signer;
mod subject;
mod types;
mod urgency;
mod validity;
mod witness;
mod zones;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod testing;

use sohoa_document::{Field, PageText, Rect};

pub use fields::{
    Authority, Context, Extraction, FieldFinding, Fields, Level, Precision, Secrecy, Segment,
    Severity, Urgency, Validity,
};
pub use types::{Kind, kinds};

/// Reads the metadata of one file: its pages with their 1-based numbers, in order.
///
/// Normally one [`Segment`]; more only where a later page starts another document beyond doubt.
/// Without pages there is no segment.
pub fn extract(pages: &[(u32, &PageText)], context: &Context) -> Extraction {
    segment::extract(pages, *context)
}

/// Lines of a letterhead that are worth a second reading: number and date line where what was read
/// does not pass the usual accept line. Empty for a page without a letterhead.
///
/// The second readings go into [`PageText::again`].
pub fn doubtful(page: &PageText) -> Vec<Rect> {
    assemble::doubtful(&rows::Sheet::new(1, page))
}

/// The place of the signature block (boxes 7a to 7c) where one reading does not settle the signer's
/// office and name; `None` on a page without a list of recipients.
///
/// Second readings go into [`PageText::signature`], one at a time: the next may not be needed.
pub fn unsettled_signature(page: &PageText) -> Option<Rect> {
    signature::unsettled(&rows::Sheet::new(1, page))
}

/// The secrecy stamp (box 10a) of the first page, to be asked before anything is stored.
///
/// A stamp stands alone; the words "bí mật" or "bảo mật" in running text are none. The check errs
/// on the side of secrecy: a doubtful stamp is reported with a lower probability.
pub fn secrecy(first_page: &PageText) -> Option<Field<Secrecy>> {
    secrecy::stamp(&rows::Sheet::new(1, first_page))
}
