//! Inputs and their names. Identities are made from a name, and messages speak of an input by it, so
//! that its address may change.

use std::{collections::HashSet, convert::Infallible, path::Path, str::FromStr};

use sohoa_store::{Created, Missing, Store};

use crate::{
    context::Context,
    exit::{Exit, Failure},
    settings::Settings,
    setup,
};

/// An input as the command line has it: `ADDRESS` or `NAME=ADDRESS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedInput {
    name: Option<String>,
    /// Folder or URL.
    pub(crate) address: String,
}

impl FromStr for NamedInput {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let named = text.split_once('=').filter(|(name, _)| !name.contains(['/', ':', '.']));
        Ok(match named {
            Some((name, address)) => Self { name: Some(name.into()), address: address.into() },
            None => Self { name: None, address: text.into() },
        })
    }
}

impl NamedInput {
    /// Its name: given here, or in the configuration, or the last part of the address.
    pub(crate) fn name(&self, settings: &Settings) -> String {
        self.given(settings).map_or_else(|| last_part(&self.address), str::to_owned)
    }

    /// The user's own word.
    fn given<'a>(&'a self, settings: &'a Settings) -> Option<&'a str> {
        self.name.as_deref().or(settings.config.input.name.as_deref())
    }
}

/// Binds an input's default name to its address, and says the name: two inputs of one name would
/// pass for one. A given name is the user's own word.
pub(crate) async fn bind(
    named: &NamedInput,
    settings: &Settings,
    (input, output): (&Store, &Store),
) -> Result<String, Failure> {
    let name = named.name(settings);
    if named.given(settings).is_some() {
        return Ok(name);
    }
    let address = input.address();
    let key = format!("{}/inputs/{name}", sohoa_store::lease::FOLDER);
    match output.create("check", &key, address.clone().into()).await? {
        Created::New => Ok(name),
        Created::Existed(other) => {
            let other = String::from_utf8_lossy(&other);
            let what = format!(
                "the input `{address}` is named `{name}` after its folder, and so was `{other}`"
            );
            Err(Failure::new(Exit::Usage, what).hint(
                "give it a name, as --input NAME=ADDRESS or input.name in the configuration: the \
                 old name if the folder has moved, a new one if this is another input",
            ))
        }
    }
}

/// Whether several inputs can be told apart.
pub(crate) fn require_distinct(inputs: &[NamedInput], settings: &Settings) -> Result<(), Failure> {
    let mut seen = HashSet::new();
    let names = inputs.iter().map(|input| input.name(settings));
    match names.into_iter().find(|name| !seen.insert(name.clone())) {
        None => Ok(()),
        Some(name) => {
            let what = format!("two inputs are named `{name}`");
            Err(Failure::new(Exit::Usage, what).hint("tell them apart: --input NAME=ADDRESS"))
        }
    }
}

/// Opens further inputs beside that of `context`, by name.
pub(crate) async fn beside(
    context: &Context,
    inputs: &[NamedInput],
) -> Result<Vec<(String, Store)>, Failure> {
    let mut others = Vec::new();
    for named in inputs {
        let input = setup::open(&context.settings, &named.address, Missing::Refuse).await?;
        setup::refuse_nested(&input, &context.output)?;
        let name = bind(named, &context.settings, (&input, &context.output)).await?;
        others.push((name, input));
    }
    Ok(others)
}

/// The last part of an address.
fn last_part(address: &str) -> String {
    let absolute = std::path::absolute(address).ok();
    let path = if address.contains("://") { None } else { absolute.as_deref() };
    let name = path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let from_url =
        || address.trim_end_matches('/').rsplit('/').next().unwrap_or("input").to_owned();
    name.unwrap_or_else(from_url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_before_the_address() {
        let parsed = |text: &str| {
            let NamedInput { name, address } = text.parse().unwrap();
            (name, address)
        };
        let named = |name: &str, address: &str| (Some(name.to_owned()), address.to_owned());
        assert_eq!(parsed("kho 2=s3://kho"), named("kho 2", "s3://kho"));
        assert_eq!(parsed("quay=/mnt/a=b"), named("quay", "/mnt/a=b"));
        for address in ["s3://kho/a=b", "/mnt/a=b", "./a=b", "scans"] {
            assert_eq!(parsed(address), (None, address.to_owned()));
        }
    }

    #[test]
    fn an_input_is_named_by_the_end_of_its_address() {
        assert_eq!(last_part("/a/scans/"), "scans");
        assert_eq!(last_part("s3://bucket/inbox/partner/"), "partner");
        assert!(!last_part(".").is_empty());
    }
}
