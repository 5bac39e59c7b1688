//! The good files that malformed ones are made of.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A file larger than this is left out: mutation of it costs more than it tells.
const LARGEST: u64 = 4 << 20;

/// What a file is, as far as mutation needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Nested tags, lengths and values.
    Der,
    /// A JPEG stream.
    Jpeg,
    /// JPEG 2000 in boxes, or a bare codestream.
    Jpeg2000,
    /// JSON.
    Json,
    /// Bytes without a structure worth knowing.
    Plain,
    /// A PDF file, or values of one.
    Pdf,
    /// A PNG file.
    Png,
    /// UTF-8.
    Text,
    /// A TIFF file.
    Tiff,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Der,
        Self::Jpeg,
        Self::Jpeg2000,
        Self::Json,
        Self::Plain,
        Self::Pdf,
        Self::Png,
        Self::Text,
        Self::Tiff,
    ];

    /// A scan, a PDF or a table by its name's ending.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "jp2" | "j2k" => Some(Self::Jpeg2000),
            "pdf" => Some(Self::Pdf),
            "png" => Some(Self::Png),
            "tif" | "tiff" => Some(Self::Tiff),
            "csv" | "xml" => Some(Self::Text),
            // An encoding of its own: changed byte by byte.
            "bin" => Some(Self::Plain),
            _ => None,
        }
    }

    /// Its usual ending.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Der => "der",
            Self::Jpeg => "jpg",
            Self::Jpeg2000 => "jp2",
            Self::Json => "json",
            Self::Plain => "bin",
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Text => "txt",
            Self::Tiff => "tif",
        }
    }
}

/// One good file.
#[derive(Debug, Clone)]
pub struct Good {
    /// Its name, without folders.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Every file below the folders that `kind` knows, in the order of kinds and names.
///
/// # Errors
/// A folder cannot be read, or holds none.
pub fn gather(
    folders: &[impl AsRef<Path>],
    kind: impl Fn(&Path) -> Option<Kind>,
) -> io::Result<Vec<Good>> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| folder.as_ref().into()).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let known = fs::metadata(&path)?;
            if known.is_dir() {
                open.push(path);
            } else if let Some(kind) = kind(&path).filter(|_| known.len() <= LARGEST) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                found.push(Good { name, kind, bytes: fs::read(path)? });
            }
        }
    }
    // Not by folder, which may be a temporary one: the same files give the same mutants.
    found.sort_by(|a, b| (a.kind, &a.name, &a.bytes).cmp(&(b.kind, &b.name, &b.bytes)));
    if found.is_empty() {
        return Err(io::Error::other("no good files in the folders given"));
    }
    Ok(found)
}
