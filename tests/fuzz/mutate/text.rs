//! Changes to text: words that readers of it look for, and signs that they stumble over.

use crate::chance::Chance;

/// What readers of dates, numbers, codes and tables look for, and what breaks slices of text.
pub(super) const WORDS: [&str; 28] = [
    "Số:",
    "s6",
    "/QĐ-UBND",
    "ngày 31 tháng 02 năm 20%0",
    "tháng",
    "năm",
    "V/v",
    "QUYẾT ĐỊNH",
    "Nơi nhận:",
    "KT. CHỦ TỊCH",
    "MẬT",
    "ĐẾN",
    "Kính gửi:",
    "Độc lập - Tự do",
    "000.00.12.H08-",
    "-999999999999999999999",
    "1e400",
    "0x",
    "\u{0301}",
    "e\u{0323}\u{0302}",
    "\u{200b}",
    "\u{feff}",
    "\u{202e}",
    "ß",
    "İ",
    "\u{10ffff}",
    "\"",
    "\r\n",
];

/// Puts words in, repeats a line, or takes a sign apart.
pub(super) fn change(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    let mut at = chance.within(0..text.len() + 1).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    match chance.within(0..4) {
        0 | 1 => text.insert_str(at, chance.one_of::<&str>(&WORDS)),
        2 => text.insert_str(at, &chance.one_of(&WORDS).repeat(*chance.one_of(&[3, 60, 4_000]))),
        _ => {
            let lines: Vec<&str> = text.lines().collect();
            if !lines.is_empty() {
                let line = format!("{}\n", chance.one_of(&lines));
                text.insert_str(at, &line.repeat(*chance.one_of(&[1, 5, 200])));
            }
        }
    }
    *bytes = text.into_bytes();
}

/// Replaces a number of digits somewhere in the file; false when there is none.
pub(super) fn number(bytes: &mut Vec<u8>, chance: &mut Chance, value: u64) -> bool {
    let from = chance.within(0..bytes.len());
    let digit = |byte: &u8| byte.is_ascii_digit();
    let Some(start) = bytes.iter().skip(from).position(digit).map(|found| from + found) else {
        return false;
    };
    let count = bytes[start..].iter().take_while(|byte| digit(byte)).count();
    bytes.splice(start..start + count, value.to_string().into_bytes());
    true
}
