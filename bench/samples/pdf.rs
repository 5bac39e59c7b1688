//! Writes PDFs: pages that are one picture, pages that are text, pages with both.
//!
//! No dates and a file identifier from the content, so that the same input gives the same bytes.

use anyhow::Result;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use crate::{
    embed::{Embedding, deflate},
    fonts::Fonts,
    sheet::{PAGE_HEIGHT, PAGE_WIDTH, Rule, Run},
};

/// The picture of a scanned page.
#[derive(Debug)]
pub(crate) enum Picture {
    Group4(Vec<u8>),
    Jpeg(Vec<u8>),
}

/// Text of a page.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    pub(crate) runs: Vec<Run>,
    pub(crate) rules: Vec<Rule>,
    /// Invisible text is there to be found, not seen.
    pub(crate) visible: bool,
}

/// One page: a picture of so many pixels, a layer, or both.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) picture: Option<(Picture, usize, usize)>,
    pub(crate) layer: Option<Layer>,
}

/// Writes the pages; `producer` is what the file says made it.
pub(crate) fn write(fonts: &Fonts<'_>, pages: &[Page], producer: &str) -> Result<Vec<u8>> {
    let mut pdf = Pdf::new();
    let mut next = Ref::new(1);
    let [catalog, tree, info] = [(); 3].map(|()| next.bump());
    let mut embedding = Embedding::default();
    let contents: Vec<Vec<u8>> =
        pages.iter().map(|page| content(fonts, &mut embedding, page)).collect();
    let embedded = embedding.write(fonts, &mut pdf, &mut next)?;
    let mut kids = Vec::new();
    for (page, content) in pages.iter().zip(&contents) {
        let [id, stream] = [(); 2].map(|()| next.bump());
        let picture = page.picture.as_ref().map(|picture| {
            let image = next.bump();
            write_picture(&mut pdf, image, picture);
            image
        });
        pdf.stream(stream, &deflate(content)?).filter(Filter::FlateDecode);
        let mut object = pdf.page(id);
        object.parent(tree);
        object.media_box(Rect::new(0.0, 0.0, PAGE_WIDTH, PAGE_HEIGHT));
        object.contents(stream);
        let mut resources = object.resources();
        if let Some(image) = picture {
            resources.x_objects().pair(Name(b"Im0"), image);
        }
        if page.layer.is_some() {
            resources.fonts().pairs(embedded.iter().copied());
        }
        resources.finish();
        object.finish();
        kids.push(id);
    }
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).count(kids.len() as i32).kids(kids);
    pdf.document_info(info).producer(TextStr(producer));
    let seed: Vec<u8> = contents.iter().flatten().copied().collect();
    let id = ring::digest::digest(&ring::digest::SHA256, &seed).as_ref()[..16].to_vec();
    pdf.set_file_id((id.clone(), id));
    Ok(pdf.finish())
}

fn write_picture(pdf: &mut Pdf, id: Ref, picture: &(Picture, usize, usize)) {
    let (picture, width, height) = picture;
    let bytes = match picture {
        Picture::Group4(bytes) | Picture::Jpeg(bytes) => bytes,
    };
    let mut image = pdf.image_xobject(id, bytes);
    image.width(*width as i32);
    image.height(*height as i32);
    match picture {
        Picture::Group4(_) => {
            image.filter(Filter::CcittFaxDecode);
            image.decode_parms().k(-1).columns(*width as i32).rows(*height as i32);
            image.color_space().device_gray();
            image.bits_per_component(1);
        }
        Picture::Jpeg(_) => {
            image.filter(Filter::DctDecode);
            image.color_space().device_rgb();
            image.bits_per_component(8);
        }
    }
}

fn content(fonts: &Fonts<'_>, embedding: &mut Embedding, page: &Page) -> Vec<u8> {
    let mut content = Content::new();
    if page.picture.is_some() {
        content.save_state();
        content.transform([PAGE_WIDTH, 0.0, 0.0, PAGE_HEIGHT, 0.0, 0.0]);
        content.x_object(Name(b"Im0"));
        content.restore_state();
    }
    if let Some(layer) = &page.layer {
        for rule in &layer.rules {
            content.set_line_width(rule.width);
            content.move_to(rule.from[0], PAGE_HEIGHT - rule.from[1]);
            content.line_to(rule.to[0], PAGE_HEIGHT - rule.to[1]);
            content.stroke();
        }
        content.begin_text();
        if !layer.visible {
            content.set_text_rendering_mode(pdf_writer::types::TextRenderingMode::Invisible);
        }
        for run in &layer.runs {
            show(fonts, embedding, &mut content, run);
        }
        content.end_text();
    }
    content.finish().into_vec()
}

fn show(fonts: &Fonts<'_>, embedding: &mut Embedding, content: &mut Content, run: &Run) {
    content.set_font(Embedding::name(run.face), run.size);
    content.set_text_matrix([1.0, 0.0, 0.0, 1.0, run.x, PAGE_HEIGHT - run.baseline]);
    let mut line = content.show_positioned();
    let mut items = line.items();
    // Word spacing does not reach two-byte codes, so each space is widened by hand.
    for piece in run.text.split_inclusive(' ') {
        items.show(Str(&embedding.codes(fonts, run.face, piece)));
        if piece.ends_with(' ') && run.stretch != 0.0 {
            items.adjust(-run.stretch / run.size * 1000.0);
        }
    }
}
