//! Several readings of the same print, joined into one value.
//!
//! A doubtful line is read again alone, by the page's own model and by another one. What that is
//! worth was counted on lines of true text spoiled like bad scans (`bench/witness.py`): of 479 numbers
//! read as digits 10 were wrong; the other model agreed with 8 of 10 right ones and with no wrong
//! one (a factor of at least 17 on the odds), differed from 1 in 469 right ones and from half of
//! the wrong ones (0.01), and saw no digits twice as often where the first was wrong (0.4). The factors below
//! are kept on the careful side of these.

use crate::confidence;

/// Odds factor of one more reading that agrees: of a model that already spoke, of another. On real
/// scans a model repeats an error that the paper gives it (2016 for 2018, twice at 0.96), as the
/// spoiled lines do not show.
const AGREES: (f32, f32) = (2.0, 10.0);

/// Odds factor of a reading of another value, as sure as can be; a doubtful one moves less.
const DIFFERS: (f32, f32) = (0.05, 0.02);

/// Odds factor of a reading that saw no value where others saw one.
const UNREAD: f32 = 0.5;

/// Odds factor of what only the other model saw: it does not know the language.
const UNCONFIRMED: f32 = 0.2;

/// Signs that the Vietnamese model writes for digits, as scans show it: a stroke beside a digit is
/// a mark to it (`lồ` for 18, `2Š` for 25, `TÔ` for 10).
const SHAPES: [(&str, &str); 6] = [
    ("oôơöóòõọốồổỗộ", "068"),
    ("lií|]!t", "1"),
    ("z", "2"),
    ("sš", "58"),
    ("b", "68"),
    ("gq", "9"),
];

/// Longest text whose look-alikes are listed: a year has four signs.
const LONGEST_SHAPE: usize = 4;

/// Readings of one line share its paper: together they are no surer than the surest word, and
/// digits that do not stand as print stands stay below any use.
const SUREST: f32 = 0.995;

/// What one reading saw.
#[derive(Debug, Clone)]
pub(crate) struct Seen<T> {
    same_model: bool,
    /// The value and the probability that it is right by itself.
    value: Option<(T, f32)>,
    /// Values whose shape the reading has, where it has no value.
    like: Vec<T>,
}

impl<T: PartialEq + Clone> Seen<T> {
    /// Whether this reading saw the value.
    pub(crate) fn has(&self, value: &T) -> bool {
        self.value.as_ref().is_some_and(|(seen, _)| seen == value)
    }

    fn probability(&self) -> f32 {
        self.value.as_ref().map_or(0.0, |(_, p)| *p)
    }
}

impl<T> Seen<T> {
    /// `same_model`: whether it is the model that read the page.
    pub(crate) fn new(same_model: bool, value: Option<(T, f32)>) -> Self {
        Self { same_model, value, like: Vec::new() }
    }

    /// The reading with what its signs could be digits of; these confirm a value that another
    /// reading has, and are none by themselves.
    pub(crate) fn like(mut self, signs: &str, value: impl Fn(&str) -> Option<T>) -> Self {
        if self.value.is_none() {
            self.like = shapes(signs).iter().filter_map(|digits| value(digits)).collect();
        }
        self
    }
}

/// Every run of digits that has the shape of these signs.
fn shapes(signs: &str) -> Vec<String> {
    if signs.is_empty() || signs.chars().count() > LONGEST_SHAPE {
        return Vec::new();
    }
    let digits = |sign: char| {
        let sign = sign.to_lowercase().next().unwrap_or(sign);
        let shapes = SHAPES.iter().find(|(signs, _)| signs.contains(sign));
        shapes.map_or_else(
            || sign.is_ascii_digit().then(|| sign.to_string()),
            |(_, digits)| Some((*digits).to_owned()),
        )
    };
    signs.chars().fold(vec![String::new()], |runs, sign| {
        let Some(digits) = digits(sign) else { return Vec::new() };
        let longer = |run: &String| digits.chars().map(|digit| format!("{run}{digit}")).collect();
        runs.iter().flat_map(|run| -> Vec<String> { longer(run) }).collect()
    })
}

/// The likeliest value and the probability that it is right, all readings considered. A single
/// reading keeps its probability; what no reading saw is never made up.
pub(crate) fn join<T: PartialEq + Clone>(readings: &[Seen<T>]) -> Option<(T, f32)> {
    let values = readings.iter().filter_map(|seen| seen.value.as_ref());
    let judged = values.map(|(value, _)| (value, probability(readings, value)));
    let (value, p) = judged.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    Some((value.clone(), p))
}

