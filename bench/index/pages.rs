//! Rows of `pages` and `page_text`.

use arrow::{
    array::{ArrayRef, RecordBatch},
    datatypes::SchemaRef,
};

use crate::{
    columns::{batch as fill, floats, numbers, text, words},
    province::{PROVINCE, Province, mix, uid},
};

/// One page in so many has its text in the index.
const WITH_TEXT: u64 = 30;

/// Words of a page.
const WORDS: u64 = 120;

const VOCABULARY: [(&str, &str); 32] = [
    ("quyết", "quyet"),
    ("định", "dinh"),
    ("ủy", "uy"),
    ("ban", "ban"),
    ("nhân", "nhan"),
    ("dân", "dan"),
    ("tỉnh", "tinh"),
    ("huyện", "huyen"),
    ("xã", "xa"),
    ("đất", "dat"),
    ("sử", "su"),
    ("dụng", "dung"),
    ("giấy", "giay"),
    ("chứng", "chung"),
    ("nhận", "nhan"),
    ("căn", "can"),
    ("cứ", "cu"),
    ("luật", "luat"),
    ("ngày", "ngay"),
    ("tháng", "thang"),
    ("năm", "nam"),
    ("về", "ve"),
    ("việc", "viec"),
    ("cấp", "cap"),
    ("hộ", "ho"),
    ("ông", "ong"),
    ("bà", "ba"),
    ("diện", "dien"),
    ("tích", "tich"),
    ("thửa", "thua"),
    ("phương", "phuong"),
    ("tiện", "tien"),
];

/// A page: its document, its number there, and the document's dossier and pages' seed.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    document: String,
    dossier: u64,
    of: u64,
    number: u64,
}

/// The pages of a month as a compaction orders them: by document.
pub(crate) fn order(province: &Province, month: u64, only_text: bool) -> Vec<Page> {
    let mut pages = Vec::new();
    for document in province.of_month(month).map(|number| province.document(number)) {
        for number in 1..=document.pages {
            if !only_text || mix(document.seed ^ number << 40) % WITH_TEXT == 0 {
                let (dossier, of) = (document.dossier, document.number);
                pages.push(Page { document: document.uid(), dossier, of, number });
            }
        }
    }
    pages.sort_by(|a, b| a.document.cmp(&b.document).then(a.number.cmp(&b.number)));
    pages
}

impl Page {
    fn seed(&self) -> u64 {
        mix(self.of << 4 | self.number)
    }

    fn text(&self, folded: bool) -> String {
        let mut text = String::new();
        for at in 0..WORDS {
            let bits = mix(self.seed() ^ at << 48);
            // Squared, so that the first words are common.
            let share = (bits & 0xFFFF) as f64 / 65_536.0;
            let (said, plain) = VOCABULARY[(share * share * VOCABULARY.len() as f64) as usize];
            text.push_str(if folded { plain } else { said });
            text.push(if at % 12 == 11 { '\n' } else { ' ' });
            if bits >> 60 == 0 {
                text.push_str(&format!("{} ", bits >> 20 & 0xFFF));
            }
        }
        text
    }
}

/// Rows of some pages of a month, of either table.
pub(crate) fn batch(schema: &SchemaRef, month: u64, rows: &[Page]) -> RecordBatch {
    let column = |name: &str| -> Option<ArrayRef> {
        Some(match name {
            "page_uid" => text(rows.iter().map(|page| uid(page.seed() | 1 << 63))),
            "document_uid" | "source_uid" => words(rows.iter().map(|page| page.document.as_str())),
            "dossier_uid" => text(rows.iter().map(|page| uid(page.dossier | 1 << 62))),
            "province" => words(rows.iter().map(|_| PROVINCE)),
            "ingest_month" => text(rows.iter().map(|_| format!("2026-{:02}", month + 1))),
            "page_no" | "source_page_no" => numbers(rows.iter().map(|page| page.number as i32)),
            "source_file_sha256" => text(rows.iter().map(|page| {
                let seed = mix(page.of);
                format!("{seed:016x}{:016x}{:016x}{:016x}", mix(seed), mix(seed ^ 1), mix(seed ^ 2))
            })),
            "outcome" => words(rows.iter().map(|_| "published")),
            "width_px" => numbers(rows.iter().map(|page| 2470 + (page.seed() % 20) as i32)),
            "height_px" => numbers(rows.iter().map(|page| 3490 + (page.seed() >> 8 & 31) as i32)),
            "dpi_x" | "dpi_y" => floats(rows.iter().map(|_| 300.0)),
            "skew_deg" => floats(rows.iter().map(|page| (page.seed() >> 16 & 63) as f32 / 100.0)),
            "colour_mode" => words(rows.iter().map(|_| "rgb")),
            "text_origin" => words(rows.iter().map(|_| "ocr")),
            "ocr_mean_conf" => {
                floats(rows.iter().map(|page| 1.0 - (page.seed() % 300) as f32 / 1000.0))
            }
            "ocr_word_count" => numbers(rows.iter().map(|page| (page.seed() >> 24 & 511) as i32)),
            "decode_ms" => numbers(rows.iter().map(|page| 20 + (page.seed() >> 33 & 63) as i32)),
            "ocr_ms" => numbers(rows.iter().map(|page| 900 + (page.seed() >> 40 & 1023) as i32)),
            "text" => text(rows.iter().map(|page| page.text(false))),
            "text_folded" => text(rows.iter().map(|page| page.text(true))),
            _ => return None,
        })
    };
    fill(schema, rows.len(), column)
}
