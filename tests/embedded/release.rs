//! Held until released: signing resumes from prepared state, never from recognition.

use std::{path::Path, process::Command};

use serde_json::Value;

use crate::support::{World, copy};

#[test]
fn a_held_document_is_signed_later_without_being_read_again() {
    let world =
        World::with_samples(&["--dossiers", "1", "--documents", "2", "--formats", "tiff-g4,jpeg"]);
    let manual = world.write("manual.toml", "[release]\nmode = \"manual\"\n");
    let held = world.run(&["--config", &manual]);
    assert_eq!(held.exit, 0, "{}", held.stderr);
    assert_eq!(held.count("documents", "held"), 2);
    assert!(world.named("out/documents", "record.json").is_empty());
    let by_post = "select count(*) as n from events where action = 'received' \
                    and strpos(details, '\"channel\":\"postal\"') > 0";
    assert_eq!(world.number(by_post), 2);
    world.audit();

    let again = world.run(&["--config", &manual]);
    assert_eq!(again.count("documents", "skipped"), 2);

    // A language model that is not there would stop any reading; the engine is only started, so
    // that it must be there: instead, the composed document is what the record is made from.
    let composed = world.named("out/work", "composed.pdf");
    assert_eq!(composed.len(), 2);
    let released = world.run(&[]);
    assert_eq!(released.exit, 0, "{}", released.stderr);
    assert_eq!(released.count("documents", "published"), 2);
    assert!(world.files("out/work").is_empty(), "held state was left behind");
    assert_eq!(world.number("select count(*) as n from documents"), 2);
    assert_eq!(world.number("select count(*) as n from intake where outcome = 'held'"), 0);
    world.audit();
    world.check_layouts();
}

#[test]
fn a_clerk_releases_one_document_and_refuses_the_other() {
    let world =
        World::with_samples(&["--dossiers", "1", "--documents", "2", "--formats", "tiff-g4,jpeg"]);
    let manual = world.write("manual.toml", "[release]\nmode = \"manual\"\n");
    assert_eq!(world.run(&["--config", &manual]).count("documents", "held"), 2);
    let release = |arguments: &[&str]| {
        let places = ["--output", "out", "--config", &manual];
        let ran = world.sohoa(&[&["release"][..], arguments, &places].concat());
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        ran.stdout
    };
    let listed = release(&["list", "--json", "--save", "look"]);
    let held: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(held.len(), 2);
    let uid = |at: usize| held[at]["source_uid"].as_str().unwrap();
    assert!(world.path("look").join(format!("{}.pdf", uid(0))).is_file());
    assert!(release(&["list", "--sample", "1"]).ends_with("in the sample\n"));
    assert!(release(&["show", uid(1)]).contains("\"waiting_for\": \"release\""));

    // One is named without a listing; of none there is nothing to decide on.
    let named = release(&["list", "--id", uid(0), "--json"]);
    assert_eq!(named.lines().count(), 1);
    let none = ["approve", "--by", "A", "--json", "--id", "00000000-0000-5000-8000-000000000000"];
    assert!(release(&none).contains("\"documents\":0"));
    // Where workers sign by delegation, none of them waits for a clerk's message.
    let send = ["release", "approve", "--send", "--all", "--by", "A", "--output", "out"];
    let sent = world.sohoa(&send);
    assert_eq!(sent.exit, 1);
    assert!(sent.stderr.contains("release.mode"), "{}", sent.stderr);
    // Nobody's word, and no word of which documents, is no release.
    for wrong in [&["approve", "--by", " ", "--all"][..], &["approve", "--by", "Văn thư"]] {
        let places = ["--output", "out", "--config", &manual];
        assert_eq!(world.sohoa(&[&["release"][..], wrong, &places].concat()).exit, 1);
    }
    let approve = ["approve", "--id", uid(0), "--by", "Văn thư A", "--reference", "BB-07"];
    assert!(release(&[&approve[..], &["--dry-run"]].concat()).contains("1 documents"));
    assert!(release(&approve).starts_with("1 signed and published"));
    let reason = "thiếu trang, CCCD 012345678901";
    release(&["reject", "--id", uid(1), "--by", "Văn thư A", "--reason", reason]);
    assert!(release(&["list"]).starts_with("0 documents"));
    assert!(world.files("out/work").is_empty(), "held state was left behind");

    let rows = world.query("select release_mode, release_ref, signature_state from documents");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["release_mode"], "manual");
    assert_eq!(
        (&rows[0]["release_ref"], &rows[0]["signature_state"]),
        (&"BB-07".into(), &"ok".into())
    );
    let record = std::fs::read(&world.named("out/documents", "record.json")[0]).unwrap();
    let record: Value = serde_json::from_slice(&record).unwrap();
    assert_eq!(record["released"]["by"], "Văn thư A");
    let letters = world.sohoa(&["dead-letters", "list", "--output", "out", "--json"]);
    assert!(letters.stdout.contains("Q09_RELEASE_REFUSED"), "{}", letters.stdout);
    let findings = world.query("select observed from findings where code = 'Q09_RELEASE_REFUSED'");
    let observed = findings[0]["observed"].as_str().unwrap();
    assert!(observed.contains("thiếu trang") && !observed.contains("012345678901"), "{observed}");
    check_events(&world);
    world.audit();
}

