//! Who signs, and whom we believe: the configured organisation certificate, or the throw-away test
//! authority of the embedded default.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, Utc};
use sohoa_schemas::config::{self, Config, SignatureLevel, SigningAgency, WithoutEvidence};
use sohoa_sign::{
    CertificateDer, EvidenceCache, EvidenceError, EvidenceSource, HttpClient, MessageSigner,
    SignError, TimeStampAuthority,
    test_ca::{self, Subject, TestAuthority},
    verify::{Agency, Expected, Pin, PinnedRoot, PolicyError, Trust, TrustDomain, check_signer},
};
use sohoa_store::hash::hex;

use crate::{
    context::now,
    exit::{Exit, Failure},
    keys, levels, settings,
    stages::sign::word,
};

/// Longest wait for a time-stamp, and its largest size: tokens are a few kilobytes.
const STAMP_PATIENCE: Duration = Duration::from_secs(10);
const STAMP_LIMIT: u64 = 256 << 10;

/// The same for revocation lists, which grow to megabytes.
const LIST_PATIENCE: Duration = Duration::from_secs(30);
const LIST_LIMIT: u64 = 64 << 20;

/// What to do where nobody says whether a certificate was revoked.
pub(crate) const EVIDENCE: &str = "the certificates have to name authorities that answer over http, \
                                   and their roots be in sign.roots; below B-LT, \
                                   sign.without_evidence = \"lower\" signs while they are silent, \
                                   or none is named";

/// The signing key with what it is judged by.
#[derive(Debug)]
pub(crate) struct Authority {
    /// The key.
    pub(crate) signer: Box<dyn MessageSigner>,
    /// Pinned roots.
    pub(crate) trust: Trust,
    /// The same, and who must have signed what is signed here.
    pub(crate) custodian: Trust,
    /// Who stamps the time of a signature, where the configuration names somebody.
    pub(crate) stamps: Option<TimeStampAuthority>,
    /// The test authority's root, PEM, when it is the one that signs.
    pub(crate) test_root: Option<Vec<u8>>,
    /// The key is a throw-away one, wherever it lies: its authority revokes nothing.
    pub(crate) throw_away: bool,
}

impl Authority {
    /// Loads the configured key, or makes and loads the test authority, and checks the policy:
    /// only a valid organisation certificate under a pinned root may sign.
    pub(crate) fn load(config: &Config, now: DateTime<Utc>) -> Result<Self, Failure> {
        let trust = trust(config, &[])?;
        let mut authority = match keys::configured_key(config)? {
            Some(signer) => Self::new(config, (signer, trust, None))?,
            None => Self::test(config, trust, now)?,
        };
        let chain = authority.signer.chain();
        let identity = check_signer(chain, &authority.custodian, now);
        let identity = identity.map_err(|error| may_not_sign(error, chain))?;
        authority.throw_away = identity.domain == TrustDomain::Test;
        if let Some(notice) = authority.signer.notice() {
            tracing::warn!("{notice}");
        }
        Ok(authority)
    }

    /// Makes sure that the key can sign. A token's PIN is used only now, which is why this comes after
    /// the authorities were asked whether its certificate is revoked.
    pub(crate) fn ready(&self) -> Result<(), Failure> {
        self.signer.ready().map_err(|error| configured(&error))
    }

    /// Where it is asked whether certificates were revoked; answers are kept beside the user's data,
    /// so that documents signed while one holds carry the same.
    pub(crate) fn evidence(&self, config: &Config) -> Result<EvidenceSource, Failure> {
        evidence(config, &self.trust)
    }

    /// When the first certificate of the signing chain ends; the throw-away authority's does not
    /// matter.
    pub(crate) fn ends(&self) -> Option<DateTime<Utc>> {
        let chain = self.signer.chain().iter().filter(|_| self.test_root.is_none());
        chain.filter_map(CertificateDer::not_after).min()
    }

