//! `sohoa schemas`: the published contracts.

use crate::{
    arguments::Schemas,
    console::say,
    exit::{Exit, Failure},
};

/// Lists the published files, or writes them into a folder.
pub(crate) fn run(arguments: &Schemas) -> Result<Exit, Failure> {
    for (name, content) in sohoa_schemas::published::files() {
        if let Some(folder) = &arguments.write {
            let path = folder.join(name);
            std::fs::write(&path, content).map_err(|error| {
                let what = format!("cannot write `{}`: {error}", path.display());
                Failure::new(Exit::Configuration, what)
            })?;
        }
        say(name)?;
    }
    Ok(Exit::Done)
}
