//! A bucket as provinces have them: reached by path or by name, over TLS, with credentials from
//! three places, encrypted, locked; busy, silent, or set up wrongly.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use chrono::{TimeDelta, Utc};
use sohoa_harness::{
    Gateway, Interceptor,
    certificates::{Authority, Identity, Validity},
    gateway::{KEY, Manner},
    http::{Request, Verdict},
    pdf, s3,
};

use crate::support::{Ran, World, signal, wait_until};

/// Environment, exit, and what the answer has to say.
type Case<'a> = (&'a [(&'a str, &'a str)], i32, &'a [&'a str]);

/// All tests of this file.
pub(crate) const TESTS: [(&str, fn()); 11] = [
    ("stores::a_bucket_may_be_part_of_the_servers_name", a_bucket_may_be_part_of_the_name),
    ("stores::a_certificate_is_believed_only_where_it_holds", a_certificate_is_believed),
    ("stores::one_side_without_tls_is_told", one_side_without_tls_is_told),
    ("stores::credentials_come_from_a_file", credentials_come_from_a_file),
    ("stores::credentials_come_from_an_instance", credentials_come_from_an_instance),
    ("stores::a_closed_or_overlong_object_is_refused", a_closed_or_overlong_object_is_refused),
    ("stores::what_is_kept_for_good_is_encrypted_and_locked", what_is_kept_is_locked),
    ("stores::a_large_original_arrives_whole_or_not_at_all", a_large_original_arrives_whole),
    ("stores::a_busy_store_is_tried_again_and_given_up", a_busy_store_is_tried_again),
    ("stores::every_refusal_names_its_setting", every_refusal_names_its_setting),
    ("stores::a_store_that_does_not_create_atomically_is_found", a_store_that_overwrites_is_found),
];

const OUTPUT: &str = "s3://records/out";

/// Quick to give up, and to start.
const CONFIG: &str = "[workers]\ncount = 1\n[store]\nretry_seconds = 2\n";

