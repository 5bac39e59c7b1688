//! From the marks of a page: is it paper, and can its images be taken as they are?

use std::ops::RangeInclusive;

use hayro_interpret::kurbo::{Affine, Rect};

use super::observe::{ImageMark, Mark, MarkKind, Observed};
use crate::{
    survey::{LayerQuality, Origin},
    white,
};

/// Share of the page that images must cover to be its scan.
const SCAN_COVER: f64 = 0.5;
/// Share from which an image may be a scan that was made smaller or pasted; a logo is far below.
const PICTURE_COVER: f64 = white::LARGE;
/// Letters of a page of text: a long note of an office system has 350, a page of a report 1,500.
const TEXT_LETTERS: usize = 400;
/// Height of the text of a page of text from its first to its last line, as a share of the page.
const TEXT_EXTENT: f64 = 0.4;
/// Height of its lines together; a note at the foot with a number at the head has 0.1.
const TEXT_ROWS: f64 = 0.15;
/// Fewer letters are a caption or a page number.
const CAPTION_LETTERS: usize = 100;
/// Height to width of an upright sheet of paper, also one that was photographed.
const SHEET: RangeInclusive<f64> = 1.2..=1.8;
/// Images that are asked whether they cover a glyph; scans are made of one to three.
const MOST_COVERS: usize = 16;
/// Pieces of a page beyond which it is rendered: each becomes an object of the archived PDF.
const MOST_PIECES: usize = 320;

/// An image that can be lifted, with its place.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub number: usize,
    /// Box as displayed.
    pub bounds: Rect,
    pub width: u32,
    pub height: u32,
}

/// Images that together are everything a page shows.
#[derive(Debug, Clone)]
pub(super) struct Liftable {
    pub pieces: Vec<Piece>,
    /// Clockwise turn from the images as stored to the page as displayed.
    pub rotation: u16,
}

/// The images of a page when they can be lifted: upright up to quarter turns, side by side, and
/// with nothing visible over them or beside them.
pub(super) fn liftable(observed: &Observed) -> Option<Liftable> {
    if observed.marks.len() > observed.annotations_from {
        return None;
    }
    let first = observed.marks.iter().position(|mark| matches!(mark.kind, MarkKind::Image(_)))?;
    let (under, images) = observed.marks.split_at(first);
    let mut pieces = Vec::new();
    let mut rotation = None;
    for mark in images {
        let MarkKind::Image(image) = &mark.kind else { return None };
        let turn = quarter_turn(image.transform).filter(|_| image.plain)?;
        if *rotation.get_or_insert(turn) != turn || pieces.len() == MOST_PIECES {
            return None;
        }
        let whole = Rect::new(0.0, 0.0, f64::from(image.width), f64::from(image.height));
        let bounds = image.transform.transform_rect_bbox(whole);
        pieces.push(Piece {
            number: image.number,
            bounds,
            width: image.width,
            height: image.height,
        });
    }
    if overlap(&pieces) || !under.iter().all(|mark| hidden(mark, &pieces)) {
        return None;
    }
    rotation.map(|rotation| Liftable { pieces, rotation })
}

/// The clockwise quarter turn of a matrix that neither skews nor mirrors.
fn quarter_turn(transform: Affine) -> Option<u16> {
    let [a, b, c, d, ..] = transform.as_coeffs();
    let size = a.abs().max(b.abs()).max(c.abs()).max(d.abs());
    // A thousandth is a third of a pixel row over a page: not a skew anyone meant.
    let none = |value: f64| value.abs() < size * 1e-3;
    match (none(b) && none(c), none(a) && none(d)) {
        (true, _) if a > 0.0 && d > 0.0 => Some(0),
        (true, _) if a < 0.0 && d < 0.0 => Some(180),
        (_, true) if b > 0.0 && c < 0.0 => Some(90),
        (_, true) if b < 0.0 && c > 0.0 => Some(270),
        _ => None,
    }
}

fn overlap(pieces: &[Piece]) -> bool {
    pieces.iter().enumerate().any(|(index, piece)| {
        pieces[index + 1..].iter().any(|other| {
            let common = piece.bounds.intersect(other.bounds);
            // Strips may share a row of pixels through rounding.
            common.area() > 0.02 * piece.bounds.area().min(other.bounds.area())
        })
    })
}

fn hidden(mark: &Mark, pieces: &[Piece]) -> bool {
    matches!(mark.kind, MarkKind::Paint { ink: false })
        || pieces.iter().any(|piece| piece.bounds.inflate(1.0, 1.0).contains_rect(mark.bounds))
}

/// Share of the page under images, 0 to 1.
pub(super) fn image_cover(observed: &Observed) -> f64 {
    let page = observed.size.0 * observed.size.1;
    let area: f64 = images(observed).map(|(_, bounds)| bounds.area()).sum();
    if page > 0.0 { (area / page).min(1.0) } else { 0.0 }
}

