//! `sohoa sign`, keys as agencies have them, and time-stamps of an authority of the test's own.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
};

use serde_json::Value;

use crate::{
    stamps::{Authority, response, serve},
    support::{Ran, World, copy},
};

/// A PDF to be signed: a record's, so that it carries a signature already.
fn document(world: &World) -> String {
    assert_eq!(world.run(&[]).exit, 0);
    world.named("out/documents", "document.pdf")[0].to_str().unwrap().to_owned()
}

fn sign(world: &World, further: &[&str]) -> Ran {
    let places = ["--output", "signed.pdf", "--force", "--json"];
    world.sohoa(&[&["sign"][..], further, &places].concat())
}

fn value(ran: &Ran, key: &str) -> Value {
    serde_json::from_str::<Value>(&ran.stdout).unwrap()[key].clone()
}

/// Exit code of `sohoa verify` for the signed file.
fn verified(world: &World, further: &[&str]) -> i32 {
    world.sohoa(&[&["verify", "signed.pdf"][..], further].concat()).exit
}

#[test]
fn a_document_is_signed_by_hand_and_what_was_signed_before_stays_valid() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    let document = document(&world);
    for shown in ["copy", "converted", "none"] {
        let signed = sign(&world, &[&document, "--appearance", shown]);
        assert_eq!(signed.exit, 0, "{}", signed.stderr);
        assert_eq!(
            (value(&signed, "pades_level"), value(&signed, "verdict")),
            ("B-B".into(), "ok".into())
        );
        assert!(signed.stderr.contains("TEST, not a legal signature"));
        assert_eq!(verified(&world, &[]), 0);
    }
    let there = world.sohoa(&["sign", &document, "--output", "signed.pdf"]);
    assert_eq!(there.exit, 1);
    assert!(there.stderr.contains("--force"), "{}", there.stderr);
    let stamped = sign(&world, &[&document, "--level", "B-T"]);
    assert_eq!(stamped.exit, 2);
    assert!(stamped.stderr.contains("sign.timestamp_url"), "{}", stamped.stderr);
    world.write("plain.txt", "no document");
    let plain = sign(&world, &["plain.txt"]);
    assert_eq!(plain.exit, 6, "{}", plain.stderr);
}

#[test]
fn what_is_signed_by_hand_stands_in_the_trail_or_is_not_there() {
    let mut world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    world.set("USER", "van-thu");
    let document = document(&world);
    let signed = sign(&world, &[&document, "--trail", "out"]);
    assert_eq!((signed.exit, value(&signed, "in_trail")), (0, true.into()), "{}", signed.stderr);
    let told = world.query(
        "select actor_ref, outcome, details from events where action = 'signed' \
         and subject_kind = 'file'",
    );
    let [event] = told.as_slice() else { panic!("{told:?}") };
    let details: Value = serde_json::from_str(event["details"].as_str().unwrap()).unwrap();
    assert_eq!((&event["actor_ref"], &event["outcome"]), (&"van-thu".into(), &"ok".into()));
    assert_eq!(details["sha256"], value(&signed, "sha256"));
    assert_eq!(details["cert_sha256"], value(&signed, "certificate_sha256"));
    assert_eq!(world.sohoa(&["audit", "--output", "out", "--events"]).exit, 0);
    assert_eq!(world.sohoa(&["index", "verify", "--output", "out", "--deep"]).exit, 0);

    // A log that cannot be read: the key was used, and nothing of it is left.
    let log = world.path("out/index/events/_delta_log");
    let away = world.path("out/index/events/away");
    std::fs::rename(&log, &away).unwrap();
    std::fs::write(&log, "no folder").unwrap();
    std::fs::remove_file(world.path("signed.pdf")).unwrap();
    let config = world.write("trail.toml", "[sign]\ntrail = \"out\"\n");
    let refused = sign(&world, &[&document, "--config", &config]);
    assert!([2, 4].contains(&refused.exit), "{} {}", refused.exit, refused.stderr);
    assert!(refused.stderr.contains("nothing was written"), "{}", refused.stderr);
    assert!(!world.path("signed.pdf").exists());
    std::fs::remove_file(&log).unwrap();
    std::fs::rename(&away, &log).unwrap();
    assert_eq!(sign(&world, &[&document, "--config", &config]).exit, 0);
    assert_eq!(
        world.number(
            "select count(*) as n from events where subject_kind = 'file' and action = 'signed'"
        ),
        2
    );

    let nowhere = sign(&world, &[&document, "--trail", "nowhere"]);
    assert_eq!(nowhere.exit, 1, "{}", nowhere.stderr);
}

