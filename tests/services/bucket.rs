//! From a bucket to a bucket.

use std::path::PathBuf;

use sohoa_harness::{Gateway, gateway};

use crate::support::{World, json_lines, signal, wait_until};

/// All tests of this file.
pub(crate) const TESTS: [(&str, fn()); 4] = [
    ("bucket::what_a_folder_gives_a_bucket_gives", what_a_folder_gives_a_bucket_gives),
    ("bucket::killed_in_the_middle_it_completes", killed_in_the_middle_it_completes),
    ("bucket::two_runs_at_once_publish_once", two_runs_at_once_publish_once),
    ("bucket::a_wrong_key_or_bucket_stops_before_any_work", a_wrong_key_or_bucket_stops),
];

/// For whoever has a store of their own.
pub(crate) const OWN: (&str, fn()) =
    ("bucket::the_users_own_store_takes_a_run", the_users_own_store_takes_a_run);

/// Samples in one bucket, and an empty bucket for the records.
fn on_s3(dossiers: &str) -> (World, Gateway) {
    let mut world = World::with_samples(&["--dossiers", dossiers]);
    let buckets = world.path("buckets");
    std::fs::create_dir_all(buckets.join("records")).unwrap();
    std::fs::rename(world.path("samples/scans"), buckets.join("scans")).unwrap();
    let gateway = Gateway::start(&buckets);
    world.use_addresses("s3://scans", "s3://records/out", gateway.environment());
    (world, gateway)
}

/// What is written stays there, under the number of the process.
fn the_users_own_store_takes_a_run() {
    let store = gateway::store_of_the_user().expect("SOHOA_S3_OUTPUT: see tests/harness/gateway");
    let mut world = World::with_samples(&["--dossiers", "1"]);
    let output = format!("{}/t{}", store.trim_end_matches('/'), std::process::id());
    world.use_addresses("samples/scans", &output, Vec::new());
    let checked = world.sohoa(&["check", "--output", &output]);
    assert!(checked.stdout.contains("creates atomically"), "{}{}", checked.stdout, checked.stderr);
    let first = world.run(&[]);
    assert_eq!(first.exit, 0, "{}", first.stderr);
    assert_eq!(world.number("select count(*) as n from documents"), documents(&world));
    let again = world.run(&[]);
    assert_eq!(again.count("documents", "skipped") as i64, documents(&world));
    world.audit();
}

fn documents(world: &World) -> i64 {
    json_lines(&world.path("samples/truth.jsonl")).len() as i64
}

/// The objects of the output but for the leases, of which each run has its own.
fn results(world: &World) -> Vec<(PathBuf, u64)> {
    let objects = world.files("buckets/records").into_iter();
    objects.filter(|(path, _)| !path.components().any(|part| part.as_os_str() == "locks")).collect()
}

fn what_a_folder_gives_a_bucket_gives() {
    let (world, _gateway) = on_s3("2");
    let first = world.run(&[]);
    assert_eq!(first.exit, 0, "{}", first.stderr);
    assert_eq!(first.count("documents", "published") as i64, documents(&world));
    assert_eq!(world.number("select count(*) as n from documents"), documents(&world));
    world.audit();
    let one = world.query("select document_uid, object_uri from documents limit 1").remove(0);
    let uid = one["document_uid"].as_str().unwrap();
    let found = world.sohoa(&["find", "--output", "s3://records/out", "--json", uid]);
    assert_eq!(found.exit, 0, "{}", found.stderr);
    let found: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
    let link = format!("s3://records/out/{}", one["object_uri"].as_str().unwrap());
    assert_eq!(found["hits"][0]["link"].as_str(), Some(link.as_str()));
    let objects = results(&world);
    let again = world.run(&[]);
    assert_eq!(again.count("documents", "skipped") as i64, documents(&world));
    assert_eq!(results(&world), objects, "a second run wrote something");
}

fn killed_in_the_middle_it_completes() {
    let (world, _gateway) = on_s3("2");
    for objects in [3, 12] {
        let before = world.files("buckets/records").len();
        let mut child =
            world.start(&["run", "--input", "s3://scans", "--output", "s3://records/out"]);
        let mut ended = false;
        wait_until("objects of this round", || {
            ended = child.try_wait().unwrap().is_some();
            ended || world.files("buckets/records").len() >= before + objects
        });
        if !ended {
            signal(&child, "KILL");
            child.wait().unwrap();
        }
    }
    let last = world.run(&[]);
    assert_eq!(last.exit, 0, "{}", last.stderr);
    assert_eq!(world.number("select count(*) as n from documents"), documents(&world));
    world.audit();
}

fn two_runs_at_once_publish_once() {
    let (world, _gateway) = on_s3("2");
    let arguments = ["run", "--input", "s3://scans", "--output", "s3://records/out"];
    let mut runs = [world.start(&arguments), world.start(&arguments)];
    for run in &mut runs {
        // One of them may lose a race for a table and stop; nothing may be lost or doubled by it.
        run.wait().unwrap();
    }
    let last = world.run(&[]);
    assert_eq!(last.exit, 0, "{}", last.stderr);
    assert_eq!(world.number("select count(*) as n from documents"), documents(&world));
    assert_eq!(world.number("select max(version) as n from documents"), 1);
    world.audit();
}

fn a_wrong_key_or_bucket_stops() {
    let (mut world, gateway) = on_s3("1");
    world.use_addresses("s3://scans", "s3://nowhere/out", gateway.environment());
    let ran = world.run(&[]);
    assert_eq!(ran.exit, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("bucket"), "{}", ran.stderr);

    let mut wrong = gateway.environment();
    "not the secret".clone_into(&mut wrong[1].1);
    world.use_addresses("s3://scans", "s3://records/out", wrong);
    let ran = world.run(&[]);
    assert_eq!(ran.exit, 2, "{}", ran.stderr);
    assert!(ran.stderr.len() < 1500 && !ran.stderr.contains("not the secret"), "{}", ran.stderr);
    assert!(world.files("buckets/records/out").is_empty());
}
