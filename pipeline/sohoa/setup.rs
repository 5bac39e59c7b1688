//! From settings to a context: everything a run needs is opened and tried before the first page,
//! so that what is missing stops the run at once and says what to do.

use std::{path::Path, sync::Arc, time::Duration};

use sohoa_compose::Font;
use sohoa_flow::{Budget, Fault, Shutdown, retry::Policy};
use sohoa_kafka::{ClientConfig, Progress, connect, topics::workers_group};
use sohoa_metrics::{Line, Stage};
use sohoa_page_workers::{Pool, PoolConfig, PoolError, WorkerCommand};
use sohoa_schemas::config::{Config, Kafka};
use sohoa_sign::FontFile;
use sohoa_store::{Lease, Missing, OpenError, Store, probe};

use crate::{
    arguments::Reprocess,
    authority::Authority,
    clock::Clock,
    context::{Context, Office, now},
    exit::{Exit, Failure},
    inputs::{self, NamedInput},
    keys, observe,
    privacy::Pseudonyms,
    settings::Settings,
};

/// Longest time to give a lease back, which a store that is away would take.
const GIVE_BACK: Duration = Duration::from_secs(5);

/// Asks the brokers how far the workers are with a topic.
pub(crate) async fn workers_progress<T: Send + 'static>(
    kafka: &Kafka,
    topic: String,
    ask: fn(&Progress) -> Result<T, Fault>,
) -> Result<T, Failure> {
    let (client, group) = (client(kafka)?, workers_group(&kafka.prefix));
    at_broker(kafka, move || ask(&Progress::open(&client, &group, &topic)?)).await
}

/// How brokers are reached.
pub(crate) fn client(kafka: &Kafka) -> Result<ClientConfig, Failure> {
    connect::base(kafka).map_err(|error| Failure::from_error(Exit::Configuration, &error))
}

/// What comes of asking the brokers something, which blocks.
pub(crate) async fn at_broker<T: Send + 'static>(
    kafka: &Kafka,
    ask: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Failure> {
    let asked = tokio::task::spawn_blocking(ask).await;
    let asked = asked.map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    asked.map_err(|fault| broker_failure(fault, &kafka.brokers))
}

/// A fault at the broker, with the settings that it hangs on.
pub(crate) fn broker_failure(fault: Fault, brokers: &str) -> Failure {
    let at_broker = match &fault {
        Fault::Fatal(fatal) => fatal.cause.stage == connect::STAGE,
        Fault::Retry(cause) => cause.stage == connect::STAGE,
        Fault::Reject(_) => false,
    };
    let mut failure = Failure::from(fault);
    // Most say themselves what to look at.
    let named = failure.chain.iter().any(|line| line.contains("kafka."));
    match failure.exit {
        _ if !at_broker => failure,
        Exit::Unreachable => {
            if !named {
                failure.chain.insert(0, format!("no answer from the Kafka brokers `{brokers}`"));
            }
            failure.hint(
                "check kafka.brokers, that a broker runs there, and security.protocol, ssl.* and \
                 sasl.* under kafka.properties",
            )
        }
        Exit::Configuration if !named => failure.hint(
            "check kafka.prefix (the topics' names), the rights of this user at the broker, and \
             kafka.properties",
        ),
        _ => failure,
    }
}

/// Where scans come from and where results go.
#[derive(Debug)]
pub(crate) struct Places {
    input: Store,
    named: NamedInput,
    /// Where results go.
    pub(crate) output: Store,
}

/// Opens input and output, and tries whether the output can be written.
pub(crate) async fn places(
    settings: &Settings,
    named: &NamedInput,
    output: &str,
) -> Result<Places, Failure> {
    let input = open(settings, &named.address, Missing::Refuse).await?;
    let output = open(settings, output, Missing::Create).await?;
    refuse_nested(&input, &output)?;
    writable(&output, settings.config.output.single_writer).await?;
    Ok(Places { input, named: named.clone(), output })
}

