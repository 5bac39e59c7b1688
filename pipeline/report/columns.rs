//! The columns of the answers: what kind of value each holds and what it is called in Vietnamese.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number of things.
    Count,
    /// A day.
    Date,
    /// Minutes.
    Minutes,
    /// A number that is none of the others.
    Number,
    /// 0 to 100, more where more is done than there is.
    Percent,
    /// Words.
    Text,
}

impl Kind {
    /// As written in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Date => "date",
            Self::Minutes => "minutes",
            Self::Number => "number",
            Self::Percent => "percent",
            Self::Text => "text",
        }
    }
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Name in SQL, CSV and JSON.
    pub name: &'static str,
    /// Kind of its values.
    pub kind: Kind,
    /// Title for people, in Vietnamese.
    pub title: &'static str,
}

/// The column of this name.
pub(crate) fn column(name: &str) -> Option<Column> {
    ALL.iter().find(|column| column.name == name).copied()
}

const fn count(name: &'static str, title: &'static str) -> Column {
    Column { name, kind: Kind::Count, title }
}

const fn date(name: &'static str, title: &'static str) -> Column {
    Column { name, kind: Kind::Date, title }
}

const fn minutes(name: &'static str, title: &'static str) -> Column {
    Column { name, kind: Kind::Minutes, title }
}

const fn number(name: &'static str, title: &'static str) -> Column {
    Column { name, kind: Kind::Number, title }
}

const fn percent(name: &'static str, title: &'static str) -> Column {
    Column { name, kind: Kind::Percent, title }
}

const fn text(name: &'static str, title: &'static str) -> Column {
    Column { name, kind: Kind::Text, title }
}

const ALL: [Column; 88] = [
    number("above_target", "Hơn, kém chỉ tiêu (điểm %)"),
    count("accepted", "Hồ sơ đã nhận"),
    count("active_units", "Đơn vị có số hóa"),
    text("agency", "Mã cơ quan"),
    text("agency_name", "Cơ quan"),
    number("ahead", "Nhanh, chậm so với kế hoạch"),
    count("altered", "Bị sửa sau ký"),
    text("area", "Địa bàn"),
    count("asked_again", "Bị yêu cầu nộp lại"),
    count("again", "Gặp lại"),
    count("backlog", "Chờ rà soát"),
    number("backlog_mean_days", "Chờ bình quân (ngày)"),
    number("backlog_oldest_days", "Chờ lâu nhất (ngày)"),
    count("boundary_years", "Trong đó năm giáp ranh"),
    count("complete", "Đủ trường bắt buộc"),
    count("confidence_unknown", "Không có độ tin cậy"),
    count("count", "Số lượng"),
    count("digitised", "Đã số hóa"),
    count("digitised_ok", "Đã số hóa, ký số hợp lệ"),
    count("documents", "Văn bản"),
    count("dossiers", "Hồ sơ"),
    percent("duplicate_percent", "Tỷ lệ trùng (%)"),
    count("duplicates", "Tệp trùng"),
    count("electronic", "Kết quả điện tử"),
    count("expired", "Chứng thư hết hạn"),
    count("files", "Tệp"),
    date("forecast", "Dự báo hoàn thành"),
    count("from_portal", "Lấy từ Cổng DVC quốc gia"),
    number("fte_years", "Năm công toàn thời gian"),
    count("inventory", "Số kiểm kê"),
    text("kind", "Loại"),
    text("level", "Cấp"),
    text("level_at", "Cấp tính theo"),
    minutes("mean", "Xử lý bình quân (phút)"),
    number("mean_confidence", "Độ tin cậy bình quân"),
    number("mean_hours_to_mend", "Khắc phục bình quân (giờ)"),
    minutes("median", "Xử lý, trung vị (phút)"),
    count("mended", "Đã khắc phục"),
    count("no_result", "Thủ tục không có kết quả"),
    count("not_signed", "Chưa ký số hợp lệ"),
    text("note", "Ghi chú"),
    count("of", "Trên tổng số"),
    count("other", "Lỗi khác"),
    text("outcome", "Kết quả tiếp nhận"),
    minutes("p95", "Xử lý, phân vị 95 (phút)"),
    count("outside_inventory", "Trong đó ngoài số kiểm kê"),
    count("pages", "Trang"),
    text("partner", "Mã bưu cục"),
    text("partner_name", "Bưu cục"),
    number("per_fte_year", "Hồ sơ/người/năm"),
    number("per_week", "Mỗi tuần (4 tuần gần nhất)"),
    percent("percent", "Tỷ lệ (%)"),
    percent("percent_of_target", "So với chỉ tiêu (%)"),
    count("personal", "Ký bằng chữ ký cá nhân (Q02)"),
    text("phase", "Giai đoạn"),
    date("phase_end", "Hạn của giai đoạn"),
    number("planned", "Theo kế hoạch"),
    percent("portal_percent", "Tỷ lệ từ Cổng DVC quốc gia (%)"),
    count("portal_unknown", "Chưa rõ nguồn từ Cổng"),
    count("public_ca", "Có chữ ký công cộng (Q03)"),
    count("published", "Văn bản đã đưa vào kho"),
    text("reason", "Lý do"),
    count("received", "Hồ sơ tiếp nhận"),
    count("refused", "Bị từ chối"),
    percent("refused_percent", "Tỷ lệ từ chối (%)"),
    count("remaining", "Còn lại"),
    count("resolved", "Hồ sơ đã giải quyết"),
    count("results", "Kết quả đã số hóa"),
    count("reused", "Có tái sử dụng"),
    count("revoked", "Chứng thư bị thu hồi"),
    count("role_unknown", "Chưa rõ vai trò"),
    count("signed", "Ký số hợp lệ"),
    count("spared", "Không phải nộp lại"),
    number("target", "Chỉ tiêu"),
    date("target_by", "Thời hạn của chỉ tiêu"),
    count("test_key", "Ký bằng khóa thử nghiệm"),
    count("units", "Số đơn vị"),
    count("unknown", "Chưa rõ"),
    count("unsigned", "Chưa ký số (Q01)"),
    count("untrusted", "Chứng thư không tin cậy"),
    count("validity_unknown", "Chưa rõ hiệu lực"),
    minutes("waiting_mean", "Chờ bình quân (phút)"),
    minutes("waiting_median", "Chờ, trung vị (phút)"),
    minutes("waiting_p95", "Chờ, phân vị 95 (phút)"),
    count("waiting_unknown", "Chưa rõ thời gian chờ"),
    percent("within_15_percent", "Chờ không quá 15 phút (%)"),
    percent("within_30_percent", "Xử lý không quá 30 phút (%)"),
    count("wrong_agency", "Chữ ký của cơ quan khác"),
];