/// The file with this many megabytes in it that nothing shows; a hole on the disk.
fn grown(world: &World, megabytes: u64) -> String {
    let mut file = sohoa_harness::pdf::decision(1, 1);
    let text = String::from_utf8_lossy(&file).into_owned();
    let previous = text.split_whitespace().rev().nth(1).unwrap().to_owned();
    let (head, length) = (file.len(), megabytes << 20);
    let begin = format!("9 0 obj\n<</Length {length}>>\nstream\n");
    file.extend(begin.bytes());
    let hole = file.len() as u64 + length;
    let end = "\nendstream\nendobj\n";
    let start = hole + end.len() as u64;
    let end = format!(
        "{end}xref\n9 1\n{head:010} 00000 n \ntrailer\n<</Size 10/Root 1 0 R/Prev {previous}>>\n\
         startxref\n{start}\n%%EOF\n"
    );
    let path = world.path(&format!("{megabytes}.pdf"));
    std::fs::write(&path, file).unwrap();
    let written = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&written, end.as_bytes(), hole).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Exit code of a command, and the most memory it held, in bytes.
fn peak(world: &World, arguments: &[&str]) -> (Option<i32>, u64) {
    let mut child = world.start(arguments);
    let (status, mut most) = (format!("/proc/{}/status", child.id()), 0);
    loop {
        // The kernel keeps the mark, so that the last look before the end knows all of it.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        most = most.max(kilobytes.unwrap_or_default() << 10);
        if let Some(ended) = child.try_wait().unwrap() {
            return (ended.code(), most);
        }
        std::thread::park_timeout(std::time::Duration::from_millis(2));
    }
}

#[test]
fn memory_does_not_grow_with_the_file_that_is_signed() {
    let world = World::new();
    let signed = |megabytes| {
        let input = grown(&world, megabytes);
        let (exit, most) = peak(&world, &["sign", &input, "--output", "signed.pdf", "--force"]);
        assert_eq!(exit, Some(0));
        assert!(world.path("signed.pdf").metadata().unwrap().len() > megabytes << 20);
        most
    };
    let (small, large) = (signed(1), signed(200));
    println!("sohoa sign: {} MiB for 1 MB, {} MiB for 200 MB", small >> 20, large >> 20);
    assert!(large < small + (16 << 20), "{} and {} MiB", small >> 20, large >> 20);
}

