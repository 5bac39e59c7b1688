//! The audit trail: who did what stands in it once, and what is done to it afterwards shows.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::support::{Ran, World};

fn check(world: &World, further: &[&str]) -> (Ran, Value) {
    let ran =
        world.sohoa(&[&["audit", "--output", "out", "--events", "--json"][..], further].concat());
    let report = serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", ran.stdout, ran.stderr));
    (ran, report)
}

/// What is wrong, in words.
fn problems(world: &World) -> String {
    let said = world.sohoa(&["audit", "--output", "out", "--events"]);
    let (ran, report) = check(world, &[]);
    assert_eq!((ran.exit, said.exit), (6, 6), "{}{}", said.stdout, said.stderr);
    assert!(report["problems_total"].as_u64().unwrap() > 0, "{report}");
    // Nothing is signed over it.
    let (ran, report) = check(world, &["--sign-head"]);
    assert_eq!((ran.exit, &report["provinces"][0]["signed_now"]), (6, &Value::Null));
    said.stdout
}

fn logs(world: &World) -> Vec<PathBuf> {
    let logs = world.files("out/index/events/_delta_log").into_keys();
    logs.filter(|path| path.extension().is_some_and(|name| name == "json")).collect()
}

#[test]
fn what_was_done_is_told_once_and_what_is_done_to_the_trail_shows() {
    let world =
        World::with_samples(&["--dossiers", "1", "--documents", "2", "--formats", "tiff-g4,jpeg"]);
    for _ in 0..2 {
        assert_eq!(world.run(&["--limit", "1"]).exit, 0);
    }
    // A run that finds nothing to do adds nothing and signs nothing.
    assert_eq!(world.run(&[]).count("documents", "skipped"), 2);
    let (ran, report) = check(&world, &[]);
    assert_eq!(ran.exit, 0, "{report}");
    let trail = &report["provinces"][0];
    assert_eq!((&trail["events"], &trail["signed_heads"]), (&6.into(), &2.into()), "{report}");
    assert_eq!(trail["last_signed"]["row_hash"], trail["head"]["row_hash"]);
    let signed = world.query(
        "select count(*) as n from events e join signatures s on s.source_uid = e.source_uid \
         where e.action = 'signed' and e.outcome = 'ok' \
         and strpos(e.details, s.cert_sha256) > 0 and strpos(e.details, s.sha256_object) > 0",
    );
    assert_eq!(signed[0]["n"], 2);
    world.audit();

    // The trail is no derived table: a rebuild keeps its order, and says that it was.
    let rebuilt = world.sohoa(&["index", "rebuild", "--output", "out"]);
    assert_eq!(rebuilt.exit, 0, "{}", rebuilt.stderr);
    let (ran, report) = check(&world, &["--sign-head"]);
    assert_eq!((ran.exit, &report["provinces"][0]["events"]), (0, &7.into()), "{report}");
    assert_eq!(report["provinces"][0]["signed_now"]["number"], 3);
    assert_eq!(check(&world, &["--sign-head"]).1["provinces"][0]["signed_now"], Value::Null);
    world.audit();

    let head = world.named("out/evidence", "00000002.p7m").remove(0);
    let sound = fs::read(&head).unwrap();
    let mut forged = sound.clone();
    let place = forged.windows(5).position(|part| part == b"\"seq\"").unwrap() + 7;
    forged[place] ^= 1;
    fs::write(&head, forged).unwrap();
    assert!(problems(&world).contains("00000002.p7m` is not believed"));
    fs::remove_file(&head).unwrap();
    assert!(problems(&world).contains("signed heads 2 to 2 were removed"));
    fs::write(&head, &sound).unwrap();
    // Another sound head in its place.
    let first = fs::read(head.with_file_name("00000001.p7m")).unwrap();
    fs::write(&head, first).unwrap();
    assert!(problems(&world).contains("00000002.p7m` is not believed: it is head 1"));
    fs::write(&head, &sound).unwrap();
    assert_eq!(check(&world, &[]).0.exit, 0);

    // The last commit taken back, with everything that says that it was.
    let last = logs(&world).pop().unwrap();
    let entry = fs::read(&last).unwrap();
    fs::remove_file(&last).unwrap();
    let said = problems(&world);
    assert!(said.contains("the tail was cut: the chain ends with event 6"), "{said}");
    fs::write(&last, &entry).unwrap();
    // A commit that adds nothing any more: the rows of the first document.
    let first = logs(&world).remove(1);
    let entry = fs::read_to_string(&first).unwrap();
    let without: Vec<&str> = entry.lines().filter(|line| !line.starts_with("{\"add\"")).collect();
    assert!(without.len() < entry.lines().count());
    fs::write(&first, without.join("\n")).unwrap();
    let said = problems(&world);
    assert!(said.contains("events 1 to 3 were removed"), "{said}");
    fs::write(&first, &entry).unwrap();
    assert_eq!(check(&world, &[]).0.exit, 0);

    // All of it: the signed heads remember.
    fs::remove_dir_all(world.path("out/index/events")).unwrap();
    let said = problems(&world);
    assert!(said.contains("ends with event 0") && said.contains("signed event 7"), "{said}");
}
