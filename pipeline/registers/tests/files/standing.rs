//! What stands of several imports: counts of the same papers, and posts of the same person.

use sohoa_registers::{Context, Import, Kind, Options, Reading, Rows, Severity, read, tables};
use sohoa_schemas::registers::{ImportHeader, InventoryRow};

use crate::{context, taken, told};

/// An import of counts.
fn counts(at: u32, rows: Vec<InventoryRow>) -> (String, Import) {
    imported(at, Rows::Inventory(rows))
}

fn imported(at: u32, rows: Rows) -> (String, Import) {
    let header = ImportHeader {
        kind: rows.kind().name().into(),
        file_name: String::new(),
        file_sha256: String::new(),
        rows_sha256: String::new(),
        sheet: None,
        imported_at: "2026-11-27T07:00:00Z".parse().unwrap(),
        imported_by: "VP".into(),
        as_of: "2026-11-27".parse().unwrap(),
        rows: rows.len() as u64,
        schema_version: 1,
    };
    (format!("imports/{}/{at}.jsonl", rows.kind()), Import { header, rows })
}

/// The posts that stand after these lists, each as agency, first day and end.
fn posts(lists: &[&str]) -> Vec<String> {
    let read = |(at, list): (usize, &&str)| {
        let text = format!("Mã cán bộ,Mã cơ quan,Từ ngày,Đến ngày,Hệ số,Vai trò\n{list}");
        let reading = taken(Kind::Staff, text.as_bytes(), &[]);
        assert!(reading.is_acceptable(), "{:?}", reading.findings);
        imported(at as u32, reading.rows.unwrap())
    };
    let imports: Vec<_> = lists.iter().enumerate().map(read).collect();
    let rows = tables::staff(&imports, &tables::Agencies::default());
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    rows.iter()
        .map(|row| format!("{} {} {}", row.agency_code, row.from_date, day(row.to_date)))
        .collect()
}

#[test]
fn a_person_in_the_lists_of_two_quarters_fills_one_post() {
    let quarters = ["NV1,H08.12,01/01/2025,,1\n", "NV1,H08.12,01/04/2025,,1\n"];
    let expected = ["H08.12 2025-01-01 2025-04-01", "H08.12 2025-04-01 "];
    assert_eq!(posts(&quarters), expected);
    assert_eq!(posts(&[quarters[1], quarters[0]]), expected, "in whatever order they come");
    let others = ["NV1,H08.12,01/01/2025,,1\n", "NV22,H08.12,01/04/2025,,1\n"];
    assert_eq!(posts(&others), ["H08.12 2025-01-01 ", "H08.12 2025-04-01 "], "two persons");
    let left = ["NV1,H08.12,01/01/2025,01/02/2025,1\n", "NV1,H08.12,01/04/2025,,1\n"];
    assert_eq!(posts(&left)[0], "H08.12 2025-01-01 2025-02-01", "an end that is told stands");

    let moved = ["NV1,H08.12,01/01/2025,,1\n", "NV1,H08.13,01/04/2025,,1\n"];
    assert_eq!(posts(&moved), ["H08.12 2025-01-01 2025-04-01", "H08.13 2025-04-01 "]);
    let halves = ["NV1,H08.12,01/01/2025,,0.5\n", "NV1,H08.13,01/04/2025,,0.5\n"];
    assert_eq!(posts(&halves), ["H08.12 2025-01-01 ", "H08.13 2025-04-01 "], "one post in two");
    let two = ["NV1,H08.12,01/01/2024,,0.5,tiếp nhận\nNV1,H08.12,01/06/2024,,0.5,văn thư\n"];
    assert_eq!(posts(&two), ["H08.12 2024-01-01 ", "H08.12 2024-06-01 "], "two halves of one post");
    let other = [two[0].replace("0.5,văn", "1,văn")];
    assert_eq!(posts(&[&other[0]])[0], "H08.12 2024-01-01 2024-06-01", "another role in full");
    let half = ["NV1,H08.12,01/01/2024,,1\n", "NV1,H08.12,01/04/2024,01/10/2024,0.5\n"];
    let back =
        ["H08.12 2024-01-01 2024-04-01", "H08.12 2024-10-01 ", "H08.12 2024-04-01 2024-10-01"];
    assert_eq!(posts(&half), back, "what ends by itself is an interruption");
    let then = [half[0], half[1], "NV1,H08.12,01/01/2025,,1\n"];
    assert_eq!(posts(&then)[1], "H08.12 2024-10-01 2025-01-01");
    let lent = ["NV1,H08.12,01/01/2025,,1\nNV1,H08.13,01/04/2025,01/05/2025,1\n"];
    assert_eq!(posts(&lent)[0], "H08.12 2025-01-01 ", "whoever was lent comes back");
}

