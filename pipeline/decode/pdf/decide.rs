//! From the marks of a page: is it paper, and can its images be taken as they are?

use hayro_interpret::kurbo::{Affine, Rect};

use super::observe::{ImageMark, Mark, MarkKind, Observed};
use crate::survey::{LayerQuality, Origin};

/// Share of the page that images must cover to be its scan.
const SCAN_COVER: f64 = 0.5;
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

/// The origin of one page; `None` when nothing at all is on it.
///
/// Text that lies under a page image or is invisible was read from the image: it makes no page
/// born-digital. Text over an image does only when it is a true layer of its own.
pub(super) fn origin(observed: &Observed, layer: LayerQuality) -> Option<Origin> {
    let cover = image_cover(observed);
    let last_big = observed.marks.iter().rposition(|mark| {
        matches!(mark.kind, MarkKind::Image(_))
            && mark.bounds.area() > 0.2 * observed.size.0 * observed.size.1
    });
    let shown = observed.glyphs.iter().filter(|glyph| {
        glyph.visible
            && !glyph.text.trim().is_empty()
            && last_big.is_none_or(|image| glyph.order > image)
            && glyph.order <= observed.annotations_from
    });
    let letters = shown.count();
    if cover >= SCAN_COVER {
        let own = letters >= 200 && layer == LayerQuality::Good;
        return Some(if own { Origin::BornDigital } else { Origin::Paper });
    }
    if letters > 0 {
        return Some(Origin::BornDigital);
    }
    let ink = observed.marks.iter().any(|mark| matches!(mark.kind, MarkKind::Paint { ink: true }));
    match (cover > 0.0, ink) {
        (true, _) => Some(Origin::Paper),
        (false, true) => Some(Origin::BornDigital),
        (false, false) => None,
    }
}