type Environment = Vec<(&'static str, String)>;

/// A bucket with one small document in it, and an empty one.
struct Site {
    world: World,
    gateway: Gateway,
}

impl Site {
    fn new() -> Self {
        Self::with(|_| Manner::default())
    }

    fn with(manner: impl Fn(&World) -> Manner) -> Self {
        let world = World::new();
        for bucket in ["scans", "records"] {
            std::fs::create_dir_all(world.path("buckets").join(bucket)).unwrap();
        }
        std::fs::write(world.path("buckets/scans/1.pdf"), pdf::decision(1, 1)).unwrap();
        let gateway = Gateway::start_as(&world.path("buckets"), manner(&world));
        Self { world, gateway }
    }

    /// Its usual environment with some of it another.
    fn environment(&self, changed: &[(&'static str, &str)]) -> Environment {
        change(self.gateway.environment(), changed)
    }

    fn run(&mut self, environment: Environment, config: &str) -> Ran {
        let config = self.world.write("sohoa.toml", config);
        self.world.use_addresses("s3://scans", OUTPUT, environment);
        self.world.run(&["--config", &config])
    }

    /// The document is published, and the index says so.
    fn publishes(&mut self, environment: Environment, config: &str) {
        let ran = self.run(environment, config);
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        assert_eq!(ran.count("documents", "published"), 1, "{}", ran.stdout);
    }

    /// It stops with this code and a sentence that says these words, and no secret.
    fn refuses(&mut self, environment: Environment, config: &str, exit: i32, words: &[&str]) {
        let ran = self.run(environment, config);
        assert_eq!(ran.exit, exit, "{}", ran.stderr);
        says(&ran.stderr, words);
    }
}

fn change(environment: Environment, changed: &[(&'static str, &str)]) -> Environment {
    let mut environment = environment;
    environment.retain(|(name, _)| changed.iter().all(|(other, _)| other != name));
    environment.extend(changed.iter().map(|(name, value)| (*name, (*value).to_owned())));
    environment
}

fn says(stderr: &str, words: &[&str]) {
    for word in words {
        assert!(stderr.contains(word), "`{word}` is missing in: {stderr}");
    }
    let debug = ["Generic", "source:", "panicked", "\\n", "<?xml"];
    assert!(debug.iter().all(|part| !stderr.contains(part)), "not for people: {stderr}");
    assert!(stderr.len() < 1_000 && !stderr.contains(KEY.secret), "{stderr}");
}

/// Without a resolver that knows the name: somebody between is its proxy.
fn a_bucket_may_be_part_of_the_name() {
    let mut site =
        Site::with(|_| Manner { domain: Some("s3.test".to_owned()), ..Manner::default() });
    let between = Interceptor::before(site.gateway.address());
    let environment = site.environment(&[
        ("AWS_ENDPOINT", "http://s3.test"),
        ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "true"),
    ]);
    let proxy = format!("http://{}", between.address());
    let config = format!("{CONFIG}[store.options]\nproxy_url = \"{proxy}\"\n");
    site.publishes(environment, &config);
    let seen = between.seen();
    let hosts = |host: &str| seen.iter().filter(|one| one.header("host") == Some(host)).count();
    assert!(hosts("scans.s3.test") > 0 && hosts("records.s3.test") > 0);
    assert_eq!(hosts("scans.s3.test") + hosts("records.s3.test"), seen.len());
    assert!(!seen.iter().any(|one| one.path().starts_with("/records/")));
}

/// A site whose server has a certificate, with the certificate's authority.
fn site_with_tls(issue: impl Fn(&Authority) -> Identity) -> (Site, PathBuf) {
    let site = Site::with(|world| {
        let authority = Authority::new(&world.path("authority"));
        Manner { identity: Some(issue(&authority)), ..Manner::default() }
    });
    let authority = site.world.path("authority/authority.pem");
    (site, authority)
}

fn good(authority: &Authority) -> Identity {
    authority.issue("server", &["127.0.0.1"], Validity::Current)
}

fn trusting(authority: &Path) -> String {
    format!("{CONFIG}ca_certificates = \"{}\"\n", authority.display())
}

fn a_certificate_is_believed() {
    let (mut site, authority) = site_with_tls(good);
    let environment = site.environment(&[]);
    site.refuses(environment.clone(), CONFIG, 2, &["issuer", "store.ca_certificates"]);
    let bundle = authority.to_str().unwrap();
    site.publishes(site.environment(&[("AWS_CA_BUNDLE", bundle)]), CONFIG);
    let again = site.run(environment.clone(), &trusting(&authority));
    assert_eq!(again.count("documents", "skipped"), 1, "{}", again.stderr);
    let missing = trusting(&authority.with_file_name("none.pem"));
    site.refuses(environment, &missing, 2, &["store.ca_certificates", "none.pem"]);

    let (mut site, authority) =
        site_with_tls(|of| of.issue("server", &["127.0.0.1"], Validity::Expired));
    site.refuses(site.environment(&[]), &trusting(&authority), 2, &["certificate", "expired"]);

    let (mut site, authority) =
        site_with_tls(|of| of.issue("server", &["s3.tinh.test"], Validity::Current));
    site.refuses(site.environment(&[]), &trusting(&authority), 2, &["another name"]);
}

fn one_side_without_tls_is_told() {
    let (mut site, _) = site_with_tls(good);
    // This server hangs up on it without a word.
    let plain = format!("http://{}", site.gateway.address());
    let environment = site.environment(&[("AWS_ENDPOINT", &plain)]);
    site.refuses(environment, CONFIG, 4, &["connection closed", "http:// or https://"]);

    let mut site = Site::new();
    let address = site.gateway.address();
    let environment = site.environment(&[("AWS_ENDPOINT", &format!("https://{address}"))]);
    site.refuses(environment, CONFIG, 2, &["does not speak TLS", "AWS_ENDPOINT"]);
    let environment = site.environment(&[("AWS_ALLOW_HTTP", "false")]);
    site.refuses(environment, CONFIG, 2, &["not encrypted", "AWS_ALLOW_HTTP"]);
}

/// The usual environment without keys, in a home without any.
fn without_keys(site: &Site) -> Environment {
    let mut environment = site.environment(&[]);
    environment.retain(|(name, _)| !name.contains("ACCESS_KEY"));
    environment.push(("HOME", site.world.path("home").to_str().unwrap().to_owned()));
    environment
}

fn credentials_come_from_a_file() {
    let mut site = Site::new();
    let text = format!(
        "[default]\naws_access_key_id = nobody\naws_secret_access_key = nothing\n\
         [archive]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        KEY.access, KEY.secret
    );
    let file = site.world.write("credentials", &text);
    let with = |changed: &[(&'static str, &str)]| change(without_keys(&site), changed);
    let named = with(&[("AWS_SHARED_CREDENTIALS_FILE", &file), ("AWS_PROFILE", "archive")]);
    let default = with(&[("AWS_SHARED_CREDENTIALS_FILE", &file)]);
    let wrong = with(&[("AWS_SHARED_CREDENTIALS_FILE", &file), ("AWS_PROFILE", "other")]);
    let missing = with(&[("AWS_SHARED_CREDENTIALS_FILE", "none")]);
    let keys_elsewhere = with(&[("SOHOA_TEST_KEY", KEY.access)]);
    site.publishes(named, CONFIG);
    site.refuses(default, CONFIG, 2, &["does not know the access key", "AWS_ACCESS_KEY_ID"]);
    site.refuses(wrong, CONFIG, 2, &["[other]", "AWS_PROFILE"]);
    site.refuses(missing, CONFIG, 2, &["AWS_SHARED_CREDENTIALS_FILE"]);

    // By reference: the one from the environment, the other from a file of its own.
    let secret = site.world.write("secret", &format!("{}\n", KEY.secret));
    let config = format!(
        "{CONFIG}[store.options]\naws_access_key_id = \"env:SOHOA_TEST_KEY\"\n\
         aws_secret_access_key = \"file:{secret}\"\n"
    );
    let again = site.run(keys_elsewhere, &config);
    assert_eq!(again.count("documents", "skipped"), 1, "{}", again.stderr);
}

/// What Amazon's machines have at a fixed address.
fn credentials_come_from_an_instance() {
    const ROLE: &str = "/latest/meta-data/iam/security-credentials/";
    let instance = Interceptor::alone(|request| {
        let token = request.header("x-aws-ec2-metadata-token") == Some("a-token");
        let keys = format!(
            "{{\"AccessKeyId\": \"{}\", \"SecretAccessKey\": \"{}\", \"Token\": \"session\", \
             \"Expiration\": \"2090-01-01T00:00:00Z\"}}",
            KEY.access, KEY.secret
        );
        match (request.method.as_str(), request.path()) {
            ("PUT", "/latest/api/token") => Verdict::Answer(200, "a-token".into()),
            ("GET", ROLE) if token => Verdict::Answer(200, "archive".into()),
            ("GET", path) if token && path.strip_prefix(ROLE) == Some("archive") => {
                Verdict::Answer(200, keys)
            }
            _ => Verdict::Answer(404, String::new()),
        }
    });
    let mut site = Site::new();
    // The server knows no sessions: who has the right one passes as if without.
    let between = Interceptor::before(site.gateway.address());
    between.rule(|request| match request.header("x-amz-security-token") {
        Some("session") => {
            request.remove("x-amz-security-token");
            s3::sign(request, KEY, Utc::now());
            Verdict::Pass
        }
        _ => Verdict::Answer(403, String::new()),
    });
    let endpoint = format!("http://{}", between.address());
    let of = |address: &str| {
        let changed = [("AWS_METADATA_ENDPOINT", address), ("AWS_ENDPOINT", &endpoint)];
        change(without_keys(&site), &changed)
    };
    let there = of(&format!("http://{}", instance.address()));
    // Nothing listens on the discard port of the loopback.
    let nowhere = of("http://127.0.0.1:9");
    site.publishes(there, CONFIG);
    assert!(instance.seen().iter().any(|one| one.path().ends_with("/archive")));
    let words = ["no credentials", "AWS_ACCESS_KEY_ID", "AWS_SHARED_CREDENTIALS_FILE"];
    site.refuses(nowhere, CONFIG, 2, &words);
}

/// A document that is put in pieces: the smallest one, and much that nobody sees.
fn large_document() -> Vec<u8> {
    let mut document = pdf::decision(2, 1);
    let end = document.windows(9).rposition(|part| part == b"startxref").unwrap();
    let padding =
        b"% nobody reads this line of a document of more than one piece\n".repeat(300_000);
    document.splice(end..end, padding);
    document
}

/// One object of many is closed to the key, another is longer than is accepted: each is refused, and
/// the rest is done. Where nothing can be read the key is named.
fn a_closed_or_overlong_object_is_refused() {
    const DENIED: &str = "<Error><Code>AccessDenied</Code><Message>Not this.</Message></Error>";
    // So some servers answer for a key of unusual characters.
    const UNSIGNED: &str = "<Error><Code>SignatureDoesNotMatch</Code></Error>";
    let mut site = Site::new();
    for number in [2, 4] {
        let path = site.world.path(&format!("buckets/scans/{number}.pdf"));
        std::fs::write(path, pdf::decision(number, 1)).unwrap();
    }
    std::fs::write(site.world.path("buckets/scans/3.pdf"), large_document()).unwrap();
    let between = Interceptor::before(site.gateway.address());
    let reads = |request: &Request, key: &str| {
        ["GET", "HEAD"].contains(&request.method.as_str()) && request.path().starts_with(key)
    };
    let close = |between: &Interceptor, closed: &'static [(&str, &str)]| {
        between.rule(move |request| {
            let answer = closed.iter().find(|(key, _)| reads(request, key));
            answer.map_or(Verdict::Pass, |(_, body)| Verdict::Answer(403, (*body).to_owned()))
        });
    };
    close(&between, &[("/scans/2.pdf", DENIED), ("/scans/4.pdf", UNSIGNED)]);
    let environment = site.gateway.environment_through(between.address());
    let config = format!("{CONFIG}[input]\nmax_file_mib = 1\n");
    let ran = site.run(environment, &config);
    assert_eq!(ran.exit, 5, "{}", ran.stderr);
    assert_eq!(ran.count("documents", "published"), 1, "{}", ran.stdout);
    assert_eq!(ran.count("documents", "quarantined"), 3, "{}", ran.stdout);
    for (code, count) in [("F02_UNREADABLE", 2), ("F06_TOO_LARGE", 1)] {
        let rows = format!("select count(*) as n from intake where code = '{code}'");
        assert_eq!(site.world.number(&rows), count, "{code}");
    }

    let mut site = Site::new();
    let between = Interceptor::before(site.gateway.address());
    close(&between, &[("/scans/1.pdf", DENIED)]);
    let environment = site.gateway.environment_through(between.address());
    site.refuses(environment, CONFIG, 2, &["does not permit", "AWS_ACCESS_KEY_ID"]);
}

fn what_is_kept_is_locked() {
    let mut site = Site::new();
    site.gateway.make_lockable_bucket("archive");
    std::fs::write(site.world.path("buckets/scans/2.pdf"), large_document()).unwrap();
    let between = Interceptor::before(site.gateway.address());
    let environment = site.gateway.environment_through(between.address());
    let config = format!(
        "{CONFIG}lock_mode = \"governance\"\nlock_days = 30\nlock_legal_hold = true\n\
         [store.options]\naws_server_side_encryption = \"AES256\"\n"
    );
    let config = site.world.write("sohoa.toml", &config);
    site.world.use_addresses("s3://scans", "s3://archive/out", environment);
    let ran = site.world.run(&["--config", &config]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert_eq!(ran.count("documents", "published"), 2);

    let seen = between.seen();
    let makes = |one: &&Request| {
        (one.method == "PUT" && one.query().is_empty())
            || (one.method == "POST" && one.query().starts_with("uploads"))
    };
    let made: Vec<_> = seen.iter().filter(makes).collect();
    assert!(made.iter().any(|one| one.method == "POST"), "nothing was put in pieces");
    for one in &made {
        assert_eq!(one.header("x-amz-server-side-encryption"), Some("AES256"), "{one:?}");
        let kept = ["originals", "documents", "evidence"]
            .iter()
            .any(|folder| one.path().starts_with(&format!("/archive/out/{folder}/")));
        let mode = one.header("x-amz-object-lock-mode");
        assert_eq!(mode, kept.then_some("GOVERNANCE"), "{}", one.path());
    }
    let asks = |one: &&Request| !makes(one) && one.header("x-amz-object-lock-mode").is_some();
    assert!(!seen.iter().any(|one| asks(&one)), "a lock on what makes no object");

    let record = made.iter().find(|one| one.path().ends_with("record.json")).unwrap();
    let original = made.iter().find(|one| one.method == "POST").unwrap();
    let until = (Utc::now() + TimeDelta::days(30)).format("%Y-%m").to_string();
    for key in [record.path(), original.path()] {
        let (_, retention) = site.gateway.ask("GET", &format!("{key}?retention"), &[]);
        assert!(retention.contains("GOVERNANCE") && retention.contains(&until), "{retention}");
        let (_, hold) = site.gateway.ask("GET", &format!("{key}?legal-hold"), &[]);
        assert!(hold.contains("<Status>ON</Status>"), "{hold}");
    }
    site.world.query("select 1 from documents");
}

fn a_large_original_arrives_whole() {
    let mut site = Site::new();
    let document = large_document();
    assert!(document.len() > 2 * (8 << 20), "{} bytes are one piece", document.len());
    std::fs::write(site.world.path("buckets/scans/1.pdf"), &document).unwrap();
    let between = Interceptor::before(site.gateway.address());
    let pieces = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&pieces);
    // The first piece passes, and the others are never answered.
    between.rule(move |request| {
        let piece = request.query().contains("partNumber");
        let earlier = piece && counted.fetch_add(1, Ordering::SeqCst) > 0;
        if earlier { Verdict::Close } else { Verdict::Pass }
    });
    let environment = site.gateway.environment_through(between.address());
    site.world.use_addresses("s3://scans", OUTPUT, environment);
    let mut child = site.world.start(&["run", "--input", "s3://scans", "--output", OUTPUT]);
    wait_until("pieces on their way", || pieces.load(Ordering::SeqCst) > 2);
    signal(&child, "KILL");
    child.wait().unwrap();
    assert!(site.world.files("buckets/records/out/originals").is_empty());

    between.rule(|_| Verdict::Pass);
    let again = site.world.run(&[]);
    assert_eq!(again.count("documents", "published"), 1, "{}", again.stderr);
    let held: Vec<u64> = site.world.files("buckets/records/out/originals").into_values().collect();
    assert_eq!(held, [document.len() as u64]);
    site.world.audit();
}

const BUSY: &str = "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>Reduce your rate.</Message></Error>";

fn a_busy_store_is_tried_again() {
    let mut site = Site::new();
    let between = Interceptor::before(site.gateway.address());
    let environment = site.gateway.environment_through(between.address());
    let busy = || Verdict::Answer(503, BUSY.to_owned());

    // For ever.
    between.rule(move |_| busy());
    let words = ["trying again", "503 SlowDown: Reduce your rate.", "store.retry_seconds"];
    site.refuses(environment.clone(), CONFIG, 4, &words);
    assert!(between.seen().len() > 3, "it was hardly tried again");

    // For ever, in the middle of the work: where documents go, then where the index is.
    for (part, words) in [("/out/documents/", &words[..]), ("/out/index/", &words[..2])] {
        between.rule(
            move |request| {
                if request.path().contains(part) { busy() } else { Verdict::Pass }
            },
        );
        site.refuses(environment.clone(), CONFIG, 4, words);
    }

    // For a while: every request the first time.
    let known = Mutex::new(BTreeSet::new());
    between.rule(move |request| {
        let first = known.lock().unwrap().insert((request.method.clone(), request.target.clone()));
        if first { busy() } else { Verdict::Pass }
    });
    let ran = site.run(environment, CONFIG);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("answers again"), "{}", ran.stderr);
    site.world.audit();
}

/// Signs what passes as if it were sent at another time.
fn late(request: &mut Request) -> Verdict {
    s3::sign(request, KEY, Utc::now() + TimeDelta::hours(1));
    Verdict::Pass
}

fn every_refusal_names_its_setting() {
    let mut site = Site::new();
    let usual = site.environment(&[]);
    let cases: [Case<'_>; 4] = [
        (&[("AWS_ACCESS_KEY_ID", "nobody")], 2, &["access key", "AWS_ACCESS_KEY_ID"]),
        (&[("AWS_SECRET_ACCESS_KEY", "wrong")], 2, &["secret", "AWS_SECRET_ACCESS_KEY"]),
        (&[("AWS_REGION", "vn-north-1")], 2, &["region", "us-east-1", "AWS_REGION"]),
        (
            &[("AWS_ENDPOINT", "http://127.0.0.1:9")],
            4,
            &["does not answer", "refused", "trying again", "AWS_ENDPOINT"],
        ),
    ];
    for (changed, exit, words) in cases {
        site.refuses(change(usual.clone(), changed), CONFIG, exit, words);
    }
    let misspelt = format!("{CONFIG}[store.options]\naws_regoin = \"x\"\n");
    site.refuses(usual.clone(), &misspelt, 2, &["store.options.\"aws_regoin\""]);

    let between = Interceptor::before(site.gateway.address());
    between.rule(late);
    let environment = site.gateway.environment_through(between.address());
    site.refuses(environment, CONFIG, 2, &["clock", "NTP"]);

    // Each of the two buckets may be the missing one.
    for missing in ["scans", "records"] {
        let (from, to) = (site.world.path("buckets").join(missing), site.world.path("aside"));
        std::fs::rename(&from, &to).unwrap();
        let named = format!("s3://{missing}");
        site.refuses(usual.clone(), CONFIG, 2, &["no bucket", &named, "AWS_ENDPOINT"]);
        std::fs::rename(&to, &from).unwrap();
    }
    assert!(site.world.files("buckets/records").is_empty(), "something was written");
    site.publishes(usual, CONFIG);

    let mut site = Site::with(|_| Manner { read_only: true, ..Manner::default() });
    let environment = site.environment(&[]);
    site.refuses(environment, CONFIG, 2, &["cannot write", "permit", "right to"]);
}

fn a_store_that_overwrites_is_found() {
    let mut site = Site::new();
    let between = Interceptor::before(site.gateway.address());
    between.rule(|request| {
        if request.header("if-none-match").is_some() {
            request.remove("if-none-match");
            s3::sign(request, KEY, Utc::now());
        }
        Verdict::Pass
    });
    let environment = site.gateway.environment_through(between.address());
    let words = ["16 of 16 simultaneous creates", "output.single_writer"];
    site.refuses(environment.clone(), CONFIG, 2, &words);
    let config = site.world.write("sohoa.toml", CONFIG);
    let checked = site.world.sohoa(&["check", "--output", OUTPUT, "--config", &config]);
    assert_eq!(checked.exit, 2);
    assert!(checked.stdout.contains("FAILED output"), "{}", checked.stdout);
    site.publishes(environment, &format!("{CONFIG}[output]\nsingle_writer = true\n"));
}
