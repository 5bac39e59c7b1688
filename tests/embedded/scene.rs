//! A world whose agency signs under authorities on loopback, which answer, or do not.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use chrono::{DateTime, Utc};
use serde_json::Value;
use sohoa_sign::verify::{Report, verify_pdf};

use crate::{
    pki::{AGENCY, Network, Pki},
    stamps::{response, serve},
    support::{Ran, World},
};

/// Authorities on loopback, and a world whose agency signs under them.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) pki: Arc<Pki>,
    /// Neither responder nor list answers.
    pub(crate) silent: Arc<AtomicBool>,
    /// The agency's own authority answers nothing that can be believed.
    pub(crate) forgotten: Arc<AtomicBool>,
    /// The time-stamp authority has no newer certificate than one that ends soon.
    pub(crate) ending: Arc<AtomicBool>,
    /// Time-stamps given.
    pub(crate) stamped: Arc<AtomicUsize>,
    stamps: String,
}

impl Scene {
    pub(crate) fn new(samples: &[&str]) -> Self {
        let world = World::with_samples(samples);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let pki = Pki::at(&format!("http://{}", listener.local_addr().unwrap()));
        let silent = Arc::new(AtomicBool::new(false));
        let forgotten = Arc::new(AtomicBool::new(false));
        let network = Network::of(&pki).changing({
            let forgotten = Arc::clone(&forgotten);
            move |url, answer| {
                answer.spoilt = forgotten.load(Ordering::SeqCst) && url.contains("/middle");
            }
        });
        network.serve_while(listener, {
            let silent = Arc::clone(&silent);
            move || !silent.load(Ordering::SeqCst)
        });
        let (stamped, ending) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let stamps = serve({
            let (pki, stamped) = (Arc::clone(&pki), Arc::clone(&stamped));
            let ending = Arc::clone(&ending);
            move |query| {
                stamped.fetch_add(1, Ordering::SeqCst);
                let ends = ending.load(Ordering::SeqCst);
                let authority = if ends { &pki.ending_stamps } else { &pki.stamps };
                response("200 OK", &authority.reply(query))
            }
        });
        let (key, chain) = pki.agency_files(AGENCY);
        world.write("key.pem", &key);
        world.write("chain.pem", &chain);
        world.write("root.pem", &pki.root_pem());
        Self { world, pki, silent, forgotten, ending, stamped, stamps }
    }

    /// A configuration file with this in its `[sign]`.
    pub(crate) fn config(&self, sign: &str) -> String {
        let text = format!(
            "[sign]\nkey = \"key.pem\"\nchain = \"chain.pem\"\nroots = [\"root.pem\"]\n\
             timestamp_url = \"{}\"\n{sign}\n[release]\ndelegation = \"QĐ 1/UBND\"\n\
             [agency]\ncode = \"H08.12\"\n[[sign.agencies]]\ncode = \"H08.12\"\n\
             names = [\"Sở Thử nghiệm tỉnh Mẫu\"]\n\
             [store]\nretry_seconds = 1\n[index]\ncommit_documents = 2\n",
            self.stamps
        );
        self.world.write("sohoa.toml", &text)
    }

    pub(crate) fn timestamp(&self, further: &[&str]) -> Ran {
        let command = ["timestamp", "--output", "out", "--config", "sohoa.toml", "--json"];
        self.world.sohoa(&[&command[..], further].concat())
    }

    /// The audit of the trail.
    pub(crate) fn audit(&self, further: &[&str]) -> Ran {
        let command = ["audit", "--output", "out", "--events", "--config", "sohoa.toml"];
        self.world.sohoa(&[&command[..], further].concat())
    }

    /// What our verifier says of the current document at a time.
    pub(crate) fn judged(&self, at: DateTime<Utc>) -> Report {
        let rows = self.world.query("select object_uri from documents");
        let path = self.world.path("out").join(rows[0]["object_uri"].as_str().unwrap());
        verify_pdf(&path, &self.pki.trust(), at).unwrap()
    }

    /// The levels of the current signatures, by role.
    pub(crate) fn levels(&self) -> Vec<(String, String)> {
        let rows = self.world.query(
            "select s.role, s.pades_level from documents d join signatures s \
             on s.source_uid = d.source_uid and s.version = d.version order by 1, 2",
        );
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        rows.iter().map(|row| (text(row, "role"), text(row, "pades_level"))).collect()
    }
}
