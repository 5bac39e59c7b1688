//! A person's name below a signature (box 7b).
//!
//! Names stand on a line of their own: family name first, then one to four syllables. Seals and
//! signatures cover their left part (the law puts the seal over the left third of the signature),
//! so a name that could have lost its family name is worth little: two syllables, or a first one
//! that is no family name.

use std::sync::LazyLock;

use regex::Regex;
use sohoa_document::{Field, Rect, Word, fold::fold, syllable::is_syllable};

use crate::{
    confidence, office,
    rows::{Sheet, Span},
};

/// Family names, of the majority and the larger minorities. Those that are far more often middle
/// names (`Văn`, `Thị`, `Kim`, `Minh`) are left out: here they mean that the family name is lost.
const FAMILIES: &str = "\
    nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ hồ ngô dương lý lí đào đoàn vương trịnh \
    trương lâm mai đinh phùng tô hà lương tạ thái cao châu chu tống tôn triệu quách la lưu kiều \
    khuất nghiêm ninh doãn diệp đàm hứa hàn bạch âu bành bế biện cù cung cấn chử chung dư đậu đường \
    giáp hầu kha khổng khúc lã lại lò lô lục lữ ma mã mạc mạch nông ông phí phó phù sầm sùng thạch \
    thân thẩm thiều tiêu tăng từ uông ưng vi vừ giàng thào hờ lầu danh quàng cầm điêu \
    khương lường nhâm ngụy nhữ vòng tào trình thiệu bá hán ksor siu rmah rơ kpă nay hlong đổng";

/// Odds factor of a name with a word that Vietnamese cannot spell.
const MISSPELT: f32 = 0.05;

static RANK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:(?:PGS|GS|TS|ThS|Th\.?s|BS|CKI{1,2}|CK\d|DS|KS|CN|NGND|NGUT|TTND|TTƯT|Đại tá|Thượng tá|Trung tá|Thiếu tá|Bác sĩ|Dược sĩ)[.,\s]+)+")
        .expect("constant pattern, compiled in tests")
});

/// The name below the signature, on the axis of the title.
pub(crate) fn below(sheet: &Sheet<'_>, row: usize, title: Rect) -> Option<Field<String>> {
    let limit = title.y1 + 0.24 * sheet.height;
    let rows = sheet.rows.iter().skip(row + 1).take_while(|row| row.bbox.y0 < limit);
    let near =
        |part: &Span<'_>| (part.bbox.centre().0 - title.centre().0).abs() < 0.1 * sheet.width;
    let found = rows.filter_map(|row| {
        let part = office::right_parts(sheet, row).into_iter().find(near)?;
        let far = part.bbox.y0 - title.y1 > 1.5 * title.height();
        far.then(|| Name::read(sheet, &part)).flatten()
    });
    one_of(found.collect())
}

/// A name on the line right below an office, without room for a signature.
pub(crate) fn right_below(sheet: &Sheet<'_>, row: usize, title: Rect) -> Option<Field<String>> {
    let height = title.height().max(1.0);
    let rows = sheet.rows.iter().skip(row + 1);
    let near = rows.take_while(|row| row.bbox.centre().1 - title.centre().1 < 2.2 * height);
    let parts = near.flat_map(|row| office::right_parts(sheet, row));
    let axis = |part: &Span<'_>| (part.bbox.centre().0 - title.centre().0).abs();
    one_of(
        parts
            .filter(|p| axis(p) < 0.1 * sheet.width)
            .filter_map(|p| Name::read(sheet, &p))
            .collect(),
    )
}

/// The only name in the right column between two heights, where no office was read.
pub(crate) fn alone(sheet: &Sheet<'_>, from: f32, to: f32) -> Option<Field<String>> {
    let rows = sheet.rows.iter().filter(|row| row.bbox.y0 > from && row.bbox.y0 < to);
    let parts = rows.flat_map(|row| office::right_parts(sheet, row));
    let found =
        parts.filter(|part| sheet.x(part.bbox.x0) > 0.5).filter_map(|p| Name::read(sheet, &p));
    let mut found = one_of(found.collect())?;
    found.probability = confidence::weigh(found.probability, 0.4);
    Some(found)
}

