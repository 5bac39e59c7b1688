//! Where a block of text goes on a page: into its corner, beside what is printed there.
//!
//! The corner itself where it is free; else the nearest place in the same corner of the page that
//! covers nothing, narrower lines tried as well; else the one that covers least. It never leaves the
//! corner: the law names it, and a reader looks there.

/// Points between the block and the top or bottom edge. The top margin of an official document is at
/// least 20 mm; from here four lines end at 18 mm, above the printed header.
const EDGE: f64 = 6.0;

/// Points between the block and the side: 10 mm, inside the smallest right margin (15 mm).
const SIDE: f64 = 28.35;

/// Points from one tried place to the next.
const STEP: f64 = 4.0;

/// Points that stay free around what is printed.
const GAP: f64 = 1.5;

/// Share of the page's height that belongs to a corner.
const CORNER: f64 = 0.25;

/// Points of way that a narrower block costs: lines as they were given read better.
const NARROWER: f64 = 30.0;

/// What a covered square point weighs against a point of way.
const COVERED: f64 = 100.0;

/// The same of another signature's field.
const COVERED_FIELD: f64 = 10_000.0;

/// A corner of a page as it is displayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Corner {
    /// Of the scanning officer.
    TopLeft,
    /// Of the agency.
    #[default]
    TopRight,
    /// Below on the left.
    BottomLeft,
    /// Below on the right.
    BottomRight,
}

/// Left, top, width and height in points, as displayed.
pub(crate) type Place = [f64; 4];

/// A page and what is on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sheet<'a> {
    /// Width and height as displayed.
    pub(crate) size: (f64, f64),
    /// Fields that are shown.
    pub(crate) fields: &'a [Place],
    /// What is printed.
    pub(crate) printed: &'a [Place],
}

/// Room for a block between the sides of a page.
pub(crate) fn widest(width: f64) -> f64 {
    width - 2.0 * SIDE
}

impl Sheet<'_> {
    /// Which of several shapes of a block (width and height), and where. The first shape is the
    /// preferred one; there must be one.
    pub(crate) fn place(&self, corner: Corner, shapes: &[(f64, f64)]) -> (usize, Place) {
        let mut best: Option<(f64, usize, Place)> = None;
        for (i, &shape) in shapes.iter().enumerate() {
            if best.is_some_and(|(least, ..)| least <= NARROWER * i as f64) {
                break;
            }
            let (home, inner) = self.range(corner, shape);
            let printed = near(self.printed, (home, inner), shape);
            let fields = near(self.fields, (home, inner), shape);
            for place in places(home, inner, shape) {
                let way = (place[0] - home.0).abs() + (place[1] - home.1).abs();
                let covers =
                    COVERED * covered(place, &printed) + COVERED_FIELD * covered(place, &fields);
                let cost = covers + way + NARROWER * i as f64;
                if best.is_none_or(|(least, ..)| cost < least) {
                    best = Some((cost, i, place));
                }
                // Nothing is nearer than home.
                if cost <= NARROWER * i as f64 {
                    break;
                }
            }
        }
        let (_, shape, place) = best.unwrap_or_default();
        (shape, place)
    }

    /// The block's place in the corner itself, and the one furthest from it that still counts as in
    /// the corner: by its centre, as a verifier sees it.
    fn range(&self, corner: Corner, (width, height): (f64, f64)) -> ((f64, f64), (f64, f64)) {
        let (page_width, page_height) = self.size;
        let left = matches!(corner, Corner::TopLeft | Corner::BottomLeft);
        let top = matches!(corner, Corner::TopLeft | Corner::TopRight);
        let middle = (page_width - width) / 2.0;
        let (x, inner_x) = if left {
            let x = SIDE.min(page_width - width).max(0.0);
            (x, (middle - STEP).max(x))
        } else {
            let x = (page_width - SIDE - width).max(0.0);
            (x, (middle + STEP).min(x))
        };
        let reach = CORNER * page_height - height / 2.0 - 1.0;
        let (y, inner_y) = if top {
            (EDGE, reach.max(EDGE))
        } else {
            let y = (page_height - EDGE - height).max(0.0);
            (y, (page_height - height - reach).min(y))
        };
        ((x, y), (inner_x, inner_y))
    }
}

