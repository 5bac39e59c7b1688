//! From a URL and settings to the client of a store across a network.
//!
//! A setting stands in the configuration (`store.options`) or in the environment (`AWS_…`,
//! `AZURE_…`, `GOOGLE_…`), under the name that `object_store` has for it; the configuration goes
//! first.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use object_store::{
    BackoffConfig, Certificate, ClientConfigKey, ClientOptions, ObjectStore, ObjectStoreScheme,
    RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, Checksum},
    azure::{AzureConfigKey, MicrosoftAzure, MicrosoftAzureBuilder},
    gcp::{GoogleCloudStorage, GoogleCloudStorageBuilder, GoogleConfigKey},
    http::HttpBuilder,
    list::PaginatedListStore,
    memory::InMemory,
    path::Path,
};
use sohoa_schemas::{
    config,
    reference::{self, Unresolved},
};
use url::Url;

use crate::{
    client::{Connector, Watch, Wire},
    credentials::{self, CredentialsError, SharedFile},
    object_lock::ObjectLock,
};

/// Where a machine of Amazon's finds its credentials, unless an option says otherwise.
const METADATA: &str = "http://169.254.169.254";

/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A setting of a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// No client of a store has such an option.
    #[error("store.options.\"{0}\" is not an option of S3, Azure or Google")]
    Unknown(String),
    /// Its value stands elsewhere and is not there.
    #[error("store.options.\"{option}\" {reason}")]
    Unresolved {
        /// The option.
        option: String,
        /// Why.
        #[source]
        reason: Unresolved,
    },
    /// The file of authorities cannot be read.
    #[error("store.ca_certificates (AWS_CA_BUNDLE) names `{path}`, which cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of authorities holds none.
    #[error("store.ca_certificates (AWS_CA_BUNDLE) names `{0}`, which holds no PEM certificate")]
    NoCertificate(PathBuf),
    /// Secrets would go over the wire for all to read.
    #[error(
        "aws_endpoint (AWS_ENDPOINT) is `{0}`, which is not encrypted: use https, or set \
         aws_allow_http (AWS_ALLOW_HTTP) to true"
    )]
    NotEncrypted(String),
    /// The endpoint is no address.
    #[error("aws_endpoint (AWS_ENDPOINT) is `{0}`, which is no http:// or https:// address")]
    Endpoint(String),
    /// The file of credentials.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// What the client itself says.
    #[error("a setting of the store cannot be used")]
    Client(#[from] object_store::Error),
}

/// A store across a network.
pub(crate) struct Remote {
    pub(crate) objects: Arc<dyn ObjectStore>,
    /// The same, listing page by page, where it can.
    pub(crate) pages: Option<Arc<dyn PaginatedListStore>>,
    pub(crate) prefix: Path,
    pub(crate) watch: Arc<Watch>,
    /// Beginnings of the keys that get a lock.
    pub(crate) kept: Vec<String>,
}

/// Makes the client of `url`, which is shown as `address`.
pub(crate) fn open(
    url: &Url,
    address: &str,
    settings: &config::Store,
) -> Result<Remote, SettingError> {
    let (scheme, prefix) = ObjectStoreScheme::parse(url).map_err(object_store::Error::from)?;
    let options = options(environment(), &settings.options)?;
    let watch = Arc::new(Watch::default());
    let metadata = options.get("aws_metadata_endpoint").map_or(METADATA, String::as_str);
    let lock = if scheme == ObjectStoreScheme::AmazonS3 { ObjectLock::new(settings) } else { None };
    let kept = if lock.is_some() { settings.lock_prefixes.clone() } else { Vec::new() };
    let wire = Arc::new(Wire {
        address: address.to_owned(),
        metadata: metadata.trim_end_matches('/').to_owned(),
        lock,
        watch: Arc::clone(&watch),
    });
    let client = Client {
        url: url.to_string(),
        http: client_options(settings, &options)?,
        retry: retry(settings),
        connector: Connector(Arc::clone(&wire)),
        options,
    };
    let (objects, pages) = match scheme {
        ObjectStoreScheme::AmazonS3 => in_pages(client.s3(&wire)?),
        ObjectStoreScheme::GoogleCloudStorage => in_pages(client.google()?),
        ObjectStoreScheme::MicrosoftAzure => in_pages(client.azure()?),
        ObjectStoreScheme::Http => (client.http(url)?, None),
        ObjectStoreScheme::Memory => (Arc::new(InMemory::new()) as _, None),
        _ => return Err(no_such(url).into()),
    };
    Ok(Remote { objects, pages, prefix, watch, kept })
}

/// A store, and itself as one that lists page by page.
fn in_pages<S>(store: S) -> (Arc<dyn ObjectStore>, Option<Arc<dyn PaginatedListStore>>)
where
    S: ObjectStore + PaginatedListStore,
{
    let store = Arc::new(store);
    (Arc::clone(&store) as _, Some(store))
}

