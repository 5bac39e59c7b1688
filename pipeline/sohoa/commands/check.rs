//! `sohoa check`: is everything a run needs there and usable?

use futures::TryStreamExt as _;
use serde::Serialize;
use sohoa_kafka::survey::survey;
use sohoa_schemas::config::{Config, Kafka};
use sohoa_sign::TimeStampAuthority;
use sohoa_store::Missing;

use crate::{
    arguments::Check,
    authority::{Authority, passes},
    console::say,
    context::{now, vietnamese},
    exit::{Exit, Failure},
    keys,
    privacy::{self, Pseudonyms},
    settings::Settings,
    setup,
};

/// Why a key was left alone.
const UNTRIED: &str =
    "WARNING: not tried out, while nobody says whether its certificate is revoked";

/// What a name alone is worth.
const UNLISTED: &str = "WARNING: any valid certificate of the agency's name is taken for its own: \
                        list its SHA-256 in sign.agencies";

/// One thing that was tried.
#[derive(Serialize)]
struct Tried {
    what: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Tries everything, tells all of it, and ends with the code of the first failure.
pub(crate) async fn run(arguments: &Check) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.config.as_deref())?;
    let mut tried = Vec::new();
    let mut first = None;
    let mut note = |what: &str, result: Result<Option<String>, Failure>| {
        let what = what.to_owned();
        match result {
            Ok(detail) => tried.push(Tried { what, ok: true, detail }),
            Err(failure) => {
                tried.push(Tried { what, ok: false, detail: Some(failure.line()) });
                first.get_or_insert(failure.exit);
            }
        }
    };
    note("configuration", Ok(arguments.config.as_ref().map(|path| path.display().to_string())));
    note("font", setup::fonts(&settings.config.sign.font).map(|_| None));
    note("recognition engine and language model", engine(&settings).await);
    let signer = Signer::load(&settings.config);
    let with = |look: Look| {
        let signer = signer.as_ref().map_err(Clone::clone);
        signer.and_then(|signer| look(signer, &settings.config))
    };
    note("signing key and certificate", with(key));
    if settings.config.sign.timestamp_url.is_some() {
        note("time-stamp authority", with(stamps));
    }
    if settings.config.sign.key.is_some() || settings.config.sign.pkcs11.is_some() {
        note("revocation of the signing certificate", with(standing));
    }
    let hmac = settings.config.secrets.hmac_key.as_deref();
    note("key for hashed identifiers", Pseudonyms::load(hmac).map(|_| None));
    if settings.config.secrets.owner_key.is_some() {
        let owners = privacy::owners(&settings.config.secrets);
        note("key that owners' identifiers are encrypted to", owners.map(|_| None));
    }
    if let Some(address) = &arguments.input {
        note("input", input(address, &settings).await);
    }
    if let Some(address) = &arguments.output {
        note("output", output(address, &settings).await);
    }
    // A configuration that says nothing of brokers is that of a run without them.
    if arguments.kafka || settings.names_brokers {
        for (what, found) in brokers(&settings.config.kafka).await {
            note(&what, found);
        }
    }
    for one in &tried {
        say(line(one, arguments.json)?)?;
    }
    Ok(first.unwrap_or(Exit::Done))
}

fn line(tried: &Tried, json: bool) -> Result<String, Failure> {
    if json {
        return serde_json::to_string(tried)
            .map_err(|error| Failure::from_error(Exit::Internal, &error));
    }
    let mark = if tried.ok { "ok    " } else { "FAILED" };
    let detail = tried.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    Ok(format!("{mark} {}{detail}", tried.what))
}

async fn engine(settings: &Settings) -> Result<Option<String>, Failure> {
    let pool = setup::pool(settings).await?;
    let name = pool.engine().to_owned();
    pool.shutdown().await;
    Ok(Some(name))
}

/// The signing key, and what became of asking whether it is revoked: once, since behind a wall that
/// drops packets each question takes its whole patience. None where nobody is asked.
struct Signer {
    authority: Authority,
    standing: Option<Result<Option<String>, Failure>>,
}

