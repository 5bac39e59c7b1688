//! What is appended to a signed file: content by incremental saving, what hides content or shows
//! other content that lay ready when it was signed (shadow attacks), and signatures moved elsewhere.

use std::fmt::Write as _;

use sohoa_sign::test_ca::Issued;

use crate::{
    Kind, Kinds,
    by_hand::{self, position},
    bytes::{Signed, page},
    made::{self, Shape, Xref, append},
};

/// Appends a revision that also frees objects, and may have another catalog.
fn revision(file: &[u8], objects: &[(u32, &str)], freed: &[u32], root: u32) -> Vec<u8> {
    let text = String::from_utf8_lossy(file).into_owned();
    let previous: usize = text[text.rfind("startxref").unwrap()..]
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let (mut out, mut rows) = (file.to_vec(), String::new());
    for (number, body) in objects {
        writeln!(rows, "{number} 1\n{:010} 00000 n ", out.len()).unwrap();
        out.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
    }
    for number in freed {
        writeln!(rows, "{number} 1\n0000000000 00001 f ").unwrap();
    }
    let start = out.len();
    let end = format!(
        "xref\n{rows}trailer\n<</Size 200/Root {root} 0 R/Prev {previous}>>\nstartxref\n{start}\n\
         %%EOF\n"
    );
    out.extend(end.bytes());
    out
}

/// A page whose content is covered by a white form, which a later revision may take away.
fn covered() -> Vec<u8> {
    let page = "<</Type/Page/Parent 2 0 R/Contents[4 0 R 31 0 R]/Resources<<>>\
                /CropBox[20 30 575 800]>>";
    let cover = "<</Length 27>>\nstream\n1 1 1 rg 0 0 595 842 re f\n\nendstream";
    append(&page_only(), &[(3, page), (31, cover)])
}

fn page_only() -> Vec<u8> {
    made::pdf(Shape::default())
}

/// A file that holds a second catalog with other pages, which nothing shows.
fn two_documents() -> Vec<u8> {
    let objects = [
        (40, "<</Type/Catalog/Pages 41 0 R>>"),
        (41, "<</Type/Pages/Kids[42 0 R]/Count 1/MediaBox[0 0 595 842]>>"),
        (42, "<</Type/Page/Parent 41 0 R/Contents 43 0 R/Resources<<>>>>"),
        (43, "<</Length 26>>\nstream\n1 0 0 rg 9 9 400 400 re f\n\nendstream"),
    ];
    append(&page_only(), &objects)
}

/// A file whose page shows what is also its metadata: a signer sees nothing of that.
fn metadata_shown() -> Vec<u8> {
    append(&page_only(), &[(1, "<</Type/Catalog/Pages 2 0 R/Metadata 4 0 R>>")])
}

/// A file with a layer that is switched off.
fn layered() -> Vec<u8> {
    let catalog = "<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[50 0 R]/D<</OFF[50 0 R]>>>>>>";
    append(&page_only(), &[(1, catalog), (50, "<</Type/OCG/Name(hidden)>>")])
}

/// The newest body of an object of a file without object streams.
fn body(file: &[u8], number: u32) -> String {
    let text = String::from_utf8_lossy(file).into_owned();
    let head = format!("\n{number} 0 obj\n");
    let at = text.rfind(&head).unwrap() + head.len();
    text[at..at + text[at..].find("\nendobj").unwrap()].to_owned()
}

fn with_entry(dictionary: &str, entry: &str) -> String {
    let at = dictionary.rfind(">>").unwrap();
    format!("{}{entry}>>", &dictionary[..at])
}

/// The signature's dictionary once more, over a page that shows something else: its value and
/// ranges are the old ones.
fn wrapped(signed: &Signed) -> Vec<u8> {
    let head = &signed.file[..signed.gap.start];
    let at = head.windows(7).rposition(|window| window == b" 0 obj\n").unwrap();
    let digits = head[..at].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let number: u32 = String::from_utf8_lossy(&head[at - digits..at]).parse().unwrap();
    let body = body(&signed.file, number);
    append(&signed.file, &[(4, RED), (number, &body)])
}

/// The end of the signed file moved behind something of the attacker's, with ranges that follow it.
fn moved(signed: &Signed) -> Vec<u8> {
    let Signed { file, gap } = signed;
    let between = b"\n4 0 obj\n<</Length 0>>\nstream\n\nendstream\nendobj\n";
    let mut moved = [&file[..gap.end], between, &file[gap.end..]].concat();
    let range = format!("[0 {} {} {}]", gap.start, gap.end + between.len(), file.len() - gap.end);
    let at = position(&moved, b"/ByteRange ") + 11;
    moved[at..at + 47].copy_from_slice(format!("{range:<47}").as_bytes());
    moved
}

