//! Whether everything a page draws from is there.
//!
//! The interpreter skips what it cannot find, so that a cut file would give white pages. A page
//! whose content or pictures are missing is refused instead.

use std::collections::HashMap;

use hayro_syntax::{
    content::{TypedIter, ops::TypedInstruction},
    object::{Array, Dict, Name, Object, ObjectIdentifier, Stream},
    page::{Page, Resources},
};

use super::{
    claims::check_growth,
    colour::{check_image_space, check_space},
    resources::Looked,
};
use crate::error::DecodeError;

/// Instructions of a page, unpacked; a map of a province in vectors has a tenth of it.
const MOST_DRAWING: u64 = 64 << 20;
/// Forms within forms; the interpreter stops at 50.
const MOST_NESTED: usize = 48;

/// Where the end mark of a file is sought; mail gateways and old servers append to files.
const END_WINDOW: usize = 1 << 16;

/// Refuses a file that was cut: one without its end mark, or with objects after the last one.
///
/// The reader would rebuild what is left, which is another document: fewer pages, or a signed file
/// as it was before its signature.
pub(super) fn check_end(bytes: &[u8]) -> Result<(), DecodeError> {
    let tail = &bytes[bytes.len().saturating_sub(END_WINDOW)..];
    let mark = b"startxref";
    let end = tail.windows(mark.len()).rposition(|window| window == mark).map(|at| &tail[at..]);
    let whole = end.is_some_and(|end| {
        end.iter().any(u8::is_ascii_digit) && end.windows(4).all(|window| window != b" obj")
    });
    if whole { Ok(()) } else { Err(DecodeError::unreadable("a PDF that is cut short")) }
}

/// Checks the content streams of a page, and the objects they draw, however deep.
///
/// Tells whether it draws a picture that was never defined. That is a writer's slip on a page that
/// shows something else, and a loss on one that shows nothing.
pub(super) fn check_content<'a>(page: &'a Page<'a>) -> Result<bool, DecodeError> {
    if !page.raw().contains_key("Contents") {
        return Ok(false);
    }
    let whole = match page.raw().get::<Object<'_>>("Contents") {
        Some(Object::Stream(stream)) => length(&stream)?.is_some(),
        Some(Object::Array(parts)) => all_whole(&parts)?,
        Some(Object::Null(_)) => true,
        _ => false,
    };
    if !whole {
        return Err(lost("the content"));
    }
    check_colours(&page.resources().color_spaces)?;
    let mut drawing = Drawing {
        known: HashMap::new(),
        open: Vec::new(),
        looked: Looked::default(),
        undefined: false,
    };
    drawing.looked.check(page.resources())?;
    let list_lost = page_list_lost(page.raw());
    let bytes =
        drawing.cost(page.page_stream().unwrap_or_default(), page.resources(), list_lost)?;
    if bytes > MOST_DRAWING {
        return Err(too_much(bytes));
    }
    Ok(drawing.undefined)
}

/// Refuses colour spaces whose profiles and tables unpack without end: the interpreter reads them
/// whole.
fn check_colours(spaces: &Dict<'_>) -> Result<(), DecodeError> {
    let mut arrays = spaces.entries().filter_map(|(name, _)| spaces.get::<Array<'_>>(&*name));
    arrays.try_for_each(|space| check_space(&space))
}

/// That something of a page is not in the file.
pub(super) fn lost(what: &str) -> DecodeError {
    DecodeError::unreadable(format!("{what} of a page is missing or broken"))
}

fn too_much(found: u64) -> DecodeError {
    DecodeError::TooLarge { found, limit: MOST_DRAWING, unit: "bytes of drawing on a page" }
}

/// Whether the pictures that a page or a form names are lost with their list; `None` when it has no
/// resources of its own.
fn list_lost(dict: &Dict<'_>) -> Option<bool> {
    if !dict.contains_key("Resources") {
        return None;
    }
    match dict.get::<Object<'_>>("Resources") {
        Some(Object::Null(_)) => None,
        Some(Object::Dict(resources)) => {
            let list = resources.get::<Object<'_>>("XObject");
            let whole = matches!(list, Some(Object::Dict(_) | Object::Null(_)));
            Some(resources.contains_key("XObject") && !whole)
        }
        _ => Some(true),
    }
}

