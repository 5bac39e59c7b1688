//! A JPEG file: one page, archived byte for byte.

use std::sync::Arc;

use crate::{
    error::DecodeError,
    exif,
    jpeg::{self, JpegHeader},
    limits::Limits,
    page::{DecodedPage, Keep, Pieces},
    paper_size::PaperSize,
    survey::{Format, Survey},
};

pub(crate) struct JpegFile {
    bytes: Arc<Vec<u8>>,
    header: JpegHeader,
}

impl JpegFile {
    pub(crate) fn open(bytes: Arc<Vec<u8>>, limits: &Limits) -> Result<Self, DecodeError> {
        let header = JpegHeader::read(&bytes)?;
        limits.check_pixels(u64::from(header.width), u64::from(header.height))?;
        header.check()?;
        if header.components == 4 && header.adobe.is_none() {
            // Nothing tells whether its inks are inverted.
            return Err(DecodeError::unsupported("a CMYK JPEG image without Adobe's marker"));
        }
        Ok(Self { bytes, header })
    }

    pub(crate) fn survey(&self) -> Survey {
        let pixels = self.header.width as f32 * self.header.height as f32;
        Survey::of_images(Format::Jpeg, vec![pixels / 1e6])
    }

    pub(crate) fn page(&self, keep: Keep) -> Result<DecodedPage, DecodeError> {
        let pixels = jpeg::pixels(&self.bytes)?;
        let (mirrored, rotation) = exif::turn(self.header.exif.orientation.unwrap_or(1));
        let size = PaperSize::new(self.header.width, self.header.height, self.header.dpi);
        if mirrored || keep == Keep::Recoded {
            return Pieces::recoded(pixels, mirrored, rotation, size)?.into_page();
        }
        let image = jpeg::archive(self.bytes.to_vec(), &self.header)?;
        Pieces::whole(image, pixels, rotation, size).into_page()
    }
}