/// Whether another whole name than this one stands in the right column between two heights; one
/// without marks, as signing programs print it, is the same.
pub(crate) fn stands_beside_another(
    sheet: &Sheet<'_>,
    name: &Field<String>,
    from: f32,
    to: f32,
) -> bool {
    let rows = sheet.rows.iter().filter(|row| row.bbox.y0 > from && row.bbox.y0 < to);
    let mut names = rows
        .flat_map(|row| office::right_parts(sheet, row))
        .filter_map(|part| Name::read(sheet, &part));
    names.any(|other| {
        other.whole
            && !other.shouted
            && !other.scrappy
            && fold(&other.field.value) != fold(&name.value)
    })
}

/// A reading of a line as a name.
struct Name {
    field: Field<String>,
    /// Nothing shows that a part of it is lost.
    whole: bool,
    /// In capitals alone, as the words on a seal.
    shouted: bool,
    /// With a word that recognition doubts.
    scrappy: bool,
}

/// The last name; with others before it, in doubt. The capitals on a seal and scraps are no name
/// beside one.
fn one_of(mut found: Vec<Name>) -> Option<Field<String>> {
    if found.iter().any(|name| name.whole) {
        found.retain(|name| name.whole || !(name.shouted || name.scrappy));
    }
    let mut last = found.pop()?.field;
    if found.iter().any(|other| other.field.value != last.value) {
        last.probability = confidence::weigh(last.probability, 0.1);
    }
    Some(last)
}

impl Name {
    /// The name that is all of this part.
    fn read(sheet: &Sheet<'_>, part: &Span<'_>) -> Option<Self> {
        let lettered = |word: &&&Word| word.text.chars().any(char::is_alphanumeric);
        let span = Span::of(part.words.iter().filter(lettered).copied().collect())?;
        let text: Vec<&str> = span.words.iter().map(|word| trimmed(&word.text)).collect();
        let text = text.join(" ");
        let bare = RANK.replace(&text, "").trim().to_owned();
        if !is_name(&bare) {
            return None;
        }
        let sure = span.words.iter().map(|word| {
            let p = confidence::word(word.confidence);
            // A long family name, spelled whole, stands for itself: nothing else reads like it.
            let own = trimmed(&word.text);
            let clear = own.chars().count() >= 5 && family(own).is_some_and(|(_, exact)| exact);
            if clear && word.confidence > 0.4 { p.max(0.97) } else { p }
        });
        let worst = sure.fold(1.0, f32::min);
        let (first, given) = bare.split_once(' ')?;
        let family = family(first);
        let value =
            family.map_or(proper(&bare), |(family, _)| proper(&format!("{family} {given}")));
        let whole = family.is_some() && given.contains(' ');
        let factor = match family {
            Some((_, true)) if whole => 0.8,
            Some((_, false)) if whole => 0.4,
            _ => 0.04,
        };
        // A stroke through a letter makes another of it: `Miẫu`. Names of minorities spell otherwise.
        let misspelt = is_syllable(first) && !given.split(' ').all(is_syllable);
        let p = confidence::weigh(worst, if misspelt { factor * MISSPELT } else { factor });
        let field = Field { value, probability: p, page: sheet.page, bbox: span.bbox };
        Some(Self { field, whole, shouted: part.capitals() > 0.9, scrappy: worst < 0.7 })
    }
}

fn trimmed(word: &str) -> &str {
    word.trim_start_matches(|c: char| !c.is_alphanumeric())
        .trim_end_matches(|c: char| !c.is_alphanumeric() && c != '.')
}

/// The family name in its proper spelling, and whether it was read so; with other marks only where
/// no second one has the same letters.
fn family(word: &str) -> Option<(&'static str, bool)> {
    let lower = word.to_lowercase();
    let mut names = FAMILIES.split_whitespace();
    if let Some(name) = names.clone().find(|name| *name == lower) {
        return Some((name, true));
    }
    let folded = fold(&lower);
    let found = names.find(|name| fold(name) == folded)?;
    names.all(|name| fold(name) != folded).then_some((found, false))
}

