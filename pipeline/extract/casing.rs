//! Sentence casing of names printed in capitals: `SỞ Y TẾ` becomes `Sở Y tế`.
//!
//! The words of Vietnamese administration are a small set with fixed spelling; they also repair
//! marks that recognition lost. What is not in the set is taken for a proper name: each word
//! capitalised. Names already printed in mixed case stay as printed.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use sohoa_document::fold::fold;
use unicode_normalization::UnicodeNormalization;

use crate::places;

/// Phrases of agency names in their proper spelling; longer ones win.
const PHRASES: &[&str] = &[
    "UBND",
    "HĐND",
    "UBMTTQ",
    "BQL",
    "TNCS",
    "TNHH",
    "MTV",
    "CP",
    "TP.",
    "TP",
    "TW",
    "BCH",
    "KCN",
    "CNTT",
    "UBHC",
    "Ủy ban nhân dân",
    "Ủy ban hành chính",
    "Ủy ban Kế hoạch",
    "Hội đồng nhân dân",
    "Hội đồng Bộ trưởng",
    "Hội đồng Chính phủ",
    "Hội đồng Nhà nước",
    "Phủ Thủ tướng",
    "Ủy ban Mặt trận Tổ quốc Việt Nam",
    "Ủy ban",
    "Hội đồng",
    "Chính phủ",
    "Thủ tướng Chính phủ",
    "Văn phòng",
    "Quốc hội",
    "Chủ tịch nước",
    "Tỉnh ủy",
    "Thành ủy",
    "Huyện ủy",
    "Thị ủy",
    "Đảng ủy",
    "Đảng bộ",
    "Chi bộ",
    "Ban Chấp hành",
    "Ban Thường vụ",
    "Ban Tổ chức",
    "Ban Tuyên giáo",
    "Ban Dân vận",
    "Ban Nội chính",
    "Ban Quản lý",
    "Ban Chỉ đạo",
    "Ban Chỉ huy",
    "Ban",
    "Bộ",
    "Sở",
    "Ty",
    "Cục",
    "Tổng cục",
    "Chi cục",
    "Vụ",
    "Phòng",
    "Viện",
    "Trung tâm",
    "Trạm",
    "Kho bạc Nhà nước",
    "Thanh tra",
    "Kiểm toán Nhà nước",
    "Ngân hàng Nhà nước",
    "Tòa án nhân dân",
    "Viện Kiểm sát nhân dân",
    "Công an",
    "Bộ Chỉ huy Quân sự",
    "Thi hành án dân sự",
    "Bảo hiểm xã hội",
    "Liên đoàn Lao động",
    "Hội Nông dân",
    "Hội Liên hiệp Phụ nữ",
    "Hội Cựu chiến binh",
    "Đoàn",
    "Hội Chữ thập đỏ",
    "Hội",
    "Trường",
    "Đại học",
    "Cao đẳng",
    "Trung cấp",
    "Học viện",
    "Trung học phổ thông",
    "Trung học cơ sở",
    "Tiểu học",
    "Mầm non",
    "Mẫu giáo",
    "Bệnh viện",
    "đa khoa",
    "Khoa",
    "Tổ",
    "Công ty",
    "cổ phần",
    "trách nhiệm hữu hạn",
    "một thành viên",
    "Tổng công ty",
    "Tập đoàn",
    "Dự án",
    "Đài Phát thanh",
    "Truyền hình",
    "Báo",
    "tỉnh",
    "thành phố",
    "huyện",
    "quận",
    "thị xã",
    "thị trấn",
    "xã",
    "phường",
    "thôn",
    "khu vực",
    "khu kinh tế",
    "Khu công nghiệp",
    "các",
    "và",
    "của",
    "về",
    "cho",
    "với",
    "tại",
    "trực thuộc",
    "miền",
    "cấp",
    "Y tế",
    "Giáo dục",
    "Đào tạo",
    "Nội vụ",
    "Kế hoạch",
    "Đầu tư",
    "Tài chính",
    "Nông nghiệp",
    "Phát triển nông thôn",
    "Công Thương",
    "Công nghiệp",
    "Xây dựng",
    "Giao thông vận tải",
    "Tài nguyên",
    "Môi trường",
    "Lao động",
    "Thương binh",
    "Xã hội",
    "Tư pháp",
    "Khoa học",
    "Công nghệ",
    "Thông tin",
    "Truyền thông",
    "Văn hóa",
    "Thể thao",
    "Du lịch",
    "Dân tộc",
    "Tôn giáo",
    "Ngoại vụ",
    "Ngoại giao",
    "Quốc phòng",
    "Quân sự",
    "Hải quan",
    "Thuế",
    "Thống kê",
    "Thương mại",
    "Thương nghiệp",
    "Ngoại thương",
    "Kinh tế đối ngoại",
    "Lương thực",
    "Vật tư",
    "Giá cả",
    "Công nghiệp nhẹ",
    "Tiểu thủ công nghiệp",
    "Địa chính",
    "Điện lực",
    "Bưu điện",
    "Nhà đất",
    "Lâm sản",
    "Thủy sản",
    "Lâm nghiệp",
    "Kiểm lâm",
    "Kỹ thuật",
    "Kinh tế",
    "Sư phạm",
    "Thực phẩm",
    "Bách khoa",
    "Luật",
    "Ngoại ngữ",
    "Nông Lâm",
    "Y Dược",
    "Dược",
    "Phục vụ hành chính công",
    "Kiểm soát bệnh tật",
    "Y tế dự phòng",
    "Đấu thầu",
    "Phát triển",
    "Quản lý",
    "Hành chính",
    "Quản trị",
    "Tổng hợp",
    "Tổ chức",
    "Cán bộ",
    "Lễ kỷ niệm",
    "Đăng ký đất đai",
    "Quỹ đất",
    "Lưu trữ",
    "Kiểm định",
    "Chất lượng",
    "Sự nghiệp",
    "Dịch vụ",
    "Đô thị",
    "Hạ tầng",
    "Nhà nước",
    "Nhân dân",
    "Trung ương",
    "Việt Nam",
    "Thủy lợi",
    "Chăn nuôi",
    "Thú y",
    "Trồng trọt",
    "Bảo vệ thực vật",
    "Dân số",
    "Kế hoạch hóa gia đình",
    "An toàn",
    "Vệ sinh",
    "Phòng, chống",
    "Thiên tai",
    "Cứu hộ",
    "Dạy nghề",
    "Giáo dục nghề nghiệp",
    "Giáo dục thường xuyên",
    "Người có công",
    "Trẻ em",
    "Khuyến nông",
    "Xúc tiến",
];

