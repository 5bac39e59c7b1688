//! Looking in the table of documents.

use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::{TryStreamExt as _, future::try_join_all};
use sohoa_index::{Answer, Index, IndexError, Table};

use crate::{
    columns,
    hit::Hit,
    rank::{Best, Judge},
    request::Request,
};

/// Dossiers of one owner that are looked into, the newest first.
const DOSSIERS: usize = 1000;

/// Who is told of each scan that begins, to show how far it is and what it reads.
pub type Scans<'a> = &'a (dyn Fn(Table, &Answer) + Sync);

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The best, first.
    pub hits: Vec<Hit>,
    /// How many fit.
    pub total: u64,
}

/// Looks for documents, current versions only; keeps the best `limit` in memory. Streams are judged
/// side by side, one a core.
///
/// # Errors
/// [`IndexError`] when the table cannot be read.
pub async fn documents(
    index: &Index,
    request: &Request,
    limit: usize,
    scans: Scans<'_>,
) -> Result<Found, IndexError> {
    let mut request = request.clone();
    if let Some(owner) = &request.owner {
        request.of_owner = dossiers_of(index, owner).await?;
    }
    let answer = index.scan(Table::Documents, Some(request.filter()), &columns::all()).await?;
    scans(Table::Documents, &answer);
    let request = Arc::new(request);
    let judged = answer.streams()?.into_iter().map(|mut stream| {
        let request = Arc::clone(&request);
        side_by_side(async move {
            let mut judge = Judge::new(&request);
            let mut best = Best::new(limit);
            while let Some(batch) = stream.try_next().await? {
                let uids = columns::text(&batch, "document_uid")?;
                let dates = columns::text(&batch, "issued_date")?;
                for (row, points) in judge.rows(&batch)? {
                    let key = (points, columns::value(&dates, row), columns::value(&uids, row));
                    best.offer(key, || Hit::of(&batch, row))?;
                }
            }
            Ok(best)
        })
    });
    let mut best = Best::new(limit);
    for part in try_join_all(judged).await? {
        best.merge(part);
    }
    Ok(Found { total: best.total, hits: best.into_sorted() })
}

/// Codes of the dossiers that the case system lists of an owner: most papers do not say whose they are.
async fn dossiers_of(index: &Index, owner: &str) -> Result<Vec<String>, IndexError> {
    // It is a hash, and stands between quotes.
    if !owner.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT dossier_code FROM dossiers WHERE owner_id_hmac = '{owner}' \
         ORDER BY received_at DESC LIMIT {DOSSIERS}"
    );
    let batches: Vec<RecordBatch> = index.query(&sql).await?.try_collect().await?;
    let mut codes = Vec::new();
    for batch in &batches {
        let column = columns::text(batch, "dossier_code")?;
        codes.extend(column.iter().flatten().map(str::to_owned));
    }
    Ok(codes)
}

/// Does work on another core; it ends where nobody waits for it any more.
pub(crate) async fn side_by_side<T: Send + 'static>(
    work: impl Future<Output = Result<T, IndexError>> + Send + 'static,
) -> Result<T, IndexError> {
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(work);
    match tasks.join_next().await {
        Some(Ok(done)) => done,
        Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
        None => unreachable!("one was spawned"),
    }
}

#[cfg(test)]
mod tests {
    use sohoa_index::Register;

    use super::*;
    use crate::testing::{Paper, dossier, index};

    async fn found(papers: Vec<Paper>, typed: &str) -> Vec<String> {
        let index = index(papers).await;
        let mut request = Request::default();
        request.understand(typed).unwrap();
        let found = documents(&index, &request, 10, &|_, _| {}).await.unwrap();
        assert_eq!(found.total, found.hits.len() as u64);
        found.hits.into_iter().map(|hit| hit.subject.unwrap_or_default()).collect()
    }

    fn papers() -> Vec<Paper> {
        vec![
            Paper::new("2114/QĐ-UBND", "2020-06-01", "Về việc cấp đất ở"),
            Paper::new("2114/QĐ-UBND", "2021-06-01", "Về việc thu hồi dat ở"),
            Paper::new("2114/TB-UBND", "2020-07-01", "Họp giao ban lần 2"),
            Paper::new("02/QĐ-UBND", "2019-01-01", "Quy định về đất đai"),
        ]
    }

