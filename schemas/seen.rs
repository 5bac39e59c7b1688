//! What was seen, in Vietnamese.
//!
//! A finding keeps what was seen in English, as it came from the stage that saw it: one text, which
//! programs can compare. People are shown it in their language by this table. `{}` stands for a part
//! that is no language's, a number or a text of the page, or for a detail that is left as it is.

/// English as stages write it, and Vietnamese.
const SAYINGS: &[(&str, &str)] = &[
    ("handwritten: {}", "viết tay: {}"),
    ("unread: {}", "không đọc được: {}"),
    ("blank: {}", "để trống: {}"),
    ("{} x {} pixels and no credible dpi", "{} x {} điểm ảnh, độ phân giải không đáng tin"),
    ("{} of {} bits", "{}, {} bit"),
    ("lines that lean by {} degrees", "các dòng nghiêng {} độ"),
    ("lines that lean", "các dòng bị nghiêng"),
    ("nothing of a character's size", "không có gì lớn bằng một chữ"),
    ("the image of page {}", "ảnh của trang {}"),
    ("the image of another page", "ảnh của một trang khác"),
    (
        "a page that stands upright after {} degrees clockwise",
        "trang chỉ đứng thẳng sau khi xoay {} độ theo chiều kim đồng hồ",
    ),
    ("words that are not valid text", "những từ không phải là văn bản hợp lệ"),
    ("words whose tone marks were not read: {}", "số từ không đọc được dấu: {}"),
    (
        "a page that broke a bound when it was read with full care",
        "trang vượt giới hạn khi đọc kỹ nên chỉ đọc ở mức đơn giản",
    ),
    (
        "a form field or a note without a picture of its text",
        "ô biểu mẫu hoặc ghi chú không có hình vẽ của nội dung",
    ),
    ("ink, and no word", "có nét mực nhưng không có chữ nào"),
    ("a text layer that is not Vietnamese", "lớp văn bản không phải tiếng Việt"),
    ("the text of a stamp alone", "chỉ có chữ của con dấu"),
    ("the bytes of another file of the dossier", "nội dung trùng với một tệp khác của hồ sơ"),
    ("no signature", "không có chữ ký số"),
    ("its signatures cannot be read: {}", "không đọc được các chữ ký số: {}"),
    ("{} pages in the file", "tệp có {} trang"),
    ("the file has {} pages and its manifest says {}", "tệp có {} trang, bảng kê ghi {} trang"),
    (
        "the image claims {} x {} pixels, more than the {} allowed for a page; {}",
        "ảnh khai {} x {} điểm ảnh, quá mức {} cho phép của một trang",
    ),
    (
        "the file is protected by a password or an unknown encryption; {}",
        "tệp có mật khẩu hoặc mã hóa không rõ loại",
    ),
    ("the file is empty ({}); {}", "tệp rỗng ({})"),
    ("cannot read the file {}", "không đọc được tệp {} từ đĩa"),
    ("page {} was asked for, but the file has {}", "cần trang {} nhưng tệp chỉ có {} trang"),
    (
        "the file declares {} pages, but {} can be read; {}",
        "tệp khai {} trang nhưng chỉ đọc được {} trang",
    ),
    ("the file has {} bytes, more than the {} allowed; {}", "tệp có {} byte, quá mức {} cho phép"),
    ("the file has {} pages, more than the {} allowed; {}", "tệp có {} trang, quá mức {} cho phép"),
    (
        "the file has {} {}, more than the {} allowed; {}",
        "tệp có {} phần tử ({}), quá mức {} cho phép",
    ),
    ("the file cannot be read: {}; send or scan it again", "không đọc được tệp: {}"),
    (
        "a stream of the file unpacks to more than {} bytes, {}",
        "một phần của tệp bung ra quá {} byte, nhiều hơn hẳn những gì có thể hiện ra",
    ),
    ("this kind of file is not supported: {}; save it as {}", "loại tệp chưa được hỗ trợ: {}"),
    (
        "{}, though its data is not that of an empty sheet; scan the page again",
        "trang ra trắng ({}) dù dữ liệu không phải của tờ giấy trắng",
    ),
    ("the page worker {} ({} attempts)", "tiến trình đọc trang bị dừng: {} (đã thử {} lần)"),
    ("the manifest names `{}`, which is not there", "bảng kê ghi tệp `{}` nhưng không có tệp này"),
    ("the manifest names `{}` twice", "bảng kê ghi tệp `{}` hai lần"),
    ("the manifest cannot be used: {}", "không dùng được bảng kê: {}"),
    ("document {} of the manifest has no files", "giấy tờ thứ {} của bảng kê không có tệp nào"),
    ("`{}` has {} bytes and the manifest says {}", "tệp `{}` có {} byte, bảng kê ghi {} byte"),
];

/// What was seen, for people who read Vietnamese; `None` where it is a value of the page, or
/// nothing but a technical detail is known.
pub fn in_vietnamese(observed: &str) -> Option<String> {
    SAYINGS.iter().find_map(|(english, vietnamese)| {
        let parts = parts(english, observed)?;
        Some(filled(vietnamese, &parts))
    })
}

/// What stands for each `{}` of a saying, when the text is one.
fn parts<'a>(saying: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut fixed = saying.split("{}");
    let mut rest = text.strip_prefix(fixed.next()?)?;
    let (mut parts, mut fixed) = (Vec::new(), fixed.peekable());
    while let Some(next) = fixed.next() {
        let is_last = fixed.peek().is_none();
        let end = match (is_last, next) {
            (true, "") => rest.len(),
            (true, next) => rest.strip_suffix(next)?.len(),
            (false, next) => rest.find(next)?,
        };
        parts.push(&rest[..end]);
        rest = &rest[end + next.len()..];
    }
    rest.is_empty().then_some(parts)
}

/// A saying with its parts; those it has no place for are left out.
fn filled(saying: &str, parts: &[&str]) -> String {
    let mut fixed = saying.split("{}");
    let first = fixed.next().unwrap_or_default().to_owned();
    fixed.zip(parts).fold(first, |said, (fixed, part)| said + part + fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_said_in_vietnamese_with_its_numbers() {
        let said = |seen: &str| in_vietnamese(seen);
        assert_eq!(
            said("lines that lean by 3.2 degrees").as_deref(),
            Some("các dòng nghiêng 3.2 độ")
        );
        assert_eq!(
            said("handwritten: Số: 731 /SNV-VP").as_deref(),
            Some("viết tay: Số: 731 /SNV-VP")
        );
        assert_eq!(
            said(
                "the file declares 3 pages, but 2 can be read; it is damaged or cut short, send or \
                  scan it again"
            )
            .as_deref(),
            Some("tệp khai 3 trang nhưng chỉ đọc được 2 trang")
        );
        assert_eq!(said("2025-07-09"), None, "a value has no language");
        assert_eq!(said("150 x 149 dpi"), None, "nor has a resolution");
        assert_eq!(said("lines that lean by"), None);
    }

    #[test]
    fn every_saying_is_found_and_is_the_first_that_fits() {
        for (english, vietnamese) in SAYINGS {
            let places = english.matches("{}").count();
            assert!(vietnamese.matches("{}").count() <= places, "{english}");
            let (parts, text): (Vec<String>, _) = (0..places).fold(
                (Vec::new(), (*english).to_owned()),
                |(mut parts, text), number| {
                    parts.push(format!("<{number}>"));
                    (parts, text.replacen("{}", &format!("<{number}>"), 1))
                },
            );
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            assert_eq!(in_vietnamese(&text), Some(filled(vietnamese, &parts)), "{text}");
        }
    }
}
