//! What the configuration file (TOML) may say. Every key has a default: without a file the
//! embedded mode runs with a throw-away test authority.
//!
//! The reference page `schemas/configuration.md` is made from these types; a test loads the example
//! `deploy/sohoa.example.toml` by them.

use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whose records these are.
    pub agency: Agency,
    /// What is accepted as input.
    pub input: Input,
    /// How pages are read.
    pub ocr: Ocr,
    /// The child processes that read pages, and how much is in flight.
    pub workers: Workers,
    /// Which values are believed.
    pub extract: Extract,
    /// Who signs, and with what.
    pub sign: Sign,
    /// Who lets a composed document be signed.
    pub release: Release,
    /// Where results go.
    pub output: Output,
    /// Buckets, and how they are reached.
    pub store: Store,
    /// How the index is written.
    pub index: Index,
    /// The brokers that `sohoa worker`, `indexer` and `backfill` talk to.
    pub kafka: Kafka,
    /// What operators see.
    pub metrics: Metrics,
    /// Secrets, by reference.
    pub secrets: Secrets,
}

/// Whose records these are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Agency {
    /// Agency code of the province (Decision 20/2020), which partitions the index.
    pub province: String,
    /// Code of the agency that keeps the records; part of a dossier's identity. A manifest says more
    /// exactly whose its papers are: by its `handling_agency_code`, else `received_from_agency_code`, if
    /// that is this agency's own code, one of `keeps_for`, or any where no code is given. What a unit
    /// handled (`H08.12.1`) is its agency's (`H08.12`). Reports hold the papers against that agency's
    /// inventory.
    pub code: Option<String>,
    /// Codes of other agencies whose dossiers this one keeps and signs, as of those it took over. Those
    /// of its own units, `H08.12.1` of `H08.12`, need not be named. With a `code`, a dossier whose
    /// manifest names any other `handling_agency_code` is refused.
    pub keeps_for: Vec<String>,
    /// Full name of that agency, as its signature's appearance shows it.
    pub name: String,
    /// Name of the agency above it, as the throw-away test certificate has it in its `O`. Where it is
    /// set and `sign.agencies` is not, a certificate with another `O` is not this agency's.
    pub parent_name: String,
}

impl Default for Agency {
    fn default() -> Self {
        Self {
            province: "H00".into(),
            code: None,
            keeps_for: Vec::new(),
            name: "Cơ quan dùng thử".into(),
            parent_name: "Ủy ban nhân dân tỉnh dùng thử".into(),
        }
    }
}

/// What is accepted as input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Input {
    /// Name of this input; part of the identity of dossiers without a code. Without one, the last
    /// part of the input's address.
    pub name: Option<String>,
    /// `postal`, `counter` or `bulk`.
    pub channel: String,
    /// Largest file, in mebibytes.
    pub max_file_mib: u64,
    /// Largest page, in megapixels.
    pub max_page_megapixels: u64,
    /// Most pages of a file.
    pub max_pages: u32,
}

impl Default for Input {
    fn default() -> Self {
        Self {
            name: None,
            channel: "bulk".into(),
            max_file_mib: 512,
            // An A0 drawing at 300 dpi has 139 megapixels.
            max_page_megapixels: 200,
            max_pages: 5_000,
        }
    }
}

/// How pages are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ocr {
    /// Tesseract's language model.
    pub language: String,
    /// Variant of the model: `fast`, which distributions package; `best_int` or any other folder
    /// below `tessdata`; or with a `/` the path of a folder that holds `LANGUAGE.traineddata`.
    pub model: String,
    /// Folder of the language models; without one, Tesseract's own.
    pub tessdata: Option<PathBuf>,
}

impl Default for Ocr {
    fn default() -> Self {
        Self { language: "vie".into(), model: "fast".into(), tessdata: None }
    }
}

/// The child processes that read pages, and how much is in flight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Workers {
    /// Number of page workers; 0 for one a core.
    pub count: usize,
    /// Memory limit of one page worker, in mebibytes.
    pub memory_mib: u64,
    /// Seconds a page may take at least.
    pub deadline_seconds: f64,
    /// Further seconds for each megapixel.
    pub deadline_seconds_per_megapixel: f64,
    /// Bytes of documents in flight, in mebibytes. The processes together take this at most, and
    /// beside it up to 700 MiB for each page worker that reads the largest page accepted. One
    /// document larger than bulk's part of it is taken all the same, alone in its lane, and live
    /// documents have their part beside it.
    pub budget_mib: u64,
    /// Part of `budget_mib` that bulk documents leave to live ones, in percent.
    pub live_reserve_percent: u64,
    /// Seconds a worker that is told to end goes on with the documents it has begun; less than
    /// whoever tells it waits before it kills (`stop_grace_period` in Compose).
    pub drain_seconds: u64,
}