#[test]
fn years_are_counted_once() {
    let header = "Mã cơ quan,Mã TTHC,Năm,Số lượng,Ngày kiểm kê\n";
    let of = |rows: &str, known: &[InventoryRow]| {
        let hide = |text: &str| text.to_owned();
        let context = Context { inventory: known.to_vec(), ..context(&hide, &[]) };
        let text = format!("{header}{rows}");
        read(("tep.csv", text.as_bytes()), Kind::Inventory, &Options::default(), &context)
    };
    let reading = of(
        "H08.12,1.004873,2016-2021,100,01/02/2020\n\
         H08.12,1.004873,2016,50,01/02/2020\n\
         H08.12,1.004873,2017-2021,50,01/02/2020\n\
         H08.12,1.004874,2016,5,01/02/2020\n\
         H08.12,,2016,70,01/02/2020\n\
         H08.13,,2016,70,01/02/2020\n",
        &[],
    );
    let expected =
        ["3  overlap", "4  overlap", "5  overlap", "2  overlap", "3  overlap"].map(str::to_owned);
    let mut all = told(&reading);
    all.sort();
    let mut wanted = expected.to_vec();
    wanted.sort();
    assert_eq!(all, wanted);
    assert_eq!(reading.errors, 2, "beside a count of all procedures it is a warning");
    let named = reading.findings.iter().find(|f| f.severity == Severity::Error).unwrap();
    assert!(named.row == Some(3) && named.expected.contains("row 2 (2016-2021)"), "{named}");

    let counted = |text: &str| {
        let Some(Rows::Inventory(rows)) = of(text, &[]).rows else { panic!() };
        rows
    };
    let known = counted("H08.12,1.004873,2016-2021,100,01/02/2020\n");
    let part = of("H08.12,1.004873,2016,50,01/02/2024\n", &known);
    assert_eq!((told(&part), part.errors), (vec!["2  overlap".to_owned()], 1));
    assert!(part.findings[0].expected.contains("2016-2021"), "{}", part.findings[0]);
    let whole = "H08.12,1.004873,2016,50,01/02/2024\nH08.12,1.004873,2017-2021,60,01/02/2024\n";
    assert_eq!(told(&of(whole, &known)), Vec::<String>::new());
    let late = of("H08.12,1.004873,2016-2021,100,01/02/2020\n", &counted(whole));
    assert_eq!(late.errors, 2, "an older count after the newer ones");

    // The tables hold the newer ones alone, also of imports from before this was told.
    let imports = [counts(1, known), counts(2, counted(whole))];
    let table = |imports: &[(String, Import)]| {
        let rows = tables::inventory(imports, &tables::Agencies::default());
        let mut counts: Vec<_> = rows.iter().map(|row| row.valid_paper_count).collect();
        counts.sort_unstable();
        counts
    };
    assert_eq!(table(&imports), [50, 60]);
    let [first, second] = imports;
    assert_eq!(table(&[second, first]), [50, 60], "in whatever order they came");
}

/// H08.11 was taken over by H08.12.
fn merged() -> tables::Agencies {
    let list = "Mã định danh,Tên,Cấp,Đến ngày,Sáp nhập vào\n\
                H08.12,Sở A,tỉnh,,\nH08.11,Sở B,tỉnh,01/03/2023,H08.12\n";
    let rows = taken(Kind::Agencies, list.as_bytes(), &[]).rows.unwrap();
    tables::Agencies::new(&tables::agencies(&[imported(0, rows)]))
}