/// A list is what was looked at: a decision on it takes nothing else.
#[test]
fn what_was_not_on_the_list_or_is_another_by_now_stays_held() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "3"]);
    let manual = world.write("manual.toml", "[release]\nmode = \"manual\"\n");
    assert_eq!(world.run(&["--config", &manual]).count("documents", "held"), 3);
    let release = |arguments: &[&str]| {
        let places = ["--output", "out", "--config", &manual];
        world.sohoa(&[&["release"][..], arguments, &places].concat())
    };
    let listed = release(&["list", "--json"]).stdout;
    let mut lines: Vec<String> = listed.lines().map(str::to_owned).collect();
    let other = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        line["composed_sha256"] = "0".repeat(64).into();
        line.to_string()
    };
    // One comes after the list, one is composed anew.
    lines.pop();
    lines[1] = other(&lines[1]);
    let batch = world.write("batch.jsonl", &lines.join("\n"));
    let approved = release(&["approve", "--by", "A", "--batch", &batch]);
    assert_eq!(approved.exit, 0, "{}", approved.stderr);
    assert!(approved.stdout.starts_with("1 signed and published"), "{}", approved.stdout);
    assert!(approved.stderr.contains("1 of the 2 listed are held no more"), "{}", approved.stderr);
    assert!(release(&["list"]).stdout.contains("2 documents"));
    let batch = world.write("batch.jsonl", "{}");
    let wrong = release(&["approve", "--by", "A", "--batch", &batch]);
    assert_eq!(wrong.exit, 1);
    assert!(wrong.stderr.contains("line 1") && wrong.stderr.contains("release list --json"));
}

/// Who decided stands in the audit trail, and no citizen's number.
fn check_events(world: &World) {
    let told = world.query(
        "select action, actor_kind, actor_ref, outcome, details from events \
         where action not in ('received', 'held') order by seq, action",
    );
    let actions: Vec<&str> = told.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["released", "signed", "published", "release_refused"]);
    for (at, part) in [(0, "BB-07"), (3, "thiếu trang")] {
        assert_eq!(
            (&told[at]["actor_kind"], &told[at]["actor_ref"]),
            (&"person".into(), &"Văn thư A".into())
        );
        let details = told[at]["details"].as_str().unwrap();
        assert!(details.contains(part) && !details.contains("012345678901"), "{details}");
    }
    assert_eq!(world.number("select count(*) as n from events where action = 'held'"), 2);
}

/// Killed between the record and the index, a release is finished by the next decision, and what is
/// published is not refused any more.
#[test]
fn a_release_that_was_interrupted_is_finished_by_the_next_decision() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    let manual = world.write("manual.toml", "[release]\nmode = \"manual\"\n");
    assert_eq!(world.run(&["--config", &manual]).count("documents", "held"), 1);
    let (work, kept) = (world.path("out/work"), world.path("kept"));
    copy(&work, &kept);
    let decide = |decision: &[&str]| {
        let common = ["--all", "--by", "A", "--json", "--output", "out", "--config", &manual];
        let ran = world.sohoa(&[&["release"][..], decision, &common].concat());
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        let told: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((&told["published"], &told["refused"]), (&1.into(), &0.into()));
    };
    decide(&["approve"]);
    for decision in [&["approve"][..], &["reject", "--reason", "too late"]] {
        // As it was when the record was there and nothing of it in the index.
        std::fs::remove_dir_all(world.path("out/index")).unwrap();
        copy(&kept, &work);
        decide(decision);
        assert_eq!(world.number("select count(*) as n from documents"), 1);
        assert!(world.files("out/work").is_empty() && world.files("out/quarantine").is_empty());
        world.audit();
    }
}

