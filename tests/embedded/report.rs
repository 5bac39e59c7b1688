//! The province's reports over what a run published.

use crate::support::World;

#[test]
fn reports_count_what_a_run_published_and_say_what_is_missing() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "2"]);
    assert_eq!(world.run(&[]).exit, 0);
    let whole = ["--period", "2000-01-01..2199-12-31", "--output", "out"];
    let ask =
        |name: &str, more: &[&str]| world.sohoa(&[&["report", name][..], &whole, more].concat());

    // By the key that a run without configuration makes: signed, and not legally.
    let ran = ask("signature-compliance", &["--format", "json"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let total = answer["rows"].as_array().unwrap().last().unwrap();
    let documents = world.number("select count(*) as n from documents");
    assert_eq!(answer["report"], "R9");
    assert_eq!(total["level"], "total");
    assert_eq!(total["published"], documents);
    assert_eq!(total["percent"], 100.0);
    assert!(total["note"].as_str().unwrap().contains("test key"), "{total}");

    // Nobody imported an inventory: no percentage, and no 0.
    let ran = ask("R1", &[]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("no data: missing inventory"), "{}", ran.stdout);
    assert!(ran.stderr.contains("sohoa import"), "{}", ran.stderr);

    let page = world.path("R1.html");
    assert_eq!(ask("R1", &["--to", page.to_str().unwrap()]).exit, 0);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("Không có số liệu: thiếu số kiểm kê"), "{page}");

    // What was handed to somebody stands in the audit trail, with its hash.
    let told = world.query(
        "select details from events where action = 'reported' and subject_kind = 'index' \
         order by seq",
    );
    assert_eq!(told.len(), 3);
    let last = told[2]["details"].as_str().unwrap();
    assert!(last.contains("\"report\":\"R1\"") && last.contains("R1.html"), "{last}");
    assert_eq!(world.sohoa(&["audit", "--events", "--output", "out"]).exit, 0);

    // The SQL that is printed answers in `sohoa query` as well.
    let sql = ask("R9", &["--format", "sql"]).stdout;
    let row = world.query(&sql).pop().unwrap();
    assert_eq!(row["published"], documents);
}

#[test]
fn a_report_that_is_asked_for_wrongly_says_how() {
    let world = World::new();
    std::fs::create_dir_all(world.path("out/index")).unwrap();
    let list = world.sohoa(&["report", "list"]);
    assert_eq!(list.exit, 0, "{}", list.stderr);
    assert!(list.stdout.contains("R15") && list.stdout.contains("phase-progress"));
    for (wrong, hint) in [
        (&["R16", "--period", "2026-Q3"][..], "sohoa report list"),
        (&["R1", "--period", "2026-Q5"][..], "2026-Q3"),
        (&["R1", "--period", "2026-Q3", "--agency", "H08' or 1=1"][..], "agency code"),
        (&["R1", "--period", "2026-Q3", "--to", "r1.docx"][..], "--format"),
        (&["R15", "--period", "2026-Q3", "--agency", "H08"][..], "without --agency"),
        (&["R1"][..], "--period"),
    ] {
        let ran = world.sohoa(&[&["report"][..], wrong, &["--output", "out"]].concat());
        assert_eq!(ran.exit, 1, "{wrong:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(hint), "{wrong:?}: {}", ran.stderr);
    }
}
