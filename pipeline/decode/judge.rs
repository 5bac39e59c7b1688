//! The judge of text layers: Vietnamese as printed, junk, or only a stamp.
//!
//! Most scans in the wild carry a layer made by an engine that knows no Vietnamese, or only the
//! text of a signature's stamp. Vietnamese syllables are a closed set and four in five carry a mark,
//! so two shares tell: valid syllables among words of letters, and marks among syllables.

use sohoa_document::{
    PageText,
    syllable::{has_diacritic, is_syllable},
};

use crate::survey::LayerQuality;

/// Below this many words, text over a page image is a stamp or a note, whatever its spelling.
const STAMP_WORDS: usize = 60;
/// A true layer has 0.91 and more, junk 0.71 and less.
const SYLLABLE_SHARE: f32 = 0.82;
/// A true layer has 0.78 and more, junk 0.30 and less; tables of names and units are poorer.
const DIACRITIC_SHARE: f32 = 0.5;
/// Fewer letters than this tell nothing.
const FEWEST_WORDS: usize = 3;

/// What a page is made of, under its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    /// Drawn: text, lines, small pictures.
    Drawn,
    /// Images cover it.
    Image,
}

/// What the judgement rests on.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LayerStatistics {
    /// Words of letters only: numbers, codes and addresses are neutral.
    pub words: usize,
    /// Share of them that are possible Vietnamese syllables.
    pub syllables: f32,
    /// Share of them that carry a Vietnamese mark.
    pub diacritics: f32,
    /// Share of glyphs without a meaning, or in legacy font encodings.
    pub foreign: f32,
    /// Height of the text from its first to its last line, as a share of the page.
    pub extent: f32,
}

/// Judges the text layer of one page.
pub fn judge(text: &PageText, cover: Cover) -> (LayerQuality, LayerStatistics) {
    let seen = measure(text);
    let quality = if text.words().next().is_none() {
        LayerQuality::None
    } else if cover == Cover::Image && seen.words < STAMP_WORDS && seen.extent < 0.6 {
        LayerQuality::StampOnly
    } else if seen.foreign > 0.05 {
        LayerQuality::Junk
    } else if seen.words < FEWEST_WORDS {
        // Numbers alone, on a drawn page: a table's continuation is as good as its font.
        if cover == Cover::Drawn { LayerQuality::Good } else { LayerQuality::StampOnly }
    } else if seen.syllables >= SYLLABLE_SHARE && seen.diacritics >= DIACRITIC_SHARE {
        LayerQuality::Good
    } else {
        LayerQuality::Junk
    };
    (quality, seen)
}

fn measure(text: &PageText) -> LayerStatistics {
    let mut seen = LayerStatistics::default();
    let (mut syllables, mut marked, mut glyphs, mut odd) = (0_usize, 0_usize, 0_usize, 0_usize);
    for word in text.words() {
        glyphs += word.text.chars().count();
        odd += word.text.chars().filter(|c| is_odd(*c)).count();
        for part in word.text.split(|c: char| !c.is_alphabetic()).filter(|part| !part.is_empty()) {
            if word.text.contains(|c: char| c.is_ascii_digit()) || part.chars().count() == 1 {
                continue;
            }
            seen.words += 1;
            syllables += usize::from(is_syllable(part));
            marked += usize::from(has_diacritic(part));
        }
    }
    if seen.words > 0 {
        seen.syllables = syllables as f32 / seen.words as f32;
        seen.diacritics = marked as f32 / seen.words as f32;
    }
    if glyphs > 0 {
        seen.foreign = odd as f32 / glyphs as f32;
    }
    let tops = text.lines.iter().map(|line| line.bbox.y0);
    let bottoms = text.lines.iter().map(|line| line.bbox.y1);
    let (top, bottom) = (tops.fold(f32::MAX, f32::min), bottoms.fold(0.0, f32::max));
    seen.extent = ((bottom - top) / text.height.max(1.0)).clamp(0.0, 1.0);
    seen
}

/// Characters that Vietnamese print has not, but TCVN3 and VNI fonts and broken maps have.
fn is_odd(c: char) -> bool {
    matches!(c, '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{80}'..='\u{9f}')
        || matches!(
            c,
            '¸' | '¶'
                | '·'
                | '¹'
                | '¨'
                | '©'
                | '®'
                | '¬'
                | '¡'
                | '¢'
                | '£'
                | '¤'
                | '¥'
                | '¦'
                | '§'
                | 'µ'
        )
        || matches!(
            c,
            'Ä' | 'Ë' | 'Ï' | 'Ö' | 'Ü' | 'Å' | 'Æ' | 'Ñ' | 'Ø' | 'Î' | 'Û' | 'Þ' | 'ß' | 'Ç'
        )
        || matches!(c, 'ä' | 'ë' | 'ï' | 'ö' | 'ü' | 'å' | 'æ' | 'ñ' | 'ø' | 'î' | 'û' | 'þ' | 'ç')
}

