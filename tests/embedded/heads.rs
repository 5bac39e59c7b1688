//! Signed heads of the audit trail, and the authorities of who signed them.

use std::sync::atomic::Ordering;

use chrono::{TimeDelta, Utc};
use serde_json::Value;

use crate::{pki::AGENCY, scene::Scene, support::World};

#[test]
fn a_trail_under_test_heads_proves_nothing_beside_a_real_key() {
    let scene = Scene::new(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    assert_eq!(scene.world.run(&[]).exit, 0);
    let config = scene.config("");
    let heads = || {
        let report: Value = serde_json::from_str(&scene.audit(&["--json"]).stdout).unwrap();
        let trail = &report["provinces"][0];
        ["signed_heads", "stamped_heads", "test_heads"].map(|key| trail[key].as_u64().unwrap())
    };
    assert_eq!(heads(), [0, 0, 1]);
    let said = scene.audit(&[]).stdout;
    assert!(said.contains("TEST: 1 heads") && said.contains("a cut tail would not show"), "{said}");
    // A document later, the real key seals everything.
    assert_eq!(scene.world.run(&["--config", &config, "--reprocess", "all"]).exit, 0);
    let signed = scene.audit(&["--sign-head"]);
    assert_eq!((signed.exit, heads()), (0, [1, 1, 1]), "{}", signed.stdout);
    assert!(scene.audit(&[]).stdout.contains("1 of 1 heads have a time-stamp"));
    // The token is the last of the message, and its signature the last of the token.
    let head = scene.world.named("out/evidence", "00000002.p7m").remove(0);
    let mut message = std::fs::read(&head).unwrap();
    *message.last_mut().unwrap() ^= 1;
    std::fs::write(&head, message).unwrap();
    let broken = scene.audit(&[]);
    assert_eq!(broken.exit, 6);
    assert!(broken.stdout.contains("its time-stamp does not hold"), "{}", broken.stdout);
}

#[test]
fn a_head_by_a_revoked_certificate_is_not_believed_and_an_unasked_one_is_told() {
    let scene = Scene::new(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    let config = scene.config("");
    assert_eq!(scene.world.run(&["--config", &config]).exit, 0);
    let heads = || {
        let report: Value = serde_json::from_str(&scene.audit(&["--json"]).stdout).unwrap();
        let trail = &report["provinces"][0];
        ["signed_heads", "stamped_heads", "unproven_heads", "unasked_heads", "problems_total"]
            .map(|key| trail[key].as_u64().unwrap())
    };
    assert_eq!((scene.audit(&[]).exit, heads()), (0, [1, 1, 0, 0, 0]));

    // Nobody answers, and nothing of what was said is kept.
    scene.silent.store(true, Ordering::SeqCst);
    std::fs::remove_dir_all(scene.world.path("data/sohoa/evidence")).unwrap();
    let unasked = scene.audit(&[]);
    assert_eq!((unasked.exit, heads()), (0, [1, 1, 0, 1, 0]), "{}", unasked.stdout);
    assert!(unasked.stdout.contains("WARNING: of the signers of 1 heads"), "{}", unasked.stdout);
    assert!(unasked.stdout.contains("503"), "{}", unasked.stdout);

    // The key had been stolen before it signed the head.
    scene.silent.store(false, Ordering::SeqCst);
    scene.pki.revoke(AGENCY, Utc::now() - TimeDelta::hours(1), Some(1));
    let revoked = scene.audit(&[]);
    assert_eq!((revoked.exit, heads()), (6, [0, 0, 0, 0, 1]), "{}", revoked.stdout);
    assert!(revoked.stdout.contains("00000001.p7m"), "{}", revoked.stdout);
    assert!(revoked.stdout.contains("its signer was revoked at"), "{}", revoked.stdout);
    assert_eq!(scene.audit(&["--sign-head"]).exit, 6, "nothing is signed over it");
}

/// Whoever gets at the store could have another agency's key, and write the whole trail anew.
#[test]
fn another_agency_s_head_vouches_for_nothing() {
    let world =
        World::with_samples(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    let config = |name: &str, text: &str| world.write(name, &format!("[agency]\n{text}\n"));
    let other = config("other.toml", "name = \"Sở Khác\"");
    assert_eq!(world.run(&["--config", &other]).exit, 0);
    let audit =
        |config: &str| world.sohoa(&["audit", "--output", "out", "--events", "--config", config]);
    assert_eq!(audit(&other).exit, 0);
    let own = audit(&config("own.toml", "name = \"Sở Ta\""));
    assert_eq!(own.exit, 6, "{}", own.stdout);
    assert!(own.stdout.contains("PROBLEM") && own.stdout.contains("custodian agency"));
    // It was called that before.
    let names = "code = \"H08.12\"\nname = \"Sở Ta\"\n[[sign.agencies]]\ncode = \"H08.12\"\n\
                 names = [\"Sở Ta\", \"Sở Khác\"]";
    let renamed = audit(&config("renamed.toml", names));
    assert_eq!(renamed.exit, 0, "{}", renamed.stdout);
}
