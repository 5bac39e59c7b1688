//! Agencies: who there is, what they were called, and who took over.

use sohoa_schemas::registers::AgencyStatement;

use crate::{
    code,
    header::Field,
    line::{AGENCY, Line},
    value,
};

/// What a row is known by.
pub(super) const KEY: &[&str] = &["code", "valid_from"];

pub(super) const FIELDS: &[Field] = &[
    Field::new("code", AGENCY.also).required(),
    Field::new("name", &["ten", "ten co quan", "ten don vi", "co quan", "don vi"]).required(),
    Field::new("level", &["cap", "cap hanh chinh", "cap co quan"]).required(),
    Field::new(
        "parent_code",
        &[
            "ma co quan cap tren",
            "ma cap tren",
            "ma don vi cap tren",
            "ma cha",
            "truc thuoc",
            "parent",
        ],
    ),
    Field::new("previous_code", &["ma cu", "ma truoc day", "ma dinh danh cu"]),
    Field::new("aliases", &["ten khac", "ten viet tat", "viet tat", "alias"]),
    Field::new("province_code_stat", &["ma tinh thong ke"]),
    Field::new("commune_code_stat", &["ma xa", "ma xa thong ke", "ma dvhc"]),
    Field::new("stat_system", &["he ma thong ke"]),
    Field::new("is_one_stop_unit", &["bo phan mot cua", "mot cua", "one_stop"]),
    Field::new("is_post_office", &["buu dien", "buu cuc", "post_office"]),
    Field::new(
        "remote_area",
        &["vung sau vung xa", "vung sau, vung xa", "dac biet kho khan", "remote"],
    ),
    Field::new("valid_from", &["hieu luc tu", "tu ngay", "ngay thanh lap", "ngay hieu luc"]),
    Field::new("valid_to", &["hieu luc den", "den ngay", "ngay het hieu luc", "ngay giai the"]),
    Field::new(
        "successor_codes",
        &["ma co quan ke thua", "co quan ke thua", "sap nhap vao", "ma moi", "successors"],
    ),
    Field::new("signing_cert_sha256", &["chung thu so", "sha256 chung thu so"]),
    Field::new("source_ref", &["can cu", "van ban", "nguon", "source"]),
];

const STATISTICS: &[(&str, &[&str])] =
    &[("QD124", &["124/2004", "qd 124/2004"]), ("QD19-2025", &["qd19", "19/2025", "qd 19/2025"])];

pub(super) fn read(line: &Line<'_>) -> Option<(String, AgencyStatement)> {
    let code_as_sent = line.text("code");
    let code = line.agency("code");
    let name = line.text("name");
    let level = line.level("level");
    let (valid_from, valid_to) = (line.day("valid_from"), line.day("valid_to"));
    line.period(valid_from, valid_to, "valid_to");
    let parent_code = line.agency("parent_code").map(|code| code.code);
    let previous_code = line.agency("previous_code").map(|code| code.code);
    let successor_codes = successors(line);
    if !successor_codes.is_empty() && valid_to.is_none() {
        line.wrong("period", "valid_to", "the day it ended: others have taken over");
    }
    let statement = AgencyStatement {
        name: name?,
        aliases: line.list("aliases"),
        level: level?,
        previous_code,
        parent_code,
        province_code_stat: line.text("province_code_stat"),
        commune_code_stat: line.text("commune_code_stat"),
        stat_system: line.choice("stat_system", STATISTICS),
        is_one_stop_unit: line.truth("is_one_stop_unit").unwrap_or_default(),
        is_post_office: line.truth("is_post_office").unwrap_or_default(),
        remote_area: line.truth("remote_area").unwrap_or_default(),
        valid_from,
        valid_to,
        successor_codes,
        signing_cert_sha256: certificates(line),
        source_ref: line.text("source_ref"),
        code_as_sent: code_as_sent?,
        province: line.context.province.clone(),
        code_system: code.as_ref()?.system.to_owned(),
        code: code?.code,
    };
    let from = statement.valid_from.map(|day| day.to_string()).unwrap_or_default();
    Some((format!("code {} from {from}", statement.code), statement))
}

fn successors(line: &Line<'_>) -> Vec<String> {
    let parsed = line.get("successor_codes", "agency", |cell| {
        let split = value::list(cell)?;
        let given = split.iter().flat_map(|part| part.split(',')).map(str::trim);
        let codes = given.filter(|code| !code.is_empty()).map(|code| {
            code::AgencyCode::parse(code)
                .map(|parsed| parsed.code)
                .ok_or_else(|| "agencies' codes, separated by ;".to_owned())
        });
        codes.collect()
    });
    parsed.unwrap_or_default()
}

fn certificates(line: &Line<'_>) -> Vec<String> {
    let parsed = line.get("signing_cert_sha256", "certificate", |cell| {
        let hashes = value::list(cell)?.into_iter().map(|hash| {
            let hash = hash.replace(':', "").to_lowercase();
            let is_one = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
            is_one.then_some(hash).ok_or_else(|| "SHA-256 of certificates in hex".to_owned())
        });
        hashes.collect()
    });
    parsed.unwrap_or_default()
}
