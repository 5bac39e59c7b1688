//! Every report over a small province, over nothing, and on the edges of a period. Whether the
//! numbers are right is judged by another engine and other code: `tests/judges/reports.py`.

#![allow(
    clippy::allow_attributes,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, and the rows are that wide"
)]

mod fixture;

use std::collections::BTreeMap;

use fixture::{agencies, agency_keys, at, inventory};
use sohoa_index::{Index, Register};
use sohoa_report::{
    Answer, Cell, Format, Kind, LevelAt, Mark, Pick, Question, REPORTS, Report, render,
};
use sohoa_schemas::{
    events::{Action, EventRow},
    record::Rows,
    registers::AgencyKeyRow,
    rows::DocumentRow,
};

fn question(period: &str) -> Question {
    Question {
        period: period.parse().unwrap(),
        province: None,
        agency: None,
        level_at: LevelAt::Issue,
        today: "2026-09-20".parse().unwrap(),
    }
}

async fn ask(index: &Index, name: &str, question: Question) -> Answer {
    Answer::ask(index, Report::find(name).unwrap(), question).await.unwrap()
}

/// The rows as text by column.
fn rows(answer: &Answer) -> Vec<BTreeMap<&'static str, &Cell>> {
    let names = || answer.columns.iter().map(|column| column.name);
    answer.rows.iter().map(|row| names().zip(row).collect()).collect()
}

fn text(cell: &Cell) -> &str {
    cell.text().unwrap_or_default()
}

fn count(cell: &Cell) -> i64 {
    if let Cell::Count(count) = cell { *count } else { 0 }
}

#[tokio::test]
async fn over_nothing_every_report_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let index = fixture::open(folder.path());
    for report in &REPORTS {
        let answer = Answer::ask(&index, report, question("2026-Q3")).await.unwrap();
        assert_eq!(answer.missing, report.inputs, "{}", report.name);
        assert!(answer.is_without_data());
        let [row] = <[_; 1]>::try_from(rows(&answer)).unwrap();
        assert!(text(row["note"]).starts_with("no data: missing "), "{}", report.name);
        assert!(row.values().all(|cell| cell.number().is_none()), "{}: a number", report.name);
        let page = String::from_utf8(render(&answer, Format::Html).unwrap()).unwrap();
        assert!(page.contains("Không có số liệu: thiếu"), "{}", report.name);
    }
}

#[tokio::test]
async fn every_report_answers_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let index = fixture::write(folder.path()).await;
    for report in &REPORTS {
        let answer = Answer::ask(&index, report, question("2026-Q3")).await.unwrap();
        assert!(!answer.is_without_data(), "{}", report.name);
        let chart = &report.chart;
        let mark = if let Mark::Column(column, _) = chart.mark { Some(column) } else { None };
        let picks = chart.rows.iter().map(|(Pick::Part(column) | Pick::Total(column))| *column);
        let named = chart.label.iter().copied().chain([chart.value]).chain(mark).chain(picks);
        for column in named {
            assert!(answer.place(column).is_some(), "{}: the chart's {column}", report.name);
        }
        let page = String::from_utf8(render(&answer, Format::Html).unwrap()).unwrap();
        assert!(page.contains("<svg") && page.contains("Quý III năm 2026"), "{}", report.name);
        for outside in ["<script", "http-equiv", "src=", "@import", "url("] {
            assert!(!page.contains(outside), "{}: {outside}", report.name);
        }
        let json: serde_json::Value =
            serde_json::from_slice(&render(&answer, Format::Json).unwrap()).unwrap();
        assert_eq!(json["rows"].as_array().unwrap().len(), answer.rows.len());
        let csv = render(&answer, Format::Csv).unwrap();
        let records = csv::Reader::from_reader(csv.as_slice()).into_records().count();
        assert_eq!(records, answer.rows.len(), "{}", report.name);
        assert!(render(&answer, Format::Xlsx).unwrap().starts_with(b"PK"));
        let lines = String::from_utf8(render(&answer, Format::Table).unwrap()).unwrap();
        assert!(lines.lines().count() >= answer.rows.len() + 2);
    }
}

