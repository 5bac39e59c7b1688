//! The table of dossiers: lists are merged into it one by one. Made anew, or with its agencies looked
//! up once more, it changes over at once.

use std::collections::{BTreeMap, BTreeSet};

use sohoa_index::{Index, Month, Register, RegisterState};
use sohoa_registers::tables;
use sohoa_schemas::registers::DossierRow;
use sohoa_store::Store;

use super::{
    keep::load,
    tables::{Trouble, What, agencies},
};

/// Merges the new imports where they are just those that the table does not know; otherwise every one
/// again, which changes nothing that is there.
pub(super) async fn bring(
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
        What::Anew => return anew(store, state, keys).await.map(Some),
        _ => (keys, 0),
    };
    let agencies = agencies(store).await?;
    let mut state = Some(state);
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

/// Rows that are made in one pass over the imports; a month alone may have more.
const PASS: usize = if cfg!(test) { 2 } else { 1 << 18 };

/// All dossiers of all imports in one commit. Some months are in memory at a time, and are made of the
/// imports that speak of them: a list of many years is read a few times, and not once a month.
async fn anew(store: &Store, state: RegisterState, keys: &[String]) -> Result<usize, Trouble> {
    let agencies = agencies(store).await?;
    let mut months: BTreeMap<String, Spoken<'_>> = BTreeMap::new();
    for key in keys {
        let import = load(store, key).await?;
        for row in tables::dossiers(key, &import, &agencies) {
            let of = months.entry(row.received_month).or_default();
            of.rows += 1;
            of.keys.insert(key);
        }
    }
    let mut rewrite = state.rewrite()?;
    for pass in passes(&months, PASS) {
        let keys: BTreeSet<&String> = pass.iter().flat_map(|(_, of)| &of.keys).copied().collect();
        let mut made: BTreeMap<&str, Month> =
            pass.iter().map(|(name, _)| (name.as_str(), rewrite.month())).collect();
        // Keys are in the order of acceptance.
        for key in keys {
            let mut of: BTreeMap<&str, Vec<DossierRow>> = BTreeMap::new();
            let rows = tables::dossiers(key, &load(store, key).await?, &agencies);
            for row in rows {
                if let Some((name, _)) = made.get_key_value(row.received_month.as_str()) {
                    of.entry(*name).or_default().push(row);
                }
            }
            for (name, month) in &mut made {
                if let Some(rows) = of.get(name) {
                    month.merge(rows)?;
                }
            }
        }
        for month in made.into_values() {
            rewrite.put(month).await?;
        }
    }
    Ok(rewrite.commit(keys.len() as i64).await?)
}

/// What imports say of a month.
#[derive(Default)]
struct Spoken<'a> {
    rows: usize,
    keys: BTreeSet<&'a String>,
}

/// The months, as many together as have so many rows.
fn passes<'a, 'b>(
    months: &'a BTreeMap<String, Spoken<'b>>,
    most: usize,
) -> Vec<Vec<(&'a String, &'a Spoken<'b>)>> {
    let mut passes: Vec<Vec<_>> = Vec::new();
    let mut held = 0;
    for (name, of) in months {
        held += of.rows;
        if let Some(pass) = passes.last_mut().filter(|_| held <= most) {
            pass.push((name, of));
        } else {
            held = of.rows;
            passes.push(vec![(name, of)]);
        }
    }
    passes
}

/// Looks up the agencies of the dossiers that are there: some came later than their dossiers. Commits
/// also where nothing changes: a list that is merged beside it by the agencies there were begins again.
pub(super) async fn find_agencies((store, index): (&Store, &Index)) -> Result<usize, Trouble> {
    if index.register_position(Register::Dossiers).await?.is_none() {
        return Ok(0);
    }
    let state = index.register(Register::Dossiers).await?;
    let agencies = agencies(store).await?;
    let find = |code: &str, received, dossier: &str| {
        let found = agencies.find(code, tables::reception(received, dossier));
        found.map(|(uid, level)| (uid, level.to_owned()))
    };
    Ok(state.find_agencies(&find).await?)
}

#[cfg(test)]
mod tests {
    use std::{slice, sync::Arc};

    use chrono::DateTime;
    use sohoa_index::{IndexError, Stored};
    use sohoa_registers::{Context, Kind, Limits, Options, read, tables::Agencies};
    use sohoa_schemas::{registers::ImportHeader, rows::SCHEMA_VERSION};
    use sohoa_store::Missing;