    /// Whole days until then, where they are no more than these.
    pub(crate) fn ends_within(&self, days: u32, now: DateTime<Utc>) -> Option<i64> {
        let left = (self.ends()? - now).num_days();
        (left <= i64::from(days)).then_some(left)
    }

    /// Where it is asked whether certificates were revoked; nobody is asked about a throw-away
    /// authority that need not prove anything. A signer that is revoked, or that nobody will ever
    /// answer for where the level of `config` wants it, stops here and not at the first document. Then
    /// the key is tried out, but not while documents wait for an authority that is silent.
    pub(crate) fn evidence_for(&self, config: &Config) -> Result<Option<EvidenceSource>, Failure> {
        let Some(level) = self.asks_at(config) else { return self.ready().map(|()| None) };
        let evidence = self.evidence(config)?;
        match self.standing(&evidence, (config, level)) {
            Err(failure) if failure.exit == Exit::Unreachable => {
                tracing::warn!(error = failure.line(), "an authority is silent at the start");
                if config.sign.without_evidence == WithoutEvidence::Hold {
                    return Ok(Some(evidence));
                }
            }
            stands => warn_unasked(stands?),
        }
        self.ready()?;
        Ok(Some(evidence))
    }

    /// The level that it is asked for; none where nobody is.
    fn asks_at(&self, config: &Config) -> Option<SignatureLevel> {
        let level = config.sign.wanted_level();
        self.is_asked_at(level).then_some(level)
    }

    /// Whether it is asked if the signer was revoked.
    pub(crate) fn is_asked_at(&self, level: SignatureLevel) -> bool {
        level >= SignatureLevel::BLt || !self.throw_away
    }

    /// Whether the signer's certificate stands, as [`Self::standing`] says; none where nobody is asked.
    pub(crate) fn asked(&self, config: &Config) -> Option<Result<Option<String>, Failure>> {
        let level = self.asks_at(config)?;
        let evidence = self.evidence(config);
        Some(evidence.and_then(|evidence| self.standing(&evidence, (config, level))))
    }

    /// The same for one signature.
    pub(crate) fn stands_now(&self, config: &Config) -> Result<(), Failure> {
        self.asked(config).map_or(Ok(()), |standing| passes(config, standing))
    }

    /// Whether the signer's certificate stands, as its authority says now; or why it signs although
    /// nobody can be asked.
    pub(crate) fn standing(
        &self,
        evidence: &EvidenceSource,
        (config, level): (&Config, SignatureLevel),
    ) -> Result<Option<String>, Failure> {
        let checked = evidence.check_signer(self.signer.chain(), now());
        let passes = |error: &EvidenceError| levels::passes_unasked(&config.sign, level, error);
        if let Err(error) = &checked
            && passes(error)
        {
            return Ok(Some(error.to_string()));
        }
        checked.map(|_| None).map_err(|error| {
            use EvidenceError::{Cache, NoSource, Revoked, Untrusted};
            let exit = match error {
                Cache(_) | NoSource { .. } | Revoked { .. } | Untrusted => Exit::Configuration,
                _ => Exit::Unreachable,
            };
            let failure = Failure::from_error(exit, &error);
            if matches!(error, Revoked { .. }) { failure } else { failure.hint(EVIDENCE) }
        })
    }

    fn test(config: &Config, mut trust: Trust, now: DateTime<Utc>) -> Result<Self, Failure> {
        let folder = test_folder(config)?;
        let mut files = TestAuthority::in_folder(&folder);
        if !files.exists() {
            let subject = Subject {
                common_name: config.agency.name.clone(),
                organisation: config.agency.parent_name.clone(),
                unit: None,
                locality: "TEST".into(),
                user_id: Some("MNS:0000000".into()),
            };
            files = make_test_authority(&folder, &subject, now)?;
        }
        let signer: Box<dyn MessageSigner> =
            Box::new(files.load().map_err(|error| configured(&error))?);
        let root = read(&files.root)?;
        trust.roots.extend(pins(&files.root, TrustDomain::Test)?);
        Self::new(config, (signer, trust, Some(root)))
    }