#[tokio::test]
async fn an_agency_without_an_inventory_has_no_percentage_and_is_left_out_of_the_total() {
    let folder = tempfile::tempdir().unwrap();
    let index = fixture::write(folder.path()).await;
    let answer = ask(&index, "R1", question("2026-Q3")).await;
    let rows = rows(&answer);
    let of = |agency: &str, phase: &str| {
        rows.iter()
            .find(|row| text(row["agency"]) == agency && text(row["phase"]) == phase)
            .unwrap()
    };
    let remote = of("H08.33.24", "total");
    assert_eq!(*remote["percent"], Cell::Null);
    assert!(count(remote["digitised_ok"]) > 0);
    assert_eq!(text(remote["note"]), "no data: missing inventory for H08.33.24");
    let total = of("total", "total");
    let counted: i64 = inventory().iter().map(|row| row.valid_paper_count).sum();
    assert_eq!(count(total["inventory"]), counted);
    // Above the line is only what is below it: a phase without an inventory adds to neither.
    let outside = count(total["outside_inventory"]);
    assert!(outside > count(remote["digitised_ok"]), "its own, and those of phase 0 at least");
    let share = 100.0 * (count(total["digitised_ok"]) - outside) as f64 / counted as f64;
    assert!((total["percent"].number().unwrap() - share).abs() < 1e-9);
    assert_eq!(
        count(of("total", "0")["outside_inventory"]),
        count(of("total", "0")["digitised_ok"])
    );
    for said in [
        " agencies that have no inventory; ".to_owned(),
        format!("without {outside} papers outside the inventory"),
        format!("without {} papers of unknown role", count(total["role_unknown"])),
    ] {
        assert!(text(total["note"]).contains(&said), "{said}");
    }
    // One number for all years: nothing by phase, and the whole is held against those years.
    assert_eq!(*of("H08.37", "3")["percent"], Cell::Null);
    assert_eq!(count(of("H08.37", "3")["outside_inventory"]), 0);
    assert_eq!(
        (count(of("H08.37", "unknown")["inventory"]), of("H08.37", "unknown")["percent"]),
        (60, &Cell::Null)
    );
    let whole = of("H08.37", "total");
    assert!(whole["percent"].number().unwrap() > 0.0);
    assert!(count(whole["outside_inventory"]) > 0, "what is older or younger");
    let plan = ask(&index, "R14", question("2026-Q3")).await;
    let plan = self::rows(&plan);
    for agency in ["H08.37", "total"] {
        let is_it = |row: &&BTreeMap<&'static str, &Cell>| {
            text(row["agency"]) == agency && text(row["phase"]) == "unknown"
        };
        let row = plan.iter().find(is_it).unwrap();
        assert!(count(row["inventory"]) >= 60, "{agency}");
        for left in ["ahead", "remaining", "forecast"] {
            assert_eq!(*row[left], Cell::Null, "{agency}: {left}");
        }
        assert!(text(row["note"]).starts_with("years unknown or of several phases"), "{agency}");
    }
    // Nothing is counted twice, and what has no year is there.
    let parts = |name: &str| -> i64 {
        let is_part = |column: &str, place: usize| text(rows[place][column]) != "total";
        let places =
            (0..rows.len()).filter(|place| is_part("agency", *place) && is_part("phase", *place));
        places.map(|place| count(rows[place][name])).sum()
    };
    assert_eq!(parts("digitised_ok"), count(total["digitised_ok"]));
    assert_eq!(parts("inventory"), counted);
    assert!(count(of("total", "unknown")["results"]) > 0);
    assert!(count(total["boundary_years"]) > 0);

    // By level it is the same whole.
    let levels = ask(&index, "R2", question("2026-Q3")).await;
    let levels = self::rows(&levels);
    let all = levels.last().unwrap();
    for column in ["inventory", "digitised_ok", "outside_inventory", "percent", "role_unknown"] {
        assert_eq!(all[column], total[column], "{column}");
    }
}

/// Papers of one agency's inventory of a hundred: one in two dossiers, and one signed by a test key.
async fn agency(folder: &std::path::Path) -> Index {
    agency_of(folder, |_| {}).await
}

