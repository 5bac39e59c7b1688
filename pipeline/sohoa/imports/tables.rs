//! The reference tables, made from the imports.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use sohoa_index::{Difference, Index, IndexError, Register, RegisterState, Stored};
use sohoa_registers::{
    Import, Kind,
    keys::agency_keys,
    tables::{self, Agencies},
};
use sohoa_schemas::registers::InventoryRow;
use sohoa_store::Store;

use super::{
    dossiers,
    keep::{keys, load},
};
use crate::exit::{Exit, Failure};

/// How often a table is made anew because another import was first.
const ATTEMPTS: u32 = 16;

/// Before another try, up to this and twice as long each time: of several that begin anew in step, none
/// would ever be done first.
const PAUSE: Duration = Duration::from_millis(20);

/// A table and the rows that an update put into it.
pub(crate) type Written = Vec<(&'static str, usize)>;

/// Brings the tables up to the imports of a kind, of which `new` were just kept; says which were
/// written.
pub(crate) async fn update(
    (store, index): (&Store, &Index),
    kind: Kind,
    new: &[String],
) -> Result<Written, Failure> {
    let mut written = Vec::new();
    if kind == Kind::Agencies {
        // First: a table of agencies that knows the import then vouches for the dossiers, too.
        let found = first_or_again(|_| dossiers::find_agencies((store, index))).await?;
        written.extend((found > 0).then_some((Register::Dossiers.name(), found)));
    }
    written.extend(bring((store, index), kind, What::New(new)).await?);
    Ok(written)
}

fn pause(attempt: u32) -> Duration {
    let share = RandomState::new().hash_one(attempt) as f64 / u64::MAX as f64;
    PAUSE.mul_f64(share * f64::from(1 << attempt.min(8)))
}

/// What is to be brought into a table.
#[derive(Clone, Copy)]
pub(super) enum What<'a> {
    /// These imports, and those that the table does not know.
    New(&'a [String]),
    /// All of them, on top of what is there.
    All,
    /// All of them, and nothing else.
    Anew,
}

async fn bring(
    (store, index): (&Store, &Index),
    kind: Kind,
    what: What<'_>,
) -> Result<Written, Failure> {
    let mut written = Vec::new();
    for register in registers_of(kind) {
        written.extend(table((store, index), *register, what).await?);
    }
    Ok(written)
}

/// Brings imports into one table, however many others do at once.
async fn table(
    (store, index): (&Store, &Index),
    register: Register,
    what: What<'_>,
) -> Result<Option<(&'static str, usize)>, Failure> {
    let rows = first_or_again(|attempt| {
        let what = match what {
            // Whoever was first may have counted these without having read them.
            What::New(_) if attempt > 1 => What::All,
            what => what,
        };
        one((store, index), register, what)
    });
    Ok(rows.await?.map(|rows| (register.name(), rows)))
}

/// Changes a table, and begins anew where somebody else was first; told is the number of the attempt.
async fn first_or_again<T, F: Future<Output = Result<T, Trouble>>>(
    change: impl Fn(u32) -> F,
) -> Result<T, Failure> {
    let mut attempt = 1;
    loop {
        match change(attempt).await {
            Err(Trouble::Index(IndexError::Busy(_))) if attempt < ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(pause(attempt)).await;
            }
            done => return done.map_err(Trouble::into_failure),
        }
    }
}

/// Makes every table anew that has imports, and adds the events of imports where `events` can be read.
pub(crate) async fn rebuild(
    (store, index): (&Store, &mut Index),
    events: bool,
) -> Result<Written, Failure> {
    let mut written = Vec::new();
    for kind in Kind::ALL {
        let keys = keys(store, *kind).await?;
        if *kind == Kind::Events {
            if events {
                append_events((store, index), &keys).await?;
            }
        } else if !keys.is_empty() {
            written.extend(bring((store, index), *kind, What::Anew).await?);
        }
    }
    Ok(written)
}

/// Tables that do not know every import: one was interrupted.
pub(crate) async fn behind(
    (store, index): (&Store, &Index),
    tables: &[Stored],
) -> Result<Vec<Difference>, Failure> {
    let mut behind = Vec::new();
    for table in tables {
        let Stored::Reference(register) = *table else { continue };
        let there = imports_of(store, register).await?;
        let known = index.register_position(register).await;
        let known = known.map_err(|error| Trouble::Index(error).into_failure())?.unwrap_or(0);
        if known < there {
            behind.push(Difference {
                table: register.name(),
                file: None,
                what: format!("knows {known} of {there} imports"),
                repair: "sohoa index rebuild",
            });
        }
    }
    Ok(behind)
}

/// How many imports a table is made from: those that name agencies are made anew with each list of
/// agencies.
async fn imports_of(store: &Store, register: Register) -> Result<i64, Failure> {
    let own = keys(store, kind_of(register)).await?.len();
    let of_agencies = match register {
        Register::Inventory | Register::Staff | Register::Targets => {
            keys(store, Kind::Agencies).await?.len()
        }
        _ => 0,
    };
    Ok((own + of_agencies) as i64)
}

