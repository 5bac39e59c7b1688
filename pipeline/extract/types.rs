//! Document types: Decree 30/2020 Appendix III and Circular 05/2025 `typeName`.
//!
//! Codes 01 to 31 are the law's; everything else printed as a title is 32 with its own name.

use crate::anchors::{edits, skeleton};

/// One kind of document.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// `01` to `32`; several kinds have 32.
    pub code: &'static str,
    /// As in notations; empty where the law gives none.
    pub abbr: &'static str,
    /// As titles print it, in sentence case.
    pub name: &'static str,
}

const fn kind(code: &'static str, abbr: &'static str, name: &'static str) -> Kind {
    Kind { code, abbr, name }
}

/// A công văn: it has no printed title and no abbreviation.
pub(crate) const LETTER: Kind = kind("22", "", "Công văn");

/// The kinds with a printed title; those after code 31 are titles met in practice (32, "Khác").
pub(crate) const KINDS: [Kind; 55] = [
    kind("01", "NQ", "Nghị quyết"),
    kind("02", "QĐ", "Quyết định"),
    kind("03", "CT", "Chỉ thị"),
    kind("04", "QC", "Quy chế"),
    kind("05", "QyĐ", "Quy định"),
    kind("06", "TC", "Thông cáo"),
    kind("07", "TB", "Thông báo"),
    kind("08", "HD", "Hướng dẫn"),
    kind("09", "CTr", "Chương trình"),
    kind("10", "KH", "Kế hoạch"),
    kind("11", "PA", "Phương án"),
    kind("12", "ĐA", "Đề án"),
    kind("13", "DA", "Dự án"),
    kind("14", "BC", "Báo cáo"),
    kind("15", "TTr", "Tờ trình"),
    kind("16", "GUQ", "Giấy ủy quyền"),
    kind("17", "PG", "Phiếu gửi"),
    kind("18", "PC", "Phiếu chuyển"),
    kind("19", "PB", "Phiếu báo"),
    kind("20", "BB", "Biên bản"),
    kind("21", "HĐ", "Hợp đồng"),
    kind("23", "CĐ", "Công điện"),
    kind("24", "BGN", "Bản ghi nhớ"),
    kind("25", "BTT", "Bản thỏa thuận"),
    kind("26", "GM", "Giấy mời"),
    kind("27", "GGT", "Giấy giới thiệu"),
    kind("28", "GNP", "Giấy nghỉ phép"),
    kind("29", "", "Thư công"),
    kind("30", "", "Bản đồ"),
    kind("31", "", "Bản vẽ kỹ thuật"),
    kind("32", "L", "Luật"),
    kind("32", "PL", "Pháp lệnh"),
    kind("32", "NĐ", "Nghị định"),
    kind("32", "TT", "Thông tư"),
    kind("32", "TTLT", "Thông tư liên tịch"),
    kind("32", "NQLT", "Nghị quyết liên tịch"),
    kind("32", "KL", "Kết luận"),
    kind("32", "TM", "Thư mời"),
    kind("32", "ĐL", "Điều lệ"),
    kind("32", "QCh", "Quy chuẩn"),
    kind("32", "GCN", "Giấy chứng nhận"),
    kind("32", "GCNQSDĐ", "Giấy chứng nhận quyền sử dụng đất"),
    kind("32", "GP", "Giấy phép"),
    kind("32", "GPXD", "Giấy phép xây dựng"),
    kind("32", "GXN", "Giấy xác nhận"),
    kind("32", "GĐĐ", "Giấy đi đường"),
    kind("32", "CC", "Chứng chỉ"),
    kind("32", "CCHN", "Chứng chỉ hành nghề"),
    kind("32", "TLKS", "Trích lục khai sinh"),
    kind("32", "GKS", "Giấy khai sinh"),
    kind("32", "PĐX", "Phiếu đề xuất"),
    kind("32", "PT", "Phiếu trình"),
    kind("32", "ĐĐN", "Đơn đề nghị"),
    kind("32", "LCT", "Lịch công tác"),
    kind("32", "SL", "Sắc lệnh"),
];

/// Every kind that is known by name.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().chain([&LETTER])
}

/// The kind whose printed title this row is, with the edits it took. Only whole titles count.
pub(crate) fn by_title(text: &str) -> Option<(&'static Kind, usize)> {
    let title = skeleton(text).replace(' ', "");
    let near = |kind: &'static Kind| {
        let wanted = skeleton(kind.name).replace(' ', "");
        // Short titles lie close to each other ("đề án", "dự án"); long ones bear two edits.
        let most = if wanted.chars().count() < 7 { 0 } else { 1 + usize::from(wanted.len() > 8) };
        edits(&title, &wanted, most).map(|cost| (kind, cost))
    };
    KINDS.iter().filter_map(near).min_by_key(|(_, cost)| *cost)
}

/// The kind with this abbreviation, as printed in a notation.
pub(crate) fn by_abbr(abbr: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| !kind.abbr.is_empty() && kind.abbr == abbr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_laws() {
        for code in 1..=31u8 {
            let code = format!("{code:02}");
            let held = KINDS.iter().filter(|kind| kind.code == code).count();
            assert_eq!(held, usize::from(code != "22"), "{code}");
        }
    }

    #[test]
    fn titles_are_read_through_misreadings_and_only_whole() {
        assert_eq!(by_title("QUYÉT ĐỊNH").map(|(kind, _)| kind.code), Some("02"));
        assert_eq!(by_title("KÉ HOẠCH").map(|(kind, _)| kind.code), Some("10"));
        assert_eq!(by_title("ĐỀ ÁN").map(|(kind, _)| kind.code), Some("12"));
        assert_eq!(by_title("DỰ ÁN").map(|(kind, _)| kind.code), Some("13"));
        assert_eq!(by_title("Quyết định số 12"), None);
        assert_eq!(by_title("BÁO CÁO VỀ VIỆC"), None);
    }
}
