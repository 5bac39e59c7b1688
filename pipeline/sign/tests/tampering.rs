//! Whatever is done to a signed file afterwards is noticed.

#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

mod made;

use std::sync::LazyLock;

use made::{Held, Shape, Xref, agency, append, key, made as issued, pdf, sign, trust, verify};
use proptest::prelude::*;
use sohoa_sign::{
    RsaScheme,
    verify::{Coverage, LaterChanges, Note, Report, Trust, Verdict},
};

struct Case {
    file: Vec<u8>,
    /// The signature value, brackets included.
    gap: std::ops::Range<usize>,
    trust: Trust,
    report: Report,
}

fn case(xref: Xref) -> Case {
    let issued = issued(&agency());
    let shape =
        Shape { xref, annotations: Held::Indirect, form: Held::Indirect, ..Shape::default() };
    let (file, signed) = sign(&pdf(shape), &key(&issued, RsaScheme::default()));
    let gap = signed.byte_range[1] as usize..signed.byte_range[2] as usize;
    let trust = trust(&issued);
    let report = verify(&file, &trust).unwrap();
    assert_eq!(report.verdict, Verdict::Ok);
    Case { file, gap, trust, report }
}

static CASES: LazyLock<[Case; 2]> = LazyLock::new(|| [case(Xref::Table), case(Xref::Stream)]);