impl Default for Workers {
    fn default() -> Self {
        Self {
            count: 0,
            memory_mib: 2048,
            deadline_seconds: 60.0,
            deadline_seconds_per_megapixel: 15.0,
            budget_mib: 512,
            live_reserve_percent: 25,
            drain_seconds: 240,
        }
    }
}

/// Which values are believed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Extract {
    /// Probability of being right from which a value read from a page is used.
    pub accept: f64,
}

impl Default for Extract {
    fn default() -> Self {
        Self { accept: 0.9 }
    }
}

/// Who signs, and with what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sign {
    /// Private key: PKCS#8 (PEM or DER), or PKCS#12 with its certificates. Without one a throw-away
    /// test authority is made.
    pub key: Option<PathBuf>,
    /// Certificate chain, PEM, the signer's own first; none with PKCS#12, and of a token's
    /// certificates those that it does not hold itself.
    pub chain: Option<PathBuf>,
    /// A key in a token or hardware module, in place of `key`.
    pub pkcs11: Option<Pkcs11>,
    /// Password of a PKCS#12 key: `env:NAME` or `file:PATH`.
    pub passphrase: Option<String>,
    /// `auto`, `rsa-pss` or `rsa-pkcs1`, with SHA-256 unless `-sha384` or `-sha512` follows;
    /// elliptic keys have one scheme.
    pub scheme: String,
    /// Roots of the authority for official duty (Decree 68/2024), PEM: certificates of agencies chain to
    /// them, and only such a certificate may sign.
    pub roots: Vec<PathBuf>,
    /// Further ones of them, by the SHA-256 or SHA-1 fingerprint that the authority published.
    pub fingerprints: Vec<String>,
    /// Roots of public authorities, PEM: signatures of citizens and companies on what comes in are
    /// judged by them. Nothing is signed under one.
    pub public_roots: Vec<PathBuf>,
    /// Roots that vouch for time-stamps alone, PEM.
    pub timestamp_roots: Vec<PathBuf>,
    /// The register of agencies that sign: only a certificate of the agency that `agency.code` names
    /// may sign, and only its signed heads vouch for the audit trail. Without it, the certificate's `CN`
    /// must be `agency.name`, and its `O`, if it has one, `agency.parent_name`, where that is set.
    pub agencies: Vec<SigningAgency>,
    /// Time-stamp authority (RFC 3161) as an `http://` address, which every level above B-B needs.
    /// Its root must be one of `timestamp_roots`, `public_roots` or `roots`.
    pub timestamp_url: Option<String>,
    /// Policy that its stamps must be made under, as `1.2.3.4`; any without it.
    pub timestamp_policy: Option<String>,
    /// `B-B`, `B-T`, `B-LT` or `B-LTA`: what signatures shall prove. Without it B-T where
    /// `timestamp_url` is given, else B-B. A revoked certificate signs nothing, at any level.
    pub level: Option<SignatureLevel>,
    /// What becomes of a document while an authority does not answer that its level needs, or that
    /// says whether the signer was revoked: `hold` it, or sign it at the highest `lower` level that
    /// is reached, with a finding, to be raised by `sohoa timestamp` later. A signing certificate that
    /// names nobody who can be asked over `http` signs with `lower` alone, below B-LT, with a finding on
    /// each signature.
    pub without_evidence: WithoutEvidence,
    /// Font of the appearance and of the text layer.
    pub font: PathBuf,
    /// Whether issuers that signatures of others left out are fetched from where their certificates
    /// say (`http`), when a file is raised to B-LT.
    pub fetch_issuers: bool,
    /// What `sohoa verify` answers for a signature that is good but for one thing: nothing proves that
    /// its certificate was not revoked. `refuse`: it is not valid; `warn`: it is, and told apart.
    pub unknown_revocation: UnknownRevocation,
    /// Folder or URL of the results in whose audit trail `sohoa sign` notes what it signed: who, which
    /// certificate, what hash. Nothing is signed by hand while that cannot be reached.
    pub trail: Option<String>,
    /// Corner of page 1 that the appearance is shown in: `top_right` (Decree 30/2020), `top_left`,
    /// `bottom_right` or `bottom_left`. It stays clear of what is printed there, where it can.
    pub corner: Corner,
    /// Days before the end of the signing certificate from which `sohoa check` and the alerts warn.
    pub warn_days: u32,
    /// First line of the appearance: the form of copy.
    pub form: String,
    /// Conversion mark (Decree 137/2024, article 4).
    pub conversion_mark: String,
}