/// The same of a page, whose resources may be those of a list of pages that it is in.
fn page_list_lost(page: &Dict<'_>) -> bool {
    let mut level = page.clone();
    for _ in 0..MOST_NESTED {
        if let Some(lost) = list_lost(&level) {
            return lost;
        }
        let Some(parent) = level.get::<Dict<'_>>("Parent") else { break };
        level = parent;
    }
    false
}

/// How much the interpreter will have to read for a page: a form counts each time it is drawn.
struct Drawing {
    known: HashMap<ObjectIdentifier, u64>,
    /// Forms that are being looked at: one of them drawn again would never end.
    open: Vec<ObjectIdentifier>,
    looked: Looked,
    /// A picture is drawn by a name that no resources have.
    undefined: bool,
}

impl Drawing {
    fn cost(
        &mut self,
        content: &[u8],
        resources: &Resources<'_>,
        list_lost: bool,
    ) -> Result<u64, DecodeError> {
        let mut cost = content.len() as u64;
        let mut operations = TypedIter::new(content);
        while let Some(operation) = operations.next() {
            let TypedInstruction::XObject(name) = operation else { continue };
            match resources.get_x_object(name.0) {
                Some(object) if is_image(&object) => {
                    if !draws(&object) {
                        return Err(lost("a picture"));
                    }
                    check_image_space(object.dict())?;
                }
                Some(object) => {
                    cost = cost.saturating_add(self.form(&object, resources, list_lost)?);
                }
                None if list_lost || resources.x_objects.contains_key(name.0) => {
                    return Err(lost("a picture"));
                }
                None => self.undefined = true,
            }
            if cost > MOST_DRAWING {
                return Err(too_much(cost));
            }
        }
        Ok(cost)
    }

    fn form(
        &mut self,
        form: &Stream<'_>,
        outer: &Resources<'_>,
        outer_lost: bool,
    ) -> Result<u64, DecodeError> {
        let id = form.obj_id();
        if let Some(cost) = self.known.get(&id) {
            return Ok(*cost);
        }
        if self.open.contains(&id) {
            return Err(DecodeError::unreadable("a drawing of the page that draws itself"));
        }
        // The interpreter goes no deeper, so that what lies there is not seen.
        if self.open.len() >= MOST_NESTED {
            return Err(DecodeError::unreadable("drawings of the page that are nested too deep"));
        }
        check_growth(form, MOST_DRAWING)?;
        let content = form.decoded_data().map_err(|_| lost("a drawing"))?;
        let own = form.dict().get::<Dict<'_>>("Resources").map(Resources::new);
        if let Some(own) = &own {
            check_colours(&own.color_spaces)?;
            self.looked.check(own)?;
        }
        let list_lost = list_lost(form.dict()).unwrap_or(outer_lost);
        self.open.push(id);
        let cost = self.cost(&content, own.as_ref().unwrap_or(outer), list_lost);
        self.open.pop();
        let cost = cost?;
        self.known.insert(id, cost);
        Ok(cost)
    }
}

fn all_whole(parts: &Array<'_>) -> Result<bool, DecodeError> {
    let streams: Vec<Stream<'_>> = parts.iter::<Stream<'_>>().collect();
    if streams.len() != parts.raw_iter().count() {
        return Ok(false);
    }
    // They are laid one after the other before they are read, one of them as often as it is named.
    let mut cost = 0;
    for stream in &streams {
        let Some(length) = length(stream)? else { return Ok(false) };
        cost += length.max(stream.raw_data().len() as u64) + 1;
        if cost > MOST_DRAWING {
            return Err(too_much(cost));
        }
    }
    Ok(true)
}

/// How much a stream decodes to; `None` when it holds something and decodes to nothing.
fn length(stream: &Stream<'_>) -> Result<Option<u64>, DecodeError> {
    check_growth(stream, MOST_DRAWING)?;
    let Ok(data) = stream.decoded_data() else { return Ok(None) };
    // Eight bytes are the least that zlib makes of nothing.
    let sound = !data.is_empty() || stream.dict().get::<u32>("Length").unwrap_or(0) <= 16;
    Ok(sound.then_some(data.len() as u64))
}

fn is_image(object: &Stream<'_>) -> bool {
    object.dict().get::<Name<'_>>("Subtype").is_some_and(|kind| kind.as_ref() == b"Image")
}

/// Whether an image has what the interpreter needs to draw it.
fn draws(object: &Stream<'_>) -> bool {
    let dict = object.dict();
    let positive = |key: &str| dict.get::<u32>(key).is_some_and(|value| value > 0);
    positive("Width") && positive("Height") && !object.raw_data().is_empty()
}
