//! Looking in the words of the pages.
//!
//! `page_text` knows of a document its uid, version and month alone. So the documents that fit the
//! other parts of the request are looked up first, and of `page_text` only their months are read, by
//! bloom filter where they are few. Without other parts all pages are read; what has been replaced by
//! a later version, or may not be shown, is known from the few documents that are so.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use arrow::array::RecordBatch;
use deltalake::datafusion::prelude::{Expr, col, lit};
use futures::{TryStreamExt as _, future::try_join_all};
use sohoa_index::{INGEST_MONTH, Index, IndexError, PROVINCE, Table};
use uuid::Uuid;

use crate::{
    columns::{self, text, value},
    excerpt::excerpt,
    hit::{Hit, number_at},
    rank::{Best, Judge},
    request::Request,
    search::{Found, Scans, side_by_side},
    words::Words,
};

/// Documents asked for by key. More are cheaper to compare than to look up.
const FEW: usize = 512;

/// Points of a page.
const PHRASE: u32 = 100;
const MARKED: u32 = 20;

/// Current versions.
#[derive(Debug)]
enum Current {
    /// Of the documents that fit; no other one does.
    These(HashMap<Uuid, i64>),
    /// All but those that may not be shown: versions of the documents that have a later one than the
    /// first, and the documents that are secret or not published.
    AllBut { later: HashMap<Uuid, i64>, hidden: HashSet<Uuid> },
}

impl Current {
    fn has(&self, document: Uuid, version: i64) -> bool {
        match self {
            Self::These(versions) => versions.get(&document) == Some(&version),
            Self::AllBut { later, hidden } => {
                later.get(&document).copied().unwrap_or(1) == version && !hidden.contains(&document)
            }
        }
    }
}

/// What a page has to have.
#[derive(Debug)]
struct Wanted {
    words: Words,
    current: Current,
}

/// A page that fits.
#[derive(Debug)]
struct Page {
    document: Uuid,
    number: i64,
    excerpt: String,
}

/// Looks for pages with all words of the request, in documents that fit its other parts; a page is a
/// hit. Keeps the best `limit` in memory, and 24 bytes for each document that fits the other parts.
///
/// # Errors
/// [`IndexError`] when a table cannot be read.
pub async fn pages(
    index: &Index,
    request: &Request,
    limit: usize,
    scans: Scans<'_>,
) -> Result<Found, IndexError> {
    let words = page_words(request);
    // A number that is printed on a page need not be that of its document's owner.
    let others = Request { words: Words::default(), owner: None, ..request.clone() };
    let (current, partitions) = if others.is_narrow() {
        let (versions, partitions) = fitting(index, others, scans).await?;
        (Current::These(versions), partitions)
    } else {
        (all_but(index, scans).await?, BTreeSet::new())
    };
    if matches!(&current, Current::These(versions) if versions.is_empty()) {
        return Ok(Found { hits: Vec::new(), total: 0 });
    }
    let filter = filter(&current, &partitions);
    let best = scan(index, filter, Wanted { words, current }, (limit, scans)).await?;
    let total = best.total;
    Ok(Found { hits: described(index, best.into_sorted(), scans).await?, total })
}

/// The owner's hash stands in the folded text where the number is printed.
fn page_words(request: &Request) -> Words {
    let mut words = request.words.clone();
    if let Some(hash) = &request.owner {
        words.push(&format!("id:{hash}"));
    }
    words
}

/// Versions and partitions of the documents that fit everything but words.
async fn fitting(
    index: &Index,
    request: Request,
    scans: Scans<'_>,
) -> Result<(HashMap<Uuid, i64>, BTreeSet<(String, String)>), IndexError> {
    let columns: Vec<&str> = columns::all().into_iter().chain([PROVINCE, INGEST_MONTH]).collect();
    let answer = index.scan(Table::Documents, Some(request.filter()), &columns).await?;
    scans(Table::Documents, &answer);
    let mut stream = answer.stream()?;
    let mut judge = Judge::new(&request);
    let (mut versions, mut partitions) = (HashMap::new(), BTreeSet::new());
    while let Some(batch) = stream.try_next().await? {
        let [uids, provinces, months] =
            ["document_uid", PROVINCE, INGEST_MONTH].map(|column| text(&batch, column));
        let (uids, provinces, months) = (uids?, provinces?, months?);
        for (row, _) in judge.rows(&batch)? {
            if let Ok(uid) = value(&uids, row).parse() {
                versions.insert(uid, number_at(&batch, "version", row)?);
                partitions.insert((value(&provinces, row).into(), value(&months, row).into()));
            }
        }
    }
    Ok((versions, partitions))
}