    fn new(
        config: &Config,
        (signer, trust, test_root): (Box<dyn MessageSigner>, Trust, Option<Vec<u8>>),
    ) -> Result<Self, Failure> {
        let stamps = stamps(config, &trust)?;
        let custodian = Trust { expected: custodian(config)?, ..trust.clone() };
        let throw_away = test_root.is_some();
        Ok(Self { signer, trust, custodian, stamps, test_root, throw_away })
    }
}

/// Whether a signer of this standing signs. Silence passes where the configuration lets documents pass.
pub(crate) fn passes(
    config: &Config,
    standing: Result<Option<String>, Failure>,
) -> Result<(), Failure> {
    match standing {
        Err(failure)
            if failure.exit == Exit::Unreachable
                && config.sign.without_evidence == WithoutEvidence::Lower =>
        {
            tracing::warn!(error = failure.line(), "nobody says whether the key is revoked");
            Ok(())
        }
        stands => stands.map(warn_unasked),
    }
}

/// Says that nobody can be asked about the key, where that is let pass.
fn warn_unasked(why: Option<String>) {
    if let Some(why) = why {
        tracing::warn!(
            why,
            "nobody can be asked whether the signing certificate is revoked; it signs all the same, \
             because of sign.without_evidence, and each signature gets a finding"
        );
    }
}

/// Why nothing is signed, with the verdict that its signatures would get.
fn may_not_sign(error: PolicyError, chain: &[CertificateDer]) -> Failure {
    let hint = match error {
        PolicyError::NotValid => "have it renewed, and put the new one into sign.chain".to_owned(),
        PolicyError::Untrusted => "sign.roots must hold its root".to_owned(),
        PolicyError::WrongAgency => format!(
            "agency.code says who signs, and sign.agencies whose certificate it is: list it there by \
             its SHA-256, certificates = [\"{}\"], or by its name where certificates lists none; \
             without sign.agencies its CN must be agency.name, and its O agency.parent_name, where \
             that is set",
            chain.first().map(|own| hex(&own.sha256())).unwrap_or_default()
        ),
        PolicyError::PublicAuthority => {
            "sign.roots holds the roots for official duty, sign.public_roots the others".to_owned()
        }
        _ => "sign.chain must hold the agency's own organisation certificate".to_owned(),
    };
    let what = format!("{error} ({}) / {}", word(&error.verdict()), error.vietnamese());
    Failure::new(Exit::Configuration, what).hint(hint)
}

/// What raises a signature without the key: whom it is judged by, who stamps, who says what is
/// revoked.
pub(crate) fn stamping(
    config: &Config,
) -> Result<(Trust, TimeStampAuthority, EvidenceSource), Failure> {
    let mut trust = trust(config, &[])?;
    trust_own_tests(&mut trust)?;
    let Some(authority) = stamps(config, &trust)? else {
        return Err(Failure::new(Exit::Configuration, "there is no time-stamp authority to ask")
            .hint("set sign.timestamp_url, and its root in sign.timestamp_roots"));
    };
    let evidence = evidence(config, &trust)?;
    Ok((trust, authority, evidence))
}

/// Who is asked what was revoked, as `sohoa verify --online` does: for issuers that were left out,
/// too. Whoever only looks, and may have no folder to write to, keeps the answers while he does.
pub(crate) fn online(trust: &Trust) -> EvidenceSource {
    let cache = evidence_cache().unwrap_or_else(|_| EvidenceCache::in_memory());
    asking(trust, cache).fetching_issuers(true)
}

fn evidence(config: &Config, trust: &Trust) -> Result<EvidenceSource, Failure> {
    Ok(asking(trust, evidence_cache()?).fetching_issuers(config.sign.fetch_issuers))
}

