//! Codes printed on the papers are read and used; whose dossier a paper is was decided before.

use serde_json::Value;

use crate::support::{World, json_lines};

/// Rows of the documents by the address of their file.
fn documents(world: &World) -> Vec<Value> {
    world.query(
        "select i.uri, d.dossier_uid, d.dossier_code, d.procedure_code, d.field_source, d.field_box \
         from documents d join intake i on i.source_uid = d.source_uid order by i.uri",
    )
}

fn file(truth: &Value) -> &str {
    truth["file"].as_str().unwrap().trim_start_matches("scans/")
}

#[test]
fn printed_codes_fill_what_no_manifest_declares() {
    // The second dossier has no manifest.
    let arguments = ["--dossiers", "2", "--documents", "2", "--seed", "5", "--formats"];
    let papers = ["tiff-g4,pdf-jpeg,jpeg", "--pages-per-document", "1", "--barcode"];
    let with = World::with_samples(&[&arguments[..], &papers[..], &["qr"]].concat());
    let ran = with.run(&[]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let rows = documents(&with);
    let truths = json_lines(&with.path("samples/truth.jsonl"));
    assert!(truths.iter().any(|truth| truth["manifest"] == false));
    for truth in &truths {
        let row = rows.iter().find(|row| row["uri"] == file(truth)).unwrap();
        assert_eq!(row["dossier_code"], truth["barcode"]["dossier_code"], "{row}");
        assert_eq!(row["procedure_code"], "1.004873.000.00.00.H08");
        let from = if truth["manifest"] == true { "manifest" } else { "qr" };
        assert_eq!(row["field_source"]["dossier_code"], from);
        assert_eq!(row["field_source"]["procedure_code"], from);
        let at = row["field_box"]["dossier_code"].as_str().unwrap();
        assert!(at.starts_with("1:"), "{at}");
    }
    assert_eq!(with.number("select count(*) as n from pages where cardinality(barcodes) = 1"), 4);
    assert_eq!(with.number("select sum(personal_barcodes) as n from pages"), 0);
    let said = with.query("select barcode_texts[1] as said from page_text");
    assert!(
        said.iter().all(|row| row["said"].as_str().unwrap().contains("|1.004873.")),
        "{said:?}"
    );
    let conflicts = "select count(*) as n from findings where code = 'M12_MANIFEST_CONFLICT' \
                     and field in ('dossier_code', 'procedure_code')";
    assert_eq!(with.number(conflicts), 0);
    with.audit();

    // Nothing of it moves a paper to another dossier.
    let plain = World::with_samples(&[&arguments[..], &papers[..3]].concat());
    assert_eq!(plain.run(&[]).exit, 0);
    let dossiers = |rows: &[Value]| -> Vec<Value> {
        rows.iter().map(|row| row["dossier_uid"].clone()).collect()
    };
    assert_eq!(dossiers(&rows), dossiers(&documents(&plain)));
}

#[test]
fn a_code_against_the_manifest_is_a_finding_and_changes_nothing() {
    let world = World::with_samples(&[
        "--dossiers",
        "1",
        "--documents",
        "1",
        "--formats",
        "tiff-g4",
        "--pages-per-document",
        "1",
        "--barcode",
        "code128",
    ]);
    let manifest = world.named("samples/scans", "manifest.json").remove(0);
    let printed = json_lines(&world.path("samples/truth.jsonl"))[0]["barcode"]["dossier_code"]
        .as_str()
        .unwrap()
        .to_owned();
    let declared = "H08.12-240115-0007";
    let mut value: Value =
        serde_json::from_str(&std::fs::read_to_string(&manifest).unwrap()).unwrap();
    value["dossier"]["dossier_code"] = declared.into();
    std::fs::write(&manifest, value.to_string()).unwrap();
    let ran = world.run(&[]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert_eq!(documents(&world)[0]["dossier_code"], declared);
    let findings = world.query(
        "select observed, expected from findings where code = 'M12_MANIFEST_CONFLICT' \
         and field = 'dossier_code'",
    );
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0]["observed"], printed);
    assert_eq!(findings[0]["expected"], declared);
}
