//! A time-stamp authority: `openssl ts` behind the client's trait, and behind loopback HTTP.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, IsCa, KeyPair,
    KeyUsagePurpose, SerialNumber,
};
use sohoa_sign::{
    CertificateDer, Fetch, FetchError, Message, TimeStampAuthority,
    verify::{Pin, PinnedRoot, Trust, TrustDomain},
};
use tempfile::TempDir;

/// What `openssl` answers with unless another policy is asked for.
pub const POLICY: &str = "1.2.3.4";

/// Key, certificate and state of the authority.
#[derive(Debug, Clone)]
pub struct Authority {
    folder: Arc<TempDir>,
    root: Vec<u8>,
    /// `openssl ts` keeps its serial number in a file.
    one_at_a_time: Arc<Mutex<()>>,
}

impl Authority {
    pub fn new() -> Self {
        Self::under(&root(), 1, Vec::new())
    }

    /// One with this key, that hashes what it signs by this.
    pub fn hashing(key: &str, digest: &str) -> Self {
        let key = KeyPair::from_pem(key).unwrap();
        let made = Self::with_key(&root(), &key, (1, Vec::new(), long_lasting()));
        let path = made.folder.path().join("ts.cnf");
        let text = std::fs::read_to_string(&path).unwrap();
        let digest = format!("signer_digest = {digest}");
        std::fs::write(&path, text.replace("signer_digest = sha256", &digest)).unwrap();
        made
    }

    /// An authority that a root vouches for, with further extensions in its certificate.
    pub fn under(
        root: &CertifiedIssuer<'static, KeyPair>,
        serial: u8,
        further: Vec<CustomExtension>,
    ) -> Self {
        let key = KeyPair::generate().unwrap();
        Self::with_key(root, &key, (serial, further, long_lasting()))
    }

    /// The same whose certificate ends in so many days.
    pub fn ending(
        root: &CertifiedIssuer<'static, KeyPair>,
        (serial, days): (u8, i64),
        further: Vec<CustomExtension>,
    ) -> Self {
        let end = Utc::now() + TimeDelta::days(days);
        Self::with_key(root, &KeyPair::generate().unwrap(), (serial, further, end))
    }

    fn with_key(
        root: &CertifiedIssuer<'static, KeyPair>,
        key: &KeyPair,
        (serial, further, end): (u8, Vec<CustomExtension>, DateTime<Utc>),
    ) -> Self {
        let mut own = CertificateParams::new(Vec::new()).unwrap();
        own.serial_number = Some(SerialNumber::from(u64::from(serial)));
        own.use_authority_key_identifier_extension = true;
        own.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        own.not_after = rcgen::date_time_ymd(end.year(), end.month() as u8, end.day() as u8);
        own.distinguished_name.push(DnType::CommonName, "stamp");
        // SEQUENCE of id-kp-timeStamping, critical as OpenSSL insists.
        let purpose = [0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 8];
        let mut purpose = CustomExtension::from_oid_content(&[2, 5, 29, 37], purpose.to_vec());
        purpose.set_criticality(true);
        own.custom_extensions.push(purpose);
        own.custom_extensions.extend(further);
        let certificate = own.signed_by(key, root).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
        };
        write("key.pem", &key.serialize_pem());
        write("own.pem", &certificate.pem());
        write("root.pem", &root.pem());
        write("serial", "01\n");
        write(
            "ts.cnf",
            "[tsa]\ndefault_tsa = t\n[t]\nserial = serial\nsigner_digest = sha256\n\
             default_policy = 1.2.3.4\nother_policies = 1.2.3.5\n\
             digests = sha256, sha384, sha512\ness_cert_id_alg = sha256\naccuracy = secs:1\n",
        );
        let root = root.der().to_vec();
        Self { folder: Arc::new(folder), root, one_at_a_time: Arc::default() }
    }

    pub fn pin(&self) -> PinnedRoot {
        let pin = Pin::Certificate(CertificateDer(self.root.clone()));
        PinnedRoot { pin, domain: TrustDomain::Test }
    }

    pub fn trust(&self) -> Trust {
        Trust { roots: vec![self.pin()], ..Trust::default() }
    }

    /// The root in PEM, for judges.
    pub fn root_file(&self) -> std::path::PathBuf {
        self.folder.path().join("root.pem")
    }

    /// The response to a request, a refusal too.
    pub fn reply(&self, query: &[u8]) -> Vec<u8> {
        let _guard = self.one_at_a_time.lock().unwrap();
        let folder: &Path = self.folder.path();
        std::fs::write(folder.join("query"), query).unwrap();
        let made = Command::new("openssl")
            .args(["ts", "-reply", "-config", "ts.cnf", "-section", "t", "-queryfile", "query"])
            .args(["-signer", "own.pem", "-inkey", "key.pem", "-out", "reply"])
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        std::fs::read(folder.join("reply")).unwrap()
    }

    /// The authority asked without a network, with something done to its replies.
    pub fn client(
        &self,
        policy: Option<&str>,
        trust: Trust,
        change: fn(usize, Vec<u8>) -> Vec<u8>,
    ) -> TimeStampAuthority {
        let direct = Direct { authority: self.clone(), change, replies: Mutex::default() };
        TimeStampAuthority::new("http://tsa.test/", policy, trust, Box::new(direct)).unwrap()
    }
}

/// Years after the ends of signers: a stamp is there when they end.
fn long_lasting() -> DateTime<Utc> {
    Utc::now() + TimeDelta::days(6 * 365)
}

fn root() -> CertifiedIssuer<'static, KeyPair> {
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.distinguished_name.push(DnType::CommonName, "stamp root");
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap()
}

/// Answers in this process; `change` sees how many replies were given before.
struct Direct {
    authority: Authority,
    change: fn(usize, Vec<u8>) -> Vec<u8>,
    replies: Mutex<usize>,
}

impl std::fmt::Debug for Direct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Direct")
    }
}

impl Fetch for Direct {
    fn post(&self, message: &Message<'_>) -> Result<Vec<u8>, FetchError> {
        assert_eq!(message.content_type, "application/timestamp-query");
        let mut count = self.replies.lock().unwrap();
        *count += 1;
        Ok((self.change)(*count - 1, self.authority.reply(message.body)))
    }

    fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        Err(FetchError::Address(url.to_owned()))
    }
}

/// A server on loopback that answers every post with what `answer` makes of its body.
pub fn serve(answer: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    serve_on(listener, move |_, body| answer(body));
    address
}

/// The same where the address was needed before, and knowing the path that was asked for.
pub fn serve_on(listener: TcpListener, answer: impl Fn(&str, &[u8]) -> Vec<u8> + Send + 'static) {
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let (path, body) = asked(&mut connection);
            // A client that has given up has hung up, too.
            connection.write_all(&answer(&path, &body)).ok();
        }
    });
}

fn asked(connection: &mut TcpStream) -> (String, Vec<u8>) {
    let mut reader = BufReader::new(connection);
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (path, body)
}

/// An HTTP response with a body.
pub fn response(status: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}