/// Refused, or judged to be altered.
fn noticed(file: &[u8], trust: &Trust) -> bool {
    verify(file, trust).map_or(true, |report| {
        // Without its form a file has no signature any more, and says so.
        matches!(report.verdict, Verdict::Altered | Verdict::Missing)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_changed_byte_is_noticed(which in 0_usize..2, at: prop::sample::Index, change in 1_u8..) {
        let case = &CASES[which];
        let mut at = at.index(case.file.len() - case.gap.len());
        if at >= case.gap.start {
            at += case.gap.len();
        }
        let mut file = case.file.clone();
        file[at] ^= change;
        // White space after the last line is nobody's; one byte there stays white space or not.
        let same_space = at + 1 == file.len() && file[at].is_ascii_whitespace();
        prop_assert!(noticed(&file, &case.trust) || same_space, "byte {at}");
    }

    #[test]
    fn a_changed_signature_value_never_makes_another_signer(
        which in 0_usize..2, at: prop::sample::Index, change in 1_u8..,
    ) {
        let case = &CASES[which];
        let at = case.gap.start + at.index(case.gap.len());
        let mut file = case.file.clone();
        file[at] ^= change;
        // The root's copy and the case of the digits are not signed; who signed what is.
        if let Ok(report) = verify(&file, &case.trust)
            && report.verdict == Verdict::Ok
        {
            prop_assert_eq!(report, case.report.clone());
        }
    }

    #[test]
    fn a_cut_file_is_noticed(which in 0_usize..2, at: prop::sample::Index) {
        let case = &CASES[which];
        // The last line feed may go: what is left is still the whole revision.
        let length = at.index(case.file.len() - 1);
        prop_assert!(noticed(&case.file[..length], &case.trust));
    }
}

#[test]
fn a_revision_that_changes_content_is_noticed() {
    let case = &CASES[0];
    let content = "<</Length 27>>\nstream\n1 0 0 rg 20 20 100 100 re f\nendstream";
    let page = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<<>>/CropBox[20 30 575 800]\
                /Rotate 90/Annots 5 0 R/Hidden 90 0 R>>";
    let attacks: [&[(u32, &str)]; 7] = [
        &[(4, content)],
        &[(3, page)],
        &[(2, "<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2>>")],
        &[(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 8 0 R/OpenAction 30 0 R>>"), (30, "<<>>")],
        &[(7, "<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(changed)/Rect[50 50 90 70]>>")],
        // The signed page names object 90, which did not exist when it was signed.
        &[(90, "<</Evil true>>")],
        // The field is taken out of the form: its signature is then nowhere to be found.
        &[(9, "[7 0 R]"), (5, "[6 0 R 7 0 R]")],
    ];
    for attack in attacks {
        assert!(noticed(&append(&case.file, attack), &case.trust), "{attack:?}");
    }
}

#[test]
fn a_replaced_object_stream_is_noticed() {
    let case = &CASES[1];
    // Object 10 holds every object of the page; their own entries stay as they are.
    let text = String::from_utf8_lossy(&case.file).into_owned();
    let start = text.find("10 0 obj\n").unwrap() + 9;
    let body = text[start..start + text[start..].find("endobj").unwrap()].trim_end();
    let turned = body.replace("/CropBox[20 30 575 800]", "/CropBox[20 30 575 400]");
    assert_ne!(turned, body);
    assert!(noticed(&append(&case.file, &[(10, &turned)]), &case.trust));
}

#[test]
fn a_signed_field_may_not_change_its_looks() {
    let case = &CASES[0];
    let text = String::from_utf8_lossy(&case.file).into_owned();
    let at = text.find("/T (").or_else(|| text.find("/T <")).unwrap();
    let start = text[..at].rfind(" 0 obj\n").unwrap();
    let number: u32 = text[..start].rsplit('\n').next().unwrap().parse().unwrap();
    let body = &text[start + 7..start + text[start..].find("\nendobj").unwrap()];
    let moved = body.replace("/F 132", "/F 134");
    assert_ne!(moved, body);
    assert!(noticed(&append(&case.file, &[(number, &moved)]), &case.trust));
}

/// A file whose page draws with `pictures`, signed, and then changed.
fn drawn(pictures: &str, before: &[(u32, &str)], after: &[(u32, &str)]) -> Verdict {
    let page = format!(
        "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</XObject {pictures}>>\
         /CropBox[20 30 575 800]/Annots 5 0 R>>"
    );
    let shape = Shape { annotations: Held::Indirect, form: Held::Indirect, ..Shape::default() };
    let prepared = append(&append(&pdf(shape), &[(3, &page)]), before);
    let issued = issued(&agency());
    let (file, _) = sign(&prepared, &key(&issued, RsaScheme::default()));
    let trust = trust(&issued);
    assert_eq!(verify(&file, &trust).unwrap().verdict, Verdict::Ok);
    verify(&append(&file, after), &trust).unwrap().verdict
}

const PICTURE: &str = "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 0>>\nstream\n\nendstream";

fn empty_field(further: &str) -> String {
    format!("<</Type/Annot/Subtype/Widget/FT/Sig/T(x)/Rect[0 0 0 0]/F 4/P 3 0 R{further}>>")
}

#[test]
fn what_the_page_draws_with_does_not_change_as_something_else() {
    let fields = [empty_field("/M 151 0 R"), empty_field("/M 152 0 R")];
    let catalog = |further: &str| format!("<</Type/Catalog/Pages 2 0 R/AcroForm 8 0 R{further}>>");
    let (one, two) = (catalog("/Metadata 151 0 R"), catalog("/Metadata 152 0 R"));
    let form = "<</Fields 9 0 R/DA(/Helv 0 Tf)/DR 152 0 R>>";
    let store = catalog("/DSS 153 0 R");
    let picture = (152, PICTURE);
    let field = drawn("7 0 R", &[(7, &fields[0]), (151, PICTURE)], &[(7, &fields[1]), picture]);
    assert_eq!(field, Verdict::Altered);
    let root = drawn("1 0 R", &[(1, &one), (151, PICTURE)], &[(1, &two), picture]);
    assert_eq!(root, Verdict::Altered);
    let metadata = drawn("1 0 R", &[(1, &one), (151, PICTURE)], &[(151, "<<>>")]);
    assert_eq!(metadata, Verdict::Altered);
    assert_eq!(drawn("8 0 R", &[], &[(8, form), picture]), Verdict::Altered);
    let stored = [(1, &*store), (153, "<</VRI 154 0 R>>"), (154, "<</M 151 0 R>>")];
    let stored = [&stored[..], &[(151, PICTURE)]].concat();
    let changed = [(154, "<</M 152 0 R>>"), picture];
    assert_eq!(drawn("154 0 R", &stored, &changed), Verdict::Altered);
    assert_eq!(drawn("153 0 R", &stored, &changed), Verdict::Altered);
}

#[test]
fn annotations_keep_their_order_and_are_there_once() {
    let case = &CASES[0];
    let text = String::from_utf8_lossy(&case.file).into_owned();
    let list = text.rfind("\n5 0 obj\n").unwrap() + 9;
    let list = &text[list..=list + text[list..].find(']').unwrap()];
    for other in ["7 0 R 6 0 R", "6 0 R 7 0 R 6 0 R", "6 0 R 6 0 R 7 0 R"] {
        let other = list.replace("6 0 R 7 0 R", other);
        assert_ne!(other, list);
        assert!(noticed(&append(&case.file, &[(5, &other)]), &case.trust), "{other}");
    }
}

#[test]
fn what_names_fields_and_pages_rightly_gives_no_alarm() {
    let field = empty_field("");
    let catalog = "<</Type/Catalog/Pages 2 0 R/AcroForm 8 0 R/Outlines 160 0 R\
                   /StructTreeRoot 161 0 R/OpenAction[3 0 R/Fit]/Dests<</a[3 0 R/Fit]>>>>";
    let before = [
        (1, catalog),
        (7, &*field),
        (8, "<</Fields 9 0 R/CO[7 0 R]>>"),
        (160, "<</First 162 0 R/Last 162 0 R>>"),
        (161, "<</Type/StructTreeRoot/K 163 0 R>>"),
        (162, "<</Title(a)/Parent 160 0 R/A<</S/GoTo/D[3 0 R/Fit]>>>>"),
        (163, "<</Type/StructElem/S/Form/P 161 0 R/Pg 3 0 R/K<</Type/OBJR/Obj 7 0 R/Pg 3 0 R>>>>"),
    ];
    let field = empty_field("/M(D:20261120093106+07'00')");
    let page = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</XObject <<>>>>\
                /CropBox[20 30 575 800]/Annots 5 0 R/LastModified(D:20261121)>>";
    let root = catalog.replace("/Outlines", "/Metadata 152 0 R/Outlines");
    let after =
        [(1, &*root), (3, page), (7, &field), (8, "<</Fields 9 0 R/CO[7 0 R]/SigFlags 3>>")];
    let after = [&after[..], &[(152, "<</Length 0>>\nstream\n\nendstream")]].concat();
    assert_eq!(drawn("<<>>", &before, &after), Verdict::Ok);
}

#[test]
fn a_note_added_later_is_told_apart_from_a_change() {
    let case = &CASES[0];
    let widget = String::from_utf8_lossy(&case.file).into_owned();
    let list = widget.rfind("\n5 0 obj\n").unwrap() + 9;
    let list = &widget[list..list + widget[list..].find(']').unwrap()];
    let list = format!("{list} 150 0 R]");
    let note = "<</Type/Annot/Subtype/FreeText/Rect[9 9 99 99]/Contents(new)/F 4>>";
    let report = verify(&append(&case.file, &[(5, &list), (150, note)]), &case.trust).unwrap();
    let found = &report.signatures[0];
    assert_eq!(found.later_changes, LaterChanges::Annotations);
    assert_eq!(found.coverage, Coverage::WholeRevision);
    assert!(found.notes.contains(&Note::AnnotatedAfter));
    // It may lie over what was signed.
    assert!(found.modified_after);
    assert_eq!(found.verdict, Verdict::Altered);
}

#[test]
fn bytes_after_the_end_are_noticed_unless_they_are_space() {
    let case = &CASES[0];
    let with = |tail: &[u8]| [&case.file, tail].concat();
    assert!(noticed(&with(b"4 0 obj\n<<>>\nendobj\n"), &case.trust));
    assert!(noticed(&with(b"%PDF-1.7 hidden"), &case.trust));
    let report = verify(&with(b"\r\n\n"), &case.trust).unwrap();
    assert_eq!(report.verdict, Verdict::Ok);
    assert_eq!(report.signatures[0].coverage, Coverage::WholeFile);
}

#[test]
fn a_shrunken_byte_range_is_noticed() {
    let case = &CASES[0];
    let at = case.file.windows(11).rposition(|window| window == b"/ByteRange ").unwrap() + 11;
    let total = case.file.len();
    let ranges = [
        [0, case.gap.start, case.gap.end, total - case.gap.end - 40],
        [0, case.gap.start - 9, case.gap.end, total - case.gap.end],
        [9, case.gap.start - 9, case.gap.end, total - case.gap.end],
        [0, case.gap.start, case.gap.end + 9, total - case.gap.end - 9],
    ];
    for range in ranges {
        let text = format!("[{} {} {} {}]", range[0], range[1], range[2], range[3]);
        let mut file = case.file.clone();
        file[at..at + 48].fill(b' ');
        file[at..at + text.len()].copy_from_slice(text.as_bytes());
        let report = verify(&file, &case.trust).unwrap();
        assert_eq!(report.signatures[0].coverage, Coverage::Less, "{range:?}");
        assert_eq!(report.verdict, Verdict::Altered, "{range:?}");
    }
}

#[test]
fn something_in_the_padding_is_noticed() {
    let case = &CASES[0];
    let last = case.gap.end - 2;
    let mut padded = 0;
    // The signature is one to three bytes shorter than its room in almost every run.
    for which in CASES.iter() {
        let mut file = which.file.clone();
        let last = which.gap.end - 2;
        if file[last] != b'0' {
            continue;
        }
        file[last] = b'1';
        let report = verify(&file, &which.trust).unwrap();
        if report.signatures[0].notes.contains(&Note::PaddingNotZero) {
            assert_eq!(report.verdict, Verdict::Altered);
            padded += 1;
        }
    }
    assert!(padded > 0 || case.file[last] != b'0', "nothing could be padded");
}
