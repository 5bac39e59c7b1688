//! Real requests over a real socket.

use std::io::{Read as _, Write as _};

use super::*;
use crate::{labels::Lane, record};

/// An endpoint on a free port, with a budget that `refresh` writes.
fn endpoint(health: &Health) -> Endpoint {
    let (recorder, handle) = Recorder::build();
    let mut used = 0;
    let refresh = move || {
        used += 1;
        metrics::with_local_recorder(&recorder, || record::budget(Lane::Live, 100, used));
    };
    Endpoint::start("127.0.0.1:0", handle, health.clone(), refresh).unwrap()
}

fn ask(endpoint: &Endpoint, request: &str) -> String {
    let mut socket = TcpStream::connect(endpoint.address()).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(socket, "{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap()
}

#[test]
fn a_scrape_shows_what_is_true_at_that_moment() {
    let endpoint = endpoint(&Health::new(Duration::from_secs(30)));
    let first = ask(&endpoint, "GET /metrics");
    assert_eq!(status(&first), "200");
    assert!(first.contains("Content-Type: text/plain; version=0.0.4"), "{first}");
    assert!(first.contains("# TYPE sohoa_budget_bytes gauge"), "{first}");
    let used = |answer: &str| -> u64 {
        let line = answer.lines().find(|line| line.starts_with("sohoa_budget_used_bytes"));
        line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(used(&ask(&endpoint, "GET /metrics?x=1")) > used(&first));
}

#[test]
fn readiness_says_why_not() {
    let health = Health::new(Duration::from_secs(30));
    let endpoint = endpoint(&health);
    health.not_ready("the broker is \"away\"");
    let answer = ask(&endpoint, "GET /readyz");
    assert_eq!(status(&answer), "503");
    let body: serde_json::Value =
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(body, json!({ "ready": false, "reason": "the broker is \"away\"" }));
    health.ready();
    assert_eq!(status(&ask(&endpoint, "GET /readyz")), "200");
}

#[test]
fn a_loop_that_stands_still_is_not_alive() {
    let alive = endpoint(&Health::new(Duration::from_hours(1)));
    assert_eq!(status(&ask(&alive, "GET /healthz")), "200");
    // Any time at all is too long.
    let dead = endpoint(&Health::new(Duration::ZERO));
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(5) {
        std::hint::spin_loop();
    }
    assert_eq!(status(&ask(&dead, "GET /healthz")), "503");
}

#[test]
fn other_questions_are_answered_too() {
    let endpoint = endpoint(&Health::new(Duration::from_secs(30)));
    assert_eq!(status(&ask(&endpoint, "GET /")), "404");
    assert_eq!(status(&ask(&endpoint, "POST /metrics")), "405");
    assert_eq!(status(&ask(&endpoint, "nonsense")), "400");
    assert_eq!(status(&ask(&endpoint, "HEAD /healthz")), "200");
}

#[test]
fn a_probe_made_of_shell_is_answered_and_let_go() {
    let health = Health::new(Duration::from_secs(30));
    health.ready();
    let endpoint = endpoint(&health);
    let mut socket = TcpStream::connect(endpoint.address()).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // As the health check of deploy/compose.yaml asks.
    socket.write_all(b"GET /readyz HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert_eq!(status(&answer), "200");
}

#[test]
fn a_client_that_takes_nothing_holds_nobody_up_for_long() {
    let (recorder, handle) = Recorder::build();
    metrics::with_local_recorder(&recorder, record::begin);
    let size = handle.render().len();
    let health = Health::new(Duration::from_secs(30));
    let endpoint = Endpoint::start("127.0.0.1:0", handle, health, || ()).unwrap();
    // More than the buffers of both sockets hold, and none of it is read.
    let requests = 64 * 1024 * 1024 / size;
    let mut greedy = TcpStream::connect(endpoint.address()).unwrap();
    let request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(requests);
    let writer = std::thread::spawn(move || {
        drop(greedy.write_all(request.as_bytes()));
        greedy
    });
    // Without a limit on sending, the first answer after the buffers are full would never come.
    let began = Instant::now();
    loop {
        let asked = Instant::now();
        assert_eq!(status(&ask(&endpoint, "GET /readyz")), "503");
        if asked.elapsed() > SEND_TIMEOUT / 2 {
            break;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "the buffers never filled");
    }
    drop(endpoint);
    drop(writer.join().unwrap());
}

#[test]
fn a_taken_address_names_the_setting() {
    let health = Health::new(Duration::from_secs(30));
    let first = endpoint(&health);
    let again = |listen: &str| {
        Endpoint::start(listen, Recorder::build().1, health.clone(), || ()).unwrap_err().to_string()
    };
    let error = again(&first.address().to_string());
    assert!(error.starts_with("metrics.listen: the address 127.0.0.1:"), "{error}");
    assert!(error.contains("taken"), "{error}");
    assert!(again("nowhere").starts_with("metrics.listen: cannot listen on nowhere"));
    assert!(again("192.0.2.1:1").contains("metrics.listen"));
}

#[test]
fn when_it_is_dropped_the_address_is_free() {
    let health = Health::new(Duration::from_secs(30));
    let address = endpoint(&health).address().to_string();
    let began = Instant::now();
    let again = loop {
        // The accepting thread ends a moment after the endpoint.
        match Endpoint::start(&address, Recorder::build().1, health.clone(), || ()) {
            Ok(again) => break again,
            Err(error) => assert!(began.elapsed() < Duration::from_secs(10), "{error}"),
        }
    };
    assert_eq!(status(&ask(&again, "GET /healthz")), "200");
}
