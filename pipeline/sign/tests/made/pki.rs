//! A test authority of two floors that answers for its certificates, and answers wrongly on demand.
//!
//! The root issues the middle authority and the time-stamp authority, and publishes a list; the
//! middle authority issues agencies, answers by OCSP through a delegate, and publishes a list too.
//! Everything is written by hand, because no library lets one write it wrong.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PublicKeyData, SerialNumber, SigningKey,
};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use sohoa_sign::{
    CertificateDer, EvidenceCache, EvidenceSource, Fetch, FetchError, KeyFile, Message, RsaScheme,
    verify::{Pin, PinnedRoot, Trust, TrustDomain},
};

use super::stamps::{Authority, response, serve_on};

const ECDSA_SHA256: &[u8] = &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

pub const AGENCY: u8 = 77;
pub const MIDDLE: u8 = 2;
pub const STAMPER: u8 = 3;

/// Days until the certificate ends of [`Pki::ending_stamps`].
pub const STAMPS_END: i64 = 60;

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..0x80 => out.push(length as u8),
        0x80..0x100 => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(content);
    out
}

fn sha1(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
}

fn general(at: DateTime<Utc>) -> Vec<u8> {
    der(0x18, &[at.format("%Y%m%d%H%M%SZ").to_string().as_bytes()])
}

/// An extension of the given identifier.
fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    der(0x30, &[&der(6, &[oid]), flag, &der(4, &[value])])
}

fn address(url: &str) -> Vec<u8> {
    der(0x86, &[url.as_bytes()])
}

/// Where evidence about a certificate is, in its own words.
fn pointers(ocsp: Option<&str>, crl: Option<&str>) -> Vec<CustomExtension> {
    let ocsp = ocsp.map(|url| {
        let entry = |method, url: &str| {
            der(0x30, &[&[6, 8, 0x2b, 6, 1, 5, 5, 7, 48, method], &address(url)])
        };
        let issuer = entry(2, &format!("{url}.p7c"));
        let oid = [1, 3, 6, 1, 5, 5, 7, 1, 1];
        CustomExtension::from_oid_content(&oid, der(0x30, &[&entry(1, url), &issuer]))
    });
    let crl = crl.map(|url| {
        let point = der(0x30, &[&der(0xa0, &[&der(0xa0, &[&address(url)])])]);
        CustomExtension::from_oid_content(&[2, 5, 29, 31], der(0x30, &[&point]))
    });
    ocsp.into_iter().chain(crl).collect()
}

fn named(name: &str, serial: u8) -> CertificateParams {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.distinguished_name.push(DnType::CountryName, "VN");
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.serial_number = Some(SerialNumber::from(u64::from(serial)));
    parameters.use_authority_key_identifier_extension = true;
    // Whoever signs or stamps is long expired when an archive is read; who issued that, not yet.
    let year = Utc::now().year();
    parameters.not_before = rcgen::date_time_ymd(year - 1, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(year + 3, 1, 1);
    parameters
}

fn authority(name: &str, serial: u8, below: u8) -> CertificateParams {
    let mut parameters = named(name, serial);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(below));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.not_after = rcgen::date_time_ymd(Utc::now().year() + 30, 1, 1);
    parameters
}

