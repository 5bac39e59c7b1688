//! `sohoa sweep`: what nobody will ever name goes, and nothing else.

use std::{
    fs::File,
    path::Path,
    time::{Duration, SystemTime},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;

use crate::support::{Ran, World};

/// Puts a file there as if it had been written days ago.
fn plant(path: &Path, days: u64) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, "left behind").unwrap();
    let time = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

fn sweep(world: &World, further: &[&str]) -> Ran {
    let ran = world.sohoa(&[&["sweep", "--output", "out", "--json"][..], further].concat());
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    ran
}

fn count(ran: &Ran, what: &str) -> u64 {
    serde_json::from_str::<Value>(&ran.stdout).unwrap()[what].as_u64().unwrap()
}

fn audit(world: &World) -> Value {
    let ran = world.sohoa(&["audit", "--full", "--output", "out", "--json"]);
    assert_eq!(ran.exit, 0, "{}{}", ran.stdout, ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn what_lost_attempts_left_is_removed_and_nothing_else() {
    let world = World::with_samples(&["--dossiers", "1"]);
    assert_eq!(world.run(&[]).exit, 0);
    let key = world
        .query("select object_uri from documents where object_uri like '%document.pdf' limit 1");
    let document = world.path("out").join(key[0]["object_uri"].as_str().unwrap());
    let version = document.ancestors().nth(2).unwrap();
    plant(&version.join("0123456789abcdef/document.pdf"), 3);
    plant(&version.join("0123456789abcdef/text.txt"), 0);
    plant(&version.with_file_name("v2").join("0123456789abcdef/document.pdf"), 3);
    let cut = document.with_file_name("document.pdf#1");
    plant(&cut, 3);
    let before = audit(&world);
    assert_eq!(before["garbage"], 3);

    assert_eq!(count(&sweep(&world, &["--dry-run"]), "removed"), 2);
    assert!(cut.exists());
    let swept = sweep(&world, &[]);
    assert_eq!((count(&swept, "removed"), count(&swept, "young")), (2, 1));
    assert_eq!(count(&swept, "unfinished"), 1, "version 2 may still be published");
    assert!(!cut.exists());
    let swept = sweep(&world, &["--older-than", "0"]);
    assert_eq!(count(&swept, "removed"), 1);
    let after = audit(&world);
    assert_eq!((&after["garbage"], &after["problems_total"]), (&1.into(), &0.into()));
    assert_eq!(after["objects"], before["objects"]);
}

/// The bodies of messages that no topic keeps any more; one that a refused message names is still to
/// be sent again.
#[test]
fn bodies_of_old_messages_are_removed_unless_somebody_needs_them() {
    let world = World::with_samples(&["--dossiers", "1"]);
    assert_eq!(world.run(&[]).exit, 0);
    let hashes = ["aa", "bb", "cc"].map(|digits| digits.repeat(32));
    let body = |hash: &str| world.path(&format!("out/messages/{}/{hash}.json", &hash[..2]));
    for (hash, days) in hashes.iter().zip([100, 100, 10]) {
        plant(&body(hash), days);
    }
    let named = format!(r#"{{"schema_version":9,"stored":{{"sha256":"{}","size":1}}}}"#, hashes[1]);
    let entry = serde_json::json!({
        "schema_version": 1,
        "code": "X02_BROKEN_MESSAGE",
        "sentence": "The message has schema_version 9, and only 1 is known.",
        "position": { "topic": "bulk", "partition": 0, "offset": 7 },
        "key_base64": null,
        "headers": [],
        "payload_base64": BASE64_STANDARD.encode(named),
        "quarantined_at": "2026-11-20T01:15:02Z",
    });
    let broken = world.path("out/quarantine/messages/bulk/0-7.json");
    std::fs::create_dir_all(broken.parent().unwrap()).unwrap();
    std::fs::write(&broken, entry.to_string()).unwrap();

    let swept = sweep(&world, &[]);
    assert_eq!((count(&swept, "removed"), count(&swept, "messages")), (1, 2));
    assert_eq!(hashes.map(|hash| body(&hash).exists()), [false, true, true]);
}
