//! Sentence casing of names printed in capitals: `SỞ Y TẾ` becomes `Sở Y tế`.
//!
//! The words of Vietnamese administration are a small set with fixed spelling; they also repair
//! marks that recognition lost. What is not in the set is taken for a proper name: each word
//! capitalised. Names already printed in mixed case stay as printed.

use std::{collections::HashMap, sync::LazyLock};

use sohoa_document::fold::fold;

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
    "Ủy ban nhân dân",
    "Hội đồng nhân dân",
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
    spelling: HashMap<String, &'static str>,
    longest: usize,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let words = places::PROVINCES.iter().chain(PHRASES).copied();
    let spelling: HashMap<String, &'static str> = words.map(|text| (fold(text), text)).collect();
    let longest = spelling.keys().map(|key| key.split(' ').count()).max().unwrap_or(1);
    Lexicon { spelling, longest }
});

/// The name in sentence case, with the share of its words that the lexicon knows (0 to 1).
pub(crate) fn sentence(text: &str) -> (String, f32) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let folded: Vec<String> = words.iter().map(|word| fold(word)).collect();
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    let (mut known, mut all) = (0usize, 0usize);
    let mut at = 0;
    while at < words.len() {
        if !words[at].chars().any(char::is_alphanumeric) {
            out.push(words[at].to_owned());
            at += 1;
            continue;
        }
        let taken = phrase(&words[at..], &folded[at..], &mut out);
        let count = taken.unwrap_or(1);
        if taken.is_some() {
            known += count;
        } else {
            out.push(title_case(words[at]));
        }
        all += count;
        at += count;
    }
    let name = first_upper(&out.join(" "));
    (name, if all == 0 { 0.0 } else { known as f32 / all as f32 })
}

/// Pushes the longest phrase that starts here; its length in words.
fn phrase(words: &[&str], folded: &[String], out: &mut Vec<String>) -> Option<usize> {
    let most = LEXICON.longest.min(words.len());
    (1..=most).rev().find_map(|count| {
        let key = folded[..count].join(" ");
        let lead = key.chars().take_while(|c| *c == '(').count();
        let core = key.trim_matches(|c: char| !c.is_alphanumeric());
        let spelling = LEXICON.spelling.get(core).or_else(|| LEXICON.spelling.get(&key))?;
        let tail: String = key.chars().rev().take_while(|c| matches!(c, ',' | ')')).collect();
        let tail: String = tail.chars().rev().collect();
        out.push(format!("{}{spelling}{tail}", "(".repeat(lead)));
        Some(count)
    })
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
    }

    #[test]
    fn unknown_words_lower_the_known_share() {
        assert_eq!(sentence("SỞ Y TẾ").1, 1.0);
        assert!(sentence("XYZZ QWERT").1 < 0.1);
        assert_eq!(sentence("").1, 0.0);
    }
}