fn pem(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

/// A key and its certificate.
pub struct Holder {
    pub certificate: Vec<u8>,
    key: KeyPair,
}

impl Holder {
    fn of(issuer: &CertifiedIssuer<'static, KeyPair>) -> Self {
        let key = KeyPair::from_pem(&issuer.key().serialize_pem()).unwrap();
        Self { certificate: issuer.der().to_vec(), key }
    }

    /// A certificate that may answer for its issuer, or that only looks like it.
    fn responder(
        (issuer, list): (&Issuer<'_, KeyPair>, &str),
        serial: u8,
        purpose: u8,
        no_check: bool,
    ) -> Self {
        let mut parameters = named("responder", serial);
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let purpose = der(0x30, &[&[6, 8, 0x2b, 6, 1, 5, 5, 7, 3, purpose]]);
        let purpose = CustomExtension::from_oid_content(&[2, 5, 29, 37], purpose);
        parameters.custom_extensions.push(purpose);
        if no_check {
            let oid = [1, 3, 6, 1, 5, 5, 7, 48, 1, 5];
            let no_check = CustomExtension::from_oid_content(&oid, vec![5, 0]);
            parameters.custom_extensions.push(no_check);
        } else {
            parameters.custom_extensions.extend(pointers(None, Some(list)));
        }
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, issuer).unwrap();
        Self { certificate: certificate.der().to_vec(), key }
    }

    /// The structure around what is signed, its signature and what follows.
    fn sign(&self, signed: &[u8], further: &[u8]) -> Vec<u8> {
        let mut value = vec![0];
        value.extend(self.key.sign(signed).unwrap());
        der(0x30, &[signed, ECDSA_SHA256, &der(3, &[&value]), further])
    }

    /// The subject's name, cut out of the certificate by hand.
    fn name(&self) -> Vec<u8> {
        let fields = elements(&elements(&elements(&self.certificate)[0].1)[0].1);
        // Version, serial, algorithm, issuer, validity, subject.
        fields[5].0.clone()
    }
}

/// The elements of a run: each whole, and its content.
fn elements(mut bytes: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all = Vec::new();
    while bytes.len() > 1 {
        let (head, length) = match bytes[1] {
            0x81 => (3, usize::from(bytes[2])),
            0x82 => (4, usize::from(bytes[2]) << 8 | usize::from(bytes[3])),
            short => (2, usize::from(short)),
        };
        let (one, rest) = bytes.split_at(head + length);
        all.push((one.to_vec(), one[head..].to_vec()));
        bytes = rest;
    }
    all
}

/// Who signs an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Issuer,
    /// Exempt from checks.
    Delegate,
    /// Has to be looked up itself.
    CheckedDelegate,
    /// A certificate of the same issuer that was given no such purpose.
    Colleague,
    /// A delegate of another authority that bears the same names.
    Stranger,
}

/// Since when, and why.
pub type Revocation = (DateTime<Utc>, Option<u8>);

/// What is answered about a certificate, right unless it is changed.
#[derive(Debug, Clone)]
pub struct Answer {
    pub serial: u8,
    pub revoked: Option<Revocation>,
    pub known: bool,
    pub this_update: DateTime<Utc>,
    pub next_update: Option<DateTime<Utc>>,
    pub by: By,
    pub nonce: Option<Vec<u8>>,
    pub delta: bool,
    /// The one distribution point that a list speaks for.
    pub point: Option<String>,
    /// Certificates that expired since then are remembered.
    pub remembers: Option<DateTime<Utc>>,
    /// Flips a bit of the signature.
    pub spoilt: bool,
}

/// All authorities and what they revoked.
pub struct Pki {
    base: String,
    root: Holder,
    middle: CertifiedIssuer<'static, KeyPair>,
    holders: BTreeMap<&'static str, Holder>,
    pub stamps: Authority,
    pub other_stamps: Authority,
    /// The authority that stamps, under its last certificate.
    pub ending_stamps: Authority,
    revoked: Mutex<BTreeMap<u8, Revocation>>,
    now: Mutex<DateTime<Utc>>,
}

impl Pki {
    pub fn new() -> Arc<Self> {
        Self::at("http://pki.test")
    }

    /// Authorities that are asked at addresses below this one.
    pub fn at(base: &str) -> Arc<Self> {
        let (root_list, middle_list) = (format!("{base}/root.crl"), format!("{base}/middle.crl"));
        let key = || KeyPair::generate().unwrap();
        let root = authority("Test root", 1, 1);
        let root = CertifiedIssuer::self_signed(root, key()).unwrap();
        let mut middle = authority("Test middle", MIDDLE, 0);
        middle.custom_extensions = pointers(None, Some(&root_list));
        let middle = CertifiedIssuer::signed_by(middle, key(), &root).unwrap();
        let other = authority("Test middle", MIDDLE, 0);
        let other = CertifiedIssuer::signed_by(other, key(), &root).unwrap();
        let holders = BTreeMap::from([
            ("middle", Holder::of(&middle)),
            ("delegate", Holder::responder((&middle, &middle_list), 10, 9, true)),
            ("checked", Holder::responder((&middle, &middle_list), 11, 9, false)),
            ("colleague", Holder::responder((&middle, &middle_list), 12, 4, true)),
            ("stranger", Holder::responder((&other, &middle_list), 13, 9, true)),
        ]);
        let list = || pointers(None, Some(&root_list));
        let stamps = Authority::under(&root, STAMPER, list());
        let other_stamps = Authority::under(&root, STAMPER + 1, list());
        let ending_stamps = Authority::ending(&root, (STAMPER + 2, STAMPS_END), list());
        let (revoked, now) = (Mutex::default(), Mutex::new(Utc::now()));
        Arc::new(Self {
            base: base.to_owned(),
            root: Holder::of(&root),
            middle,
            holders,
            stamps,
            other_stamps,
            ending_stamps,
            revoked,
            now,
        })
    }

