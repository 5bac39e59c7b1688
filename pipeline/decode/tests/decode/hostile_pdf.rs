//! PDF files made to cost without bound, or to lose part of a page with no word: a code in seconds.

use std::{fmt::Write as _, io::Write as _, time::Instant};

use flate2::{Compression, write::ZlibEncoder};
use sohoa_decode::{DecodeError, DecodedPage, Keep};

use crate::{build::opened, matrix::files};

/// A PDF of these objects, numbered from 1; the first is the catalog, the second the page tree.
fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut places = String::new();
    for (object, number) in objects.iter().zip(1..) {
        writeln!(places, "{:010} 00000 n ", out.len()).unwrap();
        out.extend(format!("{number} 0 obj\n").bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let (table, size) = (out.len(), objects.len() + 1);
    out.extend(format!("xref\n0 {size}\n0000000000 65535 f \n{places}").bytes());
    out.extend(format!("trailer\n<< /Size {size} /Root 1 0 R >>\n").bytes());
    out.extend(format!("startxref\n{table}\n%%EOF\n").bytes());
    out
}

fn stream(entries: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("<< {entries} /Length {} >>\nstream\n", data.len());
    [head.as_bytes(), data, b"\nendstream"].concat()
}

/// One page that draws an object named X, and what lies behind it.
fn page_with(content: Vec<u8>, objects: Vec<Vec<u8>>) -> Vec<u8> {
    let mut all = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R \
          /Resources << /XObject << /X 5 0 R >> >> >>"
            .to_vec(),
        content,
    ];
    all.extend(objects);
    pdf(&all)
}

fn drawing(object: Vec<u8>) -> Vec<u8> {
    page_with(stream("", b"q 200 0 0 200 0 0 cm /X Do Q"), vec![object])
}

fn image(entries: &str, data: &[u8]) -> Vec<u8> {
    let head = "/Type /XObject /Subtype /Image /Width 100 /Height 100";
    stream(&format!("{head} {entries}"), data)
}

fn form(entries: &str, data: &[u8]) -> Vec<u8> {
    stream(&format!("/Type /XObject /Subtype /Form /BBox [0 0 200 200] {entries}"), data)
}

/// `megabytes` of the filler, packed.
fn packed(filler: &[u8], megabytes: usize) -> Vec<u8> {
    let chunk = filler.repeat((1 << 20) / filler.len());
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    for _ in 0..megabytes {
        zlib.write_all(&chunk).unwrap();
    }
    zlib.finish().unwrap()
}

fn first_page(bytes: &[u8]) -> Result<DecodedPage, DecodeError> {
    let mut source = opened(bytes)?;
    let survey = source.survey()?;
    source.page(1, survey.origin, Keep::Stream)
}

/// The code of the first page, which must come soon.
fn code(bytes: &[u8]) -> &'static str {
    let started = Instant::now();
    let outcome = first_page(bytes);
    assert!(started.elapsed().as_secs() < 10, "it took {:?}", started.elapsed());
    outcome.map_or_else(|error| error.code(), |_| "read")
}

const GREY: &str = "/ColorSpace /DeviceGray /BitsPerComponent 8";
const BILEVEL: &str = "/ColorSpace /DeviceGray /BitsPerComponent 1";

#[test]
fn streams_that_unpack_without_end_are_bombs() {
    let zeroes = packed(&[0], 300);
    let content = page_with(stream("/Filter /FlateDecode", &zeroes), vec![]);
    assert_eq!(code(&content), "F07_DECOMPRESSION_BOMB");
    let picture = image(&format!("{GREY} /Filter /FlateDecode"), &zeroes);
    assert_eq!(code(&drawing(picture)), "F07_DECOMPRESSION_BOMB");
    let drawn = form("/Filter /FlateDecode", &packed(b"0 0 m 9 9 l S\n", 200));
    assert_eq!(code(&drawing(drawn)), "F07_DECOMPRESSION_BOMB");
    let mut twice = ZlibEncoder::new(Vec::new(), Compression::best());
    twice.write_all(&zeroes).unwrap();
    let twice = stream("/Filter [/FlateDecode /FlateDecode]", &twice.finish().unwrap());
    assert_eq!(code(&page_with(twice, vec![])), "F05_UNSUPPORTED");
}

