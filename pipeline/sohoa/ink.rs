//! What the first page of a file shows, as boxes: for a file whose words nobody has read.
//!
//! A coarse look is enough to keep a signature's text clear of print, stamps and handwriting. Only
//! the first page is read, so that a file of any size costs the same memory. A page that cannot be
//! drawn, or that is itself too large, shows nothing, and its signature goes into the corner.

use std::{io::Write as _, path::Path};

use image::GrayImage;
use sohoa_decode::{DecodedPage, Keep, Limits, Origin, open};
use sohoa_sign::{PdfError, first_page};

/// Points of a spot's side: half a line of print.
const SPOT: f32 = 4.0;

/// Steps of grey from the paper's own on which something counts as ink.
const CONTRAST: u8 = 60;

/// Share of a spot that is ink, in percent, from which it counts: less is dust.
const INK_PERCENT: u32 = 4;

/// Bytes of a first page that is looked at: a colour scan at 600 dpi, hardly packed.
const MOST: u64 = 32 << 20;

/// Left, top, width and height in points of everything that page 1 shows.
pub(crate) fn of_first_page(path: &Path, limits: &Limits) -> Vec<[f64; 4]> {
    match drawn(path, limits) {
        Ok(page) => page
            .raster
            .map(|raster| spots(&raster.into_luma8(), page.raster_dpi))
            .unwrap_or_default(),
        Err(error) => {
            if matches!(error.downcast_ref(), Some(PdfError::Bound(_))) {
                eprintln!(
                    "page 1 takes more than {} MB: what it shows is not looked at, and the text \
                     goes into the corner (--corner, or --appearance none)",
                    MOST >> 20
                );
            }
            tracing::info!(%error, "the page cannot be drawn; what it shows is not looked at");
            Vec::new()
        }
    }
}

fn drawn(path: &Path, limits: &Limits) -> Result<DecodedPage, Box<dyn std::error::Error>> {
    let mut page = tempfile::Builder::new().prefix("sohoa-").suffix(".pdf").tempfile()?;
    page.write_all(&first_page(path, MOST)?)?;
    // As paper: a page that was born digital is drawn, too.
    Ok(open(page.path(), limits)?.page(1, Origin::Paper, Keep::Stream)?)
}

/// Runs of spots with ink, a row of them at a time.
fn spots(page: &GrayImage, dpi: f32) -> Vec<[f64; 4]> {
    let side = ((SPOT * dpi / 72.0) as u32).max(1);
    let points = f64::from(72.0 / dpi);
    let ink = paper(page).saturating_sub(CONTRAST);
    let mut runs = Vec::new();
    for top in (0..page.height()).step_by(side as usize) {
        let mut from = None;
        for left in (0..=page.width() + side).step_by(side as usize) {
            let inked = left < page.width() && is_inked(page, (left, top), side, ink);
            if inked {
                from.get_or_insert(left);
            } else if let Some(start) = from.take() {
                let run = [start, top, left - start, side];
                runs.push(run.map(|pixels| f64::from(pixels) * points));
            }
        }
    }
    runs
}

fn is_inked(page: &GrayImage, (left, top): (u32, u32), side: u32, ink: u8) -> bool {
    let (right, bottom) = ((left + side).min(page.width()), (top + side).min(page.height()));
    let pixels = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
    let dark = pixels.filter(|&(x, y)| page.get_pixel(x, y).0[0] < ink).count() as u32;
    dark * 100 >= side * side * INK_PERCENT && dark > 0
}

/// The grey of the paper: of most pixels.
fn paper(page: &GrayImage) -> u8 {
    let mut counts = [0u64; 256];
    for pixel in page.pixels() {
        counts[usize::from(pixel.0[0])] += 1;
    }
    let (grey, _) = counts.iter().enumerate().max_by_key(|(_, count)| **count).unwrap_or((255, &0));
    u8::try_from(grey).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    #[test]
    fn ink_is_found_where_it_is_on_white_and_on_grey_paper() {
        for paper in [255, 180] {
            let mut page = GrayImage::from_pixel(400, 200, Luma([paper]));
            for (x, y) in (100..200).flat_map(|x| (40..60).map(move |y| (x, y))) {
                page.put_pixel(x, y, Luma([20]));
            }
            // A speck of dust.
            page.put_pixel(350, 150, Luma([20]));
            let runs = spots(&page, 144.0);
            let left = runs.iter().map(|run| run[0]).fold(f64::MAX, f64::min);
            let right = runs.iter().map(|run| run[0] + run[2]).fold(0.0, f64::max);
            let bottom = runs.iter().map(|run| run[1] + run[3]).fold(0.0, f64::max);
            assert!((46.0..=50.0).contains(&left) && (100.0..=104.0).contains(&right), "{runs:?}");
            assert!(bottom <= 34.0, "dust is no ink: {runs:?}");
        }
    }
}
