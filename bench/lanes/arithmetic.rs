//! Percentiles, spreads and slopes.

/// Values in order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ordered(Vec<f64>);

impl Ordered {
    /// At least one value, none of them NaN.
    pub(crate) fn new(mut values: Vec<f64>) -> Self {
        assert!(!values.is_empty(), "there is nothing to order");
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The smallest value that at least `percent` of all do not exceed (nearest rank): one that
    /// was seen, never one between two.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        let rank = (percent / 100.0 * self.0.len() as f64).ceil() as usize;
        self.0[rank.clamp(1, self.0.len()) - 1]
    }

    /// The least value.
    pub(crate) fn least(&self) -> f64 {
        self.0[0]
    }

    /// The greatest value.
    pub(crate) fn most(&self) -> f64 {
        self.0[self.0.len() - 1]
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The mean of at least one value.
pub(crate) fn mean(values: &[f64]) -> f64 {
    assert!(!values.is_empty(), "there is no mean of nothing");
    values.iter().sum::<f64>() / values.len() as f64
}

/// By how much the second grows for each of the first, by least squares; none unless there are two
/// different first ones.
pub(crate) fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    // About the means, or large values would cancel each other's digits.
    let middle = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let level = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let spread: f64 = points.iter().map(|(x, _)| (x - middle).powi(2)).sum();
    let together: f64 = points.iter().map(|(x, y)| (x - middle) * (y - level)).sum();
    (spread > 0.0).then(|| together / spread)
}

/// The last tenth over the first, each by its mean; none of fewer than ten values.
pub(crate) fn end_over_start(values: &[f64]) -> Option<f64> {
    let tenth = values.len() / 10;
    (tenth > 0).then(|| mean(&values[values.len() - tenth..]) / mean(&values[..tenth]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let hundred = Ordered::new((1..=100).rev().map(f64::from).collect());
        for (percent, value) in [(0.0, 1.0), (1.0, 1.0), (50.0, 50.0), (95.0, 95.0), (100.0, 100.0)]
        {
            assert_eq!(hundred.percentile(percent), value, "p{percent}");
        }
        // Of ten, 95 in a hundred are all ten; of twenty, nineteen.
        assert_eq!(Ordered::new((1..=10).map(f64::from).collect()).percentile(95.0), 10.0);
        assert_eq!(Ordered::new((1..=20).map(f64::from).collect()).percentile(95.0), 19.0);
        assert_eq!(Ordered::new((1..=4).map(f64::from).collect()).percentile(50.0), 2.0);
        let one = Ordered::new(vec![7.5]);
        assert_eq!([one.percentile(50.0), one.least(), one.most()], [7.5; 3]);
    }

    #[test]
    fn the_slope_of_a_line_is_the_lines() {
        let line = |slope: f64| -> Vec<(f64, f64)> {
            (0..1_000).map(|x| (f64::from(x), 3e9 + slope * f64::from(x))).collect()
        };
        for wanted in [0.0, 2.5, -17.0] {
            assert!((slope(&line(wanted)).unwrap() - wanted).abs() < 1e-6, "{wanted}");
        }
        // What sways evenly has no slope.
        let swaying: Vec<_> = line(2.0).chunks(2).flat_map(sway).collect();
        assert!((slope(&swaying).unwrap() - 2.0).abs() < 0.01);
        assert_eq!(slope(&[(1.0, 2.0), (1.0, 9.0)]), None);
        assert_eq!(slope(&[]), None);
    }

    fn sway(pair: &[(f64, f64)]) -> [(f64, f64); 2] {
        [(pair[0].0, pair[0].1 + 100.0), (pair[1].0, pair[1].1 - 100.0)]
    }

    #[test]
    fn growth_is_told_from_a_level() {
        assert_eq!(end_over_start(&[5.0; 40]), Some(1.0));
        let grows: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(end_over_start(&grows), Some(19.5 / 1.5));
        assert_eq!(end_over_start(&[1.0; 9]), None);
    }
}
