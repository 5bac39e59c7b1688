//! Requests to an S3 server under a signature (AWS, version 4): what a test asks of it beside the
//! program, and what somebody between changes on the way.

use std::{collections::BTreeMap, fmt::Write as _, net::SocketAddr};

use chrono::{DateTime, Utc};
use ring::{
    digest::{SHA256, digest},
    hmac,
};

use crate::http::Request;

/// Who signs.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name.
    pub access: &'static str,
    /// What proves it.
    pub secret: &'static str,
}

/// Region of the servers here.
pub const REGION: &str = "us-east-1";

/// Headers that are the connection's own business.
const UNSIGNED: [&str; 6] =
    ["accept", "authorization", "connection", "content-length", "expect", "user-agent"];

/// Signs a request as it is now, as if it were sent at a time.
pub fn sign(request: &mut Request, key: Key, at: DateTime<Utc>) {
    let time = at.format("%Y%m%dT%H%M%SZ").to_string();
    let day = at.format("%Y%m%d").to_string();
    request.set("x-amz-date", &time);
    let body = hex(digest(&SHA256, &request.body).as_ref());
    request.set("x-amz-content-sha256", &body);
    let mut headers = BTreeMap::new();
    for (name, value) in &request.headers {
        let name = name.to_ascii_lowercase();
        if !UNSIGNED.contains(&name.as_str()) {
            headers.insert(name, value.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    let names = headers.keys().map(String::as_str).collect::<Vec<_>>().join(";");
    let lines = headers.iter().fold(String::new(), |mut lines, (name, value)| {
        writeln!(lines, "{name}:{value}").unwrap();
        lines
    });
    let mut query: Vec<_> = request.query().split('&').filter(|part| !part.is_empty()).collect();
    query.sort_unstable();
    let query = query
        .iter()
        .map(|part| if part.contains('=') { (*part).to_owned() } else { format!("{part}=") });
    let query = query.collect::<Vec<_>>().join("&");
    let canonical =
        format!("{}\n{}\n{query}\n{lines}\n{names}\n{body}", request.method, request.path());
    let scope = format!("{day}/{REGION}/s3/aws4_request");
    let hash = hex(digest(&SHA256, canonical.as_bytes()).as_ref());
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hash}");
    let first = format!("AWS4{}", key.secret).into_bytes();
    let parts = [day.as_str(), REGION, "s3", "aws4_request"];
    let own = parts.iter().fold(first, |key, part| mac(&key, part.as_bytes()));
    let signature = hex(&mac(&own, to_sign.as_bytes()));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        key.access
    );
    request.set("authorization", &authorization);
}

/// Asks a server, and gives its status and the text of its answer.
pub fn ask(
    server: SocketAddr,
    key: Key,
    (method, target): (&str, &str),
    headers: &[(&str, &str)],
) -> (u16, String) {
    let mut request =
        Request { method: method.into(), target: target.into(), ..Request::default() };
    request.set("host", &server.to_string());
    for (name, value) in headers {
        request.set(name, value);
    }
    sign(&mut request, key, Utc::now());
    let answer = request.send(server).unwrap();
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split_whitespace().nth(1).and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status.unwrap_or(0), body.to_owned())
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