/// Opens everything else.
pub(crate) async fn context(
    settings: Settings,
    places: Places,
    reprocess: Option<Reprocess>,
    shutdown: Shutdown,
) -> Result<Context, Failure> {
    let Places { input, named, output } = places;
    let (office, text_font) = office(settings, output)?;
    let Office { settings, output, authority, .. } = &office;
    let pseudonyms = Pseudonyms::load(settings.config.secrets.hmac_key.as_deref())?;
    let input_name = inputs::bind(&named, settings, (&input, output)).await?;
    publish_test_root(output, authority).await?;
    let pool = pool(settings).await?;
    let budget = Budget::new(settings.config.workers.budget_mib << 20);
    Ok(Context {
        input,
        input_name,
        pool,
        text_font: Arc::new(text_font),
        pseudonyms: Arc::new(pseudonyms),
        budget,
        turns: Arc::default(),
        began: now(),
        reprocess,
        shutdown,
        office,
    })
}

/// Opens the key and what is signed with it; the font serves the text layer as well.
pub(crate) fn office(settings: Settings, output: Store) -> Result<(Office, Font), Failure> {
    let (text_font, appearance_font) = fonts(&settings.config.sign.font)?;
    let authority = Authority::load(&settings.config, now())?;
    let evidence = authority.evidence_for(&settings.config)?;
    if let Some(days) = authority.ends_within(settings.config.sign.warn_days, now()) {
        tracing::warn!(days, "the signing certificate ends soon; have it renewed");
    }
    for path in keys::open_to_everybody(&settings.config) {
        tracing::warn!(file = %path.display(), "everybody on this machine can read it: chmod o-rwx");
    }
    let within = Duration::from_secs(settings.config.store.retry_seconds);
    let office = Office {
        settings: Arc::new(settings),
        output,
        authority: Arc::new(authority),
        evidence: evidence.map(Arc::new),
        appearance_font: Arc::new(appearance_font),
        line: Line::new(Stage::Fetch..=Stage::Publish),
        clock: Clock::default(),
        own_signatures: Arc::default(),
        retry: Policy { within, on_retry: Some(observe::tried_again), ..Policy::default() },
    };
    Ok((office, text_font))
}

/// Opens a folder or URL; one across a network has to answer.
pub(crate) async fn open(
    settings: &Settings,
    address: &str,
    missing: Missing,
) -> Result<Store, Failure> {
    let opened = Store::open_with(address, missing, &settings.config.store).map_err(|error| {
        let exit = match &error {
            OpenError::NoFolder(_) => Exit::Usage,
            _ => Exit::Configuration,
        };
        Failure::from_error(exit, &error)
    })?;
    opened.reach().await.map_err(|fault| {
        let mut failure = Failure::from(fault);
        failure.chain.insert(0, format!("cannot use `{}`", opened.address()));
        failure
    })?;
    Ok(opened)
}

/// Results that land in the input would be taken in as scans.
pub(crate) fn refuse_nested(input: &Store, output: &Store) -> Result<(), Failure> {
    let (input, output) = (input.address(), output.address());
    if input.starts_with(&output) || output.starts_with(&input) {
        let what = format!("the input `{input}` and the output `{output}` lie in each other");
        return Err(Failure::new(Exit::Usage, what).hint("give the results a place of their own"));
    }
    Ok(())
}

/// A mistyped address must not pass for an empty archive in which nothing is missing.
pub(crate) async fn require_records(output: &Store) -> Result<(), Failure> {
    use sohoa_publish::keys::{DOCUMENTS, INDEX, QUARANTINE, WORK};
    use sohoa_registers::import::IMPORTS;
    let listing = output.objects().list_with_delimiter(None).await;
    let listing = listing.map_err(|error| Failure::from(sohoa_store::classify("open", error)))?;
    let ours = [DOCUMENTS, IMPORTS, INDEX, sohoa_backfill::ledger::FOLDER, QUARANTINE, WORK];
    if listing.common_prefixes.iter().any(|prefix| ours.contains(&prefix.as_ref())) {
        return Ok(());
    }
    let what = format!("there are no records in `{}`", output.address());
    Err(Failure::new(Exit::Usage, what).hint("give what was the `--output` of `sohoa run`"))
}

/// Becomes the one writer of the output.
pub(crate) async fn take_lease(output: &Store) -> Result<Lease, Failure> {
    Lease::take(output).await.map_err(|fault| {
        Failure::from(fault).hint("one run at a time writes to an output; wait for the other")
    })
}