    /// A key of the agency under the middle authority.
    pub fn agency(&self, serial: u8, pem: Option<&str>, scheme: RsaScheme) -> KeyFile {
        let (key, chain) = self.agency_parts(serial, pem, self.pointers());
        KeyFile::new(key.as_bytes(), &chain.map(CertificateDer), scheme).unwrap()
    }

    /// The same for a signer who leaves the middle authority out of the signatures.
    pub fn agency_alone(&self, serial: u8) -> KeyFile {
        let (key, chain) = self.agency_parts(serial, None, self.pointers());
        let [own, _, _] = chain.map(CertificateDer);
        KeyFile::new(key.as_bytes(), &[own], RsaScheme::default()).unwrap()
    }

    /// The same as the texts of two PEM files: the key, and its certificates.
    pub fn agency_files(&self, serial: u8) -> (String, String) {
        let (key, chain) = self.agency_parts(serial, None, self.pointers());
        (key, chain.map(|certificate| pem(&certificate)).concat())
    }

    /// The same with a certificate that names nobody who could be asked about it.
    pub fn agency_files_naming_nobody(&self, serial: u8) -> (String, String) {
        let (key, chain) = self.agency_parts(serial, None, Vec::new());
        (key, chain.map(|certificate| pem(&certificate)).concat())
    }

    fn pointers(&self) -> Vec<CustomExtension> {
        let (responder, list) =
            (format!("{}/middle", self.base), format!("{}/middle.crl", self.base));
        pointers(Some(&responder), Some(&list))
    }

    /// The middle authority's certificate, as a PKCS#7 that nobody signed.
    pub fn bundle(&self) -> Vec<u8> {
        let data = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
        let signed_data = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
        let content = der(0x30, &[&data]);
        let certificates = der(0xa0, &[self.middle.der()]);
        let all = der(0x30, &[&[2, 1, 1], &[0x31, 0], &content, &certificates, &[0x31, 0]]);
        der(0x30, &[&signed_data, &der(0xa0, &[&all])])
    }

    fn agency_parts(
        &self,
        serial: u8,
        pem: Option<&str>,
        pointers: Vec<CustomExtension>,
    ) -> (String, [Vec<u8>; 3]) {
        let key = pem.map_or_else(KeyPair::generate, KeyPair::from_pem).unwrap();
        let mut parameters = named("Sở Thử nghiệm tỉnh Mẫu", serial);
        parameters.key_usages =
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
        parameters.custom_extensions = pointers;
        let own = parameters.signed_by(&key, &self.middle).unwrap().der().to_vec();
        let chain = [own, self.middle.der().to_vec(), self.root.certificate.clone()];
        let key = pem.map_or_else(|| key.serialize_pem(), ToOwned::to_owned);
        (key, chain)
    }

    /// Trust as in a real authority: without evidence its certificates are not believed.
    pub fn trust(&self) -> Trust {
        let pin = Pin::Certificate(CertificateDer(self.root.certificate.clone()));
        let root = PinnedRoot { pin, domain: TrustDomain::GovCipher };
        Trust { roots: vec![root], ..Trust::default() }
    }

    /// The root, for judges.
    pub fn root_pem(&self) -> String {
        pem(&self.root.certificate)
    }

    pub fn revoke(&self, serial: u8, at: DateTime<Utc>, reason: Option<u8>) {
        self.revoked.lock().unwrap().insert(serial, (at, reason));
    }

    /// Answers are of this time from now on.
    pub fn set_clock(&self, now: DateTime<Utc>) {
        *self.now.lock().unwrap() = now;
    }

    /// The right answer about a certificate.
    pub fn right(&self, serial: u8) -> Answer {
        let now = *self.now.lock().unwrap();
        let revoked = self.revoked.lock().unwrap().get(&serial).copied();
        Answer {
            serial,
            revoked: revoked.filter(|(at, _)| *at <= now),
            known: true,
            this_update: now,
            next_update: Some(now + TimeDelta::hours(1)),
            by: By::Delegate,
            nonce: None,
            delta: false,
            point: None,
            remembers: None,
            spoilt: false,
        }
    }

