//! What was found, for people and for programs.

use std::io::{ErrorKind, Write};

use serde::Serialize;
use sohoa_find::{Found, Hit, Request};
use sohoa_index::Reading;
use sohoa_store::Store;

use crate::{
    arguments::find::Find,
    exit::{Exit, Failure},
};

/// Shown for what is not known.
const UNKNOWN: &str = "–";

/// A hit with where its document lies.
#[derive(Debug, Serialize)]
struct Linked<'a> {
    #[serde(flatten)]
    hit: &'a Hit,
    link: String,
}

/// An answer for programs.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    /// How the request was understood.
    understood: String,
    /// How many fit.
    total: u64,
    /// The best of them.
    hits: Vec<Linked<'a>>,
    /// What was read, by table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    read: Vec<Table<'a>>,
}

#[derive(Debug, Serialize)]
struct Table<'a> {
    table: &'a str,
    #[serde(flatten)]
    reading: &'a Reading,
}

/// Prints an answer on standard output; how it was understood and what is left out goes to standard
/// error, or into the JSON.
pub(crate) fn found(
    arguments: &Find,
    store: &Store,
    request: &Request,
    found: &Found,
    readings: &[(String, Reading)],
) -> Result<(), Failure> {
    let hits: Vec<Linked<'_>> =
        found.hits.iter().map(|hit| Linked { hit, link: link(store, &hit.object_uri) }).collect();
    let mut out = std::io::BufWriter::new(std::io::stdout());
    if arguments.json {
        let read = readings.iter().map(|(table, reading)| Table { table, reading });
        let read = if arguments.explain { read.collect() } else { Vec::new() };
        let answer = Answer { understood: request.explanation(), total: found.total, hits, read };
        return written(
            serde_json::to_writer(&mut out, &answer)
                .map_err(std::io::Error::from)
                .and_then(|()| writeln!(out))
                .and_then(|()| out.flush()),
        );
    }
    eprintln!("looked for {}", request.explanation());
    let shown = if arguments.csv { csv(&hits, &mut out) } else { table(&hits, &mut out) };
    written(shown.and_then(|()| out.flush()))?;
    let left = found.total - found.hits.len() as u64;
    match (found.total, left) {
        (0, _) => eprintln!("nothing found"),
        (_, 0) => {}
        (total, left) => {
            eprintln!("{left} more of {total} are not shown; --limit 0 shows all");
        }
    }
    Ok(())
}

fn written(done: std::io::Result<()>) -> Result<(), Failure> {
    match done {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::from_error(Exit::Configuration, &error)
                .hint("standard output cannot be written"))
        }
        _ => Ok(()),
    }
}

/// A path where the records are a folder, else an address.
fn link(store: &Store, key: &str) -> String {
    match store.folder() {
        Some(folder) => folder.join(key).display().to_string(),
        None => format!("{}{key}", store.address()),
    }
}

fn csv(hits: &[Linked<'_>], out: impl Write) -> std::io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "code",
        "issued_date",
        "kind",
        "agency",
        "subject",
        "page",
        "page_to",
        "access_mode",
        "excerpt",
        "document_uid",
        "version",
        "link",
    ])?;
    for Linked { hit, link } in hits {
        csv.write_record([
            hit.code.as_deref().unwrap_or_default(),
            hit.issued_date.as_deref().unwrap_or_default(),
            hit.kind.as_deref().unwrap_or_default(),
            hit.agency.as_deref().unwrap_or_default(),
            hit.subject.as_deref().unwrap_or_default(),
            &hit.page.to_string(),
            &hit.page_to.to_string(),
            &hit.access_mode,
            hit.excerpt.as_deref().unwrap_or_default(),
            &hit.document_uid,
            &hit.version.to_string(),
            link,
        ])?;
    }
    csv.flush()
}

/// A line of columns a hit, and under it what is long: subject, excerpt, link.
fn table(hits: &[Linked<'_>], out: &mut impl Write) -> std::io::Result<()> {
    if hits.is_empty() {
        return Ok(());
    }
    let header = ["number", "date", "kind", "agency", "page"].map(ToOwned::to_owned);
    let rows: Vec<[String; 5]> =
        std::iter::once(header).chain(hits.iter().map(|linked| columns(linked.hit))).collect();
    let widths: Vec<usize> = (0..5)
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    writeln!(out, "{}", line(&rows[0]))?;
    for (row, Linked { hit, link }) in rows[1..].iter().zip(hits) {
        writeln!(out, "{}", line(row))?;
        for text in [&hit.subject, &hit.excerpt].into_iter().flatten() {
            writeln!(out, "    {}", text.split_whitespace().collect::<Vec<_>>().join(" "))?;
        }
        writeln!(out, "    {link}")?;
    }
    Ok(())
}

fn columns(hit: &Hit) -> [String; 5] {
    let text = |value: Option<&str>| value.unwrap_or(UNKNOWN).to_owned();
    let pages = if hit.page == hit.page_to {
        hit.page.to_string()
    } else {
        format!("{}–{}", hit.page, hit.page_to)
    };
    let mode = if hit.access_mode == "01" { "" } else { ", conditional" };
    [
        text(hit.code.as_deref()),
        text(hit.issued_date.as_deref()),
        text(hit.kind.as_deref()),
        text(hit.agency.as_deref()),
        format!("{pages}{mode}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit() -> Hit {
        Hit {
            document_uid: "u".into(),
            version: 2,
            code: Some("2114/QĐ-UBND".into()),
            issued_date: None,
            kind: Some("Quyết định".into()),
            agency: Some("Sở Mẫu".into()),
            subject: Some("Về việc\ncấp \"đất\"".into()),
            page: 1,
            page_to: 3,
            access_mode: "02".into(),
            excerpt: None,
            object_uri: "documents/u/document.pdf".into(),
        }
    }

    #[test]
    fn a_table_has_a_line_of_columns_and_what_is_long_under_it() {
        let hit = hit();
        let hits = [Linked { hit: &hit, link: "/records/d.pdf".into() }];
        let mut out = Vec::new();
        table(&hits, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "number        date  kind        agency  page\n\
             2114/QĐ-UBND  –     Quyết định  Sở Mẫu  1–3, conditional\n    \
             Về việc cấp \"đất\"\n    /records/d.pdf\n"
        );
    }

    #[test]
    fn csv_keeps_every_character() {
        let hit = hit();
        let hits = [Linked { hit: &hit, link: "/records/d.pdf".into() }];
        let mut out = Vec::new();
        csv(&hits, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("\"Về việc\ncấp \"\"đất\"\"\",1,3,02,,u,2,/records/d.pdf"), "{text}");
    }
}