const RED: &str = "<</Length 27>>\nstream\n1 0 0 rg 20 20 100 100 re f\nendstream";

/// Something that shows, as a field or a note has it.
const LOOK: &str = "<</Type/XObject/Subtype/Form/BBox[0 0 500 700]/Length 26>>\nstream\n\
                    1 1 1 rg 0 0 500 700 re f\nendstream";

pub(crate) fn kinds() -> Kinds {
    let issued = made::made(&made::agency());
    let signed = Signed::of(&page(), &issued);
    let all = [added(&signed.file), shadows(&issued), doubled(&issued), moves(&signed, &issued)];
    Kinds { roots: issued.root, all: all.into_iter().flatten().collect() }
}

/// Number of the object that holds the signature.
fn signature_of(file: &[u8]) -> u32 {
    let text = String::from_utf8_lossy(file);
    let at = text.rfind("/V ").expect("a signed field") + 3;
    text[at..].split(' ').next().unwrap().parse().expect("a reference")
}

/// By incremental saving, to a page with a form and a note.
fn added(file: &[u8]) -> Vec<Kind> {
    let altered = |name, objects: &[(u32, &str)]| Kind::new(name, "altered", append(file, objects));
    let list = |number, further: &str| {
        let list = body(file, number);
        format!("{} {further}]", list.trim_end_matches(']'))
    };
    let (annotations, fields) = (list(5, "61 0 R"), list(9, "61 0 R"));
    let widget = |what: &str| {
        format!("<</Type/Annot/Subtype/{what}/Rect[20 30 520 730]/F 4/P 3 0 R/AP<</N 62 0 R>>>>")
    };
    let (note, stamp) = (widget("FreeText"), widget("Stamp"));
    let empty = widget("Widget/FT/Sig/T(cover)");
    let over = "Type/Annot/Subtype/Widget/FT/Sig/Rect[20 30 520 730]/F 4/P 3 0 R/AP<</N 62 0 R>>";
    let hanging = format!("<</{over}/Parent 63 0 R>>");
    let borrowing = format!("<</{over}/T(cover)/V {} 0 R>>", signature_of(file));
    let filled = "<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(other)/Rect[50 50 90 70]/F 4\
                  /P 3 0 R>>";
    let pages = "<</Type/Pages/Kids[3 0 R 63 0 R]/Count 2/MediaBox[0 0 595.28 841.89]>>";
    let further = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<<>>>>";
    let swapped = replaced(&body(file, 5), "6 0 R 7 0 R", "7 0 R 6 0 R");
    let repeated = replaced(&body(file, 5), "6 0 R 7 0 R", "6 0 R 7 0 R 6 0 R");
    let turned = body(file, 3).replace("/Rotate 0", "/Rotate 90");
    let acting = with_entry(&body(file, 1), "/OpenAction 60 0 R");
    let action = "<</S/JavaScript/JS(1)>>";
    vec![
        altered("other content (incremental saving)", &[(4, RED)]),
        altered("a further page (incremental saving)", &[(2, pages), (63, further)]),
        altered("a page turned (incremental saving)", &[(3, &turned)]),
        altered("annotations in another order (incremental saving)", &[(5, &swapped)]),
        altered("an annotation once more (incremental saving)", &[(5, &repeated)]),
        altered("an action on opening (incremental saving)", &[(1, &acting), (60, action)]),
        altered("a text field filled in (incremental saving)", &[(7, filled)]),
        altered(
            "a note over the text (incremental saving)",
            &[(5, &annotations), (61, &note), (62, LOOK)],
        ),
        altered(
            "a stamp over the text (incremental saving)",
            &[(5, &annotations), (61, &stamp), (62, LOOK)],
        ),
        altered(
            "an unsigned field over the text (incremental saving)",
            &[(5, &annotations), (9, &fields), (61, &empty), (62, LOOK)],
        ),
        altered(
            "a field with an empty value over the text (incremental saving)",
            &[(5, &annotations), (61, &hanging), (62, LOOK), (63, "<</T(x)/V<<>>>>")],
        ),
        altered(
            "a field with the same signature over the text (incremental saving)",
            &[(5, &annotations), (9, &fields), (61, &borrowing), (62, LOOK)],
        ),
        Kind::new(
            "the signature's field out of the form",
            "missing",
            append(file, &[(9, "[7 0 R]"), (5, "[6 0 R 7 0 R]")]),
        ),
        altered("an object that was named and not there (shadow, replace)", &[(90, RED)]),
    ]
}

