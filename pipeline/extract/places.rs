//! Provinces and centrally run cities, as they are and as they were.
//!
//! Old papers carry names that no longer exist; both count. Matching is on folded text, so that a
//! misread mark does not hide a place, and the value is the proper spelling.

use sohoa_document::fold::fold;

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

/// The proper name of the province this text is, city prefix included; marks may be wrong.
pub(crate) fn province(text: &str) -> Option<&'static str> {
    let folded = fold(text);
    let key = folded.replace(' ', "");
    let bare = key.strip_prefix("tp.").or_else(|| key.strip_prefix("tp"));
    if bare.is_some_and(|bare| bare == "hochiminh" || bare == "hcm") {
        return Some("TP. Hồ Chí Minh");
    }
    if matches!(key.as_str(), "thanhphohochiminh") {
        return Some("Thành phố Hồ Chí Minh");
    }
    PROVINCES.iter().find(|name| fold(name).replace(' ', "") == key).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_case_do_not_hide_a_place() {
        assert_eq!(province("Binh Dinh"), Some("Bình Định"));
        assert_eq!(province("ĐẮK LẮK"), Some("Đắk Lắk"));
        assert_eq!(province("Tp.Hồ Chí Minh"), Some("TP. Hồ Chí Minh"));
        assert_eq!(province("Nghĩa Bình"), Some("Nghĩa Bình"));
        assert_eq!(province("Xứ Lạ"), None);
    }
}
