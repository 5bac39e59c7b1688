//! Index rows from what was read. Values that only the signed document knows are filled last.

use sohoa_decode::Origin;
use sohoa_document::{TextOrigin, fold::fold};
use sohoa_flow::Rejection;
use sohoa_schemas::{
    Code,
    rows::{DocumentRow, FindingRow, IntakeRow, Outcome, PageRow, PageTextRow, SCHEMA_VERSION},
};
use sohoa_source::identity;
use uuid::Uuid;

use crate::{
    context::{Context, now},
    stages::{
        accept::Remark,
        read::{PageResult, Read, ReadPage},
        take_in::Taken,
    },
};

/// Code lists used, as a row names them.
const CODE_LISTS: &str = "TT05-2025";

/// Below this confidence a word counts as uncertain.
const LOW_CONFIDENCE: f32 = 0.6;

/// What all rows of a source are made from.
#[derive(Clone, Copy)]
pub(crate) struct Base<'a> {
    pub(crate) context: &'a Context,
    pub(crate) taken: &'a Taken,
    pub(crate) read: &'a Read,
}

impl Base<'_> {
    fn province(&self) -> String {
        self.context.settings.config.agency.province.clone()
    }

    fn month(&self) -> String {
        month(self.taken)
    }
}

/// The month a source is filed under: that of its first intake, whatever the indexer's clock says.
pub(crate) fn month(taken: &Taken) -> String {
    taken.first_at.format("%Y-%m").to_string()
}

/// A document's row from everything but its fields.
pub(crate) fn document(base: &Base<'_>, page_from: u32, page_to: u32) -> DocumentRow {
    let Base { context, taken, read } = *base;
    let config = &context.settings.config;
    let manifest = taken.source.dossier.manifest.as_ref();
    let dossier = manifest.map(|manifest| &manifest.dossier);
    let declared = taken.source.declared.as_ref();
    let ordinal = taken.source.ordinal as i32;
    let file_code = dossier.and_then(|dossier| dossier.archive_file_code.clone());
    let (born, mixed) = (read.origin == Origin::BornDigital, read.origin == Origin::Mixed);
    let pages: Vec<&ReadPage> = read.pages_between(page_from, page_to).collect();
    let recognised = pages.iter().any(|page| page.text.origin == TextOrigin::Ocr);
    DocumentRow {
        document_uid: identity::document_uid(taken.uid, page_from),
        source_uid: taken.uid,
        version: 1,
        province: base.province(),
        ingest_month: base.month(),
        doc_id: file_code.as_ref().map(|code| format!("{code}.{ordinal}")),
        doc_code: file_code.as_ref().map(|code| format!("{code}.{ordinal:07}")),
        dossier_uid: taken.source.dossier.uid,
        dossier_code: dossier.and_then(|dossier| dossier.dossier_code.clone()),
        archive_file_code: file_code,
        paper_file_code: dossier.and_then(|dossier| dossier.paper_file_code.clone()),
        doc_ordinal: ordinal,
        doc_role: declared.and_then(|d| d.role.clone()).unwrap_or_else(|| "other".into()),
        procedure_code: dossier.and_then(|dossier| dossier.procedure_code.clone()),
        type_code: None,
        type_abbr: None,
        type_name: None,
        code_number: None,
        code_notation: None,
        code_full: None,
        issued_date: None,
        issued_date_precision: None,
        issued_place: None,
        organ_name: None,
        parent_organ_name: None,
        level_at_issue: None,
        custodian_agency_code: config.agency.code.clone(),
        subject: None,
        subject_folded: None,
        signer_authority: None,
        signer_title: None,
        signer_name: None,
        recipients: None,
        archive_line: None,
        // A secret paper never comes here; a page that nobody could read may hide a stamp.
        secrecy_level: if read.first_page_read() { "none" } else { "unknown" }.into(),
        urgency_level: "none".into(),
        arrival_number: None,
        arrival_date: None,
        language_codes: vec!["01".into()],
        page_count: (page_to + 1 - page_from) as i32,
        page_from: page_from as i32,
        page_to: page_to as i32,
        pages_quarantined: (page_to + 1 - page_from) as i32 - pages.len() as i32,
        access_mode: declared.and_then(|d| d.access_mode.clone()).unwrap_or_else(|| "02".into()),
        confidence_level: if born {
            "01"
        } else if mixed {
            "03"
        } else {
            "02"
        }
        .into(),
        physical_state: declared.and_then(|d| d.physical_state.clone()),
        retention_code: dossier.and_then(|dossier| dossier.retention_code.clone()),
        code_list_version: CODE_LISTS.into(),
        validity_status: declared
            .and_then(|d| d.validity.clone())
            .unwrap_or_else(|| "unknown".into()),
        owner_id_kind: dossier.and_then(|d| d.owner.as_ref()).map(|owner| owner.kind.clone()),
        // The identifier arrives encrypted to the province's key, which is not held here.
        owner_id_hmac: None,
        phase: None,
        phase_boundary_year: false,
        document_year: dossier.and_then(|dossier| dossier.document_year),
        intake_channel: manifest.map_or(config.input.channel.as_str(), |_| "postal").to_owned(),
        partner_id: manifest.map(|manifest| manifest.partner.id.clone()),
        batch_id: manifest.and_then(|m| m.batch.as_ref()).map(|batch| batch.id.clone()),
        scanned_at: declared
            .and_then(|d| d.files.iter().find_map(|file| file.scanned_at))
            .map(|time| time.to_utc()),
        conversion_mark_text: (!born).then(|| config.sign.conversion_mark.clone()),
        converted_at: None,
        converting_agency: (!born).then(|| config.agency.name.clone()),
        pdf_profile: if born { "original" } else { "PDF/A-2b" }.into(),
        colour_depth_bits: pages.iter().filter_map(|page| depth(page)).max(),
        min_dpi: pages
            .iter()
            .filter_map(|page| {
                page.facts.dpi_x.into_iter().chain(page.facts.dpi_y).reduce(f32::min)
            })
            .reduce(f32::min),
        sha256_source_list: taken.files.iter().map(|file| file.sha256.clone()).collect(),
        sha256_object: String::new(),
        object_uri: String::new(),
        object_size: 0,
        signature_state: "missing".into(),
        release_mode: None,
        release_ref: None,
        extraction_confidence: None,
        fields_missing: Vec::new(),
        needs_review: false,
        field_conf: std::collections::BTreeMap::new(),
        field_source: std::collections::BTreeMap::new(),
        field_box: std::collections::BTreeMap::new(),
        ocr_engine: recognised.then(|| context.pool.engine().to_owned()),
        ocr_lang: recognised.then(|| config.ocr.language.clone()),
        ocr_mean_conf: mean(pages.iter().filter_map(|page| page.text.mean_confidence())),
        ocr_char_count: pages.iter().map(|page| characters(page)).sum(),
        state: "published".into(),
        first_seen_at: taken.first_at,
        updated_at: taken.at,
        schema_version: SCHEMA_VERSION,
    }
}

