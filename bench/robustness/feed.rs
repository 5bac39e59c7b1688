//! Files through the page workers, a lane a worker, so that each answer has one worker to its name.

use std::{
    error::Error,
    fs, io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sohoa_decode::{Keep, Origin, Survey};
use sohoa_document::Page;
use sohoa_fuzz::{
    good::{self, Good, Kind},
    mutate::{self, Malformed},
};
use sohoa_page_workers::{PageFailure, PageJob, Pool, PoolConfig, Restarts, WorkerCommand};
use sohoa_schemas::Code;
use tokio::{task::JoinSet, time::timeout};

use crate::{
    WORKER,
    arguments::Arguments,
    memory,
    tally::{Answer, Question, Tally},
};

/// No malformed file is larger.
const LARGEST: usize = 8 << 20;

/// Children that may try one question, as the pool has it.
const ATTEMPTS: u32 = 2;

/// Pages asked of one file; a mutated count makes thousands of the same one.
const MOST_PAGES: usize = 40;

/// What one lane works with.
struct Lane {
    pool: Pool,
    config: PoolConfig,
    tally: Tally,
}

/// Makes and feeds every file.
pub(crate) async fn all(arguments: &Arguments) -> Result<Tally, Box<dyn Error>> {
    let good: Arc<[Good]> = good::gather(&arguments.good, Kind::of)?.into();
    let next = Arc::new(AtomicU64::new(0));
    let folder = Arc::new(tempfile::tempdir()?);
    let mut lanes = JoinSet::new();
    for _ in 0..arguments.workers.max(1) {
        let (good, next, folder) = (Arc::clone(&good), Arc::clone(&next), Arc::clone(&folder));
        let (files, seed, keep) = (arguments.files, arguments.seed, arguments.keep.clone());
        let mut lane = Lane::open().await?;
        lanes.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= files {
                    lane.pool.shutdown().await;
                    return Ok::<Tally, io::Error>(lane.tally);
                }
                let malformed = mutate::make(&good, seed, number, LARGEST);
                let path = folder.path().join(format!("{number:05}.{}", malformed.kind.ending()));
                fs::write(&path, &malformed.bytes)?;
                if !lane.feed(&path, &malformed).await {
                    fs::create_dir_all(&keep)?;
                    fs::copy(&path, keep.join(path.file_name().unwrap_or_default()))?;
                }
                fs::remove_file(&path)?;
            }
        });
    }
    let mut whole = Tally::default();
    while let Some(tally) = lanes.join_next().await {
        whole.add(tally??);
    }
    Ok(whole)
}

impl Lane {
    async fn open() -> Result<Self, Box<dyn Error>> {
        let program = std::env::current_exe()?;
        let command = WorkerCommand { program, args: vec![WORKER.into()], env: vec![] };
        let config = PoolConfig::new(1, command);
        let pool = Pool::start(config.clone()).await?;
        let tally = Tally::within(config.memory_limit_bytes);
        Ok(Self { pool, config, tally })
    }

    /// One file; false when it is to be kept.
    async fn feed(&mut self, path: &Path, malformed: &Malformed) -> bool {
        let bytes = fs::metadata(path).map_or(0, |known| known.len());
        let bound = self.config.survey_deadline(bytes);
        let pool = self.pool.clone();
        let surveyed = self.ask(Question::Survey, bound, pool.survey(path)).await;
        let mut answers = Vec::new();
        match surveyed {
            Ok(survey) => self.pages(path, &survey, &mut answers).await,
            Err(answer) => answers.push(answer),
        }
        self.tally.file(malformed, answers)
    }

