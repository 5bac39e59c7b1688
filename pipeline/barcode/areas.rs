//! Where on a page a barcode may stand: dense, contrasting areas, half of them black.
//!
//! Print is a fifth black where its lines are closest; a barcode is about half black, by design in
//! QR and Data Matrix (the mask), by its alphabet in the linear codes. The page is cut into small
//! cells; each tells how much of it is black against its own middle grey and how often black and
//! white change. A mean over the neighbours takes out the single cell; what is left stands together
//! in an area with the size of a barcode. Every second row is enough, and of a colour raster the red
//! channel: seals are not seen, black and blue codes are.

use image::DynamicImage;

/// Edges of a box in pixels: left, top, right, bottom; the latter two are outside.
pub type Area = [u32; 4];

/// Side of a cell in inches (1.5 mm): two or three modules of a code, less than a line of text.
const CELL_IN: f32 = 1.5 / 25.4;

/// Least contrast of a cell: faint print on dark paper has more, paper's own texture less.
const LEAST_CONTRAST: u8 = 60;

/// Black share of the mean over a cell and its neighbours, per mille.
const BLACK: std::ops::RangeInclusive<u32> = 330..=720;

/// Changes between black and white in a pixel's two directions, per mille of pixels, mean over the
/// neighbours: fewer are a photo or a black edge, more are a raster print or noise.
const CHANGES: std::ops::RangeInclusive<u32> = 60..=700;

/// Least black share of a whole core, per mille: bold print and seals mostly have less.
const BLACK_CORE: u32 = 380;

/// Cells this far apart are one area: wide bars and spaces may leave a gap in a code.
const REACH: usize = 3;

/// Fewest cells of an area's core, and fewest across and down: a code of 6 by 6 mm.
const LEAST_CORE: (u32, u32) = (6, 2);

/// Longest side and largest surface of a code, in cells: 150 mm, and 80 cm².
const LARGEST: (u32, u32) = (100, 3600);

/// The areas of a page where a barcode may stand, the largest core first, each with its margin.
pub fn areas(raster: &DynamicImage, dpi: f32) -> Vec<Area> {
    let (bytes, step) = match raster {
        DynamicImage::ImageLuma8(grey) => (grey.as_raw().as_slice(), 1),
        DynamicImage::ImageRgb8(rgb) => (rgb.as_raw().as_slice(), 3),
        DynamicImage::ImageRgba8(rgba) => (rgba.as_raw().as_slice(), 4),
        other => return areas(&DynamicImage::ImageLuma8(other.to_luma8()), dpi),
    };
    let (width, height) = (raster.width() as usize, raster.height() as usize);
    let side = ((dpi * CELL_IN).round() as usize).max(4);
    let grid = Grid::of_page(bytes, step, (width, height), side);
    let mut areas: Vec<(u32, Area)> = grid
        .components()
        .into_iter()
        .filter(Core::may_be_a_code)
        .map(|core| (core.cells, core.with_margin(side as u32, (width as u32, height as u32))))
        .collect();
    areas.sort_by_key(|(cells, area)| (std::cmp::Reverse(*cells), *area));
    areas.into_iter().map(|(_, area)| area).collect()
}

/// Black and changes of every cell.
struct Grid {
    columns: usize,
    rows: usize,
    /// Per mille of black and of changes, row by row.
    cells: Vec<(u32, u32)>,
}

impl Grid {
    fn of_page(bytes: &[u8], step: usize, (width, height): (usize, usize), side: usize) -> Self {
        let (columns, rows) = (width / side, height / side);
        let mut cells = Vec::with_capacity(columns * rows);
        let mut line = vec![0u8; columns * side];
        let mut band: Vec<u8> = Vec::with_capacity(columns * side * side.div_ceil(2));
        for row in 0..rows {
            band.clear();
            for y in (row * side..(row + 1) * side).step_by(2) {
                let start = y * width * step;
                let Some(pixels) = bytes.get(start..start + width * step) else { break };
                for (held, pixel) in line.iter_mut().zip(pixels.iter().step_by(step)) {
                    *held = *pixel;
                }
                band.extend_from_slice(&line);
            }
            cells.extend((0..columns).map(|column| measure(&band, columns * side, column, side)));
        }
        Self { columns, rows, cells }
    }

    /// Mean of a cell and its up to eight neighbours.
    fn mean(&self, column: usize, row: usize) -> (u32, u32) {
        let (mut black, mut changes, mut count) = (0, 0, 0);
        for y in row.saturating_sub(1)..=(row + 1).min(self.rows - 1) {
            let first = y * self.columns + column.saturating_sub(1);
            let last = y * self.columns + (column + 1).min(self.columns - 1);
            for (b, c) in &self.cells[first..=last] {
                black += b;
                changes += c;
                count += 1;
            }
        }
        (black / count, changes / count)
    }

