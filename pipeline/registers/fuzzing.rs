//! The readers of agencies' files, for `tests/fuzz`; no part of the crate's interface.
//!
//! Each function ends for any bytes. It panics where a reader breaks its promise: what it takes can
//! be kept and read again, and what it complains of has a place.

use std::io::{Cursor, Write as _};

use chrono::NaiveDate;

use crate::{Context, Kind, Limits, Options, encoding, import, read, tables::Agencies};

/// Small enough for hundreds of files a second; nothing else depends on them.
const LIMITS: Limits = Limits {
    file_bytes: 1 << 20,
    unpacked_bytes: 1 << 22,
    rows: 1 << 12,
    columns: 64,
    cell_chars: 2_000,
    findings: 50,
};

/// A file of registers, CSV or XLSX, read as each kind in turn.
///
/// # Panics
/// Where rows that were taken are not the same once kept, or a finding has no place.
pub fn file(bytes: &[u8]) {
    let text = encoding::decode(bytes);
    if let Err((line, _)) = text {
        assert!(line > 0, "a fault of the encoding has no line");
    }
    for kind in Kind::ALL {
        as_kind(bytes, *kind);
    }
}

/// What stands inside the `<worksheet>` of a workbook. Bytes that are an archive are one.
///
/// # Panics
/// As [`file`].
pub fn sheet(bytes: &[u8]) {
    if bytes.starts_with(b"PK") {
        return file(bytes);
    }
    file(&workbook(&String::from_utf8_lossy(bytes)));
}

/// Whole workbooks.
pub fn workbooks() -> Vec<Vec<u8>> {
    let heading = text("A1", "Mã cơ quan");
    vec![workbook(&format!("<sheetData><row r=\"1\">{heading}</row></sheetData>"))]
}

fn as_kind(bytes: &[u8], kind: Kind) {
    let Some(today) = NaiveDate::from_ymd_opt(2026, 11, 27) else { return };
    let hide = |text: &str| format!("h{}", text.len());
    let context = Context {
        province: "H08".into(),
        agency: Some("H08.12".into()),
        today,
        as_of: today,
        limits: LIMITS,
        hide: &hide,
        hide_numbers: &hide,
        register: Agencies::default(),
        inventory: Vec::new(),
        accept_unknown: true,
    };
    let reading = read(("tep", bytes), kind, &Options::default(), &context);
    assert!(reading.findings.len() <= LIMITS.findings, "more findings than are kept");
    assert!(reading.findings.iter().all(|finding| finding.row != Some(0)), "rows begin at 1");
    assert!(reading.rows.is_some() || reading.errors > 0, "refused, and nothing says why");
    let Some(rows) = reading.rows else { return };
    let kept = import::lines(&rows).expect("rows that were taken can be kept");
    let again = kind.parse(kept.lines()).expect("rows that were kept can be read");
    // By what is kept, for not every number equals itself.
    assert_eq!(import::lines(&again).ok(), Some(kept), "rows changed by being kept");
}

/// A workbook of one sheet `Bảng`, with what stands inside `<worksheet>`; style 1 shows dates.
///
/// # Panics
/// As [`book`].
pub(crate) fn workbook(inside: &str) -> Vec<u8> {
    book(&[("name=\"Bảng\"", inside)])
}

/// A workbook of sheets, each with its attributes and what stands inside `<worksheet>`.
///
/// # Panics
/// Where memory cannot be written to.
pub(crate) fn book(sheets: &[(&str, &str)]) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let mut listed = Vec::new();
    let mut related = Vec::new();
    let mut pages = Vec::new();
    for (n, (attributes, inside)) in (1..).zip(sheets) {
        listed.push(format!("<sheet {attributes} sheetId=\"{n}\" r:id=\"r{n}\"/>"));
        let target = format!("Target=\"worksheets/sheet{n}.xml\"");
        related.push(format!("<Relationship Id=\"r{n}\" Type=\"{OFFICE}/worksheet\" {target}/>"));
        let page = format!("<worksheet xmlns=\"{MAIN}\">{inside}</worksheet>");
        pages.push((format!("xl/worksheets/sheet{n}.xml"), page));
    }
    let (listed, related) = (listed.concat(), related.concat());
    let parts = [
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>"
                .to_owned(),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{PACKAGE}\"><Relationship Id=\"r1\" \
                 Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>{listed}</sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{PACKAGE}\">{related}<Relationship Id=\"styles\" \
                 Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                "<styleSheet xmlns=\"{MAIN}\"><cellXfs><xf numFmtId=\"0\"/><xf \
                 numFmtId=\"14\"/></cellXfs></styleSheet>"
            ),
        ),
    ];
    let parts = parts.into_iter().map(|(name, text)| (name.to_owned(), text)).chain(pages);
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        let begun = archive.start_file(name, zip::write::SimpleFileOptions::default());
        begun.expect("an archive in memory takes a part");
        archive.write_all(text.as_bytes()).expect("memory can be written to");
    }
    archive.finish().expect("an archive in memory can be ended").into_inner()
}

/// A cell of text.
pub(crate) fn text(place: &str, text: &str) -> String {
    format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}