    async fn pages(&mut self, path: &Path, survey: &Survey, answers: &mut Vec<Answer>) {
        let pages = survey.pages as usize;
        if survey.page_megapixels.len() != pages || survey.layers.len() != pages || pages == 0 {
            answers.push(Answer::Wrong("a survey that contradicts itself".to_owned()));
            return;
        }
        let sizes = survey.page_megapixels.iter().take(MOST_PAGES);
        for (number, &megapixels) in (1..).zip(sizes) {
            let origin = survey.origin;
            let path = path.to_owned();
            let job = PageJob { path, number, origin, megapixels, keep: Keep::Stream };
            let bound = deadline(&self.config, megapixels);
            let pool = self.pool.clone();
            let answer = match self.ask(Question::Page, bound, pool.page(job)).await {
                Ok(page) => judge(&page, number, survey.origin),
                Err(answer) => answer,
            };
            answers.push(answer);
        }
    }

    /// Asks, with the time and the memory it took; every death of a worker meanwhile counts as
    /// answered when the question is.
    async fn ask<T>(
        &mut self,
        question: Question,
        deadline: Duration,
        asked: impl Future<Output = Result<T, PageFailure>>,
    ) -> Result<T, Answer> {
        let before = self.pool.stats();
        if let Some(pid) = before.workers.first().and_then(|worker| worker.pid) {
            // Of a child that died idle there is nothing to forget.
            let _forgotten = memory::forget(pid);
        }
        let started = Instant::now();
        // Each child that tries may use the deadline, and a new one has to be started.
        let bound = deadline * ATTEMPTS + self.config.start_deadline;
        let outcome = timeout(bound + self.config.start_deadline, asked).await;
        self.tally.took(question, started.elapsed(), bound);
        let after = self.pool.stats();
        if let Some(pid) = after.workers.first().and_then(|worker| worker.pid) {
            self.tally.used(memory::peak(pid));
        }
        let answered = matches!(
            &outcome,
            Ok(Ok(_) | Err(PageFailure::Rejected(_) | PageFailure::Broken { .. }))
        );
        self.tally.died(before.restarts, after.restarts, answered);
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(failure)) => Err(classify(&failure)),
            Err(_) => Err(Answer::Wrong(format!("no answer within {:.0} s", bound.as_secs_f32()))),
        }
    }
}

/// The pool's deadline of a page, from what its settings promise.
fn deadline(config: &PoolConfig, megapixels: f32) -> Duration {
    let megapixels = if megapixels.is_finite() { megapixels.clamp(0.0, 1000.0) } else { 0.0 };
    config.deadline_base + config.deadline_per_megapixel.mul_f32(megapixels)
}

/// A refusal as the pipeline classifies it.
fn classify(failure: &PageFailure) -> Answer {
    match failure {
        PageFailure::Rejected(error) => match error.code.parse::<Code>() {
            Ok(code) => Answer::Refused(code),
            Err(_) => Answer::Wrong(format!("a code that is not in the list: `{}`", error.code)),
        },
        PageFailure::Broken { .. } => Answer::Refused(Code::F09PageFailed),
        PageFailure::Pool(error) => Answer::Wrong(format!("no page worker: {error}")),
    }
}

/// A page that was given must be the one asked for, with something to archive.
fn judge(page: &Page, number: u32, origin: Origin) -> Answer {
    let kept = match &page.scan {
        None => origin == Origin::BornDigital,
        Some(scan) => {
            let sides = [scan.width, scan.height];
            sides.iter().all(|side| side.is_finite() && *side > 0.0)
                && !scan.images.is_empty()
                && scan.images.iter().all(|(_, image)| !image.data.is_empty())
        }
    };
    if page.number != number {
        return Answer::Wrong(format!("page {} in place of page {number}", page.number));
    }
    if !kept {
        return Answer::Wrong("a page without anything to archive".to_owned());
    }
    match page.facts.findings.iter().find(|code| code.parse::<Code>().is_err()) {
        Some(code) => Answer::Wrong(format!("a finding that is not in the list: `{code}`")),
        None => Answer::Published,
    }
}

/// Workers that died, of those replaced.
pub(crate) fn deaths(restarts: Restarts) -> u64 {
    restarts.crashed + restarts.timed_out + restarts.out_of_memory + restarts.protocol
}