#[test]
fn a_text_encoding_around_a_bomb_hides_nothing() {
    let packed = packed(&[0], 300);
    let hexadecimal = packed.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    let filters = "/Filter [/ASCIIHexDecode /FlateDecode]";
    let content = page_with(stream(filters, hexadecimal.as_bytes()), vec![]);
    assert_eq!(code(&content), "F07_DECOMPRESSION_BOMB");
    let picture = image(&format!("{GREY} {filters}"), hexadecimal.as_bytes());
    assert_eq!(code(&drawing(picture)), "F07_DECOMPRESSION_BOMB");
}

#[test]
fn profiles_and_tables_that_unpack_without_end_are_bombs() {
    for (space, entries) in [("[/ICCBased 6 0 R]", "/N 3"), ("[/Indexed /DeviceRGB 255 6 0 R]", "")]
    {
        let table = stream(&format!("{entries} /Filter /FlateDecode"), &packed(&[0], 300));
        let picture = image(&format!("/ColorSpace {space} /BitsPerComponent 8"), &vec![7; 30_000]);
        let content = stream("", b"q 200 0 0 200 0 0 cm /X Do Q");
        assert_eq!(code(&page_with(content, vec![picture, table])), "F07_DECOMPRESSION_BOMB");
    }
}

/// A file of one page.
fn page_of(entries: &str, content: Vec<u8>, objects: Vec<Vec<u8>>) -> Vec<u8> {
    let mut all = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        format!("<< /Type /Page /Parent 2 0 R {entries} >>").into_bytes(),
        content,
    ];
    all.extend(objects);
    pdf(&all)
}

#[test]
fn fonts_and_patterns_that_unpack_without_end_are_bombs() {
    let bomb = || stream("/Filter /FlateDecode", &packed(&[0], 300));
    let content = || stream("", b"BT /F 12 Tf 9 9 Td (a) Tj ET 0 0 9 9 re f");
    let font = "/Font << /F << /Type /Font /Subtype /TrueType /BaseFont /A /FirstChar 97 \
                /LastChar 97 /Widths [500]";
    for resources in [
        format!("{font} /FontDescriptor << /FontName /A /Flags 4 /FontFile2 5 0 R >> >> >>"),
        format!("{font} /ToUnicode 5 0 R >> >>"),
        "/Pattern << /P 5 0 R >>".to_owned(),
        "/ExtGState << /G << /SMask << /S /Alpha /G 5 0 R >> >> >>".to_owned(),
    ] {
        let entries =
            format!("/MediaBox [0 0 200 200] /Contents 4 0 R /Resources << {resources} >>");
        let file = page_of(&entries, content(), vec![bomb()]);
        assert_eq!(code(&file), "F07_DECOMPRESSION_BOMB", "{resources}");
    }
    // As deep as patterns lie in each other's resources, and behind more than any page has.
    let font_in = |inner: &str| format!("/Font << /F << /Subtype /Type3 /Resources {inner} >> >>");
    let mut deep = format!("<< {font} /ToUnicode 5 0 R >> >> >>");
    for _ in 0..12 {
        deep = format!("<< {} >>", font_in(&deep));
    }
    let entries = format!("/MediaBox [0 0 200 200] /Contents 4 0 R /Resources {deep}");
    assert_eq!(code(&page_of(&entries, content(), vec![bomb()])), "F07_DECOMPRESSION_BOMB");
    let many = "<<>>".repeat(110_000);
    let entries = format!(
        "/MediaBox [0 0 200 200] /Contents 4 0 R /Resources << /ExtGState << /G << /A [{many}] >> \
         >> >>"
    );
    assert_eq!(code(&page_of(&entries, content(), vec![])), "F06_TOO_LARGE");
    // A broken font is the reader's to replace.
    let broken = format!("{font} /FontDescriptor << /FontName /A /FontFile2 9 0 R >> >> >>");
    let entries = format!("/MediaBox [0 0 200 200] /Contents 4 0 R /Resources << {broken} >>");
    assert_eq!(code(&page_of(&entries, content(), vec![])), "read");
}

