//! The guard against a decoder that gives up silently: a page whose picture shows far less than
//! its stream says.
//!
//! Two lengths are held against each other. What the stream *says*: its compressed data without
//! headers, compressed once more, since the data of an empty sheet is one pattern over and over,
//! whatever the codec. What the picture *shows*: the bytes that coding each pixel's difference from
//! its neighbour would take. A scanner's own code is always the shorter of the two, because it
//! knows more than the neighbour: of empty sheets too, whose grain costs the stream bits and is
//! there to be seen. Only where the data led to nothing is the stream the longer one.

use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};
use image::DynamicImage;
use sohoa_document::{ArchiveImage, Codec};

/// Data this short may be tables, markers and tiles of a clean sheet: those of a JPEG are 600 bytes.
pub(crate) const LEAST_SAID: usize = 2_000;

/// The stream must be so many times longer than the picture's estimate.
const TIMES: usize = 4;

/// One pair of rows in so many is looked at: an estimate needs no more.
const ROW_STEP: usize = 8;

/// An image of this share of its page is a large one.
pub(crate) const LARGE: f64 = 0.2;

/// Whether `images`, which make up a page or a part of it, say far more than `pixels` show.
pub(crate) fn lost<'a>(
    images: impl IntoIterator<Item = &'a ArchiveImage>,
    pixels: &DynamicImage,
) -> bool {
    let streams = images
        .into_iter()
        .filter(|image| image.original_stream)
        .map(|image| data(&image.codec, &image.data));
    hidden(&streams.collect::<Vec<_>>(), pixels)
}

/// The same of compressed samples, which are not kept themselves.
pub(crate) fn hidden(streams: &[&[u8]], pixels: &DynamicImage) -> bool {
    let length: usize = streams.iter().map(|stream| stream.len()).sum();
    if length <= LEAST_SAID {
        return false;
    }
    let enough = LEAST_SAID.max(shown(pixels).saturating_mul(TIMES));
    length > enough && streams.iter().map(|stream| said(stream)).sum::<usize>() > enough
}

/// Bytes that data takes when its repetitions are taken out.
pub(crate) fn said(data: &[u8]) -> usize {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    match encoder.write_all(data).and_then(|()| encoder.finish()) {
        Ok(packed) => packed.len().min(data.len()),
        Err(_) => data.len(),
    }
}

/// The compressed samples of a stream: profiles, previews and comments say nothing of the picture.
fn data<'a>(codec: &Codec, stream: &'a [u8]) -> &'a [u8] {
    let from = |marker: &[u8]| {
        let at = stream.windows(marker.len()).position(|window| window == marker);
        at.and_then(|at| stream.get(at..)).unwrap_or(stream)
    };
    match codec {
        Codec::Jpeg { .. } => scans(stream).unwrap_or(stream),
        Codec::Jpx => from(&[0xff, 0x4f, 0xff, 0x51]),
        Codec::Ccitt { .. } | Codec::Flate { .. } | Codec::Jbig2 { .. } => stream,
    }
}

