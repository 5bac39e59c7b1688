//! Writes one PDF for each codec and turn into a folder, for viewers and validators to judge:
//! `cargo run --release -p sohoa-compose --example compose_samples -- FOLDER`

#![expect(clippy::unwrap_used, reason = "a sample that cannot be made is a defect of the sample")]

#[path = "../tests/samples/mod.rs"]
mod samples;

use std::{env, fs, io, path::PathBuf};

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).map(PathBuf::from).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, "usage: compose_samples FOLDER")
    })?;
    fs::create_dir_all(&folder)?;
    let samples = samples::all();
    for sample in &samples {
        let file = samples::compose([(&sample.scan, &sample.text)]);
        fs::write(folder.join(&sample.name).with_extension("pdf"), file.out)?;
    }
    let together = samples::compose(samples.iter().map(|sample| (&sample.scan, &sample.text)));
    fs::write(folder.join("together.pdf"), together.out)
}
