//! Stamps in a frame, each cut out of it.
//!
//! Degrees of secrecy and urgency are stamped in a frame, by hand: leaning, over print, and with the
//! frame the engine takes the whole for a picture. Cut out, straightened and without the frame each
//! is a line of type.

use image::{GrayImage, Luma, imageops};

use super::{
    connected::{Area, Component, Ink},
    turn,
};

/// Darker than this is ink where coloured ink is shown alone: paler than print.
pub const COLOURED: u8 = 215;

/// Darker than this is ink on a page without colour.
pub const GREY: u8 = 140;

/// Width and height of such frames in millimetres, leaning ones included; a seal is higher, the stamp
/// of arrival wider.
const WIDTH: (f32, f32) = (9.0, 48.0);
const HEIGHT: (f32, f32) = (4.0, 26.0);

/// A frame fills less than this share of its box.
const HOLLOW: f32 = 0.5;

/// A row or column of which more is ink belongs to the frame.
const RULE: f32 = 0.55;

/// Rules of a frame that have to be there.
const LEAST_RULES: usize = 2;

/// Frames that are looked at on a page.
const MOST: usize = 6;

/// Paper around what was cut out, pixels.
const MARGIN: u32 = 12;

/// What stands in a frame.
#[derive(Debug)]
pub struct Stamp {
    /// Left, top, right and bottom of the frame on the raster.
    pub place: (i32, i32, i32, i32),
    /// The inside, straight.
    pub inside: GrayImage,
}

/// The framed stamps of the upper half of a raster on which what is darker than `dark` is ink.
pub fn framed(ink: &GrayImage, dpi: f32, dark: u8) -> Vec<Stamp> {
    let mm = dpi / 25.4;
    let fits =
        |pixels: u32, (least, most): (f32, f32)| (least * mm..most * mm).contains(&(pixels as f32));
    let upper = imageops::crop_imm(ink, 0, 0, ink.width(), ink.height().div_ceil(2)).to_image();
    let frame = |found: &Component| {
        let (width, height) = (found.area.width(), found.area.height());
        fits(width, WIDTH)
            && fits(height, HEIGHT)
            && (found.pixels.len() as f32) < HOLLOW * (width * height) as f32
    };
    let found = Ink::darker(&upper, dark).components().filter(frame);
    found.filter_map(|frame| cut_out(&upper, &frame, dark)).take(MOST).collect()
}

fn cut_out(ink: &GrayImage, frame: &Component, dark: u8) -> Option<Stamp> {
    let Area { left, top, right, bottom } = frame.area;
    let whole = imageops::crop_imm(ink, left, top, right - left, bottom - top).to_image();
    let straight = turn::straighten(&whole, lean(frame));
    let inside = within_rules(&straight, dark)?;
    let mut out = GrayImage::from_pixel(
        inside.width() + 2 * MARGIN,
        inside.height() + 2 * MARGIN,
        Luma([u8::MAX]),
    );
    imageops::replace(&mut out, &inside, i64::from(MARGIN), i64::from(MARGIN));
    let place = (left as i32, top as i32, right as i32, bottom as i32);
    Some(Stamp { place, inside: out })
}

/// Degrees by which the frame's upper edge falls to the right: the line through its highest pixels,
/// away from the corners.
fn lean(frame: &Component) -> f32 {
    let columns = frame.area.width() as usize;
    let mut highest = vec![None; columns];
    for (x, y) in &frame.pixels {
        let of = &mut highest[(x - frame.area.left) as usize];
        *of = Some(of.map_or(*y, |highest: u32| highest.min(*y)));
    }
    let points = highest.iter().enumerate().skip(columns / 4).take(columns / 2);
    let points: Vec<(f32, f32)> =
        points.filter_map(|(x, y)| Some((x as f32, ((*y)? - frame.area.top) as f32))).collect();
    let count = points.len().max(1) as f32;
    let mean = |of: fn(&(f32, f32)) -> f32| points.iter().map(of).sum::<f32>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let along: f32 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let across: f32 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    (along / across.max(1.0)).atan().to_degrees()
}

