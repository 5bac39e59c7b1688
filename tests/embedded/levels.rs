//! Levels above B-T: evidence and time-stamps of authorities that answer over HTTP, or do not.

use std::{
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use serde_json::Value;

use crate::{
    pki::{AGENCY, Network, Pki},
    stamps::{response, serve},
    support::{Ran, World, signal, wait_until},
};

/// Days within which every certificate of a signer ends, and none of the time-stamp authority.
const ONLY_SIGNERS_END: &str = "1200";

/// Authorities on loopback, and a world whose agency signs under them.
struct Scene {
    world: World,
    pki: Arc<Pki>,
    /// Neither responder nor list answers.
    silent: Arc<AtomicBool>,
    /// Time-stamps given.
    stamped: Arc<AtomicUsize>,
    stamps: String,
}

impl Scene {
    fn new(samples: &[&str]) -> Self {
        let world = World::with_samples(samples);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let pki = Pki::at(&format!("http://{}", listener.local_addr().unwrap()));
        let silent = Arc::new(AtomicBool::new(false));
        Network::of(&pki).serve_while(listener, {
            let silent = Arc::clone(&silent);
            move || !silent.load(Ordering::SeqCst)
        });
        let stamped = Arc::new(AtomicUsize::new(0));
        let stamps = serve({
            let (pki, stamped) = (Arc::clone(&pki), Arc::clone(&stamped));
            move |query| {
                stamped.fetch_add(1, Ordering::SeqCst);
                response("200 OK", &pki.stamps.reply(query))
            }
        });
        let (key, chain) = pki.agency_files(AGENCY);
        world.write("key.pem", &key);
        world.write("chain.pem", &chain);
        world.write("root.pem", &pki.root_pem());
        Self { world, pki, silent, stamped, stamps }
    }

    /// A configuration file with this in its `[sign]`.
    fn config(&self, sign: &str) -> String {
        let text = format!(
            "[sign]\nkey = \"key.pem\"\nchain = \"chain.pem\"\nroots = [\"root.pem\"]\n\
             timestamp_url = \"{}\"\n{sign}\n[release]\ndelegation = \"QĐ 1/UBND\"\n\
             [agency]\ncode = \"H08.12\"\n[[sign.agencies]]\ncode = \"H08.12\"\n\
             names = [\"Sở Thử nghiệm tỉnh Mẫu\"]\n\
             [store]\nretry_seconds = 1\n[index]\ncommit_documents = 2\n",
            self.stamps
        );
        self.world.write("sohoa.toml", &text)
    }

    fn timestamp(&self, further: &[&str]) -> Ran {
        let command = ["timestamp", "--output", "out", "--config", "sohoa.toml", "--json"];
        self.world.sohoa(&[&command[..], further].concat())
    }

    /// The levels of the current signatures, by role.
    fn levels(&self) -> Vec<(String, String)> {
        let rows = self.world.query(
            "select s.role, s.pades_level from documents d join signatures s \
             on s.source_uid = d.source_uid and s.version = d.version order by 1, 2",
        );
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        rows.iter().map(|row| (text(row, "role"), text(row, "pades_level"))).collect()
    }
}

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
    scene.pki.revoke(AGENCY, chrono::Utc::now() - chrono::TimeDelta::hours(1), Some(1));
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
fn a_trail_under_test_heads_proves_nothing_beside_a_real_key() {
    let scene = Scene::new(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    assert_eq!(scene.world.run(&[]).exit, 0);
    let config = scene.config("");
    let audit = |further: &[&str]| {
        let command = ["audit", "--output", "out", "--events", "--config", &config];
        scene.world.sohoa(&[&command[..], further].concat())
    };
    let heads = || {
        let report: Value = serde_json::from_str(&audit(&["--json"]).stdout).unwrap();
        let trail = &report["provinces"][0];
        ["signed_heads", "stamped_heads", "test_heads"].map(|key| trail[key].as_u64().unwrap())
    };
    assert_eq!(heads(), [0, 0, 1]);
    let said = audit(&[]).stdout;
    assert!(said.contains("TEST: 1 heads") && said.contains("a cut tail would not show"), "{said}");
    // A document later, the real key seals everything.
    assert_eq!(scene.world.run(&["--config", &config, "--reprocess", "all"]).exit, 0);
    let signed = audit(&["--sign-head"]);
    assert_eq!((signed.exit, heads()), (0, [1, 1, 1]), "{}", signed.stdout);
    assert!(audit(&[]).stdout.contains("1 of 1 heads have a time-stamp"));
    // The token is the last of the message, and its signature the last of the token.
    let head = scene.world.named("out/evidence", "00000002.p7m").remove(0);
    let mut message = std::fs::read(&head).unwrap();
    *message.last_mut().unwrap() ^= 1;
    std::fs::write(&head, message).unwrap();
    let broken = audit(&[]);
    assert_eq!(broken.exit, 6);
    assert!(broken.stdout.contains("its time-stamp does not hold"), "{}", broken.stdout);
}
