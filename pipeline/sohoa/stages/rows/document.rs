//! A document's row.

use sohoa_decode::Origin;
use sohoa_document::TextOrigin;
use sohoa_schemas::{
    config::Input,
    manifest,
    rows::{DocumentRow, SCHEMA_VERSION},
};
use sohoa_source::identity;

use super::{Base, sheets::in_a4};
use crate::{custody::keeper, stages::read::ReadPage};

/// Code lists used, as a row names them.
const CODE_LISTS: &str = "TT05-2025";

/// A document's row from everything but its fields and what only the signed document knows.
pub(crate) fn document(base: &Base<'_>, page_from: u32, page_to: u32) -> DocumentRow {
    let Base { context, taken, read } = *base;
    let config = &context.settings.config;
    let pages: Vec<&ReadPage> = read.pages_between(page_from, page_to).collect();
    let page_count = (page_to + 1 - page_from) as i32;
    let mut row = DocumentRow {
        document_uid: identity::document_uid(taken.uid, page_from),
        source_uid: taken.uid,
        version: 1,
        province: base.province(),
        ingest_month: base.month(),
        dossier_uid: taken.source.dossier.uid,
        doc_ordinal: taken.source.ordinal as i32,
        custodian_agency_code: keeper(&config.agency, taken.source.dossier.manifest.as_ref()),
        // A secret paper never comes here; a page that nobody could read may hide a stamp.
        secrecy_level: if read.first_page_read() { "none" } else { "unknown" }.into(),
        urgency_level: "none".into(),
        language_codes: vec!["01".into()],
        page_count,
        page_from: page_from as i32,
        page_to: page_to as i32,
        pages_quarantined: page_count - pages.len() as i32,
        code_list_version: CODE_LISTS.into(),
        intake_channel: channel(&config.input, taken.source.dossier.manifest.as_ref()).into(),
        sha256_source_list: taken.files.iter().map(|file| file.sha256.clone()).collect(),
        signature_state: "missing".into(),
        state: "published".into(),
        first_seen_at: taken.first_at,
        updated_at: taken.at,
        schema_version: SCHEMA_VERSION,
        ..DocumentRow::default()
    };
    of_origin(&mut row, base);
    of_pages(&mut row, base, &pages);
    of_manifest(&mut row, taken.source.dossier.manifest.as_ref());
    of_declared(&mut row, taken.source.declared.as_ref());
    let is_whole = page_from == 1 && page_to == read.page_count();
    row.sheet_count = taken.source.declared.as_ref().filter(|_| is_whole).and_then(sheets);
    row
}

/// What follows from being paper or born digital.
fn of_origin(row: &mut DocumentRow, base: &Base<'_>) {
    let config = &base.context.settings.config;
    row.confidence_level = match base.read.origin {
        Origin::BornDigital => "01",
        Origin::Mixed => "03",
        Origin::Paper => "02",
    }
    .into();
    if base.read.origin == Origin::BornDigital {
        row.pdf_profile = "original".into();
    } else {
        row.pdf_profile = "PDF/A-2b".into();
        row.conversion_mark_text = Some(config.sign.conversion_mark.clone());
        row.converting_agency = Some(config.agency.name.clone());
    }
}

fn of_pages(row: &mut DocumentRow, base: &Base<'_>, pages: &[&ReadPage]) {
    row.colour_depth_bits = pages.iter().filter_map(|page| depth(page)).max();
    let coarsest =
        |page: &&ReadPage| page.facts.dpi_x.into_iter().chain(page.facts.dpi_y).reduce(f32::min);
    row.min_dpi = pages.iter().filter_map(coarsest).reduce(f32::min);
    let sizes = pages.iter().map(|page| paper_size(page));
    row.a4_equiv = sizes.sum::<Option<f32>>().filter(|_| row.pages_quarantined == 0);
    row.ocr_mean_conf = mean(pages.iter().filter_map(|page| page.text.mean_confidence()));
    row.ocr_char_count = pages.iter().map(|page| characters(page)).sum();
    if pages.iter().any(|page| page.text.origin == TextOrigin::Ocr) {
        row.ocr_engine = Some(base.context.pool.engine().to_owned());
        row.ocr_lang = Some(base.context.settings.config.ocr.language.clone());
    }
}

