//! The configuration, read and checked.
//!
//! All mistakes are collected before anything is done, each with its key and what to do.

use std::path::{Path, PathBuf};

use sohoa_decode::Limits;
use sohoa_schemas::config::{Config, Pkcs11, ReleaseMode, SignatureLevel};
use sohoa_store::hash::sha256;

use crate::{
    exit::{Exit, Failure},
    keys,
};

/// Documents beyond the number of page workers that are under way: while the workers read pages,
/// these are fetched, signed and stored, which is mostly waiting for stores. Their bytes are bounded
/// by the budget.
const BESIDE_WORKERS: usize = 8;

/// A checked configuration.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// As the file says it.
    pub(crate) config: Config,
    /// Its hash, with defaults filled in; stands in every record.
    pub(crate) config_sha256: String,
    /// Whether the file has a section `[kafka]`, whatever it says: without one, nobody has brokers.
    pub(crate) names_brokers: bool,
}

impl Settings {
    /// Reads and checks a configuration file; without one, the defaults.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, Failure> {
        let (config, names_brokers) = path.map_or_else(|| Ok((Config::default(), false)), read)?;
        let mistakes = mistakes(&config);
        if !mistakes.is_empty() {
            let failure = Failure::new(Exit::Configuration, "the configuration is wrong");
            return Err(Failure { mistakes, ..failure }
                .hint("every key is described in schemas/configuration.md"));
        }
        let text = serde_json::to_vec(&config)
            .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
        Ok(Self { config, config_sha256: sha256(&text), names_brokers })
    }

    /// Documents under way at once.
    pub(crate) fn slots(&self) -> usize {
        self.worker_count() + BESIDE_WORKERS
    }

    /// The number of page workers: one a core unless the file says otherwise.
    pub(crate) fn worker_count(&self) -> usize {
        match self.config.workers.count {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            count => count,
        }
    }
}

/// What a file says, and whether it has a section `[kafka]`.
fn read(path: &Path) -> Result<(Config, bool), Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(Exit::Configuration, format!("cannot read `{}`: {error}", path.display()))
    })?;
    let wrong = |error: toml::de::Error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        let what = format!("`{}`, line {line} is wrong", path.display());
        let mistakes = vec![error.message().to_owned()];
        Failure { mistakes, ..Failure::new(Exit::Configuration, what) }
            .hint("every key is described in schemas/configuration.md")
    };
    let sections: toml::Table = toml::from_str(&text).map_err(wrong)?;
    let config = toml::from_str(&text).map_err(wrong)?;
    Ok((config, sections.contains_key("kafka")))
}

fn mistakes(config: &Config) -> Vec<String> {
    let token = config.sign.pkcs11.as_ref().map(of_token).unwrap_or_default();
    let wrong = inconsistent(config).into_iter().chain(out_of_bounds(config)).chain(token);
    wrong.filter(|(is, _)| *is).map(|(_, what)| what.to_owned()).collect()
}

fn inconsistent(config: &Config) -> Vec<(bool, &'static str)> {
    vec![
        (config.agency.province.is_empty(), "agency.province is empty"),
        (config.agency.name.trim().is_empty(), "agency.name is empty"),
        (
            !matches!(config.input.channel.as_str(), "postal" | "counter" | "bulk"),
            "input.channel is none of `postal`, `counter`, `bulk`",
        ),
        (
            config.sign.key.is_none()
                && config.sign.pkcs11.is_none()
                && config.sign.chain.is_some(),
            "sign.chain is given without sign.key or sign.pkcs11",
        ),
        (
            config.sign.key.is_some() && config.sign.pkcs11.is_some(),
            "sign.key and sign.pkcs11 are both given: one key signs",
        ),
        (
            config.sign.key.is_some()
                && config.sign.chain.is_none()
                && config.sign.passphrase.is_none(),
            "sign.key needs sign.chain, or sign.passphrase where it is PKCS#12 with its certificates",
        ),
        (
            keys::scheme(&config.sign.scheme).is_none(),
            "sign.scheme is none of `auto`, `rsa-pss`, `rsa-pkcs1`, or one of these with `-sha384` or `-sha512`",
        ),
        (
            config.sign.timestamp_url.is_none() && config.sign.wanted_level() > SignatureLevel::BB,
            "sign.level above B-B needs sign.timestamp_url, and its root in sign.timestamp_roots",
        ),
        (
            (config.sign.key.is_some() || config.sign.pkcs11.is_some())
                && config.release.mode == ReleaseMode::Delegated
                && config.release.delegation == "TEST",
            "release.delegation must name the agency's written delegation when the key is a real one",
        ),
    ]
}