/// A key in a token or hardware module, reached by its maker's PKCS#11 library. The token's
/// certificate is judged before its PIN is used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pkcs11 {
    /// The library, as `/usr/lib/softhsm/libsofthsm2.so`.
    pub library: PathBuf,
    /// Label or serial number of the token; not needed where there is one.
    pub token: Option<String>,
    /// Label of the key or of its certificate; not needed where one key has a certificate.
    pub key: Option<String>,
    /// Identifier (`CKA_ID`) of the key in hex, in place of its label.
    pub key_id: Option<String>,
    /// The user's PIN: `env:NAME` or `file:PATH`. One that the token refuses is not tried again, not
    /// by a later start either; one that it fails at without naming the PIN is tried once more, six
    /// hours later. None is tried while the token says that the last one was wrong.
    pub pin: Option<String>,
    /// Sign by PKCS#1 v1.5 where the token cannot sign by RSASSA-PSS; every start warns of it.
    pub fall_back: bool,
    /// Sessions with the token, which is how many signatures it makes at once.
    pub sessions: usize,
    /// Seconds one answer of the token may take; then the document is tried again, and held.
    pub patience_seconds: u64,
}

impl Default for Pkcs11 {
    fn default() -> Self {
        Self {
            library: PathBuf::new(),
            token: None,
            key: None,
            key_id: None,
            pin: None,
            fall_back: false,
            sessions: 4,
            patience_seconds: 20,
        }
    }
}

/// A level of `PAdES` (ETSI EN 319 142-1), from least to most.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum SignatureLevel {
    /// The signature alone.
    #[serde(rename = "B-B")]
    BB,
    /// With a time-stamp.
    #[serde(rename = "B-T")]
    BT,
    /// With the evidence that no certificate was revoked.
    #[serde(rename = "B-LT")]
    BLt,
    /// And a time-stamp over all of it, to be renewed before it grows old.
    #[serde(rename = "B-LTA")]
    BLta,
}

/// What is done where an authority is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WithoutEvidence {
    /// The document waits.
    #[default]
    Hold,
    /// It is signed at a lower level.
    Lower,
}

/// What is answered where nothing is known of a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnknownRevocation {
    /// That the signature is not valid: a key may have been stolen and revoked.
    #[default]
    Refuse,
    /// That it is valid as far as could be checked (Circular 15/2025: the user is warned).
    Warn,
}

/// A corner of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Corner {
    /// Of the scanning officer.
    TopLeft,
    /// Of the agency.
    #[default]
    TopRight,
    /// Below on the left.
    BottomLeft,
    /// Below on the right.
    BottomRight,
}

impl Sign {
    /// The level that signatures shall have.
    pub fn wanted_level(&self) -> SignatureLevel {
        let stamped = self.timestamp_url.is_some();
        self.level.unwrap_or(if stamped { SignatureLevel::BT } else { SignatureLevel::BB })
    }
}

/// An agency and the certificates that are its own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SigningAgency {
    /// Its code, as in `agency.code`.
    pub code: String,
    /// Its names, as certificates spell them: `CN`, or `CN, O` where others have the same `CN`; then a
    /// certificate with another `O` is not its own. Of an agency that lists `certificates`, they
    /// prove nothing.
    pub names: Vec<String>,
    /// SHA-256 of its certificates, in hex: these alone are its own, so the former ones, by which what
    /// was signed long ago is judged, have to stay on the list.
    pub certificates: Vec<String>,
}

impl Default for Sign {
    fn default() -> Self {
        Self {
            key: None,
            chain: None,
            pkcs11: None,
            passphrase: None,
            scheme: "auto".into(),
            roots: Vec::new(),
            fingerprints: Vec::new(),
            public_roots: Vec::new(),
            timestamp_roots: Vec::new(),
            agencies: Vec::new(),
            timestamp_url: None,
            timestamp_policy: None,
            level: None,
            without_evidence: WithoutEvidence::Hold,
            font: "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf".into(),
            fetch_issuers: false,
            unknown_revocation: UnknownRevocation::default(),
            trail: None,
            corner: Corner::TopRight,
            warn_days: 30,
            form: "SAO Y".into(),
            conversion_mark: "Chuyển đổi từ văn bản giấy".into(),
        }
    }
}

/// How a composed document gets released for signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseMode {
    /// Signed at once, under a written delegation.
    #[default]
    Delegated,
    /// Held until the agency's clerk releases it.
    Manual,
}

/// Who lets a composed document be signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Release {
    /// `delegated` or `manual`.
    pub mode: ReleaseMode,
    /// Reference of the agency's written delegation; stands in every row.
    pub delegation: String,
    /// Seconds after which `sohoa worker` tries to sign what an authority's silence left held, though it
    /// was released. The pause grows, up to 15 minutes, while the silence lasts, and where so much is
    /// held that looking through it takes more than a second. `sohoa run` tries once each time it
    /// comes across such a document.
    pub retry_seconds: u64,
}

