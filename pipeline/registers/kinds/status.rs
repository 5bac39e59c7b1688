//! Status of a dossier by the numbers of the national case system.

use sohoa_document::fold::fold;

/// Numbers of dossiers that are resolved.
pub(super) const RESOLVED: [&str; 3] = ["7", "9", "10"];

pub(super) const EXPECTED: &str = "a status of the national case system, 0 to 10, or its name such \
                                   as `Đang xử lý`";

/// Numbers, and what case systems call them, folded. 0, 1 and 3 are not taken in (yet).
const STATUSES: &[(&str, &[&str])] = &[
    ("0", &["luu nhap", "ban nhap", "nhap"]),
    (
        "1",
        &[
            "moi dang ky",
            "moi nop",
            "cho tiep nhan",
            "dang cho tiep nhan",
            "chua tiep nhan",
            "cho tiep nhan ho so",
        ],
    ),
    ("2", &["duoc tiep nhan", "da tiep nhan", "tiep nhan", "moi tiep nhan", "da tiep nhan ho so"]),
    (
        "3",
        &[
            "khong duoc tiep nhan",
            "khong tiep nhan",
            "tu choi tiep nhan",
            "tu choi",
            "bi tu choi",
            "tu choi tiep nhan ho so",
        ],
    ),
    (
        "4",
        &[
            "dang xu ly",
            "dang giai quyet",
            "dang tham dinh",
            "cho xu ly",
            "cho phe duyet",
            "cho ky duyet",
            "qua han",
        ],
    ),
    (
        "5",
        &[
            "yeu cau bo sung",
            "yeu cau bo sung giay to",
            "yeu cau bo sung ho so",
            "cho bo sung",
            "cho bo sung ho so",
        ],
    ),
    (
        "6",
        &[
            "yeu cau thuc hien nghia vu tai chinh",
            "cho thuc hien nghia vu tai chinh",
            "nghia vu tai chinh",
            "cho thanh toan",
        ],
    ),
    (
        "7",
        &["cong dan yeu cau rut ho so", "yeu cau rut ho so", "rut ho so", "da rut ho so", "da rut"],
    ),
    ("8", &["dung xu ly", "tam dung", "tam dung xu ly"]),
    (
        "9",
        &[
            "da xu ly xong",
            "da xu ly",
            "da giai quyet",
            "da hoan thanh",
            "hoan thanh",
            "da co ket qua",
            "cho tra ket qua",
            "co ket qua",
        ],
    ),
    ("10", &["da tra ket qua", "da tra", "tra ket qua", "ket thuc", "da ket thuc"]),
];

/// The number of a status that was given as one, `01` too, or by name.
pub(super) fn number(given: &str) -> Option<&'static str> {
    let folded = fold(given);
    let digits = folded.trim_start_matches('0');
    let digits = if digits.is_empty() && !folded.is_empty() { "0" } else { digits };
    let found = STATUSES
        .iter()
        .find(|(number, names)| *number == digits || names.contains(&folded.as_str()));
    found.map(|(number, _)| *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_known_by_number_and_by_name() {
        let given =
            ["2", "01", "10", "0", "00", "Từ chối tiếp nhận", "Chờ tiếp nhận", "Đang xử lý"];
        let known = given.map(|given| number(given).unwrap());
        assert_eq!(known, ["2", "1", "10", "0", "0", "3", "1", "4"]);
        assert_eq!(["11", "", "Chuyển phòng"].map(number), [None; 3]);
    }
}