fn no_such(url: &Url) -> object_store::Error {
    let why = format!("there is no store of the kind `{}:`", url.scheme());
    object_store::Error::Generic { store: "URL", source: why.into() }
}

/// What every kind of store is made from.
struct Client {
    url: String,
    http: ClientOptions,
    retry: RetryConfig,
    connector: Connector,
    options: BTreeMap<String, String>,
}

impl Client {
    fn s3(self, wire: &Wire) -> Result<AmazonS3, SettingError> {
        let builder = AmazonS3Builder::new()
            .with_url(&self.url)
            .with_client_options(self.http)
            .with_retry(self.retry)
            .with_http_connector(self.connector);
        let mut builder = with(&self.options, builder, |builder, key: AmazonS3ConfigKey, value| {
            builder.with_config(key, value)
        });
        if let Some(endpoint) = endpoint(&builder, &self.url)? {
            builder =
                builder.with_config(AmazonS3ConfigKey::S3Endpoint, endpoint.trim_end_matches('/'));
        }
        if let Some(file) = SharedFile::find(&self.options, std::env::home_dir())? {
            builder = builder.with_credentials(Arc::new(file));
        }
        if wire.lock.is_some() && !self.options.contains_key("aws_checksum_algorithm") {
            // S3 asks for it with every object that gets a retention.
            builder = builder.with_checksum_algorithm(Checksum::SHA256);
        }
        let store = builder.build()?;
        if let Some(lock) = &wire.lock {
            give(&lock.credentials, Arc::clone(store.credentials()));
        }
        Ok(store)
    }

    fn google(self) -> Result<GoogleCloudStorage, SettingError> {
        let builder = GoogleCloudStorageBuilder::new()
            .with_url(self.url)
            .with_client_options(self.http)
            .with_retry(self.retry)
            .with_http_connector(self.connector);
        let with = with(&self.options, builder, |builder, key: GoogleConfigKey, value| {
            builder.with_config(key, value)
        });
        Ok(with.build()?)
    }

    fn azure(self) -> Result<MicrosoftAzure, SettingError> {
        let builder = MicrosoftAzureBuilder::new()
            .with_url(self.url)
            .with_client_options(self.http)
            .with_retry(self.retry)
            .with_http_connector(self.connector);
        let with = with(&self.options, builder, |builder, key: AzureConfigKey, value| {
            builder.with_config(key, value)
        });
        Ok(with.build()?)
    }

    fn http(self, url: &Url) -> Result<Arc<dyn ObjectStore>, SettingError> {
        // Who writes http: means it.
        let options = self.http.with_allow_http(url.scheme() == "http");
        let builder = HttpBuilder::new()
            .with_url(&url[..url::Position::BeforePath])
            .with_client_options(options)
            .with_retry(self.retry)
            .with_http_connector(self.connector);
        Ok(Arc::new(builder.build()?))
    }
}

fn give<T>(place: &OnceLock<T>, value: T) {
    // It is empty: the lock was made for this store.
    if place.set(value).is_err() {
        tracing::debug!("the credentials were given before");
    }
}

/// Gives a builder the options that are its own; a process has those of all its stores.
fn with<B, K: std::str::FromStr>(
    options: &BTreeMap<String, String>,
    builder: B,
    set: impl Fn(B, K, &str) -> B,
) -> B {
    options.iter().fold(builder, |builder, (key, value)| match key.parse() {
        Ok(key) => set(builder, key, value),
        Err(_) => builder,
    })
}

/// The S3 server's address. With the bucket as part of its name it differs by bucket, and a process
/// may have two.
fn endpoint(builder: &AmazonS3Builder, url: &str) -> Result<Option<String>, SettingError> {
    let value = |key| builder.get_config_value(&key).filter(|value| !value.is_empty());
    let given = value(AmazonS3ConfigKey::S3Endpoint).or(value(AmazonS3ConfigKey::Endpoint));
    let Some(given) = given else { return Ok(None) };
    let wrong = || SettingError::Endpoint(given.clone());
    let mut endpoint = Url::parse(&given).map_err(|_| wrong())?;
    let is = |key| value(key).is_some_and(|value| is_true(&value));
    match endpoint.scheme() {
        "https" => {}
        "http" if is(AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp)) => {}
        "http" => return Err(SettingError::NotEncrypted(given)),
        _ => return Err(wrong()),
    }
    let bucket = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let host = endpoint.host_str().ok_or_else(wrong)?.to_owned();
    if let Some(bucket) = bucket
        && is(AmazonS3ConfigKey::VirtualHostedStyleRequest)
        && !host.starts_with(&format!("{bucket}."))
    {
        endpoint.set_host(Some(&format!("{bucket}.{host}"))).map_err(|_| wrong())?;
    }
    Ok(Some(endpoint.into()))
}

fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "on" | "yes" | "y")
}

