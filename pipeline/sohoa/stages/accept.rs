//! Which value of a field is believed: the page's where it is sure enough, else the manifest's,
//! else none. Disagreement is a finding.

use std::collections::BTreeMap;

use sohoa_document::{Field, fold::fold};
use sohoa_schemas::Code;

/// A finding about a column, before it is a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Remark {
    /// The code.
    pub(crate) code: Code,
    /// The column.
    pub(crate) field: Option<String>,
    /// What was seen; none where nothing was.
    pub(crate) observed: Option<String>,
    /// What was expected, where it is more than what the code says.
    pub(crate) expected: Option<String>,
}

impl Remark {
    /// A finding about a whole document or page; what was expected is what its code says.
    pub(crate) fn seen(code: Code, observed: impl Into<String>) -> Self {
        Self { code, field: None, observed: Some(observed.into()), expected: None }
    }
}

/// The judgements over one document's fields.
#[derive(Debug)]
pub(crate) struct Acceptance {
    line: f32,
    /// Probability by column: of every value that was read, believed or not.
    pub(crate) conf: BTreeMap<String, f32>,
    /// `page`, `manifest` or `qr`, by column.
    pub(crate) source: BTreeMap<String, String>,
    /// `page:x0,y0,x1,y1`, by column.
    pub(crate) boxes: BTreeMap<String, String>,
    /// Disagreements and values that were not believed.
    pub(crate) remarks: Vec<Remark>,
}

impl Acceptance {
    /// Believes values from `line` on.
    pub(crate) fn new(line: f32) -> Self {
        Self {
            line,
            conf: BTreeMap::new(),
            source: BTreeMap::new(),
            boxes: BTreeMap::new(),
            remarks: Vec::new(),
        }
    }

    /// The value of `column` to be believed. `show` writes a value the way it is compared.
    pub(crate) fn value<T: Clone>(
        &mut self,
        column: &str,
        read: Option<&Field<T>>,
        declared: Option<T>,
        show: impl Fn(&T) -> String,
    ) -> Option<T> {
        if let Some(field) = read {
            self.note(column, field);
        }
        let sure = read.filter(|field| field.probability >= self.line);
        if let (Some(field), Some(declared)) = (read, &declared) {
            let (seen, said) = (show(&field.value), show(declared));
            if fold(&seen) != fold(&said) {
                self.remark(Code::M12ManifestConflict, column, Some(seen), Some(said));
            }
        } else if let (Some(field), None, None) = (read, sure, &declared) {
            self.remark(Code::M02LowConf, column, Some(show(&field.value)), None);
        }
        let (value, from) = match (sure, declared) {
            (Some(field), _) => (field.value.clone(), "page"),
            (None, Some(declared)) => (declared, "manifest"),
            (None, None) => return None,
        };
        self.source.insert(column.to_owned(), from.to_owned());
        Some(value)
    }

    /// The text of `column` to be believed.
    pub(crate) fn text(
        &mut self,
        column: &str,
        read: Option<&Field<String>>,
        declared: Option<&String>,
    ) -> Option<String> {
        self.value(column, read, declared.cloned(), Clone::clone)
    }

    /// The code of `column`: the manifest's, from which identities are made, else a printed one that
    /// is sure enough. `same` says whether two codes mean the same.
    pub(crate) fn code(
        &mut self,
        column: &str,
        printed: Option<&Field<String>>,
        declared: Option<String>,
        same: impl Fn(&str, &str) -> bool,
    ) -> Option<String> {
        if let Some(field) = printed {
            self.note(column, field);
            let seen = || Some(field.value.clone());
            match &declared {
                Some(declared) if same(&field.value, declared) => {}
                Some(declared) => {
                    let expected = Some(declared.clone());
                    self.remark(Code::M12ManifestConflict, column, seen(), expected);
                }
                None if field.probability < self.line => {
                    self.remark(Code::M02LowConf, column, seen(), None);
                }
                None => {}
            }
        }
        let sure = printed.filter(|field| field.probability >= self.line);
        let (value, from) = match (declared, sure) {
            (Some(declared), _) => (declared, "manifest"),
            (None, Some(field)) => (field.value.clone(), "qr"),
            (None, None) => return None,
        };
        self.source.insert(column.to_owned(), from.to_owned());
        Some(value)
    }