#[test]
fn papers_that_another_import_counted_by_procedure_or_as_a_whole_are_not_counted_again() {
    let header = "Mã cơ quan,Mã TTHC,Năm,Số lượng,Ngày kiểm kê,Phương pháp\n";
    let of = |rows: &str, known: &[InventoryRow]| {
        let hide = |text: &str| text.to_owned();
        let register = merged();
        let context = Context { inventory: known.to_vec(), register, ..context(&hide, &[]) };
        let text = format!("{header}{rows}");
        read(("tep.csv", text.as_bytes()), Kind::Inventory, &Options::default(), &context)
    };
    let counted = |text: &str, known: &[InventoryRow]| {
        let reading = of(text, known);
        assert!(reading.is_acceptable(), "{:?}", reading.findings);
        let Some(Rows::Inventory(rows)) = reading.rows else { panic!() };
        rows
    };
    let whole = "H08.12,,2016-2021,1000,01/02/2020,\n";
    let parts =
        "H08.12,1.004873,2016-2021,600,01/02/2024,\nH08.12,1.004874,2016-2021,400,01/02/2024,\n";
    let known = counted(whole, &[]);
    let reading = of(parts, &known);
    assert_eq!(
        (told(&reading), reading.errors),
        (vec!["2  overlap".into(), "3  overlap".into()], 2)
    );
    let said = &reading.findings[0].expected;
    assert!(said.contains("all procedures") && said.contains("1000 papers"), "{said}");
    let narrower = of(whole, &counted(parts, &[]));
    assert_eq!(narrower.errors, 1, "{:?}", narrower.findings);
    assert!(narrower.findings[0].expected.contains("and 1 more counts"), "{narrower:?}");

    // Taken back by a row of its own, it stands nowhere, whatever its number says.
    let back = format!("{parts}H08.12,,2016-2021,1000,01/02/2024,Rút\n");
    assert_eq!(told(&of(&back, &known)), Vec::<String>::new());
    let imports = [counts(1, known.clone()), counts(2, counted(&back, &known))];
    let table = |imports: &[(String, Import)]| {
        let rows = tables::inventory(imports, &tables::Agencies::default());
        rows.iter().map(|row| row.valid_paper_count).sum::<i64>()
    };
    assert_eq!(table(&imports), 1000);
    let [first, second] = imports;
    assert_eq!(table(&[second, first]), 1000, "in whatever order they came");
    // Both in one file are somebody's word, and he is asked only.
    let both = format!("{whole}{parts}");
    assert_eq!(of(&both, &known).errors, 0, "{:?}", of(&both, &known).findings);

    let merged = counted("H08.11,,2016-2021,1000,01/02/2020,\n", &[]);
    let after = "H08.12,1.004873,2016,600,01/02/2024,\n";
    let reading = of(after, &merged);
    assert_eq!((told(&reading), reading.errors), (vec!["2  overlap".into()], 0));
    assert!(reading.findings[0].expected.contains("predecessor"), "{}", reading.findings[0]);
    let back = format!("{after}H08.11,,2016-2021,0,01/02/2024,withdrawn\n");
    assert_eq!(told(&of(&back, &merged)), Vec::<String>::new());
}

/// Agencies by lists of them: code, name, its code before, first day.
fn agencies(lists: &[&str]) -> tables::Agencies {
    let read = |(at, list): (usize, &&str)| {
        let text = format!("Mã định danh,Tên,Cấp,Mã cũ,Từ ngày\n{list}");
        let reading = taken(Kind::Agencies, text.as_bytes(), &[]);
        assert!(reading.is_acceptable(), "{:?}", reading.findings);
        imported(at as u32, reading.rows.unwrap())
    };
    let imports: Vec<_> = lists.iter().enumerate().map(read).collect();
    tables::Agencies::new(&tables::agencies(&imports))
}

/// Reads counts of years, beside those of these imports.
fn beside(rows: &str, imports: &[(String, Import)], register: &[&str]) -> Reading {
    let hide = |text: &str| text.to_owned();
    let register = agencies(register);
    let inventory = tables::held(imports, &register);
    // Counts may come before their agency.
    let accept_unknown = true;
    let context = Context { inventory, register, accept_unknown, ..context(&hide, &[]) };
    let text = format!("Mã cơ quan,Mã TTHC,Năm,Số lượng,Ngày kiểm kê,Phương pháp\n{rows}");
    read(("tep.csv", text.as_bytes()), Kind::Inventory, &Options::default(), &context)
}

