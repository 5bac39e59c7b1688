//! The rows of pages and of their text.

use sohoa_document::{Barcode, TextOrigin, fold::fold};
use sohoa_schemas::{
    Code,
    rows::{Outcome, PageRow, PageTextRow, SCHEMA_VERSION},
};
use uuid::Uuid;

use super::Base;
use crate::stages::read::{PageResult, ReadPage};

/// Below this confidence a word counts as uncertain.
const LOW_CONFIDENCE: f32 = 0.6;

/// Rows of the pages and of their text.
pub(crate) fn pages(
    base: &Base<'_>,
    document_of: impl Fn(u32) -> Uuid,
) -> (Vec<PageRow>, Vec<PageTextRow>) {
    let mut texts = Vec::new();
    let rows = base.read.pages.iter().map(|result| {
        let row = page(base, result, document_of(result.place.number));
        if let Ok(page) = &result.page
            && !(page.text.lines.is_empty() && page.barcodes.codes.is_empty())
        {
            texts.push(page_text(base, &row, page));
        }
        row
    });
    (rows.collect(), texts)
}

fn page(base: &Base<'_>, result: &PageResult, document_uid: Uuid) -> PageRow {
    let Base { taken, .. } = *base;
    let page = result.page.as_ref().ok();
    let facts = page.map(|page| &page.facts).cloned().unwrap_or_default();
    let text = page.map(|page| &page.text);
    let words: Vec<_> = text.iter().flat_map(|text| text.words()).collect();
    let low = words.iter().filter(|word| word.confidence < LOW_CONFIDENCE).count();
    let share = |part: usize, of: usize| (of > 0).then(|| part as f32 / of as f32);
    let scanned = facts.width_px > 0;
    PageRow {
        page_uid: page_uid(taken.uid, result.place.number),
        document_uid,
        source_uid: taken.uid,
        version: 1,
        dossier_uid: taken.source.dossier.uid,
        province: base.province(),
        ingest_month: base.month(),
        page_no: result.place.number as i32,
        source_file_sha256: taken.sha256(result.place.file).unwrap_or_default(),
        source_page_no: result.place.number_in_file as i32,
        outcome: if page.is_some() { Outcome::Published } else { Outcome::Quarantined }
            .as_str()
            .into(),
        width_px: scanned.then_some(facts.width_px as i32),
        height_px: scanned.then_some(facts.height_px as i32),
        dpi_x: facts.dpi_x,
        dpi_y: facts.dpi_y,
        width_pt: text.map_or(0.0, |text| text.width),
        height_pt: text.map_or(0.0, |text| text.height),
        orientation_fixed_deg: page.and_then(|page| page.rotation).map_or(0, i32::from),
        skew_deg: facts.skew_deg,
        colour_mode: facts.colour_mode.clone(),
        bit_depth: scanned.then_some(i32::from(facts.bit_depth)),
        blank: facts.blank,
        text_origin: match text.map_or(TextOrigin::None, |text| text.origin) {
            TextOrigin::Layer => "layer",
            TextOrigin::None => "none",
            TextOrigin::Ocr => "ocr",
        }
        .into(),
        ocr_mean_conf: text
            .filter(|text| text.origin == TextOrigin::Ocr)
            .and_then(sohoa_document::PageText::mean_confidence),
        ocr_word_count: words.len() as i32,
        low_conf_word_share: share(low, words.len()),
        words_diacritic_share: diacritic_share(words.iter().map(|word| word.text.as_str())),
        barcodes: page.map(|page| page.barcodes.codes.iter().map(place).collect()),
        personal_barcodes: page.map(|page| page.barcodes.personal as i32),
        decode_ms: facts.decode_ms as i32,
        ocr_ms: facts.ocr_ms as i32,
        fault_codes: page_codes(result).iter().map(ToString::to_string).collect(),
        schema_version: SCHEMA_VERSION,
    }
}

/// The codes of a page: its findings, or why it was refused.
pub(crate) fn page_codes(result: &PageResult) -> Vec<Code> {
    match &result.page {
        Ok(page) => page.facts.findings.iter().filter_map(|code| code.parse().ok()).collect(),
        Err(rejection) => vec![rejection.code],
    }
}

fn page_text(base: &Base<'_>, row: &PageRow, page: &ReadPage) -> PageTextRow {
    let text = page.text.plain();
    let said = page.barcodes.codes.iter().filter_map(|barcode| barcode.text.as_deref());
    PageTextRow {
        page_uid: row.page_uid,
        document_uid: row.document_uid,
        source_uid: row.source_uid,
        version: row.version,
        province: row.province.clone(),
        ingest_month: row.ingest_month.clone(),
        page_no: row.page_no,
        text_folded: base.context.pseudonyms.hide_numbers(&fold(&text)),
        text,
        barcode_texts: Some(said.map(|text| base.context.pseudonyms.hide_numbers(text)).collect()),
        schema_version: SCHEMA_VERSION,
    }
}

/// A barcode without what it says.
fn place(barcode: &Barcode) -> String {
    let b = barcode.bbox;
    let symbology = barcode.symbology.as_str();
    format!("{symbology}:{:.0},{:.0},{:.0},{:.0}", b.x0, b.y0, b.x1, b.y1)
}

/// Identity of a page of a source.
pub(crate) fn page_uid(source: Uuid, number: u32) -> Uuid {
    Uuid::new_v5(&source, format!("page {number}").as_bytes())
}

/// Share of letters that carry a Vietnamese mark; near zero, the wrong language model ran.
fn diacritic_share<'a>(words: impl Iterator<Item = &'a str>) -> Option<f32> {
    let (mut marked, mut letters) = (0usize, 0usize);
    for c in words.flat_map(str::chars).filter(|c| c.is_alphabetic()) {
        letters += 1;
        marked += usize::from(!c.is_ascii());
    }
    (letters > 0).then(|| marked as f32 / letters as f32)
}