/// A JPEG from its first scan to its end marker.
fn scans(stream: &[u8]) -> Option<&[u8]> {
    let mut at = 2;
    loop {
        let [0xff, marker, high, low] = *stream.get(at..at + 4)? else { return None };
        match marker {
            0xff => at += 1,
            0xda => break,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    let scans = stream.get(at..)?;
    let end = scans.windows(2).position(|pair| pair == [0xff, 0xd9]);
    scans.get(..end.unwrap_or(scans.len()))
}

/// Whether one value fills enough of a picture for a large image of it to have come out empty.
pub(crate) fn may_be_empty(pixels: &DynamicImage) -> bool {
    let bytes = pixels.as_bytes();
    let mut counts = [0_usize; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    counts.iter().any(|count| *count as f64 >= LARGE * bytes.len() as f64)
}

/// Bytes that the picture takes when every sample is coded as its difference from the one before
/// it or above it, whichever direction is the busier.
fn shown(pixels: &DynamicImage) -> usize {
    let bytes = pixels.as_bytes();
    let step = usize::from(pixels.color().bytes_per_pixel());
    let stride = step * pixels.width() as usize;
    if stride == 0 {
        return 0;
    }
    let (mut across, mut down) = ([0u64; 256], [0u64; 256]);
    let rows: Vec<&[u8]> = bytes.chunks_exact(stride).collect();
    for pair in rows.windows(2).step_by(ROW_STEP) {
        let [upper, lower] = pair else { continue };
        for (left, right) in upper.iter().zip(&upper[step..]) {
            across[usize::from(right.wrapping_sub(*left))] += 1;
        }
        for (above, below) in upper.iter().zip(*lower) {
            down[usize::from(below.wrapping_sub(*above))] += 1;
        }
    }
    let bits = entropy(&across).max(entropy(&down));
    (bits * bytes.len() as f64 / 8.0) as usize
}

/// Bits that one of the counted values takes.
fn entropy(counts: &[u64; 256]) -> f64 {
    let all = counts.iter().sum::<u64>().max(1) as f64;
    let of = |count: &u64| {
        let share = *count as f64 / all;
        -share * share.log2()
    };
    counts.iter().filter(|count| **count > 0).map(of).sum()
}

#[cfg(test)]
mod tests {
    use image::{ExtendedColorType, GrayImage, Luma, codecs::jpeg::JpegEncoder};

    use super::*;
    use crate::jpeg::{JpegHeader, archive, pixels};

    /// Numbers without a pattern, from a fixed generator.
    struct Chance(u32);

    impl Chance {
        fn below(&mut self, limit: u32) -> u32 {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.0 >> 16) % limit
        }
    }

    fn jpeg(picture: &GrayImage, quality: u8) -> ArchiveImage {
        let mut data = Vec::new();
        let (width, height) = picture.dimensions();
        JpegEncoder::new_with_quality(&mut data, quality)
            .encode(picture, width, height, ExtendedColorType::L8)
            .unwrap();
        let header = JpegHeader::read(&data).unwrap();
        archive(data, &header).unwrap()
    }

    /// An empty sheet of A4 at 200 dpi, a little darker towards one side.
    fn sheet(grain: u32) -> GrayImage {
        let mut chance = Chance(7);
        GrayImage::from_fn(1654, 2339, |x, _| {
            let level = 252 - x / 200 + grain / 2;
            Luma([level.saturating_sub(chance.below(grain + 1)).min(255) as u8])
        })
    }

    fn written() -> GrayImage {
        let mut page = sheet(3);
        let mut chance = Chance(11);
        for line in 0..40 {
            for stroke in 0..260 {
                let (x, y) = (200 + stroke * 5, 200 + line * 50);
                let tall = 6 + chance.below(18);
                for (dx, dy) in (0..2).flat_map(|dx| (0..tall).map(move |dy| (dx, dy))) {
                    page.put_pixel(x + dx, y + dy, Luma([40]));
                }
            }
        }
        page
    }

    #[test]
    fn an_empty_sheet_is_never_lost_whatever_its_grain_and_quality() {
        for grain in [0, 1, 2, 4, 8, 16] {
            for quality in [20, 50, 75, 90, 97, 100] {
                let stream = jpeg(&sheet(grain), quality);
                let decoded = pixels(&stream.data).unwrap();
                assert!(!lost([&stream], &decoded), "grain {grain} quality {quality}");
            }
        }
    }

    #[test]
    fn a_written_page_that_comes_out_white_is_lost_with_some_specks_too() {
        let stream = jpeg(&written(), 75);
        assert!(!lost([&stream], &pixels(&stream.data).unwrap()));
        let mut white = GrayImage::from_pixel(1654, 2339, Luma([255]));
        assert!(lost([&stream], &DynamicImage::ImageLuma8(white.clone())));
        let mut chance = Chance(3);
        for _ in 0..2000 {
            let (x, y) = (chance.below(1654), chance.below(2339));
            white.put_pixel(x, y, Luma([250]));
        }
        assert!(lost([&stream], &DynamicImage::ImageLuma8(white)));
    }

    #[test]
    fn what_is_beside_the_samples_says_nothing() {
        let stream = jpeg(&GrayImage::from_pixel(1654, 2339, Luma([255])), 75);
        let mut chance = Chance(5);
        let mut noted = stream.clone();
        let note: Vec<u8> = (0..60_000).map(|_| chance.below(256) as u8).collect();
        let length = (note.len() as u16 + 2).to_be_bytes();
        noted.data.splice(2..2, [0xff, 0xfe].into_iter().chain(length).chain(note));
        assert!(noted.data.len() > 60_000 && said(&noted.data) > LEAST_SAID);
        assert!(!lost([&noted], &pixels(&noted.data).unwrap()));
    }

    #[test]
    fn pictures_of_no_size_show_nothing() {
        assert_eq!(shown(&DynamicImage::new_luma8(0, 0)), 0);
        assert_eq!(shown(&DynamicImage::new_rgb8(1, 1)), 0);
    }
}
