//! The CSV file, as spreadsheets save it.
//!
//! UTF-8 with or without a byte order mark, or Excel's "Unicode text" (UTF-16); columns by comma,
//! semicolon or tab; names of columns in English or Vietnamese, in any order; further columns are
//! left alone, so that the file that `--list` writes comes back as it is.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::Serialize;
use sohoa_document::fold::fold;
use sohoa_registers::{
    delimited::{SEPARATORS, line, open_quote, told_separator},
    encoding::unicode,
    grid::cleaned,
};
use uuid::Uuid;

use super::{Field, value::Value};

/// A correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    /// The column.
    pub(crate) field: Field,
    /// Its value.
    pub(crate) value: Value,
    /// Who says so.
    pub(crate) who: String,
    /// Why.
    pub(crate) note: Option<String>,
    /// Line of the file, from 1.
    pub(crate) line: u64,
}

/// Something wrong with a cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Wrong {
    /// Line of the file, from 1.
    pub(crate) line: u64,
    /// The column's name.
    pub(crate) column: &'static str,
    /// What is wrong and what would be right.
    pub(crate) what: String,
}

/// What a file asks for.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    /// Corrections by document, in the order of the file.
    pub(crate) edits: Vec<(Uuid, Vec<Edit>)>,
    /// Rows whose value is empty: still to be filled in.
    pub(crate) empty: u64,
    /// Everything wrong.
    pub(crate) wrong: Vec<Wrong>,
}

/// Places of the columns.
struct Columns {
    document: usize,
    field: usize,
    value: usize,
    who: Option<usize>,
    note: Option<usize>,
}

impl Sheet {
    /// Reads a file. `by` is who corrects where a row does not say; `today` bounds dates.
    ///
    /// # Errors
    /// The file is no such table at all; what to do, in a sentence.
    pub(crate) fn read(bytes: &[u8], by: Option<&str>, today: NaiveDate) -> Result<Self, String> {
        let text = decode(bytes)?;
        let (skipped, text) = told_separator(&text);
        let (separator, columns) = header(text)?;
        if let Some(line) = open_quote(text, separator) {
            return Err(format!(
                "has a quote in line {} that is never closed: the rows behind it would be one value",
                line + skipped
            ));
        }
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut reading = Reading { sheet: Self::default(), seen: HashMap::new(), by, today };
        for record in reader.records() {
            let record = record.map_err(|error| format!("cannot be read as CSV: {error}"))?;
            let line = record.position().map_or(0, |at| line(text, at)) + skipped;
            reading.take(&record, &columns, line);
        }
        Ok(reading.sheet)
    }
}

struct Reading<'a> {
    sheet: Sheet,
    /// By document: its place in the sheet.
    seen: HashMap<Uuid, usize>,
    by: Option<&'a str>,
    today: NaiveDate,
}

impl Reading<'_> {
    fn take(&mut self, record: &csv::StringRecord, columns: &Columns, line: u64) {
        let cell = |at: usize| cleaned(record.get(at).unwrap_or_default());
        if record.iter().all(|cell| cleaned(cell).is_empty()) {
            return;
        }
        let value = cell(columns.value);
        if value.is_empty() {
            self.sheet.empty += 1;
            return;
        }
        let mut wrong = |column, what| self.sheet.wrong.push(Wrong { line, column, what });
        let named = cell(columns.document);
        let document = Uuid::parse_str(&named).map_err(|_| {
            wrong(
                "document_uid",
                format!("`{named}` is no document; copy it from sohoa amend --list or sohoa query"),
            );
        });
        let field = Field::named(&cell(columns.field)).map_err(|what| wrong("field", what));
        let said = columns.who.map(cell).filter(|who| !who.is_empty());
        let who = said.or_else(|| self.by.map(str::to_owned));
        if who.is_none() {
            wrong("who", "nobody is named; fill it in, or give --by".into());
        }
        if value.split([' ', ',', ';', '\t']).any(|word| Uuid::parse_str(word).is_ok()) {
            let what = "holds another document's uid; is a quote missing or too many?";
            return wrong("value", what.into());
        }
        let (Ok(document), Ok(field), Some(who)) = (document, field, who) else { return };
        let value = match field.parse(&value, self.today) {
            Ok(value) => value,
            Err(what) => return wrong("value", what),
        };
        let note = columns.note.map(cell).filter(|note| !note.is_empty());
        self.add(document, Edit { field, value, who, note, line });
    }

    fn add(&mut self, document: Uuid, edit: Edit) {
        let at = *self.seen.entry(document).or_insert_with(|| {
            self.sheet.edits.push((document, Vec::new()));
            self.sheet.edits.len() - 1
        });
        let edits = &mut self.sheet.edits[at].1;
        match edits.iter().find(|held| held.field == edit.field) {
            Some(held) if held.value == edit.value => {}
            Some(held) => {
                let what = format!("line {} says otherwise of the same document", held.line);
                self.sheet.wrong.push(Wrong { line: edit.line, column: "value", what });
            }
            None => edits.push(edit),
        }
    }
}

/// The text of a file. An old encoding is not guessed here: a correction is a name to be trusted.
fn decode(bytes: &[u8]) -> Result<String, String> {
    unicode(bytes).ok_or_else(|| {
        "is not UTF-8; in Excel save it as `CSV UTF-8 (Comma delimited)`, in LibreOffice choose the \
         character set Unicode (UTF-8)"
            .to_owned()
    })
}