/// The files of the throw-away authority, which stand in for an agency's.
fn authority_file(world: &World, name: &str) -> PathBuf {
    let found = world.named("data", name);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

#[test]
fn a_key_in_a_pkcs12_file_signs_with_its_password_and_not_without() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    let document = document(&world);
    let (key, chain) =
        (authority_file(&world, "test-key.pem"), authority_file(&world, "test-chain.pem"));
    let made = Command::new("openssl")
        .args(["pkcs12", "-export", "-passout", "pass:mật khẩu", "-inkey"])
        .arg(key)
        .arg("-in")
        .arg(chain)
        .arg("-out")
        .arg(world.path("agency.p12"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let root = authority_file(&world, "test-root.pem");
    world.write("secret", "mật khẩu\n");
    world.write("wrong", "khác\n");
    let config = |passphrase: &str| {
        let text = format!(
            "[sign]\nkey = \"agency.p12\"\n{passphrase}\nroots = [\"{}\"]\n\
             [release]\ndelegation = \"QĐ 1/UBND\"\n",
            root.display()
        );
        world.write("sohoa.toml", &text)
    };
    let config_file = config("passphrase = \"file:secret\"");
    let signed = sign(&world, &[&document, "--config", &config_file]);
    assert_eq!(signed.exit, 0, "{}", signed.stderr);
    assert_eq!(verified(&world, &["--config", &config_file]), 0);
    for (passphrase, named) in
        [("passphrase = \"file:wrong\"", "password"), ("", "sign.passphrase")]
    {
        let refused = sign(&world, &[&document, "--config", &config(passphrase)]);
        assert_eq!(refused.exit, 2, "{}", refused.stderr);
        assert!(refused.stderr.contains(named), "{}", refused.stderr);
        assert!(!refused.stderr.contains("khác"), "a password is shown");
    }
}

#[test]
fn a_run_stamps_the_time_and_holds_what_gets_no_stamp() {
    let world =
        World::with_samples(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    let authority = Authority::new();
    let root = authority.root_file();
    let address = serve({
        let authority = authority.clone();
        move |query| response("200 OK", &authority.reply(query))
    });
    let config = |name: &str, address: &str| {
        let text = format!(
            "[sign]\ntimestamp_url = \"{address}\"\ntimestamp_policy = \"1.2.3.4\"\n\
             roots = [\"{}\"]\n[store]\nretry_seconds = 1\n",
            root.display()
        );
        world.write(name, &text)
    };
    // Nobody listens there: whoever did has just let it go.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let silent = config("silent.toml", &format!("http://127.0.0.1:{port}/"));
    let held = world.run(&["--config", &silent]);
    assert_eq!(held.exit, 0, "{}", held.stderr);
    assert_eq!(held.count("documents", "held"), 1);
    let listed = world.sohoa(&["release", "list", "--output", "out", "--json"]);
    assert_eq!(value(&listed, "waiting_for"), "timestamp");

    let there = config("there.toml", &address);
    let approve = ["release", "approve", "--all", "--by", "A", "--output", "out"];
    let released = world.sohoa(&[&approve[..], &["--config", &there]].concat());
    assert_eq!(released.exit, 0, "{}", released.stderr);
    let rows = world.query("select pades_level, timestamp_time from signatures");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["pades_level"], "B-T");
    assert!(!rows[0]["timestamp_time"].is_null());
    let mode = world.query("select release_mode from documents");
    assert_eq!(mode[0]["release_mode"], "delegated", "it was released before it waited");
    world.audit();

    let document = world.named("out/documents", "document.pdf")[0].clone();
    let document = document.to_str().unwrap();
    let signed = sign(&world, &[document, "--level", "B-T", "--config", &there]);
    assert_eq!(signed.exit, 0, "{}", signed.stderr);
    assert_eq!(value(&signed, "pades_level"), "B-T");
    std::fs::remove_file(world.path("signed.pdf")).unwrap();
    // The throw-away authority answers nobody whether its certificates are revoked.
    let raised = sign(&world, &[document, "--level", "B-LT", "--config", &there]);
    assert_eq!(raised.exit, 2, "{}", raised.stderr);
    assert!(raised.stderr.contains("names no responder"), "{}", raised.stderr);
    assert!(!world.path("signed.pdf").exists());
}

/// A run that asks a silent authority, while others get at what it holds: `meanwhile` happens before
/// the first answer.
fn run_beside(world: &World, meanwhile: impl Fn() + Send + 'static) -> Ran {
    let happened = AtomicBool::new(false);
    let address = serve(move |_| {
        if !happened.swap(true, Ordering::SeqCst) {
            meanwhile();
        }
        response("503 Service Unavailable", b"")
    });
    let text = format!("[sign]\ntimestamp_url = \"{address}\"\n[store]\nretry_seconds = 1\n");
    world.run(&["--config", &world.write("beside.toml", &text)])
}

/// A release that meets silence changes what is held now, and brings nothing back.
#[test]
fn what_others_decided_while_an_authority_was_silent_stays_decided() {
    let world =
        World::with_samples(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    let manual = world.write("manual.toml", "[release]\nmode = \"manual\"\n");
    assert_eq!(world.run(&["--config", &manual]).count("documents", "held"), 1);
    let out = world.path("out");
    let state = world.named("out/work", "prepared.json").remove(0);
    let path = state.clone();
    let read =
        |path: &Path| -> Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    // The worker that took it in adds by which message it came.
    let held = run_beside(&world, move || {
        let mut held = read(&path);
        held["traceparent"] = "00-aa-bb-01".into();
        std::fs::write(&path, held.to_string()).unwrap();
    });
    assert_eq!((held.exit, held.count("documents", "held")), (0, 1), "{}", held.stderr);
    let held = read(&state);
    assert_eq!(held["waiting_for"], "timestamp");
    assert_eq!(held["traceparent"], "00-aa-bb-01", "what others added is gone");
    assert_eq!(held["record"]["rows"]["documents"][0]["release_mode"], "delegated");

    let undecided = world.path("undecided");
    copy(&out, &undecided);
    let decisions = [("approve", "published", 0), ("reject --reason x", "quarantined", 5)];
    for (decision, outcome, exit) in decisions {
        copy(&undecided, &out);
        let words = ["--all", "--by", "A", "--output", "out", "--config", &manual];
        let words = std::iter::once("release").chain(decision.split(' ')).chain(words);
        let decided = world.sohoa(&words.collect::<Vec<_>>());
        assert_eq!(decided.exit, 0, "{}", decided.stderr);
        let after = world.path("after");
        copy(&out, &after);
        copy(&undecided, &out);
        let (to, from, state) = (out.clone(), after, state.clone());
        let run = run_beside(&world, move || {
            for folder in ["documents", "quarantine"].map(|name| from.join(name)) {
                if folder.exists() {
                    copy(&folder, &to.join(folder.file_name().unwrap()));
                }
            }
            // The state goes first; of a folder the composed file is signed where it lies.
            std::fs::remove_file(&state).unwrap();
        });
        assert_eq!((run.exit, run.count("documents", outcome)), (exit, 1), "{}", run.stderr);
        let held = world.named("out/work", "prepared.json");
        assert!(held.is_empty(), "it is held again after {decision}");
        world.audit();
    }
}

/// The register decides whose certificate signs, before the key is used.
#[test]
fn only_a_certificate_of_the_custodian_agency_signs() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    let document = document(&world);
    let plain = sign(&world, &[&document]);
    let own = value(&plain, "certificate_sha256");
    let config = |agency: &str, certificate: &str| {
        let text = format!(
            "[agency]\n{agency}\n[[sign.agencies]]\ncode = \"H08.12\"\n\
             certificates = [\"{certificate}\"]\n[[sign.agencies]]\ncode = \"H08.13\"\n"
        );
        world.write("sohoa.toml", &text)
    };
    let with = |config: String| sign(&world, &[&document, "--config", &config]);
    let good = config("code = \"H08.12\"", own.as_str().unwrap());
    assert_eq!(with(good.clone()).exit, 0);
    assert_eq!(verified(&world, &["--config", &good, "--agency", "H08.12"]), 0);
    assert_eq!(verified(&world, &["--config", &good, "--agency", "H08.13"]), 6);
    for (agency, certificate, said) in [
        ("code = \"H08.13\"", own.as_str().unwrap(), "does not belong to the custodian agency"),
        ("code = \"H08.12\"", "00", "does not belong to the custodian agency"),
        ("code = \"H08.99\"", "00", "no agency of the code `H08.99`"),
        ("", "00", "agency.code"),
    ] {
        std::fs::remove_file(world.path("signed.pdf")).unwrap_or_default();
        let refused = with(config(agency, certificate));
        assert_eq!(refused.exit, 2, "{}", refused.stderr);
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
        assert!(!world.path("signed.pdf").exists());
    }
}

/// Without a register, an agency of the same name under another one is another agency.
#[test]
fn a_namesake_s_certificate_does_not_sign() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    let document = document(&world);
    let [key, chain, root] = ["test-key.pem", "test-chain.pem", "test-root.pem"]
        .map(|name| authority_file(&world, name).display().to_string());
    let signed = |above: &str| {
        let text = format!(
            "[sign]\nkey = \"{key}\"\nchain = \"{chain}\"\nroots = [\"{root}\"]\n\
             [release]\ndelegation = \"QĐ 1/UBND\"\n\
             [agency]\nname = \"Cơ quan dùng thử\"\n{above}\n"
        );
        sign(&world, &[&document, "--config", &world.write("sohoa.toml", &text)])
    };
    let own = signed("");
    assert_eq!(own.exit, 0, "{}", own.stderr);
    let spelt = signed("parent_name = \"UBND Tỉnh Dùng thử\"");
    assert_eq!(spelt.exit, 0, "{}", spelt.stderr);
    std::fs::remove_file(world.path("signed.pdf")).unwrap();
    let namesake = signed("parent_name = \"Ủy ban nhân dân tỉnh khác\"");
    assert_eq!(namesake.exit, 2, "{}", namesake.stderr);
    let certificate = value(&own, "certificate_sha256");
    for said in ["custodian agency", "sign.agencies", certificate.as_str().unwrap()] {
        assert!(namesake.stderr.contains(said), "{}", namesake.stderr);
    }
    assert!(!world.path("signed.pdf").exists());
}

/// It is taken neither for published nor for refused, and the scan is found again.
#[test]
fn a_held_document_that_is_gone_undecided_ends_a_run_and_is_read_by_the_next() {
    let world =
        World::with_samples(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    let manual = world.write("manual.toml", "[release]\nmode = \"manual\"\n");
    assert_eq!(world.run(&["--config", &manual]).count("documents", "held"), 1);
    let state = world.named("out/work", "prepared.json").remove(0);
    let lost = run_beside(&world, move || std::fs::remove_file(&state).unwrap());
    assert_eq!(lost.exit, 4, "{}", lost.stderr);
    assert!(lost.stderr.contains("nobody says what became of it"), "{}", lost.stderr);
    let next = world.run(&[]);
    assert_eq!((next.exit, next.count("documents", "published")), (0, 1), "{}", next.stderr);
    world.audit();
}
