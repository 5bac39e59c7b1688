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
use sohoa_schemas::registers::{DossierRow, InventoryRow};
use sohoa_store::Store;

use super::keep::{keys, load};
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
    bring((store, index), kind, What::New(new)).await
}

fn pause(attempt: u32) -> Duration {
    let share = RandomState::new().hash_one(attempt) as f64 / u64::MAX as f64;
    PAUSE.mul_f64(share * f64::from(1 << attempt.min(8)))
}

/// What is to be brought into a table.
#[derive(Clone, Copy)]
enum What<'a> {
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
        let (mut attempt, mut what) = (1, what);
        loop {
            match one((store, index), *register, what).await {
                Ok(Some(rows)) => written.push((register.name(), rows)),
                Ok(None) => {}
                Err(Trouble::Index(IndexError::Busy(_))) if attempt < ATTEMPTS => {
                    attempt += 1;
                    // Whoever was first may have counted these without having read them.
                    if matches!(what, What::New(_)) {
                        what = What::All;
                    }
                    tokio::time::sleep(pause(attempt)).await;
                    continue;
                }
                Err(trouble) => return Err(trouble.into_failure()),
            }
            break;
        }
    }
    Ok(written)
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

/// The counts that stand, by everything that was ever imported.
pub(crate) async fn inventory(store: &Store) -> Result<Vec<InventoryRow>, Failure> {
    Ok(tables::inventory(&imports(store, Kind::Inventory).await?, &Agencies::default()))
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
enum Trouble {
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
        return dossiers((store, index), (state, known), &own, what).await;
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

/// Merges the new imports where they are just those that the table does not know; otherwise every one
/// again, which changes nothing that is there. A rebuild begins with none: agencies that came later
/// than a dossier are found now.
async fn dossiers(
    (store, index): (&Store, &Index),
    (state, known): (RegisterState, Option<i64>),
    keys: &[String],
    what: What<'_>,
) -> Result<Option<usize>, Trouble> {
    let all = keys.len() as i64;
    let seen = usize::try_from(known.unwrap_or(0)).unwrap_or(0);
    let (merged, before): (&[String], i64) = match what {
        What::New(_) if known == Some(all) => return Ok(None),
        What::New(new) if keys.get(seen..) == Some(new) => (new, seen as i64),
        _ => (keys, 0),
    };
    let agencies = agencies(store).await?;
    let mut state = Some(state);
    if let Some(state) = state.take_if(|_| matches!(what, What::Anew)) {
        state.replace::<DossierRow>(&[], 0).await?;
    }
    let mut changed = 0;
    for (at, key) in merged.iter().enumerate() {
        let import = load(store, key).await?;
        let rows = tables::dossiers(key, &import, &agencies);
        let on = match state.take() {
            Some(state) => state,
            None => index.register(Register::Dossiers).await?,
        };
        changed += on.merge(&rows, before + at as i64 + 1).await?;
    }
    Ok(Some(changed))
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::DateTime;
    use futures::TryStreamExt as _;
    use sohoa_registers::{Context, Limits, Options, read};
    use sohoa_schemas::{registers::ImportHeader, rows::SCHEMA_VERSION};
    use sohoa_store::Missing;

    use super::*;
    use crate::imports::keep;

    /// Keeps a list of one dossier, the `number`th of the day.
    async fn kept(store: &Store, number: i64) -> String {
        let list = format!("Mã hồ sơ\nH08-240115-{number:04}\n");
        let as_of = "2026-11-27".parse().unwrap();
        let context = Context {
            province: "H08".into(),
            agency: None,
            today: as_of,
            as_of,
            limits: Limits::default(),
            hide: &|identifier| identifier.to_owned(),
            hide_numbers: &|text| text.to_owned(),
            agencies: std::collections::HashSet::new(),
            predecessors: std::collections::HashMap::new(),
            inventory: Vec::new(),
            accept_unknown: false,
        };
        let reading =
            read(("list.csv", list.as_bytes()), Kind::Dossiers, &Options::default(), &context);
        let header = ImportHeader {
            kind: "dossiers".into(),
            file_name: "list.csv".into(),
            file_sha256: String::new(),
            rows_sha256: String::new(),
            sheet: None,
            imported_at: DateTime::from_timestamp(1_800_000_000 + number, 0).unwrap(),
            imported_by: "VP".into(),
            as_of,
            rows: 1,
            schema_version: SCHEMA_VERSION,
        };
        keep(store, header, &reading.rows.unwrap()).await.unwrap().key
    }

    async fn count(index: &Index) -> usize {
        let rows = index.query("SELECT dossier_code FROM dossiers").await.unwrap();
        let rows: Vec<_> = rows.try_collect().await.unwrap();
        rows.iter().map(arrow::array::RecordBatch::num_rows).sum()
    }

    fn opened(folder: &std::path::Path) -> (Store, Index) {
        let store = Store::open(folder.to_str().unwrap(), Missing::Refuse).unwrap();
        let (objects, url) = store.below("index");
        let index = Index::open(&Arc::clone(&objects), url).unwrap();
        (store, index)
    }

    /// Four programs at a time, each with a list of its own.
    #[tokio::test]
    async fn lists_that_are_imported_at_the_same_moment_are_all_in_the_table() {
        let folder = tempfile::tempdir().unwrap();
        drop(opened(folder.path()).1.register(Register::Dossiers).await.unwrap());
        for round in 0..3 {
            let programs = (1..=4).map(|program| {
                let folder = folder.path();
                async move {
                    let (store, index) = opened(folder);
                    let key = kept(&store, round * 4 + program).await;
                    update((&store, &index), Kind::Dossiers, &[key]).await
                }
            });
            for done in futures::future::join_all(programs).await {
                done.unwrap();
            }
            let (store, index) = opened(folder.path());
            assert_eq!(count(&index).await as i64, (round + 1) * 4);
            let tables = [Stored::from(Register::Dossiers)];
            assert_eq!(behind((&store, &index), &tables).await.unwrap(), []);
        }
    }

    /// Two lists are kept at once. The later one's program merges both, and is killed in between:
    /// the earlier one's must not take its own for the one that is missing.
    #[tokio::test]
    async fn a_list_that_another_import_left_unmerged_is_merged() {
        let folder = tempfile::tempdir().unwrap();
        let (store, index) = opened(folder.path());
        let first = kept(&store, 1).await;
        update((&store, &index), Kind::Dossiers, &[first]).await.unwrap();
        let earlier = kept(&store, 2).await;
        let later = kept(&store, 3).await;
        let rows = tables::dossiers(
            &earlier,
            &load(&store, &earlier).await.unwrap(),
            &Agencies::default(),
        );
        index.register(Register::Dossiers).await.unwrap().merge(&rows, 2).await.unwrap();
        update((&store, &index), Kind::Dossiers, &[earlier]).await.unwrap();
        assert_eq!(count(&index).await, 3, "{later} is in the table");
    }
}