#[test]
fn a_content_that_is_named_again_and_again_is_too_large() {
    let content = stream("/Filter /FlateDecode", &packed(b"0 0 m 9 9 l S\n ", 4));
    let entries = format!("/MediaBox [0 0 200 200] /Contents [{}]", "4 0 R ".repeat(1000));
    assert_eq!(code(&page_of(&entries, content, vec![])), "F06_TOO_LARGE");
}

#[test]
fn a_line_of_pixels_over_a_huge_page_is_not_drawn_out() {
    let line = stream(
        &format!("/Type /XObject /Subtype /Image /Width 50000 /Height 1 {GREY}"),
        &vec![9; 50_000],
    );
    let entries = "/MediaBox [0 0 36000 36000] /Contents 4 0 R \
                   /Resources << /XObject << /X 5 0 R >> >>";
    let content = stream("", b"q 36000 0 0 36000 0 0 cm /X Do Q");
    let page = first_page(&page_of(entries, content, vec![line])).unwrap();
    assert!(page.raster.unwrap().as_bytes().len() < 1 << 20);
}

#[test]
fn pictures_that_claim_more_than_their_dictionary_are_bombs() {
    let mut jbig2 = vec![0, 0, 0, 0, 48, 0, 1, 0, 0, 0, 19];
    jbig2.extend(60_000_u32.to_be_bytes().repeat(2));
    jbig2.extend([0; 11]);
    let mut jpx = vec![0xff, 0x4f, 0xff, 0x51, 0, 47, 0, 0];
    for side in [60_000_u32, 60_000, 0, 0, 60_000, 60_000, 0, 0] {
        jpx.extend(side.to_be_bytes());
    }
    jpx.extend([0, 3, 7, 1, 1, 7, 1, 1, 7, 1, 1]);
    let mut dct = vec![0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0xff, 0xff, 0xff, 0xff, 1, 1, 0x11, 0];
    dct.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x55, 0xff, 0xd9]);
    let fax = "/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 2000000000 >>";
    for object in [
        image(&format!("{BILEVEL} /Filter /JBIG2Decode"), &jbig2),
        image("/Filter /JPXDecode", &jpx),
        image(&format!("{GREY} /Filter /DCTDecode"), &dct),
        image(&format!("{BILEVEL} {fax}"), &[0xff; 500]),
        stream("/Type /XObject /Subtype /Image /Width 900000 /Height 900000", b"x"),
    ] {
        assert_eq!(code(&drawing(object)), "F07_DECOMPRESSION_BOMB");
    }
}

#[test]
fn drawings_that_draw_one_another_without_end_are_refused() {
    let own = "/Resources << /XObject << /X 5 0 R >> >>";
    assert_eq!(code(&drawing(form(own, b"/X Do /X Do"))), "F02_UNREADABLE");
    // Each draws the next ten times: 10^12 in all.
    let next = |number: usize| format!("/Resources << /XObject << /X {number} 0 R >> >>");
    let mut forms: Vec<_> =
        (6..18).map(|number| form(&next(number), &b"/X Do ".repeat(10))).collect();
    forms.push(form("", b"0 0 5 5 re f"));
    let bytes = page_with(stream("", b"/X Do"), forms);
    assert_eq!(code(&bytes), "F06_TOO_LARGE");
    // Each draws the next once, and the last is 100 deep: more than the interpreter shows.
    let mut forms: Vec<_> = (6..106).map(|number| form(&next(number), b"/X Do")).collect();
    forms.push(form("", b"0 0 5 5 re f"));
    assert_eq!(code(&page_with(stream("", b"/X Do"), forms)), "F02_UNREADABLE");
}