/// Imports of these files one after the other.
fn in_turn(files: &[&str], register: &[&str]) -> Vec<(String, Import)> {
    let mut imports = Vec::new();
    for rows in files {
        let reading = beside(rows, &imports, register);
        assert!(reading.is_acceptable(), "{:?}", reading.findings);
        imports.push(imported(imports.len() as u32, reading.rows.unwrap()));
    }
    imports
}

/// The counts that stand, each with its code.
fn stand(imports: &[(String, Import)], register: &[&str]) -> Vec<String> {
    let rows = tables::inventory(imports, &agencies(register));
    let mut told: Vec<_> =
        rows.iter().map(|row| format!("{} {}", row.agency_code, row.valid_paper_count)).collect();
    let mut identities: Vec<_> = rows.iter().map(|row| row.inventory_uid).collect();
    identities.sort();
    identities.dedup();
    assert_eq!(identities.len(), rows.len(), "one identity a row");
    told.sort();
    told
}

#[test]
fn a_count_is_of_the_agency_that_had_the_code_on_its_day() {
    let register = [
        "H08.9,Sở A,tỉnh,,\nH08.50,Trung tâm B,tỉnh,,\n",
        "H21.9,Sở A,tỉnh,H08.9,01/07/2025\nH08.9,Trung tâm B,tỉnh,H08.50,01/01/2026\n",
    ];
    let old = "H08.9,,2016-2021,1000,01/02/2020,\n";
    let anew = "H21.9,,2016-2021,1100,01/08/2025,\n";
    let imports = in_turn(&[old, anew], &register);
    assert_eq!(stand(&imports, &register), ["H21.9 1100"], "one agency counts its papers once");
    assert_eq!(told(&beside(old, &imports, &register)), Vec::<String>::new(), "the same again");
    let part = beside("H21.9,,2016,50,01/08/2025,\n", &imports[..1], &register);
    assert_eq!(part.errors, 1, "{:?}", part.findings);

    // Who withdrew under the old code what it counts under the new one.
    let both = format!("{anew}H08.9,,2016-2021,1000,01/08/2025,rút\n");
    let reading = beside(&both, &imports[..1], &register[..1]);
    let imports = [imports[0].clone(), imported(1, reading.rows.unwrap())];
    assert_eq!(stand(&imports, &register), ["H21.9 1100"], "also of an agency that came later");
    let reading = beside(
        "H21.9,,2016-2021,1100,01/08/2025,\n\
                          H08.9,,2016-2021,1000,01/02/2020,rút\n",
        &imports[..1],
        &register,
    );
    assert_eq!(told(&reading), Vec::<String>::new());

    // And who does so later, in a file of its own or of a list that has both.
    let later = "H08.9,,2016-2021,1000,01/10/2025,rút\n";
    for last in [later.to_owned(), format!("{anew}{later}")] {
        let imports = in_turn(&[old, anew, &last], &register);
        assert_eq!(stand(&imports, &register), ["H21.9 1100"], "{last}");
    }
    let reading = beside(later, &in_turn(&[old, anew], &register), &register);
    assert_eq!((reading.errors, told(&reading).len()), (0, 1), "nothing is left of that code");

    // The code's next holder counts its own papers.
    let longer = "H08.9,,2010-2021,1000,01/02/2020,\n";
    let next = "H08.9,,2016-2021,7,01/02/2026,\n";
    assert_eq!(stand(&in_turn(&[longer, next], &register), &register), ["H08.9 1000", "H08.9 7"]);
    assert_eq!(stand(&in_turn(&[old, next], &register), &register), ["H08.9 1000", "H08.9 7"]);
}

