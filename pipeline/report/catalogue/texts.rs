//! The reports in words.

use super::{Chart, Mark, Pick, Report};

/// What every percentage over dossiers has in common.
const CERTAIN: &str = "Hồ sơ chưa rõ vẫn nằm trong mẫu số: tỷ lệ là phần chắc chắn đạt được. Nếu không có \
    số liệu nào thì không tính tỷ lệ.";
const RECEIVED: &str = "Tính trên hồ sơ tiếp nhận trong kỳ (không kể hồ sơ có trạng thái 0, 1, 3: chưa tiếp \
    nhận). Hồ sơ không có ngày tiếp nhận được nêu ở dòng riêng.";
const RESOLVED: &str = "Tính trên hồ sơ giải quyết xong trong kỳ. Hồ sơ đã giải quyết nhưng không có ngày \
    giải quyết được nêu ở dòng riêng.";
const BY_AGENCY: &[Pick] = &[Pick::Part("agency")];

/// The reports, in the order of their numbers.
pub static REPORTS: [Report; 15] = [
    Report {
        name: "R1",
        slug: "phase-progress",
        title: "Tiến độ số hóa theo giai đoạn",
        sentence: "Bao nhiêu kết quả còn hiệu lực đã số hóa so với số kiểm kê, theo cơ quan và giai đoạn",
        sentence_en: "How much of the inventory is digitised, by agency and phase",
        inputs: &["documents", "inventory"],
        also: &["signatures", "agencies", "agency_keys"],
        method: &[
            "Tỷ lệ = kết quả đã số hóa có chữ ký số hợp lệ của cơ quan và còn hiệu lực, tính đến hết kỳ, \
             chia cho số kiểm kê. Kế hoạch, quy chế, danh sách ban hành kèm quyết định tính cùng quyết định.",
            "Một văn bản có trong nhiều hồ sơ của cùng cơ quan (cùng số, ký hiệu, cơ quan ban hành và ngày) chỉ tính \
             một lần; số lần gặp lại nêu ở cột riêng. Văn bản ký bằng khóa thử nghiệm nêu ở cột riêng và ở ghi chú.",
            "Năm in trong hai giai đoạn (1996, 2006, 2016) chỉ tính vào giai đoạn thực hiện trước, nên không \
             có văn bản nào bị tính hai lần. Giai đoạn 0: văn bản điện tử từ năm 2022. Văn bản không đọc \
             được năm ở dòng “Chưa rõ”.",
            "Chỉ tính văn bản có vai trò là kết quả. Văn bản chưa rõ vai trò hoặc hiệu lực không vào tử số, nêu ở \
             cột riêng; nếu chỉ có những văn bản ấy thì không tính tỷ lệ. Vai trò và hiệu lực bổ sung bằng \
             lệnh sohoa amend.",
            "Còn hiệu lực: được ghi là còn hiệu lực, và ngày hết hiệu lực (nếu có) không trước ngày cuối kỳ. Cơ \
             quan lưu giữ lấy theo hồ sơ gửi kèm, nếu không có thì theo cấu hình; còn văn bản chưa rõ cơ quan lưu giữ \
             thì không tính tỷ lệ cho cơ quan chưa có văn bản nào.",
            "Tử số và mẫu số của mọi dòng, kể cả dòng tổng, chỉ gồm cơ quan và giai đoạn đã có số kiểm kê. Văn \
             bản đã số hóa ngoài số kiểm kê (giai đoạn chưa kiểm kê, điện tử từ năm 2022, chưa rõ năm) nêu ở \
             cột riêng. Số kiểm kê chung cho nhiều giai đoạn chỉ so ở dòng tổng.",
        ],
        basis: "Kế hoạch số hóa của tỉnh, các giai đoạn theo năm hình thành văn bản; hoàn thành trước 31/12/2025",
        sql: include_str!("../../../schemas/reports/r01_phase_progress.sql"),
        chart: Chart {
            caption: "Tỷ lệ số hóa theo giai đoạn (%)",
            label: &["phase"],
            value: "percent",
            mark: Mark::None,
            rows: &[Pick::Total("agency")],
        },
    },
    Report {
        name: "R2",
        slug: "level-attainment",
        title: "Mức đạt chỉ tiêu số hóa theo cấp",
        sentence: "Tỷ lệ số hóa của từng cấp so với chỉ tiêu của kế hoạch",
        sentence_en: "Share digitised by level, beside the target of the level",
        inputs: &["documents", "inventory"],
        also: &["targets", "signatures", "agencies", "agency_keys"],
        method: &[
            "Tỷ lệ tính như báo cáo R1, gộp theo cấp của cơ quan; dòng tổng bằng dòng tổng của R1. Văn bản thuộc số \
             kiểm kê tính theo cấp của số kiểm kê, vì cơ quan cũng lưu văn bản do cấp khác ban hành. Văn bản ngoài \
             số kiểm kê tính theo cấp ban hành, nêu ở cột riêng cùng văn bản chưa rõ vai trò hoặc hiệu lực.",
            "Chỉ tiêu: mốc gần nhất phải đạt vào hoặc sau ngày cuối kỳ; nếu không còn mốc nào thì lấy mốc \
             cuối cùng.",
        ],
        basis: "Chỉ tiêu 30/20/15 % (tỉnh/huyện/xã) đến 12/2021, mỗi năm thêm 20 điểm đến 100 %",
        sql: include_str!("../../../schemas/reports/r02_level_attainment.sql"),
        chart: Chart {
            caption: "Tỷ lệ số hóa theo cấp (%)",
            label: &["level"],
            value: "percent",
            mark: Mark::Column("target", "Chỉ tiêu"),
            rows: &[],
        },
    },
    Report {
        name: "R3",
        slug: "unit-coverage",
        title: "Bộ phận Một cửa thực hiện số hóa",
        sentence: "Bao nhiêu Bộ phận Một cửa có hồ sơ số hóa trong kỳ",
        sentence_en: "One-stop units that digitised in the period, of all there are",
        inputs: &["agencies", "documents", "dossiers"],
        also: &["targets"],
        method: &[
            "Đơn vị có số hóa: có ít nhất một văn bản, thuộc hồ sơ do đơn vị tiếp nhận, được đưa vào kho \
             trong kỳ. Danh sách đơn vị lấy tại ngày cuối kỳ.",
            "Xã vùng sâu, vùng xa, đặc biệt khó khăn nêu riêng, không tính vào dòng tổng. Nếu không hồ sơ nào \
             trong kỳ ghi đơn vị tiếp nhận thì không tính tỷ lệ.",
            "Dòng “Chưa rõ”: hồ sơ không xác định được đơn vị tiếp nhận.",
        ],
        basis: "50 % đơn vị cấp huyện, 30 % cấp xã đến 5/2022, mỗi năm thêm 30 % đến 100 %",
        sql: include_str!("../../../schemas/reports/r03_unit_coverage.sql"),
        chart: Chart {
            caption: "Tỷ lệ đơn vị thực hiện số hóa (%)",
            label: &["level", "area"],
            value: "percent",
            mark: Mark::Column("target", "Chỉ tiêu"),
            rows: &[],
        },
    },
    Report {
        name: "R4",
        slug: "component-digitisation",
        title: "Số hóa thành phần hồ sơ",
        sentence: "Tỷ lệ hồ sơ tiếp nhận có ít nhất một thành phần được số hóa",
        sentence_en: "Dossiers taken in with at least one digitised component",
        inputs: &["dossiers"],
        also: &["documents", "agencies"],
        method: &[
            RECEIVED,
            "Đã số hóa: hệ thống một cửa ghi nhận, hoặc có thành phần của hồ sơ trong kho.",
            CERTAIN,
        ],
        basis: "Nhóm chỉ số số hóa hồ sơ, Quyết định 766/QĐ-TTg",
        sql: include_str!("../../../schemas/reports/r04_component_digitisation.sql"),
        chart: Chart {
            caption: "Tỷ lệ hồ sơ có thành phần được số hóa (%)",
            label: &["agency", "agency_name"],
            value: "percent",
            mark: Mark::None,
            rows: BY_AGENCY,
        },
    },
    Report {
        name: "R5",
        slug: "result-digitisation",
        title: "Số hóa kết quả giải quyết thủ tục hành chính",
        sentence: "Tỷ lệ hồ sơ đã giải quyết có kết quả được số hóa hoặc thuộc thủ tục không có kết quả",
        sentence_en: "Resolved dossiers whose result is digitised, or that end in none",
        inputs: &["dossiers", "documents"],
        also: &["procedures", "agencies"],
        method: &[
            RESOLVED,
            "Đã số hóa: hệ thống một cửa ghi nhận, hoặc có kết quả của hồ sơ trong kho. Thủ tục không có kết \
             quả lấy từ danh mục thủ tục hành chính.",
            CERTAIN,
        ],
        basis: "Nhóm chỉ số số hóa hồ sơ, Quyết định 766/QĐ-TTg",
        sql: include_str!("../../../schemas/reports/r05_result_digitisation.sql"),
        chart: Chart {
            caption: "Tỷ lệ hồ sơ có kết quả được số hóa (%)",
            label: &["agency", "agency_name"],
            value: "percent",
            mark: Mark::None,
            rows: BY_AGENCY,
        },
    },
    Report {
        name: "R6",
        slug: "reuse",
        title: "Khai thác, sử dụng lại dữ liệu số hóa",
        sentence: "Tỷ lệ hồ sơ sử dụng lại giấy tờ đã số hóa, và lấy từ Cổng Dịch vụ công quốc gia",
        sentence_en: "Dossiers that reuse what was digitised before, and from the national portal",
        inputs: &["dossiers"],
        also: &["agencies", "events"],
        method: &[
            RECEIVED,
            "Tỷ lệ = hồ sơ có thành phần được sử dụng lại / hồ sơ tiếp nhận. Sự kiện sử dụng lại do Bộ phận Một \
             cửa ghi nhận được tính cả khi phần mềm chưa nêu.",
            CERTAIN,
        ],
        basis: "Nhóm chỉ số số hóa hồ sơ, Quyết định 766/QĐ-TTg",
        sql: include_str!("../../../schemas/reports/r06_reuse.sql"),
        chart: Chart {
            caption: "Tỷ lệ hồ sơ sử dụng lại dữ liệu số hóa (%)",
            label: &["agency", "agency_name"],
            value: "percent",
            mark: Mark::None,
            rows: BY_AGENCY,
        },
    },
    Report {
        name: "R7",
        slug: "electronic-results",
        title: "Cấp kết quả điện tử",
        sentence: "Tỷ lệ hồ sơ đã giải quyết có kết quả được cấp dưới dạng điện tử",
        sentence_en: "Resolved dossiers whose result was issued electronically",
        inputs: &["dossiers"],
        also: &["documents", "agencies"],
        method: &[
            RESOLVED,
            "Kết quả điện tử: hệ thống một cửa ghi nhận, hoặc kết quả trong kho là bản điện tử gốc có chữ ký \
             số hợp lệ của cơ quan. Bản số hóa từ giấy không tính.",
            CERTAIN,
        ],
        basis: "Chỉ tiêu cấp kết quả điện tử của tỉnh",
        sql: include_str!("../../../schemas/reports/r07_electronic_results.sql"),
        chart: Chart {
            caption: "Tỷ lệ kết quả điện tử (%)",
            label: &["agency", "agency_name"],
            value: "percent",
            mark: Mark::None,
            rows: BY_AGENCY,
        },
    },
    Report {
        name: "R8",
        slug: "no-resubmission",
        title: "Không yêu cầu nộp lại giấy tờ",
        sentence: "Tỷ lệ hồ sơ không bị yêu cầu nộp lại giấy tờ đã được chấp nhận trước đó",
        sentence_en: "Dossiers for which no accepted paper was asked again",
        inputs: &["dossiers"],
        also: &["agencies", "events", "targets"],
        method: &[
            RECEIVED,
            "Tỷ lệ = hồ sơ không bị yêu cầu nộp lại / hồ sơ tiếp nhận. Sự kiện yêu cầu nộp lại do Bộ phận Một cửa \
             ghi nhận được tính cả khi phần mềm chưa nêu.",
            CERTAIN,
        ],
        basis: "Ít nhất 30 % (12/2022), 80 % (4/2023), 95 % (2030)",
        sql: include_str!("../../../schemas/reports/r08_no_resubmission.sql"),
        chart: Chart {
            caption: "Tỷ lệ hồ sơ không phải nộp lại giấy tờ (%)",
            label: &["agency", "agency_name"],
            value: "percent",
            mark: Mark::Column("target", "Chỉ tiêu"),
            rows: BY_AGENCY,
        },
    },
    Report {
        name: "R9",
        slug: "signature-compliance",
        title: "Tuân thủ ký số",
        sentence: "Tỷ lệ văn bản trong kho có chữ ký số hợp lệ của cơ quan, và các lỗi chữ ký số",
        sentence_en: "Published documents with a valid signature of the agency, and the faults",
        inputs: &["documents"],
        also: &["signatures", "agencies", "agency_keys"],
        method: &[
            "Tính trên văn bản đưa vào kho lần đầu trong kỳ. Mỗi văn bản tính một lần: ký số hợp lệ, hoặc \
             theo lỗi đầu tiên trong thứ tự: bị sửa sau ký, chứng thư bị thu hồi, hết hạn khi ký, không tin \
             cậy, chữ ký của cơ quan khác, chữ ký cá nhân (Q02), lỗi khác, chưa ký (Q01).",
            "Cột Q03 là số văn bản lỗi có chữ ký của tổ chức chứng thực công cộng; cột khóa thử nghiệm là số \
             văn bản chỉ được ký bằng khóa thử, không có giá trị pháp lý. Hai cột này không cộng thêm vào tổng.",
        ],
        basis: "Các lỗi số hóa do tỉnh nêu (Q01–Q03); Nghị định 137/2024/NĐ-CP, Thông tư 15/2025/TT-BKHCN",
        sql: include_str!("../../../schemas/reports/r09_signature_compliance.sql"),
        chart: Chart {
            caption: "Tỷ lệ văn bản ký số hợp lệ (%)",
            label: &["agency", "agency_name"],
            value: "percent",
            mark: Mark::None,
            rows: BY_AGENCY,
        },
    },
    Report {
        name: "R10",
        slug: "handling-time",
        title: "Thời gian tiếp nhận, xử lý và chờ",
        sentence: "Thời gian tiếp nhận và xử lý hồ sơ tại Bộ phận Một cửa, và thời gian người dân phải chờ",
        sentence_en: "Minutes of reception and processing, and of waiting before",
        inputs: &["events"],
        also: &["agencies", "dossiers"],
        method: &[
            RECEIVED,
            "Xử lý: từ khi tiếp nhận đến khi chấp nhận hồ sơ; chờ: từ khi lấy số đến khi được phục vụ. Thời \
             gian kết thúc trước khi bắt đầu coi là chưa rõ. Tỷ lệ đạt 30 phút và 15 phút tính trên hồ sơ \
             biết thời gian.",
            "Thời điểm lấy theo sự kiện của Bộ phận Một cửa; sự kiện không có thì lấy theo phần mềm một cửa. Hồ sơ \
             chỉ có trong sự kiện tính cho đơn vị đã tiếp nhận. Thời điểm phần mềm một cửa chỉ ghi ngày (0 giờ) \
             không dùng để tính phút; khi đó lấy số phút phần mềm một cửa ghi.",
        ],
        basis: "Không quá 30 phút/hồ sơ; chờ bình quân không quá 15 phút từ 01/2024",
        sql: include_str!("../../../schemas/reports/r10_handling_time.sql"),
        chart: Chart {
            caption: "Thời gian xử lý bình quân (phút)",
            label: &["agency", "agency_name"],
            value: "mean",
            mark: Mark::Fixed(30.0, "Chỉ tiêu: không quá 30 phút"),
            rows: BY_AGENCY,
        },
    },
    Report {
        name: "R11",
        slug: "productivity",
        title: "Năng suất tiếp nhận hồ sơ",
        sentence: "Số hồ sơ trên một người làm việc toàn thời gian trong một năm, theo đơn vị",
        sentence_en: "Dossiers accepted, per full-time post and year, by unit",
        inputs: &["dossiers", "staff"],
        also: &["targets", "agencies"],
        method: &[
            "Năng suất = hồ sơ nhận trong kỳ / năm công toàn thời gian của người làm tiếp nhận và xử lý \
             (tỷ lệ thời gian làm việc × số ngày tại đơn vị trong kỳ / 365).",
            "Đơn vị chưa có danh sách nhân sự không tính năng suất và không nằm trong dòng tổng. Nếu kỳ không có \
             hồ sơ nào được ghi nhận thì không tính năng suất.",
        ],
        basis: "1.600 hồ sơ/người/năm; 800 ở địa bàn vùng sâu, vùng xa, đặc biệt khó khăn",
        sql: include_str!("../../../schemas/reports/r11_productivity.sql"),
        chart: Chart {
            caption: "Hồ sơ/người/năm",
            label: &["agency", "agency_name"],
            value: "per_fte_year",
            mark: Mark::Column("target", "Chỉ tiêu"),
            rows: BY_AGENCY,
        },
    },
    Report {
        name: "R12",
        slug: "metadata-quality",
        title: "Chất lượng dữ liệu đặc tả",
        sentence: "Tỷ lệ văn bản đủ trường bắt buộc, độ tin cậy bình quân và số văn bản chờ rà soát",
        sentence_en: "Documents with every mandatory field, mean confidence, and what waits for review",
        inputs: &["documents"],
        also: &["agencies", "agency_keys"],
        method: &[
            "Tỷ lệ và độ tin cậy (từ 0 đến 1) tính trên văn bản đưa vào kho lần đầu trong kỳ.",
            "Chờ rà soát: mọi văn bản trong kho đến hết kỳ còn cần người xem lại, tuổi tính đến ngày cuối kỳ.",
        ],
        basis: "Lỗi Q04: dữ liệu chưa đủ chất lượng để tái sử dụng",
        sql: include_str!("../../../schemas/reports/r12_metadata_quality.sql"),
        chart: Chart {
            caption: "Tỷ lệ văn bản đủ trường bắt buộc (%)",
            label: &["agency", "agency_name"],
            value: "percent",
            mark: Mark::None,
            rows: BY_AGENCY,
        },
    },
    Report {
        name: "R13",
        slug: "partner-quality",
        title: "Chất lượng của đối tác bưu chính",
        sentence: "Tệp gửi, tệp bị từ chối theo lý do, thời gian khắc phục và tệp trùng của từng bưu cục",
        sentence_en: "What each post office sends, what is refused and why, how fast it is mended",
        inputs: &["events"],
        also: &["documents", "agencies"],
        method: &[
            "Tính trên tệp nhận trong kỳ và tệp bị trả lại trước khi nhận. Tệp thuộc bưu cục đã gửi; không ghi thì \
             theo tệp khác hoặc văn bản đã vào kho của cùng hồ sơ; không rõ nữa mà nhận qua bưu chính thì bưu cục \
             là “Chưa rõ”. Hồ sơ nhận tại quầy hoặc số hóa hồi cố không tính; tệp chưa rõ kênh tiếp nhận chỉ nêu \
             ở ghi chú.",
            "Kết quả tiếp nhận: lý do của lần từ chối đầu tiên, kể cả khi đã khắc phục; nếu không bị từ chối thì \
             đã vào kho hoặc chờ ký số.",
            "Đã khắc phục: tệp gửi lại cùng vị trí trong hồ sơ đã vào kho, hoặc bưu cục báo đã sửa, trước khi hết \
             kỳ; tính từ lần từ chối đầu tiên.",
        ],
        basis: "Quản lý chất lượng của đơn vị bưu chính tham gia số hóa",
        sql: include_str!("../../../schemas/reports/r13_partner_quality.sql"),
        chart: Chart {
            caption: "Tỷ lệ tệp bị từ chối (%)",
            label: &["partner", "partner_name"],
            value: "refused_percent",
            mark: Mark::None,
            rows: &[Pick::Part("partner"), Pick::Total("outcome")],
        },
    },
    Report {
        name: "R14",
        slug: "plan-vs-actual",
        title: "Kế hoạch và thực hiện",
        sentence: "Lũy kế số hóa so với đường kế hoạch của giai đoạn, và ngày dự báo hoàn thành",
        sentence_en: "Cumulative progress beside a straight-line plan, and the forecast end",
        inputs: &["documents", "inventory"],
        also: &["phases", "signatures", "agencies", "agency_keys"],
        method: &[
            "Theo kế hoạch = số kiểm kê × phần thời gian của giai đoạn đã qua đến hết kỳ.",
            "Dự báo = ngày cuối kỳ + số còn lại / nhịp độ của 28 ngày cuối kỳ; không có nhịp độ thì không dự báo.",
            "Giai đoạn lấy theo kế hoạch của tỉnh ban hành, kể cả sau khi sáp nhập. Số kiểm kê không ghi năm hoặc \
             gộp nhiều giai đoạn không có số còn lại và dự báo; R1 đối chiếu ở dòng tổng.",
            "Văn bản chưa rõ vai trò hoặc hiệu lực nêu ở cột riêng; nếu chỉ có những văn bản ấy thì không dự báo.",
        ],
        basis: "Các giai đoạn trong kế hoạch của tỉnh",
        sql: include_str!("../../../schemas/reports/r14_plan_vs_actual.sql"),
        chart: Chart {
            caption: "Đã số hóa, ký số hợp lệ (văn bản), toàn bộ cơ quan",
            label: &["phase"],
            value: "digitised_ok",
            mark: Mark::Column("planned", "Theo kế hoạch"),
            rows: &[Pick::Total("agency")],
        },
    },
    Report {
        name: "R15",
        slug: "duplicates",
        title: "Trùng lặp và ngoài phạm vi số hóa",
        sentence: "Tệp và văn bản trùng, và giấy tờ không thuộc phạm vi số hóa theo lý do",
        sentence_en: "What came twice, and what is out of scope",
        inputs: &["intake", "documents"],
        also: &[],
        method: &[
            "Tệp trùng: hồ sơ đã có tệp có cùng nội dung. Văn bản trùng: cùng nội dung tệp với văn bản của hồ sơ \
             khác, hoặc cùng số, ký hiệu, cơ quan ban hành và ngày, với văn bản đã vào kho trước. Văn bản thiếu một trong bốn trường không so sánh được, \
             nêu ở dòng riêng.",
            "Tính trên tệp nhận và văn bản vào kho lần đầu trong kỳ.",
        ],
        basis: "Thông tư 01/2023/TT-VPCP, Điều 4",
        sql: include_str!("../../../schemas/reports/r15_duplicates.sql"),
        chart: Chart {
            caption: "Tỷ lệ theo lý do (%)",
            label: &["kind", "reason"],
            value: "percent",
            mark: Mark::None,
            rows: &[],
        },
    },
];
