//! One document's way: take in, read and compose, describe, sign, publish.
//!
//! Each file is a step; [`process`] is their order. A step that refuses the document ends in
//! quarantine, a step that cannot go on for now is tried again, and whatever happens the answer is
//! durable before it is given.

pub(crate) mod accept;
pub(crate) mod compose;
pub(crate) mod describe;
mod held;
mod layout;
pub(crate) mod originals;
mod own_signature;
mod printed_codes;
pub(crate) mod process;
pub(crate) mod publish;
pub(crate) mod quarantine;
pub(crate) mod read;
pub(crate) mod receipts;
mod refused;
pub(crate) mod rows;
pub(crate) mod sign;
mod signature_findings;
pub(crate) mod take_in;

pub(crate) use own_signature::OwnSignatures;
pub(crate) use process::{Settled, process};
