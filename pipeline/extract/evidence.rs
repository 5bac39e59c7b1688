//! Evidence from outside the letterhead, and what is missing or odd.
//!
//! Cited dates bound the date of issue from below; an annex names its own decision; missing and
//! doubtful fields become findings with what was seen on the page.

use std::{collections::BTreeSet, sync::LazyLock};

use chrono::NaiveDate;
use regex::Regex;
use sohoa_document::{Field, fold::fold};

use crate::{
    anchors::is,
    date,
    fields::{Context, FieldFinding, Fields, Severity},
    rows::{Sheet, Span},
    zones::Head,
};

static SHORT_DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"ngay (\d{1,2}/\d{1,2}/\d{4})\b").expect("constant pattern, compiled in tests")
});
static LONG_DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"ngay (\d{1,2}) thang (\d{1,2}) nam (\d{4})\b")
        .expect("constant pattern, compiled in tests")
});
/// The panel that a digital signature leaves on a page that was printed again.
static SIGNED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\bky:? (\d{1,2}[./]\d{1,2}[./]\d{4})\b")
        .expect("constant pattern, compiled in tests")
});
static YEAR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?P<until>\bden (?:het )?(?:ngay )?(?:\S+ ){0,3})?(?:\bnam |\b(?:\d{1,2}[/.-])?\d{1,2}[/.-])(?P<y>(?:19|20)\d\d)\b")
        .expect("constant pattern, compiled in tests")
});
static OWN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"kem theo .{0,40}?so:? ?(\d{1,6}) ?/ ?((?:\d{4}/)?[a-z][a-z\d&./-]{2,30})(.{0,60})")
        .expect("constant pattern, compiled in tests")
});

/// The latest date cited in a legal basis (`Căn cứ …`), never later than the date of issue.
pub(crate) fn latest_cited(sheet: &Sheet<'_>, scan_year: i32) -> Option<NaiveDate> {
    let mut basis = false;
    let mut latest = None;
    for row in &sheet.rows {
        let two: Vec<&str> = row.words.iter().take(2).map(|word| word.text.as_str()).collect();
        basis = is(&two.join(" "), "Căn cứ") || (basis && !row.text().ends_with([';', '.']));
        if basis && row.confidence() > 0.85 {
            latest = latest.max(dates_in(&row.folded(), scan_year));
        }
    }
    latest
}

fn dates_in(folded: &str, scan_year: i32) -> Option<NaiveDate> {
    all_dates(folded, scan_year).max()
}

fn all_dates(folded: &str, scan_year: i32) -> impl Iterator<Item = NaiveDate> {
    let short = SHORT_DATE.captures_iter(folded).filter_map(move |c| date::short(&c[1], scan_year));
    let long = LONG_DATE
        .captures_iter(folded)
        .filter_map(move |c| date::short(&format!("{}/{}/{}", &c[1], &c[2], &c[3]), scan_year));
    let signed = SIGNED.captures_iter(folded).filter_map(move |c| date::short(&c[1], scan_year));
    short.chain(long).chain(signed)
}

/// Years named as dates or after `năm` anywhere but in the date line (`but`: its row on the first
/// sheet), and whether one of these dates is `day`.
pub(crate) fn named_years(
    sheets: &[Sheet<'_>],
    but: usize,
    day: NaiveDate,
) -> (BTreeSet<i32>, bool) {
    let mut years = BTreeSet::new();
    let mut same = false;
    let rows = sheets.iter().enumerate().flat_map(|(page, sheet)| {
        let rows = sheet.rows.iter().enumerate();
        rows.filter(move |(at, _)| page > 0 || *at != but).map(|(_, row)| row)
    });
    for row in rows.filter(|row| row.confidence() > 0.85) {
        let folded = row.folded();
        // The end of a term lies ahead of the paper.
        let named = YEAR.captures_iter(&folded).filter(|c| c.name("until").is_none());
        let found = named.filter_map(|c| c["y"].parse::<i32>().ok());
        years.extend(found);
        same |= all_dates(&folded, i32::MAX).any(|date| date == day);
    }
    (years, same)
}

/// Odds factor for a date of issue from the years the paper names elsewhere: papers name their own
/// year, and rarely only later ones.
pub(crate) fn year_factor(year: i32, named: &BTreeSet<i32>) -> f32 {
    match (named.contains(&year), named.range(year + 1..).next()) {
        (true, _) => 1.5,
        (false, Some(_)) => 0.1,
        (false, None) => 0.7,
    }
}

/// What an annex says of the document it belongs to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mention {
    pub(crate) number: String,
    pub(crate) date: Option<NaiveDate>,
}