    use super::*;
    use crate::{
        answers::for_each_row,
        imports::{behind, keep, keep::Kept, rebuild, update},
    };

    /// Keeps a list of one dossier, the `number`th of the day.
    async fn kept(store: &Store, number: i64) -> String {
        let list = format!("Mã hồ sơ\nH08-240115-{number:04}\n");
        kept_file(store, Kind::Dossiers, number, &list).await.key
    }

    /// Keeps a file that came so many seconds later.
    async fn kept_file(store: &Store, kind: Kind, later: i64, text: &str) -> Kept {
        let as_of = "2026-11-27".parse().unwrap();
        let context = Context {
            province: "H08".into(),
            agency: None,
            today: as_of,
            as_of,
            limits: Limits::default(),
            hide: &|identifier| identifier.to_owned(),
            hide_numbers: &|text| text.to_owned(),
            register: Agencies::default(),
            inventory: Vec::new(),
            accept_unknown: false,
        };
        let reading = read(("list.csv", text.as_bytes()), kind, &Options::default(), &context);
        let rows = reading.rows.unwrap();
        let header = ImportHeader {
            kind: kind.name().into(),
            file_name: "list.csv".into(),
            file_sha256: String::new(),
            rows_sha256: String::new(),
            sheet: None,
            imported_at: DateTime::from_timestamp(1_800_000_000 + later, 0).unwrap(),
            imported_by: "VP".into(),
            as_of,
            rows: rows.len() as u64,
            schema_version: SCHEMA_VERSION,
        };
        keep(store, header, &rows).await.unwrap()
    }

    async fn count(index: &Index) -> usize {
        select(index, "dossier_code").await.len()
    }

