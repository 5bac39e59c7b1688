//! What must hold whatever a child does.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{self, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use sohoa_decode::{Keep, Origin};
use sohoa_document::Page;
use sohoa_flow::Urgency;
use sohoa_page_workers::{
    Breakage, PageFailure, PageJob, Pool, PoolConfig, PoolError, Restarts, WorkerCommand,
};
use tokio::runtime::Runtime;

use crate::{PARENT, WORKER, faulty::STUMBLE};

/// A named test.
type Scenario = (&'static str, fn());

/// Every test of this binary.
pub(crate) const ALL: &[Scenario] = &[
    ("crashing_pages_fail_alone_after_a_second_attempt", crashing_pages_fail_alone),
    ("a_page_that_breaks_only_with_full_care_is_read_with_less", less_care_saves_a_page),
    ("a_hanging_page_is_killed_at_its_deadline", a_hanging_page_is_killed),
    ("a_ballooning_page_ends_at_its_memory_limit", a_ballooning_page_ends),
    ("stray_bytes_in_the_protocol_cost_the_child", stray_bytes_cost_the_child),
    ("printing_and_bad_utf8_disturb_nobody", printing_disturbs_nobody),
    ("a_rejected_page_is_not_tried_again", a_rejected_page_is_not_tried_again),
    ("a_child_killed_from_outside_is_replaced_with_full_care", killed_from_outside),
    ("a_dropped_page_takes_its_child_with_it", a_dropped_page_takes_its_child),
    ("children_leave_when_their_parent_dies", children_leave_with_their_parent),
    ("a_hanging_child_leaves_when_its_parent_dies", hanging_children_leave_with_their_parent),
    ("a_child_is_not_told_the_secrets_of_its_parent", secrets_stay_with_the_parent),
    ("a_refusal_to_start_tells_its_reason", a_refusal_tells_its_reason),
    ("a_child_that_never_gets_ready_is_given_up", a_silent_child_is_given_up),
    ("a_failed_start_is_tried_again", a_failed_start_is_tried_again),
    ("a_worn_child_is_retired", a_worn_child_is_retired),
    ("after_shutdown_no_child_is_left", after_shutdown_no_child_is_left),
    ("a_survey_survives_a_crash", a_survey_survives_a_crash),
    ("live_pages_pass_bulk_ones_that_asked_before", live_pages_pass_bulk_ones),
    ("whoever_waits_is_told_of_the_shutdown", waiters_are_told_of_the_shutdown),
];

fn config(workers: usize, mode: &str) -> PoolConfig {
    let command = WorkerCommand {
        program: std::env::current_exe().unwrap(),
        args: vec![WORKER.into(), mode.into()],
        env: vec![],
    };
    PoolConfig { memory_limit_bytes: 400 << 20, ..PoolConfig::new(workers, command) }
}

fn job(fault: &str, number: u32) -> PageJob {
    PageJob {
        path: Path::new("/faults").join(fault),
        number,
        origin: Origin::Paper,
        megapixels: 0.0,
        keep: Keep::Stream,
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    Runtime::new().unwrap().block_on(work)
}

/// Sends one bad page among good ones through two children, all at the same time; the good ones
/// must all come back. Gives what became of the bad one.
async fn among_good_pages(config: PoolConfig, fault: &str) -> (Result<Page, PageFailure>, Pool) {
    let pool = Pool::start(config).await.unwrap();
    let mut good = tokio::task::JoinSet::new();
    for number in 1..=12 {
        let pool = pool.clone();
        good.spawn(async move { pool.page(job("good", number)).await });
    }
    let bad = pool.page(job(fault, 99)).await;
    let mut numbers: Vec<u32> =
        good.join_all().await.into_iter().map(|page| page.unwrap().number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
    (bad, pool)
}

fn broken(outcome: Result<Page, PageFailure>) -> (Breakage, u32) {
    match outcome {
        Err(PageFailure::Broken { reason, attempts }) => (reason, attempts),
        other => panic!("expected a broken page, got {other:?}"),
    }
}

fn crashing_pages_fail_alone() {
    let cases = [
        ("abort", Breakage::Crashed { signal: 6 }),
        ("segv", Breakage::Crashed { signal: 11 }),
        ("exit", Breakage::Exited { code: 7 }),
    ];
    for (fault, expected) in cases {
        run(async {
            let (outcome, pool) = among_good_pages(config(2, ""), fault).await;
            assert_eq!(broken(outcome), (expected, 2), "{fault}");
            let stats = pool.stats();
            assert_eq!(stats.restarts, Restarts { crashed: 2, ..Restarts::default() });
            assert_eq!((stats.pages, stats.pages_broken, stats.pages_retried), (12, 1, 0));
            assert_eq!(stats.workers.iter().map(|worker| worker.pages).sum::<u64>(), 12);
        });
    }
}

fn less_care_saves_a_page() {
    run(async {
        let (outcome, pool) = among_good_pages(config(2, ""), "segv-with-full-care").await;
        assert_eq!(outcome.unwrap().facts.colour_mode, "Reduced");
        let stats = pool.stats();
        assert_eq!(stats.restarts, Restarts { crashed: 1, ..Restarts::default() });
        assert_eq!((stats.pages, stats.pages_broken, stats.pages_retried), (13, 0, 1));
    });
}

fn a_hanging_page_is_killed() {
    run(async {
        let base = Duration::from_millis(1500);
        let config = PoolConfig { deadline_base: base, ..config(2, "") };
        let started = Instant::now();
        let (outcome, pool) = among_good_pages(config, "hang").await;
        assert_eq!(broken(outcome), (Breakage::TimedOut { after: base }, 2));
        assert!(started.elapsed() >= base * 2);
        let stats = pool.stats();
        assert_eq!(stats.restarts, Restarts { timed_out: 2, ..Restarts::default() });
        assert!(stats.workers.iter().map(|worker| worker.busy).sum::<Duration>() >= base * 2);
    });
}

fn a_ballooning_page_ends() {
    run(async {
        let (outcome, pool) = among_good_pages(config(2, ""), "balloon").await;
        assert_eq!(broken(outcome), (Breakage::OutOfMemory, 2));
        assert_eq!(pool.stats().restarts, Restarts { out_of_memory: 2, ..Restarts::default() });
    });
}

fn stray_bytes_cost_the_child() {
    run(async {
        let (outcome, pool) = among_good_pages(config(2, ""), "write-into-the-protocol").await;
        let (reason, attempts) = broken(outcome);
        assert!(matches!(reason, Breakage::Protocol { .. }), "{reason:?}");
        assert_eq!(attempts, 2);
        assert_eq!(pool.stats().restarts, Restarts { protocol: 2, ..Restarts::default() });
    });
}

fn printing_disturbs_nobody() {
    run(async {
        let (outcome, pool) = among_good_pages(config(2, ""), "babble").await;
        assert_eq!(outcome.unwrap().number, 99);
        assert_eq!(pool.stats().restarts, Restarts::default());
        assert_eq!(pool.engine(), "faulty 1", "OMP_THREAD_LIMIT reaches the child");
    });
}

fn a_rejected_page_is_not_tried_again() {
    run(async {
        let (outcome, pool) = among_good_pages(config(2, ""), "reject").await;
        match outcome {
            Err(PageFailure::Rejected(error)) => assert_eq!(error.code, "F02_UNREADABLE"),
            other => panic!("expected a rejection, got {other:?}"),
        }
        assert_eq!(pool.stats().restarts, Restarts::default());
        assert_eq!(pool.stats().pages_rejected, 1);
    });
}

fn killed_from_outside() {
    run(async {
        let pool = Pool::start(config(1, "")).await.unwrap();
        // Once while it is idle, once while it works.
        let idle = pool.stats().workers[0].pid.unwrap();
        kill(idle);
        assert_eq!(pool.page(job("good", 1)).await.unwrap().number, 1);
        let busy = pool.stats().workers[0].pid.unwrap();
        assert_ne!(idle, busy);
        let (outcome, ()) = tokio::join!(pool.page(job("hang", 2)), async {
            // Two children hang at this page; both are killed.
            for _ in 0..2 {
                kill(asleep_child(&pool).await);
            }
        });
        assert_eq!(broken(outcome), (Breakage::Crashed { signal: 9 }, 2));
        assert_eq!(pool.page(job("good", 3)).await.unwrap().facts.colour_mode, "Full");
        assert_eq!(pool.stats().restarts, Restarts { crashed: 3, ..Restarts::default() });
    });
}

fn a_dropped_page_takes_its_child() {
    run(async {
        let pool = Pool::start(config(1, "")).await.unwrap();
        let pid = pool.stats().workers[0].pid.unwrap();
        tokio::select! {
            outcome = pool.page(job("hang", 1)) => panic!("a hanging page came back: {outcome:?}"),
            _ = asleep_child(&pool) => {}
        }
        gone(pid).await;
        assert_eq!(pool.page(job("good", 2)).await.unwrap().number, 2);
        assert_eq!(pool.stats().restarts, Restarts { cancelled: 1, ..Restarts::default() });
    });
}

/// A process of its own: holds a pool of one child, lets it hang or idle, tells its pid.
pub(crate) fn be_a_parent(fault: &str) {
    run(async {
        let pool = Pool::start(config(1, "")).await.unwrap();
        let idle = pool.stats().workers[0].pid.unwrap();
        if fault != "hang" {
            println!("{idle}");
            return std::future::pending().await;
        }
        let tell = async {
            println!("{}", asleep_child(&pool).await);
        };
        let (outcome, ()) = tokio::join!(pool.page(job(fault, 1)), tell);
        panic!("a hanging page came back: {outcome:?}");
    });
}

/// Starts such a process with these variables; gives it and its child's pid.
fn parent_of(fault: &str, environment: &[(&str, &str)]) -> (process::Child, u32) {
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args([PARENT, fault])
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (parent, line.trim().parse().unwrap())
}

fn secrets_stay_with_the_parent() {
    let told = [("TESSDATA_PREFIX", "/models"), ("TMPDIR", "/tmp")];
    let secret = [("SOHOA_PIN", "246813"), ("AWS_SECRET_ACCESS_KEY", "hidden")];
    let (mut parent, child) = parent_of("hang", &[told, secret].concat());
    let environment = fs::read_to_string(format!("/proc/{child}/environ")).unwrap();
    parent.kill().unwrap();
    parent.wait().unwrap();
    let has = |(name, value)| environment.split('\0').any(|one| one == format!("{name}={value}"));
    assert!(told.iter().all(|one| has(*one)) && has(("OMP_THREAD_LIMIT", "1")), "{environment}");
    assert!(
        !secret
            .iter()
            .any(|(name, value)| environment.contains(name) || environment.contains(value))
    );
    run(gone(child));
}

/// Kills such a process and waits until its child is gone, too.
fn the_child_does_not_outlive_its_parent(fault: &str) {
    let (mut parent, child) = parent_of(fault, &[]);
    assert!(state(child).is_some());
    parent.kill().unwrap();
    parent.wait().unwrap();
    run(gone(child));
}

fn children_leave_with_their_parent() {
    the_child_does_not_outlive_its_parent("nothing");
}

fn hanging_children_leave_with_their_parent() {
    the_child_does_not_outlive_its_parent("hang");
}

fn a_refusal_tells_its_reason() {
    run(async {
        match Pool::start(config(1, "refuse")).await {
            Err(PoolError::Refused(refusal)) => {
                assert!(refusal.missing_dependency);
                assert!(refusal.message.contains("tesseract-ocr-vie"));
            }
            other => panic!("expected a refusal, got {other:?}"),
        }
        let mut nowhere = config(1, "");
        nowhere.command.program = "/nowhere/sohoa".into();
        assert!(matches!(Pool::start(nowhere).await, Err(PoolError::Spawn { .. })));
    });
}

fn a_silent_child_is_given_up() {
    run(async {
        let deadline = Duration::from_millis(300);
        let config = PoolConfig { start_deadline: deadline, ..config(1, "silent") };
        match Pool::start(config).await {
            Err(PoolError::NotReady { reason }) => {
                assert_eq!(reason, Breakage::TimedOut { after: deadline });
            }
            other => panic!("expected no child, got {other:?}"),
        }
    });
}

fn a_failed_start_is_tried_again() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let count = folder.path().join("count");
        let mode = format!("{STUMBLE}{}", count.display());
        let config = PoolConfig { requests_per_worker: 1, ..config(1, &mode) };
        let pool = Pool::start(config).await.unwrap();
        for number in 1..=2 {
            assert_eq!(pool.page(job("good", number)).await.unwrap().number, number);
        }
        assert_eq!(fs::read(&count).unwrap().len(), 3);
    });
}

