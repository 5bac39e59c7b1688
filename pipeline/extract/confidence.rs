//! What a probability is made of.
//!
//! An engine's confidence is no probability: on printed Vietnamese it is optimistic in the middle
//! and flat at the top. Two tables map it, fitted on words of known pages (`bench/confidence.py`
//! holds them against pages with a true text layer and prints them anew); evidence from elsewhere
//! (agreement of independent readings, geometry that does not fit print) moves the odds.

use sohoa_document::Word;

/// Points of the map from an engine's word confidence to the share of right words, marks repaired;
/// linear between. From 0.85 on as `bench/runs/2026-11-28-2core/confidence.txt` has it; below, where
/// words were right more often there, the lower shares of worse scans stay. The run of 2026-11-27 shows
/// words as they were before marks were repaired.
const MAP: [(f32, f32); 7] =
    [(0.0, 0.1), (0.3, 0.3), (0.5, 0.55), (0.7, 0.8), (0.85, 0.87), (0.92, 0.965), (1.0, 0.995)];

/// The same for words of digits alone in clear type. They bear no marks, where most misread words
/// go wrong, so that even doubtful ones are right. Digits written by hand are not meant: geometry
/// tells them apart.
const DIGITS: [(f32, f32); 6] =
    [(0.0, 0.1), (0.3, 0.4), (0.5, 0.85), (0.7, 0.93), (0.92, 0.97), (1.0, 0.995)];

/// A number or date less likely than this is a guess, and a guess is no value.
pub(crate) const GUESS: f32 = 0.5;

/// Probability that a word of this confidence is right.
pub(crate) fn word(confidence: f32) -> f32 {
    on(&MAP, confidence)
}

/// Probability that a word of digits of this confidence is right.
pub(crate) fn digits(confidence: f32) -> f32 {
    on(&DIGITS, confidence)
}

fn on(map: &[(f32, f32)], confidence: f32) -> f32 {
    let confidence = if confidence.is_finite() { confidence.clamp(0.0, 1.0) } else { 0.0 };
    for pair in map.windows(2) {
        let [(x0, y0), (x1, y1)] = [pair[0], pair[1]];
        if confidence <= x1 {
            return y0 + (y1 - y0) * (confidence - x0) / (x1 - x0);
        }
    }
    map[map.len() - 1].1
}

/// Probability of the least sure of these words; certainty without any.
pub(crate) fn weakest(words: &[&Word]) -> f32 {
    words.iter().map(|found| word(found.confidence)).fold(1.0, f32::min)
}

/// Moves a probability by a factor on its odds: above 1 for agreement, below 1 for doubt.
pub(crate) fn weigh(probability: f32, factor: f32) -> f32 {
    let p = probability.clamp(0.001, 0.999);
    let odds = p / (1.0 - p) * factor.max(0.0);
    (odds / (1.0 + odds)).clamp(0.0, 0.999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_rises_and_stays_below_certainty() {
        let steps: Vec<f32> = (0..=20u8).map(|i| word(f32::from(i) / 20.0)).collect();
        assert!(steps.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(steps.iter().all(|p| *p < 1.0));
        assert!(word(f32::NAN) < 0.2);
        let steps: Vec<f32> = (0..=20u8).map(|i| digits(f32::from(i) / 20.0)).collect();
        assert!(steps.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn agreement_raises_and_doubt_lowers() {
        assert!(weigh(0.8, 3.0) > 0.9);
        assert!(weigh(0.95, 0.2) < 0.9);
        assert!(weigh(1.0, 100.0) < 1.0);
    }
}
