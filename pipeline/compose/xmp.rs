//! The XMP packet: the same facts as `Info`, and the claim to be PDF/A-2b.

use std::fmt::Write;

use crate::description::Description;

/// The packet's bytes, for a cleaned description.
pub(crate) fn packet(description: &Description) -> String {
    let mut body = String::new();
    bag(&mut body, "dc:title", "Alt", " xml:lang=\"x-default\"", &description.title);
    if let Some(author) = &description.author {
        bag(&mut body, "dc:creator", "Seq", "", author);
    }
    if let Some(subject) = &description.subject {
        bag(&mut body, "dc:description", "Alt", " xml:lang=\"x-default\"", subject);
    }
    bag(&mut body, "dc:language", "Bag", "", &description.language);
    let time = description.created.format("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let document = format!("uuid:{}", description.identifier);
    for (name, value) in [
        ("dc:format", "application/pdf"),
        ("dc:identifier", &description.identifier),
        ("pdf:Producer", &description.producer),
        ("pdfaid:conformance", "B"),
        ("pdfaid:part", "2"),
        ("xmp:CreateDate", &time),
        ("xmp:CreatorTool", &description.creator),
        ("xmp:MetadataDate", &time),
        ("xmp:ModifyDate", &time),
        ("xmpMM:DocumentID", &document),
    ] {
        put(&mut body, format_args!("<{name}>{}</{name}>\n", escape(value)));
    }
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n\
         <rdf:Description rdf:about=\"\"\n\
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"\n\
         xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\"\n\
         xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\"\n\
         xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\"\n\
         xmlns:xmpMM=\"http://ns.adobe.com/xap/1.0/mm/\">\n\
         {body}</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"r\"?>"
    )
}

fn bag(out: &mut String, name: &str, kind: &str, attribute: &str, value: &str) {
    let value = escape(value);
    put(
        out,
        format_args!(
            "<{name}><rdf:{kind}><rdf:li{attribute}>{value}</rdf:li></rdf:{kind}></{name}>\n"
        ),
    );
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes every write");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_title_stays_text() {
        let description = Description {
            title: "A < B & C > D".into(),
            author: Some("UBND tỉnh".into()),
            subject: None,
            created: "2026-11-04T08:05:09+07:00".parse().unwrap(),
            creator: "sohoa".into(),
            producer: "sohoa 1".into(),
            identifier: "0e3b".into(),
            language: "vi-VN".into(),
        };
        let packet = packet(&description);
        assert!(packet.contains("A &lt; B &amp; C &gt; D"));
        assert!(packet.contains("<xmp:CreateDate>2026-11-04T08:05:09+07:00</xmp:CreateDate>"));
        assert!(packet.contains("<pdfaid:part>2</pdfaid:part>"));
        assert!(!packet.contains("dc:description"));
    }
}
