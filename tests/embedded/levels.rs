//! Levels above B-T: evidence and time-stamps of authorities that answer over HTTP, or do not.

use std::{os::unix::fs::PermissionsExt as _, process::Command, sync::atomic::Ordering};

use chrono::{TimeDelta, Utc};
use serde_json::Value;
use sohoa_sign::verify::Verdict;

use crate::{
    pki::{AGENCY, STAMPS_END},
    scene::Scene,
    support::{Ran, signal, wait_until},
};

/// Days within which every certificate of a signer ends, and none of the time-stamp authority.
const ONLY_SIGNERS_END: &str = "1200";

fn pairs(of: &[(&str, &str, usize)]) -> Vec<(String, String)> {
    let each = |(role, level, count): &(&str, &str, usize)| {
        vec![((*role).to_owned(), (*level).to_owned()); *count]
    };
    of.iter().flat_map(each).collect()
}

/// The counts that end an answer.
fn counts(ran: &Ran) -> Value {
    serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap()
}

#[test]
fn what_lacks_its_evidence_waits_for_it() {
    let scene = Scene::new(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    let config = scene.config("level = \"B-LTA\"");
    scene.silent.store(true, Ordering::SeqCst);
    let held = scene.world.run(&["--config", &config]);
    assert_eq!((held.exit, held.count("documents", "held")), (0, 1), "{}", held.stderr);
    let listed = scene.world.sohoa(&["release", "list", "--output", "out", "--json"]);
    assert!(listed.stdout.contains("\"waiting_for\":\"evidence\""), "{}", listed.stdout);
    scene.silent.store(false, Ordering::SeqCst);
    let key = scene.world.path("key.pem");
    let checked = scene.world.sohoa(&["check", "--config", &config]).stdout;
    assert!(checked.contains("everybody on this machine can read"), "{checked}");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let checked = scene.world.sohoa(&["check", "--config", &config]).stdout;
    assert!(!checked.contains("everybody"), "{checked}");
    let run = scene.world.run(&["--config", &config]);
    assert_eq!((run.exit, run.count("documents", "published")), (0, 1), "{}", run.stderr);
    assert_eq!(scene.levels(), pairs(&[("agency_copy", "B-LTA", 1), ("timestamp_doc", "B-LT", 1)]));
    let pdf = scene.world.named("out/documents", "document.pdf")[0].clone();
    let pdf = pdf.to_str().unwrap();
    let verified = scene.world.sohoa(&["verify", pdf, "--config", &config]);
    assert_eq!(verified.exit, 0, "{}", verified.stdout);
    scene.world.audit();

    // Who is revoked signs nothing more.
    scene.pki.revoke(AGENCY, Utc::now() - TimeDelta::hours(1), Some(1));
    std::fs::remove_dir_all(scene.world.path("data/sohoa/evidence")).unwrap();
    let refused = scene.world.sohoa(&["check", "--config", &config]);
    assert_eq!(refused.exit, 2, "{}", refused.stdout);
    assert!(refused.stdout.contains("was revoked"), "{}", refused.stdout);
}

#[test]
fn an_archive_is_raised_killed_in_between_and_renewed() {
    let scene = Scene::new(&["--dossiers", "2", "--documents", "3", "--formats", "tiff-g4"]);
    scene.config("level = \"B-LTA\"\nwithout_evidence = \"lower\"");
    let world = &scene.world;
    scene.silent.store(true, Ordering::SeqCst);
    let run = world.run(&["--config", "sohoa.toml"]);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let all = run.count("documents", "published") as usize;
    assert!(all >= 5, "{all}");
    assert_eq!(scene.levels(), pairs(&[("agency_copy", "B-T", all)]));
    let finding = "select observed, expected, s.pades_level from findings f join signatures s \
                   on f.subject_uid = s.signature_uid where f.code = 'Q10_LEVEL_LOWER'";
    let findings = world.query(finding);
    assert_eq!(findings.len(), all);
    assert!(findings[0]["observed"].as_str().unwrap().contains("503"), "{}", findings[0]);
    assert_eq!(findings[0]["expected"], "B-LTA");

    let silent = scene.timestamp(&["--limit", "1"]);
    assert_eq!(silent.exit, 4, "{}", silent.stderr);
    scene.silent.store(false, Ordering::SeqCst);
    let dry = scene.timestamp(&["--dry-run", "--limit", "2"]);
    assert_eq!((dry.exit, counts(&dry)["documents"].as_u64()), (0, Some(2)), "{}", dry.stderr);
    let none = scene.timestamp(&["--dry-run", "--month", "1999-01"]);
    assert_eq!(counts(&none)["documents"], 0);
    let one = scene.timestamp(&["--limit", "1"]);
    assert_eq!((one.exit, counts(&one)["raised"].as_u64()), (0, Some(1)), "{}", one.stderr);

    // Killed between two records: some are published, and the index has not heard of all of them.
    let of_version = |version: &str| {
        let records = world.named("out/documents", "record.json").into_iter();
        records.filter(|path| path.parent().unwrap().ends_with(version)).count()
    };
    let command = ["timestamp", "--output", "out", "--config", "sohoa.toml"];
    let mut child = world.start(&command);
    wait_until("a second raised record", || of_version("v2") > 1);
    signal(&child, "KILL");
    child.wait().unwrap();
    let rest = scene.timestamp(&[]);
    assert_eq!(rest.exit, 0, "{}", rest.stderr);
    assert_eq!(of_version("v2"), all);
    assert_eq!(of_version("v3"), 0, "none was raised twice");
    let archived = pairs(&[("agency_copy", "B-LTA", all), ("timestamp_doc", "B-LT", all)]);
    assert_eq!(scene.levels(), archived);
    // Each was signed once and raised once; who stamped it stands with the raising.
    let told = |action: &str| {
        world.number(&format!("select count(*) as n from events where action = '{action}'"))
            as usize
    };
    assert_eq!((told("signed"), told("raised")), (all, all));
    let stamped = "select count(*) as n from events where action = 'raised' \
                   and strpos(details, '\"level\":\"B-LTA\"') > 0 \
                   and strpos(details, '\"stamped_by\":\"stamp\"') > 0";
    assert_eq!(world.number(stamped) as usize, all);
    let open = "select count(*) as n from documents d join findings f \
                on f.source_uid = d.source_uid and f.version = d.version \
                where f.code = 'Q10_LEVEL_LOWER'";
    assert_eq!(world.number(open), 0);
    world.audit();
    let again = scene.timestamp(&[]);
    assert_eq!((again.exit, counts(&again)["documents"].as_u64()), (0, Some(0)));

    // A stamp that ends with the authority's own certificate is not renewed by the same one.
    let same = scene.timestamp(&["--within", "20000", "--dry-run"]);
    assert_eq!(counts(&same)["documents"], 0);
    assert!(scene.stamped.load(Ordering::SeqCst) >= 2 * all);
}

#[test]
fn a_certificate_that_names_nobody_signs_only_where_the_configuration_says_so() {
    let scene = Scene::new(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    let (key, chain) = scene.pki.agency_files_naming_nobody(AGENCY);
    scene.world.write("key.pem", &key);
    scene.world.write("chain.pem", &chain);
    for sign in ["level = \"B-T\"", "level = \"B-LT\"\nwithout_evidence = \"lower\""] {
        let config = scene.config(sign);
        let refused = scene.world.run(&["--config", &config]);
        assert_eq!(refused.exit, 2, "{}", refused.stderr);
        assert!(refused.stderr.contains("names no responder"), "{}", refused.stderr);
        assert!(refused.stderr.contains("sign.without_evidence"), "{}", refused.stderr);
        assert_eq!(scene.world.sohoa(&["check", "--config", &config]).exit, 2);
    }
    assert_eq!(scene.stamped.load(Ordering::SeqCst), 2, "by the checks alone");
    let config = scene.config("level = \"B-T\"\nwithout_evidence = \"lower\"");
    let checked = scene.world.sohoa(&["check", "--config", &config]);
    assert_eq!(checked.exit, 0, "{}", checked.stdout);
    assert!(checked.stdout.contains("WARNING: the certificate of"), "{}", checked.stdout);
    let run = scene.world.run(&["--config", &config]);
    assert_eq!((run.exit, run.count("documents", "published")), (0, 1), "{}", run.stderr);
    assert!(run.stderr.contains("nobody can be asked"), "{}", run.stderr);
    assert_eq!(scene.levels(), pairs(&[("agency_copy", "B-T", 1)]));
    let found = scene.world.query(
        "select f.code, f.observed from findings f join signatures s \
         on f.subject_uid = s.signature_uid",
    );
    assert_eq!(found.len(), 1, "it is of its level: {found:?}");
    assert_eq!(found[0]["code"], "Q12_REVOCATION_UNKNOWN");
    assert!(found[0]["observed"].as_str().unwrap().contains("names no responder"), "{found:?}");
}

#[test]
fn a_stamped_signature_is_archived_before_its_certificates_end() {
    let scene = Scene::new(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    let config = scene.config("level = \"B-T\"");
    let world = &scene.world;
    assert_eq!(world.run(&["--config", &config]).exit, 0);
    let seen = || -> Value {
        let text = std::fs::read_to_string(world.path("out/evidence/stamps.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    // Neither ends within half a year.
    let early = scene.timestamp(&[]);
    assert_eq!(
        (early.exit, counts(&early)["documents"].as_u64()),
        (0, Some(0)),
        "{}",
        early.stderr
    );
    let first = seen()["first_end"].as_str().unwrap().to_owned();
    let ends = world.query("select cast(cert_not_after as varchar) as ends from signatures");
    assert_eq!(ends[0]["ends"].as_str().unwrap()[..10], first[..10]);
    // The signer's ends within these days and the authority's does not: archived, though B-T is wanted.
    let archived = scene.timestamp(&["--within", ONLY_SIGNERS_END]);
    assert_eq!((archived.exit, counts(&archived)["renewed"].as_u64()), (0, Some(1)));
    assert_eq!(scene.levels(), pairs(&[("agency_copy", "B-LTA", 1), ("timestamp_doc", "B-LT", 1)]));
    let again = scene.timestamp(&["--within", ONLY_SIGNERS_END]);
    assert_eq!((again.exit, counts(&again)["documents"].as_u64()), (0, Some(0)));
    let last = seen()["first_end"].as_str().unwrap().to_owned();
    assert!(last > first, "{last} {first}");
    // The authority's own ends within these days, and no other is there to stamp.
    let waiting = scene.timestamp(&["--within", "3000"]);
    assert_eq!(waiting.exit, 6, "{}", waiting.stderr);
    assert_eq!(counts(&waiting)["waiting"], 1, "{}", waiting.stdout);
    assert!(waiting.stderr.contains("own certificate ends on"), "{}", waiting.stderr);
    let part = scene.timestamp(&["--within", "3000", "--month", "1999-01"]);
    assert_eq!((part.exit, counts(&part)["waiting"].as_u64()), (0, Some(0)), "{}", part.stderr);
    assert_eq!(seen()["first_end"], last.as_str());
}

/// Its authority's certificate ends long before the signer's own: whoever looks at that alone comes too
/// late.
#[test]
fn a_stamped_signature_is_archived_before_its_stamp_s_certificate_ends() {
    let scene = Scene::new(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    let config = scene.config("level = \"B-T\"");
    let world = &scene.world;
    scene.ending.store(true, Ordering::SeqCst);
    assert_eq!(world.run(&["--config", &config]).exit, 0);
    assert_eq!(scene.levels(), pairs(&[("agency_copy", "B-T", 1)]));
    let soon = Utc::now() + TimeDelta::days(STAMPS_END);
    let ends = format!(
        "select count(*) as n from signatures where tsa_not_after <= timestamp '{}' \
         and cert_not_after > tsa_not_after",
        soon.format("%Y-%m-%dT%H:%M:%S")
    );
    assert_eq!(world.number(&ends), 1, "its stamp ends first");
    let long_after = Utc::now() + TimeDelta::days(1500);
    assert_eq!(scene.judged(long_after).verdict, Verdict::IndeterminateRevocation);
    // While the authority has no newer certificate, a new stamp would end no later than this one.
    let waiting = scene.timestamp(&[]);
    assert_eq!((waiting.exit, counts(&waiting)["waiting"].as_u64()), (6, Some(1)));
    assert_eq!(counts(&waiting)["documents"], 0, "{}", waiting.stdout);

    scene.ending.store(false, Ordering::SeqCst);
    let early = scene.timestamp(&["--dry-run", "--within", "30"]);
    assert_eq!((early.exit, counts(&early)["documents"].as_u64()), (0, Some(0)));
    let dry = scene.timestamp(&["--dry-run"]);
    assert!(dry.stdout.contains("\"to\":\"renew\""), "{}", dry.stdout);
    let archived = scene.timestamp(&[]);
    assert_eq!(
        (archived.exit, counts(&archived)["renewed"].as_u64()),
        (0, Some(1)),
        "{}",
        archived.stderr
    );
    assert_eq!(scene.levels(), pairs(&[("agency_copy", "B-LTA", 1), ("timestamp_doc", "B-LT", 1)]));
    // Both certificates under the signature have ended by then, and nobody is asked.
    let report = scene.judged(long_after);
    assert_eq!((report.verdict, report.signatures.len()), (Verdict::Ok, 2), "{report:#?}");
    for pdf in world.named("out/documents", "document.pdf") {
        let verify = ["verify", pdf.to_str().unwrap(), "--config", &config];
        let raised = pdf.to_str().unwrap().contains("/v2/");
        // The version before holds no evidence; it is not the record any more.
        assert_eq!(world.sohoa(&verify).exit, if raised { 0 } else { 6 }, "{}", pdf.display());
    }
    let again = scene.timestamp(&[]);
    assert_eq!((again.exit, counts(&again)["documents"].as_u64()), (0, Some(0)));
    world.audit();
}

#[test]
fn where_nobody_can_be_asked_a_signature_is_stamped_before_its_certificate_ends() {
    let scene = Scene::new(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    let (key, chain) = scene.pki.agency_files_naming_nobody(AGENCY);
    scene.world.write("key.pem", &key);
    scene.world.write("chain.pem", &chain);
    let config = scene.config("level = \"B-B\"\nwithout_evidence = \"lower\"");
    assert_eq!(scene.world.run(&["--config", &config]).exit, 0);
    assert_eq!(scene.levels(), pairs(&[("agency_copy", "B-B", 1)]));
    scene.config("level = \"B-T\"\nwithout_evidence = \"lower\"");
    let stamped = scene.timestamp(&["--within", ONLY_SIGNERS_END]);
    assert_eq!((stamped.exit, counts(&stamped)["raised"].as_u64()), (0, Some(1)));
    assert_eq!(scene.levels(), pairs(&[("agency_copy", "B-T", 1), ("timestamp_doc", "B-T", 1)]));
}

#[test]
fn what_a_throw_away_key_signed_is_raised_only_where_that_is_asked_for() {
    let scene = Scene::new(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    assert_eq!(scene.world.run(&[]).exit, 0);
    scene.config("level = \"B-T\"");
    let left_out = scene.timestamp(&[]);
    assert_eq!(left_out.exit, 0, "{}", left_out.stderr);
    let told = ["documents", "left_out"].map(|key| counts(&left_out)[key].as_u64());
    assert_eq!(told, [Some(0), Some(1)], "{}", left_out.stdout);
    let command = ["timestamp", "--output", "out", "--config", "sohoa.toml", "--dry-run"];
    let said = scene.world.sohoa(&command).stdout;
    assert!(said.contains("TEST: 1 records") && said.contains("--test-keys"), "{said}");
    let raised = scene.timestamp(&["--test-keys"]);
    let told = ["raised", "left_out"].map(|key| counts(&raised)[key].as_u64());
    assert_eq!((raised.exit, told), (0, [Some(1), Some(0)]), "{}", raised.stderr);
    assert_eq!(scene.levels(), pairs(&[("agency_copy", "B-T", 1), ("timestamp_doc", "B-T", 1)]));
}

/// What was asked before the key was used is kept for the day on which nobody says it any more.
#[test]
fn what_the_authorities_said_before_signing_is_kept_and_raises_the_record_later() {
    let scene = Scene::new(&["--dossiers", "1", "--documents", "2", "--formats", "tiff-g4"]);
    let config = scene.config("level = \"B-T\"");
    let world = &scene.world;
    assert_eq!(world.run(&["--config", &config]).exit, 0);
    let kept = || {
        let rows = world.query(
            "select distinct s.evidence_uri, s.pades_level from documents d join signatures s \
             on s.source_uid = d.source_uid and s.version = d.version",
        );
        assert_eq!(rows.len(), 1, "one answer serves all: {rows:?}");
        rows[0]["evidence_uri"].as_str().unwrap().to_owned()
    };
    let key = kept();
    assert!(key.starts_with("evidence/revocation/"), "{key}");
    let bundle = world.path("out").join(&key);
    let printed = Command::new("openssl")
        .args(["cms", "-cmsout", "-print", "-inform", "DER", "-in"])
        .arg(&bundle)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    assert!(printed.contains("Sở Thử nghiệm") || printed.contains("Test middle"), "{printed}");
    world.audit();

    scene.forgotten.store(true, Ordering::SeqCst);
    std::fs::remove_dir_all(world.path("data/sohoa/evidence")).unwrap();
    let away = world.path("away.p7c");
    std::fs::rename(&bundle, &away).unwrap();
    let left = scene.timestamp(&["--level", "B-LT"]);
    let told = ["raised", "left"].map(|what| counts(&left)[what].as_u64());
    assert_eq!((left.exit, told), (6, [Some(0), Some(2)]), "{}", left.stderr);
    std::fs::rename(&away, &bundle).unwrap();
    let raised = scene.timestamp(&["--level", "B-LT"]);
    let told = ["raised", "left"].map(|what| counts(&raised)[what].as_u64());
    assert_eq!((raised.exit, told), (0, [Some(2), Some(0)]), "{}", raised.stderr);
    assert_eq!(scene.levels(), pairs(&[("agency_copy", "B-LT", 2)]));
    let rows = world.query(
        "select s.evidence_uri = d.object_uri as own from documents d join signatures s \
         on s.source_uid = d.source_uid and s.version = d.version",
    );
    assert!(rows.iter().all(|row| row["own"] == true), "the file holds it itself: {rows:?}");
    world.audit();
}
