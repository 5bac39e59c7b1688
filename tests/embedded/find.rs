//! Looking documents up, cutting answers, and the public catalogue.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::support::{Ran, World};

/// Two dossiers of clean samples, in the index; one document of them is open.
fn world() -> World {
    let world = World::with_samples(&["--dossiers", "2", "--faults", "none", "--seed", "7"]);
    let manifests = world.named("samples/scans", "manifest.json");
    let text = fs::read_to_string(&manifests[0]).unwrap();
    let open = text.replacen(r#""access_mode": "02""#, r#""access_mode": "01""#, 1);
    assert_ne!(open, text, "the samples' manifests have another form");
    fs::write(&manifests[0], open).unwrap();
    assert_eq!(world.run(&[]).exit, 0);
    world
}

fn find(world: &World, arguments: &[&str]) -> Value {
    let ran = found(world, arguments);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn found(world: &World, arguments: &[&str]) -> Ran {
    let mut all = vec!["find", "--output", "out", "--json"];
    all.extend(arguments);
    world.sohoa(&all)
}

/// A document whose number, kind and subject were read.
fn known(world: &World) -> Value {
    let sql = "select code_full, code_number, code_notation, document_uid, subject, issued_date, \
               document_year, type_name from documents where code_full is not null and subject is \
               not null and issued_date is not null and type_code < '32' order by code_full limit 1";
    world.query(sql).remove(0)
}

/// The identifier of the test of `privacy`, encrypted there to its key.
#[test]
fn an_owner_is_found_by_what_the_partner_encrypted_and_never_by_the_partners_own_hash() {
    let world = World::with_samples(&["--dossiers", "2", "--faults", "none", "--seed", "7"]);
    let made = |name: &str| format!("{}/privacy/testdata/{name}", env!("CARGO_MANIFEST_DIR"));
    let sent = fs::read_to_string(made("owner.jwe")).unwrap();
    let manifests = world.named("samples/scans", "manifest.json");
    let text = fs::read_to_string(&manifests[0]).unwrap();
    let mut manifest: Value = serde_json::from_str(&text).unwrap();
    let partners = manifest["dossier"]["owner"]["id_hmac"].as_str().unwrap().to_owned();
    manifest["dossier"]["owner"]["id_enc"] = sent.trim().into();
    fs::write(&manifests[0], manifest.to_string()).unwrap();
    let key = made("owner.key");
    let config = world.write("owners.toml", &format!("[secrets]\nowner_key = {key:?}\n"));
    let ran = world.run(&["--config", &config]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let code = manifest["dossier"]["dossier_code"].as_str().unwrap();
    let of_dossier =
        format!("select owner_id_hmac from documents where dossier_code = '{code}' limit 1");
    let hash = world.query(&of_dossier)[0]["owner_id_hmac"].as_str().unwrap().to_owned();
    assert_ne!(hash, partners);
    let number = world.write("number", "052 099 001 234\n");
    let found = find(&world, &["--owner-file", &number]);
    let count = |condition: &str| {
        world.number(&format!("select count(*) as n from documents where {condition}"))
    };
    assert_eq!(found["total"], count(&format!("dossier_code = '{code}'")));
    assert_eq!(
        count("owner_id_hmac is null"),
        count(&format!("dossier_code is distinct from '{code}'"))
    );
    // Somebody who has only the partner's hash, or the identifier in clear, finds neither here.
    for (file, _) in world.files("out") {
        let bytes = fs::read(&file).unwrap_or_default();
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!holds(&partners) && !holds("052099001234"), "{file:?}");
    }
}

#[test]
fn a_document_is_found_by_its_parts_and_its_file_is_where_the_link_says() {
    let world = world();
    let one = known(&world);
    let text = |column: &str| one[column].as_str().unwrap().to_owned();
    let year = one["document_year"].to_string();
    let subject = text("subject");
    let words: Vec<&str> =
        subject.split_whitespace().filter(|w| w.chars().all(char::is_alphabetic)).collect();
    let ascii = text("code_full").to_lowercase().replace('đ', "d");
    for query in [
        vec![text("code_full")],
        vec![ascii],
        vec![format!("{} {}", text("type_name"), text("code_number"))],
        vec![text("document_uid")],
        vec![words.join(" "), "--year".into(), year.clone()],
        vec![
            words[0].to_owned(),
            "--from".into(),
            text("issued_date"),
            "--to".into(),
            text("issued_date"),
        ],
        vec![words[0].to_owned(), "--text".into(), "--year".into(), year],
        vec![words[0].to_owned(), "--text".into(), "--all".into()],
    ] {
        let answer = find(&world, &query.iter().map(String::as_str).collect::<Vec<_>>());
        let hits = answer["hits"].as_array().unwrap();
        let hit = hits.iter().find(|hit| hit["document_uid"] == one["document_uid"]);
        let hit = hit.unwrap_or_else(|| panic!("{query:?}: {answer}"));
        let pdf = PathBuf::from(hit["link"].as_str().unwrap());
        assert!(fs::read(pdf).unwrap().starts_with(b"%PDF"), "{query:?}");
    }
    // Another year has other documents.
    let other = find(&world, &[&text("code_full"), "--year", "1999"]);
    assert_eq!(other["total"], 0);
    assert_eq!(other["hits"].as_array().unwrap().len(), 0);
    let explained = world.sohoa(&["find", "--output", "out", "--explain", &text("code_full")]);
    assert!(explained.stderr.contains("files looked into"), "{}", explained.stderr);
    assert!(explained.stdout.contains(&text("code_full")), "{}", explained.stdout);
}

#[test]
fn what_is_too_wide_or_does_not_belong_on_the_command_line_is_refused() {
    let world = world();
    let refused: [(&[&str], &str); 6] = [
        (&["--text", "dat"], "--agency or --year"),
        (&["052099001234"], "--owner"),
        (&[], "nothing to look for"),
        (&["--type", "thơ", "1"], "no kind of document"),
        (&["--from", "gestern", "1"], "is no date"),
        (&["--from", "2020", "--to", "2019"], "exclude each other"),
    ];
    for (arguments, says) in refused {
        let ran = found(&world, arguments);
        assert_eq!(ran.exit, 1, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{arguments:?}: {}", ran.stderr);
    }
    // Nothing is found for an owner's number, and it is nowhere repeated.
    let number = world.write("number.txt", "052 099 001 234\n");
    let ran = found(&world, &["--owner-file", &number]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("099"), "{}", ran.stdout);
    // Nothing waits here.
    let held = world.sohoa(&["find", "--output", "out", "--csv", "--state", "held", "pdf"]);
    assert_eq!((held.exit, held.stdout.lines().count()), (0, 1), "{}", held.stderr);
}

#[test]
fn a_long_answer_is_cut_and_says_so() {
    let world = world();
    let all = world.number("select count(*) as n from pages");
    assert!(all > 2);
    let sql = "select page_uid from pages";
    let query = |limit: &str| {
        world.sohoa(&["query", "--output", "out", "--format", "csv", "--limit", limit, sql])
    };
    let cut = query("2");
    assert_eq!(cut.stdout.lines().count(), 3, "a header and two rows");
    assert!(cut.stderr.contains("--limit 0"), "{}", cut.stderr);
    for whole in [query("0"), query(&all.to_string())] {
        assert_eq!(whole.stdout.lines().count() as i64, all + 1);
        assert_eq!(whole.stderr, "");
    }
}

#[test]
fn the_public_catalogue_has_the_open_document_alone() {
    let world = world();
    let open = world.query("select document_uid from documents where access_mode = '01'");
    assert_eq!(open.len(), 1);
    let export = |further: &[&str]| {
        let mut all = vec!["export", "--public", "--output", "out", "--json"];
        all.extend(further);
        world.sohoa(&all)
    };
    let dry = export(&["--dry-run"]);
    let counted: Value = serde_json::from_str(&dry.stdout).unwrap();
    assert_eq!(counted["documents"]["public"], 1, "{}", dry.stderr);
    assert!(!world.path("open").exists());
    assert_eq!(export(&["--to", "out/open"]).exit, 1, "not among what is closed");
    assert_eq!(export(&["--to", "open"]).exit, 0);
    let told = world.query("select details from events where action = 'exported'");
    assert_eq!(told.len(), 1, "neither the trial nor the refusal is told");
    assert!(told[0]["details"].as_str().unwrap().contains("sha256"), "{}", told[0]);
    let csv = fs::read_to_string(world.path("open/documents.csv")).unwrap();
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.contains(open[0]["document_uid"].as_str().unwrap()), "{csv}");
    let note = fs::read_to_string(world.path("open/export.json")).unwrap();
    let note: Value = serde_json::from_str(&note).unwrap();
    for file in note["files"].as_array().unwrap() {
        let path = world.path("open").join(file["name"].as_str().unwrap());
        assert_eq!(fs::metadata(path).unwrap().len(), file["bytes"].as_u64().unwrap());
    }
    assert_eq!(note["files"].as_array().unwrap().len(), 2);
}
