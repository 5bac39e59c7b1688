//! What is done to a document after it was certified: fields filled in and notes, within what the
//! certification allows and beyond it.

use sohoa_sign::test_ca::Issued;

use crate::{
    Kind, Kinds,
    by_hand::{Says, baseline, catalog, signed_form},
    bytes::Signed,
    made::{self, Held, Shape, append, stamps::Authority},
    times,
};

/// The field of the arrival number, empty when it is signed.
const NUMBER: u32 = 70;

/// How it is shown: nothing yet.
const LOOK: u32 = 71;

/// A box to tick, with the looks of its states.
const BOX: u32 = 74;

fn number(box_: &str, further: &str) -> String {
    format!("<</Type/Annot/Subtype/Widget/FT/Tx/T(so)/Rect[{box_}]/F 4/P 3 0 R{further}>>")
}

fn look(further: &str, content: &str) -> String {
    format!(
        "<</Type/XObject/Subtype/Form/BBox[0 0 200 20]{further}/Length {}>>\nstream\n{content}\n\
         endstream",
        content.len()
    )
}

/// The number, written in its box.
fn written() -> String {
    let font = "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>";
    look(font, "/Tx BMC q 1 1 198 18 re W n BT /F1 12 Tf 0 g 2 4 Td (142) Tj ET Q EMC")
}

const BOXED: &str = "100 100 300 120";

/// A form of a number, a date, a remark as large as the page, and a box to tick.
fn form() -> Vec<u8> {
    let shape = Shape { annotations: Held::Indirect, ..Shape::default() };
    let text = |name: &str, place: &str| {
        format!("<</Type/Annot/Subtype/Widget/FT/Tx/T({name})/Rect[{place}]/F 4/P 3 0 R>>")
    };
    let ticked = "<</Type/Annot/Subtype/Widget/FT/Btn/T(da nhan)/Rect[100 160 112 172]/F 4/P 3 0 R\
                  /V/Off/AS/Off/AP<</N<</Off 75 0 R/Yes 76 0 R>>>>>>";
    let objects = [
        (NUMBER, number(BOXED, "/AP<</N 71 0 R>>")),
        (LOOK, look("", "")),
        (72, text("ngay", "100 130 300 150")),
        (73, text("ghi chu", "20 30 575 800")),
        (BOX, ticked.to_owned()),
        (75, look("", "")),
        (76, look("", "0 0 12 12 re f")),
    ];
    let objects: Vec<_> = objects.iter().map(|(number, body)| (*number, body.as_str())).collect();
    append(&made::pdf(shape), &objects)
}

const FIELDS: &str = "70 0 R 72 0 R 73 0 R 74 0 R";

const ANNOTATIONS: &str = "6 0 R 70 0 R 72 0 R 73 0 R 74 0 R";

fn certified_form(form: &[u8], stated: &str, issued: &Issued) -> Vec<u8> {
    let stated = format!("/Reference[{stated}]");
    let says = Says::baseline(&stated, true);
    signed_form(form, (FIELDS, ANNOTATIONS), says, |content| baseline(issued, content))
}

/// What words in its fields look like.
const MEANS: &str = "/DA(/F1 9 Tf 0 g)/DR<</Font<</F1 77 0 R>>>>";

/// A certified form that says so.
fn with_means(issued: &Issued) -> Vec<u8> {
    let font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>";
    let stated = format!("/Reference[{}]", allows(2));
    let says = Says { form: MEANS, ..Says::baseline(&stated, true) };
    signed_form(&append(&form(), &[(77, font)]), (FIELDS, ANNOTATIONS), says, |content| {
        baseline(issued, content)
    })
}

/// The same, then with these entries in its form, and a font whose `1` is drawn as another digit.
fn with_other_means(certified: &[u8], entries: &str) -> Vec<u8> {
    let other = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[49/nine]>>>>";
    append(certified, &[(1, &catalog(FIELDS, entries, true)), (91, other)])
}

/// A certification that allows what the number stands for.
fn allows(level: u8) -> String {
    format!(
        "<</Type/SigRef/TransformMethod/DocMDP/TransformParams\
         <</Type/TransformParams/P {level}/V/1.2>>>>"
    )
}

/// The same for forms, with fields locked.
fn locks(action: &str, names: &str) -> String {
    format!(
        "{}<</Type/SigRef/TransformMethod/FieldMDP/TransformParams\
         <</Type/TransformParams/Action/{action}/Fields[{names}]/V/1.2>>>>",
        allows(2)
    )
}

/// The number filled in, in a box and with a look.
fn filled(file: &[u8], place: &str, shown: &str) -> Vec<u8> {
    append(file, &[(NUMBER, &number(place, "/V(142)/AP<</N 80 0 R>>")), (80, shown)])
}

