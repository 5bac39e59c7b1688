//! Which files are taken: globs over the path relative to the input.

use globset::{Glob, GlobSet, GlobSetBuilder};

/// Which files are taken.
#[derive(Debug, Clone)]
pub struct Selection {
    include: Option<GlobSet>,
    /// What each glob of `include` begins with, up to its first wildcard.
    beginnings: Vec<String>,
    exclude: GlobSet,
}

impl Selection {
    /// Files that match any of `include` (all, without one) and none of `exclude`; globs over the
    /// path relative to the input.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, globset::Error> {
        let set = |globs: &[String]| {
            let mut builder = GlobSetBuilder::new();
            for glob in globs {
                builder.add(Glob::new(glob)?);
            }
            builder.build()
        };
        let beginning = |glob: &String| {
            let end = glob.find(['*', '?', '[', '{', '\\']).unwrap_or(glob.len());
            glob[..end].to_owned()
        };
        Ok(Self {
            beginnings: include.iter().map(beginning).collect(),
            include: if include.is_empty() { None } else { Some(set(include)?) },
            exclude: set(exclude)?,
        })
    }

    /// Whether the file at `address` is taken.
    pub(crate) fn takes(&self, address: &str) -> bool {
        self.include.as_ref().is_none_or(|set| set.is_match(address))
            && !self.exclude.is_match(address)
    }

    /// Whether something that is not a file is taken: by its own address, and where it may be a
    /// folder also by what it may hold.
    pub(crate) fn takes_unusable(&self, address: &str, may_be_folder: bool) -> bool {
        if may_be_folder { self.reaches(address) } else { self.takes(address) }
    }

    /// Whether a file below the folder `address` may be one that is taken. Answers yes where only
    /// the files' names could tell.
    pub(crate) fn reaches(&self, address: &str) -> bool {
        let below = if address.is_empty() { String::new() } else { format!("{address}/") };
        // Stands for any name: a glob that excludes it excludes whatever the folder holds.
        let any = format!("{below}\u{fffd}");
        if self.exclude.is_match(&any) || (!below.is_empty() && self.exclude.is_match(address)) {
            return false;
        }
        let Some(include) = &self.include else { return true };
        include.is_match(address)
            || self
                .beginnings
                .iter()
                .any(|glob| below.starts_with(glob.as_str()) || glob.starts_with(below.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(list: &[&str]) -> Vec<String> {
        list.iter().map(|&glob| glob.to_owned()).collect()
    }

    #[test]
    fn a_folder_is_reached_unless_no_file_below_it_can_be_taken() {
        let selection = Selection::new(&globs(&["2024/**", "**/*.pdf"]), &globs(&["2024/old/**"]));
        let selection = selection.unwrap();
        assert!(selection.reaches("2023"), "it may hold a PDF");
        assert!(!selection.reaches("2024/old"));

        let selection = Selection::new(&globs(&["2024/box?/*.tif"]), &globs(&["*.bak"])).unwrap();
        for reached in ["", "2024", "2024/box1", "2024/box1/deep"] {
            assert!(selection.reaches(reached), "{reached}");
        }
        for out in ["2023", "20", "2024/shelf"] {
            assert!(!selection.reaches(out), "{out}");
        }
    }
}