/// A document that was read anew and waits; meanwhile a person corrects the version before, which takes
/// the number that the new reading was to have.
#[test]
fn a_new_reading_goes_on_top_of_what_was_made_of_the_one_before() {
    let world =
        World::with_samples(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    let manual = world.write("manual.toml", "[release]\nmode = \"manual\"\n");
    let release = || {
        let command = ["release", "approve", "--all", "--by", "Văn thư A", "--output", "out"];
        let ran = world.sohoa(&[&command[..], &["--config", &manual, "--json"]].concat());
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        assert!(ran.stdout.contains("\"published\":1"), "{}", ran.stdout);
    };
    assert_eq!(world.run(&["--config", &manual]).count("documents", "held"), 1);
    release();
    let anew = world.run(&["--config", &manual, "--reprocess", "published"]);
    assert_eq!(anew.count("documents", "held"), 1, "{}", anew.stderr);
    let uid = world.query("select document_uid from documents")[0]["document_uid"].clone();
    let line = format!("document_uid,field,value\n{},arrival_number,17\n", uid.as_str().unwrap());
    let sheet = world.write("sheet.csv", &line);
    let amended = world.sohoa(&["amend", &sheet, "--output", "out", "--by", "Lan"]);
    assert_eq!(amended.exit, 0, "{}", amended.stderr);
    // The same bytes once more are one receipt more, and take nothing from who waits.
    for scan in world.files("samples/scans").into_keys() {
        let scan = std::fs::File::options().append(true).open(scan).unwrap();
        scan.set_modified(std::time::SystemTime::now()).unwrap();
    }
    let touched = world.run(&["--config", &manual]);
    assert_eq!(touched.exit, 0, "{}", touched.stderr);
    let waiting = world.files("out/work");
    assert!(!waiting.is_empty(), "the reading that waits was cleared");
    let swept = world.sohoa(&["sweep", "--output", "out", "--older-than", "0", "--json"]);
    assert!(swept.stdout.contains("\"removed\":0"), "{}{}", swept.stdout, swept.stderr);
    assert_eq!(world.files("out/work"), waiting, "the reading that waits was swept");
    release();
    let row = world.query("select version, arrival_number, object_uri from documents").remove(0);
    assert_eq!((&row["version"], &row["arrival_number"]), (&3.into(), &"17".into()), "{row}");
    assert!(row["object_uri"].as_str().unwrap().contains("/v3/"), "{row}");
    let texts = world.named("out/documents", "text.txt");
    assert_eq!(texts.len(), 2, "the corrected version has no text of its own: {texts:?}");
    assert!(world.files("out/work").is_empty(), "held state was left behind");
    // The same word once more finds it done.
    let again = ["release", "approve", "--all", "--by", "Văn thư A", "--output", "out"];
    let again = world.sohoa(&[&again[..], &["--config", &manual, "--json"]].concat());
    assert!(again.stdout.contains("\"documents\":0"), "{}", again.stdout);
    assert_eq!(world.named("out/documents", "record.json").len(), 3);
    world.audit();
}

/// SHA-256 of a file, as others count it.
fn sha256(path: &Path) -> String {
    let summed = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(summed.stdout).unwrap().split_whitespace().next().unwrap().to_owned()
}

/// Changes a held state.
fn change(path: &Path, change: impl Fn(&mut Value)) {
    let mut held: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    change(&mut held);
    std::fs::write(path, held.to_string()).unwrap();
}

/// A composed document that no signer takes holds up none of the others, and one whose bytes are not
/// what was held is made anew when its scan comes again.
#[test]
fn what_cannot_be_signed_holds_up_nobody_else() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "2", "--formats", "jpeg"]);
    let manual = world.write("manual.toml", "[release]\nmode = \"manual\"\n");
    assert_eq!(world.run(&["--config", &manual]).count("documents", "held"), 2);
    let composed = world.named("out/work", "composed.pdf").remove(0);
    std::fs::write(&composed, "no PDF").unwrap();
    let state = composed.ancestors().nth(2).unwrap().join("prepared.json");
    change(&state, |held| {
        held["composed"]["size"] = 6.into();
        held["composed"]["sha256"] = sha256(&composed).into();
    });
    let approve = |exit: i32, told: [(&str, i64); 3]| {
        let places = ["--output", "out", "--config", &manual, "--json"];
        let ran =
            world.sohoa(&[&["release", "approve", "--all", "--by", "A"], &places[..]].concat());
        assert_eq!(ran.exit, exit, "{}", ran.stderr);
        let said: Value = serde_json::from_str(&ran.stdout).unwrap();
        for (what, count) in told {
            assert_eq!(said[what], count, "{}{}", ran.stdout, ran.stderr);
        }
    };
    approve(6, [("published", 1), ("failed", 1), ("damaged", 0)]);
    approve(6, [("published", 0), ("failed", 1), ("damaged", 0)]);
    std::fs::write(&composed, "no more").unwrap();
    approve(6, [("published", 0), ("failed", 0), ("damaged", 1)]);
    for scan in world.files("samples/scans").into_keys() {
        let scan = std::fs::File::options().append(true).open(scan).unwrap();
        scan.set_modified(std::time::SystemTime::now()).unwrap();
    }
    let again = world.run(&["--config", &manual]);
    assert_eq!(again.count("documents", "held"), 1, "{}", again.stderr);
    approve(0, [("published", 1), ("failed", 0), ("damaged", 0)]);
    assert!(world.files("out/work").is_empty(), "held state was left behind");
    world.audit();
}