#[test]
fn a_page_whose_picture_cannot_be_found_is_no_blank_page() {
    let draws = || stream("", b"q 200 0 0 200 0 0 cm /X Do Q");
    let picture = || image(GREY, &vec![90; 10_000]);
    let media = "/MediaBox [0 0 200 200] /Contents 4 0 R";
    let page = |resources: &str, content: Vec<u8>| {
        code(&page_of(&format!("{media} {resources}"), content, vec![picture()]))
    };
    for resources in [
        "/Resources 99 0 R",
        "/Resources [5 0 R]",
        "/Resources << /XObject 99 0 R >>",
        "/Resources << /XObject (damaged) >>",
        "/Resources << /XObjecu << /X 5 0 R >> >>",
        "/Resources << /XObject << /Y 5 0 R >> >>",
        "/Resources << >>",
        "",
    ] {
        assert_eq!(page(resources, draws()), "F02_UNREADABLE", "{resources}");
    }
    // What the list itself had is lost whatever else the page shows.
    let beside = || stream("", b"0 0 50 50 re f /X Do");
    assert_eq!(page("/Resources 99 0 R", beside()), "F02_UNREADABLE");
    assert_eq!(page("/Resources << /XObject 99 0 R >>", beside()), "F02_UNREADABLE");
    // A writer's slip beside what the page shows, and lists that nothing is drawn from.
    assert_eq!(page("/Resources << /XObject << /Y 5 0 R >> >>", beside()), "read");
    let both = stream("", b"q 200 0 0 200 0 0 cm /X Do Q /Y Do");
    assert_eq!(page("/Resources << /XObject << /X 5 0 R >> >>", both), "read");
    assert_eq!(page("/Resources 99 0 R", stream("", b"0 0 50 50 re f")), "read");
    assert_eq!(page("/Resources null", stream("", b"")), "read");
}

#[test]
fn a_form_whose_resources_cannot_be_found_is_refused() {
    let file =
        |entries: &str| page_with(stream("", b"/X Do"), vec![form(entries, b"0 0 9 9 re f /Y Do")]);
    assert_eq!(code(&file("/Resources 99 0 R")), "F02_UNREADABLE");
    assert_eq!(code(&file("/Resources << /XObject 99 0 R >>")), "F02_UNREADABLE");
    assert_eq!(code(&file("/Resources << >>")), "read");
}

#[test]
fn a_unit_of_length_makes_the_page_larger_and_the_scan_coarser() {
    let picture = image(GREY, &(0..10_000_u32).map(|n| (n * n / 7) as u8).collect::<Vec<_>>());
    for (unit, dpi) in [("", 36.0), ("/UserUnit 2", 18.0), ("/UserUnit -1", 36.0)] {
        let entries = format!(
            "/MediaBox [0 0 200 200] {unit} /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >>"
        );
        for content in
            [&b"q 200 0 0 200 0 0 cm /X Do Q"[..], b"q 200 0 0 200 0 0 cm /X Do Q 9 9 9 9 re f"]
        {
            let page = first_page(&page_of(&entries, stream("", content), vec![picture.clone()]));
            let page = page.unwrap();
            let scan = page.scan.unwrap();
            let side = 200.0 * 36.0 / dpi;
            assert_eq!((scan.width, scan.height), (side, side), "{unit}");
            let rect = scan.images[0].0.rect;
            assert!((rect.x1 - side).abs() < 0.01 && (rect.y1 - side).abs() < 0.01, "{unit}");
            assert!((page.facts.dpi_x.unwrap() - dpi).abs() < 0.1, "{unit}");
            assert!((page.facts.dpi_y.unwrap() - dpi).abs() < 0.1, "{unit}");
            let raster = page.raster.unwrap();
            let wide = raster.width() as f32 / page.raster_dpi * 72.0;
            assert!((wide - side).abs() < 2.0, "{unit} {wide}");
        }
    }
}

#[test]
fn letters_in_the_mask_of_a_coarse_colour_count_as_the_scan() {
    let colour =
        image("/SMask 6 0 R /ColorSpace /DeviceGray /BitsPerComponent 8", &vec![0; 10_000]);
    let mask: Vec<u8> = (0..160_000_u32).map(|n| (n * n / 7) as u8).collect();
    let mask =
        stream(&format!("/Type /XObject /Subtype /Image /Width 400 /Height 400 {GREY}"), &mask);
    let content = stream("", b"q 200 0 0 200 0 0 cm /X Do Q");
    let facts = first_page(&page_with(content, vec![colour, mask])).unwrap().facts;
    assert_eq!((facts.width_px, facts.height_px), (400, 400));
    assert!(
        (facts.dpi_x.unwrap() - 144.0).abs() < 0.1 && (facts.dpi_y.unwrap() - 144.0).abs() < 0.1
    );
}