/// All places between two, the first one first.
fn places(
    home: (f64, f64),
    inner: (f64, f64),
    (width, height): (f64, f64),
) -> impl Iterator<Item = Place> {
    let steps = |from: f64, to: f64| {
        let count = ((to - from).abs() / STEP) as usize;
        let step = STEP.copysign(to - from);
        (0..=count).map(move |i| from + step * i as f64)
    };
    steps(home.1, inner.1)
        .flat_map(move |y| steps(home.0, inner.0).map(move |x| [x, y, width, height]))
}

/// The boxes that the block could meet on its way, grown by the gap.
fn near(boxes: &[Place], (home, inner): ((f64, f64), (f64, f64)), shape: (f64, f64)) -> Vec<Place> {
    let (x, y) = (home.0.min(inner.0), home.1.min(inner.1));
    let (x1, y1) = (home.0.max(inner.0) + shape.0, home.1.max(inner.1) + shape.1);
    let grown = boxes.iter().map(|[left, top, width, height]| {
        [left - GAP, top - GAP, width + 2.0 * GAP, height + 2.0 * GAP]
    });
    grown.filter(|one| common(*one, [x, y, x1 - x, y1 - y]) > 0.0).collect()
}

/// Square points of a place that lie over boxes.
fn covered(place: Place, boxes: &[Place]) -> f64 {
    boxes.iter().map(|one| common(place, *one)).sum()
}

fn common(a: Place, b: Place) -> f64 {
    let along = |i: usize| (a[i] + a[i + 2]).min(b[i] + b[i + 2]) - a[i].max(b[i]);
    let (width, height) = (along(0), along(1));
    if width > 0.0 && height > 0.0 { width * height } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A4: (f64, f64) = (595.0, 842.0);
    const BLOCK: (f64, f64) = (160.0, 46.0);

    fn sheet<'a>(printed: &'a [Place], fields: &'a [Place]) -> Sheet<'a> {
        Sheet { size: A4, fields, printed }
    }

    #[test]
    fn a_free_corner_is_taken_as_it_is() {
        for (corner, x, y) in [
            (Corner::TopLeft, 28.35, 6.0),
            (Corner::TopRight, 595.0 - 28.35 - 160.0, 6.0),
            (Corner::BottomLeft, 28.35, 842.0 - 52.0),
            (Corner::BottomRight, 595.0 - 28.35 - 160.0, 842.0 - 52.0),
        ] {
            let (shape, place) = sheet(&[], &[]).place(corner, &[BLOCK, (100.0, 70.0)]);
            assert_eq!((shape, place), (0, [x, y, 160.0, 46.0]), "{corner:?}");
        }
    }

    #[test]
    fn printed_text_is_not_covered_where_there_is_room() {
        // A header that begins 3 mm under the edge of the sheet, and a number under it.
        let header = [[330.0, 10.0, 230.0, 40.0], [330.0, 90.0, 230.0, 12.0]];
        let (_, place) = sheet(&header, &[]).place(Corner::TopRight, &[BLOCK]);
        assert!(covered(place, &header).abs() < f64::EPSILON, "{place:?}");
        assert!(place[0] + place[2] / 2.0 > A4.0 / 2.0 && place[1] + 23.0 < A4.1 / 4.0);
    }

    #[test]
    fn a_narrower_block_is_taken_where_only_that_fits() {
        // A strip of 110 points at the right edge is all that is free.
        let printed = [[0.0, 0.0, 450.0, 400.0]];
        let shapes = [BLOCK, (100.0, 69.0)];
        let (shape, place) = sheet(&printed, &[]).place(Corner::TopRight, &shapes);
        assert_eq!(shape, 1);
        assert!(covered(place, &printed).abs() < f64::EPSILON, "{place:?}");
    }

    #[test]
    fn where_all_is_full_the_least_is_covered_and_other_fields_least_of_all() {
        let printed = [[0.0, 0.0, 595.0, 300.0]];
        let fields = [[400.0, 0.0, 195.0, 60.0]];
        let (_, place) = sheet(&printed, &fields).place(Corner::TopRight, &[BLOCK]);
        assert!(covered(place, &fields).abs() < f64::EPSILON, "{place:?}");
    }

    #[test]
    fn a_sheet_smaller_than_the_block_keeps_it_in_its_corner() {
        let small = Sheet { size: (120.0, 80.0), fields: &[], printed: &[] };
        let (_, place) = small.place(Corner::TopRight, &[BLOCK]);
        assert!(place[0].abs() < f64::EPSILON && (place[1] - EDGE).abs() < f64::EPSILON);
    }
}
