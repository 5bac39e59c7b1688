//! The pictures of `tests/files`, as the formulas that its maker uses.

use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage};

pub(crate) const WIDTH: u32 = 53;
pub(crate) const HEIGHT: u32 = 37;

fn is_ink(x: u32, y: u32) -> bool {
    (x / 3 + y / 5).is_multiple_of(4) || x == 7 || y == 11
}

fn grey_of(x: u32, y: u32) -> u32 {
    2 * x + 3 * y
}

fn rgb_of(x: u32, y: u32) -> [u32; 3] {
    [4 * x, 255 - 6 * y, 2 * x + 3 * y]
}

fn grey_picture(value: impl Fn(u32, u32) -> u32) -> DynamicImage {
    let pixel = |x, y| Luma([value(x, y) as u8]);
    DynamicImage::ImageLuma8(GrayImage::from_fn(WIDTH, HEIGHT, pixel))
}

fn rgb_picture(value: impl Fn(u32, u32) -> [u32; 3]) -> DynamicImage {
    let pixel = |x, y| Rgb(value(x, y).map(|value| value as u8));
    DynamicImage::ImageRgb8(RgbImage::from_fn(WIDTH, HEIGHT, pixel))
}

pub(crate) fn bilevel() -> DynamicImage {
    grey_picture(|x, y| if is_ink(x, y) { 0 } else { 255 })
}

/// The grey picture in fewer or more bits, as 8.
pub(crate) fn grey(bits: u32) -> DynamicImage {
    match bits {
        2 => grey_picture(|x, y| (grey_of(x, y) >> 6) * 85),
        4 => grey_picture(|x, y| (grey_of(x, y) >> 4) * 17),
        12 => grey_picture(|x, y| ((grey_of(x, y) << 4 | x & 15) * 255 + 2047) / 4095),
        _ => grey_picture(grey_of),
    }
}

pub(crate) fn palette(bits: u32) -> DynamicImage {
    rgb_picture(|x, y| {
        let entry = (x + 2 * y) % (1 << bits);
        // The maker's language rounds a remainder down, and keeps it positive.
        [255 - 5 * entry % 256, 7 * entry % 256, 11 * entry % 256]
    })
}

pub(crate) fn rgb() -> DynamicImage {
    rgb_picture(rgb_of)
}

pub(crate) fn rgb4() -> DynamicImage {
    rgb_picture(|x, y| rgb_of(x, y).map(|value| (value >> 4) * 17))
}

/// The inks, as light without any colour profile.
pub(crate) fn cmyk() -> DynamicImage {
    rgb_picture(|x, y| {
        let light = 255 - (20 + y);
        [4 * x, 6 * y, 2 * x + y].map(|ink| (255 - ink) * light / 255)
    })
}

fn on_white(value: u32, x: u32) -> u32 {
    let opacity = 255 - 2 * x;
    (value * opacity + 255 * (255 - opacity) + 127) / 255
}

pub(crate) fn rgb_on_white() -> DynamicImage {
    rgb_picture(|x, y| rgb_of(x, y).map(|value| on_white(value, x)))
}

pub(crate) fn grey_on_white() -> DynamicImage {
    grey_picture(|x, y| on_white(grey_of(x, y), x))
}

/// The grey picture with one value transparent.
pub(crate) fn grey_but(value: u32) -> DynamicImage {
    grey_picture(|x, y| if grey_of(x, y) == value { 255 } else { grey_of(x, y) })
}

/// Sixteen colours, each more opaque than the one before.
pub(crate) fn palette_on_white() -> DynamicImage {
    let colours = palette(4).into_rgb8();
    rgb_picture(|x, y| {
        let opacity = (x + 2 * y) % 16 * 16;
        let lay = |value: u8| (u32::from(value) * opacity + 255 * (255 - opacity) + 127) / 255;
        colours.get_pixel(x, y).0.map(lay)
    })
}
