//! The file, page by page.
//!
//! Invariant: an error other than [`ComposeError::Io`] and [`ComposeError::TooLarge`] leaves the
//! file as it was, since a page is judged whole before its first byte is written. A page is written
//! and forgotten; kept are object offsets, the distinct characters and the digests of shared streams.

use std::io::Write;

use pdf_writer::{Content, Name, Ref, Settings, Str, types::OutputIntentSubtype};
use sohoa_document::{PageText, Placement, Scan};

use crate::{
    description::Description,
    error::ComposeError,
    font::Font,
    glyphless::{Glyphless, deflate},
    layer,
    objects::Objects,
    picture::Picture,
    shared::Shared,
    srgb,
    turn::{Turn, round},
    xmp,
};

/// Writes one PDF/A-2b.
pub struct Composer<W: Write> {
    objects: Objects<W>,
    shared: Shared,
    text: Glyphless,
    description: Description,
    ids: Ids,
    pages: Vec<Ref>,
}

/// What was written.
#[derive(Debug)]
pub struct Composed<W> {
    /// Where it was written to, flushed.
    pub out: W,
    /// Number of pages.
    pub pages: u32,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
}

/// Objects every page or the trailer points to.
struct Ids {
    catalog: Ref,
    tree: Ref,
    info: Ref,
    metadata: Ref,
    profile: Ref,
    font: Ref,
}

impl<W: Write> std::fmt::Debug for Composer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Composer")
            .field("identifier", &self.description.identifier)
            .field("pages", &self.pages.len())
            .finish_non_exhaustive()
    }
}

impl<W: Write> Composer<W> {
    /// Begins the file. `out` gets one write an object: buffer it only if it minds small ones.
    pub fn new(out: W, font: &Font, description: &Description) -> Result<Self, ComposeError> {
        let mut objects = Objects::begin(out)?;
        let mut shared = Shared::default();
        let description = description.cleaned();
        let [catalog, tree, info, metadata, font_id] = [
            objects.reserve()?,
            objects.reserve()?,
            objects.reserve()?,
            objects.reserve()?,
            objects.reserve()?,
        ];
        objects.put(info, |chunk| description.write_info(chunk, info))?;
        let packet = xmp::packet(&description);
        // Uncompressed, so that tools which know no PDF can find it.
        objects.put(metadata, |chunk| {
            chunk.metadata(metadata, packet.as_bytes());
        })?;
        let profile = shared.profile(&mut objects, &srgb::profile(), 3)?;
        let ids = Ids { catalog, tree, info, metadata, profile, font: font_id };
        let text = Glyphless::new(font.clone());
        Ok(Self { objects, shared, text, description, ids, pages: Vec::new() })
    }

    /// Adds a page: the images as they lie on it, the text over them.
    pub fn add_page(&mut self, scan: &Scan, text: &PageText) -> Result<(), ComposeError> {
        let turn = Turn::of(scan)?;
        let mut pictures = Vec::with_capacity(scan.images.len());
        let mut content = Content::with_settings(Settings { pretty: false });
        for (index, (placement, image)) in scan.images.iter().enumerate() {
            pictures.push(Picture::of(index, image)?);
            draw(&mut content, index, *placement, scan.height)?;
        }
        layer::write(&mut content, text, turn, &mut self.text)?;
        let content = deflate(content.finish().as_slice())?;

        let mut images = Vec::with_capacity(pictures.len());
        for picture in pictures {
            images.push(picture.write(&mut self.objects, &mut self.shared)?);
        }
        self.write_page(scan, &images, &content)
    }

    fn write_page(
        &mut self,
        scan: &Scan,
        images: &[Ref],
        content: &[u8],
    ) -> Result<(), ComposeError> {
        let (stream, id) = (self.objects.reserve()?, self.objects.reserve()?);
        self.objects.put(stream, |chunk| {
            chunk.stream(stream, content).filter(pdf_writer::Filter::FlateDecode);
        })?;
        let (tree, font) = (self.ids.tree, self.ids.font);
        self.objects.put(id, |chunk| {
            let mut page = chunk.page(id);
            page.parent(tree).contents(stream);
            page.media_box(pdf_writer::Rect::new(0.0, 0.0, scan.width, scan.height));
            if scan.rotation != 0 {
                page.rotate(i32::from(scan.rotation));
            }
            let mut resources = page.resources();
            resources.fonts().pair(layer::FONT, font);
            if !images.is_empty() {
                let mut names = resources.x_objects();
                for (index, image) in images.iter().enumerate() {
                    names.pair(Name(image_name(index).as_bytes()), *image);
                }
            }
        })?;
        self.pages.push(id);
        Ok(())
    }

    /// Writes what is known only now, and ends the file.
    pub fn finish(mut self) -> Result<Composed<W>, ComposeError> {
        if self.pages.is_empty() {
            return Err(ComposeError::NoPages);
        }
        self.text.write(&mut self.objects, self.ids.font)?;
        let (ids, pages) = (&self.ids, &self.pages);
        self.objects.put(ids.tree, |chunk| {
            chunk.pages(ids.tree).kids(pages.iter().copied()).count(pages.len() as i32);
        })?;
        let language = self.description.language.as_bytes();
        self.objects.put(ids.catalog, |chunk| {
            let mut catalog =
                chunk.indirect(ids.catalog).start::<pdf_writer::writers::Catalog<'_>>();
            catalog.pages(ids.tree).metadata(ids.metadata);
            if !language.is_empty() {
                catalog.pair(Name(b"Lang"), Str(language));
            }
            let mut intents = catalog.output_intents();
            let mut intent = intents.push();
            intent.subtype(OutputIntentSubtype::PDFA);
            intent.output_condition_identifier(pdf_writer::TextStr("sRGB IEC61966-2.1"));
            intent.info(pdf_writer::TextStr("sRGB IEC61966-2.1"));
            intent.dest_output_profile(ids.profile);
        })?;
        let permanent = self.description.permanent_id();
        let (out, written) = self.objects.finish(ids.catalog, ids.info, permanent)?;
        Ok(Composed {
            out,
            pages: pages.len() as u32,
            bytes: written.bytes,
            sha256: written.sha256,
        })
    }
}

/// Draws one image in its place on the stored page.
fn draw(
    content: &mut Content,
    index: usize,
    placement: Placement,
    page_height: f32,
) -> Result<(), ComposeError> {
    let rect = placement.rect;
    let (width, height) = (rect.width(), rect.height());
    let sane = |value: f32| value.abs() < 1e5;
    if !(width > 0.0
        && height > 0.0
        && sane(width)
        && sane(height)
        && sane(rect.x0)
        && sane(rect.y0))
    {
        return Err(ComposeError::Page("an image's box is empty or lies outside any page"));
    }
    // Four digits keep strips from showing a seam.
    let matrix = [width, 0.0, 0.0, height, rect.x0, page_height - rect.y1];
    content.save_state().transform(matrix.map(|value| round(value, 4)));
    content.x_object(Name(image_name(index).as_bytes())).restore_state();
    Ok(())
}

fn image_name(index: usize) -> String {
    format!("I{index}")
}
