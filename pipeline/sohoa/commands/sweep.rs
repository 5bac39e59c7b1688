//! `sohoa sweep`: removes what interrupted work left behind.

use std::{
    collections::HashMap,
    fmt::Display,
    path::Path as FilePath,
    time::{Duration, SystemTime},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use futures::{Stream, TryStreamExt as _};
use object_store::{ObjectMeta, ObjectStoreExt as _, path::Path};
use serde::Serialize;
use sohoa_flow::{
    Fault,
    retry::{Policy, retry},
};
use sohoa_kafka::{Progress, Topic, stored};
use sohoa_publish::{garbage, keys, survey};
use sohoa_schemas::{config::Kafka, events::Action, record::BrokenMessage};
use sohoa_store::{Missing, Store, classify, classify_local};

use crate::{
    arguments,
    console::say,
    exit::{Exit, Failure},
    settings::Settings,
    setup, trail,
};

const STAGE: &str = "sweep";

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

/// Days that bodies of messages are left where there are brokers, unless told otherwise.
const MESSAGE_DAYS: u32 = 90;

/// A body is written before its message is sent, and a store's clock is not the sender's.
const AHEAD: Duration = Duration::from_secs(DAY);

/// What was swept, or would be.
#[derive(Debug, Default, Serialize)]
struct Swept {
    removed: u64,
    removed_bytes: u64,
    /// Younger than asked for.
    young: u64,
    /// Of versions that no record decides yet.
    unfinished: u64,
    unfinished_bytes: u64,
    /// Bodies of messages that may come again.
    messages: u64,
    list_only: bool,
}

/// Sweeps an output.
pub(crate) async fn run(arguments: &arguments::Sweep) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.results.config.as_deref())?;
    let output = setup::open(&settings, &arguments.results.output, Missing::Refuse).await?;
    // First, so that nothing is removed untold where the brokers do not answer.
    let messages = messages_before(&output, &settings, arguments.messages_older_than).await?;
    let mut broom = Broom {
        output: &output,
        before: days(arguments.older_than),
        swept: Swept { list_only: arguments.list_only, ..Swept::default() },
        verbose: arguments.list_only && !arguments.json,
    };
    let mut sources = std::pin::pin!(survey::sources(&output));
    while let Some(source) = sources.try_next().await? {
        let garbage = garbage::of(&source);
        broom.swept.unfinished += garbage.unfinished;
        broom.swept.unfinished_bytes += garbage.unfinished_bytes;
        for (key, size) in garbage.removable {
            broom.object(&key, size).await?;
        }
    }
    broom.stored_messages(messages).await?;
    let leftovers = output.leftovers().map_err(|error| classify_local(STAGE, error))?;
    for leftover in leftovers {
        broom.file(&leftover.path, (leftover.size, leftover.modified))?;
    }
    let swept = &broom.swept;
    if !swept.list_only && swept.removed > 0 {
        let details = serde_json::json!({
            "objects": swept.removed, "bytes": swept.removed_bytes, "older_than_days": arguments.older_than,
        });
        let told = ("sohoa sweep", details);
        trail::tell((&settings.config, &output), Action::Swept, told).await;
    }
    report(swept, arguments.json)?;
    Ok(Exit::Done)
}

/// So many days ago.
fn days(number: u32) -> SystemTime {
    SystemTime::now() - Duration::from_secs(u64::from(number) * DAY)
}

/// Bodies of messages, as the output lists them.
fn bodies(output: &Store) -> impl Stream<Item = Result<ObjectMeta, Fault>> + Unpin + use<> {
    Box::pin(survey::objects(output, stored::FOLDER))
}

/// Before which moment a body was written whose message waits nowhere; none where nobody knows.
async fn messages_before(
    output: &Store,
    settings: &Settings,
    older_than: Option<u32>,
) -> Result<Option<DateTime<Utc>>, Failure> {
    let mut before = older_than.map(days);
    // Without bodies nothing need be known of the lanes.
    if settings.names_brokers && bodies(output).try_next().await?.is_some() {
        let oldest = oldest_waiting(&settings.config.kafka).await?;
        let waiting = oldest.and_then(|oldest| oldest.checked_sub(AHEAD));
        let old = before.unwrap_or_else(|| days(MESSAGE_DAYS));
        before = Some(waiting.map_or(old, |waiting| waiting.min(old)));
    }
    Ok(before.map(DateTime::from))
}

/// When the oldest message was sent that waits for the workers, in either lane.
async fn oldest_waiting(kafka: &Kafka) -> Result<Option<SystemTime>, Failure> {
    let mut oldest = None;
    for lane in [Topic::Live, Topic::Bulk] {
        let topic = lane.name(&kafka.prefix);
        let of_lane = setup::workers_progress(kafka, topic, Progress::oldest_waiting).await?;
        oldest = [oldest, of_lane].into_iter().flatten().min();
    }
    Ok(oldest)
}

