//! Policy before key: an agency's key signs what that agency keeps, while its certificate stands.

use serde_json::Value;

use crate::{scene::Scene, support::World};

const OWN: &str = "[agency]\ncode = \"H08.12\"\n[release]\nmode = \"manual\"\n";
const OTHER: &str =
    "[agency]\ncode = \"H08.13\"\nname = \"Sở Khác\"\n[release]\nmode = \"manual\"\n";

/// The samples' manifests say that H08.12 handles the dossiers.
#[test]
fn a_dossier_of_another_agency_is_refused_unless_its_records_are_kept() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    let config = |name: &str, agency: &str| world.write(name, &format!("[agency]\n{agency}\n"));
    let other = config("other.toml", "code = \"H08.13\"");
    let refused = world.run(&["--config", &other]);
    assert_eq!(refused.count("documents", "quarantined"), 1, "{}", refused.stderr);
    let codes = world.query("select code from intake");
    assert_eq!(codes[0]["code"], "Q11_OTHER_AGENCY");
    let kept = config("kept.toml", "code = \"H08.13\"\nkeeps_for = [\"000.00.12.H08\"]");
    let taken = world.run(&["--config", &kept, "--reprocess", "quarantined"]);
    assert_eq!(taken.count("documents", "published"), 1, "{}", taken.stderr);
    // Its own inventory has the paper, whoever signs for it.
    let keeper = world.query("select custodian_agency_code as code from documents");
    assert_eq!(keeper[0]["code"], "H08.12");
    let rows = world.query("select agency_code, agency_match from signatures");
    assert_eq!(
        (&rows[0]["agency_code"], &rows[0]["agency_match"]),
        (&"H08.13".into(), &true.into())
    );
    assert_eq!(world.number("select count(*) as n from findings where code like 'G_%'"), 0);
    world.audit();
}

/// Where no agency is configured, the manifest alone says who keeps a paper; it is signed all the same.
#[test]
fn a_manifest_names_the_keeper_where_the_configuration_does_not() {
    let world =
        World::with_samples(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    let config = world.write("nobody.toml", "[release]\nmode = \"manual\"\n");
    assert_eq!(world.run(&["--config", &config]).count("documents", "held"), 1);
    let command = ["release", "approve", "--all", "--by", "A", "--output", "out", "--json"];
    let ran = world.sohoa(&[&command[..], &["--config", &config]].concat());
    let said: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.exit, &said["published"]), (0, &1.into()), "{said}");
    let keeper = world.query("select custodian_agency_code as code, field_source from documents");
    assert_eq!(keeper[0]["code"], "H08.12");
    assert_eq!(keeper[0]["field_source"]["custodian_agency_code"], "manifest");
    let rows = world.query("select agency_code, agency_match from signatures");
    assert_eq!((&rows[0]["agency_code"], &rows[0]["agency_match"]), (&Value::Null, &Value::Null));
    world.audit();
}

#[test]
fn nobody_releases_what_another_agency_keeps() {
    let world =
        World::with_samples(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    let (own, other) = (world.write("own.toml", OWN), world.write("other.toml", OTHER));
    assert_eq!(world.run(&["--config", &own]).count("documents", "held"), 1);
    let approve = |config: &str| {
        let command = ["release", "approve", "--all", "--by", "A", "--output", "out", "--json"];
        let ran = world.sohoa(&[&command[..], &["--config", config]].concat());
        (ran.exit, serde_json::from_str::<Value>(&ran.stdout).unwrap())
    };
    let (exit, said) = approve(&other);
    assert_eq!((exit, &said["documents"]), (0, &0.into()), "it is not theirs to see");
    assert!(world.named("out/documents", "record.json").is_empty());
    let (exit, said) = approve(&own);
    assert_eq!((exit, &said["published"]), (0, &1.into()), "{said}");
    let rows = world.query("select agency_code, agency_match, revocation_status from signatures");
    assert_eq!(rows[0]["agency_code"], "H08.12");
    assert_eq!(rows[0]["agency_match"], true);
    assert_eq!(rows[0]["revocation_status"], "unknown");
    world.audit();
}

/// What was held by an agency that was taken over is signed by its heir.
#[test]
fn an_heir_signs_what_the_agency_before_it_held() {
    let world =
        World::with_samples(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    let own = world.write("own.toml", OWN);
    assert_eq!(world.run(&["--config", &own]).count("documents", "held"), 1);
    let text = "[agency]\ncode = \"H08.13\"\nkeeps_for = [\"H08.12\"]\n";
    let delegated = world.write("delegated.toml", text);
    let run = world.run(&["--config", &delegated]);
    assert_eq!(run.count("documents", "published"), 1, "{}", run.stderr);
    // Who took over is in the register, which knows the days; who signed, in the signature.
    let keeper = world.query("select custodian_agency_code as code from documents");
    assert_eq!(keeper[0]["code"], "H08.12");
    let rows = world.query("select agency_code, agency_match from signatures");
    assert_eq!(
        (&rows[0]["agency_code"], &rows[0]["agency_match"]),
        (&"H08.13".into(), &true.into())
    );
    world.audit();
}

/// What is published is found published, whoever its manifest names once that is asked.
#[test]
fn what_was_published_before_an_agency_was_named_stays_published() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    assert_eq!(world.run(&[]).count("documents", "published"), 1);
    for scan in world.files("samples/scans").into_keys() {
        let scan = std::fs::File::options().append(true).open(scan).unwrap();
        scan.set_modified(std::time::SystemTime::now()).unwrap();
    }
    let other = world.write("other.toml", "[agency]\ncode = \"H08.13\"\n");
    let again = world.run(&["--config", &other]);
    assert_eq!(again.count("documents", "quarantined"), 0, "{}", again.stderr);
    assert_eq!(world.number("select count(*) as n from intake where outcome <> 'published'"), 0);
    world.audit();
}

/// What was born digital without a signature says so, for the report of faults.
#[test]
fn an_unsigned_electronic_document_is_a_finding() {
    let world = World::with_samples(&[
        "--dossiers",
        "1",
        "--documents",
        "1",
        "--formats",
        "pdf-born-digital",
    ]);
    assert_eq!(world.run(&[]).count("documents", "published"), 1);
    let found = world.query("select code from findings where code like 'Q0%'");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["code"], "Q01_UNSIGNED_SCAN");
    world.audit();
}

/// What a name alone is worth, whoever sets up a real key hears.
#[test]
fn a_key_that_no_register_lists_is_warned_of() {
    let scene = Scene::new(&["--dossiers", "1", "--documents", "1"]);
    let text = "[sign]\nkey = \"key.pem\"\nchain = \"chain.pem\"\nroots = [\"root.pem\"]\n\
                [agency]\nname = \"Sở Thử nghiệm tỉnh Mẫu\"\n\
                [release]\ndelegation = \"QĐ 1/UBND\"\n";
    let check = |config: &str| {
        let checked = scene.world.sohoa(&["check", "--config", config]);
        assert_eq!(checked.exit, 0, "{}", checked.stdout);
        checked.stdout.contains("WARNING: any valid certificate of the agency's name")
    };
    assert!(check(&scene.world.write("unlisted.toml", text)));
    assert!(!check(&scene.config("")));
}
