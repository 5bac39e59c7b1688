//! ALTO 4: every word of a record with its place and confidence, for archives and for whoever reads
//! the words again one day. The same words in the same order as the text.
//!
//! Boxes are whole numbers of 1/1200 inch, a fiftieth of a millimetre, on the page as a person
//! reads it.

use std::io::{self, Write};

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};
use sohoa_document::{PageText, Rect, TextOrigin, text::Line};

const NAMESPACE: &str = "http://www.loc.gov/standards/alto/ns-v4#";

/// The units of a point.
const UNITS: f32 = 1200.0 / 72.0;

/// What the file says of itself. Not when it was made: of the same pages it is the same file.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// The record's identifier.
    pub identifier: &'a str,
    /// Name and version of the program.
    pub software: (&'a str, &'a str),
    /// Name and version of the engine that recognised; none where the files' own text was taken.
    pub engine: Option<&'a str>,
}

/// Writes the pages of a record. A page that was not read has its number and no text.
///
/// # Errors
/// `out`'s own.
pub fn write<'a>(
    out: impl Write,
    about: &About<'_>,
    pages: impl Iterator<Item = (u32, Option<&'a PageText>)>,
) -> io::Result<()> {
    let mut writer = Writer::new(out);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let root = writer.create_element("alto");
    let root = root.with_attributes([("xmlns", NAMESPACE), ("SCHEMAVERSION", "4.4")]);
    root.write_inner_content(|writer| {
        describe(writer, about)?;
        writer.create_element("Layout").write_inner_content(|writer| {
            for (number, text) in pages {
                page(writer, number, text)?;
            }
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

fn describe(writer: &mut Writer<impl Write>, about: &About<'_>) -> io::Result<()> {
    let step = |writer: &mut Writer<_>, id, (name, version): (&str, &str)| {
        let processing = writer.create_element("Processing").with_attribute(("ID", id));
        processing.write_inner_content(|writer| {
            writer.create_element("processingSoftware").write_inner_content(|writer| {
                told(writer, "softwareName", name)?;
                told(writer, "softwareVersion", version)
            })?;
            Ok(())
        })?;
        Ok::<_, io::Error>(())
    };
    writer.create_element("Description").write_inner_content(|writer| {
        told(writer, "MeasurementUnit", "inch1200")?;
        writer.create_element("sourceImageInformation").write_inner_content(|writer| {
            let name = writer.create_element("documentIdentifier");
            name.write_text_content(BytesText::new(about.identifier))?;
            Ok(())
        })?;
        if let Some(engine) = about.engine {
            step(writer, "READ", engine.split_once(' ').unwrap_or((engine, "")))?;
        }
        step(writer, "MADE", about.software)
    })?;
    Ok(())
}

fn told(writer: &mut Writer<impl Write>, name: &str, value: &str) -> io::Result<()> {
    writer.create_element(name).write_text_content(BytesText::new(value))?;
    Ok(())
}

fn page(writer: &mut Writer<impl Write>, number: u32, text: Option<&PageText>) -> io::Result<()> {
    let number_text = number.to_string();
    let page = writer.create_element("Page").with_attributes([
        ("ID", format!("P{number}").as_str()),
        ("PHYSICAL_IMG_NR", number_text.as_str()),
    ]);
    let Some(text) = text else {
        page.write_empty()?;
        return Ok(());
    };
    let (width, height) = (units(text.width).to_string(), units(text.height).to_string());
    let page = page.with_attributes([("WIDTH", width.as_str()), ("HEIGHT", height.as_str())]);
    let page = match text.mean_confidence().filter(|_| text.origin == TextOrigin::Ocr) {
        Some(mean) => page.with_attribute(("PC", share(mean).as_str())),
        None => page,
    };
    page.write_inner_content(|writer| {
        let space = Rect::new(0.0, 0.0, text.width, text.height);
        let space = boxed(writer.create_element("PrintSpace"), &space);
        space.write_inner_content(|writer| {
            for (index, block) in text.lines.chunk_by(|a, b| a.block == b.block).enumerate() {
                text_block(writer, &format!("P{number}B{}", index + 1), block)?;
            }
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

fn text_block(writer: &mut Writer<impl Write>, id: &str, lines: &[Line]) -> io::Result<()> {
    let around = lines.iter().map(|line| line.bbox).reduce(|a, b| a.union(&b));
    let block = writer.create_element("TextBlock").with_attribute(("ID", id));
    boxed(block, &around.unwrap_or_default()).write_inner_content(|writer| {
        for line in lines {
            text_line(writer, line)?;
        }
        Ok(())
    })?;
    Ok(())
}

fn text_line(writer: &mut Writer<impl Write>, line: &Line) -> io::Result<()> {
    let baseline = format!(
        "{},{} {},{}",
        units(line.bbox.x0),
        units(line.baseline.0),
        units(line.bbox.x1),
        units(line.baseline.1)
    );
    let element = boxed(writer.create_element("TextLine"), &line.bbox);
    element.with_attribute(("BASELINE", baseline.as_str())).write_inner_content(|writer| {
        for (index, word) in line.words.iter().enumerate() {
            if index > 0 {
                writer.create_element("SP").write_empty()?;
            }
            let content: String = word.text.chars().filter(|char| is_xml(*char)).collect();
            let string = writer.create_element("String").with_attribute(("CONTENT", &*content));
            boxed(string, &word.bbox)
                .with_attribute(("WC", share(word.confidence).as_str()))
                .write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

fn boxed<'a, W: Write>(
    element: quick_xml::writer::ElementWriter<'a, W>,
    rect: &Rect,
) -> quick_xml::writer::ElementWriter<'a, W> {
    // Edges are rounded, not sizes, so that boxes which touch still do.
    let (left, top) = (units(rect.x0), units(rect.y0));
    let (width, height) =
        (i64::from(units(rect.x1)) - i64::from(left), i64::from(units(rect.y1)) - i64::from(top));
    element.with_attributes([
        ("HPOS", left.to_string().as_str()),
        ("VPOS", top.to_string().as_str()),
        ("WIDTH", width.to_string().as_str()),
        ("HEIGHT", height.to_string().as_str()),
    ])
}

fn units(points: f32) -> i32 {
    (points * UNITS).round() as i32
}

/// 0 to 1 with two digits: more would be noise.
fn share(confidence: f32) -> String {
    // What is no number is no confidence.
    let confidence = if confidence.is_nan() { 0.0 } else { confidence };
    format!("{:.2}", confidence.clamp(0.0, 1.0))
}

/// The characters that XML 1.0 can hold at all.
fn is_xml(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quick_xml::{Reader, events::BytesStart};
    use sohoa_document::text::Word;

    use super::*;

    const ABOUT: About<'_> =
        About { identifier: "uid", software: ("sohoa", "0.1.0"), engine: Some("tesseract 5.3.0") };

    fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
        let attribute = element.try_get_attribute(name).unwrap()?;
        Some(attribute.unescape_value().unwrap().into_owned())
    }

    /// The text that a reader of ALTO takes out, page by page.
    fn text_of(alto: &[u8]) -> Vec<String> {
        let mut reader = Reader::from_reader(alto);
        let (mut pages, mut blocks) = (Vec::<String>::new(), 0);
        loop {
            match reader.read_event().unwrap() {
                Event::Start(element) | Event::Empty(element) => match element.name().as_ref() {
                    b"Page" => {
                        pages.push(String::new());
                        blocks = 0;
                    }
                    b"TextBlock" => {
                        blocks += 1;
                        if blocks > 1 {
                            pages.last_mut().unwrap().push('\n');
                        }
                    }
                    b"SP" => pages.last_mut().unwrap().push(' '),
                    b"String" => {
                        let content = attribute(&element, "CONTENT").unwrap();
                        pages.last_mut().unwrap().push_str(&content);
                    }
                    _ => {}
                },
                Event::End(element) if element.name().as_ref() == b"TextLine" => {
                    pages.last_mut().unwrap().push('\n');
                }
                Event::Eof => return pages,
                _ => {}
            }
        }
    }

    fn line(words: &[String], block: u32) -> Line {
        let bbox = Rect::new(10.0, 20.0, 110.0, 32.0);
        let word = |text: &String| Word { text: text.clone(), bbox, confidence: 0.876 };
        Line { words: words.iter().map(word).collect(), bbox, baseline: (30.0, 30.0), block }
    }

    fn made(pages: &[Option<PageText>]) -> Vec<u8> {
        let mut out = Vec::new();
        let pages = (1..).zip(pages.iter().map(Option::as_ref));
        write(&mut out, &ABOUT, pages).unwrap();
        out
    }

    proptest! {
        #[test]
        fn words_come_back_as_they_were(
            words in prop::collection::vec(
                (prop::collection::vec("[^\\s\\p{C}]{1,8}", 1..4), 0u32..3), 0..6),
        ) {
            let mut words = words;
            words.sort_by_key(|(_, block)| *block);
            let lines = words.iter().map(|(words, block)| line(words, *block)).collect();
            let origin = TextOrigin::Ocr;
            let text = PageText { lines, origin, ..PageText::empty(595.0, 842.0) };
            let alto = made(&[Some(text.clone()), None]);
            prop_assert_eq!(text_of(&alto), [text.plain(), String::new()]);
        }
    }

    #[test]
    fn boxes_and_confidences_stand_beside_the_words() {
        let lines = vec![line(&["Số:".into(), "2114/QĐ-UBND".into(), "\u{c}<&\"'".into()], 1)];
        let text = PageText { lines, origin: TextOrigin::Ocr, ..PageText::empty(595.0, 842.0) };
        let alto = String::from_utf8(made(&[Some(text)])).unwrap();
        let word = "<String CONTENT=\"2114/QĐ-UBND\" HPOS=\"167\" VPOS=\"333\" WIDTH=\"1666\" \
                    HEIGHT=\"200\" WC=\"0.88\"/>";
        assert!(alto.contains(word), "{alto}");
        assert!(alto.contains("BASELINE=\"167,500 1833,500\""), "{alto}");
        assert!(alto.contains("CONTENT=\"&lt;&amp;&quot;&apos;\""), "{alto}");
        assert!(alto.contains("<softwareVersion>5.3.0</softwareVersion>"), "{alto}");
    }
}