/// The same, with papers that are otherwise.
async fn agency_of(folder: &std::path::Path, change: fn(&mut DocumentRow)) -> Index {
    let mut index = fixture::open(folder);
    let document = |number: u32, code: &str| DocumentRow {
        document_uid: fixture::uid(fixture::Of::Document, number),
        source_uid: fixture::uid(fixture::Of::Source, number),
        version: 1,
        province: "H08".into(),
        ingest_month: "2026-07".into(),
        doc_role: "result".into(),
        validity_status: "valid".into(),
        code_number: Some(code.into()),
        code_notation: Some("QĐ-UBND".into()),
        organ_name: Some("UBND xã Cát Tiến".into()),
        issued_date: Some("2019-05-06".parse().unwrap()),
        document_year: Some(2019),
        phase: Some(2),
        level_at_issue: Some("commune".into()),
        custodian_agency_code: Some("H08.12".into()),
        state: "published".into(),
        signature_state: "ok".into(),
        sha256_source_list: vec![format!("{code:0>64}")],
        page_from: 1,
        first_seen_at: at("2026-07-01T00:00:00Z"),
        ..DocumentRow::default()
    };
    let mut documents = vec![document(1, "618"), document(2, "618"), document(3, "619")];
    documents.iter_mut().for_each(change);
    let by_test = fixture::documents::signature(&documents[2], 1, "ok", "organisation", "test");
    let intake = fixture::intake::intake();
    let rows = Rows { documents, signatures: vec![by_test], intake, ..Rows::default() };
    fixture::append(&mut index, rows).await;
    let mut count = inventory().remove(0);
    count.agency_uid = None;
    count.agency_code = "H08.12".into();
    count.level = Some("province".into());
    (count.year_from, count.year_to, count.phase) = (Some(2016), Some(2021), Some(2));
    count.valid_paper_count = 100;
    fixture::replace(&index, Register::Inventory, &[count]).await;
    index
}

#[tokio::test]
async fn a_paper_in_two_dossiers_counts_once_and_a_test_key_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let index = agency(folder.path()).await;
    for name in ["R1", "R2", "R14"] {
        let answer = ask(&index, name, question("2026-Q3")).await;
        let rows = rows(&answer);
        let row = &rows[0];
        for (column, expected) in [("digitised_ok", 2), ("again", 1), ("test_key", 1)] {
            assert_eq!(count(row[column]), expected, "{name}: {column}");
        }
        let note = text(row["note"]);
        assert!(note.contains("1 by a test key: not legal signatures"), "{name}: {note}");
        if name != "R14" {
            assert_eq!(row["percent"].number(), Some(2.0), "{name}");
        }
    }
    let answer = ask(&index, "R15", question("2026-Q3")).await;
    let of = |reason: &str| {
        let rows = rows(&answer);
        let is_it = |row: &&BTreeMap<&str, &Cell>| {
            text(row["kind"]) == "document" && text(row["reason"]) == reason
        };
        let row = rows.iter().find(is_it).unwrap();
        count(row["count"])
    };
    assert_eq!((of("same bytes"), of("same number")), (1, 1));
}

#[tokio::test]
async fn where_nobody_knows_who_keeps_the_papers_no_agency_has_0_percent() {
    let folder = tempfile::tempdir().unwrap();
    let index = agency_of(folder.path(), |row| {
        row.custodian_agency_code = None;
        // From before `unknown` was a role.
        if row.code_number.as_deref() == Some("619") {
            row.doc_role = "other".into();
        }
    })
    .await;
    for name in ["R1", "R2", "R14"] {
        for agency in [None, Some("H08.12".parse().unwrap())] {
            let asked = Question { agency, ..question("2026-Q3") };
            let answer = ask(&index, name, asked).await;
            let rows = rows(&answer);
            let counted = rows.iter().filter(|row| *row["inventory"] != Cell::Null);
            let counted: Vec<_> = counted.collect();
            assert!(!counted.is_empty(), "{name}");
            for row in counted {
                let figure = row.get("percent").or_else(|| row.get("ahead")).unwrap();
                assert_eq!(**figure, Cell::Null, "{name}");
                let note = text(row["note"]);
                let expected = "no data: missing custodian_agency_code of 3 papers";
                assert_eq!(note, expected, "{name}");
            }
        }
    }
    // Whoever is known to keep something is told what is known.
    let folder = tempfile::tempdir().unwrap();
    let index = agency_of(folder.path(), |row| {
        if row.code_number.as_deref() == Some("619") {
            row.custodian_agency_code = None;
        }
    });
    let answer = ask(&index.await, "R1", question("2026-Q3")).await;
    assert_eq!(rows(&answer)[0]["percent"].number(), Some(1.0));
}

