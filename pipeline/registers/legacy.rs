//! Vietnamese text of the time before Unicode, as it still stands in cells that a font once made
//! readable: TCVN3 (ABC, `.VnTime`) and VNI. Both put Vietnamese letters on the places of Latin-1.
//!
//! A word is held against the closed set of Vietnamese syllables as it is and as each encoding would
//! have it: garbage hardly ever spells one with its marks.

use sohoa_document::syllable::is_syllable;
use unicode_normalization::UnicodeNormalization as _;

use crate::{
    finding::{Finding, Severity, letters},
    grid::{Cell, Row},
};

/// How text was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Legacy {
    /// TCVN 5712:1993, one byte a letter; the fonts ending in `H` show the same as capitals.
    Tcvn3,
    /// VNI for Windows, a letter and a mark.
    Vni,
}

impl Legacy {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Tcvn3, Self::Vni];

    /// Name for people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tcvn3 => "TCVN3 (ABC)",
            Self::Vni => "VNI",
        }
    }

    /// The text in Unicode, composed; `text` shows the bytes as Latin-1 or Windows-1252 does.
    pub(crate) fn decode(self, text: &str) -> String {
        match self {
            Self::Tcvn3 => text.chars().map(tcvn3).collect(),
            Self::Vni => vni(text),
        }
    }
}

/// Share of words with letters beyond ASCII that are Vietnamese syllables, and how many such words
/// there are.
pub(crate) fn share(text: &str) -> (f64, usize) {
    let (mut right, mut all) = (0, 0);
    for word in text.split(|c: char| c.is_whitespace() || is_punctuation(c)) {
        if word.is_ascii() {
            continue;
        }
        all += 1;
        right += usize::from(is_syllable(word));
    }
    (if all == 0 { 1.0 } else { right as f64 / all as f64 }, all)
}

fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() || c.is_ascii_digit() || "–—“”‘’…".contains(c)
}

/// Words that must speak for an encoding before any cell is rewritten.
const WITNESSES: usize = 3;

/// Cells that are named at most in one finding.
const NAMED: usize = 10;

/// Rewrites cells that are in an old encoding, if the sheet's words leave no doubt, and says so. A
/// cell that reads as no word either way, such as an abbreviation, is in the encoding of the others.
pub(crate) fn repair(rows: &mut [Row], findings: &mut Vec<Finding>) {
    let texts = rows.iter().flat_map(|row| &row.cells).filter_map(foreign);
    let Some(legacy) = spoken(&texts.collect::<Vec<_>>()) else { return };
    let mut repaired = 0;
    let mut guessed = Vec::new();
    for row in rows {
        let number = row.number;
        for (column, cell) in row.cells.iter_mut().enumerate() {
            let Some(text) = foreign(cell) else { continue };
            if let Some((_, decoded)) = better(legacy, text) {
                *cell = Cell::Text(decoded);
                repaired += 1;
            } else if let Some(decoded) = guess(legacy, text) {
                *cell = Cell::Text(decoded);
                guessed.push(format!("{}{number}", letters(column)));
            }
        }
    }
    let name = legacy.name();
    let said = format!(
        "{repaired} cells are written in {name} and are read as that; check the names in the dry run"
    );
    findings.push(Finding::of_file(Severity::Warning, "encoding", said));
    if !guessed.is_empty() {
        let more = if guessed.len() > NAMED { ", …" } else { "" };
        let said = format!(
            "{} more cells spell no Vietnamese words, and are read as {name} like the others; check \
             {}{more}",
            guessed.len(),
            guessed[..guessed.len().min(NAMED)].join(", ")
        );
        findings.push(Finding::of_file(Severity::Warning, "encoding", said));
    }
}

/// The text of a cell, if it has letters beyond ASCII.
fn foreign(cell: &Cell) -> Option<&str> {
    match cell {
        Cell::Text(text) if !text.is_ascii() => Some(text),
        _ => None,
    }
}

/// The encoding that enough of the words speak for.
fn spoken(texts: &[&str]) -> Option<Legacy> {
    let witnesses = |legacy| {
        let words = |text: &&str| better(legacy, text).map_or(0, |(words, _)| words);
        (legacy, texts.iter().map(words).sum::<usize>())
    };
    let (legacy, witnesses) =
        Legacy::ALL.into_iter().map(witnesses).max_by_key(|(_, witnesses)| *witnesses)?;
    (witnesses >= WITNESSES).then_some(legacy)
}

/// Whether there are Vietnamese letters beyond Latin-1: Unicode wrote them.
fn is_unicode(text: &str) -> bool {
    text.chars().any(|c| ('\u{100}'..'\u{2000}').contains(&c))
}

/// The text in Unicode, where it reads as Vietnamese no worse than as it is, and that is hardly.
fn guess(legacy: Legacy, text: &str) -> Option<String> {
    let (as_is, _) = share(text);
    let decoded = legacy.decode(text);
    let is_other = decoded != text && !is_unicode(text);
    (is_other && as_is < 0.5 && share(&decoded).0 >= as_is).then_some(decoded)
}

/// The text in Unicode, where that reads as Vietnamese and the text as it is does not; with the
/// number of words that say so.
fn better(legacy: Legacy, text: &str) -> Option<(usize, String)> {
    if is_unicode(text) {
        return None;
    }
    let (as_is, words) = share(text);
    let decoded = legacy.decode(text);
    let (read, _) = share(&decoded);
    (read >= 0.8 && as_is < 0.5).then_some((words, decoded))
}

