//! A page drawn as a person sees it: content, annotations and form widgets.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use hayro::{PixmapSettings, RenderCache, RenderSettings, vello_cpu::color::palette::css::WHITE};
use hayro_interpret::RenderContent;
use hayro_syntax::page::Page;
use image::{DynamicImage, GrayImage, RgbImage};

use super::observe::{settings, user_unit};
use crate::{error::DecodeError, limits::Limits};

/// Resolution of a page that is archived as rendered.
pub(super) const ARCHIVE_DPI: f32 = 300.0;
/// A drawn page takes eleven bytes a pixel while it is made; A0 at 226 dpi.
const MOST_DRAWN: u64 = 80_000_000;
/// Channels this close are grey: antialiasing of colour profiles, not colour.
const GREY_SPREAD: u8 = 6;

/// Draws the page at `dpi`, or at what the pixel limit allows.
///
/// Gives grey or RGB pixels, and the resolution used.
pub(super) fn render<'a>(
    page: &'a Page<'a>,
    dpi: f32,
    limits: &Limits,
) -> Result<(DynamicImage, f32), DecodeError> {
    let unit = user_unit(page) as f32;
    let (width, height) = page.render_dimensions();
    let (points_x, points_y) = (width * unit, height * unit);
    let dpi = affordable((points_x, points_y), dpi, limits)?;
    let broken = Arc::new(AtomicBool::new(false));
    let pixmap = hayro::render(
        page,
        &RenderCache::new(),
        &settings(RenderContent::all(), &broken),
        &RenderSettings::default(),
        &PixmapSettings {
            x_scale: whole_pixels(points_x, dpi) * unit,
            y_scale: whole_pixels(points_y, dpi) * unit,
            bg_color: WHITE,
        },
    );
    if broken.load(Ordering::Relaxed) {
        return Err(DecodeError::unreadable("an image of the page cannot be decoded"));
    }
    let (width, height) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
    let colours = pixmap.data().iter().map(|pixel| [pixel.r, pixel.g, pixel.b]);
    let grey = colours.clone().all(|[r, g, b]| r.max(g).max(b) - r.min(g).min(b) <= GREY_SPREAD);
    let pixels = if grey {
        let data = colours.map(|[_, g, _]| g).collect();
        GrayImage::from_raw(width, height, data).map(DynamicImage::ImageLuma8)
    } else {
        RgbImage::from_raw(width, height, colours.flatten().collect()).map(DynamicImage::ImageRgb8)
    };
    let pixels = pixels.ok_or_else(|| DecodeError::unreadable("the page was drawn to no size"))?;
    Ok((pixels, dpi))
}

/// The scale that gives whole pixels: the renderer cuts a last one short.
fn whole_pixels(points: f32, dpi: f32) -> f32 {
    let pixels = (points / 72.0 * dpi).round().max(1.0);
    (pixels + 0.01) / points
}

/// The wanted resolution, less for a page too large for it, an error for an absurd one.
fn affordable((width, height): (f32, f32), dpi: f32, limits: &Limits) -> Result<f32, DecodeError> {
    let inches = f64::from(width) / 72.0 * (f64::from(height) / 72.0);
    let by_area = (limits.max_pixels.min(MOST_DRAWN) as f64 / inches.max(1e-6)).sqrt() as f32;
    // The renderer counts pixels of a side in 16 bits.
    let by_side = 65_000.0 / (width.max(height) / 72.0).max(1e-3);
    let dpi = dpi.min(by_area).min(by_side);
    if dpi < 36.0 || !width.is_finite() || !height.is_finite() {
        return Err(DecodeError::Bomb {
            width: u64::from((width / 72.0 * 36.0) as u32),
            height: u64::from((height / 72.0 * 36.0) as u32),
            limit: limits.max_pixels,
        });
    }
    Ok(dpi)
}