fn client_options(
    settings: &config::Store,
    options: &BTreeMap<String, String>,
) -> Result<ClientOptions, SettingError> {
    let named = options.get("aws_ca_bundle").map(PathBuf::from);
    let mut client = ClientOptions::new();
    if let Some(path) = settings.ca_certificates.clone().or(named) {
        let pem = std::fs::read(&path)
            .map_err(|source| SettingError::Unreadable { path: path.clone(), source })?;
        let certificates = Certificate::from_pem_bundle(&pem).unwrap_or_default();
        if certificates.is_empty() {
            return Err(SettingError::NoCertificate(path));
        }
        client = certificates.into_iter().fold(client, ClientOptions::with_root_certificate);
    }
    Ok(client)
}

/// Bounded in time: how often that is, the pauses say.
fn retry(settings: &config::Store) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig { max_backoff: LONGEST_PAUSE, ..BackoffConfig::default() },
        max_retries: usize::MAX,
        retry_timeout: Duration::from_secs(settings.retry_seconds),
    }
}

/// The stores' settings of the environment, in the lower-case form their builders read. An empty
/// one is none: so do files of variables leave one out.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars().filter_map(|(key, value)| {
        let known = ["AWS_", "AZURE_", "GOOGLE_"].iter().any(|prefix| key.starts_with(prefix));
        (known && !value.is_empty()).then(|| (key.to_ascii_lowercase(), value))
    })
}

fn options(
    environment: impl Iterator<Item = (String, String)>,
    settings: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, SettingError> {
    let mut options: BTreeMap<_, _> = environment.collect();
    for (option, value) in settings {
        let name = option.to_ascii_lowercase();
        if !is_option(&name) {
            return Err(SettingError::Unknown(option.clone()));
        }
        let value = reference::resolve(value)
            .map_err(|reason| SettingError::Unresolved { option: option.clone(), reason })?;
        options.insert(name, value);
    }
    Ok(options)
}

fn is_option(name: &str) -> bool {
    [credentials::FILE, credentials::PROFILE].contains(&name)
        || name.parse::<AmazonS3ConfigKey>().is_ok()
        || name.parse::<AzureConfigKey>().is_ok()
        || name.parse::<GoogleConfigKey>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    }

    fn s3_endpoint(options: &[(&str, &str)], url: &str) -> Result<Option<String>, SettingError> {
        let set = |builder: AmazonS3Builder, key, value: &str| builder.with_config(key, value);
        endpoint(&with(&map(options), AmazonS3Builder::new(), set), url)
    }

    #[test]
    fn the_configuration_goes_before_the_environment() {
        let environment = map(&[("aws_region", "a"), ("aws_endpoint", "https://x")]);
        let settings = map(&[("AWS_Region", "b")]);
        let merged = options(environment.into_iter(), &settings).unwrap();
        assert_eq!(merged, map(&[("aws_region", "b"), ("aws_endpoint", "https://x")]));
    }

    #[test]
    fn a_misspelt_option_and_a_missing_secret_are_named() {
        let wrong = options([].into_iter(), &map(&[("aws_regoin", "x")])).unwrap_err();
        assert!(wrong.to_string().contains("store.options.\"aws_regoin\""));
        let secret = map(&[("aws_secret_access_key", "env:SOHOA_NO_SUCH")]);
        let missing = options([].into_iter(), &secret).unwrap_err().to_string();
        assert!(missing.contains("aws_secret_access_key") && missing.contains("SOHOA_NO_SUCH"));
    }

    #[test]
    fn two_buckets_of_one_server_have_two_names() {
        let options = [
            ("aws_endpoint", "https://s3.test:7070/"),
            ("aws_virtual_hosted_style_request", "true"),
        ];
        for (url, host) in [("s3://scans/a", "scans"), ("s3://records", "records")] {
            let found = s3_endpoint(&options, url).unwrap().unwrap();
            assert_eq!(found, format!("https://{host}.s3.test:7070/"));
        }
        let path = s3_endpoint(&options[..1], "s3://scans").unwrap().unwrap();
        assert_eq!(path, "https://s3.test:7070/");
    }

    #[test]
    fn an_unencrypted_server_has_to_be_allowed() {
        let plain = ("aws_endpoint", "http://s3.test");
        let refused = s3_endpoint(&[plain], "s3://scans").unwrap_err();
        assert!(refused.to_string().contains("AWS_ALLOW_HTTP"));
        assert!(s3_endpoint(&[plain, ("aws_allow_http", "true")], "s3://scans").is_ok());
        let wrong = s3_endpoint(&[("aws_endpoint", "s3.test:7070")], "s3://scans").unwrap_err();
        assert!(wrong.to_string().contains("AWS_ENDPOINT"));
    }

    #[test]
    fn a_file_without_certificates_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let settings =
            config::Store { ca_certificates: Some(path.clone()), ..config::Store::default() };
        let missing = client_options(&settings, &map(&[])).unwrap_err();
        assert!(missing.to_string().contains("store.ca_certificates"));
        std::fs::write(&path, "no certificate").unwrap();
        let empty = client_options(&settings, &map(&[])).unwrap_err();
        assert!(empty.to_string().contains("no PEM certificate"));
    }
}
