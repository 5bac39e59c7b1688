//! The text layers found on scans in the wild: a good one, the junk of an engine that knows no
//! Vietnamese, the words of a signature stamp alone.

use crate::{
    chance::Chance,
    fonts::Face,
    pdf::Layer,
    sheet::{PAGE_WIDTH, Run, Sheet},
};

/// What the page says, invisible.
pub(crate) fn good(sheet: &Sheet) -> Layer {
    Layer { runs: sheet.runs.clone(), rules: Vec::new(), visible: false }
}

/// What an engine for English makes of the page, invisible.
pub(crate) fn junk(sheet: &Sheet, chance: &mut Chance) -> Layer {
    let runs = sheet
        .runs
        .iter()
        .map(|run| {
            let text: String = run
                .text
                .chars()
                .flat_map(|c| misread(c, chance).chars().collect::<Vec<_>>())
                .collect();
            Run { face: Face::Regular, stretch: 0.0, text, ..run.clone() }
        })
        .filter(|run| !run.text.trim().is_empty())
        .collect();
    Layer { runs, rules: Vec::new(), visible: false }
}

/// The words of an agency signature in the top right corner, visible, and nothing else.
pub(crate) fn stamp(lines: &[String]) -> Layer {
    let runs = lines
        .iter()
        .enumerate()
        .map(|(index, text)| Run {
            face: Face::Regular,
            size: 8.0,
            x: PAGE_WIDTH - 178.0,
            baseline: 20.0 + 9.6 * index as f32,
            stretch: 0.0,
            text: text.clone(),
            handwritten: false,
        })
        .collect();
    Layer { runs, rules: Vec::new(), visible: true }
}

/// One letter as such an engine reads it.
fn misread(letter: char, chance: &mut Chance) -> String {
    let among = |chance: &mut Chance, choices: &[&str]| (*chance.pick(choices)).to_owned();
    let folded = |all: &str| all.contains(letter);
    match letter {
        'Đ' => among(chance, &["D", "P", "B", "DP"]),
        'đ' => among(chance, &["d", "dd", "b", "a"]),
        _ if folded("áàảãạăắằẳẵặâấầẩẫậ") => {
            among(chance, &["a", "d", "é", "i", "fi"])
        }
        _ if folded("éèẻẽẹêếềểễệ") => among(chance, &["e", "é", "6", "c", "¢"]),
        _ if folded("íìỉĩị") => among(chance, &["i", "j", "1", "f"]),
        _ if folded("óòỏõọôốồổỗộơớờởỡợ") => {
            among(chance, &["o", "6", "d", "9", "é"])
        }
        _ if folded("úùủũụưứừửữự") => among(chance, &["u", "w", "i", "ir", "ti"]),
        _ if folded("ýỳỷỹỵ") => among(chance, &["y", "v", "¥"]),
        _ if folded("ÁÀẢÃẠĂẮẰẲẴẶÂẤẦẨẪẬ") => {
            among(chance, &["A", "AN"])
        }
        _ if folded("ÉÈẺẼẸÊẾỀỂỄỆ") => among(chance, &["E", "I:"]),
        _ if folded("ÍÌỈĨỊ") => among(chance, &["I", "1"]),
        _ if folded("ÓÒỎÕỌÔỐỒỔỖỘƠỚỜỞỠỢ") => {
            among(chance, &["O", "0", "Q"])
        }
        _ if folded("ÚÙỦŨỤƯỨỪỬỮỰ") => among(chance, &["U", "IJ"]),
        _ if folded("ÝỲỶỸỴ") => "Y".to_owned(),
        'l' if chance.happens(0.3) => "1".to_owned(),
        'g' if chance.happens(0.15) => "p".to_owned(),
        ' ' if chance.happens(0.06) => String::new(),
        letter => letter.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_has_no_vietnamese_letters() {
        let mut sheet = Sheet::default();
        sheet.runs.push(Run {
            face: Face::Bold,
            size: 13.0,
            x: 0.0,
            baseline: 0.0,
            stretch: 0.0,
            text: "Độc lập - Tự do - Hạnh phúc ĐƯỢC".to_owned(),
            handwritten: false,
        });
        let layer = junk(&sheet, &mut Chance::new(3));
        assert!(!layer.runs[0].text.chars().any(|c| "ĐộậựạúƯỢ".contains(c)));
        assert!(!layer.visible);
    }
}