/// A held document in whose place lies a signed one that was altered since: the agency's signature
/// found in it, whatever is signed over that, is a broken one.
fn spoil(world: &World, altered: &[u8], state: &Path) -> String {
    let held: Value = serde_json::from_slice(&std::fs::read(state).unwrap()).unwrap();
    let composed = world.path("out").join(held["composed"]["key"].as_str().unwrap());
    std::fs::write(&composed, altered).unwrap();
    change(state, |held| {
        held["composed"]["size"] = altered.len().into();
        held["composed"]["sha256"] = sha256(&composed).into();
    });
    held["record"]["source_uid"].as_str().unwrap().to_owned()
}

/// Whether a clerk approves it or the agency has delegated that: a document on which no signature holds
/// is refused by itself, its original kept, and the others are signed.
#[test]
fn a_held_document_on_which_no_signature_holds_goes_to_quarantine() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "3", "--formats", "jpeg"]);
    let elsewhere = ["run", "--input", "samples/scans", "--output", "signed"];
    assert_eq!(world.sohoa(&elsewhere).exit, 0);
    let mut altered = std::fs::read(&world.named("signed/documents", "document.pdf")[0]).unwrap();
    // In the comment of the second line, which everybody skips and every signature covers.
    let comment = altered.iter().position(|byte| *byte == b'\n').unwrap() + 2;
    altered[comment] ^= 1;

    let manual = world.write("manual.toml", "[release]\nmode = \"manual\"\n");
    assert_eq!(world.run(&["--config", &manual]).count("documents", "held"), 3);
    let states = world.named("out/work", "prepared.json");
    let (by_clerk, delegated) =
        (spoil(&world, &altered, &states[0]), spoil(&world, &altered, &states[1]));
    let kept = world.files("out/originals");
    let held: Value = serde_json::from_slice(&std::fs::read(&states[2]).unwrap()).unwrap();
    let places = ["--by", "A", "--output", "out", "--config", &manual, "--json"];
    let ids = ["--id", &by_clerk, "--id", held["record"]["source_uid"].as_str().unwrap()];
    let approved = world.sohoa(&[&["release", "approve"][..], &ids, &places].concat());
    assert_eq!(approved.exit, 0, "{}", approved.stderr);
    let told: Value = serde_json::from_str(&approved.stdout).unwrap();
    assert_eq!(
        ["published", "refused", "failed", "damaged"].map(|what| told[what].as_u64().unwrap()),
        [1, 1, 0, 0],
        "{}",
        approved.stderr
    );
    let signed_twice = approved.stderr.matches("a signature just made does not hold").count();
    assert_eq!(signed_twice, 2, "{}", approved.stderr);
    let letters = || {
        let listed = world.sohoa(&["dead-letters", "list", "--output", "out", "--json"]).stdout;
        let letters = listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        letters
            .map(|letter| {
                assert_eq!(letter["code"], "X04_OWN_SIGNATURE", "{letter}");
                letter["key"].as_str().unwrap().to_owned()
            })
            .collect::<Vec<_>>()
    };
    let lists = |source: &str| assert!(letters()[0].contains(source) && letters().len() == 1);
    lists(&by_clerk);
    let count = |what: &str| world.number(&format!("select count(*) as n from {what}"));
    let refused = || count("intake where outcome = 'quarantined' and code = 'X04_OWN_SIGNATURE'");
    assert_eq!((refused(), count("documents")), (1, 1));
    let finding = "findings where code = 'X04_OWN_SIGNATURE' and strpos(observed, 'altered') > 0";
    assert_eq!(count(finding), 1, "what does not hold is named");
    assert_eq!(world.files("out/originals"), kept, "an original is gone");
    world.audit();

    // The clerk's one is composed anew from its original, and the other refused as that was.
    let run = world.run(&[]);
    let outcomes = ["published", "quarantined"].map(|outcome| run.count("documents", outcome));
    assert_eq!((run.exit, outcomes), (5, [1, 1]), "{}", run.stderr);
    assert!(world.files("out/work").is_empty(), "held state was left behind");
    lists(&delegated);
    assert_eq!((refused(), count("documents")), (1, 2));
    let again = world.run(&["--reprocess", "quarantined"]);
    assert_eq!((again.exit, again.count("documents", "published")), (0, 1), "{}", again.stderr);
    assert!(letters().is_empty());
    world.audit();
}

