//! The second pass over a page: the images chosen by [`super::decide`], stream and pixels.

use std::sync::{Arc, atomic::AtomicBool};

use hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageData, ImageDrawProps,
    InterpreterCache, LumaData, Paint, RenderContent, SoftMask, font::GlyphRun, kurbo::BezPath,
};
use hayro_syntax::{object::Stream, page::Page};
use image::{DynamicImage, GrayImage, RgbImage};
use sohoa_document::ArchiveImage;

use super::{
    decide::{self, Liftable},
    observe::{Observed, run},
    stream::{filter_name, is_lossless, original},
};
use crate::{
    error::DecodeError,
    samples::{Samples, encode_pixels},
    white,
};

/// One lifted image.
pub(super) struct Lifted {
    pub image: ArchiveImage,
    pub pixels: DynamicImage,
}

/// Takes the images in the order of `liftable.pieces`.
pub(super) fn lift<'a>(
    page: &'a Page<'a>,
    cache: &InterpreterCache<'a>,
    liftable: &Liftable,
) -> Result<Vec<Lifted>, DecodeError> {
    let wanted: Vec<usize> = liftable.pieces.iter().map(|piece| piece.number).collect();
    let (mut met, mut found) = (0, Vec::new());
    images(page, cache, |image| {
        if wanted.contains(&met) {
            found.push(take(image));
        }
        met += 1;
    });
    let found: Vec<Lifted> = found.into_iter().collect::<Result<_, _>>()?;
    if found.len() != liftable.pieces.len() {
        return Err(DecodeError::unreadable("an image of the page vanished between two readings"));
    }
    Ok(found)
}

/// What the images of a page say together, in bytes (see [`white::said`]).
pub(super) fn images_say<'a>(page: &'a Page<'a>) -> usize {
    let mut bytes = 0;
    images(page, &InterpreterCache::new(), |image| {
        let stream = match image {
            Image::Raster(raster) => raster.stream(),
            Image::Stencil(stencil) => stencil.stream(),
        };
        bytes += white::said(&stream.raw_data());
    });
    bytes
}

/// Refuses a page of which a large image decodes to nothing, whatever is drawn over it.
pub(super) fn refuse_lost<'a>(page: &'a Page<'a>, observed: &Observed) -> Result<(), DecodeError> {
    let size = observed.size.0 * observed.size.1;
    let large: Vec<usize> = decide::images(observed)
        .filter(|(_, bounds)| bounds.area() > white::LARGE * size)
        .map(|(image, _)| image.number)
        .collect();
    if large.is_empty() {
        return Ok(());
    }
    let (mut met, mut lost) = (0, false);
    images(page, &InterpreterCache::new(), |image| {
        lost = lost || (large.contains(&met) && is_lost(image));
        met += 1;
    });
    if lost { Err(lost_image()) } else { Ok(()) }
}

fn is_lost(image: &Image<'_, '_>) -> bool {
    let mut pixels = None;
    let kept = match image {
        Image::Raster(raster) => {
            raster.with_rgba(|data, _| pixels = picture(data), None);
            original(raster.stream(), false)
        }
        Image::Stencil(stencil) => {
            stencil.with_stencil(|mask, _| pixels = picture(ImageData::Luma(mask)), None);
            original(stencil.stream(), true)
        }
    };
    kept.zip(pixels).is_some_and(|(kept, pixels)| white::lost([&kept], &pixels))
}

fn lost_image() -> DecodeError {
    DecodeError::White { what: "an image of the page decodes to an empty sheet" }
}

/// Shows every image of a page, in the order in which they are drawn.
fn images<'a>(page: &'a Page<'a>, cache: &InterpreterCache<'a>, see: impl FnMut(&Image<'_, '_>)) {
    let broken = Arc::new(AtomicBool::new(false));
    run(page, cache, &mut Images(see), RenderContent::PAGE, &broken);
}

/// A device that shows images and draws nothing.
struct Images<F>(F);

impl<'a, F: FnMut(&Image<'_, '_>)> Device<'a> for Images<F> {
    fn draw_image(&mut self, image: Image<'a, '_>, _: ImageDrawProps<'a>) {
        (self.0)(&image);
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_glyph_run(&mut self, _: &GlyphRun<'_, 'a>, _: DrawProps<'a>, _: &DrawMode) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

fn take(image: &Image<'_, '_>) -> Result<Lifted, DecodeError> {
    let (stream, pixels, stencil) = match image {
        Image::Raster(raster) => {
            let mut pixels = None;
            raster.with_rgba(|data, _| pixels = picture(data), None);
            (raster.stream(), pixels, false)
        }
        Image::Stencil(stencil) => {
            let mut pixels = None;
            stencil.with_stencil(|mask, paint| pixels = painted(&mask, paint), None);
            (stencil.stream(), pixels, true)
        }
    };
    if stream.raw_data().is_empty() {
        return Err(DecodeError::unreadable("an image of the page holds no data"));
    }
    let broken = || {
        let filter = filter_name(stream);
        DecodeError::unreadable(format!("an image of the page cannot be decoded ({filter})"))
    };
    let pixels = pixels.ok_or_else(broken)?;
    // A decoder that runs out of data gives fewer rows.
    if u64::from(pixels.height()) * 100 < u64::from(image.height()) * 98 {
        return Err(DecodeError::unreadable("an image of the page is cut short"));
    }
    let archived = match original(stream, stencil) {
        Some(archived) => archived,
        None => encoded(stream, &pixels)?,
    };
    if white::lost([&archived], &pixels) {
        return Err(lost_image());
    }
    Ok(Lifted { image: archived, pixels })
}

fn encoded(stream: &Stream<'_>, pixels: &DynamicImage) -> Result<ArchiveImage, DecodeError> {
    if !is_lossless(stream) {
        return encode_pixels(pixels);
    }
    Samples::of_pixels(pixels).to_archive()
}

fn picture(data: ImageData) -> Option<DynamicImage> {
    match data {
        ImageData::Luma(luma) => {
            GrayImage::from_raw(luma.width, luma.height, luma.data).map(DynamicImage::ImageLuma8)
        }
        ImageData::Rgb(rgb) => {
            RgbImage::from_raw(rgb.width, rgb.height, rgb.data).map(DynamicImage::ImageRgb8)
        }
    }
}

/// A stencil's mask painted on white: only black paint is liftable as a plain image.
fn painted(mask: &LumaData, paint: &Paint<'_>) -> Option<DynamicImage> {
    let Paint::Color(colour) = paint else { return None };
    let [r, g, b, a] = colour.to_rgba().to_rgba8();
    if [r, g, b] != [0, 0, 0] || a != 255 {
        return None;
    }
    let data = mask.data.iter().map(|cover| 255 - cover).collect();
    GrayImage::from_raw(mask.width, mask.height, data).map(DynamicImage::ImageLuma8)
}
