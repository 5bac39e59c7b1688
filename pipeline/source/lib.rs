//! What comes in: a folder or bucket of scans, as dossiers of sources.
//!
//! A **dossier** is what its manifest says, or a folder that directly holds files, or a file lying
//! directly in the input. A **source** is the file, or with a manifest the files, of one document
//! as received. Nothing is read here but listings and manifests, one folder at a time, so memory
//! is bounded by the largest folder. A file that cannot become a document is still a source, with
//! the reason: nothing is passed over in silence but the litter of file managers.
//!
//! * [`identity`]: the uids, stable over runs and neighbours.
//! * [`order`]: how names are ordered.
//! * [`manifest`]: reading a manifest and holding it against its folder.
//! * [`dossier`]: a folder's files made into sources.
//! * [`walk`]: the folders, one after the other.

pub mod dossier;
pub mod identity;
pub mod manifest;
pub mod order;
pub mod walk;

pub use dossier::{Dossier, Naming, Refusal, STAGE, Source, SourceFile};
pub use walk::{Layout, Selection, Walk, count, walk};