/// The separator under which the first line names the columns that are needed.
fn header(text: &str) -> Result<(u8, Columns), String> {
    let found = SEPARATORS.into_iter().map(|separator| {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .flexible(true)
            .from_reader(text.as_bytes());
        let names = reader.headers().cloned().unwrap_or_default();
        let names: Vec<String> = names.iter().map(|name| fold(&cleaned(name))).collect();
        columns(&names).map(|columns| (separator, columns))
    });
    found.flatten().next().ok_or_else(|| {
        "needs a first line that names its columns: document_uid, field, value, and if you like \
         who and note"
            .to_owned()
    })
}

fn columns(names: &[String]) -> Option<Columns> {
    let at = |called: &[&str]| names.iter().position(|name| called.contains(&name.as_str()));
    Some(Columns {
        document: at(&["document_uid", "document", "uid", "ma tai lieu"])?,
        field: at(&["field", "column", "truong"])?,
        value: at(&["value", "gia tri"])?,
        who: at(&["who", "by", "nguoi sua"]),
        note: at(&["note", "ghi chu"]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: &str = "6f1c2a34-5b6c-5d7e-8f90-a1b2c3d4e5f6";

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 27).unwrap()
    }

    fn read(text: &str) -> Sheet {
        Sheet::read(text.as_bytes(), Some("van thu"), today()).unwrap()
    }

    fn only(sheet: &Sheet) -> &Edit {
        assert_eq!(sheet.wrong, []);
        let [(uid, edits)] = sheet.edits.as_slice() else { panic!("{sheet:?}") };
        assert_eq!(uid.to_string(), UID);
        let [edit] = edits.as_slice() else { panic!("{edits:?}") };
        edit
    }

    #[test]
    fn every_way_a_spreadsheet_saves_is_read() {
        let row = |s: &str| format!("document_uid{s}field{s}value\r\n{UID}{s}subject{s}Đất ở\r\n");
        let subject = |sheet: Sheet| only(&sheet).value.clone();
        let expected = Value::Text("Đất ở".into());
        for separator in [",", ";", "\t"] {
            assert_eq!(subject(read(&row(separator))), expected);
            assert_eq!(subject(read(&format!("\u{feff}{}", row(separator)))), expected);
            let told = format!("sep={separator}\r\n{}", row(separator));
            let sheet = read(&told);
            assert_eq!(only(&sheet).line, 3);
        }
        for order in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
            let text = format!("\u{feff}{}", row("\t"));
            let bytes: Vec<u8> = text.encode_utf16().flat_map(order).collect();
            assert_eq!(subject(Sheet::read(&bytes, Some("a"), today()).unwrap()), expected);
        }
        let apart =
            "document_uid,field,value\n".to_owned() + UID + ",subject,\"Đâ\u{301}t ơ\u{309}\n \"\n";
        assert_eq!(subject(read(&apart)), expected, "decomposed letters, a line break in a cell");
        let latin = Sheet::read(b"document_uid,field,value\n\xd0\xe2", None, today());
        assert!(latin.unwrap_err().contains("CSV UTF-8"));
    }

    #[test]
    fn columns_stand_in_any_order_and_others_are_left_alone() {
        let sheet = read(&format!(
            "Ghi chú;crop;Giá trị;Trường;Mã tài liệu;Người sửa\nsổ 3;a.png;45;số;{UID};Lan\n"
        ));
        let edit = only(&sheet);
        assert_eq!((edit.field, edit.line), (Field::CodeNumber, 2));
        assert_eq!((edit.who.as_str(), edit.note.as_deref()), ("Lan", Some("sổ 3")));
        let missing = Sheet::read(b"document_uid,valeu,field\n", None, today());
        assert!(missing.unwrap_err().contains("document_uid, field, value"));
        assert!(Sheet::read(b"", None, today()).is_err());
    }

    #[test]
    fn every_wrong_cell_is_told_with_its_line_and_column() {
        let text = format!(
            "document_uid,field,value,who\nx,number,45,\n{UID},colour,red,\n\n{UID},date,31/02/2019,\n\
             {UID},number,,\n,,,\n{UID},number,45,\n{UID},so,46,\n{UID},number,45,Lan\n"
        );
        let sheet = read(&text);
        let told: Vec<_> = sheet.wrong.iter().map(|wrong| (wrong.line, wrong.column)).collect();
        assert_eq!(told, [(2, "document_uid"), (3, "field"), (5, "value"), (9, "value")]);
        assert!(sheet.wrong[3].what.contains("line 8"));
        assert_eq!(sheet.empty, 1);
        let nobody = Sheet::read(text.as_bytes(), None, today()).unwrap();
        assert_eq!(nobody.wrong.iter().filter(|wrong| wrong.column == "who").count(), 5);
    }

    #[test]
    fn a_stray_quote_swallows_no_rows() {
        let row = |value: &str| format!("{UID},subject,{value}\n");
        let head = "document_uid,field,value\n";
        let open = head.to_owned() + &row("\"Khen thưởng") + &row("Đất ở");
        let told = Sheet::read(open.as_bytes(), Some("a"), today()).unwrap_err();
        assert!(told.contains("line 2"), "{told}");
        let closed_by_another = read(&(head.to_owned() + &row("\"Khen thưởng") + &row("\"Đất\"")));
        assert_eq!(closed_by_another.edits, []);
        let [wrong] = closed_by_another.wrong.as_slice() else { panic!("{closed_by_another:?}") };
        assert_eq!((wrong.line, wrong.column), (2, "value"));
    }

    #[test]
    fn null_takes_a_value_away() {
        let sheet = read(&format!("document_uid,field,value\n{UID},issued_date,NULL\n"));
        assert_eq!(only(&sheet).value, Value::Null);
    }
}
