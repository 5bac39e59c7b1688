//! Standard output. A reader that has seen enough is no error.

use std::{
    fmt::Display,
    io::{ErrorKind, Write as _},
};

use crate::exit::{Exit, Failure};

/// Prints a line.
///
/// # Errors
/// Standard output cannot be written, a full disk for one.
pub(crate) fn say(line: impl Display) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let failure = Failure::from_error(Exit::Configuration, &error);
            Err(failure.hint("standard output cannot be written"))
        }
        _ => Ok(()),
    }
}
