//! A JPEG 2000 file: one page, archived byte for byte where a PDF can hold it.

use std::sync::Arc;

use hayro_jpeg2000::{ColorSpace, DecodeSettings, DecoderContext, Image};
use image::{DynamicImage, GrayAlphaImage, GrayImage, RgbImage, RgbaImage};
use sohoa_document::{ArchiveImage, Codec, Colour};

use crate::{
    error::DecodeError,
    jpx::Header,
    limits::Limits,
    page::{DecodedPage, Keep, Pieces},
    paper_size::PaperSize,
    raster::flatten,
    samples::{Samples, encode_pixels},
    survey::{Format, Survey},
};

/// Samples are decoded as numbers of four bytes, twice: A3 at 600 dpi in colour has 210 million.
const MOST_SAMPLES: u64 = 250_000_000;

pub(crate) struct JpxFile {
    bytes: Arc<Vec<u8>>,
    header: Header,
}

impl JpxFile {
    pub(crate) fn open(bytes: Arc<Vec<u8>>, limits: &Limits) -> Result<Self, DecodeError> {
        let header = Header::read(&bytes).ok_or_else(|| {
            DecodeError::unreadable("a JPEG 2000 image without a header that is understood")
        })?;
        if !header.alike {
            return Err(DecodeError::unsupported(
                "a JPEG 2000 image of signed samples or of channels of unequal depth",
            ));
        }
        let (width, height) = (u64::from(header.width), u64::from(header.height));
        limits.check_pixels(width, height)?;
        let most =
            Limits { max_pixels: MOST_SAMPLES / u64::from(header.channels.max(1)), ..*limits };
        most.check_pixels(width, height)?;
        if !header.whole {
            return Err(DecodeError::unreadable("its JPEG 2000 data is cut short"));
        }
        Ok(Self { bytes, header })
    }

    pub(crate) fn survey(&self) -> Survey {
        let pixels = self.header.width as f32 * self.header.height as f32;
        Survey::of_images(Format::Jpeg2000, vec![pixels / 1e6])
    }

    pub(crate) fn page(&self, keep: Keep) -> Result<DecodedPage, DecodeError> {
        let (pixels, exact) = self.pixels()?;
        let size = PaperSize::new(self.header.width, self.header.height, self.header.dpi);
        let image = match keep {
            Keep::Stream if exact => self.original(&pixels),
            // Opacity and inks were laid on white paper; nothing more is to be lost.
            Keep::Stream => Samples::of_pixels(&pixels).to_archive()?,
            Keep::Recoded => encode_pixels(&pixels)?,
        };
        Pieces::whole(image, pixels, 0, size).into_page()
    }

    /// Grey or RGB, and whether that is all that the file holds.
    fn pixels(&self) -> Result<(DynamicImage, bool), DecodeError> {
        let broken =
            |error| DecodeError::unreadable(format!("its JPEG 2000 data is broken ({error})"));
        let image = Image::new(&self.bytes, &DecodeSettings::default()).map_err(broken)?;
        let (width, height) = (image.width(), image.height());
        let alpha = image.has_alpha();
        let mut context = DecoderContext::default();
        let data = image.decode(&mut context).map_err(broken)?.data_u8();
        let channels = image.color_space().num_channels();
        let pixels = match (channels, alpha) {
            (1, false) => GrayImage::from_raw(width, height, data).map(DynamicImage::ImageLuma8),
            (1, true) => {
                GrayAlphaImage::from_raw(width, height, data).map(DynamicImage::ImageLumaA8)
            }
            (3, false) => RgbImage::from_raw(width, height, data).map(DynamicImage::ImageRgb8),
            (3, true) => RgbaImage::from_raw(width, height, data).map(DynamicImage::ImageRgba8),
            (4, false)
                if matches!(image.color_space(), ColorSpace::CMYK | ColorSpace::Icc { .. }) =>
            {
                let colour = Colour::Cmyk;
                let inks = Samples { width, height, bits: 8, colour, inverted: false, rows: data };
                Some(inks.to_pixels()?)
            }
            _ => {
                return Err(DecodeError::unsupported(format!(
                    "a JPEG 2000 image of {} channels",
                    self.header.channels
                )));
            }
        };
        let pixels =
            pixels.ok_or_else(|| DecodeError::unreadable("its pixel data is cut short"))?;
        let exact = !alpha && channels != 4 && channels == self.header.channels;
        Ok((flatten(pixels), exact))
    }

    fn original(&self, pixels: &DynamicImage) -> ArchiveImage {
        ArchiveImage {
            data: self.bytes.to_vec(),
            codec: Codec::Jpx,
            width: self.header.width,
            height: self.header.height,
            bits: self.header.bits,
            colour: if pixels.color().has_color() { Colour::Rgb } else { Colour::Gray },
            inverted: false,
            icc: None,
            original_stream: true,
        }
    }
}
