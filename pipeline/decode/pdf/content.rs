//! Whether everything a page draws from is there.
//!
//! The interpreter skips what it cannot find, so that a cut file would give white pages. A page
//! whose content or pictures are missing is refused instead.

use hayro_syntax::{
    content::ops::TypedInstruction,
    object::{Array, Object, Stream},
    page::Page,
};

use crate::error::DecodeError;

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

/// Checks the content streams of a page, and the objects they draw.
pub(super) fn check_content(page: &Page<'_>) -> Result<(), DecodeError> {
    if !page.raw().contains_key("Contents") {
        return Ok(());
    }
    let lost =
        |what: &str| Err(DecodeError::unreadable(format!("{what} of a page is missing or broken")));
    let whole = match page.raw().get::<Object<'_>>("Contents") {
        Some(Object::Stream(stream)) => is_whole(&stream),
        Some(Object::Array(parts)) => all_whole(&parts),
        Some(Object::Null(_)) => true,
        _ => false,
    };
    if !whole {
        return lost("the content");
    }
    let mut operations = page.typed_operations();
    while let Some(operation) = operations.next() {
        let TypedInstruction::XObject(name) = operation else { continue };
        match page.resources().get_x_object(name.0) {
            Some(object) if draws(&object) => {}
            // A name that was never defined is a writer's slip; a reference to nothing is a loss.
            None if !page.resources().x_objects.contains_key(name.0) => {}
            _ => return lost("a picture"),
        }
    }
    Ok(())
}

fn all_whole(parts: &Array<'_>) -> bool {
    let streams: Vec<Stream<'_>> = parts.iter::<Stream<'_>>().collect();
    streams.len() == parts.raw_iter().count() && streams.iter().all(is_whole)
}

/// Whether a stream that holds something also decodes to something.
fn is_whole(stream: &Stream<'_>) -> bool {
    match stream.decoded_data() {
        // Eight bytes are the least that zlib makes of nothing.
        Ok(data) => !data.is_empty() || stream.dict().get::<u32>("Length").unwrap_or(0) <= 16,
        Err(_) => false,
    }
}

/// Whether an object has what the interpreter needs to draw it.
fn draws(object: &Stream<'_>) -> bool {
    let dict = object.dict();
    let subtype = dict.get::<hayro_syntax::object::Name<'_>>("Subtype");
    if subtype.is_none_or(|kind| kind.as_ref() != b"Image") {
        return true;
    }
    let positive = |key: &str| dict.get::<u32>(key).is_some_and(|value| value > 0);
    positive("Width") && positive("Height") && !object.raw_data().is_empty()
}
