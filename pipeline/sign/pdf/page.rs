//! The page tree: the pages in order, with what they inherit.

use std::{collections::HashSet, rc::Rc};

use super::{Dictionary, Document, Object, PdfError, Reference};

/// More pages than the largest scanned volume.
const MAX_PAGES: usize = 200_000;

/// One page and the geometry its viewer uses.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) reference: Reference,
    pub(crate) dictionary: Dictionary,
    /// Visible part in user space: left, bottom, right, top.
    pub(crate) crop: [f64; 4],
    /// Clockwise turn when displayed: 0, 90, 180 or 270.
    pub(crate) rotate: u16,
    /// Points per unit of user space.
    pub(crate) user_unit: f64,
}

/// Shared, for a hostile file gives two hundred thousand pages one box of a million numbers.
#[derive(Clone, Default)]
struct Inherited {
    media: Option<Rc<Object>>,
    crop: Option<Rc<Object>>,
    rotate: Option<Rc<Object>>,
}

impl Inherited {
    fn with(&self, node: &Dictionary) -> Self {
        let or = |key, old: &Option<Rc<Object>>| {
            node.get(key).cloned().map(Rc::new).or_else(|| old.clone())
        };
        Self {
            media: or("MediaBox", &self.media),
            crop: or("CropBox", &self.crop),
            rotate: or("Rotate", &self.rotate),
        }
    }
}

/// Visits pages in order until `visit` answers `false`.
pub(crate) fn walk(
    document: &Document,
    mut visit: impl FnMut(Page) -> bool,
) -> Result<(), PdfError> {
    let (root, catalog) = document.catalog()?;
    let pages = catalog.get("Pages").and_then(Object::reference);
    let pages = pages.ok_or(PdfError::Object { number: root.number, what: "no /Pages" })?;
    let mut seen = HashSet::new();
    let mut stack = vec![(pages, Inherited::default())];
    while let Some((reference, inherited)) = stack.pop() {
        let number = reference.number;
        if !seen.insert(number) {
            return Err(PdfError::Object { number, what: "it is twice in the page tree" });
        }
        if seen.len() > 2 * MAX_PAGES {
            return Err(PdfError::Bound("more than 200000 pages"));
        }
        let Object::Dictionary(node) = document.get(number)? else {
            return Err(PdfError::Object { number, what: "a page is missing" });
        };
        let inherited = inherited.with(&node);
        if let Object::Array(kids) = document.entry(&node, "Kids")? {
            let kids = kids.iter().rev().filter_map(Object::reference);
            stack.extend(kids.map(|kid| (kid, inherited.clone())));
        } else if !visit(page(document, reference, node, &inherited)?) {
            return Ok(());
        }
    }
    Ok(())
}

/// The first page.
pub(crate) fn first(document: &Document) -> Result<Page, PdfError> {
    let mut found = None;
    walk(document, |page| {
        found = Some(page);
        false
    })?;
    found.ok_or(PdfError::Object { number: 0, what: "the file has no page" })
}

fn page(
    document: &Document,
    reference: Reference,
    dictionary: Dictionary,
    inherited: &Inherited,
) -> Result<Page, PdfError> {
    /// A4, for the rare page without any box.
    const DEFAULT: [f64; 4] = [0.0, 0.0, 595.276, 841.89];
    let media = boxed(document, inherited.media.as_deref())?.unwrap_or(DEFAULT);
    let crop = boxed(document, inherited.crop.as_deref())?.and_then(|crop| common(crop, media));
    let rotate = match &inherited.rotate {
        Some(value) => document.resolve(value)?.number().unwrap_or(0.0),
        None => 0.0,
    };
    let user_unit = document.entry(&dictionary, "UserUnit")?.number();
    Ok(Page {
        reference,
        crop: crop.unwrap_or(media),
        // A turn that is no right angle is ignored, as viewers do.
        rotate: if rotate % 90.0 == 0.0 { rotate.rem_euclid(360.0) as u16 } else { 0 },
        user_unit: user_unit.filter(|unit| (0.01..=75_000.0).contains(unit)).unwrap_or(1.0),
        dictionary,
    })
}

