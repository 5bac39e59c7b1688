//! The parent's side: questions in, pages out, whatever becomes of the children.

use std::{path::Path, sync::Arc, time::Duration};

use sohoa_decode::Survey;
use sohoa_document::Page;
use sohoa_flow::Urgency;

use crate::{
    care::Care,
    child::Worker,
    config::PoolConfig,
    engine::PageJob,
    failure::{Breakage, PageFailure, PoolError},
    lease::{Lease, Shared, Unanswered},
    message::{Reply, Request},
    stats::PoolStats,
};

/// How many children may try one page: a second time tells an accident from a deadly page.
const ATTEMPTS: u32 = 2;

/// Page workers; a handle that can be cloned. The children end with the last handle.
///
/// Each handle asks with one urgency, bulk at first: see [`Self::at`].
#[derive(Debug, Clone)]
pub struct Pool {
    shared: Arc<Shared>,
    engine: Arc<str>,
    urgency: Urgency,
}

impl Pool {
    /// Starts the first child and waits until it is ready, so that a missing language model shows
    /// at once. The others are started when they are needed.
    pub async fn start(config: PoolConfig) -> Result<Self, PoolError> {
        let (first, engine) = Worker::start(&config).await?;
        let shared = Arc::new(Shared::new(config, first));
        Ok(Self { shared, engine: engine.into(), urgency: Urgency::Bulk })
    }

    /// The same page workers, asked with this urgency: a place that gets free goes to a live
    /// question before any that is bulk.
    #[must_use]
    pub fn at(&self, urgency: Urgency) -> Self {
        Self { urgency, ..self.clone() }
    }

    /// Name and version of the recognition engine.
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// Looks at a file in a free child, waiting for one like [`Self::page`].
    pub async fn survey(&self, path: &Path) -> Result<Survey, PageFailure> {
        let mut lease = self.shared.lease(self.urgency).await?;
        let request = Request::Survey(path.to_owned());
        // A file that is not there is the child's to report.
        let bytes = tokio::fs::metadata(path).await.map_or(0, |known| known.len());
        let deadline = self.shared.config.survey_deadline(bytes);
        let reply = ask_again(&mut lease, deadline, |_| request.clone()).await?;
        match reply.answer {
            Reply::Survey(survey) => Ok(survey),
            Reply::Failed(error) => Err(error.into()),
            other => Err(misunderstood(&other, reply.attempts)),
        }
    }

    /// Decodes and reads a page in a free child, waiting for one in order of urgency, then of
    /// asking. Dropping the future ends the child that works for it.
    pub async fn page(&self, job: PageJob) -> Result<Page, PageFailure> {
        let mut lease = self.shared.lease(self.urgency).await?;
        let deadline = self.shared.config.deadline(job.megapixels);
        let asked = ask_again(&mut lease, deadline, |care| Request::Page(job.clone(), care)).await;
        let counters = &self.shared.counters;
        let reply = asked.inspect_err(|failure| {
            if matches!(failure, PageFailure::Broken { .. }) {
                counters.lock().pages_broken += 1;
            }
        })?;
        if reply.attempts > 1 {
            counters.lock().pages_retried += 1;
        }
        match reply.answer {
            Reply::Page(page) => {
                lease.count_page(page.facts.cpu);
                Ok(*page)
            }
            Reply::Failed(error) => {
                counters.lock().pages_rejected += 1;
                Err(error.into())
            }
            other => Err(misunderstood(&other, reply.attempts)),
        }
    }

    /// Children that may work at once.
    pub fn places(&self) -> usize {
        self.shared.config.workers.max(1)
    }

    /// Children that have a question.
    pub fn busy(&self) -> usize {
        self.shared.leased()
    }

    /// Questions that wait for a child.
    pub fn waiting(&self) -> usize {
        self.shared.waiting()
    }

    /// What was done so far.
    pub fn stats(&self) -> PoolStats {
        self.shared.counters.lock().clone()
    }

    /// Ends the children that are free now; one that is working ends with its page. Further
    /// questions fail with [`PoolError::ShutDown`].
    pub async fn shutdown(&self) {
        let mut leaving = tokio::task::JoinSet::new();
        for worker in self.shared.close() {
            leaving.spawn(worker.dismiss());
        }
        leaving.join_all().await;
    }
}

/// An answer, and how many children it took.
struct Answered {
    answer: Reply,
    attempts: u32,
}

/// Asks, and once more with less care when the child broke.
async fn ask_again(
    lease: &mut Lease,
    deadline: Duration,
    request: impl Fn(Care) -> Request,
) -> Result<Answered, PageFailure> {
    let mut care = Care::Full;
    let mut attempts = 0;
    loop {
        attempts += 1;
        match lease.ask(&request(care), deadline).await {
            Ok(answer) => return Ok(Answered { answer, attempts }),
            Err(Unanswered::NoChild(error)) => return Err(error.into()),
            Err(Unanswered::Broken(reason)) if attempts >= ATTEMPTS => {
                return Err(PageFailure::Broken { reason, attempts });
            }
            // Nobody but us or the kernel kills with 9: the page need not be to blame.
            Err(Unanswered::Broken(Breakage::Crashed { signal: 9 })) => {}
            Err(Unanswered::Broken(_)) => care = Care::Reduced,
        }
    }
}

/// An answer to another question than was asked: parent and child are not the same program.
fn misunderstood(reply: &Reply, attempts: u32) -> PageFailure {
    let kind = match reply {
        Reply::Ready(_) | Reply::Refused(_) => "a greeting",
        Reply::Survey(_) => "a survey",
        Reply::Page(_) => "a page",
        Reply::Failed(_) => "an error",
    };
    let detail = format!("it answered with {kind}, which was not asked for");
    PageFailure::Broken { reason: Breakage::Protocol { detail }, attempts }
}
