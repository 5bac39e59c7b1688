//! The level of government that an agency's name tells.
//!
//! What it says it is of (`tỉnh`, `huyện`, `xã`), else what kind it is (`Sở`, `Bộ`), else what the
//! agency above it is.

use sohoa_document::fold::fold;

use crate::fields::Level;

/// Cities that are provinces.
const CENTRAL_CITIES: [&str; 6] =
    ["ha noi", "ho chi minh", "da nang", "hai phong", "can tho", "hue"];

/// The level of an agency under a parent; `None` where neither name tells.
pub(crate) fn level(organ: &str, parent: &str) -> Option<Level> {
    let (organ, parent) = (fold(organ), fold(parent));
    let starts = |text: &str, words: &[&str]| words.iter().any(|word| text.starts_with(word));
    if starts(&organ, &["so ", "ty ", "tinh uy", "tinh doan", "thanh uy"]) {
        return Some(Level::Province);
    }
    if starts(&organ, &["bo chi huy"]) {
        return Some(Level::Province);
    }
    let central = [
        "bo ",
        "chinh phu",
        "thu tuong",
        "quoc hoi",
        "tong cuc",
        "ngan hang nha nuoc viet nam",
        // The government's names before 1992.
        "hoi dong bo truong",
        "hoi dong chinh phu",
        "hoi dong nha nuoc",
        "phu thu tuong",
    ];
    if starts(&organ, &central) {
        return Some(Level::Central);
    }
    place_level(&organ).or_else(|| {
        if starts(&parent, &["so ", "ty "]) {
            return Some(Level::Province);
        }
        if starts(&parent, &central) {
            return Some(Level::Central);
        }
        place_level(&parent)
    })
}

fn place_level(name: &str) -> Option<Level> {
    let padded = format!(" {name} ");
    let has = |words: &[&str]| words.iter().any(|word| padded.contains(&format!(" {word} ")));
    let city = padded.split_once(" thanh pho ").map(|(_, rest)| rest);
    if let Some(city) = city {
        let central = CENTRAL_CITIES.iter().any(|name| city.starts_with(name));
        return Some(if central { Level::Province } else { Level::District });
    }
    if has(&["huyen", "quan", "thi xa", "huyen uy"]) {
        return Some(Level::District);
    }
    if has(&["phuong", "xa", "thi tran"])
        && !padded.contains("bao hiem xa")
        && !padded.contains(" xa hoi")
    {
        return Some(Level::Commune);
    }
    has(&["tinh"]).then_some(Level::Province)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_follow_the_names() {
        assert_eq!(level("Ủy ban nhân dân tỉnh Gia Lai", ""), Some(Level::Province));
        assert_eq!(level("Ủy ban nhân dân thành phố Đà Nẵng", ""), Some(Level::Province));
        assert_eq!(level("UBND thành phố Quy Nhơn", ""), Some(Level::District));
        assert_eq!(level("UBND thị xã An Nhơn", ""), Some(Level::District));
        assert_eq!(level("UBND xã Cát Minh", ""), Some(Level::Commune));
        assert_eq!(level("Bộ Công Thương", ""), Some(Level::Central));
        assert_eq!(level("Thanh tra", "Sở Y tế"), Some(Level::Province));
        assert_eq!(level("Trường Mầm non", ""), None);
        assert_eq!(level("Hội đồng Bộ trưởng", ""), Some(Level::Central));
        assert_eq!(level("Ủy ban hành chính tỉnh Nghĩa Lộ", ""), Some(Level::Province));
        assert_eq!(level("Ty Giáo dục", "Ủy ban hành chính tỉnh Hà Bắc"), Some(Level::Province));
    }
}
