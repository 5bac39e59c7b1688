//! What the process boundary costs: the same pages in this process and through a pool of one.
//!
//! `overhead FILE…` prints one line a file and the sum. The two ways take turns page by page, so
//! that a busy machine disturbs both alike.

use std::{
    env,
    error::Error,
    path::PathBuf,
    time::{Duration, Instant},
};

use sohoa_decode::{Keep, Limits};
use sohoa_ocr::EngineConfig;
use sohoa_page_workers::{
    Care, DecodeAndRecognise, PageEngine, PageJob, Pool, PoolConfig, StartRefusal, WorkerCommand,
    serve,
};

const WORKER: &str = "page-worker";

fn engine() -> Result<DecodeAndRecognise, StartRefusal> {
    Ok(DecodeAndRecognise::new(&EngineConfig::default(), Limits::default())?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    if files.first().is_some_and(|first| first.as_os_str() == WORKER) {
        return Ok(serve(engine)?);
    }
    let command =
        WorkerCommand { program: env::current_exe()?, args: vec![WORKER.into()], env: vec![] };
    let pool = Pool::start(PoolConfig::new(1, command)).await?;
    let mut here = engine()?;
    let (mut inside, mut outside, mut pages) = (Duration::ZERO, Duration::ZERO, 0u32);
    for path in files {
        let survey = pool.survey(&path).await?;
        for (number, &megapixels) in (1..).zip(&survey.page_megapixels) {
            let origin = survey.origin;
            let job =
                PageJob { path: path.clone(), number, origin, megapixels, keep: Keep::Stream };
            let started = Instant::now();
            let one = here.page(&job, Care::Full)?;
            inside += started.elapsed();
            let started = Instant::now();
            let other = pool.page(job).await?;
            outside += started.elapsed();
            assert_eq!(one.text, other.text, "{} page {number}", path.display());
            pages += 1;
        }
        let cost = outside.as_secs_f64() / inside.as_secs_f64() - 1.0;
        println!(
            "{pages} pages: {inside:.2?} here, {outside:.2?} in a child: {:+.2} %",
            cost * 1e2
        );
    }
    println!("{:?}", pool.stats());
    pool.shutdown().await;
    Ok(())
}
