//! How bad scans are to be: all faults by chance as bad as a severity says, or one fault alone.

use clap::ValueEnum;

/// How bad the scans are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Severity {
    /// A perfect scanner: the page as drawn
    None,
    /// A good office scanner: under one degree of skew, little noise
    Light,
    /// A busy office: skew, grain and uneven light that the eye notices
    Medium,
    /// Old paper, a worn scanner: skew, bleed-through, crops, upside-down pages
    Heavy,
}

impl Severity {
    /// Quality of the JPEG streams, 1 to 100.
    pub(crate) fn jpeg_quality(self) -> u8 {
        match self {
            Self::None => 85,
            Self::Light => 72,
            Self::Medium => 50,
            // Visible blocks around the letters.
            Self::Heavy => 32,
        }
    }

    /// Share of the sheets whose empty back is scanned too.
    fn blanks(self) -> f32 {
        match self {
            Self::None => 0.0,
            Self::Light => 0.06,
            Self::Medium => 0.12,
            Self::Heavy => 0.2,
        }
    }
}

/// One thing that scanner or paper does to a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Fault {
    /// The other side shines through
    Bleed,
    /// Out of focus
    Blur,
    /// The top edge is lost
    Crop,
    /// Coarse JPEG compression
    Jpeg,
    /// Grain of the sensor
    Noise,
    /// Yellowed paper
    Paper,
    /// Uneven light
    Shade,
    /// Fed at an angle
    Skew,
    /// Grains and fibres of dust
    Specks,
    /// Fed upside down
    UpsideDown,
}

/// What is to happen to the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damage {
    /// How bad.
    pub(crate) severity: Severity,
    /// This fault on every page and nothing else; `None` for all of them, each by chance.
    pub(crate) only: Option<Fault>,
}

impl Damage {
    /// Quality of the JPEG streams, 1 to 100.
    pub(crate) fn jpeg_quality(self) -> u8 {
        match self.only {
            None | Some(Fault::Jpeg) => self.severity.jpeg_quality(),
            Some(_) => Severity::None.jpeg_quality(),
        }
    }

    /// Share of the sheets whose empty back is scanned too.
    pub(crate) fn blanks(self) -> f32 {
        if self.only.is_some() { 0.0 } else { self.severity.blanks() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_alone_leaves_the_compression_fine_unless_it_is_that() {
        let quality = |only| Damage { severity: Severity::Heavy, only }.jpeg_quality();
        assert_eq!(quality(None), quality(Some(Fault::Jpeg)));
        assert!(quality(Some(Fault::Skew)) > quality(None));
    }
}