#[cfg(test)]
mod tests {
    use sohoa_document::{Line, Rect, TextOrigin, Word};

    use super::*;

    /// Lines of one text, from `top` to `bottom` of an A4 page.
    fn page(text: &str, top: f32, bottom: f32) -> PageText {
        let count = text.lines().count().max(1) as f32;
        let step = (bottom - top) / count;
        let lines = text.lines().zip(0_u16..).map(|(line, number)| {
            let y = top + f32::from(number) * step;
            let bbox = Rect::new(60.0, y, 500.0, y + step);
            let words = line.split_whitespace();
            let words =
                words.map(|word| Word { text: word.into(), bbox, confidence: 1.0 }).collect();
            Line { words, bbox, baseline: (y, y), block: 0 }
        });
        PageText {
            lines: lines.collect(),
            origin: TextOrigin::Layer,
            ..PageText::empty(595.0, 842.0)
        }
    }

    const BODY: &str = "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;
        Theo đề nghị của Giám đốc Sở Y tế tại Tờ trình số 22/TTr-SYT,
        QUYẾT ĐỊNH: Điều 1. Phê duyệt kế hoạch triển khai thực hiện số hóa hồ sơ, giấy tờ,
        kết quả giải quyết thủ tục hành chính còn hiệu lực trên địa bàn tỉnh giai đoạn này.
        Điều 2. Quyết định này có hiệu lực thi hành kể từ ngày ký ban hành và được công bố.";

    #[test]
    fn vietnamese_as_printed_is_good_over_an_image_and_drawn() {
        for cover in [Cover::Drawn, Cover::Image] {
            let (quality, seen) = judge(&page(BODY, 60.0, 760.0), cover);
            assert_eq!(quality, LayerQuality::Good, "{seen:?}");
        }
    }

    #[test]
    fn the_layer_of_a_foreign_engine_is_junk() {
        let body = "Dc 1p - Ty do - Hph phtic CONG HOA XA HOI CHU NGHIA VIET NAM
            Can cir Lu4t T6 chirc chinh quyen dja phuong ngay 19 thang 6 nam 2015
            Theo d~ nghj cua Giarn d6c So Y t~ tai To trinh so 22 nam nay va ke hoach
            QUYET DJNH Dieu mot Phe duyet ke hoach trien khai thuc hien so hoa ho so giay to
            ket qua giai quyet thu tuc hanh chinh con hieu luc tren dja ban tinh giai doan nay";
        let (quality, seen) = judge(&page(body, 60.0, 760.0), Cover::Image);
        assert_eq!(quality, LayerQuality::Junk, "{seen:?}");
    }

    #[test]
    fn legacy_font_encodings_are_junk_even_when_drawn() {
        let tcvn3 = "Céng hoµ x· héi chñ nghÜa ViÖt Nam §éc lËp Tù do H¹nh phóc
            QuyÕt ®Þnh vÒ viÖc phª duyÖt kÕ ho¹ch triÓn khai thùc hiÖn n¨m 2004";
        let vni = "Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam Ñoäc laäp Töï do Haïnh phuùc
            Quyeát ñònh veà vieäc pheâ duyeät keá hoaïch trieån khai thöïc hieän";
        for body in [tcvn3, vni] {
            let (quality, seen) = judge(&page(body, 60.0, 300.0), Cover::Drawn);
            assert_eq!(quality, LayerQuality::Junk, "{seen:?}");
        }
    }

    #[test]
    fn the_text_of_a_signature_stamp_is_only_a_stamp() {
        let body = "Người ký: Sở Y tế\nEmail: mau@vidu.gov.vn\nCơ quan: Tỉnh Mẫu\nThời gian ký: 24.04.2018";
        let (quality, seen) = judge(&page(body, 10.0, 60.0), Cover::Image);
        assert_eq!(quality, LayerQuality::StampOnly, "{seen:?}");
        assert_eq!(judge(&page("", 0.0, 0.0), Cover::Image).0, LayerQuality::None);
    }
}
