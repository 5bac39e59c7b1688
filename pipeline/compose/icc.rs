//! Whether an embedded colour profile may go into the PDF.
//!
//! Only the header is read: PDF/A-2b bounds class, colour space and version; a profile that breaks
//! a bound is left out rather than passed on.

/// Whether the profile describes images of so many channels and PDF/A-2b takes it.
pub(crate) fn fits(profile: &[u8], channels: u8) -> bool {
    let Some(header) = profile.get(..128) else { return false };
    let size = u32::from_be_bytes([header[0], header[1], header[2], header[3]]);
    let space: &[u8] = match channels {
        1 => b"GRAY",
        3 => b"RGB ",
        4 => b"CMYK",
        _ => return false,
    };
    size as usize <= profile.len()
        && matches!(header[8], 2 | 4)
        && matches!(&header[12..16], b"mntr" | b"prtr" | b"scnr" | b"spac")
        && &header[16..20] == space
        && matches!(&header[20..24], b"XYZ " | b"Lab ")
        && &header[36..40] == b"acsp"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_profile_fits_colour_alone() {
        let profile = crate::srgb::profile();
        assert!(fits(&profile, 3));
        assert!(!fits(&profile, 1) && !fits(&profile, 4) && !fits(&profile, 2));
        assert!(!fits(&profile[..profile.len() - 1], 3));
        assert!(!fits(b"", 3));
    }

    #[test]
    fn an_abstract_or_future_profile_does_not_fit() {
        for (at, byte) in [(8, 5), (12, b'a'), (36, b'x')] {
            let mut profile = crate::srgb::profile();
            profile[at] = byte;
            assert!(!fits(&profile, 3));
        }
    }
}
