//! Who issues a document: provinces, districts, communes, departments; and the invented people who
//! sign.
//!
//! The places are real, so that registries can be tried on them; every person is made up from
//! common family, middle and given names.

use crate::chance::Chance;

/// Province, with two of its districts and a commune of each.
type Province = (&'static str, [(&'static str, &'static str, &'static str); 3]);

const PROVINCES: [Province; 5] = [
    (
        "Bình Định",
        [
            ("huyện Tuy Phước", "Tuy Phước", "xã Phước Hòa"),
            ("huyện Hoài Ân", "Hoài Ân", "xã Ân Tường Đông"),
            ("thành phố Quy Nhơn", "Quy Nhơn", "phường Ngô Mây"),
        ],
    ),
    (
        "Gia Lai",
        [
            ("huyện Chư Prông", "Chư Prông", "xã Ia Drăng"),
            ("huyện Đak Đoa", "Đak Đoa", "xã Tân Bình"),
            ("thị xã An Khê", "An Khê", "phường Tây Sơn"),
        ],
    ),
    (
        "Phú Yên",
        [
            ("huyện Đồng Xuân", "Đồng Xuân", "xã Xuân Lãnh"),
            ("huyện Tuy An", "Tuy An", "xã An Ninh Đông"),
            ("thị xã Sông Cầu", "Sông Cầu", "xã Xuân Cảnh"),
        ],
    ),
    (
        "Quảng Ngãi",
        [
            ("huyện Mộ Đức", "Mộ Đức", "xã Đức Chánh"),
            ("huyện Bình Sơn", "Bình Sơn", "xã Bình Hải"),
            ("huyện Nghĩa Hành", "Nghĩa Hành", "xã Hành Dũng"),
        ],
    ),
    (
        "Khánh Hòa",
        [
            ("huyện Diên Khánh", "Diên Khánh", "xã Diên Thọ"),
            ("huyện Vạn Ninh", "Vạn Ninh", "xã Vạn Lương"),
            ("thị xã Ninh Hòa", "Ninh Hòa", "phường Ninh Hiệp"),
        ],
    ),
];

/// Department, its abbreviation, and the units that draft its letters.
const DEPARTMENTS: [(&str, &str, [&str; 3]); 9] = [
    ("Sở Y tế", "SYT", ["NVY", "TCCB", "KHTC"]),
    ("Sở Nội vụ", "SNV", ["CCHC", "XDCQ", "VTLT"]),
    ("Sở Tài chính", "STC", ["QLNS", "QLG", "HCSN"]),
    ("Sở Xây dựng", "SXD", ["QLXD", "QHKT", "PTĐT"]),
    ("Sở Giao thông vận tải", "SGTVT", ["QLVT", "KCHT", "VP"]),
    ("Sở Tài nguyên và Môi trường", "STNMT", ["QLĐĐ", "CCBVMT", "VP"]),
    ("Sở Giáo dục và Đào tạo", "SGDĐT", ["GDTrH", "TCCB", "KHTC"]),
    ("Sở Nông nghiệp và Phát triển nông thôn", "SNN", ["TL", "KL", "KHTC"]),
    ("Sở Công Thương", "SCT", ["QLTM", "QLCN", "KTATMT"]),
];

const FAMILY: [&str; 14] = [
    "Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô",
    "Dương", "Đinh",
];
const MIDDLE: [&str; 12] =
    ["Văn", "Thị", "Hữu", "Đức", "Thanh", "Minh", "Quốc", "Xuân", "Ngọc", "Đình", "Công", "Thúy"];
const GIVEN: [&str; 20] = [
    "Khải", "Hạnh", "Phước", "Thắng", "Lộc", "Tuyền", "Vinh", "Hậu", "Quyên", "Nghĩa", "Thuận",
    "Bảo", "Diễm", "Tín", "Hường", "Kiệt", "Lâm", "Nhàn", "Sỹ", "Trọng",
];

/// What kind of body issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Commune,
    Department,
    District,
    Province,
}

/// An issuing agency.
#[derive(Debug, Clone)]
pub(crate) struct Agency {
    pub(crate) level: Level,
    /// Upper body as printed above the name.
    pub(crate) parent: Option<String>,
    pub(crate) name: String,
    /// Abbreviation in the notation.
    pub(crate) short: String,
    pub(crate) drafting_units: [&'static str; 3],
    /// Where its documents are dated.
    pub(crate) place: String,
    pub(crate) province: &'static str,
    pub(crate) district: &'static str,
}

impl Agency {
    /// An agency of the given level; before 2004 people's committees signed as `UB`.
    pub(crate) fn draw(chance: &mut Chance, level: Level, year: i32) -> Self {
        let (province, districts) = *chance.pick(&PROVINCES);
        let (district, seat, commune) = *chance.pick(&districts);
        let committee = if year < 2004 { "UB" } else { "UBND" };
        let (parent, name, short, drafting_units, place) = match level {
            Level::Province => (
                None,
                format!("UBND tỉnh {province}"),
                committee,
                ["VX", "KT", "NC"],
                province.to_owned(),
            ),
            Level::District => {
                (None, format!("UBND {district}"), committee, ["VP", "TNMT", "NV"], seat.to_owned())
            }
            Level::Commune => (
                Some(format!("UBND {district}")),
                format!("UBND {commune}"),
                committee,
                ["VP", "ĐCXD", "TPHT"],
                commune.split_once(' ').map_or(commune, |(_, name)| name).to_owned(),
            ),
            Level::Department => {
                let (name, short, units) = *chance.pick(&DEPARTMENTS);
                let parent = Some(format!("UBND tỉnh {province}"));
                (parent, name.to_owned(), short, units, province.to_owned())
            }
        };
        Self {
            level,
            parent,
            name,
            short: short.to_owned(),
            drafting_units,
            place,
            province,
            district,
        }
    }

    /// The lines of the letterhead: upper body (upright), own name (bold).
    pub(crate) fn letterhead(&self) -> (Vec<String>, Vec<String>) {
        let upper = |text: &str| text.to_uppercase();
        match (self.level, &self.parent) {
            (Level::Province | Level::District, _) => {
                let place = self.name.strip_prefix("UBND ").unwrap_or(&self.name);
                (Vec::new(), vec!["ỦY BAN NHÂN DÂN".to_owned(), upper(place)])
            }
            (_, parent) => {
                (parent.iter().map(|name| upper(name)).collect(), vec![upper(&self.name)])
            }
        }
    }

    /// Its head as addressed in a text, for instance `Giám đốc Sở Y tế`.
    pub(crate) fn head(&self) -> String {
        match self.level {
            Level::Department => format!("Giám đốc {}", self.name),
            _ => format!("Chủ tịch {}", self.name),
        }
    }

    /// The upper-case lines over the signature: in the head's own right or a deputy's.
    pub(crate) fn authority(&self, deputy: bool) -> Vec<String> {
        let lines: &[&str] = match (self.level, deputy) {
            (Level::Department, false) => &["GIÁM ĐỐC"],
            (Level::Department, true) => &["KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"],
            (_, false) => &["TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"],
            (_, true) => &["TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"],
        };
        lines.iter().map(|&line| line.to_owned()).collect()
    }
}

/// An invented person.
pub(crate) fn person(chance: &mut Chance) -> String {
    format!("{} {} {}", chance.pick(&FAMILY), chance.pick(&MIDDLE), chance.pick(&GIVEN))
}
