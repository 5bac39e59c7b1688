//! The compose file refers to what exists, holds no secret, and starts the program as it is.

use std::collections::BTreeSet;

use regex::Regex;
use saphyr::YamlOwned;

use crate::{deploy, text, yaml};

/// The services, with what they share laid under what each says itself.
fn services() -> Vec<(String, Vec<(String, YamlOwned)>)> {
    let compose = yaml("compose.yaml");
    let services = compose["services"].as_mapping().unwrap().clone();
    let own = |(name, body): (YamlOwned, YamlOwned)| {
        let mut keys = Vec::new();
        for (key, value) in body.as_mapping().unwrap() {
            match key.as_str().unwrap() {
                "<<" => {
                    let shared = value.as_mapping().unwrap().iter();
                    keys.extend(shared.map(|(k, v)| (k.as_str().unwrap().to_owned(), v.clone())));
                }
                key => keys.push((key.to_owned(), value.clone())),
            }
        }
        (name.as_str().unwrap().to_owned(), keys)
    };
    services.into_iter().map(own).collect()
}

fn get<'a>(service: &'a [(String, YamlOwned)], key: &str) -> Option<&'a YamlOwned> {
    service.iter().rfind(|(name, _)| name == key).map(|(_, value)| value)
}

fn strings(value: &YamlOwned) -> Vec<String> {
    match (value.as_sequence(), value.as_mapping()) {
        (Some(list), _) => list.iter().map(|item| item.as_str().unwrap().to_owned()).collect(),
        (_, Some(map)) => map.keys().map(|key| key.as_str().unwrap().to_owned()).collect(),
        _ => panic!("neither a list nor a mapping: {value:?}"),
    }
}

fn top(key: &str) -> BTreeSet<String> {
    strings(&yaml("compose.yaml")[key]).into_iter().collect()
}

#[test]
fn every_volume_file_secret_and_service_exists() {
    let (volumes, secrets) = (top("volumes"), top("secrets"));
    let all = services();
    let names: BTreeSet<_> = all.iter().map(|(name, _)| name.clone()).collect();
    let mut used = BTreeSet::new();
    for (name, service) in &all {
        for mount in get(service, "volumes").map(strings).unwrap_or_default() {
            let source = mount.split(':').next().unwrap();
            if source.starts_with('.') {
                assert!(deploy(source).exists(), "{name} mounts {source}, which is not there");
            } else {
                assert!(volumes.contains(source), "{name}: no volume {source}");
                used.insert(source.to_owned());
            }
        }
        for secret in get(service, "secrets").map(strings).unwrap_or_default() {
            assert!(secrets.contains(&secret), "{name}: no secret {secret}");
        }
        for needed in get(service, "depends_on").map(strings).unwrap_or_default() {
            assert!(names.contains(&needed), "{name} needs {needed}, which is no service");
        }
        let image = get(service, "image").unwrap().as_str().unwrap();
        let tag = image.split_once(':').map(|(_, tag)| tag);
        assert!(tag.is_some_and(|tag| tag != "latest"), "{name}: {image} has no fixed version");
    }
    assert_eq!(volumes, used, "a volume that nobody mounts");
}

#[test]
fn it_holds_no_secret_and_the_example_names_them_all() {
    let compose = text("compose.yaml");
    let variable = Regex::new(r"\$\{([A-Z_0-9]+)|environment: ([A-Z_0-9]+)\n").unwrap();
    let asked: BTreeSet<_> = variable
        .captures_iter(&compose)
        .map(|found| found.get(1).or(found.get(2)).unwrap().as_str().to_owned())
        .collect();
    let example = text("env.example");
    let lines = example.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut given = BTreeSet::new();
    for line in lines {
        let (name, value) = line.split_once('=').unwrap();
        assert!(value.is_empty(), "the example has a value for {name}, which would be used");
        given.insert(name.to_owned());
    }
    assert_eq!(asked, given);
    let secret = Regex::new(r"(?i)(password|secret|key)\w*: *(\S+)").unwrap();
    for found in secret.captures_iter(&compose) {
        assert!(found[2].starts_with("${"), "a secret in the open: {}", &found[0]);
    }
    assert!(text(".gitignore").lines().any(|line| line == ".env"));
}

#[test]
fn the_commands_are_ours_and_the_files_are_where_they_look() {
    for (name, service) in
        services().iter().filter(|(name, _)| name == "worker" || name == "indexer")
    {
        let command = strings(get(service, "command").unwrap());
        // Logs are read by programs before they are read by people.
        assert_eq!(command[..2], ["--log-json".to_owned(), name.clone()]);
        let config = &command[command.iter().position(|word| word == "--config").unwrap() + 1];
        let mounts = strings(get(service, "volumes").unwrap());
        let mounted = format!("./sohoa.compose.toml:{config}:ro");
        assert!(mounts.contains(&mounted), "{name}: {config} is not mounted");
    }
}

#[test]
fn the_configuration_is_valid_and_agrees_with_those_around_it() {
    let config: sohoa_schemas::config::Config =
        toml::from_str(&text("sohoa.compose.toml")).unwrap();
    let listen = config.metrics.listen.unwrap();
    let port = listen.rsplit(':').next().unwrap();
    let prometheus = yaml("prometheus.yml");
    let names: BTreeSet<_> = services().into_iter().map(|(name, _)| name).collect();
    let jobs = prometheus["scrape_configs"].as_sequence().unwrap();
    assert_eq!(jobs.len(), 2);
    for job in jobs {
        let target = &job["dns_sd_configs"][0];
        assert_eq!(target["port"].as_integer().unwrap().to_string(), port);
        let host = target["names"][0].as_str().unwrap();
        assert!(names.contains(host), "no service {host}");
        assert_eq!(job["job_name"].as_str().unwrap(), format!("sohoa-{host}"));
        let alerts = text("alerts.yml");
        assert!(alerts.contains(&format!("absent(up{{job=\"sohoa-{host}\"}})")), "{host}");
    }
    assert!(text("compose.yaml").contains(&format!("/dev/tcp/127.0.0.1/{port} ")));
    let broker = config.kafka.brokers.split(':').next().unwrap();
    assert!(names.contains(broker), "no service {broker}");
    for topic in ["live", "bulk", "releases", "documents", "deadletters"] {
        let create = format!("create {}.{topic}.v1 ", config.kafka.prefix);
        assert!(text("compose.yaml").contains(&create), "{topic} is not created");
    }
    let key = config.secrets.hmac_key.unwrap();
    assert_eq!(key.to_str().unwrap(), "/run/secrets/hmac_key");
}

#[test]
fn the_image_has_what_deploy_install_says_the_program_needs() {
    let (install, image) = (text("install"), text("Dockerfile"));
    let (_, rest) = install.split_once("# what it needs to run\n").unwrap();
    let needed: Vec<_> = rest.lines().next().unwrap().split_whitespace().collect();
    assert!(needed.contains(&"tesseract-ocr-vie"), "{needed:?}");
    for package in needed {
        let line = format!("      {package} \\");
        assert!(image.lines().any(|each| each == line), "the image has no {package}");
    }
    let tested = text("../tests/java/pom.xml");
    let version = Regex::new("<artifactId>kafka_2.13</artifactId><version>([0-9.]+)<").unwrap();
    let version = version.captures(&tested).unwrap()[1].to_owned();
    for (name, service) in services() {
        let image = get(&service, "image").unwrap().as_str().unwrap();
        if let Some(tag) = image.strip_prefix("apache/kafka:") {
            assert_eq!(tag, version, "{name} runs another Kafka than the tests");
        }
    }
}