    fn signer(&self, by: By) -> &Holder {
        &self.holders[match by {
            By::Issuer => "middle",
            By::Delegate => "delegate",
            By::CheckedDelegate => "checked",
            By::Colleague => "colleague",
            By::Stranger => "stranger",
        }]
    }

    /// An OCSP response by the middle authority or in its name.
    pub fn response(&self, answer: &Answer) -> Vec<u8> {
        let middle = &self.holders["middle"];
        let hash = der(0x30, &[&[6, 5, 0x2b, 0x0e, 3, 2, 26], &[5, 0]]);
        let name = der(4, &[&sha1(&middle.name())]);
        let key = der(4, &[&sha1(middle.key.der_bytes())]);
        let identifier = der(0x30, &[&hash, &name, &key, &[2, 1, answer.serial]]);
        let status = match answer.revoked {
            _ if !answer.known => vec![0x82, 0],
            None => vec![0x80, 0],
            Some((at, reason)) => {
                let reason = reason.map(|reason| der(0xa0, &[&[0x0a, 1, reason]]));
                der(0xa1, &[&general(at), &reason.unwrap_or_default()])
            }
        };
        let next = answer.next_update.map(|next| der(0xa0, &[&general(next)])).unwrap_or_default();
        let cutoff = answer.remembers.map(|since| {
            let cutoff = extension(&[0x2b, 6, 1, 5, 5, 7, 48, 1, 6], false, &general(since));
            der(0xa1, &[&der(0x30, &[&cutoff])])
        });
        let cutoff = cutoff.unwrap_or_default();
        let this = general(answer.this_update);
        let single = der(0x30, &[&identifier, &status, &this, &next, &cutoff]);
        let signer = self.signer(answer.by);
        let responder = der(0xa2, &[&der(4, &[&sha1(signer.key.der_bytes())])]);
        let nonce = answer.nonce.as_ref().map(|nonce| {
            let value = der(4, &[nonce]);
            let nonce = extension(&[0x2b, 6, 1, 5, 5, 7, 48, 1, 2], false, &value);
            der(0xa1, &[&der(0x30, &[&nonce])])
        });
        let produced = general(answer.this_update);
        let list = der(0x30, &[&single]);
        let data = der(0x30, &[&responder, &produced, &list, &nonce.unwrap_or_default()]);
        let certificates = match answer.by {
            By::Issuer => Vec::new(),
            _ => der(0xa0, &[&der(0x30, &[&signer.certificate])]),
        };
        let basic = spoil(signer.sign(&data, &certificates), &data, answer.spoilt);
        let bytes = der(0x30, &[&[6, 9, 0x2b, 6, 1, 5, 5, 7, 48, 1, 1], &der(4, &[&basic])]);
        der(0x30, &[&[0x0a, 1, 0], &der(0xa0, &[&bytes])])
    }

    /// A list of the root or of the middle authority, of everything it revoked.
    pub fn list(&self, url: &str, answer: &Answer) -> Vec<u8> {
        let issuer = if url.ends_with("/root.crl") { &self.root } else { &self.holders["middle"] };
        let signer = if answer.by == By::Stranger { self.signer(By::Stranger) } else { issuer };
        let now = *self.now.lock().unwrap();
        let revoked = self.revoked.lock().unwrap();
        let entries =
            revoked.iter().filter(|(_, (at, _))| *at <= now).map(|(serial, (at, why))| {
                let why = why.map(|why| extension(&[0x55, 0x1d, 21], false, &[0x0a, 1, why]));
                let why = why.map(|why| der(0x30, &[&why])).unwrap_or_default();
                der(0x30, &[&[2, 1, *serial], &general(*at), &why])
            });
        let entries = entries.collect::<Vec<_>>().concat();
        let entries = if entries.is_empty() { entries } else { der(0x30, &[&entries]) };
        let number = extension(&[0x55, 0x1d, 20], false, &[2, 1, 1]);
        let delta = extension(&[0x55, 0x1d, 27], true, &[2, 1, 1]);
        let delta = if answer.delta { delta } else { Vec::new() };
        let point = answer.point.as_ref().map(|url| {
            let name = der(0xa0, &[&der(0xa0, &[&address(url)])]);
            extension(&[0x55, 0x1d, 28], true, &der(0x30, &[&name]))
        });
        let point = point.unwrap_or_default();
        let kept =
            answer.remembers.map(|since| extension(&[0x55, 0x1d, 60], false, &general(since)));
        let kept = kept.unwrap_or_default();
        let extensions = der(0xa0, &[&der(0x30, &[&number, &delta, &point, &kept])]);
        let next = answer.next_update.map(general).unwrap_or_default();
        let this = general(answer.this_update);
        let name = issuer.name();
        let data =
            der(0x30, &[&[2, 1, 1], ECDSA_SHA256, &name, &this, &next, &entries, &extensions]);
        spoil(signer.sign(&data, &[]), &data, answer.spoilt)
    }
}

