//! What comes in: a folder or bucket of scans, as dossiers of sources.
//!
//! A **dossier** is what its manifest says, or a folder that directly holds files, or a file lying
//! directly in the input. A **source** is the file, or with a manifest the files, of one document
//! as received. Nothing is read here but listings and manifests, one folder at a time, and of a
//! folder whose files are dossiers of their own a part at a time, so memory is bounded by the largest
//! dossier, and by the names of the folders that lie in one folder. A file that cannot become a document
//! is still a source, with the reason: nothing is passed over in silence but the litter of file managers.
//! Something in a local folder that is no file (a dead link, a pipe, a name that cannot be stored)
//! is a source without files, refused, and is never opened.
//!
//! * [`identity`]: the uids, stable over runs and neighbours.
//! * [`order`]: how names are ordered.
//! * [`manifest`]: reading a manifest and holding it against its folder.
//! * [`dossier`]: a folder's files made into sources.
//! * [`listing`], [`local`]: what lies in a folder, of a bucket or of the local disk.
//! * [`selection`]: which files are taken.
//! * [`submission`]: a source as a message, and back.
//! * [`window`]: a folder of single files, a part of it at a time.
//! * [`walk`]: the folders, one after the other, from the first or from behind a position.

pub mod agency;
pub mod dossier;
pub mod identity;
mod listing;
mod local;
pub mod manifest;
pub mod order;
mod owners;
mod resume;
pub mod selection;
pub mod submission;
pub mod walk;
mod window;

pub use dossier::{Dossier, Naming, Refusal, STAGE, Source, SourceFile};
pub use listing::count;
pub use owners::Owners;
pub use selection::Selection;
pub use submission::{
    SUBMISSION_NAME, SubmissionError, from_message, names_a_submission, to_message,
};
pub use walk::{Found, Layout, Walk, walk, walk_from};