    /// A text of each dossier, as the table has it, in their order.
    async fn select(index: &Index, what: &str) -> Vec<Option<String>> {
        let query = format!("SELECT {what} FROM dossiers ORDER BY dossier_code");
        let mut texts = Vec::new();
        let take = |row: &[Option<&str>]| texts.push(row[0].map(str::to_owned));
        for_each_row(index, &query, take).await.unwrap();
        texts
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

    const AGENCIES: &str = "Mã định danh,Tên,Cấp,Hiệu lực từ,Hiệu lực đến\n\
        H08.12,Phòng A,tỉnh,,01/01/2025\nH08.12,Phòng B,xã,01/01/2025,\n";
    const LIST: &str = "Mã hồ sơ,Nơi tiếp nhận,Cơ quan giải quyết,Trạng thái\n\
        H08-240115-0001,H08.12,H08.12,2\nH08-250115-0002,H08.12,,2\nH08-250116-0003,,,2\n";

    #[tokio::test]
    async fn agencies_that_come_after_their_dossiers_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let (store, index) = opened(folder.path());
        let list = kept_file(&store, Kind::Dossiers, 1, LIST).await.key;
        update((&store, &index), Kind::Dossiers, &[list]).await.unwrap();
        assert_eq!(select(&index, "level_at_receipt").await, [None, None, None]);
        let agencies = [kept_file(&store, Kind::Agencies, 2, AGENCIES).await.key];
        let written = update((&store, &index), Kind::Agencies, &agencies).await.unwrap();
        assert!(written.contains(&("dossiers", 2)), "{written:?}");
        let levels = [Some("province".to_owned()), Some("commune".to_owned()), None];
        assert_eq!(select(&index, "level_at_receipt").await, levels);
        let found = "receiving_unit_uid IS NOT NULL AND \
                     (handling_agency_code IS NULL OR handling_agency_uid = receiving_unit_uid)";
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(select(&index, found).await, [is("true"), is("true"), is("false")]);
        assert_eq!(select(&index, "status").await, [is("2"), is("2"), is("2")]);
        // Nothing is left to be found, and the next list follows what is there.
        let again = update((&store, &index), Kind::Agencies, &[]).await.unwrap();
        assert_eq!(again, []);
        let more = kept(&store, 9).await;
        update((&store, &index), Kind::Dossiers, &[more]).await.unwrap();
        assert_eq!(count(&index).await, 4);
        let tables = [Stored::from(Register::Dossiers), Stored::from(Register::Agencies)];
        assert_eq!(behind((&store, &index), &tables).await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_list_that_was_looked_up_before_its_agencies_came_begins_again() {
        let folder = tempfile::tempdir().unwrap();
        let (store, index) = opened(folder.path());
        let first = kept(&store, 1).await;
        update((&store, &index), Kind::Dossiers, &[first]).await.unwrap();
        let list = kept_file(&store, Kind::Dossiers, 2, LIST).await.key;
        let before = index.register(Register::Dossiers).await.unwrap();
        let import = load(&store, &list).await.unwrap();
        let rows = tables::dossiers(&list, &import, &Agencies::default());
        let agencies = [kept_file(&store, Kind::Agencies, 3, AGENCIES).await.key];
        let written = update((&store, &index), Kind::Agencies, &agencies).await.unwrap();
        assert!(!written.iter().any(|(table, _)| *table == "dossiers"), "none is another now");
        let late = before.merge(&rows, 2).await;
        assert!(matches!(late, Err(IndexError::Busy("dossiers"))), "{late:?}");
    }

    #[tokio::test]
    async fn a_table_of_dossiers_changes_over_to_what_was_made_anew_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (store, mut index) = opened(folder.path());
        let later = LIST.replace(",2\n", ",7\n");
        let lists = [
            kept_file(&store, Kind::Dossiers, 1, LIST).await.key,
            kept_file(&store, Kind::Dossiers, 2, &later).await.key,
            kept(&store, 5).await,
        ];
        update((&store, &index), Kind::Dossiers, &lists).await.unwrap();
        // Of an import that is gone since.
        let stray = kept_file(&store, Kind::Dossiers, 6, "Mã hồ sơ\nH08-230115-0001\n").await.key;
        update((&store, &index), Kind::Dossiers, slice::from_ref(&stray)).await.unwrap();
        std::fs::remove_file(folder.path().join(&stray)).unwrap();
        let commits = || {
            let log = folder.path().join("index/dossiers/_delta_log");
            std::fs::read_dir(log).unwrap().count()
        };
        let before = commits();
        let written = rebuild((&store, &mut index), true).await.unwrap();
        assert_eq!(written, [("dossiers", 4)]);
        assert_eq!(commits(), before + 1, "no reader sees a part");
        let statuses = ["7", "2", "7", "7"].map(|status| Some(status.to_owned()));
        assert_eq!(select(&index, "coalesce(status, '2')").await, statuses);
        assert_eq!(behind((&store, &index), &[Register::Dossiers.into()]).await.unwrap(), []);
    }

    #[test]
    fn a_list_of_many_years_is_read_in_few_passes() {
        let key = "k".to_owned();
        let of = |rows| Spoken { rows, keys: BTreeSet::from([&key]) };
        let months: BTreeMap<String, Spoken<'_>> = (0..300)
            .map(|month| (format!("{month:03}"), of(if month == 7 { 90 } else { 1 })))
            .collect();
        let sizes: Vec<usize> = passes(&months, 60).iter().map(Vec::len).collect();
        assert_eq!(sizes, [7, 1, 60, 60, 60, 60, 52], "and one that is too large by itself");
        assert_eq!(passes(&BTreeMap::new(), 60).len(), 0);
    }

    #[tokio::test]
    async fn an_earlier_list_of_dossiers_takes_back_a_later_one_of_its_day() {
        let folder = tempfile::tempdir().unwrap();
        let (store, index) = opened(folder.path());
        let wrong = LIST.replace("0002,H08.12,,2", "0002,H08.12,,7");
        let other = "Mã hồ sơ,Trạng thái\nH08-250117-0004,2\n";
        let lists = [(LIST, true), (other, true), (LIST, false), (&wrong, true), (LIST, true)];
        let then = [(LIST, false), (other, false), (&wrong, true), (LIST, true)];
        for (at, (text, is_new)) in lists.into_iter().chain(then).enumerate() {
            let kept = kept_file(&store, Kind::Dossiers, at as i64, text).await;
            assert_eq!(kept.existed, !is_new, "the {at}th");
            update((&store, &index), Kind::Dossiers, &[kept.key]).await.unwrap();
        }
        assert!(select(&index, "status").await.iter().all(|status| status.as_deref() == Some("2")));
        // What it left empty, it does not take back.
        let filled = LIST.replace("0002,H08.12,,2", "0002,H08.12,H08.12,7");
        for (at, text) in [filled.as_str(), LIST].into_iter().enumerate() {
            let kept = kept_file(&store, Kind::Dossiers, 20 + at as i64, text).await;
            assert!(!kept.existed, "the {at}th");
            update((&store, &index), Kind::Dossiers, &[kept.key]).await.unwrap();
        }
        let of = "concat(dossier_code, ' ', status, ' ', handling_agency_code)";
        let second = Some("H08-250115-0002 2 H08.12".to_owned());
        assert!(select(&index, of).await.contains(&second));
    }
}
