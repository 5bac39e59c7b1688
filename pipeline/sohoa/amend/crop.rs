//! Pictures of places on pages, from the files as they were scanned.
//!
//! From the originals and not from the signed PDF: there the agency's signature shows on the first
//! page, top right, where the date may stand. What is decoded here was decoded once already, in a
//! page worker and within its bounds; so this is done in the process itself. A page that was refused
//! may be one that broke them, and is not drawn.

use std::path::Path as FilePath;

use image::{DynamicImage, imageops::FilterType};
use object_store::path::Path;
use sohoa_decode::{Keep, Limits, Origin, open};
use sohoa_flow::{
    Fault,
    retry::{Policy, retry},
};
use sohoa_publish::publication;
use sohoa_schemas::{
    record::Record,
    rows::{DocumentRow, Outcome, PageRow},
};
use sohoa_store::{Fetched, Store};
use uuid::Uuid;

use super::{
    Field, STAGE,
    zone::{Place, Zone, zone},
};

/// Pixels below which a picture is enlarged: handwriting of a few pixels is hard on the eyes.
const NARROWEST: u32 = 600;

/// A picture that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Crop {
    /// Page of the PDF it is of.
    pub(super) page: i32,
    /// Name of the file.
    pub(super) name: String,
}

/// One place on a page, with what is needed to draw it.
struct Sight {
    field: Field,
    zone: Zone,
    /// Which original.
    original: usize,
    /// Its page, from 1.
    number: u32,
    points: (f32, f32),
    /// Clockwise turn that recognition found.
    turn: u16,
}

/// Draws the places of a document's fields into `folder`; a field in the order given has its
/// picture, or why there is none.
///
/// # Errors
/// The store's own.
pub(super) async fn crops(
    store: &Store,
    (source, version, document): (Uuid, i32, Uuid),
    fields: Vec<Field>,
    (folder, limits): (&FilePath, Limits),
) -> Result<Vec<Result<Crop, String>>, Fault> {
    let find = || publication::find(store, source, version);
    let record = match retry(Policy::default(), find).await {
        Ok(record) => record,
        Err(Fault::Reject(_)) => None,
        Err(fault) => return Err(fault),
    };
    let found = record.as_ref().and_then(|record| {
        let row = record.rows.documents.iter().find(|row| row.document_uid == document)?;
        Some((record, row))
    });
    let Some((record, row)) = found else {
        let why = "its record cannot be read: run sohoa audit";
        return Ok(vec![Err(why.to_owned()); fields.len()]);
    };
    let sights: Vec<_> = fields.into_iter().map(|field| sight(record, row, field)).collect();
    let mut originals = Vec::new();
    for part in record.parts.iter().filter(|part| part.role == "original") {
        let needed = sights.iter().flatten().any(|sight| sight.original == originals.len());
        let key = Path::from(part.key.as_str());
        let fetch = || store.fetch(&key);
        originals.push(if needed { Some(retry(Policy::default(), fetch).await?) } else { None });
    }
    let folder = folder.to_owned();
    let drawn = tokio::task::spawn_blocking(move || {
        let draw =
            |sight: Result<Sight, String>| draw(&originals, document, &sight?, (&folder, &limits));
        sights.into_iter().map(draw).collect()
    });
    drawn.await.map_err(|error| Fault::retry(STAGE, error))
}

/// Where a field is to be looked for: which page of which file.
fn sight(record: &Record, row: &DocumentRow, field: Field) -> Result<Sight, String> {
    let zone = zone(row, field);
    let page = record.rows.pages.iter().find(|page| page.page_no == zone.page);
    let page = page.ok_or_else(|| format!("there is no page {}", zone.page))?;
    if page.outcome != Outcome::Published.as_str() {
        return Err(format!("page {} was refused: look at the paper", zone.page));
    }
    let PageRow { source_file_sha256, source_page_no, width_pt, height_pt, .. } = page;
    let mut originals = record.parts.iter().filter(|part| part.role == "original");
    let original = originals.position(|part| part.sha256 == *source_file_sha256);
    Ok(Sight {
        field,
        zone,
        original: original.ok_or("the file it was scanned to is not kept")?,
        number: u32::try_from(*source_page_no).unwrap_or(1),
        points: (*width_pt, *height_pt),
        turn: u16::try_from(page.orientation_fixed_deg.rem_euclid(360)).unwrap_or(0),
    })
}

