//! The sRGB profile of the output intent, made from the published definition.
//!
//! Primaries and white point of ITU-R BT.709 and the transfer curve of IEC 61966-2-1, carried to
//! the profile connection space's D50 by the Bradford transform. ICC version 4, matrix and curves.

/// Chromaticities x, y of red, green and blue.
const PRIMARIES: [[f64; 2]; 3] = [[0.64, 0.33], [0.30, 0.60], [0.15, 0.06]];
/// Chromaticity of the white, D65.
const WHITE: [f64; 2] = [0.3127, 0.3290];
/// The connection space's white, D50.
const D50: [f64; 3] = [0.9642, 1.0, 0.8249];
/// Cone response of the Bradford transform.
const BRADFORD: Matrix =
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]];

type Matrix = [[f64; 3]; 3];

/// The profile's bytes; the same on every call.
pub(crate) fn profile() -> Vec<u8> {
    let adaptation = adaptation();
    let columns = multiply(&adaptation, &primaries());
    let column = |i: usize| xyz([columns[0][i], columns[1][i], columns[2][i]]);
    let curve = curve();
    // Entries with equal bytes share them: the three curves are one.
    let tags: [(&[u8; 4], Vec<u8>); 10] = [
        (b"desc", text("sRGB")),
        (b"cprt", text("No rights reserved")),
        (b"wtpt", xyz(D50)),
        (b"chad", chad(&adaptation)),
        (b"rXYZ", column(0)),
        (b"gXYZ", column(1)),
        (b"bXYZ", column(2)),
        (b"rTRC", curve.clone()),
        (b"gTRC", curve.clone()),
        (b"bTRC", curve),
    ];
    assemble(&tags)
}

fn assemble(tags: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let start = 128 + 4 + 12 * tags.len();
    let (mut table, mut data) = (Vec::new(), Vec::new());
    let mut last: Option<(&[u8], usize)> = None;
    for (name, bytes) in tags {
        let offset = match last {
            Some((held, offset)) if held == bytes => offset,
            _ => {
                let offset = start + data.len();
                data.extend_from_slice(bytes);
                data.resize(data.len().next_multiple_of(4), 0);
                offset
            }
        };
        last = Some((bytes, offset));
        table.extend_from_slice(*name);
        table.extend_from_slice(&(offset as u32).to_be_bytes());
        table.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    }
    let mut out = header(start + data.len());
    out.extend_from_slice(&(tags.len() as u32).to_be_bytes());
    out.extend_from_slice(&table);
    out.extend_from_slice(&data);
    out
}

fn header(size: usize) -> Vec<u8> {
    let mut out = vec![0; 128];
    let mut put = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &(size as u32).to_be_bytes());
    put(8, &[4, 0x20, 0, 0]);
    put(12, b"mntrRGB XYZ ");
    // 1 January 2026, so that equal pages give equal files.
    put(24, &[0x07, 0xea, 0, 1, 0, 1]);
    put(36, b"acsp");
    put(68, &xyz(D50)[8..]);
    out
}

/// The 3 by 3 matrix from linear sRGB to XYZ under D65.
fn primaries() -> Matrix {
    let at = |[x, y]: [f64; 2]| [x / y, 1.0, (1.0 - x - y) / y];
    let rows = transpose(&PRIMARIES.map(at));
    let scale = apply(&invert(&rows), at(WHITE));
    rows.map(|row| [row[0] * scale[0], row[1] * scale[1], row[2] * scale[2]])
}

/// The Bradford transform from D65 to D50.
fn adaptation() -> Matrix {
    let [x, y] = WHITE;
    let from = apply(&BRADFORD, [x / y, 1.0, (1.0 - x - y) / y]);
    let to = apply(&BRADFORD, D50);
    let mut scaled = BRADFORD;
    for (row, (to, from)) in scaled.iter_mut().zip(to.iter().zip(from)) {
        *row = row.map(|value| value * to / from);
    }
    multiply(&invert(&BRADFORD), &scaled)
}

/// `parametricCurveType`, function 3: a power above the toe, a line below it.
fn curve() -> Vec<u8> {
    let mut out = b"para\0\0\0\0\0\x03\0\0".to_vec();
    for value in [2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045] {
        out.extend_from_slice(&fixed(value));
    }
    out
}

fn xyz(value: [f64; 3]) -> Vec<u8> {
    let mut out = b"XYZ \0\0\0\0".to_vec();
    out.extend(value.into_iter().flat_map(fixed));
    out
}

fn chad(matrix: &Matrix) -> Vec<u8> {
    let mut out = b"sf32\0\0\0\0".to_vec();
    out.extend(matrix.iter().flatten().copied().flat_map(fixed));
    out
}

/// `multiLocalizedUnicodeType` with one record in English.
fn text(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut out = b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS".to_vec();
    out.extend_from_slice(&(units.len() as u32).to_be_bytes());
    out.extend_from_slice(&28u32.to_be_bytes());
    out.extend_from_slice(&units);
    out
}

fn fixed(value: f64) -> [u8; 4] {
    ((value * 65536.0).round() as i32).to_be_bytes()
}

fn transpose(m: &Matrix) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| m[j][i]))
}

fn apply(m: &Matrix, v: [f64; 3]) -> [f64; 3] {
    m.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

fn multiply(a: &Matrix, b: &Matrix) -> Matrix {
    let columns = transpose(b).map(|column| apply(a, column));
    transpose(&columns)
}

fn invert(m: &Matrix) -> Matrix {
    let minor = |i: usize, j: usize| {
        let at = |di: usize, dj: usize| m[(i + di) % 3][(j + dj) % 3];
        at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)
    };
    let determinant: f64 = (0..3).map(|j| m[0][j] * minor(0, j)).sum();
    std::array::from_fn(|i| std::array::from_fn(|j| minor(j, i) / determinant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_is_the_published_one() {
        let d50 = multiply(&adaptation(), &primaries());
        let published =
            [[0.4360, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]];
        for (row, expected) in d50.iter().flatten().zip(published.iter().flatten()) {
            assert!((row - expected).abs() < 2e-4, "{row} {expected}");
        }
        let white = apply(&d50, [1.0; 3]);
        assert!(white.iter().zip(D50).all(|(a, b)| (a - b).abs() < 1e-9));
    }

    #[test]
    fn every_tag_lies_inside() {
        let profile = profile();
        let word = |at: usize| u32::from_be_bytes(profile[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!(word(0), profile.len());
        for entry in 0..word(128) {
            let at = 132 + 12 * entry;
            assert_eq!(word(at + 4) % 4, 0);
            assert!(word(at + 4) + word(at + 8) <= profile.len());
        }
    }
}
