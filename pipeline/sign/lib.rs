//! Signatures in PDF files: PAdES B-B is made, everything met in the wild is verified.
//!
//! * [`key`]: who holds the key, and keys kept in files.
//! * [`signing`], [`appearance`]: an incremental update with a visible agency signature.
//! * [`test_ca`]: the throw-away authority of the embedded default.
//! * [`verify`]: every signature of a file, its subject, its chain and what changed after it.
//!
//! The clock always comes in as an argument, nothing touches the network, and no private key
//! reaches a log or a `Debug` line. Time-stamps, revocation data and tokens are built around
//! [`MessageSigner`], not inside it.

mod appearance;
mod certificate;
mod der_read;
mod der_write;
mod error;
mod font;
mod form;
mod hash;
mod key;
mod oid;
mod passphrase;
mod pdf;
mod pem;
mod pkcs12;
mod revision;
mod signed_data;
mod signing;
pub mod test_ca;
pub mod verify;

pub use appearance::Appearance;
pub use certificate::CertificateDer;
pub use error::SignError;
pub use font::FontFile;
pub use hash::Hash;
pub use key::{KeyFile, MessageSigner, RsaScheme, Scheme};
pub use passphrase::Passphrase;
pub use pdf::PdfError;
pub use signing::{SignRequest, Signed, sign_pdf};
