//! The columns that a person may set, and the names by which they are called.

use chrono::NaiveDate;
use sohoa_document::fold::fold;

use super::value::{self, Value};

/// A column that can be set by hand: one that a page shows, or that whoever has the paper knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Field {
    /// `archive_line`.
    ArchiveLine,
    /// `arrival_date`.
    ArrivalDate,
    /// `arrival_number`.
    ArrivalNumber,
    /// `code_full`: number and notation in one.
    CodeFull,
    /// `code_notation`.
    CodeNotation,
    /// `code_number`.
    CodeNumber,
    /// `doc_role`: what the paper is in its dossier.
    DocRole,
    /// `document_year`, where no day is known.
    DocumentYear,
    /// `issued_date`.
    IssuedDate,
    /// `issued_place`.
    IssuedPlace,
    /// `level_at_issue`.
    LevelAtIssue,
    /// `organ_name`.
    OrganName,
    /// `parent_organ_name`.
    ParentOrganName,
    /// `recipients`.
    Recipients,
    /// `signer_authority`.
    SignerAuthority,
    /// `signer_name`.
    SignerName,
    /// `signer_title`.
    SignerTitle,
    /// `subject`.
    Subject,
    /// `type_code`.
    TypeCode,
    /// `type_name`: the printed title.
    TypeName,
    /// `urgency_level`.
    UrgencyLevel,
    /// `valid_to`: the last day on which the paper holds.
    ValidTo,
    /// `validity_status`.
    ValidityStatus,
}

use Field::{
    ArchiveLine, ArrivalDate, ArrivalNumber, CodeFull, CodeNotation, CodeNumber, DocRole,
    DocumentYear, IssuedDate, IssuedPlace, LevelAtIssue, OrganName, ParentOrganName, Recipients,
    SignerAuthority, SignerName, SignerTitle, Subject, TypeCode, TypeName, UrgencyLevel, ValidTo,
    ValidityStatus,
};

/// Each with its column and other names, folded: English, and as the Decree or a form calls it.
const NAMES: [(Field, &str, &[&str]); 23] = [
    (CodeNumber, "code_number", &["number", "so", "so van ban"]),
    (IssuedDate, "issued_date", &["date", "ngay", "ngay ban hanh", "ngay thang nam"]),
    (CodeNotation, "code_notation", &["notation", "ky hieu"]),
    (CodeFull, "code_full", &["code", "so ky hieu", "so va ky hieu", "so, ky hieu"]),
    (TypeCode, "type_code", &["type", "loai", "loai van ban", "ten loai"]),
    (TypeName, "type_name", &["title", "tieu de"]),
    (OrganName, "organ_name", &["organ", "agency", "co quan", "co quan ban hanh"]),
    (ParentOrganName, "parent_organ_name", &["parent", "co quan chu quan"]),
    (Subject, "subject", &["trich yeu", "trich yeu noi dung"]),
    (DocumentYear, "document_year", &["year", "nam"]),
    (IssuedPlace, "issued_place", &["place", "dia danh"]),
    (SignerName, "signer_name", &["signer", "nguoi ky"]),
    (SignerTitle, "signer_title", &["position", "chuc vu"]),
    (SignerAuthority, "signer_authority", &["authority", "quyen han"]),
    (Recipients, "recipients", &["noi nhan"]),
    (ArchiveLine, "archive_line", &["luu"]),
    (ArrivalNumber, "arrival_number", &["so den"]),
    (ArrivalDate, "arrival_date", &["ngay den"]),
    (UrgencyLevel, "urgency_level", &["urgency", "do khan"]),
    (LevelAtIssue, "level_at_issue", &["level", "cap"]),
    (DocRole, "doc_role", &["role", "vai tro"]),
    (ValidityStatus, "validity_status", &["validity", "hieu luc", "tinh trang hieu luc"]),
    (ValidTo, "valid_to", &["expiry", "hieu luc den", "co gia tri den", "thoi han"]),
];