fn is_name(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let syllable = |word: &&str| {
        word.chars().all(char::is_alphabetic)
            && word.chars().next().is_some_and(char::is_uppercase)
            && (2..=7).contains(&word.chars().count())
    };
    (2..=5).contains(&words.len()) && words.iter().all(syllable) && !office::is_title(text)
}

/// A name in capitals as it is written: first letters upper.
fn proper(text: &str) -> String {
    let word = |word: &str| {
        let mut chars = word.chars();
        let upper: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
        upper + &chars.as_str().to_lowercase()
    };
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Paper;

    fn read(text: &str, confidence: f32) -> Option<Field<String>> {
        let paper = Paper::default().line_at(340.0, 700.0, text, confidence).text();
        let sheet = Sheet::new(1, &paper);
        Name::read(&sheet, &sheet.rows[0]).map(|name| name.field)
    }

    #[test]
    fn names_are_words_with_capitals() {
        assert!(is_name("Trần Văn Mẫu"));
        assert!(!is_name("Trần văn"));
        assert!(!is_name("GIÁM ĐỐC"));
        assert_eq!(proper("TRẦN VĂN MẪU"), "Trần Văn Mẫu");
    }

    #[test]
    fn a_name_that_may_have_lost_its_family_name_does_not_pass() {
        for text in ["Văn Mẫu", "Hoàng Mẫu", "Thị Kiểm Thử", "Văn Thử Mẫu"] {
            assert!(read(text, 0.97).unwrap().probability < 0.9, "{text}");
        }
        assert!(read("Trần Văn Mẫu", 0.97).unwrap().probability > 0.9);
    }

    #[test]
    fn a_word_that_cannot_be_spelled_so_does_not_pass_but_in_names_of_minorities() {
        assert!(read("Trần Văn Miẫu", 0.97).unwrap().probability < 0.9);
        assert!(read("Ksor Hlưm Thử", 0.97).unwrap().probability > 0.9);
    }

    #[test]
    fn specks_around_a_name_are_no_part_of_it_and_scraps_spoil_it() {
        assert_eq!(read(". \"Trần Văn Mẫu", 0.97).unwrap().value, "Trần Văn Mẫu");
        assert_eq!(read("Txần3 Văn Mẫu", 0.97), None);
        assert_eq!(read("zz Văn Thử Mẫu", 0.97), None);
    }

    #[test]
    fn a_long_family_name_carries_its_own_proof() {
        let word = |text: &str, confidence: f32| {
            let paper = Paper::default().line_at(340.0, 700.0, text, confidence).text();
            paper.lines[0].words.clone()
        };
        let mut words = word("Nguyễn Văn Mẫu", 0.97);
        words[0].confidence = 0.5;
        let mut paper = Paper::default().line(340.0, 700.0, "x").text();
        paper.lines[0].words = words;
        let sheet = Sheet::new(1, &paper);
        assert!(Name::read(&sheet, &sheet.rows[0]).unwrap().field.probability > 0.9);
    }

    #[test]
    fn lost_marks_of_a_family_name_come_back_where_only_one_fits() {
        let mended = read("Đỉnh Văn Mẫu", 0.97).unwrap();
        assert_eq!(mended.value, "Đinh Văn Mẫu");
        assert!(mended.probability > 0.9);
        assert_eq!(family("Ngo"), Some(("ngô", false)));
        // Lã, La; Vũ, Vu; Lý, Lí.
        assert_eq!(family("Lạ"), None);
    }

    #[test]
    fn two_names_are_in_doubt() {
        let paper = Paper::default()
            .line(340.0, 690.0, "Trần Văn Mẫu")
            .line(340.0, 730.0, "Lê Thị Thử")
            .text();
        let sheet = Sheet::new(1, &paper);
        assert!(alone(&sheet, 600.0, 800.0).unwrap().probability < 0.9);
    }
}