fn draw(
    originals: &[Option<Fetched>],
    document: Uuid,
    sight: &Sight,
    (folder, limits): (&FilePath, &Limits),
) -> Result<Crop, String> {
    let Some(Some(original)) = originals.get(sight.original) else {
        return Err("the file it was scanned to is not kept".into());
    };
    let failed = |error: &dyn std::error::Error| format!("the page cannot be drawn: {error}");
    let mut file = open(&original.path, limits).map_err(|error| failed(&error))?;
    // As paper: a page that was born digital is drawn, too.
    let page =
        file.page(sight.number, Origin::Paper, Keep::Stream).map_err(|error| failed(&error))?;
    let stored = page.scan.as_ref().map_or(0, |scan| scan.rotation);
    let raster = page.raster.ok_or("the page has no picture")?;
    let upright = turned(raster, (sight.turn + 360 - stored) % 360);
    let picture = cut(&upright, sight.zone.place, sight.points);
    let name = format!("{document}-{}.png", sight.field.column());
    let path = folder.join(&name);
    let saved = picture.save_with_format(&path, image::ImageFormat::Png);
    saved.map_err(|error| format!("`{}` cannot be written: {error}", path.display()))?;
    Ok(Crop { page: sight.zone.page, name })
}

/// The page as a person reads it: the file's own turn is done, recognition may have found more.
fn turned(page: DynamicImage, turn: u16) -> DynamicImage {
    match turn {
        90 => page.rotate90(),
        180 => page.rotate180(),
        270 => page.rotate270(),
        _ => page,
    }
}

fn cut(page: &DynamicImage, place: Place, points: (f32, f32)) -> DynamicImage {
    let [x, y, wide, high] = place.pixels(points, (page.width(), page.height()));
    let picture = page.crop_imm(x, y, wide, high);
    if wide >= NARROWEST {
        return picture;
    }
    let times = NARROWEST.div_ceil(wide).min(4);
    picture.resize(wide * times, high * times, FilterType::Triangle)
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma};
    use sohoa_document::Rect;

    use super::*;

    #[test]
    fn a_picture_holds_its_place_and_small_ones_are_enlarged() {
        let mut page = GrayImage::from_pixel(1000, 1400, Luma([255]));
        page.put_pixel(110, 210, Luma([0]));
        let page = DynamicImage::ImageLuma8(page);
        let place = Place::Points(Rect::new(100.0, 200.0, 400.0, 260.0));
        let picture = cut(&page, place, (1000.0, 1400.0));
        assert_eq!((picture.width(), picture.height()), (600, 120));
        let dark = picture
            .to_luma8()
            .enumerate_pixels()
            .min_by_key(|(.., p)| p.0[0])
            .map(|(x, y, _)| (x, y));
        assert!(matches!(dark, Some((20..=21, 20..=21))), "{dark:?}");
        let whole = cut(&page, Place::Share(Rect::new(0.0, 0.0, 1.0, 0.5)), (1000.0, 1400.0));
        assert_eq!((whole.width(), whole.height()), (1000, 700));
    }

    #[test]
    fn a_page_found_upside_down_is_turned() {
        let mut page = GrayImage::from_pixel(4, 2, Luma([255]));
        page.put_pixel(0, 0, Luma([0]));
        let page = turned(DynamicImage::ImageLuma8(page), 180).to_luma8();
        assert_eq!(page.get_pixel(3, 1).0, [0]);
    }
}
