//! `sohoa sweep`: what nobody will ever name goes, and nothing else.

use std::{
    fs::File,
    path::Path,
    time::{Duration, SystemTime},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;
use sohoa_harness::mock::Mock;

use crate::support::{Ran, World};

/// Puts a file there as if it had been written days ago.
fn plant(path: &Path, days: u64) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, "left behind").unwrap();
    let time = days_ago(days);
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

fn days_ago(days: u64) -> SystemTime {
    SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60)
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
    let hashes = ["aa", "bb", "cc", "dd", "ee"].map(|digits| digits.repeat(32));
    let body = |hash: &str| world.path(&format!("out/messages/{}/{hash}.json", &hash[..2]));
    for (hash, days) in hashes.iter().zip([100, 100, 10, 100, 100]) {
        plant(&body(hash), days);
    }
    keep_broken(&world, 7, &hashes[1], None);
    keep_broken(&world, 8, &hashes[3], Some(days_ago(10)));
    keep_broken(&world, 9, &hashes[4], Some(days_ago(100)));

    let swept = sweep(&world, &[]);
    assert_eq!(count(&swept, "removed"), 0, "nobody says what waits, or how old is too old");
    let swept = sweep(&world, &["--messages-older-than", "90"]);
    assert_eq!((count(&swept, "removed"), count(&swept, "messages")), (2, 3));
    assert_eq!(hashes.map(|hash| body(&hash).exists()), [false, true, true, true, false]);
}

/// A message that names a body and was refused, and perhaps sent again.
fn keep_broken(world: &World, offset: i64, hash: &str, replayed: Option<SystemTime>) {
    let named = format!(r#"{{"schema_version":9,"stored":{{"sha256":"{hash}","size":1}}}}"#);
    let entry = serde_json::json!({
        "schema_version": 1,
        "code": "X02_BROKEN_MESSAGE",
        "sentence": "The message has schema_version 9, and only 1 is known.",
        "position": { "topic": "bulk", "partition": 0, "offset": offset },
        "key_base64": null,
        "headers": [],
        "payload_base64": BASE64_STANDARD.encode(named),
        "quarantined_at": "2026-11-20T01:15:02Z",
        "replayed_at": replayed.map(chrono::DateTime::<chrono::Utc>::from),
    });
    let broken = world.path(&format!("out/quarantine/messages/bulk/0-{offset}.json"));
    std::fs::create_dir_all(broken.parent().unwrap()).unwrap();
    std::fs::write(&broken, entry.to_string()).unwrap();
}

/// A backfill may wait in its lane for longer than any age.
#[test]
fn bodies_of_messages_that_may_still_wait_in_a_lane_stay() {
    let world = World::with_samples(&["--dossiers", "1"]);
    assert_eq!(world.run(&[]).exit, 0);
    let mock = Mock::start(&["live", "bulk"].map(|lane| format!("t.{lane}.v1")));
    mock.send_as_of("t.bulk.v1", days_ago(200));
    let config = format!("[kafka]\nbrokers = \"{}\"\nprefix = \"t\"\n", mock.bootstrap());
    let config = world.write("sohoa.toml", &config);
    let body = |days: u64| {
        let hash = format!("{days:064}");
        world.path(&format!("out/messages/00/{hash}.json"))
    };
    let ages = [100, 200, 300];
    for days in ages {
        plant(&body(days), days);
    }
    let swept = sweep(&world, &["--config", &config]);
    assert_eq!((count(&swept, "removed"), count(&swept, "messages")), (1, 2));
    assert_eq!(ages.map(|days| body(days).exists()), [true, true, false]);
}

/// Who cannot be asked what still waits may not be told by what is gone.
#[test]
fn nothing_is_removed_while_the_brokers_are_away() {
    let world = World::with_samples(&["--dossiers", "1"]);
    assert_eq!(world.run(&[]).exit, 0);
    let config = world.write("sohoa.toml", "[kafka]\nbrokers = \"127.0.0.1:1\"\n");
    let record = world.named("out/documents", "record.json").remove(0);
    let planted = [
        world.path(&format!("out/messages/00/{:064}.json", 300)),
        record.with_file_name("0123456789abcdef").join("document.pdf"),
        record.with_file_name("document.pdf#1"),
    ];
    for path in &planted {
        plant(path, 300);
    }
    let swept = world.sohoa(&["sweep", "--output", "out", "--config", &config]);
    assert_eq!(swept.exit, 4, "{}{}", swept.stdout, swept.stderr);
    assert!(planted.iter().all(|path| path.exists()), "{}", swept.stdout);
    assert_eq!(count(&sweep(&world, &["--messages-older-than", "90"]), "removed"), 3);
}
