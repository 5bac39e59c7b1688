//! Dossiers whose owner is known from the lists of the case system: most papers do not say themselves
//! whose they are.

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
};

use arrow::{
    array::{AsArray, BooleanArray, RecordBatch, StringArray},
    compute::cast,
    datatypes::DataType,
};
use futures::TryStreamExt as _;
use sohoa_index::{Index, IndexError};

/// By what a dossier is known, in its list and in the rows of its papers: systems name its agency
/// differently, and then its identity is another.
pub(crate) const NAMES: [&str; 2] = ["dossier_uid", "dossier_code"];

/// The dossiers of known owners. Of each name eight bytes are held: a list may have millions, and where
/// two names clash one subject more is withheld.
#[derive(Debug, Default)]
pub(crate) struct Owned {
    names: HashSet<u64>,
    hasher: RandomState,
}

impl Owned {
    /// Reads the table `dossiers`.
    pub(crate) async fn read(index: &Index) -> Result<Self, IndexError> {
        let sql = format!(
            "SELECT {} FROM dossiers WHERE owner_id_kind IS NOT NULL OR owner_id_hmac IS NOT NULL",
            NAMES.join(", ")
        );
        let mut answer = index.query(&sql).await?;
        let mut owned = Self::default();
        while let Some(batch) = answer.try_next().await? {
            for name in NAMES {
                for name in texts(&batch, name)?.iter().flatten() {
                    let hash = owned.hash(name);
                    owned.names.insert(hash);
                }
            }
        }
        Ok(owned)
    }

    /// Which of these papers are of such a dossier.
    pub(crate) fn of(&self, batch: &RecordBatch) -> Result<BooleanArray, IndexError> {
        let [uid, code] = NAMES.map(|name| texts(batch, name));
        let is_known = |name: Option<&str>| {
            let hash = name.map(|name| self.hash(name));
            hash.is_some_and(|hash| self.names.contains(&hash))
        };
        let (uid, code) = (uid?, code?);
        let names = uid.iter().zip(&code).map(|(uid, code)| is_known(uid) || is_known(code));
        Ok(names.map(Some).collect())
    }

    /// Lists and manifests write a code in either case.
    fn hash(&self, name: &str) -> u64 {
        self.hasher.hash_one(name.to_uppercase())
    }
}

fn texts(batch: &RecordBatch, name: &str) -> Result<StringArray, IndexError> {
    let column = batch.column(batch.schema_ref().index_of(name)?);
    Ok(cast(column, &DataType::Utf8)?.as_string::<i32>().clone())
}
