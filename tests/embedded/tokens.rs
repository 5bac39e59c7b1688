//! The agency's key in a token (SoftHSM2), as `sohoa check`, `sign` and `run` use it.

use std::{fs, process::Command, sync::atomic::Ordering};

use chrono::{TimeDelta, Utc};

use crate::{
    pki::AGENCY,
    scene::Scene,
    support::{Ran, World},
};

const LIBRARY: &str = "/usr/lib/softhsm/libsofthsm2.so";
const PIN: &str = "2468";

fn ran(program: &str, world: &World, arguments: &[&str]) {
    let ran = Command::new(program)
        .args(arguments)
        .env("SOFTHSM2_CONF", world.path("softhsm2.conf"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{program} {arguments:?}: {told}");
}

/// The throw-away authority's key, moved into a token without its certificate.
fn world_with_token() -> (World, String) {
    let mut world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    let first = world.run(&[]);
    assert_eq!(first.exit, 0, "{}", first.stderr);
    let document = world.named("out/documents", "document.pdf")[0].to_str().unwrap().to_owned();
    let key = world.named("data", "test-key.pem")[0].clone();
    move_into_token(&mut world, key.to_str().unwrap());
    (world, document)
}

fn move_into_token(world: &mut World, key: &str) {
    fs::create_dir(world.path("tokens")).unwrap();
    let settings = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
        world.path("tokens").display()
    );
    let settings = world.write("softhsm2.conf", &settings);
    world.set("SOFTHSM2_CONF", &settings);
    world.set("SOHOA_PIN", PIN);
    let made = ["--init-token", "--free", "--label", "agency", "--so-pin", "13579", "--pin", PIN];
    ran("softhsm2-util", world, &made);
    let key = ["--import", key, "--label", "key", "--id", "01"];
    let into = ["--token", "agency", "--pin", PIN];
    ran("softhsm2-util", world, &[&key[..], &into].concat());
}

fn config(world: &World, further: &str) -> String {
    let file = |name: &str| world.named("data", name)[0].display().to_string();
    let text = format!(
        "[sign]\nroots = [\"{}\"]\nchain = \"{}\"\n[sign.pkcs11]\nlibrary = \"{LIBRARY}\"\n\
         token = \"agency\"\nkey = \"key\"\n{further}\n[release]\ndelegation = \"QĐ 1/UBND\"\n",
        file("test-root.pem"),
        file("test-chain.pem"),
    );
    world.write("sohoa.toml", &text)
}

fn sign(world: &World, document: &str, config: &str) -> Ran {
    let places = ["--output", "signed.pdf", "--force", "--json", "--config", config];
    world.sohoa(&[&["sign", document][..], &places].concat())
}

#[test]
fn a_key_in_a_token_signs_by_hand_and_in_a_run() {
    let (world, document) = world_with_token();
    let config = config(&world, "pin = \"env:SOHOA_PIN\"");
    let checked = world.sohoa(&["check", "--config", &config]);
    assert_eq!(checked.exit, 0, "{}", checked.stdout);
    for part in ["token `agency`", "CKM_ECDSA", "it signs by ECDSA P-256"] {
        assert!(checked.stdout.contains(part), "{}", checked.stdout);
    }
    assert!(!checked.stdout.contains(PIN), "a PIN is shown");
    let signed = sign(&world, &document, &config);
    assert_eq!(signed.exit, 0, "{}", signed.stderr);
    assert_eq!(world.sohoa(&["verify", "signed.pdf", "--config", &config]).exit, 0);
    let again = ["run", "--input", "samples/scans", "--output", "by-token", "--config", &config];
    let run = world.sohoa(&again);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert_eq!(world.named("by-token/documents", "document.pdf").len(), 1);
}

/// Policy goes before the PIN, and a PIN that was refused is not sent again, not even by the next
/// start.
#[test]
fn a_wrong_pin_is_sent_once_and_none_for_a_certificate_that_may_not_sign() {
    let (mut world, document) = world_with_token();
    world.set("SOHOA_PIN", "1111");
    let wrong = config(&world, "pin = \"env:SOHOA_PIN\"");
    let text = fs::read_to_string(world.path("sohoa.toml")).unwrap();
    let others = "[[sign.agencies]]\ncode = \"H08.13\"\n[agency]\ncode = \"H08.13\"\n";
    let forbidden = world.write("other.toml", &format!("{text}\n{others}"));
    let refused = sign(&world, &document, &forbidden);
    assert_eq!(refused.exit, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("custodian agency"), "{}", refused.stderr);
    for said in ["refused the PIN", "the last PIN it was given was wrong"] {
        let refused = sign(&world, &document, &wrong);
        assert_eq!(refused.exit, 2, "{}", refused.stderr);
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
        assert!(!refused.stderr.contains("1111"), "a PIN is shown");
    }
    // Whoever logs in rightly clears the token's own count; the refused PIN is known all the same.
    let login = ["--module", LIBRARY, "--token-label", "agency", "--login", "--pin", PIN];
    ran("pkcs11-tool", &world, &[&login[..], &["--list-objects"]].concat());
    let refused = sign(&world, &document, &wrong);
    assert_eq!(refused.exit, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("refused before"), "{}", refused.stderr);
    world.set("SOHOA_PIN", PIN);
    assert_eq!(sign(&world, &document, &wrong).exit, 0, "a corrected PIN is another one");
    let plain = config(&world, "pin = \"2468\"");
    let refused = sign(&world, &document, &plain);
    assert_eq!(refused.exit, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("sign.pkcs11.pin must be"), "{}", refused.stderr);
}

/// Whether a certificate stands is asked before its key is touched: a PIN that is wrong, which the token
/// would count and say so, is never sent.
#[test]
fn no_pin_is_used_for_a_certificate_that_was_revoked_or_may_have_been() {
    let mut scene = Scene::new(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    let key = scene.world.path("key.pem");
    move_into_token(&mut scene.world, key.to_str().unwrap());
    scene.world.set("SOHOA_PIN", "1111");
    let text = format!(
        "[agency]\ncode = \"H08.12\"\n[[sign.agencies]]\ncode = \"H08.12\"\n\
         names = [\"Sở Thử nghiệm tỉnh Mẫu\"]\n[store]\nretry_seconds = 1\n\
         [release]\ndelegation = \"QĐ 1/UBND\"\n\
         [sign]\nchain = \"chain.pem\"\nroots = [\"root.pem\"]\n[sign.pkcs11]\n\
         library = \"{LIBRARY}\"\ntoken = \"agency\"\nkey = \"key\"\npin = \"env:SOHOA_PIN\"\n"
    );
    let world = &scene.world;
    let config = world.write("token.toml", &text);
    assert_eq!(world.sohoa(&["run", "--input", "samples/scans", "--output", "plain"]).exit, 0);
    let document = world.named("plain/documents", "document.pdf")[0].to_str().unwrap().to_owned();
    let commands = || {
        [world.sohoa(&["check", "--config", &config]), sign(world, &document, &config)]
            .into_iter()
            .chain([world.run(&["--config", &config])])
            .map(|ran| (ran.exit, ran.stdout + &ran.stderr))
    };
    scene.silent.store(true, Ordering::SeqCst);
    let (exits, said): (Vec<_>, Vec<_>) = commands().unzip();
    assert_eq!(exits, [4, 4, 0], "a run holds what it cannot sign");
    assert!(!said.concat().contains("refused the PIN"), "{said:?}");
    assert!(said[0].contains("not tried out"), "{}", said[0]);
    scene.silent.store(false, Ordering::SeqCst);
    scene.pki.revoke(AGENCY, Utc::now() - TimeDelta::hours(1), Some(1));
    for (exit, said) in commands() {
        assert_eq!(exit, 2, "{said}");
        assert!(said.contains("was revoked") && !said.contains("refused the PIN"), "{said}");
    }
    assert!(world.files("data/sohoa/refused-pins").is_empty());
}
