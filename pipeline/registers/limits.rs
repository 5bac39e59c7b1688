//! What a file may be at most. Beyond it, the file is refused before it costs memory.

/// Bounds of one file.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes of a spreadsheet's parts together, unpacked: a kilobyte can say it is a gigabyte.
    pub unpacked_bytes: u64,
    /// Rows, those above the header included.
    pub rows: u32,
    /// Columns.
    pub columns: u32,
    /// Characters of one cell.
    pub cell_chars: usize,
    /// Findings that are kept; the others are counted.
    pub findings: usize,
}

impl Default for Limits {
    /// As many rows as a spreadsheet can have, in a file as large as such ones get.
    fn default() -> Self {
        Self {
            file_bytes: 256 << 20,
            unpacked_bytes: 1 << 30,
            rows: 1 << 20,
            columns: 256,
            cell_chars: 8_000,
            findings: 1_000,
        }
    }
}
