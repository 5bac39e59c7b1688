//! One decoded page.

use image::DynamicImage;
use serde::{Deserialize, Serialize};
use sohoa_document::{ArchiveImage, Colour, Line, PageFacts, PageText, Placement, Rect, Scan};

use crate::{error::DecodeError, paper_size::PaperSize, raster, samples::encode_pixels, white};

/// Which image of a page the archive keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The scanner's own compressed stream, wherever a PDF can hold it.
    #[default]
    Stream,
    /// The page's pixels encoded anew, for a stream that PDF/A-2b cannot hold: CMYK without a
    /// colour profile, a JPEG 2000 of uncommon samples.
    Recoded,
}

/// One decoded page.
#[derive(Debug, Clone)]
pub struct DecodedPage {
    /// What the archive keeps; `None` for a page of a born-digital original.
    pub scan: Option<Scan>,
    /// Grey or RGB, upright as displayed, about 200 dpi when the source is denser; never enlarged.
    /// `None` when nothing is to be recognised: a born-digital page with a good text layer.
    pub raster: Option<DynamicImage>,
    /// Dots per inch of `raster`, against the page size in points.
    pub raster_dpi: f32,
    /// The text layer, only when it was judged good; in points of the page as displayed.
    pub layer: Option<PageText>,
    /// Text of form fields and notes that viewers show and the file does not draw: in no picture
    /// of the page, and in no layer.
    pub fields: Vec<Line>,
    /// Facts; the times and findings of later stages are added by them.
    pub facts: PageFacts,
}

impl DecodedPage {
    /// A page without text of its own.
    pub(crate) fn textless(
        scan: Option<Scan>,
        (raster, raster_dpi): (Option<DynamicImage>, f32),
        facts: PageFacts,
    ) -> Self {
        Self { scan, raster, raster_dpi, layer: None, fields: Vec::new(), facts }
    }
}

/// Images of one page, all decoded to one picture as they are stored.
pub(crate) struct Pieces {
    /// Each with its box in pixels of the whole page.
    pub images: Vec<([u32; 4], ArchiveImage)>,
    /// Pixels of the page as stored, before `rotation`.
    pub pixels: DynamicImage,
    /// Clockwise turn that makes it upright.
    pub rotation: u16,
    /// Its physical size.
    pub size: PaperSize,
}

impl Pieces {
    /// One image that is the whole page.
    pub(crate) fn whole(
        image: ArchiveImage,
        pixels: DynamicImage,
        rotation: u16,
        size: PaperSize,
    ) -> Self {
        let (width, height) = (image.width, image.height);
        Self { images: vec![([0, 0, width, height], image)], pixels, rotation, size }
    }

    /// The page's own pixels, encoded anew as one image, without the mirroring that a PDF page
    /// cannot undo.
    pub(crate) fn recoded(
        pixels: DynamicImage,
        mirrored: bool,
        rotation: u16,
        size: PaperSize,
    ) -> Result<Self, DecodeError> {
        let pixels = if mirrored { pixels.fliph() } else { pixels };
        let pixels = raster::flatten(pixels);
        Ok(Self::whole(encode_pixels(&pixels)?, pixels, rotation, size))
    }

    /// The page: the images placed, the raster turned and reduced, the facts gathered.
    pub(crate) fn into_page(self) -> Result<DecodedPage, DecodeError> {
        let (width_px, height_px) = (self.pixels.width(), self.pixels.height());
        let (width, height) = self.size.points;
        let across = width / width_px as f32;
        let down = height / height_px as f32;
        let Some((_, first)) = self.images.first() else {
            return Err(DecodeError::unreadable("a page without image data"));
        };
        if white::lost(self.images.iter().map(|(_, image)| image), &self.pixels) {
            return Err(DecodeError::White { what: "the page decodes to an empty sheet" });
        }
        let mut facts = image_facts(first);
        (facts.width_px, facts.height_px) = (width_px, height_px);
        (facts.dpi_x, facts.dpi_y) =
            (self.size.dpi.map(|dpi| dpi.0), self.size.dpi.map(|dpi| dpi.1));
        let (raster, raster_dpi) = raster::finish(self.pixels, (width, height), self.rotation);
        note_findings(&mut facts);
        let images = self
            .images
            .into_iter()
            .map(|([x0, y0, x1, y1], image)| {
                let rect = Rect::new(
                    x0 as f32 * across,
                    y0 as f32 * down,
                    x1 as f32 * across,
                    y1 as f32 * down,
                );
                (Placement { rect }, image)
            })
            .collect();
        let scan = Scan { width, height, rotation: self.rotation, images };
        Ok(DecodedPage::textless(Some(scan), (Some(raster), raster_dpi), facts))
    }
}

/// The facts an archived image tells about its page.
pub(crate) fn image_facts(image: &ArchiveImage) -> PageFacts {
    let colour_mode = match (&image.colour, image.bits) {
        (Colour::Cmyk, _) => "cmyk",
        (Colour::Gray, 1) => "bitonal",
        (Colour::Gray, _) => "gray",
        (Colour::Indexed { .. }, _) => "palette",
        (Colour::Rgb, _) => "rgb",
    };
    PageFacts {
        width_px: image.width,
        height_px: image.height,
        colour_mode: colour_mode.into(),
        bit_depth: image.bits,
        ..PageFacts::default()
    }
}

/// Adds what the resolution and the colour of a scan say.
pub(crate) fn note_findings(facts: &mut PageFacts) {
    // 199.9 dpi is what a 200 dpi scan becomes in whole points.
    let low = |dpi: Option<f32>| dpi.is_none_or(|dpi| dpi < 198.0);
    if low(facts.dpi_x) || low(facts.dpi_y) {
        facts.findings.push("I01_DPI_LOW".into());
    }
    // A page that was drawn was not scanned in any colour.
    if facts.width_px > 0 && matches!(facts.colour_mode.as_str(), "bitonal" | "gray") {
        facts.findings.push("I02_NOT_COLOUR".into());
    }
}
