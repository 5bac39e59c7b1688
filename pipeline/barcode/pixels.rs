//! Cutting an area out of a page, and making it easier to decode.

use image::{DynamicImage, GrayImage, Luma};

use crate::areas::Area;

/// The area as grey pixels.
pub(crate) fn crop(raster: &DynamicImage, [x0, y0, x1, y1]: Area) -> GrayImage {
    raster.crop_imm(x0, y0, x1.saturating_sub(x0), y1.saturating_sub(y0)).to_luma8()
}

/// How much the edges of a picture have one direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Grain {
    /// Direction across the edges, in degrees clockwise from the right, -90 to 90.
    pub(crate) degrees: f32,
    /// 0 without any common direction, 1 when all edges are parallel.
    pub(crate) unity: f32,
}

/// The grain of a picture: the bars of a linear code are parallel, the modules of a matrix are not.
pub(crate) fn grain(grey: &GrayImage) -> Grain {
    let width = grey.width() as usize;
    let (mut xx, mut yy, mut xy) = (0.0f64, 0.0f64, 0.0f64);
    let rows: Vec<&[u8]> = grey.as_raw().chunks_exact(width.max(1)).collect();
    for three in rows.windows(3) {
        for x in 1..width.saturating_sub(1) {
            let dx = f64::from(three[1][x + 1]) - f64::from(three[1][x - 1]);
            let dy = f64::from(three[2][x]) - f64::from(three[0][x]);
            xx += dx * dx;
            yy += dy * dy;
            xy += dx * dy;
        }
    }
    let all = xx + yy;
    if all <= 0.0 {
        return Grain { degrees: 0.0, unity: 0.0 };
    }
    let unity = ((xx - yy).powi(2) + 4.0 * xy * xy).sqrt() / all;
    let degrees = (2.0 * xy).atan2(xx - yy).to_degrees() / 2.0;
    Grain { degrees: degrees as f32, unity: unity as f32 }
}

/// The picture turned by `degrees` against the clock about its middle, on a canvas that holds it
/// all; what was outside is white.
pub(crate) fn turned(grey: &GrayImage, degrees: f32) -> GrayImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (w, h) = (grey.width() as f32, grey.height() as f32);
    let width = (w * cos.abs() + h * sin.abs()).ceil();
    let height = (w * sin.abs() + h * cos.abs()).ceil();
    GrayImage::from_fn(width as u32, height as u32, |x, y| {
        let (x, y) = (x as f32 + 0.5 - width / 2.0, y as f32 + 0.5 - height / 2.0);
        let at = (x * cos - y * sin + w / 2.0 - 0.5, x * sin + y * cos + h / 2.0 - 0.5);
        Luma([between(grey, at)])
    })
}

/// The picture at twice its size, smooth between its pixels.
pub(crate) fn doubled(grey: &GrayImage) -> GrayImage {
    GrayImage::from_fn(grey.width() * 2, grey.height() * 2, |x, y| {
        Luma([between(grey, (x as f32 / 2.0 - 0.25, y as f32 / 2.0 - 0.25))])
    })
}

/// Every pixel the mean of itself and its neighbours: specks go, modules of three pixels stay.
pub(crate) fn smoothed(grey: &GrayImage) -> GrayImage {
    let at = |x: i64, y: i64| {
        let x = x.clamp(0, i64::from(grey.width()) - 1) as u32;
        let y = y.clamp(0, i64::from(grey.height()) - 1) as u32;
        u32::from(grey.get_pixel(x, y).0[0])
    };
    GrayImage::from_fn(grey.width(), grey.height(), |x, y| {
        let (x, y) = (i64::from(x), i64::from(y));
        let sum: u32 = (-1..=1)
            .flat_map(|dy| (-1..=1).map(move |dx| (dx, dy)))
            .map(|(dx, dy)| at(x + dx, y + dy))
            .sum();
        Luma([(sum / 9) as u8])
    })
}

/// The grey at a place between pixels; white outside.
fn between(grey: &GrayImage, (x, y): (f32, f32)) -> u8 {
    let (left, top) = (x.floor(), y.floor());
    let pixel = |dx: f32, dy: f32| {
        let (x, y) = (left + dx, top + dy);
        let inside = x >= 0.0 && y >= 0.0 && x < grey.width() as f32 && y < grey.height() as f32;
        if inside { f32::from(grey.get_pixel(x as u32, y as u32).0[0]) } else { 255.0 }
    };
    let (fx, fy) = (x - left, y - top);
    let upper = pixel(0.0, 0.0) * (1.0 - fx) + pixel(1.0, 0.0) * fx;
    let lower = pixel(0.0, 1.0) * (1.0 - fx) + pixel(1.0, 1.0) * fx;
    (upper * (1.0 - fy) + lower * fy).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripes(degrees: f32) -> GrayImage {
        let (sin, cos) = degrees.to_radians().sin_cos();
        GrayImage::from_fn(120, 120, |x, y| {
            let along = x as f32 * cos + y as f32 * sin;
            Luma([(127.0 + 120.0 * (along * 0.6).sin()) as u8])
        })
    }

    #[test]
    fn the_grain_of_stripes_is_their_direction() {
        for degrees in [-80.0, -30.0, 0.0, 12.0, 45.0] {
            let grain = grain(&stripes(degrees));
            assert!((grain.degrees - degrees).abs() < 1.0, "{degrees}: {grain:?}");
            assert!(grain.unity > 0.9);
        }
        assert!(grain(&GrayImage::new(0, 0)).unity == 0.0);
    }

    #[test]
    fn turning_by_the_grain_makes_stripes_upright() {
        let tilted = stripes(25.0);
        let upright = turned(&tilted, grain(&tilted).degrees);
        assert!(upright.width() > tilted.width());
        let (x, y) = (upright.width() / 2, upright.height() / 2);
        let core = image::imageops::crop_imm(&upright, x - 30, y - 30, 60, 60).to_image();
        assert!(grain(&core).degrees.abs() < 1.0);
    }

    #[test]
    fn doubling_keeps_the_grey() {
        let flat = GrayImage::from_pixel(9, 7, Luma([90]));
        let twice = doubled(&flat);
        assert_eq!(twice.dimensions(), (18, 14));
        assert_eq!(twice.get_pixel(9, 7).0, [90]);
        assert_eq!(smoothed(&flat), flat);
    }
}