#[test]
fn what_was_withdrawn_comes_back_with_a_later_day_only() {
    let count = "H08.12,,2016-2021,1000,01/02/2020,\n";
    let back = "H08.12,,2016-2021,1000,01/02/2024,rút\n";
    let imports = in_turn(&[count, back], &[]);
    assert_eq!(stand(&imports, &[]), Vec::<String>::new());
    let again = beside(count, &imports, &[]);
    assert_eq!(again.errors, 1, "{:?}", again.findings);
    assert!(again.findings[0].expected.contains("withdrawn on 2024-02-01"), "{again:?}");
    assert_eq!(told(&beside(back, &imports, &[])), Vec::<String>::new(), "the same again");
    let later = "H08.12,,2016-2021,1000,02/02/2024,\n";
    let imports = in_turn(&[count, back, later], &[]);
    assert_eq!(stand(&imports, &[]), ["H08.12 1000"]);
    assert_eq!(told(&beside(count, &imports, &[])), Vec::<String>::new(), "it does not matter");

    // Of what was withdrawn only some years were counted anew.
    let first = "H08.12,,2016,5,01/02/2020,\nH08.12,,2017,7,01/02/2020,\n";
    let some = "H08.12,,2016,6,01/02/2025,\n";
    let imports = in_turn(&[first, back, some], &[]);
    assert_eq!(stand(&imports, &[]), ["H08.12 6"]);
    assert_eq!(beside("H08.12,,2017,7,01/02/2020,\n", &imports, &[]).errors, 1);
    assert_eq!(told(&beside("H08.12,,2017,7,01/02/2025,\n", &imports, &[])), Vec::<String>::new());
}

#[test]
fn a_withdrawal_of_nothing_says_so() {
    let imports = in_turn(&["H08.12,,2016,1000,01/02/2020,\n"], &[]);
    for nothing in [
        "H08.12,,2017,1000,01/02/2024,rút\n",
        "H08.12,1.004873,2016,1000,01/02/2024,rút\n",
        "H08.13,,2016,1000,01/02/2024,rút\n",
        "H08.12,,2016,1000,01/02/2019,rút\n",
    ] {
        let reading = beside(nothing, &imports, &[]);
        assert_eq!(
            (told(&reading), reading.errors),
            (vec!["2  overlap".to_owned()], 0),
            "{nothing}"
        );
    }
}

#[test]
fn counts_with_and_without_years_are_told_of_once() {
    let whole = "H08.12,,,1000,01/02/2020,\n";
    let years = "H08.12,,2016,600,01/02/2024,\nH08.12,1.004873,2017,400,01/02/2024,\n";
    let imports = in_turn(&[whole], &[]);
    let reading = beside(years, &imports, &[]);
    assert_eq!(
        (told(&reading), reading.errors),
        (vec!["2  overlap".into(), "3  overlap".into()], 0)
    );
    let said = &reading.findings[0].expected;
    assert!(said.contains("no year (on 2020-02-01, 1000 papers)"), "{said}");
    let back = format!("{years}H08.12,,,1000,01/02/2024,rút\n");
    let overlaps =
        |reading: &Reading| told(reading).iter().filter(|f| f.contains("overlap")).count();
    assert_eq!(overlaps(&beside(&back, &imports, &[])), 0);
    assert_eq!(stand(&in_turn(&[whole, &back], &[]), &[]), ["H08.12 400", "H08.12 600"]);

    let imports = in_turn(&[whole, years], &[]);
    assert_eq!(overlaps(&beside(years, &imports, &[])), 0, "whoever was asked is not asked again");
    assert_eq!(overlaps(&beside(whole, &in_turn(&[years], &[]), &[])), 1, "in whatever order");
    let both = beside(&format!("{years}{whole}"), &[], &[]);
    assert_eq!((overlaps(&both), both.errors), (1, 0), "{:?}", both.findings);
    let other =
        format!("H08.12,1.004873,2017,400,01/02/2024,\n{}", whole.replace(",,,", ",1.004874,,"));
    assert_eq!(overlaps(&beside(&other, &[], &[])), 0, "of other procedures");
}

#[test]
fn what_one_file_counted_side_by_side_is_brought_up_to_date_in_parts() {
    let all = "H08.12,,2016,1000,01/02/2024,\nH08.12,1.004873,2016,600,01/02/2024,\n";
    let imports = in_turn(&[all], &[]);
    let part = beside("H08.12,1.004873,2016,610,01/02/2025,\n", &imports, &[]);
    assert_eq!((told(&part), part.errors), (vec!["2  overlap".to_owned()], 0));
    let new = beside("H08.12,1.004874,2016,400,01/02/2025,\n", &imports, &[]);
    assert_eq!(new.errors, 1, "nobody was asked about these");
    let years = beside("H08.12,1.004873,2016-2017,610,01/02/2025,\n", &imports, &[]);
    assert_eq!(years.errors, 1, "nor about further years: {:?}", years.findings);
}