#[test]
fn a_line_of_endless_dashes_is_refused() {
    let line = b"[0.00001 0.00001] 0 d 0 0 m 200 200 l S";
    assert_eq!(code(&page_with(stream("", line), vec![])), "F06_TOO_LARGE");
    let dotted = b"[1 2] 0 d 0 100 m 200 100 l S";
    assert_eq!(code(&page_with(stream("", dotted), vec![])), "read");
}

#[test]
fn nesting_without_end_is_survived() {
    let deep = |open: &[u8], close: &[u8], count: usize| {
        [
            &b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /A "[..],
            &open.repeat(count),
            &close.repeat(count),
            b" >>",
        ]
        .concat()
    };
    let with = |page: Vec<u8>, content: &[u8]| {
        let catalog = b"<< /Type /Catalog /Pages 2 0 R >>".to_vec();
        let tree = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec();
        pdf(&[catalog, tree, page, stream("", content)])
    };
    assert_eq!(code(&with(deep(b"[", b"]", 300_000), b"")), "F02_UNREADABLE");
    assert_eq!(code(&with(deep(b"<</A ", b">>", 30_000), b"")), "F02_UNREADABLE");
    for content in [b"[".repeat(300_000), b"q ".repeat(300_000), b"(".repeat(300_000)] {
        assert_eq!(code(&page_with(stream("", &content), vec![])), "read");
    }
}

#[test]
fn lists_of_pages_that_run_in_a_circle_end() {
    let page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>".to_vec();
    let catalog = b"<< /Type /Catalog /Pages 2 0 R >>".to_vec();
    for (kids, count) in [("2 0 R 3 0 R", 2), ("3 0 R 3 0 R 3 0 R", 3), ("2 0 R", 1)] {
        let tree = format!("<< /Type /Pages /Kids [{kids}] /Count {count} >>").into_bytes();
        let code = opened(&pdf(&[catalog.clone(), tree, page.clone()])).unwrap_err().code();
        assert!(matches!(code, "I10_PAGE_COUNT_MISMATCH" | "F02_UNREADABLE"), "{kids}: {code}");
    }
    // A table whose predecessor is itself.
    let plain = page_with(stream("", b""), vec![]);
    let table = plain.windows(5).rposition(|part| part == b"xref\n").unwrap();
    let table = plain[..table].windows(5).rposition(|part| part == b"xref\n").unwrap_or(table);
    let text = String::from_utf8(plain).unwrap();
    let looped = text.replace("/Root", &format!("/Prev {table} /Root"));
    assert_eq!(code(looped.as_bytes()), "read");
}

/// The streams of the files that `make-pdf` made, cut inside a file that is otherwise whole.
#[test]
fn a_stream_cut_inside_its_file_is_an_error_or_whole() {
    for (name, path) in files("pdf") {
        let plain = ["ccitt", "jbig2", "dct", "jpx", "flate", "raw", "run", "lzw", "ascii"];
        if !plain.iter().any(|kind| name.starts_with(kind)) {
            continue;
        }
        let bytes = std::fs::read(path).unwrap();
        let wanted = first_page(&bytes).unwrap().raster.unwrap();
        for part in [20, 50, 80, 95] {
            let Some(cut) = with_cut_image(&bytes, part) else { continue };
            let Ok(page) = first_page(&cut) else { continue };
            let apart = crate::build::difference(&page.raster.unwrap(), &wanted);
            assert!(apart < 3.0, "{name} cut to {part} % lost part of its page: {apart:.1}");
        }
    }
}