fn a_worn_child_is_retired() {
    run(async {
        let config = PoolConfig { requests_per_worker: 2, ..config(1, "") };
        let pool = Pool::start(config).await.unwrap();
        for number in 1..=5 {
            assert_eq!(pool.page(job("good", number)).await.unwrap().number, number);
        }
        assert_eq!(pool.stats().restarts, Restarts { retired: 2, ..Restarts::default() });
    });
}

fn after_shutdown_no_child_is_left() {
    run(async {
        let (_, pool) = among_good_pages(config(2, ""), "good").await;
        let pids: Vec<u32> = pool.stats().workers.iter().filter_map(|worker| worker.pid).collect();
        assert!(!pids.is_empty());
        pool.shutdown().await;
        for pid in pids {
            gone(pid).await;
        }
        assert!(matches!(
            pool.page(job("good", 1)).await,
            Err(PageFailure::Pool(PoolError::ShutDown))
        ));
    });
}

fn a_survey_survives_a_crash() {
    run(async {
        let pool = Pool::start(config(1, "")).await.unwrap();
        assert!(matches!(
            pool.survey(Path::new("/faults/segv")).await,
            Err(PageFailure::Broken { reason: Breakage::Crashed { signal: 11 }, attempts: 2 })
        ));
        assert_eq!(pool.survey(Path::new("/faults/good")).await.unwrap().pages, 1);
    });
}