fn evidence_cache() -> Result<EvidenceCache, Failure> {
    let folder = settings::data_folder()?.join("evidence");
    let made = std::fs::create_dir_all(&folder).and_then(|()| tempfile::tempfile_in(&folder));
    made.map_err(|error| {
        let what = format!("cannot write to `{}`: {error}", folder.display());
        Failure::new(Exit::Configuration, what)
    })?;
    Ok(EvidenceCache::in_folder(folder))
}

fn asking(trust: &Trust, cache: EvidenceCache) -> EvidenceSource {
    let client = Box::new(HttpClient::new(LIST_PATIENCE, LIST_LIMIT));
    EvidenceSource::new(trust.clone(), client, cache)
}

/// The configured time-stamp authority.
fn stamps(config: &Config, trust: &Trust) -> Result<Option<TimeStampAuthority>, Failure> {
    let Some(url) = &config.sign.timestamp_url else { return Ok(None) };
    let client = Box::new(HttpClient::new(STAMP_PATIENCE, STAMP_LIMIT));
    let policy = config.sign.timestamp_policy.as_deref();
    TimeStampAuthority::new(url, policy, trust.clone(), client).map(Some).map_err(|error| {
        Failure::from_error(Exit::Configuration, &error).hint("see sign.timestamp_policy")
    })
}

/// Roots to believe: the configured ones, further ones, and every test root of this user's, which
/// is what `verify` needs to say `TEST` instead of `untrusted`.
pub(crate) fn trust(config: &Config, further: &[PathBuf]) -> Result<Trust, Failure> {
    let mut roots = Vec::new();
    for path in config.sign.roots.iter().chain(further) {
        roots.extend(pins(path, TrustDomain::GovCipher)?);
    }
    for root in &mut roots {
        if let Pin::Certificate(certificate) = &root.pin
            && test_ca::is_root(certificate)
        {
            root.domain = TrustDomain::Test;
        }
    }
    for path in &config.sign.public_roots {
        roots.extend(pins(path, TrustDomain::PublicCa)?);
    }
    let mut stamp_roots = Vec::new();
    for path in &config.sign.timestamp_roots {
        stamp_roots.extend(pins(path, TrustDomain::PublicCa)?);
    }
    for text in &config.sign.fingerprints {
        let pin = Pin::fingerprint(text).ok_or_else(|| {
            let what = format!("sign.fingerprints: `{text}` is no SHA-256 or SHA-1 in hex");
            Failure::new(Exit::Configuration, what)
        })?;
        roots.push(PinnedRoot { pin, domain: TrustDomain::GovCipher });
    }
    let agency = |agency: &SigningAgency| Agency {
        id: agency.code.clone(),
        names: agency.names.clone(),
        certificates: agency.certificates.clone(),
    };
    let mut agencies: Vec<_> = config.sign.agencies.iter().map(agency).collect();
    if agencies.is_empty() {
        agencies.push(by_name(&config.agency));
    }
    Ok(Trust { roots, stamp_roots, agencies, expected: Expected::Anyone })
}

/// The register of a configuration that has none: the agency itself, by its name, and by the one of
/// the agency above it. What nobody configured is the embedded default's, and tells of no certificate.
fn by_name(agency: &config::Agency) -> Agency {
    let config::Agency { name, parent_name, .. } = agency;
    let above = Some(parent_name).filter(|above| {
        !above.trim().is_empty() && **above != config::Agency::default().parent_name
    });
    let long = above.map(|above| format!("{name}, {above}"));
    let names = [name.clone()].into_iter().chain(long).collect();
    Agency { id: own_code(agency).to_owned(), names, certificates: Vec::new() }
}

fn own_code(agency: &config::Agency) -> &str {
    agency.code.as_deref().unwrap_or(&agency.province)
}

