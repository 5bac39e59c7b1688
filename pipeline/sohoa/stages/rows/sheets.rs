//! Sizes of paper.

/// Square points of A4.
const A4: f32 = 595.276 * 841.89;

/// How many pages of A4 one of a size in points is: as many as the size of the A series nearest to it,
/// so that neither a scanner's border nor the old folio counts for more. None for no size at all.
pub(super) fn in_a4(width: f32, height: f32) -> Option<f32> {
    let area = width * height;
    (area > 0.0).then(|| (area / A4).log2().round().exp2())
}

#[cfg(test)]
mod tests {
    use super::in_a4;

    #[test]
    fn a_page_counts_as_the_nearest_size_of_the_series() {
        let of_mm = |width: f32, height: f32| in_a4(width * 72.0 / 25.4, height * 72.0 / 25.4);
        for (width, height, pages) in [
            (210.0, 297.0, 1.0),
            (297.0, 210.0, 1.0),
            (215.0, 330.0, 1.0),
            (205.0, 290.0, 1.0),
            (297.0, 420.0, 2.0),
            (420.0, 594.0, 4.0),
            (594.0, 841.0, 8.0),
            (841.0, 1189.0, 16.0),
            (148.0, 210.0, 0.5),
        ] {
            assert_eq!(of_mm(width, height), Some(pages), "{width} x {height}");
        }
        assert_eq!(in_a4(0.0, 842.0), None);
    }
}