fn depth(page: &ReadPage) -> Option<i32> {
    let channels = match page.facts.colour_mode.as_str() {
        "rgb" => 3,
        "cmyk" => 4,
        _ => 1,
    };
    (page.facts.bit_depth > 0).then(|| channels * i32::from(page.facts.bit_depth))
}

fn characters(page: &ReadPage) -> i32 {
    page.text.words().map(|word| word.text.chars().count() as i32).sum()
}

fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f32)
}

/// Rows of the pages and of their text.
pub(crate) fn pages(
    base: &Base<'_>,
    document_of: impl Fn(u32) -> Uuid,
) -> (Vec<PageRow>, Vec<PageTextRow>) {
    let mut texts = Vec::new();
    let rows = base.read.pages.iter().map(|result| {
        let row = page(base, result, document_of(result.place.number));
        if let Ok(page) = &result.page
            && !page.text.lines.is_empty()
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
        schema_version: SCHEMA_VERSION,
    }
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

/// A finding's row.
pub(crate) fn finding(
    base: (&Context, &Taken),
    (kind, subject): (&str, Uuid),
    remark: Remark,
    stage: &str,
) -> FindingRow {
    let (context, taken) = base;
    let field = remark.field.as_deref().unwrap_or_default();
    let name = format!("finding {subject} {} {field}", remark.code);
    FindingRow {
        finding_uid: Uuid::new_v5(&taken.uid, name.as_bytes()),
        source_uid: taken.uid,
        version: 1,
        province: context.settings.config.agency.province.clone(),
        ingest_month: month(taken),
        subject_kind: kind.into(),
        subject_uid: subject,
        code: remark.code,
        severity: remark.code.severity(),
        observed: remark.observed.map(|text| context.pseudonyms.hide_numbers(&text)),
        field: remark.field,
        expected: remark.expected,
        stage: stage.into(),
        detected_at: now(),
        schema_version: SCHEMA_VERSION,
    }
}

/// Pages of one file by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct FilePages {
    pub(crate) held: i32,
    pub(crate) published: i32,
    pub(crate) quarantined: i32,
}

impl FilePages {
    /// All pages.
    pub(crate) fn total(self) -> i32 {
        self.held + self.published + self.quarantined
    }
}

/// What a receipt says beside its pages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict<'a> {
    /// What became of the source.
    pub(crate) outcome: Outcome,
    /// Media type of its files, when they could be opened.
    pub(crate) media_type: Option<&'a str>,
    /// Why it was refused.
    pub(crate) refusal: Option<&'a Rejection>,
}

/// The receipts of a source's files. Conservation is counted on these: pages are the sum of the
/// three outcomes by construction, and their number comes from the container.
///
/// A document none of whose files are there has a receipt for each file that its manifest names.
pub(crate) fn intake(
    context: &Context,
    taken: &Taken,
    verdict: Verdict<'_>,
    pages: impl Fn(usize) -> FilePages,
) -> Vec<IntakeRow> {
    let dossier = taken.source.dossier.uid;
    let Verdict { outcome, media_type, refusal } = verdict;
    let row = |(index, uri): (usize, String)| {
        let file = taken.source.files.get(index);
        let pages = file.map_or_else(FilePages::default, |_| pages(index));
        IntakeRow {
            intake_uid: identity::intake_uid(dossier, &uri),
            source_uid: taken.uid,
            dossier_uid: dossier,
            province: context.settings.config.agency.province.clone(),
            ingest_month: month(taken),
            source_name: context.input_name.clone(),
            uri,
            etag: file.and_then(|file| file.etag.clone()),
            size: file.map_or(0, |file| file.size as i64),
            modified_at: file.map_or(taken.at, |file| micros(file.modified)),
            sha256: taken.sha256(index),
            media_type: media_type.map(str::to_owned),
            pages: pages.total(),
            pages_published: pages.published,
            pages_quarantined: pages.quarantined,
            pages_held: pages.held,
            outcome,
            code: refusal.map(|refusal| refusal.code),
            sentence: refusal.map(|refusal| refusal.sentence.clone()),
            duplicate_of: None,
            version: 1,
            received_at: taken.at,
            settled_at: now(),
            schema_version: SCHEMA_VERSION,
        }
    };
    taken.source.uris().into_iter().enumerate().map(row).collect()
}

/// The index keeps microseconds; a file system may keep more.
pub(crate) fn micros(time: chrono::DateTime<chrono::Utc>) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}