/// Every image in sight with its box.
pub(super) fn images(observed: &Observed) -> impl Iterator<Item = (&ImageMark, Rect)> {
    observed.marks[..observed.annotations_from].iter().filter_map(|mark| match &mark.kind {
        MarkKind::Image(image) => Some((image, mark.bounds)),
        _ => None,
    })
}

/// The images that may be the scan of a page.
pub(super) fn scans(observed: &Observed) -> impl Iterator<Item = &ImageMark> {
    let paper = origin(observed, LayerQuality::Good) == Some(Origin::Paper);
    let least = if paper { PICTURE_COVER } else { SCAN_COVER };
    let page = observed.size.0 * observed.size.1;
    images(observed).filter(move |(_, bounds)| bounds.area() > least * page).map(|(image, _)| image)
}

/// Whether the content of a page shows anything.
pub(super) fn shows(observed: &Observed) -> bool {
    observed.marks[..observed.annotations_from]
        .iter()
        .any(|mark| !matches!(mark.kind, MarkKind::Paint { ink: false }))
}

/// The text that a page shows beside and over its images.
struct Shown {
    letters: usize,
    /// Height from its first to its last line, as a share of the page.
    extent: f64,
    /// Height of its lines together, as a share of the page.
    rows: f64,
}

impl Shown {
    /// Text under an image, or invisible, was read from the image.
    fn of(observed: &Observed) -> Self {
        let least = PICTURE_COVER * observed.size.0 * observed.size.1;
        let covers: Vec<(usize, Rect)> = (0..)
            .zip(&observed.marks[..observed.annotations_from])
            .filter(|(_, mark)| matches!(mark.kind, MarkKind::Image(_)))
            .map(|(at, mark)| (at, mark.bounds))
            .filter(|(_, bounds)| bounds.area() > least)
            .collect();
        let covers = &covers[covers.len().saturating_sub(MOST_COVERS)..];
        let mut lines: Vec<(f64, f64)> = observed
            .glyphs
            .iter()
            .filter(|glyph| {
                glyph.visible
                    && !glyph.text.trim().is_empty()
                    && glyph.order <= observed.annotations_from
                    && !covers.iter().any(|(at, bounds)| {
                        glyph.order <= *at && bounds.contains(glyph.bounds.center())
                    })
            })
            .map(|glyph| (glyph.bounds.y0, glyph.bounds.y1))
            .collect();
        lines.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut rows, mut end) = (0.0, f64::MIN);
        for (top, bottom) in &lines {
            rows += (bottom - top.max(end)).max(0.0);
            end = end.max(*bottom);
        }
        let height = observed.size.1.max(1.0);
        let extent = lines.first().map_or(0.0, |first| end - first.0);
        Self { letters: lines.len(), extent: extent / height, rows: rows / height }
    }

    /// Whether it is the page's own text, and no note or number beside a picture of the text.
    fn carries(&self, cover: f64) -> bool {
        let over = cover < SCAN_COVER || self.rows >= TEXT_ROWS;
        over && self.letters >= TEXT_LETTERS && self.extent >= TEXT_EXTENT
    }
}

/// Whether the largest image of a page has the form of an upright sheet of paper.
fn is_sheet(observed: &Observed) -> bool {
    let largest = images(observed).max_by(|a, b| a.1.area().total_cmp(&b.1.area()));
    largest.is_some_and(|(_, bounds)| SHEET.contains(&(bounds.height() / bounds.width())))
}

/// Whether pictures take up the page and the text it shows is not all there is to read on it.
pub(super) fn to_be_read(observed: &Observed) -> bool {
    let cover = image_cover(observed);
    cover >= PICTURE_COVER && !Shown::of(observed).carries(cover)
}

/// The origin of one page; `None` when nothing at all is on it.
///
/// Text that lies under a page image or is invisible was read from the image: it makes no page
/// born-digital. Text over or beside an image does only when it fills the page as text does: a
/// number, a caption or a note does not make a scan a computer's page. Beside a figure that is no
/// sheet of paper a few lines do.
pub(super) fn origin(observed: &Observed, layer: LayerQuality) -> Option<Origin> {
    let cover = image_cover(observed);
    let shown = Shown::of(observed);
    if cover >= SCAN_COVER {
        let own = layer == LayerQuality::Good && shown.carries(cover);
        return Some(if own { Origin::BornDigital } else { Origin::Paper });
    }
    let pictured = cover >= PICTURE_COVER && !shown.carries(cover);
    if pictured && (shown.letters < CAPTION_LETTERS || is_sheet(observed)) {
        return Some(Origin::Paper);
    }
    if shown.letters > 0 {
        return Some(Origin::BornDigital);
    }
    let ink = observed.marks.iter().any(|mark| matches!(mark.kind, MarkKind::Paint { ink: true }));
    match (cover > 0.0, ink) {
        (true, _) => Some(Origin::Paper),
        (false, true) => Some(Origin::BornDigital),
        (false, false) => None,
    }
}