    fn note<T>(&mut self, column: &str, field: &Field<T>) {
        self.conf.insert(column.to_owned(), field.probability);
        let b = field.bbox;
        let place = format!("{}:{:.0},{:.0},{:.0},{:.0}", field.page, b.x0, b.y0, b.x1, b.y1);
        self.boxes.insert(column.to_owned(), place);
    }

    fn remark(
        &mut self,
        code: Code,
        column: &str,
        observed: Option<String>,
        expected: Option<String>,
    ) {
        self.remarks.push(Remark { code, field: Some(column.to_owned()), observed, expected });
    }
}

#[cfg(test)]
mod tests {
    use sohoa_document::Rect;

    use super::*;

    fn field(value: &str, probability: f32) -> Field<String> {
        Field { value: value.into(), probability, page: 1, bbox: Rect::new(1.0, 2.0, 3.0, 4.0) }
    }

    #[test]
    fn the_page_wins_where_it_is_sure_and_the_manifest_where_it_is_not() {
        let declared = Some("45/GPXD".to_owned());
        let mut acceptance = Acceptance::new(0.9);
        let sure = acceptance.text("a", Some(&field("46/GPXD", 0.95)), declared.as_ref());
        let unsure = acceptance.text("b", Some(&field("46/GPXD", 0.5)), declared.as_ref());
        let alone = acceptance.text("c", Some(&field("46/GPXD", 0.5)), None);
        assert_eq!(sure.as_deref(), Some("46/GPXD"));
        assert_eq!(unsure.as_deref(), Some("45/GPXD"));
        assert_eq!(alone, None);
        let codes: Vec<_> = acceptance.remarks.iter().map(|remark| remark.code).collect();
        assert_eq!(codes, [Code::M12ManifestConflict, Code::M12ManifestConflict, Code::M02LowConf]);
        assert_eq!(acceptance.source["b"], "manifest");
        assert_eq!(acceptance.boxes["a"], "1:1,2,3,4");
    }

    #[test]
    fn a_printed_code_fills_what_the_manifest_leaves_open_and_never_replaces_it() {
        let declared = Some("H08.12-240115-0007".to_owned());
        let other = field("H08.12-240115-0008", 0.98);
        let mut acceptance = Acceptance::new(0.9);
        let mut code = |column: &str, field, declared| {
            acceptance.code(column, Some(&field), declared, |one, other| one == other)
        };
        assert_eq!(code("a", other.clone(), declared.clone()), declared);
        assert_eq!(code("b", other.clone(), None).as_ref(), Some(&other.value));
        assert_eq!(code("c", Field { probability: 0.5, ..other.clone() }, None), None);
        assert_eq!(code("d", other.clone(), Some(other.value.clone())), Some(other.value.clone()));
        let codes: Vec<_> = acceptance.remarks.iter().map(|remark| remark.code).collect();
        assert_eq!(codes, [Code::M12ManifestConflict, Code::M02LowConf]);
        assert_eq!((&*acceptance.source["a"], &*acceptance.source["b"]), ("manifest", "qr"));
        assert_eq!(acceptance.boxes["b"], "1:1,2,3,4");
    }

    #[test]
    fn case_and_diacritics_are_no_disagreement() {
        let mut acceptance = Acceptance::new(0.9);
        let declared = "QUYET DINH".to_owned();
        acceptance.text("type_name", Some(&field("Quyết định", 0.95)), Some(&declared));
        assert!(acceptance.remarks.is_empty());
    }
}
