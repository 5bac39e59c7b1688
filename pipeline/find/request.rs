//! What is looked for, in parts.

use deltalake::datafusion::prelude::{Expr, col, lit};
use sohoa_document::fold::fold;
use sohoa_extract::Kind;
use uuid::Uuid;

use crate::{
    code::{Code, notation_spellings, number_spellings},
    period::Period,
    words::Words,
};

/// Access mode of secret papers, which no table should have.
const SECRET: &str = "03";

/// Which agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Agency {
    /// The agency of this code, or one below it, keeps the document.
    Code(String),
    /// These words are in the name of the agency that issued it, or of the one above.
    Name(Words),
}

/// What is looked for; a document has to fit all parts that are given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// This document.
    pub document_uid: Option<Uuid>,
    /// Code of the administrative dossier it is in.
    pub dossier_code: Option<String>,
    /// Number and notation.
    pub(crate) code: Option<Code>,
    /// Number alone.
    pub(crate) number: Option<String>,
    /// The number stands among words and may be one of them.
    pub(crate) number_may_be_word: bool,
    /// Notation alone.
    pub(crate) notation: Option<String>,
    /// Kind of document.
    pub(crate) kind: Option<&'static Kind>,
    pub(crate) agency: Option<Agency>,
    /// Date of issue.
    pub period: Option<Period>,
    /// Keyed hash of the owner's identifier, as in the index.
    pub owner: Option<String>,
    /// Dossiers of that owner, as the case system lists them: their documents are the owner's as well.
    pub(crate) of_owner: Vec<String>,
    /// Words of subject, agencies, kind, place or signer, or of the pages.
    pub words: Words,
}

impl Request {
    /// Asks for an agency by its code (`H08.12`) or by words of its name.
    pub fn of_agency(&mut self, agency: &str) {
        let code = agency.trim().to_uppercase();
        let (first, rest) = code.split_at(code.chars().next().map_or(0, char::len_utf8));
        let is_code = matches!(first.as_bytes(), [b'A'..=b'Y'])
            && rest.len() >= 2
            && rest.as_bytes()[..2].iter().all(u8::is_ascii_digit)
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
        self.agency =
            Some(if is_code { Agency::Code(code) } else { Agency::Name(Words::of(agency)) });
    }

    /// Whether it asks for an agency by words of its name.
    pub fn names_agency(&self) -> bool {
        matches!(self.agency, Some(Agency::Name(_)))
    }

    /// Asks for a kind by its name, abbreviation or code; says whether there is such a kind.
    pub fn of_kind(&mut self, kind: &str) -> bool {
        let wanted = fold(kind.trim());
        // Abbreviations are told apart by their marks: `ĐA` is no `DA`.
        let exact = |k: &&Kind| !k.abbr.is_empty() && k.abbr == kind.trim();
        if wanted.is_empty() {
            return false;
        }
        let loose = |k: &&Kind| {
            [fold(k.name), fold(k.abbr)].contains(&wanted) || (k.code == wanted && k.code != "32")
        };
        self.kind =
            sohoa_extract::kinds().find(exact).or_else(|| sohoa_extract::kinds().find(loose));
        self.kind.is_some()
    }

    /// Whether anything is asked.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether something other than words and kind narrows the search, so that the tables'
    /// statistics, or a cheap look at a short column, leave out most documents.
    pub fn is_narrow(&self) -> bool {
        self.names_one() || self.agency.is_some() || self.period.is_some() || self.number.is_some()
    }

    /// The same for pages: an owner's number may be printed in any document.
    pub fn narrows_pages(&self) -> bool {
        Self { owner: None, ..self.clone() }.is_narrow()
    }

    /// Whether a key is given that bloom filters know.
    fn names_one(&self) -> bool {
        self.document_uid.is_some()
            || self.dossier_code.is_some()
            || self.code.is_some()
            || self.owner.is_some()
    }

    /// The same with the number as one of the words, where it may be that: `lần 2`.
    #[must_use]
    pub fn with_number_as_word(&self) -> Option<Self> {
        let number = self.number.as_ref().filter(|_| self.number_may_be_word)?;
        let mut other = Self { number: None, number_may_be_word: false, ..self.clone() };
        other.words.push(number);
        Some(other)
    }

