//! What operators and disks do to it: two runs at once, the wrong folder, touched files, damage.

use std::{fs, path::PathBuf, process::Command};

use crate::support::{World, json_lines, wait_until};

/// The scans of a world, without its manifests.
fn scans(world: &World) -> Vec<PathBuf> {
    let of_samples = world.files("samples/scans").into_keys();
    of_samples.filter(|path| !path.ends_with("manifest.json")).collect()
}

#[test]
fn a_second_run_on_the_same_output_is_refused_and_harms_nothing() {
    let world = World::with_samples(&["--dossiers", "2"]);
    let mut first = world.start(&["run", "--input", "samples/scans", "--output", "out"]);
    wait_until("the first run's first object", || !world.files("out/originals").is_empty());
    let second = world.run(&[]);
    let ended_before = first.try_wait().unwrap().is_some();
    assert!(second.exit == 2 || ended_before, "{} {}", second.exit, second.stderr);
    assert!(first.wait().unwrap().success());
    let documents = json_lines(&world.path("samples/truth.jsonl")).len();
    assert_eq!(world.number("select count(*) as n from documents"), documents as i64);
    world.audit();
}

#[test]
fn results_never_land_in_the_input() {
    let mut world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    for output in ["samples/scans/out", "samples", "samples/scans"] {
        world.use_addresses("samples/scans", output, Vec::new());
        let ran = world.run(&[]);
        assert_eq!(ran.exit, 1, "{output}: {}", ran.stderr);
    }
}

#[test]
fn another_folder_of_the_same_name_is_another_input() {
    let mut world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    assert_eq!(world.run(&[]).exit, 0);
    fs::create_dir(world.path("moved")).unwrap();
    fs::rename(world.path("samples/scans"), world.path("moved/scans")).unwrap();
    world.use_addresses("moved/scans", "out", Vec::new());
    let ran = world.run(&[]);
    assert_eq!(ran.exit, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("input.name"), "{}", ran.stderr);
    let named = world.write("named.toml", "[input]\nname = \"scans\"\n");
    let ran = world.run(&["--config", &named]);
    assert_eq!((ran.exit, ran.count("documents", "skipped")), (0, 1), "{}", ran.stderr);
}

#[test]
fn a_secret_paper_behind_another_refuses_the_whole_file() {
    let world = World::new();
    let samples = world.path("made");
    let arguments = ["--dossiers", "1", "--documents", "2", "--formats", "pdf-jpeg"];
    let output = ["--output", samples.to_str().unwrap(), "--with-secret", "--faults", "none"];
    World::make_samples(&[&arguments[..], &output[..]].concat());
    let truth = json_lines(&samples.join("truth.jsonl"));
    let file = |secret: bool| {
        let found = truth.iter().find(|one| one["secret"] == secret).unwrap();
        samples.join(found["file"].as_str().unwrap())
    };
    fs::create_dir_all(world.path("samples/scans")).unwrap();
    let both = world.path("samples/scans/both.pdf");
    let joined = Command::new("pdfunite").arg(file(false)).arg(file(true)).arg(&both).status();
    assert!(joined.unwrap().success());
    let ran = world.run(&[]);
    assert_eq!(ran.exit, 5, "{}", ran.stderr);
    assert_eq!(world.query("select code from intake")[0]["code"], "S01_SECRET_PAPER");
    assert!(world.number("select pages as n from intake") > 0, "its pages are not counted");
    for folder in ["out/originals", "out/documents", "out/work"] {
        assert!(world.files(folder).is_empty(), "something of it is in {folder}");
    }
    world.audit();
}

#[test]
fn a_held_document_of_other_bytes_is_made_anew() {
    let world =
        World::with_samples(&["--dossiers", "1", "--documents", "2", "--formats", "jpeg,png"]);
    let manual = world.write("manual.toml", "[release]\nmode = \"manual\"\n");
    assert_eq!(world.run(&["--config", &manual]).exit, 0);
    let held = world.named("out/work", "composed.pdf");
    let [one, other] = held.as_slice() else { panic!("{held:?}") };
    let (first, second) = (fs::read(one).unwrap(), fs::read(other).unwrap());
    fs::write(one, second).unwrap();
    fs::write(other, &first[..first.len() / 2]).unwrap();
    let ran = world.run(&[]);
    assert_eq!((ran.exit, ran.count("documents", "published")), (0, 2), "{}", ran.stderr);
    for pdf in world.named("out/documents", "document.pdf") {
        let uid = pdf.ancestors().nth(3).unwrap().file_name().unwrap().to_str().unwrap();
        let bytes = fs::read(&pdf).unwrap();
        assert!(bytes.windows(uid.len()).any(|part| part == uid.as_bytes()), "{uid} has another's");
    }
    world.audit();
}

