//! Rights at a broker. Its client library has no call for them, so the request is written here:
//! `CreateAcls`, version 1, of Kafka's own protocol.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

const CREATE_ACLS: i16 = 30;
const VERSION: i16 = 1;
const ALLOW: u8 = 3;

/// What a right is about, by the beginning of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Topics.
    Topics = 2,
    /// Consumer groups.
    Groups = 3,
    /// Transactional ids.
    Transactions = 5,
}

/// What may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Reading, and all it takes to do so.
    Read = 3,
    /// Writing, and all it takes to do so.
    Write = 4,
    /// Asking that it is there.
    Describe = 8,
    /// Asking how it is set up.
    DescribeConfigs = 10,
}

/// Lets a user do these things to everything whose name begins so.
pub(crate) fn allow(broker: &str, user: &str, prefix: &str, rights: &[(Resource, Operation)]) {
    const PREFIXED: u8 = 4;
    let mut body = Vec::new();
    body.extend((rights.len() as i32).to_be_bytes());
    for (resource, operation) in rights {
        body.push(*resource as u8);
        text(&mut body, prefix);
        body.push(PREFIXED);
        text(&mut body, &format!("User:{user}"));
        text(&mut body, "*");
        body.extend([*operation as u8, ALLOW]);
    }
    let answer = ask(broker, CREATE_ACLS, VERSION, &body);
    // Correlation, throttle, count; then of each an error code and, without an error, no text.
    let codes = answer[12..].chunks(4);
    let codes: Vec<i16> = codes.map(|one| i16::from_be_bytes([one[0], one[1]])).collect();
    assert!(codes.len() == rights.len() && codes.iter().all(|code| *code == 0), "{codes:?}");
}

fn ask(broker: &str, api: i16, version: i16, body: &[u8]) -> Vec<u8> {
    let mut request = Vec::new();
    request.extend(api.to_be_bytes());
    request.extend(version.to_be_bytes());
    request.extend(1i32.to_be_bytes());
    text(&mut request, "harness");
    request.extend(body);
    let mut stream = TcpStream::connect(broker).unwrap();
    stream.write_all(&(request.len() as i32).to_be_bytes()).unwrap();
    stream.write_all(&request).unwrap();
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut answer = vec![0; i32::from_be_bytes(length) as usize];
    stream.read_exact(&mut answer).unwrap();
    answer
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as i16).to_be_bytes());
    bytes.extend(text.as_bytes());
}
