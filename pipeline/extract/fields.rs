//! The values extraction hands on: fields, findings, segments.
//!
//! Names are the columns of table `documents`. A field that could not be read with evidence is
//! `None`; a field that was read carries the probability that it is right.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sohoa_document::Field;

/// What is known about the file before it is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Context {
    /// Year of scanning: no document is younger.
    pub scan_year: i32,
    /// Probability from which a value counts as read; below it a finding says so.
    pub accept_line: f32,
}

/// Everything read from one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Extraction {
    /// The documents in the file, in page order; normally one.
    pub segments: Vec<Segment>,
}

/// One document inside a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// First page, 1-based.
    pub page_from: u32,
    /// Last page, 1-based, inclusive.
    pub page_to: u32,
    /// For an attachment, the segment it was issued with: its place in [`Extraction::segments`].
    pub parent: Option<usize>,
    /// What was read.
    pub fields: Fields,
    /// What could not be read, or disagrees.
    #[serde(skip_deserializing)]
    pub findings: Vec<FieldFinding>,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Someone should look.
    Warn,
    /// The value must not be used.
    Error,
    /// The document must not go on.
    Block,
}

/// Something a person or a report should know about one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldFinding {
    /// Code, e.g. `M01_MISSING`.
    pub code: &'static str,
    /// Column name.
    pub field: &'static str,
    /// What was seen on the page, if anything.
    pub observed: Option<String>,
    /// What was expected instead, if known.
    pub expected: Option<String>,
    /// How much it matters.
    pub severity: Severity,
}

/// To which day, month or year a date is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Day, month and year are printed.
    Day,
    /// The paper names a month and no day; the date is the first of it.
    Month,
    /// The paper names a year only; the date is the first of January.
    Year,
}

/// Administrative level of the issuing agency at the time of issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Ministry, government, national body.
    Central,
    /// Commune, ward, township.
    Commune,
    /// District, district-level town.
    District,
    /// Province, centrally run city, and their departments.
    Province,
}

/// Secrecy level (box 10a).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Secrecy {
    /// MẬT.
    Mat,
    /// TỐI MẬT.
    ToiMat,
    /// TUYỆT MẬT.
    TuyetMat,
}

/// Urgency level (box 10b).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// HỎA TỐC, also with an hour.
    HoaToc,
    /// KHẨN.
    Khan,
    /// THƯỢNG KHẨN.
    ThuongKhan,
}

/// What a paper can say of its own validity: that it has ended. That it lasts no paper can say, for
/// it may have been revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// Hết hiệu lực.
    Expired,
}

/// On whose behalf the signer signs (box 7a).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Authority {
    /// Ký thay: for the head.
    Kt,
    /// Quyền: acting.
    Q,
    /// Thừa lệnh: by order.
    Tl,
    /// Thay mặt: for the collective.
    Tm,
    /// Thừa ủy quyền: by delegation.
    Tuq,
}

impl Authority {
    /// The word the index stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kt => "KT",
            Self::Q => "Q",
            Self::Tl => "TL",
            Self::Tm => "TM",
            Self::Tuq => "TUQ",
        }
    }
}

impl Level {
    /// The word the index stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Central => "central",
            Self::Commune => "commune",
            Self::District => "district",
            Self::Province => "province",
        }
    }
}

impl Precision {
    /// The word the index stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

impl Secrecy {
    /// The word the index stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mat => "mat",
            Self::ToiMat => "toi_mat",
            Self::TuyetMat => "tuyet_mat",
        }
    }
}

impl Severity {
    /// The word the index stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Block => "block",
        }
    }
}

impl Validity {
    /// The word the index stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
        }
    }
}

impl Urgency {
    /// The word the index stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HoaToc => "hoa_toc",
            Self::Khan => "khan",
            Self::ThuongKhan => "thuong_khan",
        }
    }
}

/// The fields of one document; names are columns.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Fields {
    /// `01` to `32`, Circular 05/2025 (`typeName`).
    pub type_code: Option<Field<String>>,
    /// `QĐ`; none for a công văn.
    pub type_abbr: Option<Field<String>>,
    /// `Quyết định`; the printed title where the code is 32.
    pub type_name: Option<Field<String>>,
    /// `2114`.
    pub code_number: Option<Field<String>>,
    /// `QĐ-UBND`; may be known where the number is not.
    pub code_notation: Option<Field<String>>,
    /// `2114/QĐ-UBND`.
    pub code_full: Option<Field<String>>,
    /// Day of issue.
    pub issued_date: Option<Field<NaiveDate>>,
    /// Always present with `issued_date`.
    pub issued_date_precision: Option<Field<Precision>>,
    /// Year of issue; may be known where the day is not.
    pub document_year: Option<Field<i32>>,
    /// Place name of box 4.
    pub issued_place: Option<Field<String>>,
    /// Issuing agency.
    pub organ_name: Option<Field<String>>,
    /// The agency above it, as printed.
    pub parent_organ_name: Option<Field<String>>,
    /// Level of the issuing agency.
    pub level_at_issue: Option<Field<Level>>,
    /// Trích yếu.
    pub subject: Option<Field<String>>,
    /// KT., TM., TL., TUQ., Q.
    pub signer_authority: Option<Field<Authority>>,
    /// `PHÓ GIÁM ĐỐC`.
    pub signer_title: Option<Field<String>>,
    /// Full name of the signer.
    pub signer_name: Option<Field<String>>,
    /// Items of `Nơi nhận`.
    pub recipients: Option<Field<Vec<String>>>,
    /// What follows `Lưu:`.
    pub archive_line: Option<Field<String>>,
    /// Secrecy stamp.
    pub secrecy_level: Option<Field<Secrecy>>,
    /// Urgency stamp.
    pub urgency_level: Option<Field<Urgency>>,
    /// Number in the `ĐẾN` stamp.
    pub arrival_number: Option<Field<String>>,
    /// Date in the `ĐẾN` stamp.
    pub arrival_date: Option<Field<NaiveDate>>,
    /// Last day on which the paper says it holds.
    pub valid_to: Option<Field<NaiveDate>>,
    /// A stamp that says it no longer holds.
    pub validity_stamp: Option<Field<Validity>>,
}

impl Fields {
    /// What the paper says of its validity on a day; never that it is valid.
    pub fn validity_on(&self, day: NaiveDate) -> Option<Field<Validity>> {
        let over = self.valid_to.as_ref().filter(|end| end.value < day);
        let over = over.map(|end| Field {
            value: Validity::Expired,
            probability: end.probability,
            page: end.page,
            bbox: end.bbox,
        });
        self.validity_stamp
            .iter()
            .cloned()
            .chain(over)
            .max_by(|a, b| a.probability.total_cmp(&b.probability))
    }
}