/// A page that draws with what is also something else of the document, each with its change.
fn doubled(issued: &Issued) -> Vec<Kind> {
    let kind = |name, resources: &str, before: &[(u32, &str)], after: &[(u32, &str)]| {
        let page = format!(
            "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</XObject {resources}>>\
             /CropBox[20 30 575 800]/Annots 5 0 R>>"
        );
        let content = "<</Length 22>>\nstream\n/M Do /Metadata Do /DR Do\nendstream";
        let shown = append(&self::page(), &[(3, &page), (4, content)]);
        let signed = Signed::of(&append(&shown, before), issued).file;
        Kind::new(name, "altered", append(&signed, after))
    };
    let field = |further: &str| {
        format!("<</Type/Annot/Subtype/Widget/FT/Sig/T(x)/Rect[0 0 0 0]/F 4/P 3 0 R{further}>>")
    };
    let (empty, filled) = (field("/M 62 0 R"), field("/M 64 0 R"));
    let other = LOOK.replace("1 1 1 rg", "1 0 0 rg");
    let catalog = "<</Type/Catalog/Pages 2 0 R/AcroForm 8 0 R/Metadata 62 0 R>>";
    let changed = replaced(catalog, "62 0 R", "64 0 R");
    let store = "<</Type/Catalog/Pages 2 0 R/AcroForm 8 0 R/DSS 65 0 R>>";
    vec![
        kind(
            "a field that is the page's pictures (shadow)",
            "7 0 R",
            &[(7, &empty), (62, LOOK)],
            &[(7, &filled), (64, &other)],
        ),
        kind(
            "a catalog that is the page's pictures (shadow)",
            "1 0 R",
            &[(1, catalog), (62, LOOK)],
            &[(1, &changed), (64, &other)],
        ),
        kind(
            "metadata that the page draws as the catalog's (shadow)",
            "1 0 R",
            &[(1, catalog), (62, LOOK)],
            &[(62, &other)],
        ),
        kind(
            "a part of the security store that is the page's pictures (shadow)",
            "66 0 R",
            &[(1, store), (65, "<</VRI 66 0 R>>"), (66, "<</M 62 0 R>>"), (62, LOOK)],
            &[(66, "<</M 64 0 R>>"), (64, &other)],
        ),
    ]
}

/// What was made ready before the agency signed.
fn shadows(issued: &Issued) -> Vec<Kind> {
    let altered = |name, file| Kind::new(name, "altered", file);
    let of = |input: &[u8]| Signed::of(input, issued).file;
    let (cover, layer, two) = (of(&covered()), of(&layered()), of(&two_documents()));
    let shown = replaced(&body(&layer, 1), "/OFF", "/ON ");
    let pages = replaced(&body(&two, 1), "/Pages 2 0 R", "/Pages 41 0 R");
    let stream = of(&made::pdf(Shape { xref: Xref::Stream, ..Shape::default() }));
    let packed = replaced(&body(&stream, 10), "/CropBox[20 30 575 800]", "/CropBox[20 30 575 400]");
    let emptied = "<</Length 0>>\nstream\n\nendstream";
    vec![
        altered("a cover freed (shadow, hide)", revision(&cover, &[], &[31], 1)),
        altered("a cover emptied (shadow, hide)", append(&cover, &[(31, emptied)])),
        altered("a layer switched on (shadow, hide)", append(&layer, &[(1, &shown)])),
        altered(
            "metadata that is shown (shadow, replace)",
            append(&of(&metadata_shown()), &[(4, RED)]),
        ),
        Kind::new(
            "another catalog that lay ready (shadow, hide and replace)",
            "missing",
            revision(&two, &[], &[], 40),
        ),
        altered(
            "other pages that lay ready (shadow, hide and replace)",
            append(&two, &[(1, &pages)]),
        ),
        altered("an object stream with other objects", append(&stream, &[(10, &packed)])),
    ]
}

/// Signatures moved, and such as forbid what was done.
fn moves(signed: &Signed, issued: &Issued) -> Vec<Kind> {
    let altered = |name, file| Kind::new(name, "altered", file);
    let closing = "/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams\
                   <</Type/TransformParams/P 1/V/1.2>>>>]";
    let closed = by_hand::signed(closing, |content| by_hand::baseline(issued, content));
    vec![
        altered("the signature's dictionary once more (wrapping)", wrapped(signed)),
        Kind::new("the end moved behind something else (wrapping)", "unreadable", moved(signed)),
        altered("a signature on what was certified as closed", Signed::of(&closed, issued).file),
        altered("content on what was certified as closed", append(&closed, &[(4, RED)])),
    ]
}

/// A text with something else in it; what is not there cannot be replaced.
fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no `{from}` in {text}");
    text.replace(from, to)
}
