//! `sohoa schemas`: the published contracts.

use crate::{
    arguments::Schemas,
    console::say,
    exit::{Exit, Failure},
};

/// Lists the published files, or writes them into a folder.
pub(crate) fn run(arguments: &Schemas) -> Result<Exit, Failure> {
    let tables = sohoa_index::page().map_err(|e| Failure::from_error(Exit::Internal, &e))?;
    let files = sohoa_schemas::published::files();
    for (name, content) in files.into_iter().chain([("index.md", tables)]) {
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
