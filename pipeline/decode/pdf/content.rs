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

use super::claims::check_growth;
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
pub(super) fn check_content<'a>(page: &'a Page<'a>) -> Result<(), DecodeError> {
    if !page.raw().contains_key("Contents") {
        return Ok(());
    }
    let whole = match page.raw().get::<Object<'_>>("Contents") {
        Some(Object::Stream(stream)) => is_whole(&stream)?,
        Some(Object::Array(parts)) => all_whole(&parts)?,
        Some(Object::Null(_)) => true,
        _ => false,
    };
    if !whole {
        return Err(lost("the content"));
    }
    let mut drawing = Drawing { known: HashMap::new(), open: Vec::new() };
    let bytes = drawing.cost(page.page_stream().unwrap_or_default(), page.resources())?;
    if bytes > MOST_DRAWING {
        return Err(too_much(bytes));
    }
    Ok(())
}

fn lost(what: &str) -> DecodeError {
    DecodeError::unreadable(format!("{what} of a page is missing or broken"))
}

fn too_much(found: u64) -> DecodeError {
    DecodeError::TooLarge { found, limit: MOST_DRAWING, unit: "bytes of drawing on a page" }
}

/// How much the interpreter will have to read for a page: a form counts each time it is drawn.
struct Drawing {
    known: HashMap<ObjectIdentifier, u64>,
    /// Forms that are being looked at: one of them drawn again would never end.
    open: Vec<ObjectIdentifier>,
}

impl Drawing {
    fn cost(&mut self, content: &[u8], resources: &Resources<'_>) -> Result<u64, DecodeError> {
        let mut cost = content.len() as u64;
        let mut operations = TypedIter::new(content);
        while let Some(operation) = operations.next() {
            let TypedInstruction::XObject(name) = operation else { continue };
            match resources.get_x_object(name.0) {
                Some(object) if is_image(&object) => {
                    if !draws(&object) {
                        return Err(lost("a picture"));
                    }
                }
                Some(object) => cost = cost.saturating_add(self.form(&object, resources)?),
                // A name that was never defined is a writer's slip; a reference to nothing is a
                // loss.
                None if !resources.x_objects.contains_key(name.0) => {}
                None => return Err(lost("a picture")),
            }
            if cost > MOST_DRAWING {
                return Err(too_much(cost));
            }
        }
        Ok(cost)
    }

    fn form(&mut self, form: &Stream<'_>, outer: &Resources<'_>) -> Result<u64, DecodeError> {
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
        self.open.push(id);
        let cost = self.cost(&content, own.as_ref().unwrap_or(outer));
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
    for stream in &streams {
        if !is_whole(stream)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a stream that holds something also decodes to something.
fn is_whole(stream: &Stream<'_>) -> Result<bool, DecodeError> {
    check_growth(stream, MOST_DRAWING)?;
    Ok(match stream.decoded_data() {
        // Eight bytes are the least that zlib makes of nothing.
        Ok(data) => !data.is_empty() || stream.dict().get::<u32>("Length").unwrap_or(0) <= 16,
        Err(_) => false,
    })
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
