//! Bad input: each refused with its code and a sentence, the rest of the run goes on.

use serde_json::Value;
use sohoa_schemas::summary::Summary;

use crate::support::{World, json_lines};

#[test]
fn every_bad_input_gets_its_code_and_the_run_goes_on() {
    let world = World::new();
    let broken = world.path("samples");
    World::make_samples(&["broken", "--output", broken.to_str().unwrap()]);
    std::fs::rename(world.path("samples/inputs"), world.path("samples/scans")).unwrap();
    let ran = world.run(&[]);
    assert_eq!(ran.exit, 5, "{}", ran.stderr);

    let refusals: Vec<Value> = world
        .files("out/quarantine")
        .into_keys()
        .map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        .collect();
    let mut wrong = Vec::new();
    for expected in json_lines(&world.path("samples/expected.jsonl")) {
        let input = expected["input"].as_str().unwrap().trim_start_matches("inputs/");
        let of_input = |entry: &&Value| {
            let mut sources = entry["sources"].as_array().unwrap().iter();
            sources.any(|uri| {
                let uri = uri.as_str().unwrap();
                uri == input || uri.strip_prefix(input).is_some_and(|rest| rest.starts_with('/'))
            })
        };
        let codes: Vec<&Value> =
            refusals.iter().filter(of_input).map(|entry| &entry["code"]).collect();
        let also = expected["also"].as_array().unwrap();
        let accepted = |code: &&Value| **code == expected["code"] || also.contains(code);
        let right =
            if expected["code"].is_null() { codes.is_empty() } else { codes.iter().any(accepted) };
        if !right {
            wrong.push(format!("{input}: {codes:?}, expected {}", expected["code"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for entry in &refusals {
        assert!(entry["sentence"].as_str().unwrap().len() > 40, "{entry}");
    }
    let summary: Summary = serde_json::from_str(&ran.stdout).unwrap();
    let whole = summary.refused.iter().filter(|refused| refused.page.is_none()).count();
    assert_eq!(whole as u64, summary.documents.quarantined);
    for refused in &summary.refused {
        assert!(refused.observed.is_some() && refused.expected.is_some(), "{refused:?}");
        assert_eq!(refused.sentence, refused.code.sentence());
        assert_eq!(refused.sentence_vi, refused.code.sentence_vi());
    }
    let silent = "select count(*) as n from findings where observed is null or expected is null";
    assert_eq!(world.number(silent), 0);
    // No document says how a refused file came in: its receipt does.
    let unsaid = "select count(*) as n from events where action = 'received' \
                  and strpos(details, '\"channel\":\"') = 0";
    assert_eq!(world.number(unsaid), 0);
    world.audit();

    let again = world.run(&[]);
    assert_eq!(
        again.count("documents", "quarantined") + again.count("documents", "skipped"),
        again.count("documents", "in")
    );
    world.audit();
}

#[test]
fn of_a_secret_paper_nothing_is_copied() {
    let world = World::with_samples(&["--dossiers", "1", "--with-secret", "--faults", "none"]);
    let ran = world.run(&[]);
    assert_eq!(ran.exit, 5, "{}", ran.stderr);
    let rows = world.query("select uri, sha256 from intake where code = 'S01_SECRET_PAPER'");
    assert_eq!(rows.len(), 1);
    let sha256 = rows[0]["sha256"].as_str().unwrap();
    assert!(world.named("out", sha256).is_empty(), "the secret paper was copied");
    assert_eq!(world.number("select count(*) as n from pages where outcome = 'quarantined'"), 0);
    world.audit();
}
