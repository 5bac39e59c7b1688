//! Provinces and centrally run cities, as they are and as they were.
//!
//! Old papers carry names that no longer exist; both count. Matching is on folded text, so that a
//! misread mark does not hide a place, and the value is the proper spelling.

use sohoa_document::fold::fold;

use crate::anchors::edits;

/// Proper names, present and past (before the mergers of 1975, 1989, 1997, 2008 and 2025).
pub(crate) const PROVINCES: [&str; 89] = [
    "An Giang",
    "Bà Rịa - Vũng Tàu",
    "Bạc Liêu",
    "Bắc Giang",
    "Bắc Kạn",
    "Bắc Ninh",
    "Bến Tre",
    "Bình Dương",
    "Bình Định",
    "Bình Phước",
    "Bình Thuận",
    "Cà Mau",
    "Cao Bằng",
    "Cần Thơ",
    "Đà Nẵng",
    "Đắk Lắk",
    "Đắk Nông",
    "Điện Biên",
    "Đồng Nai",
    "Đồng Tháp",
    "Gia Lai",
    "Hà Giang",
    "Hà Nam",
    "Hà Nội",
    "Hà Tĩnh",
    "Hải Dương",
    "Hải Phòng",
    "Hậu Giang",
    "Hòa Bình",
    "Huế",
    "Hưng Yên",
    "Khánh Hòa",
    "Kiên Giang",
    "Kon Tum",
    "Lai Châu",
    "Lạng Sơn",
    "Lào Cai",
    "Lâm Đồng",
    "Long An",
    "Nam Định",
    "Nghệ An",
    "Ninh Bình",
    "Ninh Thuận",
    "Phú Thọ",
    "Phú Yên",
    "Quảng Bình",
    "Quảng Nam",
    "Quảng Ngãi",
    "Quảng Ninh",
    "Quảng Trị",
    "Sóc Trăng",
    "Sơn La",
    "Tây Ninh",
    "Thái Bình",
    "Thái Nguyên",
    "Thanh Hóa",
    "Thừa Thiên Huế",
    "Tiền Giang",
    "Trà Vinh",
    "Tuyên Quang",
    "Vĩnh Long",
    "Vĩnh Phúc",
    "Yên Bái",
    "Hồ Chí Minh",
    "Bắc Thái",
    "Bình Trị Thiên",
    "Cửu Long",
    "Gia Lai - Kon Tum",
    "Hà Bắc",
    "Hà Nam Ninh",
    "Hà Sơn Bình",
    "Hà Tây",
    "Hà Tuyên",
    "Hải Hưng",
    "Hoàng Liên Sơn",
    "Minh Hải",
    "Nam Hà",
    "Nghệ Tĩnh",
    "Nghĩa Bình",
    "Phú Khánh",
    "Quảng Nam - Đà Nẵng",
    "Sông Bé",
    "Thuận Hải",
    "Vĩnh Phú",
    "Bắc Cạn",
    "Đắc Lắc",
    "Đắc Nông",
    "Sài Gòn",
    "Vĩnh Linh",
];

/// The proper name of the province this text is, with the edits it took; marks may be wrong.
///
/// Long names bear one misread letter, short ones lie too close to each other.
pub(crate) fn province(text: &str) -> Option<(&'static str, usize)> {
    let key = fold(text).replace([' ', '.'], "");
    let near = |name: &str| {
        let wanted = fold(name).replace([' ', '.'], "");
        edits(&key, &wanted, usize::from(wanted.len() > 8))
    };
    let cities = ["TP. Hồ Chí Minh", "TP. HCM", "Thành phố Hồ Chí Minh"];
    let names = PROVINCES.iter().copied().chain(cities);
    let found = names.filter_map(|name| near(name).map(|cost| (name, cost)));
    found.min_by_key(|(_, cost)| *cost)
}

/// Whether the agency is named after the place, marks and all: `UBND huyện <place>`.
pub(crate) fn named_after(agency: &str, place: &str) -> bool {
    let levels = ["tinh", "huyen", "xa", "phuong", "quan", "thanh pho", "thi tran", "tp."];
    let (agency, place) = (agency.to_lowercase(), place.to_lowercase());
    let Some(before) = agency.strip_suffix(&place) else { return false };
    let before = fold(before.trim_end());
    levels.iter().any(|level| before.ends_with(&format!(" {level}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agencies_bear_their_place_whole() {
        assert!(named_after("UBND huyện Tuy Mẫu", "Tuy Mẫu"));
        assert!(!named_after("UBND huyện Tuy Mẫu", "Tuy Mầu"));
        assert!(!named_after("UBND huyện Tuy Mẫu", "Mẫu"));
        assert!(!named_after("Sở Nội vụ", "vụ"));
    }

    #[test]
    fn marks_and_case_do_not_hide_a_place() {
        assert_eq!(province("Binh Dinh"), Some(("Bình Định", 0)));
        assert_eq!(province("ĐẮK LẮK"), Some(("Đắk Lắk", 0)));
        assert_eq!(province("Tp.Hà Chí Minh"), Some(("TP. Hồ Chí Minh", 1)));
        assert_eq!(province("Nghĩa Bình"), Some(("Nghĩa Bình", 0)));
        assert_eq!(province("Xứ Lạ"), None);
    }
}
