//! Joins the JPEG strips of a page into one JPEG, without touching a coefficient.
//!
//! Each strip starts its predictions afresh, which is what a restart interval means: the scans of
//! strips that share their tables, with restart marks between them, are one valid scan. Only
//! baseline strips of whole rows of blocks can be joined; others stay an image each.

/// Marker segments of one strip, and where its entropy-coded data lies.
#[derive(Clone, Copy)]
struct Strip<'a> {
    /// From the start mark up to the scan header.
    head: &'a [u8],
    /// The scan header.
    scan: &'a [u8],
    entropy: &'a [u8],
    /// Where the height stands in `head`.
    height_at: usize,
    width: u32,
    height: u32,
    /// Pixels of one unit of interleaving.
    unit: (u32, u32),
}

/// One JPEG of all strips, top to bottom; `None` when they cannot be joined.
pub(crate) fn join(strips: &[&[u8]]) -> Option<Vec<u8>> {
    let strips: Vec<Strip<'_>> =
        strips.iter().map(|data| Strip::read(data)).collect::<Option<_>>()?;
    let first = strips.first()?;
    let (last, full) = strips.split_last()?;
    let alike = |strip: &Strip<'_>| {
        strip.scan == first.scan
            && strip.head.len() == first.head.len()
            && strip.height_at == first.height_at
            && strip.head[..strip.height_at] == first.head[..strip.height_at]
            && strip.head[strip.height_at + 2..] == first.head[strip.height_at + 2..]
    };
    let whole = full.iter().all(|strip| strip.height == first.height)
        && first.height.is_multiple_of(first.unit.1)
        && last.height <= first.height;
    if !whole || !strips.iter().all(alike) {
        return None;
    }
    let units = first.width.div_ceil(first.unit.0) * (first.height / first.unit.1);
    let interval = u16::try_from(units).ok()?;
    let height = strips.iter().map(|strip| strip.height).sum::<u32>();
    let height = u16::try_from(height).ok()?;
    let mut out = first.head.to_vec();
    out[first.height_at..first.height_at + 2].copy_from_slice(&height.to_be_bytes());
    out.extend([0xff, 0xdd, 0, 4]);
    out.extend(interval.to_be_bytes());
    out.extend(first.scan);
    for (strip, number) in strips.iter().zip(0_usize..) {
        if number > 0 {
            out.extend([0xff, 0xd0 + ((number - 1) % 8) as u8]);
        }
        out.extend(strip.entropy);
    }
    out.extend([0xff, 0xd9]);
    Some(out)
}

impl<'a> Strip<'a> {
    fn read(data: &'a [u8]) -> Option<Self> {
        let mut at = 2;
        let mut frame = None;
        loop {
            let [0xff, marker, high, low] = *data.get(at..at + 4)? else { return None };
            let length = usize::from(u16::from_be_bytes([high, low])) + 2;
            let segment = data.get(at..at + length)?;
            match marker {
                0xc0 | 0xc1 => frame = Some((at + 5, segment)),
                0xda => {
                    let (height_at, frame) = frame?;
                    let entropy = entropy(&data[at + length..])?;
                    let head = &data[..at];
                    return Self::of(
                        frame,
                        Strip {
                            head,
                            scan: segment,
                            entropy,
                            height_at,
                            width: 0,
                            height: 0,
                            unit: (8, 8),
                        },
                    );
                }
                // Other frames, and strips with restarts of their own.
                0xc2..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcf | 0xdd => return None,
                _ => {}
            }
            at += length;
        }
    }

    /// Adds what the frame header says.
    fn of(frame: &[u8], strip: Self) -> Option<Self> {
        let number =
            |at: usize| frame.get(at..at + 2).map(|b| u32::from(u16::from_be_bytes([b[0], b[1]])));
        let count = usize::from(*frame.get(9)?);
        // One scan must hold every component.
        if usize::from(*strip.scan.get(4)?) != count {
            return None;
        }
        let factors = frame.get(10..10 + 3 * count)?.chunks_exact(3).map(|component| component[1]);
        let across = factors.clone().map(|factor| factor >> 4).max()?;
        let down = factors.map(|factor| factor & 15).max()?;
        let unit = if count == 1 { (8, 8) } else { (u32::from(across) * 8, u32::from(down) * 8) };
        let sound = unit.0 > 0 && unit.1 > 0;
        sound.then_some(Self { width: number(7)?, height: number(5)?, unit, ..strip })
    }
}

/// The data of a single scan, without its end mark.
fn entropy(data: &[u8]) -> Option<&[u8]> {
    let mark =
        data.windows(2).position(|pair| pair[0] == 0xff && pair[1] != 0 && pair[1] != 0xff)?;
    (data[mark + 1] == 0xd9).then(|| &data[..mark])
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GrayImage, ImageFormat, Luma, RgbImage, imageops};

    use super::*;

    fn strips(picture: &DynamicImage, rows: u32) -> Vec<Vec<u8>> {
        let height = picture.height();
        (0..height.div_ceil(rows))
            .map(|strip| {
                let part = picture.crop_imm(
                    0,
                    strip * rows,
                    picture.width(),
                    rows.min(height - strip * rows),
                );
                let mut out = std::io::Cursor::new(Vec::new());
                part.write_to(&mut out, ImageFormat::Jpeg).unwrap();
                out.into_inner()
            })
            .collect()
    }

    #[test]
    fn joined_strips_decode_to_the_same_pixels() {
        let grey = GrayImage::from_fn(150, 210, |x, y| Luma([((x * 7 + y * 3) % 256) as u8]));
        let rgb = RgbImage::from_fn(150, 210, |x, y| image::Rgb([x as u8, y as u8, (x ^ y) as u8]));
        for picture in [DynamicImage::ImageLuma8(grey), DynamicImage::ImageRgb8(rgb)] {
            let strips = strips(&picture, 32);
            let joined = join(&strips.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
            let joined = image::load_from_memory(&joined).unwrap();
            assert_eq!((joined.width(), joined.height()), (150, 210));
            for (number, strip) in (0..).zip(&strips) {
                let alone = image::load_from_memory(strip).unwrap();
                let part =
                    imageops::crop_imm(&joined, 0, number * 32, 150, alone.height()).to_image();
                assert_eq!(part, alone.to_rgba8(), "strip {number}");
            }
        }
    }

    #[test]
    fn strips_that_differ_or_are_cut_stay_apart() {
        let picture = DynamicImage::ImageLuma8(GrayImage::from_pixel(64, 64, Luma([90])));
        let parts = strips(&picture, 32);
        let odd = strips(&picture, 20);
        assert!(join(&[&odd[0], &parts[0]]).is_none());
        assert!(join(&odd.iter().map(Vec::as_slice).collect::<Vec<_>>()).is_none());
        for cut in 0..parts[0].len() - 2 {
            assert!(join(&[&parts[0][..cut], &parts[1]]).is_none());
        }
    }
}
