//! From the decoded raster to the one the engine reads.
//!
//! Each step is a file. Those of every page stay only because they were measured to help on real
//! scans: [`grey`] (one channel, coloured ink out), [`ink`] (that ink alone), [`reduce`] (about 200
//! dpi), [`blank`] (nothing to read, nothing spent), [`skew`] (how far the lines lean), [`head`] (is
//! the page upside down), [`turn`] (the turns themselves). Others serve a second look at a part:
//! [`signature`] (what lies over a signer's name), [`stamp`] (what stands in a frame), [`soften`] (a
//! last try where nothing was read); [`connected`] is theirs in common. No step binarises: the engine's
//! own threshold feeds its layout analysis, and its network reads the grey pixels.

pub mod blank;
pub mod connected;
pub mod grey;
pub mod head;
pub mod ink;
pub mod reduce;
pub mod signature;
pub mod skew;
pub mod soften;
pub mod stamp;
pub mod turn;