const NOTE: &str = "<</Type/Annot/Subtype/FreeText/Rect[9 9 99 99]/Contents(seen)/F 4>>";

/// A note of this kind with a look of its own.
fn marked(file: &[u8], kind: &str, look: &str) -> Vec<u8> {
    let note = format!(
        "<</Type/Annot/Subtype/{kind}/Rect[50 300 250 320]/Contents(seen)/F 4/AP<</N 82 0 R>>>>"
    );
    append(&noted(file, &note), &[(82, look)])
}

fn noted(file: &[u8], note: &str) -> Vec<u8> {
    let list = "[6 0 R 70 0 R 72 0 R 73 0 R 74 0 R 20 0 R 81 0 R]";
    append(file, &[(5, list), (81, note)])
}

pub(crate) fn good() -> Kinds {
    let issued = made::made(&made::agency());
    let certified = |stated: &str| certified_form(&form(), stated, &issued);
    let forms = certified(&allows(2));
    let fill = |file: &[u8]| filled(file, BOXED, &written());
    let over = [(NUMBER, &*number(BOXED, "/V(142)/AP<</N 71 0 R>>")), (LOOK, &*written())];
    let ticked = "<</Type/Annot/Subtype/Widget/FT/Btn/T(da nhan)/Rect[100 160 112 172]/F 4/P 3 0 R\
                  /V/Yes/AS/Yes/AP<</N<</Off 75 0 R/Yes 76 0 R>>>>>>";
    let kind = |name, file| Kind::new(name, "ok", file);
    let all = vec![
        kind("certified for forms, and filled in", fill(&forms)),
        kind("the same, its look written over", append(&forms, &over)),
        kind("the same, a box ticked", append(&forms, &[(BOX, ticked)])),
        kind("the same, signed and filled in", fill(&Signed::of(&forms, &issued).file)),
        kind("the same, filled in and signed", Signed::of(&fill(&forms), &issued).file),
        kind(
            "one field locked, another filled in",
            fill(&certified(&locks("Include", "(ngay)(so den)"))),
        ),
        kind("all fields locked but one, which is filled in", {
            fill(&certified(&locks("Exclude", "(so)")))
        }),
        kind("certified for notes, and filled in", fill(&certified(&allows(3)))),
        kind("certified for notes, and one added", noted(&certified(&allows(3)), NOTE)),
        kind("a font added to a certified form", {
            let more = "/DA(/F1 9 Tf 0 g)/DR<</Font<</F1 77 0 R/F2 91 0 R>>>>";
            with_other_means(&with_means(&issued), more)
        }),
    ];
    Kinds { roots: issued.root, all }
}

pub(crate) fn wrong() -> Kinds {
    let (issued, stranger) = (made::made(&made::agency()), made::made(&made::agency()));
    let certified = |stated: &str| certified_form(&form(), stated, &issued);
    let (forms, notes) = (certified(&allows(2)), certified(&allows(3)));
    let fill = |file: &[u8]| filled(file, BOXED, &written());
    let remark = "<</Type/Annot/Subtype/Widget/FT/Tx/T(ghi chu)/Rect[20 30 575 800]/F 4/P 3 0 R\
                  /V(x)/AP<</N 80 0 R>>>>";
    let red = "<</Length 27>>\nstream\n1 0 0 rg 20 20 100 100 re f\nendstream";
    let surface = look("", "1 g 0 0 200 20 re f");
    let picture = look("/Resources<</XObject<</I 76 0 R>>>>", "/I Do");
    let acting = "<</Type/Annot/Subtype/Link/Rect[9 9 99 99]/F 4/A<</S/JavaScript/JS(1)>>>>";
    let first = certified_form(&form(), &allows(2), &stranger);
    let kind = |name, file| Kind::new(name, "altered", file);
    let mut all = vec![
        kind("a field filled in on what was certified as closed", fill(&certified(&allows(1)))),
        kind("a note on what was certified for forms", noted(&forms, NOTE)),
        kind("content on what was certified for forms", append(&fill(&forms), &[(4, red)])),
        kind("content on what was certified for notes", append(&notes, &[(4, red)])),
        kind("a note that acts, where notes are allowed", noted(&notes, acting)),
        kind(
            "a filled field as large as the page",
            append(&forms, &[(73, remark), (80, &written())]),
        ),
        kind("a filled field moved", filled(&forms, "100 400 300 420", &written())),
        kind("a filled field made larger", filled(&forms, "20 30 575 800", &written())),
        kind("a surface in a filled field", filled(&forms, BOXED, &surface)),
        kind("a picture in a filled field", filled(&forms, BOXED, &picture)),
        kind("a ticked box with another look", {
            let other = "<</Type/Annot/Subtype/Widget/FT/Btn/T(da nhan)/Rect[100 160 112 172]/F 4\
                         /P 3 0 R/V/Yes/AS/Yes/AP<</N<</Off 75 0 R/Yes 80 0 R>>>>>>";
            append(&forms, &[(BOX, other), (80, &surface)])
        }),
        kind("a locked field filled in", fill(&certified(&locks("Include", "(so)")))),
        kind("all fields locked but another", fill(&certified(&locks("Exclude", "(ngay)")))),
        kind("all fields locked", fill(&certified(&locks("All", "")))),
        kind(
            "filled in as a stranger's certification allows it",
            fill(&Signed::of(&first, &issued).file),
        ),
    ];
    all.extend(notes_that_hide(&notes));
    all.extend(letters_that_hide(&forms));
    all.extend(other_means(&with_means(&issued)));
    all.extend(prepared(&issued));
    let root = times::root();
    all.extend(no_certifications(&issued, &Authority::under(&root, 5, Vec::new())));
    Kinds { roots: [issued.root, root.pem()].concat(), all }
}

