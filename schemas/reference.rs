//! Values of the configuration that stand elsewhere, so that no secret stands in it.

/// A value that is not where the configuration says.
#[derive(Debug, thiserror::Error)]
pub enum Unresolved {
    /// The environment variable is not set.
    #[error("names the environment variable {0}, which is not set")]
    NoVariable(String),
    /// The file cannot be read.
    #[error("names the file {file}, which cannot be read")]
    NoFile {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
}

/// A value as it stands, or from where it says: `env:NAME`, `file:PATH` without its last line end.
///
/// # Errors
/// It is not there; the sentence goes on after the setting's name.
pub fn resolve(value: &str) -> Result<String, Unresolved> {
    if let Some(variable) = value.strip_prefix("env:") {
        return std::env::var(variable).map_err(|_| Unresolved::NoVariable(variable.to_owned()));
    }
    let Some(file) = value.strip_prefix("file:") else { return Ok(value.to_owned()) };
    let content = std::fs::read_to_string(file)
        .map_err(|source| Unresolved::NoFile { file: file.to_owned(), source })?;
    Ok(content.trim_end_matches(['\r', '\n']).to_owned())
}

/// The file that a value stands in; none for one that stands elsewhere.
pub fn file(value: &str) -> Option<&std::path::Path> {
    value.strip_prefix("file:").map(std::path::Path::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_there_or_elsewhere() {
        let file = std::env::temp_dir().join(format!("sohoa-reference-{}", std::process::id()));
        std::fs::write(&file, "p w\r\n").unwrap();
        assert_eq!(resolve(&format!("file:{}", file.display())).unwrap(), "p w");
        std::fs::remove_file(&file).unwrap();
        assert!(resolve(&format!("file:{}", file.display())).is_err());
        assert_eq!(resolve("plain:text").unwrap(), "plain:text");
        let missing = resolve("env:SOHOA_NO_SUCH").unwrap_err();
        assert!(missing.to_string().contains("SOHOA_NO_SUCH"));
    }
}
