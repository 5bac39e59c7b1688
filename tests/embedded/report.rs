//! The province's reports over what a run published.

use crate::support::World;

#[test]
fn reports_count_what_a_run_published_and_say_what_is_missing() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "2"]);
    assert_eq!(world.run(&[]).exit, 0);
    let whole = ["--period", "2000-01-01..2199-12-31", "--output", "out"];
    let ask =
        |name: &str, more: &[&str]| world.sohoa(&[&["report", name][..], &whole, more].concat());

    // By the key that a run without configuration makes: signed, and not legally.
    let ran = ask("signature-compliance", &["--format", "json"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let total = answer["rows"].as_array().unwrap().last().unwrap();
    let documents = world.number("select count(*) as n from documents");
    assert_eq!(answer["report"], "R9");
    assert_eq!(total["level"], "total");
    assert_eq!(total["published"], documents);
    assert_eq!(total["percent"], 100.0);
    assert!(total["note"].as_str().unwrap().contains("test key"), "{total}");

    // Nobody imported an inventory: no percentage, and no 0.
    let ran = ask("R1", &[]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("no data: missing inventory"), "{}", ran.stdout);
    assert!(ran.stderr.contains("sohoa import"), "{}", ran.stderr);

    let page = world.path("R1.html");
    assert_eq!(ask("R1", &["--to", page.to_str().unwrap()]).exit, 0);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("Không có số liệu: thiếu số kiểm kê"), "{page}");

    // What was handed to somebody stands in the audit trail, with its hash.
    let told = world.query(
        "select details from events where action = 'reported' and subject_kind = 'index' \
         order by seq",
    );
    assert_eq!(told.len(), 3);
    let last = told[2]["details"].as_str().unwrap();
    assert!(last.contains("\"report\":\"R1\"") && last.contains("R1.html"), "{last}");
    assert_eq!(world.sohoa(&["audit", "--events", "--output", "out"]).exit, 0);

    // The SQL that is printed answers in `sohoa query` as well.
    let sql = ask("R9", &["--format", "sql"]).stdout;
    let row = world.query(&sql).pop().unwrap();
    assert_eq!(row["published"], documents);
}

