//! The partner's manifest of a dossier (domain.md §11), from what was really written.
//!
//! The signature block is null: a partner's key is theirs, and a made-up signature would be a lie.
//! So is `id_enc`.

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::{agencies::Level, chance::Chance, dossier::Written};

/// The procedure of every dossier.
pub(crate) const PROCEDURE_CODE: &str = "1.004873.000.00.00.H08";

/// Lower-case hexadecimal SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
        for nibble in [byte >> 4, byte & 15] {
            digits.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
        digits
    })
}

/// A folder name as partners use them: a dossier code, a paper file code, a plain name.
pub(crate) fn folder_name(chance: &mut Chance, number: usize) -> String {
    match number % 3 {
        0 => format!(
            "000.00.12.H08-{:02}{:02}{:02}-{:04}",
            chance.between(10, 21),
            chance.between(1, 12),
            chance.between(1, 28),
            number + 31
        ),
        1 => format!("LT{:02}.K2G3H14.{:04}", chance.between(1, 40), number + 157),
        _ => format!("Hồ sơ {:04} năm {}", number + 12, chance.between(1999, 2021)),
    }
}

/// The manifest as text.
pub(crate) fn manifest(
    chance: &mut Chance,
    folder: &str,
    number: usize,
    documents: &[Written],
) -> String {
    let sum = |of: fn(&Written) -> usize| documents.iter().map(of).sum::<usize>();
    let first = &documents[0].draft;
    let received = first.date;
    let level = match first.agency.level {
        Level::Commune => "commune",
        Level::District => "district",
        Level::Department | Level::Province => "province",
    };
    let code = folder.starts_with("000.").then_some(folder);
    let value = json!({
        "manifest_version": "1.0",
        "manifest_id": identifier(chance),
        "created_at": "2026-11-20T08:15:02+07:00",
        "partner": {
            "id": "vnpost-binhdinh", "office_code": "590000", "operator_ref": "op-0173",
            "contract_ref": "BTT-2024-07",
        },
        "batch": { "id": "VNP-590000-20261120-02", "sequence": number + 1, "total": 120 },
        "purpose": "backfill_valid_results",
        "custody": {
            "received_from_agency_code": "H08.12", "handover_minutes_no": "BB-118",
            "boxes": ["LT08.K2G3H14"], "originals_count": documents.len(),
        },
        "dossier": {
            "dossier_code": code,
            "archive_file_code": null,
            "paper_file_code": format!("LT08.K2G3H14.{:04}", number + 157),
            "procedure_code": PROCEDURE_CODE,
            "title": first.subject,
            "handling_agency_code": "H08.12",
            "level": level,
            "commune_code": "21553",
            "commune_code_system": "QD124",
            "received_on": received.iso(),
            "resolved_on": received.later(12).iso(),
            "document_year": received.year,
            "retention_code": "01",
            "owner": { "kind": "cccd", "id_enc": null, "id_hmac": hexadecimal(chance, 64) },
        },
        "documents": documents.iter().enumerate().map(|(index, document)| {
            entry(index + 1, document)
        }).collect::<Vec<Value>>(),
        "counts": {
            "documents": documents.len(),
            "files": documents.len(),
            "pages": sum(|document| document.pages),
            "bytes": sum(|document| document.bytes),
        },
        "signature": null,
    });
    format!("{value:#}\n")
}

fn entry(ordinal: usize, document: &Written) -> Value {
    let Written { draft, recipe, .. } = document;
    json!({
        "ordinal": ordinal,
        "role": if draft.kind.is_result() { "result" } else { "component" },
        "paper_type_code": null,
        "declared_type": draft.kind.type_name(),
        "code_full": draft.notation,
        "issued_on": draft.date.iso(),
        "original_kind": "original",
        "validity": "valid",
        "valid_to": null,
        "physical_sheets": document.pages.div_ceil(2),
        "physical_pages": document.pages,
        "physical_state": "02",
        "scope_basis": "TT01-2023.4.3",
        "access_mode": "02",
        "files": [{
            "path": document.name,
            "media_type": recipe.format.media_type(),
            "bytes": document.bytes,
            "sha256": document.sha256,
            "pages": document.pages,
            "dpi": recipe.dpi,
            "colour": recipe.format.colour(),
            "scale_percent": 100,
            "page_map": (1..=document.pages).collect::<Vec<_>>(),
            "annotation_pairs": [],
            "scanned_at": "2026-11-19T14:02:11+07:00",
            "scanner_operator_ref": "op-0173",
            "device": "fi-7700",
            "personal_signature": { "present": false, "cert_sha256": null },
        }],
    })
}

fn hexadecimal(chance: &mut Chance, digits: usize) -> String {
    (0..digits).map(|_| char::from(b"0123456789abcdef"[chance.below(16)])).collect()
}

/// 26 letters like a ULID's.
fn identifier(chance: &mut Chance) -> String {
    let rest: String = (0..22)
        .map(|_| char::from(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"[chance.below(32)]))
        .collect();
    format!("01J9{rest}")
}