fn live_pages_pass_bulk_ones() {
    // On one thread tasks ask in the order of their making.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let bulk = Pool::start(config(1, "")).await.unwrap();
        let live = bulk.at(Urgency::Live);
        let hanging = tokio::spawn({
            let bulk = bulk.clone();
            async move { bulk.page(job("hang", 0)).await }
        });
        asleep_child(&bulk).await;
        let (done, mut order) = tokio::sync::mpsc::unbounded_channel();
        let mut asking = tokio::task::JoinSet::new();
        let mut impatient = Vec::new();
        for (pool, numbers) in [(&bulk, 1..=6), (&live, 7..=12), (&bulk, 13..=14)] {
            for number in numbers {
                let (pool, done) = (pool.clone(), done.clone());
                let page = asking.spawn(async move {
                    pool.page(job("good", number)).await.unwrap();
                    done.send(number).unwrap();
                });
                impatient.extend((number % 3 == 0).then_some(page));
            }
        }
        tokio::task::yield_now().await;
        impatient.iter().for_each(tokio::task::AbortHandle::abort);
        hanging.abort();
        while asking.join_next().await.is_some() {}
        drop(done);
        let mut read = Vec::new();
        while let Some(number) = order.recv().await {
            read.push(number);
        }
        assert_eq!(read, [7, 8, 10, 11, 1, 2, 4, 5, 13, 14]);
        assert_eq!(bulk.stats().restarts, Restarts { cancelled: 1, ..Restarts::default() });
    });
}