fn tcvn3(c: char) -> char {
    const FROM_A1: [char; 14] =
        ['Ă', 'Â', 'Ê', 'Ô', 'Ơ', 'Ư', 'Đ', 'ă', 'â', 'ê', 'ô', 'ơ', 'ư', 'đ'];
    // `.` where the standard has no lower-case letter.
    const FROM_B5: &str =
        "àảãáạ.ằẳẵắ.......ặầẩẫấậè.ẻẽéẹềểễếệìỉ...ĩíịò.ỏõóọồổỗốộờởỡớợù.ủũúụừửữứựỳỷỹýỵ";
    let code = c as usize;
    let letter = match code {
        0xa1..=0xae => FROM_A1.get(code - 0xa1).copied(),
        0xb5..=0xfe => FROM_B5.chars().nth(code - 0xb5).filter(|letter| *letter != '.'),
        _ => None,
    };
    letter.unwrap_or(c)
}

fn vni(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        let base = before.to_ascii_lowercase();
        let takes_mark = matches!(base, 'a' | 'e' | 'o' | 'u' | 'y' | 'ô' | 'ö' | 'Ô' | 'Ö');
        let marks = if takes_mark { vni_marks(c, base) } else { None };
        match marks {
            Some(marks) => out.push_str(marks),
            None => out.push(vni_letter(c)),
        }
        before = c;
    }
    out.nfc().collect()
}

/// Combining marks that a letter on the place of a mark stands for.
fn vni_marks(c: char, base: char) -> Option<&'static str> {
    let small = c.to_lowercase().next()?;
    Some(match small {
        'ù' => "\u{301}",
        'ø' => "\u{300}",
        'û' => "\u{309}",
        'õ' => "\u{303}",
        'ï' => "\u{323}",
        'â' => "\u{302}",
        'á' => "\u{302}\u{301}",
        'à' => "\u{302}\u{300}",
        'å' => "\u{302}\u{309}",
        'ã' => "\u{302}\u{303}",
        'ä' => "\u{302}\u{323}",
        'ê' if base == 'a' => "\u{306}",
        'é' if base == 'a' => "\u{306}\u{301}",
        'è' if base == 'a' => "\u{306}\u{300}",
        'ú' if base == 'a' => "\u{306}\u{309}",
        'ü' if base == 'a' => "\u{306}\u{303}",
        'ë' if base == 'a' => "\u{306}\u{323}",
        _ => return None,
    })
}

fn vni_letter(c: char) -> char {
    match c {
        'ñ' => 'đ',
        'Ñ' => 'Đ',
        'ô' => 'ơ',
        'Ô' => 'Ơ',
        'ö' => 'ư',
        'Ö' => 'Ư',
        'æ' => 'ỉ',
        'Æ' => 'Ỉ',
        'ó' => 'ĩ',
        'Ó' => 'Ĩ',
        'ò' => 'ị',
        'Ò' => 'Ị',
        'î' => 'ỵ',
        'Î' => 'Ỵ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_are_read() {
        let tcvn3 = Legacy::Tcvn3.decode("Uû ban nh©n d©n tØnh B×nh §Þnh, Së Néi vô, giÊy phÐp");
        assert_eq!(tcvn3, "Uỷ ban nhân dân tỉnh Bình Định, Sở Nội vụ, giấy phép");
        let vni = Legacy::Vni
            .decode("UÛY BAN NHAÂN DAÂN tænh Bình Ñònh, Sôû Noäi vuï, nghóa, giaáy pheùp, ñöôïc");
        assert_eq!(vni, "ỦY BAN NHÂN DÂN tỉnh Bình Định, Sở Nội vụ, nghĩa, giấy phép, được");
    }

    /// The cells of a column afterwards, and what is said of them.
    fn repaired(texts: &[&str]) -> (Vec<String>, Vec<String>) {
        let row = |(at, text): (usize, &&str)| Row {
            number: at as u64 + 1,
            cells: vec![Cell::text(text)],
        };
        let mut rows: Vec<Row> = texts.iter().enumerate().map(row).collect();
        let mut findings = Vec::new();
        repair(&mut rows, &mut findings);
        let said = findings.into_iter().map(|finding| finding.expected).collect();
        (rows.iter().map(|row| row.cell(0).shown()).collect(), said)
    }

    #[test]
    fn cells_are_rewritten_only_when_the_sheet_leaves_no_doubt() {
        let (mixed, said) = repaired(&["Tên cơ quan", "Së Néi vô", "H08.12", "Uû ban nh©n d©n"]);
        assert_eq!(mixed, ["Tên cơ quan", "Sở Nội vụ", "H08.12", "Uỷ ban nhân dân"]);
        assert!(said[0].starts_with("2 cells are written in TCVN3"), "{said:?}");
        for plain in [&["Sở Nội vụ", "Công nghệ thông tin", "Hà Nội"][..], &["Café", "Bình"]]
        {
            assert_eq!(repaired(plain), (plain.iter().map(|s| (*s).to_owned()).collect(), vec![]));
        }
    }

    #[test]
    fn an_abbreviation_is_in_the_encoding_of_the_sheet_and_is_named() {
        let of = |text| repaired(&["Së Néi vô", "Uû ban nh©n d©n", text]);
        let (cells, said) = of("H§ND");
        assert_eq!(cells[2], "HĐND");
        assert_eq!(said.len(), 2);
        assert!(said[1].starts_with("1 more cells") && said[1].ends_with("check A3"), "{said:?}");
        for plain in ["Trà Vinh", "HĐND", "25 °C"] {
            let (cells, said) = of(plain);
            assert_eq!((cells[2].as_str(), said.len()), (plain, 1));
        }
    }
}
