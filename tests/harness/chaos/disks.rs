//! Disks that fill up: a small file system under one part of the province, filled to its last byte
//! for a while. Mounting needs root; `tests/chaos` gives this program a mount namespace of its own,
//! so that nothing stays mounted.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    ops::Range,
    path::{Path, PathBuf},
    process::Command,
};

use sohoa_harness::random::Random;

use crate::province::Province;

/// What fills the disk.
const BALLAST: &str = "ballast";

/// Bytes written at once; less is written until nothing fits.
const PIECE: usize = 64 * 1024;

/// How long it stays full: long enough for every retry to be met by it, and some to be spent.
const FULL: Range<u64> = 15..25;

/// Whose disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    WorkerTemp,
    BrokerLog,
    StoreData,
}

impl Disk {
    /// By its name on the command line.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "worker-temp" => Some(Self::WorkerTemp),
            "broker-log" => Some(Self::BrokerLog),
            "store-data" => Some(Self::StoreData),
            _ => None,
        }
    }

    fn place(self, folder: &Path) -> PathBuf {
        folder.join(match self {
            Self::WorkerTemp => "tmp",
            Self::BrokerLog => "kafka/broker-0/data",
            Self::StoreData => "buckets/records",
        })
    }

    /// Room for what the run needs while nothing is wrong.
    fn size(self) -> &'static str {
        match self {
            Self::WorkerTemp => "size=64m",
            Self::BrokerLog | Self::StoreData => "size=128m",
        }
    }
}

/// A mounted disk; unmounted when dropped.
#[derive(Debug)]
pub(crate) struct Mounted(PathBuf);

impl Mounted {
    /// Mounts it, before anything is started; an error where that is not allowed.
    pub(crate) fn new(disk: Disk, folder: &Path) -> Result<Self, String> {
        let place = disk.place(folder);
        fs::create_dir_all(&place).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", disk.size(), "tmpfs"])
            .arg(&place)
            .output()
            .unwrap();
        if mounted.status.success() {
            Ok(Self(place))
        } else {
            Err(String::from_utf8_lossy(&mounted.stderr).trim().to_owned())
        }
    }

    /// Fills what is free, also what became free since the last time.
    fn fill(&self) {
        let ballast = OpenOptions::new().create(true).append(true).open(self.0.join(BALLAST));
        // With no room for another name the disk is full already.
        let Ok(mut ballast) = ballast else { return };
        let mut piece = PIECE;
        while piece > 0 {
            match ballast.write(&vec![0; piece]) {
                Ok(written) if written > 0 => {}
                _ => piece /= 2,
            }
        }
    }

    fn free(&self) {
        fs::remove_file(self.0.join(BALLAST)).unwrap();
    }

    /// Whether not a byte can be written.
    fn is_full(&self) -> bool {
        let probe = self.0.join("probe");
        let written = File::create(&probe).and_then(|mut file| file.write(&[0; 4096]));
        drop(fs::remove_file(probe));
        written.is_err()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Where it fails, the namespace ends with the program.
        drop(Command::new("umount").arg("--lazy").arg(&self.0).status());
    }
}

/// Fills the disk in the middle of the work, and frees it again.
pub(crate) fn befall(disk: Disk, mounted: &Mounted, province: &mut Province, random: &mut Random) {
    mounted.fill();
    assert!(mounted.is_full(), "the disk does not fill up");
    province.say(&format!("the disk is full: {disk:?}"));
    let before = province.watch.events();
    province.within(random.seconds(FULL), |_| {
        mounted.fill();
        false
    });
    let meanwhile = province.watch.events() - before;
    mounted.free();
    province.say(&format!("the disk is free again; {meanwhile} events came while it was full"));
    if disk == Disk::BrokerLog {
        // A broker that cannot write gives its folder up, and must be started again.
        province.kafka.restart(0);
    }
}