/// Appends the events of imports to the audit trail, which knows what it has already; says how many
/// are new.
pub(crate) async fn append_events(
    (store, index): (&Store, &mut Index),
    keys: &[String],
) -> Result<usize, Failure> {
    let agencies = if keys.is_empty() { Agencies::default() } else { agencies(store).await? };
    let mut added = 0;
    for key in keys {
        let rows = tables::events(&load(store, key).await?, &agencies);
        added += Box::pin(index.append_events(&rows))
            .await
            .map_err(|error| Trouble::Index(error).into_failure())?;
    }
    Ok(added)
}

/// All agencies that were ever imported.
pub(crate) async fn agencies(store: &Store) -> Result<Agencies, Failure> {
    let imports = imports(store, Kind::Agencies).await?;
    Ok(Agencies::new(&tables::agencies(&imports)))
}

/// The counts that stand, and what withdrew others, by everything that was ever imported.
pub(crate) async fn inventory(
    store: &Store,
    agencies: &Agencies,
) -> Result<Vec<InventoryRow>, Failure> {
    Ok(tables::held(&imports(store, Kind::Inventory).await?, agencies))
}

/// The tables in which an import of the kind shows: a new agency is looked up from the others.
const fn registers_of(kind: Kind) -> &'static [Register] {
    match kind {
        Kind::Agencies => &[
            Register::Agencies,
            Register::AgencyKeys,
            Register::Inventory,
            Register::Targets,
            Register::Staff,
        ],
        Kind::Dossiers => &[Register::Dossiers],
        Kind::Inventory => &[Register::Inventory],
        Kind::Phases => &[Register::Phases],
        Kind::Procedures => &[Register::Procedures],
        Kind::Staff => &[Register::Staff],
        Kind::Targets => &[Register::Targets],
        // They are chained, not derived: see `append_events`.
        Kind::Events => &[],
    }
}

const fn kind_of(register: Register) -> Kind {
    match register {
        Register::Agencies | Register::AgencyKeys => Kind::Agencies,
        Register::Dossiers => Kind::Dossiers,
        Register::Inventory => Kind::Inventory,
        Register::Phases => Kind::Phases,
        Register::Procedures => Kind::Procedures,
        Register::Staff => Kind::Staff,
        Register::Targets => Kind::Targets,
    }
}

/// Either side's trouble.
pub(super) enum Trouble {
    Index(IndexError),
    Store(Failure),
}

impl Trouble {
    fn into_failure(self) -> Failure {
        match self {
            Self::Index(error) => Failure::from_error(Exit::Unreachable, &error)
                .hint("the import is kept; run the same command again to bring it into the tables"),
            Self::Store(failure) => failure,
        }
    }
}

impl From<IndexError> for Trouble {
    fn from(error: IndexError) -> Self {
        Self::Index(error)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Store(failure)
    }
}

/// Makes one table; `None` where it knows all imports already. The table is looked at before the
/// imports, so that a commit on that look knows every import that an earlier commit knew.
async fn one(
    (store, index): (&Store, &Index),
    register: Register,
    what: What<'_>,
) -> Result<Option<usize>, Trouble> {
    let state = index.register(register).await?;
    let known = state.position().await?;
    let kind = kind_of(register);
    if register == Register::Dossiers {
        let own = keys(store, kind).await?;
        return dossiers::bring((store, index), (state, known), &own, what).await;
    }
    let position = imports_of(store, register).await?;
    if known == Some(position) && matches!(what, What::New(_)) {
        return Ok(None);
    }
    let imports = imports(store, kind).await?;
    let agencies = if kind == Kind::Agencies {
        Agencies::new(&tables::agencies(&imports))
    } else {
        agencies(store).await?
    };
    Ok(Some(replace(state, register, (&imports, &agencies), position).await?))
}

async fn replace(
    state: RegisterState,
    register: Register,
    (imports, agencies): (&[(String, Import)], &Agencies),
    position: i64,
) -> Result<usize, IndexError> {
    macro_rules! with {
        ($rows:expr) => {{
            let rows = $rows;
            state.replace(&rows, position).await?;
            rows.len()
        }};
    }
    Ok(match register {
        Register::Agencies => with!(tables::agencies(imports)),
        Register::AgencyKeys => with!(agency_keys(&tables::agencies(imports))),
        Register::Inventory => with!(tables::inventory(imports, agencies)),
        Register::Targets => with!(tables::targets(imports, agencies)),
        Register::Procedures => with!(tables::procedures(imports)),
        Register::Phases => with!(tables::phases(imports)),
        Register::Staff => with!(tables::staff(imports, agencies)),
        // Merged, not replaced.
        Register::Dossiers => 0,
    })
}

async fn imports(store: &Store, kind: Kind) -> Result<Vec<(String, Import)>, Failure> {
    let mut imports = Vec::new();
    for key in keys(store, kind).await? {
        let import = load(store, &key).await?;
        if import.rows.kind() != kind {
            let what = format!("`{key}` holds {}, not {kind}", import.rows.kind());
            return Err(Failure::new(Exit::CheckFailed, what));
        }
        imports.push((key, import));
    }
    Ok(imports)
}