impl Default for Release {
    fn default() -> Self {
        Self { mode: ReleaseMode::Delegated, delegation: "TEST".into(), retry_seconds: 60 }
    }
}

/// Where results go.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Output {
    /// Accept a store that cannot create an object atomically, because only one process ever
    /// writes to it.
    pub single_writer: bool,
}

/// Buckets, and how they are reached. A folder needs none of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// Options of the store's client by their names in `object_store`: `aws_endpoint`,
    /// `aws_region`, `aws_virtual_hosted_style_request`, `aws_server_side_encryption`, …, `timeout`,
    /// `proxy_url`. A value `env:NAME` is taken from the environment, `file:PATH` from a file. The
    /// same names in capitals are read from the environment; what stands here goes first.
    pub options: BTreeMap<String, String>,
    /// PEM file with authorities that `https` servers are trusted by, beside the system's own. The
    /// variable `AWS_CA_BUNDLE` names one as well.
    pub ca_certificates: Option<PathBuf>,
    /// Seconds for which a failing request is tried again, with growing pauses, before it is given
    /// up.
    pub retry_seconds: u64,
    /// `governance` or `compliance`: what is kept for good (`lock_prefixes`) is put under a
    /// retention of `lock_days`, in a bucket made with object lock. Leave the bucket itself without
    /// a default retention: it would hold locks, probes and replaced index files as well.
    pub lock_mode: Option<LockMode>,
    /// Days of that retention, from the moment of writing.
    pub lock_days: u32,
    /// Puts what is kept for good under a legal hold, which ends when somebody lifts it.
    pub lock_legal_hold: bool,
    /// Beginnings of the keys that are kept for good.
    pub lock_prefixes: Vec<String>,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            options: BTreeMap::new(),
            ca_certificates: None,
            retry_seconds: 120,
            lock_mode: None,
            // Ten years with their leap days.
            lock_days: 3_653,
            lock_legal_hold: false,
            lock_prefixes: ["originals/", "documents/", "evidence/"].map(String::from).into(),
        }
    }
}

/// How strictly a retention holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LockMode {
    /// Nobody can shorten it.
    Compliance,
    /// Who has the special right can shorten it.
    Governance,
}

/// How the index is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Index {
    /// Documents a commit.
    pub commit_documents: usize,
    /// Seconds after which a smaller commit is made.
    pub commit_seconds: u64,
    /// Days for which a state of the index that somebody opened stays readable; what is older goes
    /// with `sohoa index vacuum`.
    pub retention_days: u16,
}

impl Default for Index {
    fn default() -> Self {
        Self { commit_documents: 500, commit_seconds: 60, retention_days: 7 }
    }
}

/// The brokers that `sohoa worker`, `indexer` and `backfill` talk to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Kafka {
    /// Addresses to begin with, `host:port,…`.
    pub brokers: String,
    /// First part of the topics' names, of the consumer groups' and of the transactional ids'.
    pub prefix: String,
    /// Properties of librdkafka, passed through: TLS, SASL, timeouts. A value `env:NAME` is taken
    /// from the environment, `file:PATH` from a file, so that no secret stands here.
    pub properties: BTreeMap<String, String>,
    /// Documents of one partition that may be finished out of order before it waits for the
    /// slowest.
    pub window: usize,
    /// Milliseconds between two transactions of a worker.
    pub announce_milliseconds: u64,
}

impl Default for Kafka {
    fn default() -> Self {
        Self {
            brokers: "localhost:9092".into(),
            prefix: "sohoa".into(),
            properties: BTreeMap::new(),
            window: 1_000,
            announce_milliseconds: 250,
        }
    }
}

/// What operators see.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Address of `/metrics`, `/healthz` and `/readyz` of `sohoa worker` and `indexer`, e.g.
    /// `0.0.0.0:9464`. Without one there is no endpoint.
    pub listen: Option<String>,
}

/// Secrets, by reference.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Secrets {
    /// File with the key for hashed identifiers, at least 32 bytes. Without one, a key is made in
    /// the user's data directory.
    pub hmac_key: Option<PathBuf>,
    /// File with the province's RSA key (PEM, PKCS#8), to which postal partners encrypt the owner's
    /// identifier (`owner.id_enc` of a manifest: a JWE in compact form, RSA-OAEP-256 and A256GCM).
    /// `sohoa run` and `sohoa backfill` open and hash it; without a key the owner of such a dossier is
    /// known by kind alone. A worker needs none.
    pub owner_key: Option<PathBuf>,
}