/// Gives the output back, also after a failure: the next run then need not wait for it to expire.
pub(crate) async fn give_back(lease: Lease) {
    // Somebody else's already.
    if lease.lost().is_cancelled() {
        return;
    }
    let given_back = tokio::time::timeout(GIVE_BACK, lease.end()).await;
    if !matches!(given_back, Ok(Ok(()))) {
        tracing::info!("the output's lease is left to expire");
    }
}

/// The fonts of the text layer and of the appearance: one file.
pub(crate) fn fonts(path: &Path) -> Result<(Font, FontFile), Failure> {
    let hint = "apt-get install fonts-croscore, or give sign.font";
    let missing = |error: &(dyn std::error::Error + 'static)| {
        Failure::from_error(Exit::MissingDependency, error).hint(hint)
    };
    let text = Font::read(path).map_err(|error| missing(&error))?;
    let appearance = FontFile::load(path).map_err(|error| missing(&error))?;
    Ok((text, appearance))
}

/// Whether the output can be written and creates atomically.
pub(crate) async fn writable(output: &Store, single_writer: bool) -> Result<(), Failure> {
    let address = output.address();
    let verdict = probe::create_race(output).await.map_err(|fault| {
        let mut failure = Failure::from(fault);
        failure.chain.insert(0, format!("cannot write to `{address}`"));
        let hint = if output.folder().is_some() {
            "check the permission to write, and the space left"
        } else {
            "check the store's address, its key and the key's rights"
        };
        failure.hint(hint)
    })?;
    match verdict {
        probe::Verdict::Winners(_) if single_writer => Ok(()),
        probe::Verdict::Winners(winners) => {
            let what = format!("`{address}` let {winners} of 16 simultaneous creates win");
            Err(Failure::new(Exit::Configuration, what).hint(
                "use a store with atomic conditional create, or set output.single_writer when \
                 only one process ever writes",
            ))
        }
        probe::Verdict::Atomic => Ok(()),
    }
}

/// Leaves the test authority's root where a verifier of the results finds it.
pub(crate) async fn publish_test_root(
    output: &Store,
    authority: &Authority,
) -> Result<(), Failure> {
    let Some(root) = &authority.test_root else { return Ok(()) };
    let key = sohoa_publish::keys::TEST_ROOT;
    let held = output.get(key).await;
    if held.is_ok_and(|held| held.as_deref() == Some(root)) {
        return Ok(());
    }
    Ok(output.put("sign", key, root.clone().into()).await?)
}

/// Starts the page workers; the first one proves that the language model is there.
pub(crate) async fn pool(settings: &Settings) -> Result<Pool, Failure> {
    let program =
        std::env::current_exe().map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    let Config { workers, .. } = &settings.config;
    let command = WorkerCommand { program, args: worker_arguments(&settings.config), env: vec![] };
    let mut config = PoolConfig::new(settings.worker_count(), command);
    config.memory_limit_bytes = workers.memory_mib << 20;
    config.deadline_base = Duration::from_secs_f64(workers.deadline_seconds);
    config.deadline_per_megapixel = Duration::from_secs_f64(workers.deadline_seconds_per_megapixel);
    Pool::start(config).await.map_err(|error| {
        let exit = match &error {
            PoolError::Refused(refusal) if refusal.missing_dependency => Exit::MissingDependency,
            _ => Exit::Internal,
        };
        Failure::from_error(exit, &error)
    })
}

fn worker_arguments(config: &Config) -> Vec<std::ffi::OsString> {
    let limits = [
        ("--language", config.ocr.language.clone()),
        ("--model", config.ocr.model.clone()),
        ("--max-page-megapixels", config.input.max_page_megapixels.to_string()),
        ("--max-file-mib", config.input.max_file_mib.to_string()),
        ("--max-pages", config.input.max_pages.to_string()),
    ];
    let mut arguments = vec!["page-worker".into()];
    for (flag, value) in limits {
        arguments.extend([flag.into(), value.into()]);
    }
    if let Some(tessdata) = &config.ocr.tessdata {
        arguments.extend(["--tessdata".into(), tessdata.into()]);
    }
    arguments
}