fn waiters_are_told_of_the_shutdown() {
    run(async {
        let pool = Pool::start(config(1, "")).await.unwrap();
        let hanging = tokio::spawn({
            let pool = pool.clone();
            async move { pool.page(job("hang", 0)).await }
        });
        let hung = asleep_child(&pool).await;
        let refused = |outcome| matches!(outcome, Err(PageFailure::Pool(PoolError::ShutDown)));
        let live = pool.at(Urgency::Live);
        let (bulk, live, ()) = tokio::join!(
            biased;
            pool.page(job("good", 1)),
            live.page(job("good", 2)),
            pool.shutdown(),
        );
        assert!(refused(bulk) && refused(live));
        kill(hung);
        gone(hung).await;
        // The page in work goes on: its second attempt hangs in a new child.
        let second = asleep_child(&pool).await;
        kill(second);
        assert_eq!(broken(hanging.await.unwrap()), (Breakage::Crashed { signal: 9 }, 2));
        gone(second).await;
    });
}

fn kill(pid: u32) {
    kill_process(Pid::from_raw(pid as i32).unwrap(), Signal::KILL).unwrap();
}

/// Waits until the process is gone or only waits to be reaped.
async fn gone(pid: u32) {
    wait_for(|| state(pid).is_none_or(|state| state == 'Z').then_some(())).await;
}

/// Waits until place 0 has a child whose main thread is parked in its engine, not waiting for a
/// request on the pipe; gives its pid.
async fn asleep_child(pool: &Pool) -> u32 {
    wait_for(|| {
        let pid = pool.stats().workers[0].pid?;
        let hanging = fs::read_to_string(format!("/proc/{pid}/wchan")).ok()?;
        (state(pid)? == 'S' && hanging.contains("futex")).then_some(pid)
    })
    .await
}

/// The process's state letter.
fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// Polls a condition, with a deadline.
async fn wait_for<T>(mut condition: impl FnMut() -> Option<T>) -> T {
    let poll = async {
        loop {
            if let Some(value) = condition() {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), poll).await.expect("the condition never held")
}