/// Four numbers in any corner order, as left, bottom, right, top; `None` when empty or absent.
pub(crate) fn boxed(
    document: &Document,
    value: Option<&Object>,
) -> Result<Option<[f64; 4]>, PdfError> {
    let mut sides = [0.0; 4];
    let direct = value.and_then(Object::array);
    if value.is_none() || direct.is_some_and(|items| items.len() != sides.len()) {
        return Ok(None);
    }
    let Some(Object::Array(items)) = value.map(|value| document.resolve(value)).transpose()? else {
        return Ok(None);
    };
    if items.len() != sides.len() {
        return Ok(None);
    }
    for (side, item) in sides.iter_mut().zip(&items) {
        let Some(number) = document.resolve(item)?.number() else { return Ok(None) };
        *side = number;
    }
    let [a, b, c, d] = sides;
    let sides = [a.min(c), b.min(d), a.max(c), b.max(d)];
    Ok((sides[0] < sides[2] && sides[1] < sides[3]).then_some(sides))
}

fn common(a: [f64; 4], b: [f64; 4]) -> Option<[f64; 4]> {
    let sides = [a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])];
    (sides[0] < sides[2] && sides[1] < sides[3]).then_some(sides)
}

impl Page {
    /// Width and height as displayed, in points.
    pub(crate) fn displayed(&self) -> (f64, f64) {
        let [left, bottom, right, top] = self.crop;
        let (width, height) = ((right - left) * self.user_unit, (top - bottom) * self.user_unit);
        if self.rotate.is_multiple_of(180) { (width, height) } else { (height, width) }
    }

    /// The user-space rectangle of a box given as displayed: distances in points from the left
    /// and top edges of the visible page, then width and height.
    pub(crate) fn to_user_space(&self, place: [f64; 4]) -> [f64; 4] {
        let [x, y, width, height] = place.map(|side| side / self.user_unit);
        let [left, bottom, right, top] = self.crop;
        match self.rotate {
            90 => [left + y, bottom + x, left + y + height, bottom + x + width],
            180 => [right - x - width, bottom + y, right - x, bottom + y + height],
            270 => [right - y - height, top - x - width, right - y, top - x],
            _ => [left + x, top - y - height, left + x + width, top - y],
        }
    }

    /// The inverse for a rectangle of user space: left, top, width, height as displayed.
    pub(crate) fn to_display(&self, rect: [f64; 4]) -> [f64; 4] {
        let [left, bottom, right, top] = self.crop;
        let [x0, y0, x1, y1] = rect;
        let sides = match self.rotate {
            90 => [y0 - bottom, x0 - left, y1 - y0, x1 - x0],
            180 => [right - x1, y0 - bottom, x1 - x0, y1 - y0],
            270 => [top - y1, right - x1, y1 - y0, x1 - x0],
            _ => [x0 - left, top - y1, x1 - x0, y1 - y0],
        };
        sides.map(|side| side * self.user_unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(rotate: u16) -> Page {
        Page {
            reference: Reference { number: 1, generation: 0 },
            dictionary: Dictionary::new(),
            crop: [10.0, 20.0, 210.0, 320.0],
            rotate,
            user_unit: 2.0,
        }
    }

    #[test]
    fn display_and_user_space_are_inverse_for_every_turn() {
        for rotate in [0, 90, 180, 270] {
            let page = page(rotate);
            let place = [30.0, 40.0, 50.0, 20.0];
            assert_eq!(page.to_display(page.to_user_space(place)), place, "{rotate}");
        }
    }

    #[test]
    fn the_top_left_of_a_page_turned_clockwise_is_its_bottom_left_in_user_space() {
        assert_eq!(page(90).to_user_space([0.0, 0.0, 20.0, 4.0]), [10.0, 20.0, 12.0, 30.0]);
    }
}
