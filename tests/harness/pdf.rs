//! The smallest born-digital PDF with Vietnamese text: one page, one font whose glyphs are named by
//! their code points, nothing embedded.

use std::{collections::BTreeSet, fmt::Write as _};

/// A decision of one page, another one for each number and batch.
pub fn decision(number: usize, batch: u64) -> Vec<u8> {
    page(&[
        "ỦY BAN NHÂN DÂN XÃ HÒA BÌNH".to_owned(),
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM".to_owned(),
        "Độc lập - Tự do - Hạnh phúc".to_owned(),
        format!("Số: {}/QĐ-UBND", number + 1),
        "QUYẾT ĐỊNH".to_owned(),
        format!("Về việc cấp đất cho hộ gia đình số {number} theo đợt {batch}"),
    ])
}

/// A page that says these lines.
pub fn page(lines: &[String]) -> Vec<u8> {
    let glyphs: BTreeSet<char> = lines.iter().flat_map(|line| line.chars()).collect();
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F 5 0 R >> >> >>"
            .to_owned(),
        stream(&content(lines)),
        "<< /Type /Font /Subtype /Type0 /BaseFont /Times-Roman /Encoding /Identity-H \
         /DescendantFonts [6 0 R] /ToUnicode 7 0 R >>"
            .to_owned(),
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Times-Roman /DW 500 /CIDSystemInfo \
         << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor 8 0 R >>"
            .to_owned(),
        stream(&to_unicode(&glyphs)),
        "<< /Type /FontDescriptor /FontName /Times-Roman /Flags 6 /FontBBox [0 -200 1000 900] \
         /ItalicAngle 0 /Ascent 900 /Descent -200 /CapHeight 700 /StemV 80 >>"
            .to_owned(),
    ];
    file(&objects)
}

fn stream(content: &str) -> String {
    format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len())
}

/// The code of a character of the basic plane is its code point.
fn hex(text: &str) -> String {
    text.encode_utf16().fold(String::new(), |mut hex, unit| {
        write!(hex, "{unit:04x}").unwrap();
        hex
    })
}

fn content(lines: &[String]) -> String {
    let mut content = "BT /F 12 Tf 14 TL 56 780 Td\n".to_owned();
    for line in lines {
        writeln!(content, "<{}> Tj T*", hex(line)).unwrap();
    }
    content + "ET"
}

fn to_unicode(glyphs: &BTreeSet<char>) -> String {
    let mut map = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n\
                   /CMapName /Text def /CMapType 2 def\n\
                   1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        .to_owned();
    let glyphs: Vec<String> = glyphs.iter().map(|glyph| hex(&glyph.to_string())).collect();
    // A block holds a hundred at most.
    for block in glyphs.chunks(100) {
        writeln!(map, "{} beginbfchar", block.len()).unwrap();
        for glyph in block {
            writeln!(map, "<{glyph}> <{glyph}>").unwrap();
        }
        map += "endbfchar\n";
    }
    map + "endcmap end end"
}

fn file(objects: &[String]) -> Vec<u8> {
    let mut file = "%PDF-1.7\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (number, object) in (1..).zip(objects) {
        writeln!(table, "{:010} 00000 n ", file.len()).unwrap();
        write!(file, "{number} 0 obj\n{object}\nendobj\n").unwrap();
    }
    let (start, size) = (file.len(), objects.len() + 1);
    write!(
        file,
        "xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    )
    .unwrap();
    file.into_bytes()
}
