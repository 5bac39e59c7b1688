//! Where another's part begins below the paper: the form of a copy (`SAO Y`, `SAO LỤC`, `TRÍCH SAO`:
//! Decree 30/2020, Appendix I, part III), a certified copy's mark, or a superior's `PHÊ DUYỆT`.
//!
//! It has a signature of its own, and often a number and a list of recipients: whoever signs the copy
//! or approves did not sign the paper.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    rows::{Sheet, Span},
    zones::HEAD,
};

static HEADING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\W*(?:(?:ban )?sao y|sao luc|trich sao|chung thuc ban sao|(?:phe )?duyet)\b")
        .expect("constant pattern, compiled in tests")
});

/// `Số: 25/SY-VPCP`.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\W*s[o06]\b[\s:.…_]*\d{0,5}[\s.…_]*/\s?(?:sy|sl|trs)\b")
        .expect("constant pattern, compiled in tests")
});

/// The name of the copying agency stands so far above the number, in shares of the page's height.
const ABOVE_NUMBER: f32 = 0.06;

/// Height of the page from which on it is another's part and no more the paper; `None` without one.
pub(crate) fn begins(sheet: &Sheet<'_>, is_first: bool) -> Option<f32> {
    let below_head = |row: &&Span<'_>| !is_first || sheet.y(row.bbox.y0) > HEAD;
    sheet.rows.iter().filter(below_head).find_map(|row| {
        let parts = row.split(3.0 * row.type_height());
        parts.iter().find_map(|part| {
            let text = part.folded();
            if NUMBER.is_match(&text) {
                return Some((part.bbox.y0 - ABOVE_NUMBER * sheet.height).max(0.0));
            }
            // In small letters it is a sentence about copies.
            (HEADING.is_match(&text) && part.capitals() > 0.7).then_some(part.bbox.y0)
        })
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        fields::Fields,
        testing::{Paper, context, extract},
    };

    fn read(paper: Paper) -> Fields {
        extract(&[paper], context()).segments.remove(0).fields
    }

    fn original() -> Paper {
        Paper::decision()
            .line(90.0, 480.0, "Nơi nhận:")
            .line(340.0, 480.0, "KT. CHỦ TỊCH")
            .line(335.0, 494.0, "PHÓ CHỦ TỊCH")
            .line(90.0, 494.0, "- Lưu: VT.")
            .line(330.0, 560.0, "Trần Văn Mẫu")
    }

    fn signed_copy(paper: Paper) -> Paper {
        paper
            .line(90.0, 700.0, "Nơi nhận:")
            .line(340.0, 700.0, "TM. ỦY BAN NHÂN DÂN")
            .line(365.0, 714.0, "CHỦ TỊCH")
            .line(90.0, 714.0, "- Lưu: VT.")
            .line(345.0, 780.0, "Lê Thị Thử")
    }

    #[test]
    fn whoever_signs_a_copy_did_not_sign_the_paper() {
        let numbered = signed_copy(original().line(90.0, 620.0, "ỦY BAN NHÂN DÂN XÃ MẪU").line(
            110.0,
            650.0,
            "Số: 25/SY-UBND",
        ));
        let headed = signed_copy(original().line(270.0, 630.0, "SAO Y"));
        for paper in [numbered, headed] {
            let fields = read(paper);
            assert_eq!(fields.signer_name.unwrap().value, "Trần Văn Mẫu");
            assert_eq!(fields.signer_title.unwrap().value, "PHÓ CHỦ TỊCH");
        }
    }

    #[test]
    fn whoever_approves_did_not_sign_the_paper() {
        let paper = original().line(220.0, 600.0, "PHÊ DUYỆT GIÁM ĐỐC SỞ NỘI VỤ").line(
            300.0,
            700.0,
            "Lê Thị Thử",
        );
        assert_eq!(read(paper).signer_name.unwrap().value, "Trần Văn Mẫu");
    }

    #[test]
    fn a_sentence_about_copies_is_no_form() {
        let paper = signed_copy(Paper::decision().line(
            110.0,
            400.0,
            "sao y bản chính giấy chứng nhận, gửi kèm hồ sơ",
        ));
        assert_eq!(read(paper).signer_name.unwrap().value, "Lê Thị Thử");
    }
}
