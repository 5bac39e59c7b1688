//! Where a value stands on its page.
//!
//! Three witnesses, the best first: the box that the value was read from and not believed; a
//! neighbour on the same printed row (the notation stands behind the number, the place before the
//! date); else where Decree 30, Appendix I puts it, wider than the law, because scans are cut and
//! shifted.

use sohoa_document::Rect;
use sohoa_schemas::rows::DocumentRow;

use super::Field;

/// Points kept around a line, so that pens above and below it show.
const ABOVE: f32 = 16.0;
/// Points kept before and behind a value.
const BESIDE: f32 = 70.0;

/// A place on a page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Zone {
    /// Page of the source, from 1.
    pub(super) page: i32,
    /// What of it, in points or as a share of the page.
    pub(super) place: Place,
}

/// A part of a page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// Points from the top left.
    Points(Rect),
    /// Shares of width and height.
    Share(Rect),
}

impl Place {
    /// The part in pixels of a page of this size in points and pixels; within the page, and never
    /// empty.
    pub(super) fn pixels(self, points: (f32, f32), pixels: (u32, u32)) -> [u32; 4] {
        let (wide, high) = match self {
            Self::Points(_) => (points.0.max(1.0), points.1.max(1.0)),
            Self::Share(_) => (1.0, 1.0),
        };
        let (Self::Points(rect) | Self::Share(rect)) = self;
        let scaled = |value: f32, of: f32, pixels: u32| {
            ((value / of).clamp(0.0, 1.0) * pixels as f32).round() as u32
        };
        let x = scaled(rect.x0, wide, pixels.0).min(pixels.0.saturating_sub(1));
        let y = scaled(rect.y0, high, pixels.1).min(pixels.1.saturating_sub(1));
        let right = scaled(rect.x1, wide, pixels.0).max(x + 1);
        let below = scaled(rect.y1, high, pixels.1).max(y + 1);
        [x, y, right - x, below - y]
    }
}

/// The place of a field of a document.
pub(super) fn zone(row: &DocumentRow, field: Field) -> Zone {
    if let Some((page, rect)) = known(row, field.column()) {
        return Zone { page, place: Place::Points(around(rect, BESIDE, BESIDE)) };
    }
    let neighbour = |column: &str, before: f32, behind: f32| {
        let (page, rect) = known(row, column)?;
        Some(Zone { page, place: Place::Points(around(rect, before, behind)) })
    };
    let beside = match field {
        Field::CodeNumber | Field::CodeFull => neighbour("code_notation", 200.0, 20.0),
        Field::CodeNotation => neighbour("code_number", 60.0, 200.0),
        Field::IssuedDate | Field::DocumentYear => neighbour("issued_place", 20.0, 320.0)
            .or_else(|| neighbour("document_year", 220.0, 40.0)),
        Field::IssuedPlace => neighbour("issued_date", 160.0, 20.0),
        _ => None,
    };
    beside.unwrap_or_else(|| by_decree(row, field))
}

/// The soft windows of Appendix I.
fn by_decree(row: &DocumentRow, field: Field) -> Zone {
    let first = |x0, y0, x1, y1| (row.page_from, Rect::new(x0, y0, x1, y1));
    let last = |x0, y0, x1, y1| (row.page_to, Rect::new(x0, y0, x1, y1));
    let (page, rect) = match field {
        Field::CodeFull | Field::CodeNotation | Field::CodeNumber => first(0.0, 0.06, 0.56, 0.32),
        Field::DocumentYear | Field::IssuedDate | Field::IssuedPlace => {
            first(0.38, 0.06, 1.0, 0.32)
        }
        Field::OrganName | Field::ParentOrganName | Field::LevelAtIssue => {
            first(0.0, 0.0, 0.56, 0.26)
        }
        Field::Subject | Field::TypeCode | Field::TypeName => first(0.04, 0.12, 0.96, 0.46),
        // What a paper is, and whether it holds, is told by its head.
        Field::ArrivalDate
        | Field::ArrivalNumber
        | Field::DocRole
        | Field::ValidTo
        | Field::ValidityStatus => first(0.0, 0.0, 1.0, 0.5),
        Field::UrgencyLevel => first(0.0, 0.1, 0.4, 0.45),
        Field::SignerAuthority | Field::SignerName | Field::SignerTitle => last(0.4, 0.4, 1.0, 1.0),
        Field::ArchiveLine | Field::Recipients => last(0.0, 0.4, 0.6, 1.0),
    };
    Zone { page, place: Place::Share(rect) }
}

/// The box of a column, as the row writes it: `page:x0,y0,x1,y1`.
fn known(row: &DocumentRow, column: &str) -> Option<(i32, Rect)> {
    let (page, edges) = row.field_box.get(column)?.split_once(':')?;
    let edges: Vec<f32> = edges.split(',').filter_map(|edge| edge.parse().ok()).collect();
    let [x0, y0, x1, y1] = edges.as_slice() else { return None };
    Some((page.parse().ok()?, Rect::new(*x0, *y0, *x1, *y1)))
}

fn around(rect: Rect, before: f32, behind: f32) -> Rect {
    Rect::new(rect.x0 - before, rect.y0 - ABOVE, rect.x1 + behind, rect.y1 + ABOVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A4: (f32, f32) = (595.0, 842.0);

    fn row(boxes: &[(&str, &str)]) -> DocumentRow {
        let field_box = boxes.iter().map(|(c, b)| ((*c).to_owned(), (*b).to_owned())).collect();
        DocumentRow { page_from: 3, page_to: 5, field_box, ..DocumentRow::default() }
    }

    #[test]
    fn a_box_goes_before_a_neighbour_and_a_neighbour_before_the_law() {
        let own =
            row(&[("code_number", "3:120,100,150,112"), ("code_notation", "3:155,100,220,112")]);
        let Zone { page, place } = zone(&own, Field::CodeNumber);
        assert_eq!((page, place), (3, Place::Points(Rect::new(50.0, 84.0, 220.0, 128.0))));
        let beside = row(&[("code_notation", "3:155,100,220,112")]);
        let Place::Points(rect) = zone(&beside, Field::CodeNumber).place else { panic!() };
        assert!(rect.x0 < 0.0 && rect.x1 > 220.0, "the digits stand before it");
        assert_eq!(zone(&row(&[]), Field::CodeNumber).page, 3);
        assert!(
            matches!(zone(&row(&[]), Field::IssuedDate).place, Place::Share(rect) if rect.x0 > 0.3)
        );
        assert_eq!(zone(&row(&[]), Field::SignerName).page, 5);
        assert!(matches!(
            zone(&row(&[("issued_date", "x")]), Field::IssuedDate).place,
            Place::Share(_)
        ));
    }

    #[test]
    fn pixels_lie_on_the_page_whatever_the_box() {
        let place = Place::Points(Rect::new(-50.0, 84.0, 150.0, 128.0));
        assert_eq!(place.pixels(A4, (1190, 1684)), [0, 168, 300, 88]);
        let off = Place::Points(Rect::new(900.0, 900.0, 950.0, 950.0));
        let [x, y, wide, high] = off.pixels(A4, (100, 100));
        assert!(x + wide <= 100 && y + high <= 100 && wide > 0 && high > 0);
        assert_eq!(
            Place::Share(Rect::new(0.5, 0.0, 1.0, 0.25)).pixels(A4, (200, 400)),
            [100, 0, 100, 100]
        );
    }
}
