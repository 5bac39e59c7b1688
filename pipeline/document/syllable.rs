//! Whether a word is a possible Vietnamese syllable: onset, rime and tone, a closed set.
//!
//! Spelling rules, not a dictionary: about 1 % of the possible syllables carry a meaning, but the
//! garbage of an engine that knows no Vietnamese hardly ever spells a possible one with its marks.

use unicode_normalization::UnicodeNormalization;

/// Longest first, so that `ngh` is tried before `ng` and `n`.
const ONSETS: [&str; 28] = [
    "ngh", "ch", "gh", "gi", "kh", "ng", "nh", "ph", "qu", "th", "tr", "b", "c", "d", "đ", "g",
    "h", "k", "l", "m", "n", "p", "q", "r", "s", "t", "v", "x",
];

/// Rimes that end in a vowel, a nasal or a glide: any of the six tones.
const OPEN: [&str; 112] = [
    "a", "ai", "am", "an", "ang", "anh", "ao", "au", "ay", "ăm", "ăn", "ăng", "âm", "ân", "âng",
    "âu", "ây", "e", "em", "en", "eng", "eo", "ê", "êm", "ên", "ênh", "êu", "i", "ia", "iêm",
    "iên", "iêng", "iêu", "im", "in", "inh", "iu", "o", "oa", "oai", "oam", "oan", "oang", "oanh",
    "oao", "oay", "oăm", "oăn", "oăng", "oe", "oem", "oen", "oeo", "oi", "om", "on", "ong", "oong",
    "ô", "ôi", "ôm", "ôn", "ông", "ôông", "ơ", "ơi", "ơm", "ơn", "u", "ua", "uân", "uâng", "uây",
    "uê", "uên", "uênh", "ui", "um", "un", "ung", "uơ", "uôi", "uôm", "uôn", "uông", "uy", "uya",
    "uyên", "uynh", "uyu", "uyn", "ư", "ưa", "ưi", "ưm", "ưn", "ưng", "ươi", "ươm", "ươn", "ương",
    "ươu", "ưu", "y", "ya", "yêm", "yên", "yêng", "yêu", "ynh", "uêu", "ưng",
];

/// Rimes that end in a stop: only the rising and the heavy tone.
const STOPPED: [&str; 60] = [
    "ac", "ach", "ap", "at", "ăc", "ăp", "ăt", "âc", "âp", "ât", "ec", "ep", "et", "êch", "êp",
    "êt", "ich", "iêc", "iêp", "iêt", "ip", "it", "oac", "oach", "oap", "oat", "oăc", "oăp", "oăt",
    "oc", "oet", "ooc", "op", "ot", "ôc", "ôp", "ôt", "ơp", "ơt", "uât", "uc", "uêch", "uêt",
    "uôc", "uôt", "up", "ut", "uych", "uyêt", "uyp", "uyt", "ưc", "ưt", "ươc", "ươp", "ươt", "yêt",
    "yp", "yt", "oep",
];

/// The tone marks as combining characters.
const GRAVE: char = '\u{300}';
const ACUTE: char = '\u{301}';
const TILDE: char = '\u{303}';
const HOOK: char = '\u{309}';
const DOT: char = '\u{323}';

/// Whether `word` can be a Vietnamese syllable, in any case.
pub fn is_syllable(word: &str) -> bool {
    let Some((base, tone)) = split(word) else { return false };
    let whole = matches_rime(&base, tone);
    whole
        || ONSETS
            .iter()
            .any(|onset| base.strip_prefix(onset).is_some_and(|rime| fits(onset, rime, tone)))
}

/// Whether the word carries a mark that only Vietnamese spelling has on that letter.
pub fn has_diacritic(word: &str) -> bool {
    word.nfd().any(|c| {
        matches!(
            c,
            'đ' | 'Đ' | GRAVE | ACUTE | TILDE | HOOK | DOT | '\u{302}' | '\u{306}' | '\u{31b}'
        )
    })
}

/// The lower-case letters with their vowel marks but without the tone, and the tone.
fn split(word: &str) -> Option<(String, Option<char>)> {
    let mut tone = None;
    let mut base = String::with_capacity(word.len());
    for c in word.nfd() {
        match c {
            GRAVE | ACUTE | TILDE | HOOK | DOT => {
                if tone.replace(c).is_some() {
                    return None;
                }
            }
            c => base.extend(c.to_lowercase()),
        }
    }
    // `ngh` + three vowels + `ng` is the longest there is.
    let base: String = base.nfc().collect();
    (base.chars().count() <= 7).then_some((base, tone))
}

fn fits(onset: &str, rime: &str, tone: Option<char>) -> bool {
    match onset {
        // `gi` + `a`; `g` + `i` stays with `g` and the rime `i`.
        "gi" => {
            matches_rime(rime, tone)
                || (rime.starts_with('ê') && matches_rime(&format!("i{rime}"), tone))
        }
        // `q` always takes its `u` along; `quyên` is `qu` + `yên`, `quốc` is `qu` + `ôc`.
        "qu" => matches_rime(rime, tone) || matches_rime(&format!("u{rime}"), tone),
        "q" => false,
        // `k`, `gh` and `ngh` stand before front vowels alone.
        "k" => starts_front(rime) && matches_rime(rime, tone),
        "gh" | "ngh" => starts_front(rime) && !rime.starts_with('y') && matches_rime(rime, tone),
        "c" | "ng" => !starts_front(rime) && matches_rime(rime, tone),
        _ => matches_rime(rime, tone),
    }
}

fn starts_front(rime: &str) -> bool {
    rime.starts_with(['e', 'ê', 'i', 'y'])
}

fn matches_rime(rime: &str, tone: Option<char>) -> bool {
    OPEN.contains(&rime) || (STOPPED.contains(&rime) && matches!(tone, Some(ACUTE | DOT)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_of_official_papers_are_syllables() {
        let text = "Ủy ban nhân dân tỉnh Bình Định cộng hòa xã hội chủ nghĩa Việt Nam độc lập tự do hạnh phúc \
            quyết định về việc phê duyệt kế hoạch giải quyết khuyến khích giữ gìn quốc gia huyện thuế xuất nghiêm \
            ngoặc yêu cầu kỷ luật hoà thuỷ QUYỀN người những được gì giếng rượu khuya uống quý nghỉ của các";
        for word in text.split_whitespace() {
            assert!(is_syllable(word), "{word}");
        }
    }

    #[test]
    fn garbage_and_foreign_words_are_not() {
        for word in [
            "Hph", "phtic", "Dc", "1p", "Vier", "DQC", "street", "computer", "hành2", "NGHIA5",
            "cac", "hat", "qc", "ngê", "cê", "ghà", "ViÖt", "Ñoäc", "laäp", "b", "", "tọ̀a",
        ] {
            assert!(!is_syllable(word), "{word}");
        }
    }

    proptest! {
        #[test]
        fn case_and_composition_do_not_matter(word in "[a-zàáảãạăâđêôơưếệốộừữ]{1,8}") {
            let decomposed: String = word.nfd().collect();
            prop_assert_eq!(is_syllable(&word), is_syllable(&decomposed));
            prop_assert_eq!(is_syllable(&word), is_syllable(&word.to_uppercase()));
        }
    }
}
