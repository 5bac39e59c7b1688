//! What is to be submitted, and how fast.

use std::time::Duration;

use sohoa_schemas::ledger::Order;
use sohoa_source::{Layout, Naming, Owners, SUBMISSION_NAME, Selection, Walk, names_a_submission};
use sohoa_store::Store;

/// What is to be submitted.
#[derive(Debug, Clone)]
pub struct Request {
    /// Identifier of the submission, part of object keys. The same one goes on.
    pub submission: String,
    /// Name of the input, by which workers know its address.
    pub input: String,
    /// Code of the agency that names dossiers without a code.
    pub agency: Option<String>,
    /// How files make dossiers.
    pub layout: Layout,
    /// Globs of the files that are taken; none for all.
    pub include: Vec<String>,
    /// Globs of the files that are not.
    pub exclude: Vec<String>,
    /// Documents at most, over all starts of the submission.
    pub limit: Option<u64>,
    /// What becomes of owners' identifiers.
    pub owners: Owners,
}

/// A request that cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The identifier would not do as part of a key.
    #[error("`{0}` cannot name a submission: use {SUBMISSION_NAME}")]
    Submission(String),
    /// A glob is malformed.
    #[error("the filter cannot be used: {0}")]
    Filter(String),
    /// A rate of nothing, or of no number.
    #[error("{0} documents a second are no rate: give a number above 0, or pause the submission")]
    Rate(f64),
    /// Nothing may be under way.
    #[error("with at most 0 documents in flight none could ever be sent")]
    InFlight,
}

impl Request {
    /// The walk over the input.
    pub fn walk(&self) -> Result<Walk, RequestError> {
        let selection = Selection::new(&self.include, &self.exclude)
            .map_err(|error| RequestError::Filter(error.to_string()))?;
        let naming = Naming { agency: self.agency.clone(), input: self.input.clone() };
        let owners = self.owners.clone();
        Ok(Walk { layout: self.layout, selection, naming, owners })
    }

    pub(crate) fn order(&self, input: &Store, topic: String) -> Order {
        let layout = match self.layout {
            Layout::Auto => "auto",
            Layout::Flat => "flat",
            Layout::Folders => "folders",
            Layout::Manifest => "manifest",
        };
        Order {
            input: self.input.clone(),
            address: input.address(),
            agency: self.agency.clone(),
            layout: layout.to_owned(),
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            limit: self.limit,
            topic,
        }
    }
}

/// Whether an identifier can be part of a key.
pub(crate) fn check_submission(id: &str) -> Result<(), RequestError> {
    if names_a_submission(id) { Ok(()) } else { Err(RequestError::Submission(id.to_owned())) }
}

/// How fast; may differ from start to start.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Documents a second at most.
    pub per_second: Option<f64>,
    /// Messages of the bulk lane without an answer at most, those of other submissions included.
    pub in_flight: Option<u64>,
    /// Documents of a chunk at most: what a resume may send again.
    pub chunk_documents: usize,
    /// Age at which a chunk is written though it is smaller.
    pub chunk_age: Duration,
    /// Between two looks at the pause object and the workers' progress.
    pub look_every: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            per_second: None,
            in_flight: None,
            // Some hundred kilobytes an object, fifteen thousand objects for a province.
            chunk_documents: 1_000,
            chunk_age: Duration::from_secs(15),
            look_every: Duration::from_secs(2),
        }
    }
}

impl Bounds {
    pub(crate) fn check(&self) -> Result<(), RequestError> {
        match (self.per_second, self.in_flight) {
            (Some(rate), _) if !(rate.is_finite() && rate > 0.0) => Err(RequestError::Rate(rate)),
            (_, Some(0)) => Err(RequestError::InFlight),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submission_is_named_so_that_its_keys_are_plain() {
        for good in ["2026-11", "binh-dinh_1.a", "0"] {
            assert!(check_submission(good).is_ok(), "{good}");
        }
        let long = "a".repeat(101);
        for bad in ["", ".", "..", "-a", "a/b", "đợt", "a b", &long] {
            assert!(check_submission(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_rate_of_nothing_is_refused() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let bounds = Bounds { per_second: Some(rate), ..Bounds::default() };
            assert!(matches!(bounds.check(), Err(RequestError::Rate(_))), "{rate}");
        }
        let bounds = Bounds { in_flight: Some(0), ..Bounds::default() };
        assert!(matches!(bounds.check(), Err(RequestError::InFlight)));
        assert!(Bounds::default().check().is_ok());
    }
}