/// Where words are written into a box.
fn letters_that_hide(certified: &[u8]) -> Vec<Kind> {
    let font = "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>";
    let outlined = look(font, "BT 1 G 400 w 2 Tr /F1 12 Tf 2 4 Td (I) Tj ET");
    let high = look(font, "BT 1 g /F1 5000 Tf 2 4 Td (I) Tj ET");
    let stretched = look(font, "BT 1 g /F1 1 Tf 5000 0 0 5000 0 0 Tm (I) Tj ET");
    vec![
        Kind::new("letters in a filled field whose outlines cover it", "altered", {
            filled(certified, BOXED, &outlined)
        }),
        Kind::new("letters higher than the filled field", "altered", {
            filled(certified, BOXED, &high)
        }),
        Kind::new("letters stretched over the filled field", "altered", {
            filled(certified, BOXED, &stretched)
        }),
    ]
}

/// What viewers make the looks of signed fields from.
fn other_means(certified: &[u8]) -> Vec<Kind> {
    let kind =
        |name, entries: &str| Kind::new(name, "altered", with_other_means(certified, entries));
    vec![
        kind(
            "another font under the name that fields ask for",
            "/DA(/F1 9 Tf 0 g)/DR<</Font<</F1 91 0 R>>>>",
        ),
        kind("another font asked for by all fields", {
            "/DA(/F2 9 Tf 0 g)/DR<</Font<</F1 77 0 R/F2 91 0 R>>>>"
        }),
        kind("the fonts of a form taken away", "/DA(/F1 9 Tf 0 g)"),
        kind("fields to be shown anew by who looks at them", {
            "/NeedAppearances true/DA(/F1 9 Tf 0 g)/DR<</Font<</F1 77 0 R>>>>"
        }),
    ]
}

/// Where notes are allowed.
fn notes_that_hide(certified: &[u8]) -> Vec<Kind> {
    let kind = |name, file| Kind::new(name, "altered", file);
    let over = "<</Type/Annot/Subtype/FreeText/Rect[20 30 575 800]/Contents(seen)/F 4>>";
    let list = "[6 0 R 70 0 R 72 0 R 73 0 R 74 0 R 20 0 R 81 0 R]";
    let looking = "<</Type/Annot/Subtype/FreeText/Rect[9 9 99 99]/Contents(seen)/F 4\
                   /AP<</N 82 0 R>>>>";
    let surface = look("", "1 g 0 0 200 20 re f");
    let changed = "<</Type/Annot/Subtype/Text/Rect[10 10 30 30]/Contents(a note)/F 4\
                   /AP<</N 82 0 R>>>>";
    let lines: Vec<_> = (0..20).map(|at| format!("0 {at} m 200 {at} l S")).collect();
    let lines = look("", &format!("1 G 1 w {}", lines.join(" ")));
    let sheer = "/Resources<</ExtGState<</R0<</ca 0.5>>>>>>";
    let sheer = look(sheer, &format!("/R0 gs 1 g {}", "0 0 200 20 re f ".repeat(10)));
    let picture = look("/Resources<</XObject<</I 76 0 R>>>>", "/I Do");
    vec![
        kind("a note over most of the page, where notes are allowed", noted(certified, over)),
        kind(
            "a note with a look of its own, where notes are allowed",
            append(certified, &[(5, list), (81, looking), (82, &surface)]),
        ),
        kind(
            "a note given a look of its own, where notes are allowed",
            append(certified, &[(6, changed), (82, &surface)]),
        ),
        kind("letters over the text, where notes are allowed", {
            marked(certified, "FreeText", &written())
        }),
        kind("thin lines beside each other", marked(certified, "StrikeOut", &lines)),
        kind("sheer surfaces on each other", marked(certified, "Highlight", &sheer)),
        kind("a stamp, where notes are allowed", marked(certified, "Stamp", &picture)),
    ]
}