/// The stored bodies of messages that are kept as broken, and when those were sent again: whoever
/// sends them again needs their bodies, and then a worker does.
async fn kept_as_broken(output: &Store) -> Result<HashMap<String, Option<DateTime<Utc>>>, Failure> {
    let mut kept = HashMap::new();
    let mut listing = std::pin::pin!(survey::objects(output, &keys::messages()));
    while let Some(meta) = listing.try_next().await? {
        let get = || async {
            output.get(meta.location.as_ref()).await.map_err(|error| classify(STAGE, error))
        };
        let Some(bytes) = retry(Policy::default(), get).await? else { continue };
        // One that is damaged names nothing that could be sent again.
        let Ok(entry) = serde_json::from_slice::<BrokenMessage>(&bytes) else { continue };
        let payload = BASE64_STANDARD.decode(&entry.payload_base64).unwrap_or_default();
        let Some(key) = stored::key_of(&payload) else { continue };
        let replayed = kept.entry(key).or_insert(entry.replayed_at);
        // Of several messages with the same body one that was not sent again decides.
        *replayed = replayed.zip(entry.replayed_at).map(|(one, other)| one.max(other));
    }
    Ok(kept)
}

struct Broom<'a> {
    output: &'a Store,
    before: SystemTime,
    swept: Swept,
    verbose: bool,
}

impl Broom<'_> {
    /// Bodies of messages that no worker will ask for any more.
    async fn stored_messages(&mut self, before: Option<DateTime<Utc>>) -> Result<(), Failure> {
        let since = |time: DateTime<Utc>| before.is_none_or(|before| time > before);
        let kept = kept_as_broken(self.output).await?;
        let mut listing = bodies(self.output);
        while let Some(meta) = listing.try_next().await? {
            let key = meta.location.to_string();
            let broken = kept.get(&key).is_some_and(|replayed| replayed.is_none_or(since));
            let young = since(meta.last_modified) || broken;
            // Sent once more since it was listed, the same body has the same key.
            let now = if young { Some(meta) } else { self.head(&key).await? };
            match now {
                Some(meta) if young || since(meta.last_modified) => self.swept.messages += 1,
                Some(meta) => self.remove(&key, meta.size).await?,
                None => {}
            }
        }
        Ok(())
    }

    /// What is at a key now.
    async fn head(&self, key: &str) -> Result<Option<ObjectMeta>, Fault> {
        let path = Path::from(key);
        let head = || async {
            match self.output.objects().head(&path).await {
                Ok(meta) => Ok(Some(meta)),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(classify(STAGE, error)),
            }
        };
        retry(Policy::default(), head).await
    }

    async fn object(&mut self, key: &str, size: u64) -> Result<(), Failure> {
        let Some(meta) = self.head(key).await? else { return Ok(()) };
        if meta.last_modified > DateTime::<Utc>::from(self.before) {
            self.swept.young += 1;
            return Ok(());
        }
        self.remove(key, size.max(meta.size)).await
    }

    async fn remove(&mut self, key: &str, size: u64) -> Result<(), Failure> {
        if !self.swept.list_only {
            let remove =
                || async { self.output.remove(key).await.map_err(|error| classify(STAGE, error)) };
            retry(Policy::default(), remove).await?;
        }
        self.count(key, size)
    }

    fn file(
        &mut self,
        path: &FilePath,
        (size, modified): (u64, SystemTime),
    ) -> Result<(), Failure> {
        if modified > self.before {
            self.swept.young += 1;
            return Ok(());
        }
        if !self.swept.list_only {
            std::fs::remove_file(path).map_err(|error| classify_local(STAGE, error))?;
        }
        self.count(path.display(), size)
    }

    fn count(&mut self, what: impl Display, size: u64) -> Result<(), Failure> {
        self.swept.removed += 1;
        self.swept.removed_bytes += size;
        if self.verbose { say(what) } else { Ok(()) }
    }
}

fn report(swept: &Swept, json: bool) -> Result<(), Failure> {
    if json {
        let text = serde_json::to_string(swept)
            .map_err(|error| Failure::from_error(Exit::Internal, &error))?;
        return say(text);
    }
    let Swept { removed, removed_bytes, young, unfinished, unfinished_bytes, messages, list_only } =
        swept;
    let verb = if *list_only { "would be removed" } else { "removed" };
    say(format_args!(
        "{removed} objects {verb} ({removed_bytes} bytes); {young} are younger than asked for and \
         stay"
    ))?;
    if *messages > 0 {
        say(format_args!("{messages} stored messages may come again and stay"))?;
    }
    say(format_args!(
        "{unfinished} objects ({unfinished_bytes} bytes) belong to documents that no record \
         decides yet and stay"
    ))
}