/// The few documents of which not every page counts. A hidden one must not even be counted: whether
/// words stand in a secret paper is part of the secret.
async fn all_but(index: &Index, scans: Scans<'_>) -> Result<Current, IndexError> {
    let shown = Request::default().filter();
    let (mut later, mut hidden) = (HashMap::new(), HashSet::new());
    for (filter, is_hidden) in [(col("version").gt(lit(1)), false), (!shown, true)] {
        let columns = ["document_uid", "version"];
        let answer = index.scan(Table::Documents, Some(filter), &columns).await?;
        scans(Table::Documents, &answer);
        let mut stream = answer.stream()?;
        while let Some(batch) = stream.try_next().await? {
            let uids = text(&batch, "document_uid")?;
            for row in 0..batch.num_rows() {
                let Ok(uid) = value(&uids, row).parse() else { continue };
                if is_hidden {
                    hidden.insert(uid);
                } else {
                    later.insert(uid, number_at(&batch, "version", row)?);
                }
            }
        }
    }
    Ok(Current::AllBut { later, hidden })
}

fn filter(current: &Current, partitions: &BTreeSet<(String, String)>) -> Option<Expr> {
    let Current::These(versions) = current else { return None };
    let one = |column: &str, values: BTreeSet<&String>| {
        col(column).in_list(values.into_iter().map(|v| lit(v.clone())).collect(), false)
    };
    let folders = one(PROVINCE, partitions.iter().map(|(province, _)| province).collect())
        .and(one(INGEST_MONTH, partitions.iter().map(|(_, month)| month).collect()));
    if versions.len() > FEW {
        return Some(folders);
    }
    let uids = versions.keys().map(|uid| lit(uid.to_string())).collect();
    Some(folders.and(col("document_uid").in_list(uids, false)))
}

