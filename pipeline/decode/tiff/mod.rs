//! A TIFF file: the chain of directories, one a page.
//!
//! The compressed strips are taken as they lie in the file wherever PDF can hold them
//! ([`fax`], [`jpeg`]); everything else is decoded and recompressed without loss ([`plain`]).

pub(crate) mod directory;
mod fax;
mod jpeg;
mod pages;
mod plain;

pub(crate) use pages::TiffFile;