    #[tokio::test]
    async fn documents_are_found_by_number_kind_date_and_words_without_marks() {
        for (typed, subjects) in [
            ("quyet dinh 2114", vec!["Về việc thu hồi dat ở", "Về việc cấp đất ở"]),
            ("2114", vec!["Về việc thu hồi dat ở", "Họp giao ban lần 2", "Về việc cấp đất ở"]),
            ("2114/qd-ubnd năm 2020", vec!["Về việc cấp đất ở"]),
            ("2114 tháng 7 năm 2020", vec!["Họp giao ban lần 2"]),
            ("2/QĐ-UBND", vec!["Quy định về đất đai"]),
            ("dat o", vec!["Về việc thu hồi dat ở", "Về việc cấp đất ở"]),
            // With its marks first, the others after it.
            ("đất ở", vec!["Về việc cấp đất ở", "Về việc thu hồi dat ở"]),
            ("đất đai", vec!["Quy định về đất đai"]),
            ("da", vec![]),
            ("\"giao ban\"", vec!["Họp giao ban lần 2"]),
            ("\"ban giao\"", vec![]),
            ("sở mẫu giao", vec!["Họp giao ban lần 2"]),
        ] {
            assert_eq!(found(papers(), typed).await, subjects, "{typed}");
        }
    }

    #[tokio::test]
    async fn an_agency_is_asked_for_by_words_of_its_name_or_by_code() {
        let mut other = Paper::new("7/QĐ-SYT", "2020-01-01", "Phòng dịch");
        (other.organ, other.custodian) = ("Sở Y tế".into(), "H08.12".into());
        let index = index(vec![other, Paper::new("8/QĐ-UBND", "2020-01-01", "Y tế sở")]).await;
        for (agency, expected) in
            [("so y te", 1), ("H08.12", 1), ("h08", 1), ("H09", 0), ("Mẫu", 1)]
        {
            let mut request = Request::default();
            request.of_agency(agency);
            let found = documents(&index, &request, 10, &|_, _| {}).await.unwrap();
            assert_eq!(found.total, expected, "{agency}");
        }
    }

    #[tokio::test]
    async fn an_owner_is_compared_by_hash_and_secret_or_withdrawn_papers_are_not_shown() {
        let mut owned = Paper::new("1/GP", "2020-01-01", "của chủ 052099001234");
        owned.owner = Some("ab".repeat(16));
        let mut secret = Paper::new("1/GP", "2020-01-01", "mật");
        secret.access = "03".into();
        let mut gone = Paper::new("1/GP", "2020-01-01", "rút");
        gone.state = "withdrawn".into();
        let index = index(vec![owned, secret, gone]).await;
        let mut request = Request { owner: Some("ab".repeat(16)), ..Request::default() };
        let of_owner = documents(&index, &request, 10, &|_, _| {}).await.unwrap();
        assert_eq!(of_owner.hits[0].subject.as_deref(), Some("của chủ ###"));
        request.owner = None;
        assert_eq!(documents(&index, &request, 10, &|_, _| {}).await.unwrap().total, 1);
    }

    #[tokio::test]
    async fn papers_of_a_dossier_that_the_case_system_lists_of_an_owner_are_found() {
        let hash = "cd".repeat(16);
        let mut paper = Paper::new("1/GP", "2020-01-01", "của hồ sơ");
        paper.dossier = Some("H99-200101-0001".into());
        let index = index(vec![paper, Paper::new("2/GP", "2020-01-01", "của ai")]).await;
        let request = Request { owner: Some(hash.clone()), ..Request::default() };
        assert_eq!(documents(&index, &request, 10, &|_, _| {}).await.unwrap().total, 0);
        let listed = [dossier("H99-200101-0001", &hash), dossier("H99-200101-0002", &hash)];
        index.register(Register::Dossiers).await.unwrap().replace(&listed, 1).await.unwrap();
        let found = documents(&index, &request, 10, &|_, _| {}).await.unwrap();
        assert_eq!(found.hits[0].subject.as_deref(), Some("của hồ sơ"));
        assert_eq!(found.total, 1);
        let hostile = Request { owner: Some("' OR 1 = 1 --".into()), ..Request::default() };
        assert_eq!(documents(&index, &hostile, 10, &|_, _| {}).await.unwrap().total, 0);
    }

    #[tokio::test]
    async fn more_than_the_limit_is_counted() {
        let all = (0..30).map(|n| Paper::new(&format!("{n}/QĐ-UBND"), "2020-01-01", "đất"));
        let index = index(all.collect()).await;
        let mut request = Request::default();
        request.understand("dat").unwrap();
        let found = documents(&index, &request, 20, &|_, _| {}).await.unwrap();
        assert_eq!((found.hits.len(), found.total), (20, 30));
    }
}