#[test]
fn a_report_that_is_asked_for_wrongly_says_how() {
    let world = World::new();
    std::fs::create_dir_all(world.path("out/index")).unwrap();
    let list = world.sohoa(&["report", "list"]);
    assert_eq!(list.exit, 0, "{}", list.stderr);
    assert!(list.stdout.contains("R15") && list.stdout.contains("phase-progress"));
    for (wrong, hint) in [
        (&["R16", "--period", "2026-Q3"][..], "sohoa report list"),
        (&["R1", "--period", "2026-Q5"][..], "2026-Q3"),
        (&["R1", "--period", "2026-Q3", "--agency", "H08' or 1=1"][..], "agency code"),
        (&["R1", "--period", "2026-Q3", "--to", "r1.docx"][..], "--format"),
        (&["R15", "--period", "2026-Q3", "--agency", "H08"][..], "without --agency"),
        (&["R1"][..], "--period"),
    ] {
        let ran = world.sohoa(&[&["report"][..], wrong, &["--output", "out"]].concat());
        assert_eq!(ran.exit, 1, "{wrong:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(hint), "{wrong:?}: {}", ran.stderr);
    }
}

#[test]
fn scans_of_which_nobody_says_what_they_are_give_a_percentage_when_somebody_has() {
    let world = World::with_samples(&["--dossiers", "2", "--documents", "2"]);
    for manifest in world.named("samples/scans", "manifest.json") {
        std::fs::remove_file(manifest).unwrap();
    }
    let config = world.write(
        "sohoa.toml",
        "[agency]\nprovince = \"H08\"\ncode = \"H08.12\"\nname = \"Sở Mẫu\"\n",
    );
    let config = ["--config", config.as_str()];
    assert_eq!(world.run(&config).exit, 0);
    // One number for the papers of all years.
    let counted = "Mã cơ quan,Từ năm,Đến năm,Số lượng\nH08.12,1950,2026,8\n";
    let file = world.write("kiem-ke.csv", counted);
    let import = ["import", "inventory", &file, "--output", "out", "--by", "VP"];
    assert_eq!(world.sohoa(&[&import[..], &config].concat()).exit, 0);
    let total = || {
        let ask = ["report", "R1", "--period", "2000-01-01..2199-12-31", "--output", "out"];
        let ran = world.sohoa(&[&ask[..], &["--format", "json"]].concat());
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        let answer: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        answer["rows"].as_array().unwrap().last().unwrap().clone()
    };
    let blind = total();
    assert_eq!((&blind["inventory"], &blind["results"]), (&8.into(), &0.into()));
    assert!(blind["percent"].is_null() && blind["role_unknown"].as_i64() > Some(0), "{blind}");
    assert!(blind["note"].as_str().unwrap().starts_with("no data: missing doc_role"), "{blind}");

    let list = ["amend", "--list", "--output", "out", "--field", "vai trò,hiệu lực"];
    let listed = world.sohoa(&[&list[..], &["--csv", "todo.csv"], &config].concat());
    assert_eq!(listed.exit, 0, "{}", listed.stderr);
    let todo = std::fs::read_to_string(world.path("todo.csv")).unwrap();
    let filled = todo
        .replace(",doc_role,,", ",doc_role,kết quả,")
        .replace(",validity_status,,", ",validity_status,còn hiệu lực,");
    world.write("todo.csv", &filled);
    let amend = ["amend", "todo.csv", "--output", "out", "--by", "Lan"];
    let done = world.sohoa(&[&amend[..], &config].concat());
    assert_eq!(done.exit, 0, "{}", done.stderr);
    assert!(world.sohoa(&[&list[..], &config].concat()).stdout.contains("0 values are missing"));

    let seen = total();
    let papers = world.number(
        "select count(*) as n from documents where parent_document_uid is null \
         and document_year between 1950 and 2026",
    );
    assert!(papers > 0);
    assert_eq!(seen["role_unknown"], 0);
    let outside = seen["outside_inventory"].as_i64().unwrap();
    assert_eq!(seen["digitised_ok"].as_i64().unwrap() - outside, papers, "{seen}");
    let share = seen["percent"].as_f64().unwrap();
    assert!((share - 100.0 * papers as f64 / 8.0).abs() < 1e-9, "{seen}");
    world.audit();
}

/// The case system names the agency that decides, the counter the one it belongs to: two identities of
/// a dossier, and one code.
#[test]
fn what_the_counter_tells_is_told_of_the_listed_dossier() {
    let world = World::new();
    let config = world.write("sohoa.toml", "[agency]\nprovince = \"H21\"\ncode = \"H21.5\"\n");
    let dossiers = world.write(
        "ho-so.csv",
        "Mã hồ sơ,Ngày tiếp nhận,Mã cơ quan giải quyết\nH21.5-260701-0001,01/07/2026 08:00,H21\n\
         H21.5-260701-0002,01/07/2026 08:10,\nH21.5-260701-0003,01/07/2026 08:20,\n",
    );
    let events = world.write(
        "quay.csv",
        "Mã hồ sơ,Hành động,Thời điểm,Tái sử dụng từ\n\
         H21.5-260701-0001,component_reused,01/07/2026 08:05,tỉnh\n\
         H21.5-260701-0001,dossier_received,01/07/2026 08:00,\n\
         H21.5-260701-0001,dossier_accepted,01/07/2026 08:12,\n\
         H21.5-260701-0002,dossier_received,01/07/2026 08:10,\n",
    );
    for (kind, file) in [("dossiers", &dossiers), ("events", &events)] {
        let import = ["import", kind, file, "--output", "out", "--by", "VP", "--config", &config];
        let ran = world.sohoa(&import);
        assert_eq!(ran.exit, 0, "{kind}: {}", ran.stderr);
    }
    let of = |name: &str, period: &str| {
        let ask = ["report", name, "--period", period, "--output", "out", "--format", "json"];
        let ran = world.sohoa(&ask);
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        let answer: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        answer["rows"].as_array().unwrap().last().unwrap().clone()
    };
    let total = |name: &str| of(name, "2026-07");
    let reuse = total("R6");
    assert_eq!((&reuse["received"], &reuse["reused"]), (&3.into(), &1.into()), "{reuse}");
    let times = total("R10");
    assert_eq!((&times["received"], &times["unknown"]), (&3.into(), &2.into()), "{times}");
    assert_eq!(times["mean"], 12.0, "{times}");
    // Days without an hour say nothing of minutes: what the case system counted does.
    let days = world.write(
        "ngay.csv",
        "Mã hồ sơ,Ngày tiếp nhận,Ngày chấp nhận,Giờ lấy số,Giờ gọi,Phút xử lý,Phút chờ\n\
         H21.5-260801-0001,01/08/2026,01/08/2026,01/08/2026,01/08/2026,,\n\
         H21.5-260801-0002,01/08/2026,01/08/2026 09:10,01/08/2026,01/08/2026 09:00,20,4\n",
    );
    let import =
        ["import", "dossiers", &days, "--output", "out", "--by", "VP", "--config", &config];
    let ran = world.sohoa(&import);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let times = of("R10", "2026-08");
    assert_eq!((&times["received"], &times["unknown"]), (&2.into(), &1.into()), "{times}");
    assert_eq!((&times["mean"], &times["waiting_mean"]), (&20.0.into(), &4.0.into()), "{times}");
}