/// The file with its image's data cut to a share, and the length that says so.
fn with_cut_image(bytes: &[u8], percent: usize) -> Option<Vec<u8>> {
    let find = |from: usize, what: &[u8]| {
        bytes[from..].windows(what.len()).position(|part| part == what).map(|at| from + at)
    };
    let mut at = find(0, b"/Subtype /Image")?;
    at = bytes[..at].windows(4).rposition(|part| part == b" obj")?;
    let length_at = find(at, b"/Length ")? + 8;
    let digits = bytes[length_at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let length: usize =
        std::str::from_utf8(&bytes[length_at..length_at + digits]).ok()?.parse().ok()?;
    let data = find(length_at, b"stream\n")? + 7;
    let kept = length * percent / 100;
    let written = format!("{kept:<digits$}");
    let mut out = bytes[..length_at].to_vec();
    out.extend(written.bytes());
    out.extend(&bytes[length_at + digits..data + kept]);
    out.extend(b"\nendstream\nendobj\n%");
    // What follows stays where the table says it is.
    if out.len() > data + length {
        return None;
    }
    out.resize(data + length, b' ');
    out.extend(&bytes[data + length..]);
    Some(out)
}

#[test]
fn scripts_and_attached_files_are_named_and_not_run() {
    let file = |catalog: &[u8], more: Vec<Vec<u8>>| {
        let mut objects = vec![
            catalog.to_vec(),
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>".to_vec(),
        ];
        objects.extend(more);
        opened(&pdf(&objects)).unwrap().survey().unwrap().active
    };
    let scripted = b"<< /Type /Catalog /Pages 2 0 R \
        /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>";
    let attached = vec![
        b"<< /Type /Filespec /F (a.txt) /EF << /F 5 0 R >> >>".to_vec(),
        stream("/Type /EmbeddedFile", b"x"),
    ];
    assert_eq!(file(scripted, attached), ["a script", "an attached file"]);
    assert!(file(b"<< /Type /Catalog /Pages 2 0 R >>", Vec::new()).is_empty());
}

#[test]
fn text_of_fields_and_notes_without_a_look_is_told() {
    let picture = || image(GREY, &(0..10_000_u32).map(|n| (n * n / 7) as u8).collect::<Vec<_>>());
    let fields = |annotations: &str| {
        let entries = format!(
            "/MediaBox [0 0 200 200] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> \
             /Annots [{annotations}]"
        );
        let content = stream("", b"q 200 0 0 200 0 0 cm /X Do Q");
        let look = form("", b"0 0 200 200 re f");
        let above = b"<< /FT /Tx /V (12) >>".to_vec();
        let page = first_page(&page_of(&entries, content, vec![picture(), look, above])).unwrap();
        let told = page.facts.findings.iter().any(|code| code == "T06_FIELD_NOT_DRAWN");
        assert_eq!(told, !page.fields.is_empty(), "{annotations}");
        page.fields
    };
    let texts = |annotations: &str| {
        fields(annotations).iter().map(sohoa_document::Line::text).collect::<Vec<_>>()
    };
    let place = "/Rect [20 100 80 120]";
    let number = fields(&format!("<< /Subtype /Widget /FT /Tx /V (153/ ab) {place} >>"));
    let boxes: Vec<_> =
        number[0].words.iter().map(|word| (word.text.as_str(), word.bbox)).collect();
    let boxed = |x0: f32, x1: f32| sohoa_document::Rect::new(x0, 80.0, x1, 100.0);
    assert_eq!(boxes.len(), 2);
    assert_eq!(boxes[0].0, "153/");
    assert!((boxes[0].1.x0 - 20.0).abs() < 0.01 && (boxes[1].1.x1 - 80.0).abs() < 0.01);
    assert_eq!((boxes[0].1.y0, boxes[0].1.y1), (boxed(0.0, 0.0).y0, boxed(0.0, 0.0).y1));
    let note = "<< /Subtype /FreeText /Contents <FEFF1EA1000A0062>";
    assert_eq!(texts(&format!("{note} {place} >>")), ["\u{1ea1}", "b"]);
    let of_parent = format!("<< /Subtype /Widget /Parent 7 0 R {place} >>");
    assert_eq!(texts(&of_parent), ["12"]);
    for unseen in [
        format!("<< /Subtype /Widget /FT /Tx /V (9) /F 2 {place} >>"),
        format!("<< /Subtype /Widget /FT /Tx /V (9) /AP << /N 6 0 R >> {place} >>"),
        format!("<< /Subtype /Widget /FT /Btn /V (9) {place} >>"),
        format!("<< /Subtype /Text /Contents (9) {place} >>"),
        "<< /Subtype /Widget /FT /Tx /V (9) /Rect [0 0 0 0] >>".to_owned(),
    ] {
        assert!(texts(&unseen).is_empty(), "{unseen}");
    }
}
