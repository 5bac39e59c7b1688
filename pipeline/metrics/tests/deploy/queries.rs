//! Dashboard and alert rules ask for metrics and labels that exist, and for all of them.

use std::collections::BTreeSet;

use regex::Regex;
use sohoa_metrics::names;

use crate::{text, yaml};

/// Names of ours in a text.
fn asked(text: &str) -> BTreeSet<String> {
    let name = Regex::new("sohoa_[a-z_]+").unwrap();
    name.find_iter(text).map(|found| found.as_str().to_owned()).collect()
}

fn known() -> BTreeSet<String> {
    names::ALL.iter().flat_map(|metric| metric.series_names()).collect()
}

/// The queries of the dashboard.
fn dashboard() -> Vec<String> {
    let dashboard: serde_json::Value =
        serde_json::from_str(&text("grafana/dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

/// The queries of the alert rules.
fn alerts() -> Vec<String> {
    let alerts = yaml("alerts.yml");
    let rules = alerts["groups"][0]["rules"].as_sequence().unwrap();
    rules.iter().map(|rule| rule["expr"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_metric_that_is_asked_for_exists() {
    let known = known();
    for query in dashboard().iter().chain(&alerts()).chain(&[text("alerts.test.yml")]) {
        for name in asked(query) {
            assert!(known.contains(&name), "no metric {name}, which is asked for by {query}");
        }
    }
}

#[test]
fn every_metric_is_on_the_dashboard() {
    let shown: BTreeSet<_> = dashboard().iter().flat_map(|query| asked(query)).collect();
    for metric in names::ALL {
        let is_shown = metric.series_names().iter().any(|name| shown.contains(name));
        assert!(is_shown, "{} is nowhere on the dashboard", metric.name);
    }
}

#[test]
fn every_label_that_is_asked_for_has_the_value() {
    let selector = Regex::new(r"(sohoa_[a-z_]+)\{([^}]*)\}").unwrap();
    let matcher = Regex::new(r#"([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)""#).unwrap();
    let mut seen = 0;
    for query in dashboard().iter().chain(&alerts()).chain(&[text("alerts.test.yml")]) {
        for found in selector.captures_iter(query) {
            let metric = names::ALL
                .iter()
                .find(|metric| metric.series_names().contains(&found[1].to_owned()))
                .unwrap();
            for pair in matcher.captures_iter(&found[2]) {
                // What Prometheus itself adds to every series.
                if ["job", "instance"].contains(&&pair[1]) {
                    continue;
                }
                let label = metric.labels.iter().find(|label| label.key == &pair[1]);
                let label = label.unwrap_or_else(|| panic!("{} has no {}", metric.name, &pair[1]));
                for value in pair[3].split('|') {
                    assert!((label.values)().contains(&value), "{}: {value}", &found[0]);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 30, "only {seen} values were found: the search itself is broken");
}

#[test]
fn every_grouping_is_by_a_label() {
    let grouping = Regex::new(r"by \(([a-z_, ]+)\)").unwrap();
    let labels: BTreeSet<_> =
        names::ALL.iter().flat_map(|metric| metric.labels).map(|label| label.key).collect();
    for query in dashboard().iter().chain(&alerts()) {
        for found in grouping.captures_iter(query) {
            for key in found[1].split(", ") {
                let theirs = ["job", "instance", "le"].contains(&key);
                assert!(theirs || labels.contains(key), "no label {key} in {query}");
            }
        }
    }
}

#[test]
fn every_alert_says_what_to_do_and_is_tried_both_ways() {
    let alerts = yaml("alerts.yml");
    let tests = yaml("alerts.test.yml");
    let cases: Vec<_> = tests["tests"]
        .as_sequence()
        .unwrap()
        .iter()
        .flat_map(|test| test["alert_rule_test"].as_sequence().unwrap())
        .collect();
    for rule in alerts["groups"][0]["rules"].as_sequence().unwrap() {
        let name = rule["alert"].as_str().unwrap();
        for annotation in ["summary", "action"] {
            let said = rule["annotations"][annotation].as_str();
            assert!(said.is_some_and(|said| said.len() > 20), "{name} has no {annotation}");
        }
        let severity = rule["labels"]["severity"].as_str();
        assert!(matches!(severity, Some("critical" | "warning")), "{name}: {severity:?}");
        assert!(rule["for"].as_str().is_some(), "{name} fires at the first sight");
        let of_it = || cases.iter().filter(|case| case["alertname"].as_str() == Some(name));
        let fires =
            |case: &&&saphyr::YamlOwned| !case["exp_alerts"].as_sequence().unwrap().is_empty();
        assert!(of_it().any(|case| fires(&case)), "no test in which {name} fires");
        assert!(of_it().any(|case| !fires(&case)), "no test in which {name} does not fire");
    }
}
