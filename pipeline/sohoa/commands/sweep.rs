//! `sohoa sweep`: removes what interrupted work left behind.

use std::{
    fmt::Display,
    path::Path as FilePath,
    time::{Duration, SystemTime},
};

use chrono::Utc;
use futures::TryStreamExt as _;
use object_store::{ObjectStoreExt as _, path::Path};
use serde::Serialize;
use sohoa_flow::retry::{Policy, retry};
use sohoa_publish::{garbage, survey};
use sohoa_schemas::events::Action;
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
    list_only: bool,
}

/// Sweeps an output.
pub(crate) async fn run(arguments: &arguments::Sweep) -> Result<Exit, Failure> {
    let settings = Settings::load(arguments.config.as_deref())?;
    let output = setup::open(&settings, &arguments.output, Missing::Refuse).await?;
    let age = Duration::from_secs(u64::from(arguments.older_than) * DAY);
    let mut broom = Broom {
        output: &output,
        before: SystemTime::now() - age,
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

struct Broom<'a> {
    output: &'a Store,
    before: SystemTime,
    swept: Swept,
    verbose: bool,
}

impl Broom<'_> {
    async fn object(&mut self, key: &str, size: u64) -> Result<(), Failure> {
        let path = Path::from(key);
        let head = || async {
            match self.output.objects().head(&path).await {
                Ok(meta) => Ok(Some(meta)),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(classify(STAGE, error)),
            }
        };
        let Some(meta) = retry(Policy::default(), head).await? else { return Ok(()) };
        if meta.last_modified > chrono::DateTime::<Utc>::from(self.before) {
            self.swept.young += 1;
            return Ok(());
        }
        if !self.swept.list_only {
            let remove =
                || async { self.output.remove(key).await.map_err(|error| classify(STAGE, error)) };
            retry(Policy::default(), remove).await?;
        }
        self.count(key, size.max(meta.size))
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
    let Swept { removed, removed_bytes, young, unfinished, unfinished_bytes, list_only } = swept;
    let verb = if *list_only { "would be removed" } else { "removed" };
    say(format_args!(
        "{removed} objects {verb} ({removed_bytes} bytes); {young} are younger than asked for and \
         stay"
    ))?;
    say(format_args!(
        "{unfinished} objects ({unfinished_bytes} bytes) belong to documents that no record \
         decides yet and stay"
    ))
}