    /// The connected areas of cells that look like a code's.
    fn components(&self) -> Vec<Core> {
        let means: Vec<(u32, u32)> = (0..self.cells.len())
            .map(|at| self.mean(at % self.columns, at / self.columns))
            .collect();
        let mut open: Vec<bool> = means
            .iter()
            .map(|(black, changes)| BLACK.contains(black) && CHANGES.contains(changes))
            .collect();
        let mut found = Vec::new();
        let mut ahead = Vec::new();
        for start in 0..open.len() {
            if !std::mem::take(&mut open[start]) {
                continue;
            }
            let mut core = Core::at(start % self.columns, start / self.columns);
            ahead.push(start);
            while let Some(at) = ahead.pop() {
                let (column, row) = (at % self.columns, at / self.columns);
                core.add(column, row, means[at].0);
                for y in row.saturating_sub(REACH)..=(row + REACH).min(self.rows - 1) {
                    for x in column.saturating_sub(REACH)..=(column + REACH).min(self.columns - 1) {
                        if std::mem::take(&mut open[y * self.columns + x]) {
                            ahead.push(y * self.columns + x);
                        }
                    }
                }
            }
            found.push(core);
        }
        found
    }
}

/// Black and changes of one cell, per mille; nothing where it has no contrast.
fn measure(band: &[u8], width: usize, column: usize, side: usize) -> (u32, u32) {
    let rows = || band.chunks_exact(width).map(|row| &row[column * side..(column + 1) * side]);
    let (mut low, mut high) = (u8::MAX, 0);
    for row in rows() {
        for &pixel in row {
            low = low.min(pixel);
            high = high.max(pixel);
        }
    }
    if high.saturating_sub(low) < LEAST_CONTRAST {
        return (0, 0);
    }
    let middle = u8::midpoint(low, high);
    let (mut black, mut changes, mut pixels) = (0u32, 0u32, 0u32);
    let mut above: Option<&[u8]> = None;
    for row in rows() {
        black += row.iter().map(|&pixel| u32::from(pixel < middle)).sum::<u32>();
        let across = row.windows(2).map(|pair| u32::from((pair[0] < middle) != (pair[1] < middle)));
        changes += across.sum::<u32>();
        if let Some(above) = above {
            let down = row.iter().zip(above);
            changes += down.map(|(a, b)| u32::from((*a < middle) != (*b < middle))).sum::<u32>();
        }
        above = Some(row);
        pixels += row.len() as u32;
    }
    (black * 1000 / pixels.max(1), changes * 1000 / pixels.max(1))
}

/// Connected cells.
#[derive(Debug, Clone, Copy)]
struct Core {
    cells: u32,
    /// Sum over the cells, per mille.
    black: u32,
    columns: (u32, u32),
    rows: (u32, u32),
}

impl Core {
    fn at(column: usize, row: usize) -> Self {
        let (column, row) = (column as u32, row as u32);
        Self { cells: 0, black: 0, columns: (column, column), rows: (row, row) }
    }

    fn add(&mut self, column: usize, row: usize, black: u32) {
        let (column, row) = (column as u32, row as u32);
        self.cells += 1;
        self.black += black;
        self.columns = (self.columns.0.min(column), self.columns.1.max(column));
        self.rows = (self.rows.0.min(row), self.rows.1.max(row));
    }

    fn size(&self) -> (u32, u32) {
        (self.columns.1 + 1 - self.columns.0, self.rows.1 + 1 - self.rows.0)
    }

    fn may_be_a_code(&self) -> bool {
        let (across, down) = self.size();
        self.cells >= LEAST_CORE.0
            && self.black >= BLACK_CORE * self.cells
            && across.min(down) >= LEAST_CORE.1
            && across.max(down) <= LARGEST.0
            && across * down <= LARGEST.1
    }

    /// The area in pixels: around the core one cell of the code itself, of which the mean saw the
    /// paper beside it, and two of the quiet zone.
    fn with_margin(&self, side: u32, (width, height): (u32, u32)) -> Area {
        let low = |cell: u32| cell.saturating_sub(3) * side;
        let high = |cell: u32, end: u32| ((cell + 4) * side).min(end);
        [
            low(self.columns.0),
            low(self.rows.0),
            high(self.columns.1, width),
            high(self.rows.1, height),
        ]
    }
}
