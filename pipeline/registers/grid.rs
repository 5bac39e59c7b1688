//! A sheet as it was read: rows of cells, before anybody knows what they mean.

use chrono::NaiveDateTime;
use unicode_normalization::UnicodeNormalization as _;

/// One cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Cell {
    /// Nothing, or only spaces.
    #[default]
    Empty,
    /// Text, cleaned.
    Text(String),
    /// A number that the spreadsheet holds as one.
    Number(f64),
    /// A date or time that the spreadsheet holds as one.
    Time(NaiveDateTime),
    /// A truth value.
    Bool(bool),
    /// A formula's error, as shown: `#REF!`.
    Fault(String),
}

impl Cell {
    /// A cell of this text.
    pub fn text(text: &str) -> Self {
        let text = cleaned(text);
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }

    /// What is shown of it.
    pub fn shown(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) | Self::Fault(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Time(time) => time.format("%Y-%m-%d %H:%M:%S").to_string(),
            Self::Bool(value) => value.to_string(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        *self == Self::Empty
    }
}

/// One row.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Its number in the file, from 1.
    pub number: u64,
    /// Its cells from the first column on; short where the rest is empty.
    pub cells: Vec<Cell>,
}

impl Row {
    /// The cell of a column.
    pub fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Empty)
    }

    /// Puts a cell into a column.
    pub(crate) fn set(&mut self, column: usize, cell: Cell) {
        if self.cells.len() <= column {
            self.cells.resize(column + 1, Cell::Empty);
        }
        self.cells[column] = cell;
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.cells.iter().all(Cell::is_empty)
    }
}

/// Cells that the spreadsheet shows as one; only the first holds the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merged {
    /// First row, from 1.
    pub first_row: u64,
    /// Last row.
    pub last_row: u64,
    /// First column, from 0.
    pub first_column: usize,
    /// Last column.
    pub last_column: usize,
}

/// One sheet.
#[derive(Debug, Clone, Default)]
pub struct Grid {
    /// Name of the sheet; none in a CSV file.
    pub sheet: Option<String>,
    /// Whether the spreadsheet program does not show it.
    pub is_hidden: bool,
    /// Rows that hold something, in order.
    pub rows: Vec<Row>,
    /// Cells that were merged.
    pub merged: Vec<Merged>,
}

impl Grid {
    /// Gives every row of a merged cell the cell's value, in the row where it stands first and those
    /// below: an agency's name beside all of its lines. Across columns it stays where it is: that is
    /// a heading.
    pub fn spread_merged(&mut self) {
        for merged in &self.merged {
            let Ok(first) = self.rows.binary_search_by_key(&merged.first_row, |row| row.number)
            else {
                continue;
            };
            let value = self.rows[first].cell(merged.first_column).clone();
            let below = self.rows[first + 1..].iter_mut();
            for row in below.take_while(|row| row.number <= merged.last_row) {
                row.set(merged.first_column, value.clone());
            }
        }
    }

    /// Whether a cell has its value from the one above it.
    pub fn is_spread(&self, row: u64, column: usize) -> bool {
        self.merged.iter().any(|merged| {
            merged.first_column == column && (merged.first_row + 1..=merged.last_row).contains(&row)
        })
    }
}

/// A cell's text as it was meant: composed letters, white space as one space, none at the ends, and
/// without the sign by which a spreadsheet is kept from taking it for a formula.
pub fn cleaned(cell: &str) -> String {
    let plain = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}');
    let text: String = cell.nfc().filter(plain).collect();
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let text = words.join(" ");
    let guarded = text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@']));
    guarded.map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merged_cell_counts_for_every_row_below() {
        let row = |number, cells: &[&str]| Row {
            number,
            cells: cells.iter().map(|text| Cell::text(text)).collect(),
        };
        let merged = Merged { first_row: 2, last_row: 3, first_column: 0, last_column: 0 };
        let rows = vec![row(2, &["H08", "1"]), row(3, &["", "2"]), row(4, &["", "3"])];
        let mut grid = Grid { rows, merged: vec![merged], ..Grid::default() };
        grid.spread_merged();
        assert_eq!(*grid.rows[1].cell(0), Cell::text("H08"));
        assert!(grid.rows[2].cell(0).is_empty(), "below the merged cell");
        assert!(grid.is_spread(3, 0) && !grid.is_spread(2, 0) && !grid.is_spread(3, 1));
    }
}