/// Probability that the value is right: its surest reading's, moved by all others.
fn probability<T: PartialEq + Clone>(readings: &[Seen<T>], value: &T) -> f32 {
    let agreeing = readings.iter().enumerate().filter(|(_, seen)| seen.has(value));
    let surest = agreeing.max_by(|a, b| a.1.probability().total_cmp(&b.1.probability()));
    let Some((lead, surest)) = surest else { return 0.0 };
    let mut heard = vec![surest.same_model];
    let mut factor = 1.0;
    let others = || readings.iter().enumerate().filter(|(at, _)| *at != lead).map(|(_, seen)| seen);
    // Who agrees is heard first: that a model also saw something else does not make it the same.
    let agreeing = others().filter(|seen| seen.has(value));
    for seen in agreeing.chain(others().filter(|seen| !seen.has(value))) {
        let known = heard.contains(&seen.same_model);
        let of = |(same, other): (f32, f32)| if known { same } else { other };
        if seen.has(value) {
            factor *= of(AGREES);
        } else if seen.value.is_some() {
            factor *= 1.0 - (1.0 - of(DIFFERS)) * seen.probability();
        } else if !seen.like.contains(value) {
            factor *= UNREAD;
        }
        if seen.value.is_some() {
            heard.push(seen.same_model);
        }
    }
    let confirms =
        |seen: &Seen<T>| seen.same_model && (seen.has(value) || seen.like.contains(value));
    if !readings.iter().any(confirms) {
        factor *= UNCONFIRMED;
    }
    let p = surest.probability();
    if factor == 1.0 { p } else { confidence::weigh(p, factor).min(p.max(SUREST)) }
}

/// The middle of the factors, the lower one of two; 1 of none.
pub(crate) fn middle(mut factors: Vec<f32>) -> f32 {
    factors.sort_by(f32::total_cmp);
    factors.get(factors.len().saturating_sub(1) / 2).copied().unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Readings of the own model, then of the other.
    fn p(own: &[Option<(u32, f32)>], other: Option<(u32, f32)>) -> (u32, f32) {
        let own = own.iter().map(|value| Seen::new(true, *value));
        join(&own.chain([Seen::new(false, other)]).collect::<Vec<_>>()).unwrap()
    }

    fn alone(value: u32, p: f32) -> (u32, f32) {
        join(&[Seen::new(true, Some((value, p)))]).unwrap()
    }

    #[test]
    fn a_single_reading_keeps_its_probability() {
        assert_eq!(alone(18, 0.8), (18, 0.8));
        assert_eq!(join::<u32>(&[Seen::new(true, None), Seen::new(false, None)]), None);
    }

    #[test]
    fn two_models_that_agree_are_surer_than_one_that_repeats_itself() {
        let twice = p(&[Some((18, 0.8)), Some((18, 0.8))], None).1;
        let both = p(&[Some((18, 0.8)), None], Some((18, 0.8))).1;
        assert!(both > 0.94 && both > twice, "{both} {twice}");
    }

    #[test]
    fn models_that_differ_leave_doubt_however_often_one_repeats_itself() {
        let (_, p) = p(&[Some((2016, 0.985)), Some((2016, 0.985))], Some((2018, 0.985)));
        assert!(p < 0.9, "{p}");
    }

    #[test]
    fn the_other_model_alone_does_not_pass() {
        assert!(p(&[None, None], Some((4427, 0.98))).1 < 0.9);
        // A doubtful reading of something else does not outweigh two that agree.
        assert!(p(&[Some((10, 0.3)), Some((16, 0.9))], Some((16, 0.95))).1 > 0.97);
    }

    #[test]
    fn letters_with_the_shape_of_digits_confirm_but_are_no_value() {
        let own =
            |signs: &str| Seen::<u32>::new(true, None).like(signs, |digits| digits.parse().ok());
        let other = || Seen::new(false, Some((18, 0.98)));
        assert!(join(&[own("lồ"), own("lồ"), other()]).unwrap().1 > 0.95);
        assert!(join(&[own("2Š"), own("2Š"), other()]).unwrap().1 < 0.9);
        assert!(join(&[own("lồ")]).is_none());
        assert_eq!(shapes("2Š"), ["25", "28"]);
        assert!(shapes("(Q").is_empty());
    }

    #[test]
    fn the_middle_of_an_even_number_is_the_lower() {
        assert_eq!(middle(vec![1.0, 0.01]), 0.01);
        assert_eq!(middle(vec![1.0, 0.01, 0.6]), 0.6);
        assert_eq!(middle(Vec::new()), 1.0);
    }
}
