//! The reference tables that the phase report joins: agencies, their codes, and what each counted.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sohoa_index::{Index, Register};
use sohoa_schemas::{
    registers::{AgencyKeyRow, AgencyRow, InventoryRow},
    rows::SCHEMA_VERSION,
};
use uuid::Uuid;

use crate::{
    Outcome,
    documents::level,
    province::{AGENCIES, PROVINCE, Province, agency_code},
};

const IMPORT: &str = "imports/bench/1.jsonl";

/// Writes them.
pub(crate) async fn write(index: &Index, province: &Province) -> Outcome<()> {
    let agencies: Vec<AgencyRow> = (0..AGENCIES).map(agency).collect();
    let keys: Vec<AgencyKeyRow> = (0..AGENCIES).map(key).collect();
    index.register(Register::Agencies).await?.replace(&agencies, 1).await?;
    index.register(Register::AgencyKeys).await?.replace(&keys, 1).await?;
    index.register(Register::Inventory).await?.replace(&inventory(province), 1).await?;
    Ok(())
}

fn uid(agency: usize) -> Uuid {
    Uuid::from_u128(0xA6E << 64 | agency as u128)
}

fn agency(agency: usize) -> AgencyRow {
    AgencyRow {
        agency_uid: uid(agency),
        province: PROVINCE.into(),
        code: agency_code(agency),
        code_as_sent: agency_code(agency),
        code_system: "QD20".into(),
        name: format!("Ủy ban nhân dân {agency:03}"),
        name_folded: format!("uy ban nhan dan {agency:03}"),
        aliases: Vec::new(),
        level: level(agency).into(),
        parent_code: None,
        parent_uid: None,
        province_code_stat: None,
        commune_code_stat: None,
        stat_system: None,
        is_one_stop_unit: true,
        is_post_office: false,
        remote_area: false,
        valid_from: None,
        valid_to: None,
        successor_uids: Vec::new(),
        successor_codes: Vec::new(),
        signing_cert_sha256: Vec::new(),
        source_ref: None,
        import_key: IMPORT.into(),
        schema_version: SCHEMA_VERSION,
    }
}

fn key(agency: usize) -> AgencyKeyRow {
    AgencyKeyRow {
        kind: "code".into(),
        key: agency_code(agency),
        agency_uid: uid(agency),
        province: PROVINCE.into(),
        valid_from: None,
        valid_to: None,
        ambiguous: false,
        schema_version: SCHEMA_VERSION,
    }
}

/// A tenth more papers than were digitised, by agency and phase; the last agency has not counted.
fn inventory(province: &Province) -> Vec<InventoryRow> {
    let mut papers: BTreeMap<(usize, i32), i64> = BTreeMap::new();
    // Every hundredth document speaks for a hundred.
    for number in (0..province.documents).step_by(100) {
        let document = province.document(number);
        *papers.entry((document.agency, document.phase())).or_default() += 110;
    }
    let counted = papers.into_iter().filter(|((agency, _), _)| *agency + 1 < AGENCIES);
    counted
        .map(|((agency, phase), valid_paper_count)| InventoryRow {
            inventory_uid: Uuid::from_u128(uid(agency).as_u128() << 8 | phase as u128),
            province: PROVINCE.into(),
            agency_uid: Some(uid(agency)),
            agency_code: agency_code(agency),
            procedure_base: None,
            result_type_code: None,
            year_from: None,
            year_to: None,
            level: Some(level(agency).into()),
            phase: Some(phase),
            valid_paper_count,
            page_count: None,
            counted_at: NaiveDate::default(),
            method: "estimate".into(),
            source_ref: None,
            import_key: IMPORT.into(),
            schema_version: SCHEMA_VERSION,
        })
        .collect()
}