#[test]
fn a_touched_file_is_known_and_a_held_copy_has_its_receipt() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    for manifest in world.named("samples/scans", "manifest.json") {
        fs::remove_file(manifest).unwrap();
    }
    let scan = scans(&world).remove(0);
    let copy = scan.with_file_name("copy").with_extension(scan.extension().unwrap());
    fs::copy(&scan, &copy).unwrap();
    let manual = world.write("manual.toml", "[release]\nmode = \"manual\"\n");
    assert_eq!(world.run(&["--config", &manual]).exit, 0);
    assert_eq!(world.number("select count(*) as n from intake where outcome = 'held'"), 2);
    world.audit();
    assert_eq!(world.run(&[]).exit, 0);
    assert_eq!(world.number("select count(*) as n from intake where outcome = 'published'"), 2);
    world.audit();

    fs::write(&scan, fs::read(&scan).unwrap()).unwrap();
    for _ in 0..2 {
        let ran = world.run(&[]);
        assert_eq!((ran.exit, ran.count("documents", "skipped")), (0, 2), "{}", ran.stderr);
    }
    assert_eq!(world.number("select count(*) as n from document_versions"), 1);
    world.audit();
}

#[test]
fn a_file_that_comes_again_in_a_later_month_has_one_receipt() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    for manifest in world.named("samples/scans", "manifest.json") {
        fs::remove_file(manifest).unwrap();
    }
    assert_eq!(world.run(&[]).exit, 0);
    let path = world.named("out/documents", "record.json").remove(0);
    let record = fs::read_to_string(&path).unwrap();
    let month = serde_json::from_str::<serde_json::Value>(&record).unwrap()["ingest_month"].clone();
    fs::write(&path, record.replace(&month.to_string(), "\"2020-01\"")).unwrap();
    fs::remove_dir_all(world.path("out/index")).unwrap();
    assert_eq!(world.sohoa(&["index", "rebuild", "--output", "out"]).exit, 0);

    let scan = scans(&world).remove(0);
    fs::write(&scan, fs::read(&scan).unwrap()).unwrap();
    let ran = world.run(&[]);
    assert_eq!((ran.exit, ran.count("documents", "skipped")), (0, 1), "{}", ran.stderr);
    let stand = "select count(*) as n from intake where ingest_month = '2020-01'";
    assert_eq!((world.number("select count(*) as n from intake"), world.number(stand)), (1, 1));
    world.audit();
}

#[test]
fn a_damaged_record_is_a_finding_of_the_audit_and_stops_nobody_else() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "2"]);
    assert_eq!(world.run(&[]).exit, 0);
    let record = world.named("out/documents", "record.json").remove(0);
    fs::write(&record, b"{").unwrap();
    let audit = world.sohoa(&["audit", "--output", "out"]);
    assert_eq!(audit.exit, 6, "{}", audit.stderr);
    assert!(audit.stdout.contains("record.json"), "{}", audit.stdout);
    assert_eq!(world.sohoa(&["index", "rebuild", "--output", "out"]).exit, 6);
    assert_eq!(world.number("select count(*) as n from documents"), 1);
    let ran = world.run(&[]);
    assert_eq!(ran.exit, 5, "{}", ran.stderr);
    assert_eq!(world.number("select count(*) as n from documents"), 1);
}

#[test]
fn an_empty_folder_is_no_archive_in_which_nothing_is_missing() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    for arguments in [
        ["audit", "--output", "samples"].as_slice(),
        &["query", "--output", "samples", "select 1"],
        &["index", "rebuild", "--output", "samples"],
    ] {
        assert_eq!(world.sohoa(arguments).exit, 1, "{arguments:?}");
    }
}

#[test]
fn a_test_root_is_never_the_governments() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1", "--formats", "jpeg"]);
    assert_eq!(world.run(&[]).exit, 0);
    let pdf = world.named("out/documents", "document.pdf").remove(0);
    let root = world.path("out/trust/test-root.pem");
    let arguments = ["verify", "--root", root.to_str().unwrap(), pdf.to_str().unwrap()];
    let verified = world.sohoa(&arguments);
    assert_eq!(verified.exit, 0, "{}", verified.stdout);
    assert!(verified.stdout.contains("TEST, not a legal signature"), "{}", verified.stdout);
}
