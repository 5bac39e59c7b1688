//! Signatures in PDF files: PAdES B-B to B-LTA are made, everything met in the wild is verified.
//!
//! * [`key`]: who holds the key, and keys kept in files; [`TokenKey`]: keys kept in tokens.
//! * [`stamp`], [`fetch`]: time-stamps, and the one way to an authority's server.
//! * [`signing`], [`appearance`], [`placement`]: an incremental update with a visible agency signature.
//! * [`excerpt`]: the first page alone, to be looked at before it is signed.
//! * [`permissions`]: what a certification allows afterwards.
//! * [`revocation`], [`gather`], [`cache`], [`issuers`]: what proves that a certificate was not revoked, and how
//!   it is had.
//! * [`kept`]: what was asked before signing, kept outside the file.
//! * [`dss`], [`raise`]: that proof kept in the file, for levels B-LT and B-LTA.
//! * [`seal`]: messages that carry their signature.
//! * [`test_ca`]: the throw-away authority of the embedded default.
//! * [`sayings`]: what errors say in Vietnamese.
//! * [`verify`]: every signature of a file, its subject, its chain and what changed after it.
//!
//! The clock always comes in as an argument, only [`Fetch`] touches the network, and no private key
//! reaches a log or a `Debug` line. Time-stamps are built around [`MessageSigner`], not inside it.

mod appearance;
mod asked;
mod cache;
mod certificate;
mod der_read;
mod der_write;
mod dss;
mod error;
mod excerpt;
mod fetch;
mod font;
mod form;
#[doc(hidden)]
pub mod fuzzing;
mod gather;
mod hash;
mod issuers;
mod kept;
mod key;
mod oid;
mod output;
mod passphrase;
mod pdf;
mod pem;
mod permissions;
mod pkcs11;
mod pkcs12;
mod placement;
mod pointers;
mod raise;
mod revision;
mod revocation;
mod sayings;
mod seal;
mod signed_data;
mod signing;
mod stamp;
pub mod test_ca;
pub mod verify;

pub use appearance::Appearance;
pub use cache::EvidenceCache;
pub use certificate::CertificateDer;
pub use error::SignError;
pub use excerpt::first_page;
pub use fetch::{Fetch, FetchError, HttpClient, Message};
pub use font::FontFile;
pub use gather::{EvidenceError, EvidenceSource};
pub use hash::Hash;
pub use kept::KeptEvidence;
pub use key::{KeyFile, MessageSigner, RsaScheme, Scheme};
pub use passphrase::Passphrase;
pub use pdf::PdfError;
pub use pkcs11::{KeyName, TokenDescription, TokenError, TokenKey, TokenSettings};
pub use placement::Corner;
pub use raise::{ArchiveStamp, Raised, raise_pdf, raise_pdf_with};
pub use revocation::{EvidenceFault, RevocationMethod, Revoked};
pub use seal::{SealError, Sealed, check_seal, seal, sealed_content};
pub use signing::{SignRequest, Signed, Stamped, sign_pdf, sign_pdf_stamped, stamp_pdf};
pub use stamp::{StampError, TimeStampAuthority};