/// How a dossier came: a manifest is a postal partner's, whatever else lies in the input.
pub(crate) fn channel<'a>(input: &'a Input, manifest: Option<&manifest::Manifest>) -> &'a str {
    if manifest.is_some() { "postal" } else { &input.channel }
}

/// What the manifest says of the dossier.
fn of_manifest(row: &mut DocumentRow, manifest: Option<&manifest::Manifest>) {
    let Some(manifest) = manifest else { return };
    let dossier = &manifest.dossier;
    let ordinal = row.doc_ordinal;
    row.archive_file_code.clone_from(&dossier.archive_file_code);
    row.doc_id = dossier.archive_file_code.as_ref().map(|code| format!("{code}.{ordinal}"));
    row.doc_code = dossier.archive_file_code.as_ref().map(|code| format!("{code}.{ordinal:07}"));
    row.dossier_code.clone_from(&dossier.dossier_code);
    row.paper_file_code.clone_from(&dossier.paper_file_code);
    row.procedure_code.clone_from(&dossier.procedure_code);
    row.retention_code.clone_from(&dossier.retention_code);
    row.document_year = dossier.document_year;
    row.commune_code.clone_from(&dossier.commune_code);
    row.admin_code_system.clone_from(&dossier.commune_code_system);
    // The province's own hash: what the partner sent was settled when the manifest was read.
    row.owner_id_kind = dossier.owner.as_ref().map(|owner| owner.kind.clone());
    row.owner_id_hmac = dossier.owner.as_ref().and_then(|owner| owner.id_hmac.clone());
    row.partner_id = Some(manifest.partner.id.clone());
    row.batch_id = manifest.batch.as_ref().map(|batch| batch.id.clone());
}

/// What the manifest says of the document.
fn of_declared(row: &mut DocumentRow, declared: Option<&manifest::Document>) {
    let of = |field: fn(&manifest::Document) -> &Option<String>, otherwise: &str| {
        declared.and_then(|document| field(document).clone()).unwrap_or_else(|| otherwise.into())
    };
    row.doc_role = of(|document| &document.role, "unknown");
    row.access_mode = of(|document| &document.access_mode, "02");
    row.validity_status = of(|document| &document.validity, "unknown");
    row.physical_state = declared.and_then(|document| document.physical_state.clone());
    row.paper_type_code = declared.and_then(|document| document.paper_type_code.clone());
    let scanned = declared.and_then(|document| document.files.iter().find_map(|f| f.scanned_at));
    row.scanned_at = scanned.map(|time| time.to_utc());
}

/// Sheets of paper that a manifest declares.
fn sheets(declared: &manifest::Document) -> Option<i32> {
    declared.physical_sheets.and_then(|sheets| i32::try_from(sheets).ok())
}

fn depth(page: &ReadPage) -> Option<i32> {
    let channels = match page.facts.colour_mode.as_str() {
        "rgb" => 3,
        "cmyk" => 4,
        _ => 1,
    };
    (page.facts.bit_depth > 0).then(|| channels * i32::from(page.facts.bit_depth))
}

/// A page in pages of A4; none where a scan does not say how large the paper was.
fn paper_size(page: &ReadPage) -> Option<f32> {
    let is_scan = page.facts.width_px > 0;
    let is_known = !is_scan || page.facts.dpi_x.is_some();
    in_a4(page.text.width, page.text.height).filter(|_| is_known)
}

fn characters(page: &ReadPage) -> i32 {
    page.text.words().map(|word| word.text.chars().count() as i32).sum()
}

fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f32)
}
