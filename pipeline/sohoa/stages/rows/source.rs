//! All rows of a source together.

use sohoa_decode::Origin;
use sohoa_schemas::{
    Code,
    config::ReleaseMode,
    record::Rows,
    rows::{DocumentRow, FindingRow, Outcome},
};
use sohoa_source::identity;

use super::{Base, FilePages, Verdict, finding, intake, page_uid, pages, remarks::page_remarks};
use crate::{
    context::Context,
    stages::{accept::Remark, describe::Described, read::Read, take_in::Taken},
};

/// Every row of a source that was read, as held; publication turns it.
pub(crate) fn all_rows(
    context: &Context,
    taken: &Taken,
    read: &Read,
    described: Vec<Described>,
) -> Rows {
    let base = Base { context, taken, read };
    let starts: Vec<u32> = described.iter().map(|one| one.row.page_from as u32).collect();
    let document_of = |page: u32| {
        let start = starts.iter().rev().find(|start| **start <= page).copied().unwrap_or(1);
        identity::document_uid(taken.uid, start)
    };
    let (pages, page_text) = pages(&base, document_of);
    let (documents, findings) = documents_and_findings(&base, described);
    let count = |file: usize| {
        let of_file = || read.pages.iter().filter(|result| result.place.file == file);
        let readable = of_file().filter(|result| result.page.is_ok()).count() as i32;
        FilePages { held: readable, published: 0, quarantined: of_file().count() as i32 - readable }
    };
    let verdict =
        Verdict { outcome: Outcome::Held, media_type: Some(read.media_type), refusal: None };
    let intake = intake(context, taken, verdict, count);
    Rows { documents, pages, page_text, findings, intake, ..Rows::default() }
}

fn documents_and_findings(
    base: &Base<'_>,
    described: Vec<Described>,
) -> (Vec<DocumentRow>, Vec<FindingRow>) {
    let Base { context, taken, read } = *base;
    let mut findings = Vec::new();
    for (result, layer) in read.pages.iter().zip(&read.layers) {
        let uid = page_uid(taken.uid, result.place.number);
        for remark in page_remarks(result, *layer) {
            findings.push(finding((context, taken), ("page", uid), remark, "read"));
        }
    }
    if !read.active.is_empty() {
        let remark = Remark::seen(Code::F04ActiveContent, read.active.join(", "));
        findings.push(finding((context, taken), ("source", taken.uid), remark, "read"));
    }
    let mut documents = Vec::new();
    for Described { row, remarks } in described {
        let uid = row.document_uid;
        findings.extend(
            remarks
                .into_iter()
                .map(|remark| finding((context, taken), ("document", uid), remark, "extract")),
        );
        documents.push(row);
    }
    let config = &context.settings.config.release;
    if read.origin != Origin::BornDigital {
        for row in &mut documents {
            row.release_mode = Some(match config.mode {
                ReleaseMode::Delegated => "delegated".into(),
                ReleaseMode::Manual => "manual".into(),
            });
            row.release_ref = Some(config.delegation.clone());
        }
    }
    (documents, findings)
}

/// Writes the version into every row.
pub(crate) fn set_version(rows: &mut Rows, version: i32) {
    let of_documents = rows.documents.iter_mut().map(|row| &mut row.version);
    let of_pages = rows.pages.iter_mut().map(|row| &mut row.version);
    let of_text = rows.page_text.iter_mut().map(|row| &mut row.version);
    let of_signatures = rows.signatures.iter_mut().map(|row| &mut row.version);
    let of_findings = rows.findings.iter_mut().map(|row| &mut row.version);
    let of_receipts = rows.intake.iter_mut().map(|row| &mut row.version);
    let of_all = of_documents.chain(of_pages).chain(of_text).chain(of_signatures);
    for held in of_all.chain(of_findings).chain(of_receipts) {
        *held = version;
    }
}