/// What lies within the rules of a straight frame; `None` where nothing is left.
fn within_rules(framed: &GrayImage, ink: u8) -> Option<GrayImage> {
    let (width, height) = framed.dimensions();
    let dark = |x: u32, y: u32| framed.get_pixel(x, y).0[0] < ink;
    let middle = |length: u32| length / 5..length - length / 5;
    let share = |count: usize, of: u32| count as f32 / middle(of).len().max(1) as f32;
    let rule = |count: usize, of: u32| share(count, of) > RULE;
    let row = |y: u32| rule(middle(width).filter(|x| dark(*x, y)).count(), width);
    let column = |x: u32| rule(middle(height).filter(|y| dark(x, *y)).count(), height);
    // The rules lie in the outer parts; beyond them is what else stands on the sheet. The columns'
    // part is small: a letter's own stem is a column of ink.
    let outer = (height * 2 / 5, (height / 2).min(width / 6));
    let rules = [
        (0..outer.0).rev().find(|y| row(*y)),
        (0..outer.0).rev().find(|y| row(height - 1 - *y)),
        (0..outer.1).rev().find(|x| column(*x)),
        (0..outer.1).rev().find(|x| column(width - 1 - *x)),
    ];
    // A signature or a circle is no frame; of a worn one some rules are left.
    if rules.iter().flatten().count() < LEAST_RULES {
        return None;
    }
    let [top, below, left, right] = rules.map(|found| found.map_or(0, |at| at + 2));
    let (inner_width, inner_height) =
        (width.checked_sub(left + right)?, height.checked_sub(top + below)?);
    (inner_width > MARGIN && inner_height > MARGIN)
        .then(|| imageops::crop_imm(framed, left, top, inner_width, inner_height).to_image())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DPI: f32 = 200.0;

    /// A frame of 160 by 64 pixels (20 by 8 mm) with stems in it for type, leaning.
    fn page(lean: f32) -> GrayImage {
        let mut page = GrayImage::from_pixel(1000, 1400, Luma([255]));
        let (sin, cos) = lean.to_radians().sin_cos();
        for (u, v) in (0..640).flat_map(|u| (0..256).map(move |v| (u as f32 / 4.0, v as f32 / 4.0)))
        {
            let edge = !(4.0..156.0).contains(&u) || !(4.0..60.0).contains(&v);
            let type_ = (30.0..130.0).contains(&u) && (20.0..44.0).contains(&v) && u % 10.0 < 4.0;
            if edge || type_ {
                let (x, y) = (200.0 + u * cos - v * sin, 300.0 + u * sin + v * cos);
                page.put_pixel(x as u32, y as u32, Luma([60]));
            }
        }
        page
    }

    #[test]
    fn what_stands_in_a_frame_is_cut_out_straight() {
        for lean in [0.0, 8.0, -12.0] {
            let [stamp] =
                framed(&page(lean), DPI, COLOURED).try_into().unwrap_or_else(|_| panic!("{lean}"));
            let dark = stamp.inside.enumerate_pixels().filter(|(_, _, p)| p.0[0] < 128);
            let rows: Vec<u32> = dark.map(|(_, y, _)| y).collect();
            let (top, bottom) = (rows.iter().min().unwrap(), rows.iter().max().unwrap());
            let height = bottom - top + 1;
            assert!((20..36).contains(&height), "{lean}: {height}");
            assert!((600..1600).contains(&rows.len()), "{lean}: {}", rows.len());
        }
    }

    #[test]
    fn seals_type_and_the_lower_half_are_no_frames() {
        let mut page = GrayImage::from_pixel(1000, 1400, Luma([255]));
        for (x, y) in (0..1000).flat_map(|x| (0..1400).map(move |y| (x, y))) {
            let far = ((x as f32 - 500.0).powi(2) + (y as f32 - 350.0).powi(2)).sqrt();
            let seal = (far - 130.0).abs() < 4.0;
            let bar = (100..260).contains(&x) && (100..160).contains(&y);
            let low = (100..260).contains(&x)
                && (1000..1064).contains(&y)
                && !((104..256).contains(&x) && (1004..1060).contains(&y));
            if seal || bar || low {
                page.put_pixel(x, y, Luma([60]));
            }
        }
        assert!(framed(&page, DPI, COLOURED).is_empty());
    }

    #[test]
    fn hardly_any_raster_holds_a_stamp() {
        assert!(framed(&GrayImage::new(0, 0), DPI, COLOURED).is_empty());
        assert!(framed(&GrayImage::from_pixel(3, 3, Luma([0])), DPI, COLOURED).is_empty());
    }
}