#[tokio::test]
async fn held_and_refused_files_of_a_backfill_are_no_partner_s() {
    let folder = tempfile::tempdir().unwrap();
    let mut index = fixture::open(folder.path());
    let file = |number: u32, channel: Option<&str>| EventRow {
        dossier_uid: Some(fixture::uid(fixture::Of::Dossier, number)),
        source_uid: fixture::uid(fixture::Of::Source, number),
        details: Some(serde_json::json!({ "channel": channel, "pages": 3 }).to_string()),
        ..EventRow::new(
            Action::Received,
            ("file", fixture::uid(fixture::Of::Intake, number)),
            ("H08", at("2026-07-01T00:00:00Z")),
            "1",
        )
    };
    let events = vec![file(1, Some("bulk")), file(2, Some("counter")), file(3, None)];
    fixture::append(&mut index, Rows { events, ..Rows::default() }).await;
    let answer = ask(&index, "R13", question("2026-Q3")).await;
    assert!(answer.is_without_data());
    assert_eq!(text(rows(&answer)[0]["note"]), "no data: missing channel of 1 files");

    let folder = tempfile::tempdir().unwrap();
    let mut index = fixture::open(folder.path());
    let events = vec![file(1, Some("bulk")), file(3, None), file(4, Some("postal"))];
    fixture::append(&mut index, Rows { events, ..Rows::default() }).await;
    let answer = ask(&index, "R13", question("2026-Q3")).await;
    let rows = rows(&answer);
    let whole = rows.last().unwrap();
    assert_eq!((text(whole["partner"]), count(whole["files"])), ("total", 1));
    assert_eq!(text(whole["note"]), "without 1 files of unknown channel");
    assert_eq!(text(rows[0]["partner"]), "unknown");
    let page = String::from_utf8(render(&answer, Format::Html).unwrap()).unwrap();
    assert!(page.contains("Không tính 1 tệp chưa rõ kênh tiếp nhận"));
}

#[tokio::test]
async fn a_paper_whose_term_is_over_before_the_period_is_is_not_valid() {
    for (name, digitised) in [("R1", 2), ("R2", 2), ("R14", 2)] {
        let folder = tempfile::tempdir().unwrap();
        let index = agency_of(folder.path(), |row| {
            let is_short = row.code_number.as_deref() == Some("619");
            let end = if is_short { "2026-09-14" } else { "2027-03-01" };
            row.valid_to = Some(end.parse().unwrap());
        })
        .await;
        let of = async |period: &str| {
            let answer = ask(&index, name, question(period)).await;
            count(rows(&answer)[0]["digitised_ok"])
        };
        assert_eq!(of("2026-Q3").await, digitised, "{name}: the last day is one of them");
        assert_eq!(of("2026").await, 1, "{name}");
        assert_eq!(of("2027").await, 0, "{name}");
    }
}

#[tokio::test]
async fn papers_are_held_against_the_level_of_the_count_they_are_in() {
    let folder = tempfile::tempdir().unwrap();
    let index = agency(folder.path()).await;
    // A department's inventory, of papers that communes issued; and no plan that says what is to be.
    let answer = ask(&index, "R2", question("2026-Q3")).await;
    assert_eq!(answer.missing, Vec::<&str>::new(), "targets and phases are not needed for a share");
    let levels = rows(&answer);
    let names: Vec<_> = levels.iter().map(|row| text(row["level"])).collect();
    assert_eq!(names, ["province", "total"]);
    assert!(levels.iter().all(|row| row["percent"].number() == Some(2.0)));
    let note = text(levels[0]["note"]);
    assert!(note.starts_with("no data: missing targets for province; "), "{note}");
    let answer = ask(&index, "R14", question("2026-Q3")).await;
    let phases = rows(&answer);
    assert_eq!((count(phases[0]["remaining"]), phases[0]["planned"]), (98, &Cell::Null));
    let note = text(phases[0]["note"]);
    assert!(note.starts_with("no data: missing phases for H08.12, phase 2"), "{note}");
}

