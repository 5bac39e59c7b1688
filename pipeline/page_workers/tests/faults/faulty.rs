//! A page engine with every fault native code has.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process, thread,
    time::Duration,
};

use rustix::process::{Signal, getpid, kill_process};
use sohoa_decode::{Format, LayerQuality, Origin, Survey};
use sohoa_document::{Barcodes, Page, PageFacts, PageText};
use sohoa_page_workers::{Care, PageEngine, PageError, PageJob, StartRefusal, serve};

/// Mode of children of which the second does not get as far as an engine; the rest of it is the path
/// of a file that counts them.
pub(crate) const STUMBLE: &str = "stumble:";

/// Which start this is, from 1.
fn nth_start(count: &str) -> u64 {
    let mut file = fs::OpenOptions::new().create(true).append(true).open(count).unwrap();
    file.write_all(b".").unwrap();
    file.metadata().unwrap().len()
}

/// Serves as `mode` says: `refuse` and `silent` do not get as far as an engine.
pub(crate) fn serve_as(mode: &str) {
    if mode.strip_prefix(STUMBLE).is_some_and(|count| nth_start(count) == 2) {
        process::exit(3);
    }
    let outcome = serve(|| match mode {
        "refuse" => Err(StartRefusal {
            missing_dependency: true,
            message: "no model of language `vie`; apt-get install tesseract-ocr-vie".to_owned(),
        }),
        "silent" => loop {
            thread::park();
        },
        _ => Ok(Faulty),
    });
    process::exit(i32::from(outcome.is_err()));
}

struct Faulty;

impl PageEngine for Faulty {
    fn name(&self) -> String {
        format!("faulty {}", std::env::var("OMP_THREAD_LIMIT").unwrap_or_default())
    }

    fn survey(&mut self, path: &Path) -> Result<Survey, PageError> {
        act(&fault_of(path), Care::Full)?;
        Ok(Survey {
            format: Format::Pdf,
            pages: 1,
            origin: Origin::Paper,
            signed: false,
            active: Vec::new(),
            layers: vec![LayerQuality::None],
            page_megapixels: vec![1.0],
            page_origins: vec![Some(Origin::Paper)],
        })
    }

    fn page(&mut self, job: &PageJob, care: Care) -> Result<Page, PageError> {
        act(&fault_of(&job.path), care)?;
        let facts = PageFacts { colour_mode: format!("{care:?}"), ..PageFacts::default() };
        let (text, barcodes) = (PageText::empty(595.0, 842.0), Barcodes::default());
        Ok(Page { number: job.number, scan: None, text, barcodes, facts })
    }
}

fn fault_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn act(fault: &str, care: Care) -> Result<(), PageError> {
    match fault {
        "abort" => process::abort(),
        "segv" => signal_self(Signal::SEGV),
        "segv-with-full-care" if care == Care::Full => signal_self(Signal::SEGV),
        "exit" => process::exit(7),
        "hang" => loop {
            thread::park();
        },
        "balloon" => balloon(),
        "babble" => babble(),
        "write-into-the-protocol" => write_into_the_protocol(),
        "reject" => {
            return Err(PageError { code: "F02_UNREADABLE".into(), message: "cut short".into() });
        }
        _ => {}
    }
    Ok(())
}

fn signal_self(signal: Signal) {
    // The runtime's own handler takes the first one, restores the default and returns.
    loop {
        kill_process(getpid(), signal).unwrap();
        thread::sleep(Duration::from_millis(1));
    }
}

/// Takes memory, and touches it, until there is none.
fn balloon() {
    let mut held: Vec<Vec<u8>> = Vec::new();
    loop {
        held.push(vec![held.len() as u8 | 1; 8 << 20]);
    }
}

/// Prints what native code prints: lines, bytes that are no UTF-8, very long lines.
fn babble() {
    for _ in 0..50 {
        println!("Detected 12 diacritics");
    }
    std::io::stdout().write_all(&[0xff, 0xfe, b'\n']).unwrap();
    std::io::stdout().flush().unwrap();
    std::io::stderr().write_all(&[0xc3, 0x28, b'\n']).unwrap();
    std::io::stderr().write_all(&vec![b'x'; 1 << 20]).unwrap();
}

/// Native code with a wrong descriptor: stray bytes in every pipe that is open.
fn write_into_the_protocol() {
    for entry in fs::read_dir("/proc/self/fd").unwrap().flatten() {
        let link: PathBuf = fs::read_link(entry.path()).unwrap_or_default();
        let number: i32 = entry.file_name().to_string_lossy().parse().unwrap_or(0);
        if number > 2
            && link.to_string_lossy().starts_with("pipe:")
            && let Ok(mut pipe) = fs::OpenOptions::new().write(true).open(entry.path())
        {
            pipe.write_all(b"Error in pixReadMem: \xff\xfe\n").unwrap();
        }
    }
}