impl Field {
    /// The field called so.
    ///
    /// # Errors
    /// The names there are, in a sentence.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let wanted = fold(name);
        let called =
            |column: &str, others: &[&str]| column == wanted || others.contains(&wanted.as_str());
        let found = NAMES.iter().find(|(_, column, others)| called(column, others));
        found.map(|(field, ..)| *field).ok_or_else(|| {
            let columns: Vec<&str> = NAMES.iter().map(|(_, column, _)| *column).collect();
            format!("`{name}` cannot be amended; one of: {}", columns.join(", "))
        })
    }

    /// Its column.
    pub(crate) fn column(self) -> &'static str {
        NAMES.iter().find(|(field, ..)| *field == self).map_or("", |(_, column, _)| column)
    }

    /// What somebody typed, as this field takes it. `null` says that the value on record is wrong
    /// and the right one cannot be read.
    ///
    /// # Errors
    /// What is wrong and what would be right, in a sentence.
    pub(crate) fn parse(self, text: &str, today: NaiveDate) -> Result<Value, String> {
        if text.eq_ignore_ascii_case("null") {
            return Ok(Value::Null);
        }
        match self {
            ArrivalDate => value::day(text, today),
            ArrivalNumber | CodeNumber => value::number(text),
            CodeFull => value::code(text),
            CodeNotation => value::notation(text).map(Value::Text),
            DocRole => value::word(text, &value::ROLES),
            DocumentYear => value::year(text, today),
            IssuedDate => value::date(text, today),
            LevelAtIssue => value::word(text, &value::LEVELS),
            Recipients => value::list(text),
            SignerAuthority => value::authority(text),
            TypeCode => value::kind(text),
            TypeName => value::title(text),
            UrgencyLevel => value::word(text, &value::URGENCIES),
            ValidTo => value::last_day(text),
            ValidityStatus => value::word(text, &value::VALIDITIES),
            ArchiveLine | IssuedPlace | OrganName | ParentOrganName | SignerName | SignerTitle
            | Subject => value::text(text),
        }
    }

    /// The columns that stand and fall together with this one, itself among them.
    pub(crate) fn group(self) -> &'static [&'static str] {
        match self {
            CodeFull | CodeNotation | CodeNumber => &["code_number", "code_notation", "code_full"],
            DocumentYear | IssuedDate => &[
                "issued_date",
                "issued_date_precision",
                "document_year",
                "phase",
                "phase_boundary_year",
            ],
            Subject => &["subject", "subject_folded"],
            TypeCode | TypeName => &["type_code", "type_abbr", "type_name"],
            ArchiveLine => &["archive_line"],
            ArrivalDate => &["arrival_date"],
            ArrivalNumber => &["arrival_number"],
            DocRole => &["doc_role"],
            IssuedPlace => &["issued_place"],
            LevelAtIssue => &["level_at_issue"],
            OrganName => &["organ_name"],
            ParentOrganName => &["parent_organ_name"],
            Recipients => &["recipients"],
            SignerAuthority => &["signer_authority"],
            SignerName => &["signer_name"],
            SignerTitle => &["signer_title"],
            UrgencyLevel => &["urgency_level"],
            ValidTo => &["valid_to"],
            ValidityStatus => &["validity_status"],
        }
    }
}

#[cfg(test)]
mod tests {
    use sohoa_schemas::rows::DocumentRow;

    use super::*;

    #[test]
    fn every_name_is_one_fields_and_every_column_there_is() {
        let row = serde_json::to_value(DocumentRow::default()).unwrap();
        let mut seen = std::collections::HashSet::new();
        for (field, column, others) in NAMES {
            assert!(row.get(column).is_some(), "{column}");
            assert!(field.group().contains(&column), "{column} is of its own group");
            assert!(field.group().iter().all(|column| row.get(column).is_some()), "{column}");
            assert_eq!(field.column(), column);
            for name in others.iter().chain([&column]) {
                assert_eq!(Field::named(name), Ok(field));
                assert_eq!(*name, fold(name), "names are compared folded");
                assert!(seen.insert(*name), "{name} is called twice");
            }
        }
        assert_eq!(Field::named(" Số "), Ok(CodeNumber));
        assert_eq!(Field::named("Ngày ban hành"), Ok(IssuedDate));
        let parse = |name: &str, text: &str| {
            let today = NaiveDate::from_ymd_opt(2026, 11, 27).unwrap();
            Field::named(name).unwrap().parse(text, today)
        };
        assert_eq!(parse("vai trò", "Kết quả"), Ok(Value::Text("result".into())));
        assert!(parse("role", "decision").unwrap_err().contains("attachment"));
        assert_eq!(parse("hiệu lực", "còn hiệu lực"), Ok(Value::Text("valid".into())));
        assert_eq!(parse("validity", "null"), Ok(Value::Null));
        let end = NaiveDate::from_ymd_opt(2031, 5, 4).unwrap();
        let end = Value::Date { date: end, precision: "day" };
        assert_eq!(parse("hiệu lực đến", "4/5/2031"), Ok(end), "it may end after today");
        assert!(parse("valid_to", "2031").unwrap_err().contains("no day"));
        assert!(parse("valid_to", "31/02/2031").unwrap_err().contains("no calendar"));
        assert!(parse("validity", "perhaps").unwrap_err().contains("revoked"));
        assert!(Field::named("secrecy_level").unwrap_err().contains("code_number"));
    }
}