/// Whose certificate may sign: that of the agency that keeps the records.
pub(crate) fn custodian(config: &Config) -> Result<Expected, Failure> {
    if config.sign.agencies.is_empty() {
        return Ok(Expected::Agency(own_code(&config.agency).to_owned()));
    }
    let Some(code) = &config.agency.code else {
        let what = "sign.agencies is given, and agency.code does not say which of them signs";
        return Err(Failure::new(Exit::Configuration, what));
    };
    if !config.sign.agencies.iter().any(|agency| agency.code == *code) {
        let what = format!("sign.agencies has no agency of the code `{code}` (agency.code)");
        return Err(Failure::new(Exit::Configuration, what));
    }
    Ok(Expected::Agency(code.clone()))
}

/// Adds the roots of this user's own test authorities.
pub(crate) fn trust_own_tests(trust: &mut Trust) -> Result<(), Failure> {
    let base = settings::data_folder()?.join("test-authority");
    let Ok(folders) = std::fs::read_dir(base) else { return Ok(()) };
    for folder in folders.filter_map(Result::ok) {
        let files = TestAuthority::in_folder(&folder.path());
        if files.exists() {
            trust.roots.extend(pins(&files.root, TrustDomain::Test)?);
        }
    }
    Ok(())
}

/// Makes the authority beside its place and moves it there whole: of two programs that start for
/// the first time, or one that is killed on the way, no half an authority is left.
fn make_test_authority(
    folder: &Path,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<TestAuthority, Failure> {
    let unmade = folder.with_extension(format!("{}", std::process::id()));
    TestAuthority::create(&unmade, subject, now).map_err(|error| configured(&error))?;
    let moved = std::fs::rename(&unmade, folder);
    let files = TestAuthority::in_folder(folder);
    if let Err(error) = moved {
        // Another program was first; its authority is as good.
        let removed = std::fs::remove_dir_all(&unmade);
        if !files.exists() || removed.is_err() {
            let what = format!("cannot make the test authority `{}`: {error}", folder.display());
            return Err(Failure::new(Exit::Configuration, what));
        }
    }
    Ok(files)
}

/// One test authority for each agency name, so that a changed name gets a certificate of its own.
fn test_folder(config: &Config) -> Result<PathBuf, Failure> {
    let names = format!("{}\n{}", config.agency.name, config.agency.parent_name);
    let hash = sohoa_store::hash::sha256(names.as_bytes());
    let short: String = hash.chars().take(12).collect();
    Ok(settings::data_folder()?.join("test-authority").join(short))
}

/// Certificates of a PEM file.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer>, Failure> {
    let text = String::from_utf8_lossy(&read(path)?).into_owned();
    CertificateDer::from_pem(&text).map_err(|error| configured(&error))
}

fn pins(path: &Path, domain: TrustDomain) -> Result<Vec<PinnedRoot>, Failure> {
    let certificates = certificates(path)?;
    if certificates.is_empty() {
        let what = format!("`{}` holds no certificate", path.display());
        return Err(Failure::new(Exit::Configuration, what));
    }
    let pin = |certificate| PinnedRoot { pin: Pin::Certificate(certificate), domain };
    Ok(certificates.into_iter().map(pin).collect())
}

/// A file of the configuration.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        Failure::new(Exit::Configuration, format!("cannot read `{}`: {error}", path.display()))
    })
}

/// What to do about a key that cannot be used.
pub(crate) fn configured(error: &SignError) -> Failure {
    if let SignError::Token(token) = error {
        let exit = if token.may_pass() { Exit::Unreachable } else { Exit::Configuration };
        return Failure::from_error(exit, error).hint(
            "check sign.pkcs11, and what `pkcs11-tool --module LIBRARY --list-objects` shows; \
             `sohoa check` tries the key out",
        );
    }
    Failure::from_error(Exit::Configuration, error)
        .hint("check sign.key, sign.chain and sign.passphrase; `sohoa check` tries them out")
}