struct Lexicon {
    spelling: HashMap<String, Cow<'static, str>>,
    longest: usize,
    /// Phrases without spaces, for words glued by recognition.
    glued: Vec<(String, Cow<'static, str>)>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let words = places::PROVINCES.iter().chain(PHRASES).copied();
    let mut spelling: HashMap<String, Cow<'static, str>> =
        words.map(|text| (fold(text), text.into())).collect();
    // Before a province's name the word for province is sure, however its mark was read.
    let provinces = places::PROVINCES.iter().map(|name| format!("tỉnh {name}"));
    spelling.extend(provinces.map(|text| (fold(&text), text.into())));
    let longest = spelling.keys().map(|key| key.split(' ').count()).max().unwrap_or(1);
    let glued = spelling.iter().filter(|(key, _)| key.len() > 1);
    let glued = glued.map(|(key, text)| (key.replace(' ', ""), text.clone())).collect();
    Lexicon { spelling, longest, glued }
});

/// The name in sentence case, and for each of its words whether the lexicon knows it.
pub(crate) fn sentence(text: &str) -> (String, Vec<bool>) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let folded: Vec<String> = words.iter().map(|word| fold(word)).collect();
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    let mut known = Vec::with_capacity(words.len());
    // Councils, boards and teams are named by what they do, others by proper names.
    let common = folded.first().is_some_and(|word| matches!(word.as_str(), "ban" | "to" | "doan"))
        || folded.get(..2).is_some_and(|two| two == ["hoi", "dong"]);
    while known.len() < words.len() {
        let at = known.len();
        if !words[at].chars().any(char::is_alphanumeric) {
            out.push(words[at].to_owned());
            known.push(true);
            continue;
        }
        if let Some(count) = phrase(&words[at..], &folded[at..], &mut out) {
            known.extend(std::iter::repeat_n(true, count));
            continue;
        }
        let cased = title_case(words[at]);
        out.push(if common && cased != words[at] { words[at].to_lowercase() } else { cased });
        known.push(false);
    }
    (first_upper(&out.join(" ")), known)
}

/// Whether the words are a phrase of the lexicon, whatever their case and marks.
pub(crate) fn is_phrase(text: &str) -> bool {
    LEXICON.spelling.contains_key(&fold(text))
}

