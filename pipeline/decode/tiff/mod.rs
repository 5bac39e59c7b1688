//! A TIFF file: the chain of directories, one a page.
//!
//! * [`directory`] reads the chain; [`layout`] what one directory says of its strips or tiles.
//! * [`fax`] and [`jpeg`] take the compressed strips as they lie in the file, wherever PDF can hold
//!   them; [`old_jpeg`] puts the JPEG of the years before 1995 together first.
//! * [`plain`] decodes everything else ([`unpack`], [`rows`], [`ycbcr`]) and recompresses it without
//!   loss.

pub(crate) mod directory;
mod fax;
mod jpeg;
mod layout;
mod old_jpeg;
mod pages;
mod plain;
mod rows;
mod unpack;
mod ycbcr;

pub(crate) use pages::TiffFile;