#[tokio::test]
async fn papers_of_which_nobody_says_what_they_are_give_no_percentage_and_not_0() {
    let folder = tempfile::tempdir().unwrap();
    let index = fixture::write(folder.path()).await;
    let asked = Question { agency: Some("H08.38".parse().unwrap()), ..question("2026-Q3") };
    for (name, shares) in [
        ("R1", &["percent"][..]),
        ("R2", &["percent"]),
        ("R14", &["ahead", "remaining", "forecast"]),
    ] {
        let answer = ask(&index, name, asked.clone()).await;
        assert!(answer.is_without_data(), "{name}");
        let rows = rows(&answer);
        let is_counted = |row: &&BTreeMap<&'static str, &Cell>| {
            count(row["inventory"]) > 0 && count(row["role_unknown"]) > 0
        };
        let counted: Vec<_> = rows.iter().filter(is_counted).collect();
        assert!(!counted.is_empty(), "{name}");
        for row in counted {
            assert!(shares.iter().all(|share| *row[share] == Cell::Null), "{name}");
            assert!(text(row["note"]).starts_with("no data: missing doc_role and validity_status"));
        }
        let page = String::from_utf8(render(&answer, Format::Html).unwrap()).unwrap();
        assert!(page.contains("thiếu vai trò và hiệu lực của văn bản của"), "{name}");
    }
    let rows = ask(&index, "R1", asked).await;
    let total = rows.rows.last().unwrap();
    assert!(count(rows.cell(total, "validity_unknown").unwrap()) > 0);
}

#[tokio::test]
async fn a_period_without_anything_in_full_tables_is_no_data_and_not_0() {
    let folder = tempfile::tempdir().unwrap();
    let index = fixture::write(folder.path()).await;
    for period in ["2019-Q1", "2027-Q3"] {
        for report in &REPORTS {
            // Progress is counted from the beginning, and so is the pace to its end.
            if period == "2027-Q3" && ["R1", "R2", "R14"].contains(&report.name) {
                continue;
            }
            let answer = Answer::ask(&index, report, question(period)).await.unwrap();
            let place = format!("{} {period}", report.name);
            assert_eq!(answer.missing, Vec::<&str>::new(), "{place}");
            let said =
                |row: &BTreeMap<&'static str, &Cell>| text(row["note"]).starts_with("no data: ");
            assert!(rows(&answer).iter().any(said), "{place}");
            for column in answer.columns.iter().filter(|column| {
                matches!(column.kind, Kind::Percent | Kind::Minutes)
                    || ["per_fte_year", "ahead", "remaining", "active_units", "mean_confidence"]
                        .contains(&column.name)
            }) {
                let figures: Vec<_> =
                    rows(&answer).iter().filter_map(|row| row[column.name].number()).collect();
                assert!(figures.is_empty(), "{place}: {} is {figures:?}", column.name);
            }
        }
    }
}

#[tokio::test]
async fn documents_whose_unit_no_list_names_leave_coverage_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let index = fixture::write(folder.path()).await;
    let asked = Question { province: Some("H15".parse().unwrap()), ..question("2026-Q3") };
    let answer = ask(&index, "R3", asked.clone()).await;
    let rows = rows(&answer);
    let total = rows.iter().find(|row| text(row["level"]) == "total").unwrap();
    assert_eq!(
        (count(total["units"]), total["active_units"], total["percent"]),
        (1, &Cell::Null, &Cell::Null)
    );
    assert_eq!(text(total["note"]), "no data: missing receiving_unit_code of the dossiers");
    let strangers = rows.iter().find(|row| text(row["level"]) == "unknown").unwrap();
    assert!(count(strangers["dossiers"]) > 0);
    let answer = ask(&index, "R11", asked).await;
    assert!(answer.is_without_data(), "staff, and no dossier");
}