/// The first byte of what was signed, past its length, is another.
fn spoil(mut bytes: Vec<u8>, signed: &[u8], spoilt: bool) -> Vec<u8> {
    if spoilt {
        let at = bytes.windows(signed.len()).position(|window| window == signed).unwrap();
        let last = at + signed.len() - 1;
        bytes[last] ^= 1;
    }
    bytes
}

/// Changes an answer on its way, knowing the address.
pub type Change = Box<dyn Fn(&str, &mut Answer) + Send + Sync>;

/// The servers of the test authorities, in this process.
pub struct Network {
    pki: Arc<Pki>,
    change: Change,
    /// Spoils the bytes of an answer.
    garble: Box<dyn Fn(Vec<u8>) -> Vec<u8> + Send + Sync>,
    /// Addresses nobody answers at.
    dead: Vec<&'static str>,
    pub asked: Arc<Mutex<Vec<String>>>,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Network")
    }
}

impl Network {
    pub fn of(pki: &Arc<Pki>) -> Self {
        Self {
            pki: Arc::clone(pki),
            change: Box::new(|_, _| {}),
            garble: Box::new(|bytes| bytes),
            dead: Vec::new(),
            asked: Arc::default(),
        }
    }

    pub fn changing(self, change: impl Fn(&str, &mut Answer) + Send + Sync + 'static) -> Self {
        Self { change: Box::new(change), ..self }
    }

    pub fn garbling(self, garble: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self { garble: Box::new(garble), ..self }
    }

    pub fn without(self, dead: &[&'static str]) -> Self {
        Self { dead: dead.to_vec(), ..self }
    }

    /// Evidence from this network alone.
    pub fn source(self) -> EvidenceSource {
        self.source_with(EvidenceCache::in_memory())
    }

    pub fn source_with(self, cache: EvidenceCache) -> EvidenceSource {
        EvidenceSource::new(self.pki.trust(), Box::new(self), cache)
    }

    /// Answers by HTTP as long as it is `awake`, for authorities at the listener's address.
    pub fn serve_while(
        self,
        listener: std::net::TcpListener,
        awake: impl Fn() -> bool + Send + 'static,
    ) {
        let content_type = "application/ocsp-request";
        serve_on(listener, move |url, body| {
            let answer = match body {
                _ if !awake() => Err(FetchError::Status { url: url.to_owned(), status: 503 }),
                [] => self.get(url),
                body => self.post(&Message { url, content_type, body }),
            };
            answer.map_or_else(
                |_| response("503 Service Unavailable", b""),
                |bytes| response("200 OK", &bytes),
            )
        });
    }

    fn visit(&self, url: &str) -> Result<(), FetchError> {
        self.asked.lock().unwrap().push(url.to_owned());
        if self.dead.iter().any(|dead| url.ends_with(dead)) {
            return Err(FetchError::Status { url: url.to_owned(), status: 503 });
        }
        Ok(())
    }
}

impl Fetch for Network {
    fn post(&self, message: &Message<'_>) -> Result<Vec<u8>, FetchError> {
        assert_eq!(message.content_type, "application/ocsp-request");
        self.visit(message.url)?;
        // The request: [[[[algorithm, name, key, serial]]], [nonce extension]].
        let fields = elements(&elements(&elements(message.body)[0].1)[0].1);
        let identifier = elements(&elements(&elements(&fields[0].1)[0].1)[0].1);
        let serial = *identifier[3].1.last().unwrap();
        let nonce = elements(&elements(&elements(&fields[1].1)[0].1)[0].1);
        let mut answer = self.pki.right(serial);
        answer.nonce = Some(elements(&nonce[1].1)[0].1.clone());
        (self.change)(message.url, &mut answer);
        Ok((self.garble)(self.pki.response(&answer)))
    }

    fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        self.visit(url)?;
        if url.ends_with("/middle.p7c") {
            return Ok((self.garble)(self.pki.bundle()));
        }
        let mut answer = self.pki.right(0);
        (self.change)(url, &mut answer);
        Ok((self.garble)(self.pki.list(url, &answer)))
    }
}