/// The last word on a file is the last one that was said, whatever the clocks of those who spoke.
#[test]
fn a_machine_whose_clock_is_ahead_does_not_have_the_last_word() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "2", "--formats", "jpeg"]);
    let manual = world.write("manual.toml", "[release]\nmode = \"manual\"\n");
    assert_eq!(world.run(&["--config", &manual]).count("documents", "held"), 2);
    for state in world.named("out/work", "prepared.json") {
        change(&state, |held| {
            for row in held["record"]["rows"]["intake"].as_array_mut().unwrap() {
                row["settled_at"] = "2999-01-01T00:00:00Z".into();
            }
        });
    }
    let rebuilt = world.sohoa(&["index", "rebuild", "--output", "out"]);
    assert_eq!(rebuilt.exit, 0, "{}", rebuilt.stderr);
    let outcomes = || {
        let rows = world.query("select outcome from intake order by outcome");
        rows.into_iter().map(|row| row["outcome"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(), ["held", "held"]);
    let release = |decision: &[&str]| {
        let places = ["--by", "A", "--output", "out", "--config", &manual];
        let ran = world.sohoa(&[&["release"], decision, &places].concat());
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        ran.stdout
    };
    let held = world.sohoa(&["release", "list", "--output", "out", "--json"]).stdout;
    let first: Value = serde_json::from_str(held.lines().next().unwrap()).unwrap();
    release(&["approve", "--id", first["source_uid"].as_str().unwrap()]);
    release(&["reject", "--all", "--reason", "mờ"]);
    assert_eq!(outcomes(), ["published", "quarantined"]);
    let letters = || world.sohoa(&["dead-letters", "list", "--output", "out", "--json"]).stdout;
    assert!(letters().contains("Q09_RELEASE_REFUSED"));
    let again = world.run(&["--reprocess", "quarantined"]);
    assert_eq!(again.count("documents", "published"), 1, "{}", again.stderr);
    assert_eq!(outcomes(), ["published", "published"]);
    assert!(!letters().contains("Q09_RELEASE_REFUSED"), "it is resolved");
    world.audit();
}