#[tokio::test]
async fn a_district_appears_as_it_was_or_as_who_took_over() {
    let folder = tempfile::tempdir().unwrap();
    let index = fixture::write(folder.path()).await;
    let agencies_of = |answer: &Answer| -> Vec<String> {
        let mut names: Vec<String> =
            rows(answer).iter().map(|row| text(row["agency"]).to_owned()).collect();
        names.dedup();
        names
    };
    let was = agencies_of(&ask(&index, "R1", question("2026-Q3")).await);
    assert!(was.contains(&"H08.32".to_owned()) && was.contains(&"H08.01".to_owned()));
    let now = Question { level_at: LevelAt::Now, ..question("2026-Q3") };
    let is = agencies_of(&ask(&index, "R1", now.clone()).await);
    assert!(!is.contains(&"H08.32".to_owned()) && !is.contains(&"H08.01".to_owned()));
    assert!(is.contains(&"H08.32.23".to_owned()) && is.contains(&"H08.02".to_owned()));
    // Two took over: it stays, and its level is not known.
    assert!(is.contains(&"H08.31".to_owned()));
    // Merged twice, and split and merged again: who is there today.
    for (was_it, is_it) in [("H08.06", "H21.07"), ("H08.36", "H21.36")] {
        assert!(was.contains(&was_it.to_owned()) && is.contains(&is_it.to_owned()), "{is_it}");
        assert!(!is.contains(&was_it.to_owned()), "{was_it}");
        let asked = Question { agency: Some(is_it.parse().unwrap()), ..now.clone() };
        let asked = ask(&index, "R9", asked).await;
        assert!(count(asked.cell(asked.rows.last().unwrap(), "published").unwrap()) > 0);
    }
    let levels = ask(&index, "R2", now).await;
    let levels: Vec<String> =
        rows(&levels).iter().map(|row| text(row["level"]).to_owned()).collect();
    assert!(!levels.contains(&"district".to_owned()), "{levels:?}");
    assert!(levels.contains(&"unknown".to_owned()), "{levels:?}");
}

#[tokio::test]
async fn a_code_that_was_given_on_is_whose_it_was_when_the_paper_came_in() {
    let folder = tempfile::tempdir().unwrap();
    let index = fixture::write(folder.path()).await;
    let answer = ask(&index, "R1", question("2026-Q3")).await;
    let rows = rows(&answer);
    let whole = |agency: &str| {
        let is_it = |row: &&BTreeMap<&'static str, &Cell>| {
            text(row["agency"]) == agency && text(row["phase"]) == "total"
        };
        rows.iter().find(is_it).unwrap()
    };
    // Who had it until August has another code now, and what it counted and scanned is its own.
    for agency in ["H21.40", "H08.40"] {
        assert_eq!(count(whole(agency)["inventory"]), 60, "{agency}");
        assert!(count(whole(agency)["results"]) > 0, "{agency}");
    }

    // Two that have it at once: nobody can say whose a paper is.
    let shared = agency_keys().into_iter().map(|key| {
        let ambiguous = key.ambiguous || key.key == "H08.40";
        AgencyKeyRow { ambiguous, ..key }
    });
    let shared: Vec<_> = shared.collect();
    fixture::replace(&index, Register::AgencyKeys, &shared).await;
    let answer = ask(&index, "R1", question("2026-Q3")).await;
    let rows = self::rows(&answer);
    let is_it = |row: &&BTreeMap<&'static str, &Cell>| {
        text(row["agency"]) == "H08.40" && text(row["phase"]) == "total"
    };
    let note = text(rows.iter().find(is_it).unwrap()["note"]);
    assert!(note.ends_with("several agencies had this code at once"), "{note}");
}

#[tokio::test]
async fn what_is_decided_for_later_has_not_happened() {
    let folder = tempfile::tempdir().unwrap();
    let index = fixture::write(folder.path()).await;
    let now = Question { level_at: LevelAt::Now, ..question("2026-Q3") };
    let answer = ask(&index, "R9", now).await;
    let rows = rows(&answer);
    for (code, name) in [("H08.41", "Ban Quản lý dự án"), ("H08.42", "Sở Du lịch")] {
        let own = rows.iter().filter(|row| text(row["agency"]) == code);
        let own: Vec<_> = own.collect();
        assert_eq!(own.len(), 1, "{code} in one level");
        assert_eq!((text(own[0]["agency_name"]), text(own[0]["level"])), (name, "province"));
    }
}

