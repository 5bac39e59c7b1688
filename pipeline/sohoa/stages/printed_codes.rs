//! The codes of dossier and procedure in a document's barcodes.
//!
//! They fill what the manifest leaves open. Which dossier the document belongs to was decided
//! before any work and stays so, whatever is printed.

use chrono::{Days, NaiveDate};
use sohoa_barcode::codes::{received_on, same_procedure};
use sohoa_document::{Barcode, Field, Symbology};
use sohoa_schemas::rows::DocumentRow;

use super::{accept::Acceptance, read::ReadPage};

/// Fills the columns from the barcodes of the document's pages; `today` is the day of intake, and no
/// dossier was received after it.
pub(super) fn fill<'a>(
    row: &mut DocumentRow,
    pages: impl Iterator<Item = (u32, &'a ReadPage)>,
    today: NaiveDate,
    acceptance: &mut Acceptance,
) {
    let pages: Vec<(u32, &[Barcode])> =
        pages.map(|(number, page)| (number, page.barcodes.codes.as_slice())).collect();
    let dossier = only(&pages, |barcode| {
        // A day's difference between here and there is no error.
        let latest = today.checked_add_days(Days::new(1)).unwrap_or(today);
        let held = |code: &&String| received_on(code).is_some_and(|day| day <= latest);
        barcode.dossier_codes.iter().filter(held).collect()
    });
    let procedure = only(&pages, |barcode| barcode.procedure_codes.iter().collect());
    row.dossier_code =
        acceptance.code("dossier_code", dossier.as_ref(), row.dossier_code.take(), |one, other| {
            one.eq_ignore_ascii_case(other)
        });
    row.procedure_code = acceptance.code(
        "procedure_code",
        procedure.as_ref(),
        row.procedure_code.take(),
        same_procedure,
    );
}

/// The first code of a kind, with the probability that it is the document's.
fn only<'a>(
    pages: &[(u32, &'a [Barcode])],
    of: impl Fn(&'a Barcode) -> Vec<&'a String>,
) -> Option<Field<String>> {
    let all = pages.iter().flat_map(|(page, barcodes)| {
        let on_page = barcodes
            .iter()
            .flat_map(|barcode| of(barcode).into_iter().map(move |code| (barcode, code)));
        on_page.map(move |(barcode, code)| (*page, barcode, code))
    });
    let all: Vec<(u32, &Barcode, &String)> = all.collect();
    let (page, barcode, code) = *all.first()?;
    // A list of dossiers has many codes, and none of them is its own.
    let agreed = all.iter().all(|(.., other)| *other == code);
    let probability = if agreed { certainty(barcode.symbology) } else { 0.5 };
    Some(Field { value: code.clone(), probability, page, bbox: barcode.bbox })
}

/// How sure a code is that follows its pattern and the calendar. Not measured: error correction makes
/// a misread matrix code all but impossible, one check character lets one misread in a hundred
/// through, of which the pattern refuses most, and Code 39 has the pattern alone.
fn certainty(symbology: Symbology) -> f32 {
    match symbology {
        Symbology::DataMatrix | Symbology::Pdf417 | Symbology::QrCode => 0.99,
        Symbology::Code128 => 0.98,
        Symbology::Code39 => 0.93,
    }
}

#[cfg(test)]
mod tests {
    use sohoa_document::{Barcodes, PageFacts, PageText, Rect};

    use super::*;

    const CODE: &str = "000.00.12.H08-160412-0031";

    fn page(codes: &[(Symbology, &str)]) -> ReadPage {
        let codes = codes.iter().map(|(symbology, text)| Barcode {
            symbology: *symbology,
            text: Some((*text).to_owned()),
            dossier_codes: sohoa_barcode::codes::dossier_codes(text),
            procedure_codes: sohoa_barcode::codes::procedure_codes(text),
            bbox: Rect::new(30.0, 5.0, 76.0, 51.0),
        });
        ReadPage {
            readings: PageText::empty(595.0, 842.0),
            text: PageText::empty(595.0, 842.0),
            barcodes: Barcodes { codes: codes.collect(), personal: 0 },
            facts: PageFacts::default(),
            rotation: None,
            same_as: None,
        }
    }

    fn filled(row: DocumentRow, pages: &[ReadPage]) -> (DocumentRow, Acceptance) {
        let (mut row, mut acceptance) = (row, Acceptance::new(0.9));
        let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        fill(&mut row, (1..).zip(pages), today, &mut acceptance);
        (row, acceptance)
    }

    #[test]
    fn codes_fill_what_the_manifest_leaves_open() {
        let text = format!("{CODE}|1.004873.000.00.00.H08");
        let pages = [page(&[]), page(&[(Symbology::QrCode, &text), (Symbology::Code128, CODE)])];
        let (row, acceptance) = filled(DocumentRow::default(), &pages);
        assert_eq!(row.dossier_code.as_deref(), Some(CODE));
        assert_eq!(row.procedure_code.as_deref(), Some("1.004873.000.00.00.H08"));
        assert_eq!(acceptance.source["dossier_code"], "qr");
        assert_eq!(acceptance.boxes["procedure_code"], "2:30,5,76,51");
        assert!(acceptance.remarks.is_empty());
    }

    #[test]
    fn the_manifest_stays_and_the_difference_is_found() {
        let declared = Some("H08.12-240115-0007".to_owned());
        let row = DocumentRow { dossier_code: declared.clone(), ..DocumentRow::default() };
        let (row, acceptance) = filled(row, &[page(&[(Symbology::QrCode, CODE)])]);
        assert_eq!(row.dossier_code, declared);
        assert_eq!(acceptance.source["dossier_code"], "manifest");
        let remark = &acceptance.remarks[0];
        assert_eq!(remark.code, sohoa_schemas::Code::M12ManifestConflict);
        assert_eq!(remark.observed.as_deref(), Some(CODE));
        assert_eq!(remark.expected, declared);
    }

    #[test]
    fn several_codes_and_codes_of_the_future_are_nobodys() {
        let two = [(Symbology::QrCode, CODE), (Symbology::QrCode, "H08.12-240115-0007")];
        assert_eq!(filled(DocumentRow::default(), &[page(&two)]).0.dossier_code, None);
        let future = [(Symbology::QrCode, "H08.12-261123-0007")];
        assert_eq!(filled(DocumentRow::default(), &[page(&future)]).0.dossier_code, None);
        let tomorrow = [(Symbology::QrCode, "H08.12-261121-0007")];
        assert!(filled(DocumentRow::default(), &[page(&tomorrow)]).0.dossier_code.is_some());
    }
}
