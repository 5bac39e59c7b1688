//! Verifies PDFs and prints one JSON line each: `verify [--root FILE.pem]... FILE.pdf...`, by hand.

use std::path::Path;

use chrono::Utc;
use sohoa_sign::{
    CertificateDer,
    verify::{Agency, Pin, PinnedRoot, Trust, TrustDomain, verify_pdf},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut trust = Trust::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let domain = match argument.as_str() {
            "--root" => TrustDomain::Test,
            "--government-root" => TrustDomain::GovCipher,
            "--agencies" => {
                let list = std::fs::read_to_string(arguments.next().ok_or("a file is missing")?)?;
                trust.agencies.extend(list.lines().map(|name| Agency {
                    id: name.to_owned(),
                    names: vec![name.to_owned()],
                    ..Agency::default()
                }));
                continue;
            }
            file => {
                let report = verify_pdf(Path::new(file), &trust, Utc::now());
                let line = match report {
                    Ok(report) => serde_json::json!({"file": file, "report": report}),
                    Err(error) => {
                        let source = std::error::Error::source(&error).map(ToString::to_string);
                        serde_json::json!({"file": file, "error": source})
                    }
                };
                println!("{line}");
                continue;
            }
        };
        let value = arguments.next().ok_or("a root is missing")?;
        if let Some(pin) = Pin::fingerprint(&value) {
            trust.roots.push(PinnedRoot { pin, domain });
        } else {
            let roots = CertificateDer::from_pem(&std::fs::read_to_string(value)?)?;
            let pins = roots.into_iter().map(Pin::Certificate);
            trust.roots.extend(pins.map(|pin| PinnedRoot { pin, domain }));
        }
    }
    Ok(())
}