/// What is to be seen of it.
type Look = fn(&Signer, &Config) -> Result<Option<String>, Failure>;

impl Signer {
    fn load(config: &Config) -> Result<Self, Failure> {
        let authority = Authority::load(config, now())?;
        let standing = authority.asked(config);
        Ok(Self { authority, standing })
    }
}

fn key(
    Signer { authority, standing }: &Signer,
    config: &Config,
) -> Result<Option<String>, Failure> {
    let untried = match standing.clone().map_or(Ok(()), |standing| passes(config, standing)) {
        Err(failure) if failure.exit == Exit::Unreachable => Some(UNTRIED.to_owned()),
        stands => {
            stands?;
            // With a token, this signs once.
            authority.ready()?;
            None
        }
    };
    let Some(end) = authority.ends() else { return Ok(Some("throw-away TEST authority".into())) };
    let end = vietnamese(end).format("%d/%m/%Y");
    let days = authority.ends_within(config.sign.warn_days, now());
    let soon = days.map(|days| format!(", in {days} days: WARNING, have it renewed"));
    let ends = format!("ends on {end}{}", soon.unwrap_or_default());
    let open = keys::open_to_everybody(config).into_iter().map(|path| {
        format!("WARNING: everybody on this machine can read `{}`: chmod o-rwx", path.display())
    });
    let named = !authority.throw_away && config.sign.agencies.is_empty();
    let named = named.then(|| UNLISTED.to_owned());
    let signer = &authority.signer;
    let told = signer.place().into_iter().chain(signer.notice()).chain([ends]);
    let told = told.chain(untried).chain(named).chain(open);
    Ok(Some(told.collect::<Vec<_>>().join("; ")))
}

/// Asks for a stamp, as the first signature would.
fn stamps(signer: &Signer, config: &Config) -> Result<Option<String>, Failure> {
    let asked = signer.authority.stamps.as_ref().map(TimeStampAuthority::try_out);
    asked.transpose().map_err(|error| {
        Failure::from_error(Exit::Unreachable, &error).hint(
            "check sign.timestamp_url, sign.timestamp_policy, and its root in sign.timestamp_roots",
        )
    })?;
    Ok(config.sign.timestamp_url.clone())
}

/// Whether the signing certificate is revoked, asked as the first signature would.
fn standing(signer: &Signer, _: &Config) -> Result<Option<String>, Failure> {
    let Some(standing) = signer.standing.clone() else {
        return Ok(Some("a throw-away key, which nobody revokes".into()));
    };
    Ok(Some(standing?.map_or("not revoked".into(), |why| format!("WARNING: {why}"))))
}

async fn input(address: &str, settings: &Settings) -> Result<Option<String>, Failure> {
    let store = setup::open(settings, address, Missing::Refuse).await?;
    let first = store.objects().list(None).try_next().await;
    let first = first.map_err(|error| Failure::from(sohoa_store::classify("check", error)))?;
    let holds = if first.is_some() { "can be listed" } else { "is empty" };
    Ok(Some(format!("{} {holds}", store.address())))
}

/// A line for each thing that workers need of the brokers.
async fn brokers(kafka: &Kafka) -> Vec<(String, Result<Option<String>, Failure>)> {
    let client = match setup::client(kafka) {
        Ok(client) => client,
        Err(failure) => return vec![("Kafka".to_owned(), Err(failure))],
    };
    let found = survey(&client, &kafka.prefix).await.into_iter();
    let failed = |fault| setup::broker_failure(fault, &kafka.brokers);
    found.map(|(what, found)| (what, found.map(Some).map_err(failed))).collect()
}

async fn output(address: &str, settings: &Settings) -> Result<Option<String>, Failure> {
    let store = setup::open(settings, address, Missing::Create).await?;
    setup::writable(&store, settings.config.output.single_writer).await?;
    Ok(Some(format!("{} creates atomically", store.address())))
}