fn of_token(token: &Pkcs11) -> Vec<(bool, &'static str)> {
    let elsewhere = |pin: &String| pin.starts_with("env:") || pin.starts_with("file:");
    vec![
        (token.library.as_os_str().is_empty(), "sign.pkcs11.library is missing"),
        (
            token.key.is_some() && token.key_id.is_some(),
            "sign.pkcs11.key and sign.pkcs11.key_id are both given: one names the key",
        ),
        (
            token.key_id.as_ref().is_some_and(|id| keys::bytes(id).is_none()),
            "sign.pkcs11.key_id is not hex",
        ),
        (
            token.pin.as_ref().is_some_and(|pin| !elsewhere(pin)),
            "sign.pkcs11.pin must be `env:NAME` or `file:PATH`: no PIN stands in the file itself",
        ),
        (!(1..=64).contains(&token.sessions), "sign.pkcs11.sessions is not between 1 and 64"),
        (
            !(1..=600).contains(&token.patience_seconds),
            "sign.pkcs11.patience_seconds is not between 1 and 600",
        ),
    ]
}

fn out_of_bounds(config: &Config) -> Vec<(bool, &'static str)> {
    vec![
        (config.workers.live_reserve_percent > 90, "workers.live_reserve_percent is above 90"),
        (config.kafka.window == 0, "kafka.window is 0: nothing would ever be taken"),
        (
            !(10..=5_000).contains(&config.kafka.announce_milliseconds),
            "kafka.announce_milliseconds is not between 10 and 5000",
        ),
        (!(0.5..=1.0).contains(&config.extract.accept), "extract.accept is not between 0.5 and 1"),
        (config.workers.memory_mib < 512, "workers.memory_mib is below 512"),
        (
            !(1.0..=86_400.0).contains(&config.workers.deadline_seconds),
            "workers.deadline_seconds is not between 1 and 86400",
        ),
        (
            !(0.0..=3600.0).contains(&config.workers.deadline_seconds_per_megapixel),
            "workers.deadline_seconds_per_megapixel is not between 0 and 3600",
        ),
        (
            !(1..=100_000).contains(&config.index.commit_documents),
            "index.commit_documents is not between 1 and 100000",
        ),
        (
            !(1..=86_400).contains(&config.index.commit_seconds),
            "index.commit_seconds is not between 1 and 86400",
        ),
        (config.workers.count > 1024, "workers.count is above 1024"),
        (
            !(1..=86_400).contains(&config.store.retry_seconds),
            "store.retry_seconds is not between 1 and 86400",
        ),
        (
            config.store.lock_mode.is_some() && !(1..=36_500).contains(&config.store.lock_days),
            "store.lock_days is not between 1 and 36500",
        ),
        (
            config.input.max_page_megapixels == 0 || config.input.max_pages == 0,
            "input.max_page_megapixels and input.max_pages must not be 0",
        ),
    ]
}

/// What is accepted of a file that is decoded in this process.
pub(crate) fn limits(config: &Config) -> Limits {
    Limits {
        max_file_bytes: config.input.max_file_mib << 20,
        max_pages: config.input.max_pages,
        max_pixels: config.input.max_page_megapixels * 1_000_000,
    }
}

/// The folder for what belongs to this user: the test authority and the default key for hashes.
pub(crate) fn data_folder() -> Result<PathBuf, Failure> {
    // An empty or relative one would put keys wherever the program happens to be started.
    let base = std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| std::env::home_dir().map(|home| home.join(".local/share")))
        .filter(|path| path.is_absolute());
    base.map(|base| base.join("sohoa")).ok_or_else(|| {
        Failure::new(Exit::Configuration, "there is no home folder for the user's data")
            .hint("set XDG_DATA_HOME")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_file_loads() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/sohoa.example.toml");
        let settings = Settings::load(Some(&example)).unwrap();
        assert_eq!(settings.config.agency.province, "H08");
    }

    #[test]
    fn a_section_that_says_the_defaults_names_brokers_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sohoa.toml");
        let names_brokers = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Settings::load(Some(&path)).unwrap().names_brokers
        };
        let default = sohoa_schemas::config::Kafka::default().brokers;
        assert!(names_brokers(&format!("[kafka]\nbrokers = \"{default}\"\n")));
        assert!(names_brokers("kafka.prefix = \"sohoa\"\n"));
        assert!(names_brokers("[kafka]\n"));
        assert!(!names_brokers("[agency]\nprovince = \"H08\"\n"));
        assert!(!Settings::load(None).unwrap().names_brokers);
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sohoa.toml");
        std::fs::write(&path, "[input]\nchannel = \"fax\"\n[sign]\nkey = \"k.pem\"\n").unwrap();
        let failure = Settings::load(Some(&path)).unwrap_err();
        assert_eq!(failure.exit, Exit::Configuration);
        assert_eq!(failure.mistakes.len(), 3, "{failure}");
        std::fs::write(&path, "[input]\nchanel = \"bulk\"\n").unwrap();
        let said = Settings::load(Some(&path)).unwrap_err().to_string();
        assert!(
            said.contains("sohoa.toml`, line 2 is wrong\n  - unknown field `chanel`"),
            "{said}"
        );
        // Of a section with many keys each is named.
        std::fs::write(&path, "[sign]\n\nkeey = 1\n").unwrap();
        let said = Settings::load(Some(&path)).unwrap_err().to_string();
        assert!(said.contains("line 3") && said.contains("`unknown_revocation`"), "{said}");
    }
}
