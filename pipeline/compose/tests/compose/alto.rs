//! ALTO held against the rules of its schema, version 4.4, for the elements that are written here:
//! which children in which order, which attributes, and what these may be.
//!
//! The schema itself is on no registry of packages; what stands below says the same in its words.

use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
use regex::Regex;
use sohoa_compose::alto::{About, write};
use sohoa_document::{Line, PageText, Rect, TextOrigin, Word};

/// What an attribute may be.
#[derive(Clone, Copy)]
enum Is {
    Id,
    Number,
    /// A number from 0 to 1.
    Share,
    Text,
}

/// Name, and whether it has to be there.
type Attribute = (&'static str, Is, bool);

const BOX: [Attribute; 4] = [
    ("HPOS", Is::Number, false),
    ("VPOS", Is::Number, false),
    ("WIDTH", Is::Number, false),
    ("HEIGHT", Is::Number, false),
];

/// Element, its children in order as an expression over their names, its own attributes; `true`
/// where it may have a box too.
const RULES: [(&str, &str, &[Attribute], bool); 16] = [
    (
        "alto",
        "(Description )?(Styles )?(Tags )?(ReadingOrder )?Layout ",
        &[("xmlns", Is::Text, true), ("SCHEMAVERSION", Is::Text, false)],
        false,
    ),
    (
        "Description",
        "MeasurementUnit (sourceImageInformation )?(OCRProcessing )*(Processing )*",
        &[],
        false,
    ),
    ("MeasurementUnit", "", &[], false),
    ("sourceImageInformation", "(fileName )?(fileIdentifier )*(documentIdentifier )*", &[], false),
    ("documentIdentifier", "", &[], false),
    (
        "Processing",
        "(processingCategory )?(processingDateTime )?(processingAgency )?\
         (processingStepDescription )*(processingStepSettings )?(processingSoftware )?",
        &[("ID", Is::Id, true)],
        false,
    ),
    (
        "processingSoftware",
        "(softwareCreator )?(softwareName )?(softwareVersion )?(applicationDescription )?",
        &[],
        false,
    ),
    ("softwareName", "", &[], false),
    ("softwareVersion", "", &[], false),
    ("Layout", "(Page )+", &[], false),
    (
        "Page",
        "(TopMargin )?(LeftMargin )?(RightMargin )?(BottomMargin )?(PrintSpace )?",
        &[
            ("ID", Is::Id, true),
            ("PHYSICAL_IMG_NR", Is::Number, true),
            ("WIDTH", Is::Number, false),
            ("HEIGHT", Is::Number, false),
            ("PC", Is::Share, false),
        ],
        false,
    ),
    ("PrintSpace", "(TextBlock )*", &[("ID", Is::Id, false)], true),
    ("TextBlock", "(Shape )?(TextLine )*", &[("ID", Is::Id, true)], true),
    (
        "TextLine",
        "(Shape )?(String (SP )?)+(HYP )?",
        &[("ID", Is::Id, false), ("BASELINE", Is::Text, false)],
        true,
    ),
    (
        "String",
        "(Shape )?",
        &[("ID", Is::Id, false), ("CONTENT", Is::Text, true), ("WC", Is::Share, false)],
        true,
    ),
    ("SP", "", &[("ID", Is::Id, false)], true),
];

impl Is {
    fn holds(self, value: &str, ids: &mut HashSet<String>) -> bool {
        let number = || value.parse::<f32>().ok().filter(|number| number.is_finite());
        match self {
            // An identifier begins with a letter, and no other element has the same.
            Self::Id => {
                value.starts_with(|c: char| c.is_ascii_alphabetic())
                    && value.chars().all(|c| c.is_ascii_alphanumeric())
                    && ids.insert(value.to_owned())
            }
            Self::Number => number().is_some(),
            Self::Share => number().is_some_and(|number| (0.0..=1.0).contains(&number)),
            Self::Text => true,
        }
    }
}

/// Everything in which a file breaks the rules.
fn broken(alto: &[u8]) -> Vec<String> {
    let mut reader = Reader::from_reader(alto);
    // The open elements, each with the names of its children so far.
    let mut open: Vec<(String, String)> = vec![(String::new(), String::new())];
    let (mut ids, mut wrong) = (HashSet::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => {
                let name = begun(&element, &mut open, &mut ids, &mut wrong);
                open.push((name, String::new()));
            }
            Event::Empty(element) => {
                let name = begun(&element, &mut open, &mut ids, &mut wrong);
                ended(&name, "", &mut wrong);
            }
            Event::End(_) => {
                let (name, children) = open.pop().unwrap();
                ended(&name, &children, &mut wrong);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let root = &open[0].1;
    if root != "alto " {
        wrong.push(format!("the file is `{root}`"));
    }
    wrong
}

fn rule(name: &str) -> Option<(&'static str, &'static [Attribute], bool)> {
    let found = RULES.into_iter().find(|(element, ..)| *element == name);
    found.map(|(_, children, attributes, boxed)| (children, attributes, boxed))
}

fn begun(
    element: &BytesStart<'_>,
    open: &mut [(String, String)],
    ids: &mut HashSet<String>,
    wrong: &mut Vec<String>,
) -> String {
    let name = String::from_utf8(element.name().as_ref().to_vec()).unwrap();
    let children = &mut open.last_mut().unwrap().1;
    children.push_str(&name);
    children.push(' ');
    let Some((_, own, boxed)) = rule(&name) else { return name };
    let boxes = if boxed { BOX.as_slice() } else { &[] };
    let known: Vec<Attribute> = own.iter().chain(boxes).copied().collect();
    let given: BTreeMap<String, String> = element
        .attributes()
        .map(|attribute| {
            let attribute = attribute.unwrap();
            let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
            (key, attribute.unescape_value().unwrap().into_owned())
        })
        .collect();
    for (key, value) in &given {
        match known.iter().find(|(attribute, ..)| attribute == key) {
            None => wrong.push(format!("{name} has an attribute {key}")),
            Some((_, is, _)) if !is.holds(value, ids) => {
                wrong.push(format!("{name} has {key}={value:?}"));
            }
            Some(_) => {}
        }
    }
    let missing = known.iter().filter(|(key, _, needed)| *needed && !given.contains_key(*key));
    wrong.extend(missing.map(|(key, ..)| format!("{name} lacks {key}")));
    name
}

fn ended(name: &str, children: &str, wrong: &mut Vec<String>) {
    let Some((expected, ..)) = rule(name) else {
        wrong.push(format!("there is no element {name}"));
        return;
    };
    if !Regex::new(&format!("^(?:{expected})$")).unwrap().is_match(children) {
        wrong.push(format!("{name} holds `{children}`"));
    }
}

fn made(pages: &[Option<PageText>], engine: Option<&str>) -> Vec<u8> {
    let about = About { identifier: "<uid>", software: ("sohoa", "0.1.0"), engine };
    let mut out = Vec::new();
    write(&mut out, &about, (1..).zip(pages.iter().map(Option::as_ref))).unwrap();
    out
}

fn page() -> impl Strategy<Value = Option<PageText>> {
    // What recognition gives, and what only a broken page worker could.
    let number = || prop_oneof![0.0..900.0_f32, Just(f32::NAN), Just(f32::MAX), Just(-3.0)];
    let word = (any::<String>(), number(), number(), prop_oneof![0.0..1.0_f32, number()]);
    let line = (prop::collection::vec(word, 1..4), 0_u32..3);
    let line = line.prop_map(|(words, block)| {
        let word = |(text, x, y, confidence)| Word {
            text,
            bbox: Rect { x0: x, y0: y, x1: y, y1: x },
            confidence,
        };
        let words: Vec<Word> = words.into_iter().map(word).collect();
        let bbox = words[0].bbox;
        Line { words, bbox, baseline: (bbox.y1, bbox.y0), block }
    });
    let page = (prop::collection::vec(line, 0..6), number()).prop_map(|(lines, width)| PageText {
        lines,
        origin: TextOrigin::Ocr,
        ..PageText::empty(width, 842.0)
    });
    prop::option::of(page)
}

proptest! {
    #[test]
    fn whatever_is_read_is_written_by_the_rules(
        pages in prop::collection::vec(page(), 1..4),
        engine in prop::option::of("tesseract 5.[0-9]"),
    ) {
        prop_assert_eq!(broken(&made(&pages, engine.as_deref())), Vec::<String>::new());
    }
}

#[test]
fn what_breaks_the_rules_is_seen() {
    let good = String::from_utf8(made(&[None, None], Some("tesseract 5"))).unwrap();
    assert_eq!(broken(good.as_bytes()), Vec::<String>::new());
    for (from, to) in [
        ("ID=\"P2\"", "ID=\"P1\""),
        (" PHYSICAL_IMG_NR=\"1\"", ""),
        (" PHYSICAL_IMG_NR=\"1\"", " PHYSICAL_IMG_NR=\"first\""),
        ("<Layout>", "<Layout><TextLine/>"),
        ("softwareVersion", "softwareRelease"),
        ("<Processing ", "<Processing STYLE=\"bold\" "),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good, "{from}");
        assert!(!broken(bad.as_bytes()).is_empty(), "{from} became {to}");
    }
}