    /// The published documents that fit, as far as the query engine can decide: words, an agency's
    /// name among them, are not in it.
    pub(crate) fn filter(&self) -> Expr {
        let published =
            col("state").eq(lit("published")).and(col("access_mode").not_eq(lit(SECRET)));
        published.and(self.scope())
    }

    /// As [`Request::filter`], in every state and access mode.
    pub fn scope(&self) -> Expr {
        let equals = |column: &str, value: &str| col(column).eq(lit(value));
        let parts = [
            self.document_uid.map(|uid| equals("document_uid", &uid.to_string())),
            self.dossier_code.as_deref().map(|code| equals("dossier_code", code)),
            self.owner.as_deref().map(|hash| {
                let own = equals("owner_id_hmac", hash);
                if self.of_owner.is_empty() {
                    own
                } else {
                    own.or(one_of("dossier_code", self.of_owner.clone()))
                }
            }),
            self.code.as_ref().map(|code| one_of("code_full", code.spellings())),
            self.number.as_deref().map(|number| one_of("code_number", number_spellings(number))),
            self.notation.as_deref().map(|n| one_of("code_notation", notation_spellings(n))),
            self.kind.map(|kind| equals("type_code", kind.code).or(col("type_code").is_null())),
            self.period.map(Period::filter),
            match &self.agency {
                Some(Agency::Code(code)) => Some(of_agency_code(code)),
                _ => None,
            },
        ];
        parts.into_iter().flatten().reduce(Expr::and).unwrap_or_else(|| lit(true))
    }

    /// How the request is understood, for people.
    pub fn explanation(&self) -> String {
        let quoted = |name: &str, value: Option<&str>| value.map(|value| format!("{name} {value}"));
        let uid = self.document_uid.map(|uid| uid.to_string());
        let parts = [
            quoted("document", uid.as_deref()),
            quoted("dossier", self.dossier_code.as_deref()),
            self.code.as_ref().map(|code| format!("number {}", code.typed())),
            quoted("number", self.number.as_deref()),
            quoted("notation", self.notation.as_deref()),
            self.kind.map(|kind| format!("kind {}", kind.name)),
            self.agency.as_ref().map(|agency| match agency {
                Agency::Code(code) => format!("agency {code}"),
                Agency::Name(words) => format!("agency named {}", words.describe()),
            }),
            self.period.map(Period::describe),
            self.owner.as_ref().map(|_| "of the owner given".to_owned()),
            (!self.words.is_empty()).then(|| format!("words {}", self.words.describe())),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// Equality is what bloom filters answer.
fn one_of(column: &str, values: Vec<String>) -> Expr {
    col(column).in_list(values.into_iter().map(lit).collect(), false)
}

fn of_agency_code(code: &str) -> Expr {
    let column = || col("custodian_agency_code");
    column().eq(lit(code)).or(column().like(lit(format!("{code}.%"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agency_is_a_code_or_a_name() {
        for (text, said) in [
            ("h08.12", "agency H08.12"),
            ("H08", "agency H08"),
            ("Sở Y tế", "agency named sở y tế"),
            ("H", "agency named h"),
            ("đ12", "agency named đ12"),
        ] {
            let mut request = Request::default();
            request.of_agency(text);
            assert_eq!(request.explanation(), said);
        }
    }

    #[test]
    fn a_kind_has_a_name_an_abbreviation_and_a_code() {
        let code = |text| {
            let mut request = Request::default();
            request.of_kind(text).then(|| request.kind.unwrap().name)
        };
        assert_eq!(code("quyet dinh"), Some("Quyết định"));
        assert_eq!(code("02"), Some("Quyết định"));
        assert_eq!(code("qd"), Some("Quyết định"));
        assert_eq!(code("ĐA"), Some("Đề án"));
        assert_eq!(code("DA"), Some("Dự án"));
        assert_eq!(code("công văn"), Some("Công văn"));
        assert_eq!(code("32"), None);
        assert_eq!(code("thơ"), None);
    }
}
