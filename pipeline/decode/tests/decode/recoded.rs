//! Pages encoded anew, for streams that PDF/A-2b cannot hold.

use image::{DynamicImage, ImageFormat};
use sohoa_decode::{Keep, Origin};

use crate::build::{
    A5, PdfPage, bitonal, colour, difference, encoded, fax_page, jpeg_image, opened, pdf, tiff,
};

#[test]
fn a_page_of_any_format_can_be_encoded_anew() {
    let picture = DynamicImage::ImageRgb8(colour(1167, 1653));
    let fax = bitonal(1167, 1653);
    let page = PdfPage {
        images: vec![([A5.0, 0.0, 0.0, A5.1, 0.0, 0.0], jpeg_image(&picture))],
        ..PdfPage::default()
    };
    let files = [
        (encoded(&picture, ImageFormat::Jpeg), picture.clone()),
        (encoded(&picture, ImageFormat::Png), picture.clone()),
        (tiff(&[fax_page(&fax, 200)]), DynamicImage::ImageLuma8(fax)),
        (pdf(&[page]), picture),
    ];
    for (bytes, expected) in files {
        let mut source = opened(&bytes).unwrap();
        let format = source.format();
        let stored = source.page(1, Origin::Paper, Keep::Stream).unwrap();
        let recoded = source.page(1, Origin::Paper, Keep::Recoded).unwrap();
        let (kept, anew) = (stored.scan.unwrap(), recoded.scan.unwrap());
        assert!(kept.images[0].1.original_stream, "{format:?}");
        assert!(!anew.images[0].1.original_stream, "{format:?}");
        assert_eq!((kept.width, kept.height), (anew.width, anew.height), "{format:?}");
        assert!(difference(&recoded.raster.unwrap(), &expected) < 6.0, "{format:?}");
    }
}