#[tokio::test]
async fn a_period_begins_and_ends_at_midnight_in_viet_nam() {
    let folder = tempfile::tempdir().unwrap();
    let mut index = fixture::open(folder.path());
    let document = |number: u32, seen: &str| DocumentRow {
        document_uid: fixture::uid(fixture::Of::Document, number),
        source_uid: fixture::uid(fixture::Of::Source, number),
        version: 1,
        province: "H08".into(),
        ingest_month: seen[..7].into(),
        state: "published".into(),
        signature_state: "ok".into(),
        first_seen_at: at(seen),
        ..DocumentRow::default()
    };
    let documents = vec![
        document(1, "2026-06-14T16:59:59.999999Z"),
        document(2, "2026-06-14T17:00:00Z"),
        document(3, "2026-09-14T16:59:59.999999Z"),
        document(4, "2026-09-14T17:00:00Z"),
    ];
    fixture::append(&mut index, Rows { documents, ..Rows::default() }).await;
    for (period, expected) in [
        ("2026-Q2", 1),
        ("2026-Q3", 2),
        ("2026-Q4", 1),
        ("2026-06", 1),
        ("2026-09", 1),
        ("2026", 4),
        ("2026-06-15..2026-06-15", 1),
        ("2026-09-14..2026-09-15", 2),
    ] {
        let answer = ask(&index, "R9", question(period)).await;
        let total = &rows(&answer)[answer.rows.len() - 1];
        assert_eq!(text(total["level"]), "total");
        assert_eq!(count(total["published"]), expected, "{period}");
    }
    // A period in which nothing came: no percentage, and not 0.
    let answer = ask(&index, "R9", question("2025-Q1")).await;
    assert!(answer.is_without_data());
    assert!(rows(&answer).iter().all(|row| *row["percent"] == Cell::Null));
}

#[tokio::test]
async fn an_agency_is_asked_for_with_those_below_it() {
    let folder = tempfile::tempdir().unwrap();
    let index = fixture::write(folder.path()).await;
    let asked = Question { agency: Some("H08.31".parse().unwrap()), ..question("2026-Q3") };
    for name in ["R1", "R4", "R9", "R12"] {
        let answer = ask(&index, name, asked.clone()).await;
        let codes: Vec<String> = rows(&answer)
            .iter()
            .map(|row| text(row["agency"]).to_owned())
            .filter(|code| code != "total" && !code.starts_with("no date"))
            .collect();
        assert!(!codes.is_empty(), "{name}");
        assert!(codes.iter().all(|code| code.starts_with("H08.31")), "{name}: {codes:?}");
    }
    let nobody = Question { province: Some("H21".parse().unwrap()), ..question("2026-Q3") };
    let answer = ask(&index, "R9", nobody).await;
    assert!(answer.is_without_data());
}

#[tokio::test]
async fn names_of_agencies_are_text_on_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let index = fixture::write(folder.path()).await;
    let answer = ask(&index, "R9", question("2026")).await;
    let page = String::from_utf8(render(&answer, Format::Html).unwrap()).unwrap();
    assert!(page.contains("Số liệu theo hiện trạng kho ngày "), "whatever the period");
    assert!(page.contains("Sở Xây dựng &lt;Phú Yên&gt;") && !page.contains("<Phú"), "escaped");
    let asked = Question { agency: Some("H08.05".parse().unwrap()), ..question("2026") };
    let page = render(&ask(&index, "R9", asked).await, Format::Html).unwrap();
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("Sở Nông nghiệp và Môi trường (H08.05)"), "the name it has today");
}

#[tokio::test]
async fn without_one_stop_units_there_is_no_coverage_and_not_0() {
    let folder = tempfile::tempdir().unwrap();
    let index = fixture::write(folder.path()).await;
    let few = &agencies()[..2];
    fixture::replace(&index, Register::Agencies, few).await;
    fixture::replace(&index, Register::AgencyKeys, &agency_keys()[..1]).await;
    // Neither of the two is a one-stop unit in that quarter.
    let answer = ask(&index, "R3", question("2026-Q3")).await;
    let rows = rows(&answer);
    let total = rows.iter().find(|row| text(row["level"]) == "total").unwrap();
    assert_eq!(*total["percent"], Cell::Null);
    assert_eq!(text(total["note"]), "no data: missing agencies that are one-stop units");
}