/// What allows something, and is not what the catalog names as the certification or is a time-stamp.
fn no_certifications(issued: &Issued, authority: &Authority) -> Vec<Kind> {
    let kind = |name, file| Kind::new(name, "altered", file);
    let stated = format!("/Reference[{}]", allows(2));
    let fill = |file: &[u8]| filled(file, BOXED, &written());
    let unnamed =
        signed_form(&form(), (FIELDS, ANNOTATIONS), Says::baseline(&stated, false), |content| {
            baseline(issued, content)
        });
    let stamp = Says { sub_filter: "ETSI.RFC3161", further: &stated, named: true, form: "" };
    let stamp = signed_form(&form(), (FIELDS, ANNOTATIONS), stamp, |content| {
        times::token(authority, content)
    });
    vec![
        kind("filled in as a certification allows it that the catalog does not name", {
            fill(&unnamed)
        }),
        kind("filled in on a signature, as the one before it allows that is not named", {
            fill(&Signed::of(&unnamed, issued).file)
        }),
        kind("filled in on a signature, as a time-stamp before it allows", {
            fill(&Signed::of(&stamp, issued).file)
        }),
    ]
}

/// What is a field or a note, and something else of the page too.
fn prepared(issued: &Issued) -> Vec<Kind> {
    let kind = |name, file| Kind::new(name, "altered", file);
    let shown = "/AP<</N 4 0 R>>";
    let content = append(&form(), &[(NUMBER, &number(BOXED, shown)), (4, &look("", ""))]);
    let content = certified_form(&content, &allows(2), issued);
    let page = |resources: &str| {
        format!(
            "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources {resources}\
             /CropBox[20 30 575 800]/Annots 5 0 R>>"
        )
    };
    let note = "<</Type/Annot/Subtype/Text/Rect[10 10 30 30]/Contents(a note)/F 4";
    let doubled = append(&form(), &[(3, &page("6 0 R"))]);
    let doubled = certified_form(&doubled, &allows(3), issued);
    let changed = format!("{note}/XObject<</X 76 0 R>>>>");
    let resources = append(&form(), &[(3, &page("<</XObject 70 0 R>>"))]);
    let resources = certified_form(&resources, &allows(2), issued);
    let small = |further: &str| {
        format!(
            "<</Type/Annot/Subtype/Widget/FT/Tx/T(ngay)/Rect[100 130 300 150]/F 4/P 3 0 R{further}>>"
        )
    };
    let large = "<</Type/Annot/Subtype/Widget/FT/Tx/T(ghi chu)/Rect[20 30 575 800]/F 4/P 3 0 R\
                 /AP<</N 77 0 R>>>>";
    let shared = [(72, &*small("/AP<</N 77 0 R>>")), (73, large), (77, &*look("", ""))];
    let shared = certified_form(&append(&form(), &shared), &allows(2), issued);
    let surface = look("", "1 g 0 0 200 20 re f");
    let font = look("/Resources<</Font<</F1 82 0 R>>>>", "BT /F1 12 Tf (1) Tj ET");
    let drawn = "<</Type/Font/Subtype 83 0 R/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 0]\
                 /CharProcs<</one 76 0 R>>/Encoding<</Differences[49/one]>>/FirstChar 49\
                 /LastChar 49/Widths[1]>>";
    let drawn = [
        (NUMBER, &*number(BOXED, "/V(1)/AP<</N 80 0 R>>")),
        (80, &*font),
        (82, drawn),
        (83, "/Type3"),
    ];
    vec![
        kind("a field's look that is the page's content (shadow)", {
            append(&content, &[(NUMBER, &number(BOXED, &format!("/V(1){shown}"))), (4, &written())])
        }),
        kind("a note that is the page's resources (shadow)", append(&doubled, &[(6, &changed)])),
        kind("a filled field that is the page's pictures (shadow)", {
            let filled = number(BOXED, "/V(1)/RV 76 0 R/AP<</N 80 0 R>>");
            append(&resources, &[(NUMBER, &filled), (80, &written())])
        }),
        kind("a look shared by a small field and one as large as the page (shadow)", {
            let small = small("/V(1)/AP<</N 80 0 R>>");
            append(&shared, &[(77, &surface), (72, &small), (80, &written())])
        }),
        kind("a filled field whose letters are drawings", {
            append(&certified_form(&form(), &allows(2), issued), &drawn)
        }),
    ]
}