/// Words that recognition glued together, apart again: all parts must be known phrases.
pub(crate) fn unglue(word: &str) -> Option<Vec<&'static str>> {
    let key = fold(word);
    if key.chars().count() < 5 || key.chars().count() > 40 || LEXICON.spelling.contains_key(&key) {
        return None;
    }
    let mut rest = key.as_str();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (glued, phrase) = LEXICON
            .glued
            .iter()
            .filter(|(glued, _)| rest.starts_with(glued.as_str()))
            .max_by_key(|(glued, _)| glued.len())?;
        rest = &rest[glued.len()..];
        parts.push(phrase.as_ref());
    }
    (parts.len() > 1 || parts.iter().any(|part| part.contains(' '))).then_some(parts)
}

/// Pushes the longest phrase that starts here; its length in words.
fn phrase(words: &[&str], folded: &[String], out: &mut Vec<String>) -> Option<usize> {
    let most = LEXICON.longest.min(folded.len());
    (1..=most).rev().find_map(|count| {
        let sign = |word: &String| !word.chars().any(char::is_alphanumeric);
        if sign(&folded[0]) || sign(&folded[count - 1]) {
            return None;
        }
        let key = folded[..count].join(" ");
        let lead = key.chars().take_while(|c| *c == '(').count();
        let core = key.trim_matches(|c: char| !c.is_alphanumeric());
        let spelling = LEXICON.spelling.get(core).or_else(|| LEXICON.spelling.get(&key))?;
        // One short word is often another word without its marks: `viên` is no `viện`.
        if count == 1 && !out.is_empty() && !same_letters(words[0], spelling) {
            return None;
        }
        let tail: String = key.chars().rev().take_while(|c| matches!(c, ',' | ')')).collect();
        let tail: String = tail.chars().rev().collect();
        out.push(format!("{}{spelling}{tail}", "(".repeat(lead)));
        Some(count)
    })
}

/// Whether both are the same word, marks included, whatever the case; other placements of the tone
/// mark (`hoà`, `hòa`) count as the same.
fn same_letters(printed: &str, spelling: &str) -> bool {
    let letters = |text: &str| {
        let mut letters: Vec<char> =
            text.to_lowercase().nfd().filter(|c| !c.is_ascii_punctuation()).collect();
        letters.sort_unstable();
        letters
    };
    letters(printed) == letters(spelling)
}

/// First letter of each hyphenated part upper, the rest lower; short words without vowels stay.
fn title_case(word: &str) -> String {
    let vowel = |c: char| {
        matches!(fold(c.encode_utf8(&mut [0; 4])).as_str(), "a" | "e" | "i" | "o" | "u" | "y")
    };
    if !word.chars().any(vowel) || word.chars().any(|c| c.is_ascii_digit()) {
        return word.to_owned();
    }
    let mut start = true;
    word.chars()
        .flat_map(|c| {
            let upper = std::mem::replace(&mut start, !c.is_alphanumeric());
            let cased: Vec<char> =
                if upper { c.to_uppercase().collect() } else { c.to_lowercase().collect() };
            cased
        })
        .collect()
}

fn first_upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_get_their_usual_spelling() {
        let case = |text| sentence(text).0;
        assert_eq!(case("SỞ Y TẾ"), "Sở Y tế");
        assert_eq!(case("SỞ Y TẺ"), "Sở Y tế");
        assert_eq!(case("ỦY BAN NHÂN DÂN TỈNH BÌNH ĐỊNH"), "Ủy ban nhân dân tỉnh Bình Định");
        assert_eq!(case("BỘ GIÁO DỤC VÀ ĐÀO TẠO"), "Bộ Giáo dục và Đào tạo");
        assert_eq!(case("UBND XÃ CÁT MINH"), "UBND xã Cát Minh");
        assert_eq!(case("UBND TĨNH BÌNH ĐỊNH"), "UBND tỉnh Bình Định");
        assert_eq!(case("HỘI ĐỒNG XÉT VIÊN CHỨC"), "Hội đồng xét viên chức");
    }

    #[test]
    fn words_know_whether_they_are_known() {
        assert_eq!(sentence("SỞ Y TẾ").1, [true, true, true]);
        assert_eq!(sentence("SỞ XYZZ").1, [true, false]);
        assert_eq!(sentence("").1, [false; 0]);
    }

    #[test]
    fn glued_words_come_apart_only_when_all_is_known() {
        assert_eq!(unglue("SỞYTẾ"), Some(vec!["Sở", "Y tế"]));
        assert_eq!(unglue("SỞXYZ"), None);
        assert_eq!(unglue("SỞ"), None);
    }
}