/// `(Ban hành kèm theo Quyết định số 12/QĐ-UBND ngày …)` on a page after the first.
pub(crate) fn own_mention(sheets: &[Sheet<'_>], notation: &str) -> Option<Mention> {
    let notation = fold(notation);
    sheets.iter().skip(1).find_map(|sheet| {
        let top = sheet.rows.iter().take_while(|row| sheet.y(row.bbox.y0) < 0.4);
        let text: Vec<String> = top.map(Span::folded).collect();
        let text = text.join(" ");
        let found = OWN.captures(&text)?;
        let named = found[2].trim_end_matches(['.', '-', '/']);
        (named == notation)
            .then(|| Mention { number: found[1].to_owned(), date: dates_in(&found[3], i32::MAX) })
    })
}

/// Findings about the page as a whole.
pub(crate) fn general(
    sheet: &Sheet<'_>,
    head: &Head<'_, '_>,
    fields: &Fields,
    findings: &mut Vec<FieldFinding>,
) {
    if head.national.is_none()
        && head.motto.is_none()
        && (head.number.is_some() || head.date.is_some())
    {
        findings.push(finding("I06_CROPPED_HEADER", "organ_name", None, Severity::Warn));
    }
    let letters: Vec<char> = sheet
        .rows
        .iter()
        .flat_map(|row| row.words.iter())
        .flat_map(|word| word.text.chars())
        .filter(|c| c.is_alphabetic())
        .collect();
    let marked = letters.iter().filter(|c| !c.is_ascii()).count();
    // Vietnamese text has marks on about a quarter of its letters, and the Vietnamese model writes
    // them however coarse the scan is (0.27 to 0.29 of the letters at 72 dpi and 1 bit, as at 200 dpi).
    // A page below this was printed without: reading it once more, at more pixels, would find none.
    if letters.len() > 200 && marked * 20 < letters.len() {
        let observed = format!("{marked} of {} letters", letters.len());
        findings.push(finding(
            "M10_NO_DIACRITICS",
            "language_codes",
            Some(observed),
            Severity::Warn,
        ));
    }
    let mut too_long = |field: &'static str, value: Option<&Field<String>>, most: usize| {
        let length = value.map_or(0, |field| field.value.chars().count());
        if length > most {
            let observed = Some(length.to_string());
            let expected = Some(format!("<= {most}"));
            findings.push(FieldFinding {
                code: "M08_LENGTH_OVER_STD",
                field,
                observed,
                expected,
                severity: Severity::Info,
            });
        }
    };
    too_long("code_number", fields.code_number.as_ref(), 11);
    too_long("code_notation", fields.code_notation.as_ref(), 30);
    too_long("organ_name", fields.organ_name.as_ref(), 200);
    too_long("signer_name", fields.signer_name.as_ref(), 50);
    too_long("signer_title", fields.signer_title.as_ref(), 100);
    too_long("subject", fields.subject.as_ref(), 500);
}

/// A finding for each field that should be there and is missing or doubtful.
pub(crate) fn gaps(
    head: &Head<'_, '_>,
    fields: &Fields,
    context: Context,
    findings: &mut Vec<FieldFinding>,
) {
    let printed_line = head.number.as_ref().map(|line| line.span.text());
    let number_line = head
        .number
        .as_ref()
        .map(|line| line.read(head.digit_height()).ink.observed(&line.observed()));
    let date_line = head.date.as_ref().map(|line| {
        let read = line.read(context.scan_year);
        read.ink.observed(&read.observed)
    });
    let number = head.number.as_ref().filter(|line| line.was_read_again());
    let date = head.date.as_ref().filter(|line| line.was_read_again());
    let number = number.map(|line| ("code_full", line.observed()));
    let again = number.into_iter().chain(date.map(|line| ("issued_date", line.observed())));
    findings.extend(
        again.map(|(field, seen)| finding("T04_READ_AGAIN", field, Some(seen), Severity::Info)),
    );
    let mut check =
        |field: &'static str, value: Option<(String, f32)>, seen: Option<&String>| match value {
            None => findings.push(finding("M01_MISSING", field, seen.cloned(), Severity::Warn)),
            Some((value, p)) if p < context.accept_line => {
                findings.push(finding("M02_LOW_CONF", field, Some(value), Severity::Warn));
            }
            Some(_) => {}
        };
    let text =
        |field: Option<&Field<String>>| field.map(|field| (field.value.clone(), field.probability));
    check("code_number", text(fields.code_number.as_ref()), number_line.as_ref());
    check("code_notation", text(fields.code_notation.as_ref()), printed_line.as_ref());
    let date =
        fields.issued_date.as_ref().map(|field| (field.value.to_string(), field.probability));
    check("issued_date", date, date_line.as_ref());
    check("issued_place", text(fields.issued_place.as_ref()), date_line.as_ref());
    check("organ_name", text(fields.organ_name.as_ref()), None);
    check("signer_name", text(fields.signer_name.as_ref()), None);
    check("signer_title", text(fields.signer_title.as_ref()), None);
    check("subject", text(fields.subject.as_ref()), None);
    check("type_code", text(fields.type_code.as_ref()), None);
    if printed_line.is_some() && fields.code_notation.is_none() {
        findings.push(finding(
            "M05_NUMBER_NOTATION_PATTERN",
            "code_notation",
            printed_line,
            Severity::Warn,
        ));
    }
}

fn finding(
    code: &'static str,
    field: &'static str,
    observed: Option<String>,
    severity: Severity,
) -> FieldFinding {
    FieldFinding { code, field, observed, expected: None, severity }
}
