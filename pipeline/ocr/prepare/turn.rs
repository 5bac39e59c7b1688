//! Turns of a raster: quarter turns exactly, small angles by interpolation.

use image::{GrayImage, imageops};

/// What shows where the turned sheet does not reach.
const PAPER: u8 = 255;

/// Turns clockwise by 0, 90, 180 or 270 degrees; any other number leaves the raster as it is.
pub fn quarter(raster: GrayImage, clockwise: u16) -> GrayImage {
    match clockwise {
        90 => imageops::rotate90(&raster),
        180 => imageops::rotate180(&raster),
        270 => imageops::rotate270(&raster),
        _ => raster,
    }
}

/// Turns counter-clockwise as seen by `degrees` about the middle; same size, corners cut.
pub fn straighten(raster: &GrayImage, degrees: f32) -> GrayImage {
    let (width, height) = raster.dimensions();
    if width < 2 || height < 2 {
        return raster.clone();
    }
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (middle_x, middle_y) = (width as f32 / 2.0, height as f32 / 2.0);
    let mut out = GrayImage::new(width, height);
    for (y, row) in (0..height).zip(out.chunks_exact_mut(width as usize)) {
        let dy = y as f32 + 0.5 - middle_y;
        // In 1/256 pixel, from pixel centre to pixel centre.
        let start_x = middle_x - middle_x * cos - dy * sin + 0.5 * cos - 0.5;
        let start_y = middle_y - middle_x * sin + dy * cos + 0.5 * sin - 0.5;
        for (x, pixel) in (0..width).zip(row) {
            let (from_x, from_y) = (start_x + x as f32 * cos, start_y + x as f32 * sin);
            *pixel = sample(raster, (from_x * 256.0) as i32, (from_y * 256.0) as i32);
        }
    }
    out
}

/// The value between four pixels, at a place in 1/256 pixel.
fn sample(raster: &GrayImage, x: i32, y: i32) -> u8 {
    let (left, top) = (x >> 8, y >> 8);
    let (width, height) = (raster.width() as i32, raster.height() as i32);
    if left < 0 || top < 0 || left + 1 >= width || top + 1 >= height {
        return PAPER;
    }
    let (part_x, part_y) = ((x & 255) as u32, (y & 255) as u32);
    let at = top as usize * width as usize + left as usize;
    let raw = raster.as_raw();
    let upper = u32::from(raw[at]) * (256 - part_x) + u32::from(raw[at + 1]) * part_x;
    let at = at + width as usize;
    let lower = u32::from(raw[at]) * (256 - part_x) + u32::from(raw[at + 1]) * part_x;
    ((upper * (256 - part_y) + lower * part_y + 32768) >> 16) as u8
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    #[test]
    fn quarter_turns_are_clockwise() {
        let raster = GrayImage::from_raw(2, 1, vec![1, 2]).unwrap();
        assert_eq!(quarter(raster.clone(), 90).into_raw(), [1, 2]);
        assert_eq!(quarter(raster.clone(), 90).dimensions(), (1, 2));
        assert_eq!(quarter(raster.clone(), 180).into_raw(), [2, 1]);
        assert_eq!(quarter(raster.clone(), 270).into_raw(), [2, 1]);
        assert_eq!(quarter(raster.clone(), 45), raster);
    }

    #[test]
    fn no_turn_keeps_the_inner_pixels() {
        let raster = GrayImage::from_fn(9, 9, |x, y| Luma([(x * 9 + y) as u8]));
        let same = straighten(&raster, 0.0);
        assert!((0..8).all(|at| same.get_pixel(at, at) == raster.get_pixel(at, at)));
    }

    #[test]
    fn a_falling_line_is_lifted_at_its_right_end() {
        let lean = 3.0f32;
        let raster = GrayImage::from_fn(400, 200, |x, y| {
            let line = 100.0 + (x as f32 - 200.0) * lean.to_radians().tan();
            Luma([if (y as f32 - line).abs() < 2.0 { 0 } else { 255 }])
        });
        let straight = straighten(&raster, lean);
        for x in (20..380).step_by(40) {
            assert!(straight.get_pixel(x, 100).0[0] < 64, "column {x}");
        }
    }
}
