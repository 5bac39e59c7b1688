//! A maker's library, which is loaded and started once for the whole process.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
};

use super::{
    error::{TokenError, said},
    pin::PinState,
};

/// How long a fresh start waits for calls under way, and between two looks.
const START_PATIENCE: Duration = Duration::from_millis(200);
const START_STEP: Duration = Duration::from_millis(1);

/// The standard knows one start a process and library, so two keys of one library share this.
static LOADED: Mutex<BTreeMap<PathBuf, Arc<Library>>> = Mutex::new(BTreeMap::new());

#[derive(Debug)]
pub(super) struct Library {
    context: Pkcs11,
    /// Every call holds a share. A fresh start needs all of it, because the standard leaves
    /// undefined what calls do meanwhile.
    gate: RwLock<()>,
    /// Counts starts: handles of an earlier one are void, and may name somebody else's session.
    starts: AtomicU64,
    /// By serial number of a token, whether its PIN may be tried.
    pins: Mutex<BTreeMap<String, Arc<Mutex<PinState>>>>,
}

impl Library {
    pub(super) fn open(path: &Path) -> Result<Arc<Self>, TokenError> {
        let mut loaded = lock(&LOADED);
        if let Some(library) = loaded.get(path) {
            return Ok(Arc::clone(library));
        }
        let refused = |error: &Error| TokenError::Library {
            path: path.display().to_string(),
            why: said(error),
        };
        let context = Pkcs11::new(path).map_err(|error| refused(&error))?;
        start(&context).map_err(|error| refused(&error))?;
        let library = Arc::new(Self {
            context,
            gate: RwLock::new(()),
            starts: AtomicU64::new(0),
            pins: Mutex::default(),
        });
        loaded.insert(path.to_owned(), Arc::clone(&library));
        Ok(library)
    }

    /// Makes calls; no fresh start comes between them. With the number of the start they belong to.
    pub(super) fn call<T>(&self, calls: impl FnOnce(&Pkcs11, u64) -> T) -> T {
        let _share = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        calls(&self.context, self.starts.load(Ordering::Acquire))
    }

    /// Ends the library and starts it again, which makes those see a token put back that look for
    /// tokens at the start only. Not while a call hangs; other keys' sessions open themselves anew.
    pub(super) fn start_again(&self, after: u64) -> Result<(), Error> {
        let until = Instant::now() + START_PATIENCE;
        loop {
            if let Ok(_whole) = self.gate.try_write() {
                if self.starts.load(Ordering::Acquire) != after {
                    return Ok(());
                }
                self.starts.fetch_add(1, Ordering::AcqRel);
                match self.context.clone().finalize() {
                    Ok(()) | Err(Error::Pkcs11(RvError::CryptokiNotInitialized, _)) => {}
                    Err(error) => return Err(error),
                }
                return start(&self.context);
            }
            if Instant::now() > until {
                return Ok(());
            }
            thread::sleep(START_STEP);
        }
    }

    /// What is known of a token's PIN; locked while it is tried, so that it is tried once.
    pub(super) fn pin(&self, serial: &str) -> Arc<Mutex<PinState>> {
        Arc::clone(lock(&self.pins).entry(serial.to_owned()).or_default())
    }
}

fn start(context: &Pkcs11) -> Result<(), Error> {
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        started => started,
    }
}

/// No state here is left half changed by a panic.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