async fn scan(
    index: &Index,
    filter: Option<Expr>,
    wanted: Wanted,
    (limit, scans): (usize, Scans<'_>),
) -> Result<Best<Page>, IndexError> {
    let mut columns = vec!["document_uid", "version", "page_no", "text_folded"];
    // Twice as much to read; only marks need it.
    columns.extend(wanted.words.has_marks().then_some("text"));
    let answer = index.scan(Table::PageText, filter, &columns).await?;
    scans(Table::PageText, &answer);
    let wanted = Arc::new(wanted);
    let read = answer.streams()?.into_iter().map(|mut stream| {
        let wanted = Arc::clone(&wanted);
        side_by_side(async move {
            let mut best = Best::new(limit);
            while let Some(batch) = stream.try_next().await? {
                judge(&batch, &wanted, &mut best)?;
            }
            Ok(best)
        })
    });
    let mut best = Best::new(limit);
    for part in try_join_all(read).await? {
        best.merge(part);
    }
    Ok(best)
}

fn judge(batch: &RecordBatch, wanted: &Wanted, best: &mut Best<Page>) -> Result<(), IndexError> {
    let Wanted { words, current } = wanted;
    let (uids, folded) = (text(batch, "document_uid")?, text(batch, "text_folded")?);
    let marked = words.has_marks().then(|| text(batch, "text")).transpose()?;
    for row in 0..batch.num_rows() {
        let page = value(&folded, row);
        if !words.all_in(&[page]) {
            continue;
        }
        let Ok(document) = value(&uids, row).parse() else { continue };
        if !current.has(document, number_at(batch, "version", row)?) {
            continue;
        }
        let marks = marked.as_ref().map_or(0, |texts| words.marked_in(value(texts, row)));
        let phrase = matches!(words.place_in(page), Some((_, true)));
        let number = number_at(batch, "page_no", row)?;
        let points = u32::from(phrase) * PHRASE + marks as u32 * MARKED;
        let hit = || Ok::<_, IndexError>(Page { document, number, excerpt: excerpt(page, words) });
        best.offer((points, "", &format!("{document}/{number:06}")), hit)?;
    }
    Ok(())
}

/// The pages with what is known of their documents.
async fn described(
    index: &Index,
    pages: Vec<Page>,
    scans: Scans<'_>,
) -> Result<Vec<Hit>, IndexError> {
    let wanted: HashSet<Uuid> = pages.iter().map(|page| page.document).collect();
    let wanted: Vec<Uuid> = wanted.into_iter().collect();
    let mut documents: HashMap<String, Hit> = HashMap::new();
    for some in wanted.chunks(FEW) {
        let uids = some.iter().map(|uid| lit(uid.to_string())).collect();
        let filter = Request::default().filter().and(col("document_uid").in_list(uids, false));
        let answer = index.scan(Table::Documents, Some(filter), &crate::hit::COLUMNS).await?;
        scans(Table::Documents, &answer);
        let mut stream = answer.stream()?;
        while let Some(batch) = stream.try_next().await? {
            for row in 0..batch.num_rows() {
                let hit = Hit::of(&batch, row)?;
                documents.insert(hit.document_uid.clone(), hit);
            }
        }
    }
    let hit = |page: Page| {
        let document = documents.get(&page.document.to_string())?.clone();
        let excerpt = Some(page.excerpt);
        Some(Hit { page: page.number, page_to: page.number, excerpt, ..document })
    };
    Ok(pages.into_iter().filter_map(hit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Paper, index};

    fn paper(code: &str, year: &str, text: &str) -> Paper {
        let mut paper = Paper::new(code, &format!("{year}-05-01"), "x");
        paper.text = text.into();
        paper
    }

    async fn found(index: &Index, typed: &str) -> Vec<(String, String)> {
        let mut request = Request::default();
        request.understand(typed).unwrap();
        let found = pages(index, &request, 10, &|_, _| {}).await.unwrap();
        let hits = found.hits.into_iter();
        hits.map(|hit| (hit.code.unwrap(), hit.excerpt.unwrap())).collect()
    }

    #[tokio::test]
    async fn pages_are_found_by_their_words_within_a_year_or_everywhere() {
        let mut amended = paper("3/QĐ-UBND", "2021", "cap dat cu");
        amended.version = 2;
        let index = index(vec![
            paper("1/QĐ-UBND", "2020", "Điều 1. Cấp đất cho ông A, CCCD 052099001234"),
            paper("2/QĐ-UBND", "2021", "Cấp dat cho bà B"),
            amended,
        ])
        .await;
        let codes =
            |hits: Vec<(String, String)>| hits.into_iter().map(|hit| hit.0).collect::<Vec<_>>();
        let one = found(&index, "cap dat năm 2020").await;
        assert_eq!(one.len(), 1);
        assert_eq!(one[0].1, "dieu 1. cap dat cho ong a, cccd ###");
        let mut all = codes(found(&index, "cap dat").await);
        all.sort();
        assert_eq!(all, ["1/QĐ-UBND", "2/QĐ-UBND", "3/QĐ-UBND"], "once each");
        assert_eq!(codes(found(&index, "\"cấp đất\"").await)[0], "1/QĐ-UBND", "marks first");
        assert_eq!(found(&index, "cap năm 2019").await, []);
        assert_eq!(found(&index, "ca").await, []);
    }

    #[tokio::test]
    async fn pages_of_secret_and_withdrawn_papers_are_neither_shown_nor_counted() {
        let hidden = |code: &str, change: fn(&mut Paper)| {
            let mut paper = paper(code, "2020", "cap dat");
            change(&mut paper);
            paper
        };
        let index = index(vec![
            hidden("1/QĐ-UBND", |paper| paper.access = "03".into()),
            hidden("2/QĐ-UBND", |paper| paper.state = "withdrawn".into()),
            // Secret since its second version.
            hidden("3/QĐ-UBND", |paper| (paper.access, paper.version) = ("03".into(), 2)),
            paper("4/QĐ-UBND", "2020", "cap cho ong A dat"),
        ])
        .await;
        for typed in ["cap dat", "cap dat năm 2020"] {
            let mut request = Request::default();
            request.understand(typed).unwrap();
            // The phrase ranks first: one place would be taken by what may not be shown.
            let found = pages(&index, &request, 1, &|_, _| {}).await.unwrap();
            let codes: Vec<_> = found.hits.iter().map(|hit| hit.code.as_deref()).collect();
            assert_eq!((found.total, codes), (1, vec![Some("4/QĐ-UBND")]), "{typed}");
        }
    }

    #[tokio::test]
    async fn an_owners_number_printed_on_a_page_is_found_by_its_hash() {
        let hash = "ab".repeat(16);
        let index = index(vec![
            paper("1/QĐ-UBND", "2020", &format!("cccd id:{hash} cap")),
            paper("2/QĐ-UBND", "2020", "cccd"),
        ])
        .await;
        let request = Request { owner: Some(hash.clone()), ..Request::default() };
        let found = pages(&index, &request, 10, &|_, _| {}).await.unwrap();
        assert_eq!(found.total, 1);
        assert!(!found.hits[0].excerpt.as_deref().unwrap().contains(&hash));
    }
}
