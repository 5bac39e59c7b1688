//! Makes one file of a draft: lays it out, draws it, spoils it, compresses it, and says what is on
//! each page.
//!
//! Each sheet is drawn once; the canvas of the next sheet serves as the other side that shines
//! through.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::{
    canvas::Canvas,
    chance::Chance,
    draft::{Draft, Stamp},
    encode,
    faults::Faults,
    fonts::Fonts,
    form::{self, Laid, Office},
    format::Format,
    layer,
    pdf::{self, Picture},
    render::Renderer,
    severity::Damage,
    sheet::{MM, Sheet},
    tiff,
};

/// How one file is to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recipe {
    pub(crate) format: Format,
    pub(crate) dpi: u32,
    pub(crate) pages: usize,
    pub(crate) damage: Damage,
}

/// One file and the truth about it.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) bytes: Vec<u8>,
    /// One entry a page of the file.
    pub(crate) pages: Vec<Value>,
    pub(crate) seal: bool,
    /// Number and date of the incoming stamp.
    pub(crate) incoming: Option<(String, String)>,
    /// Words of a signature stamp's layer.
    pub(crate) stamp_text: Option<String>,
}

/// A page of the scan: a sheet, or an empty back.
struct Side {
    sheet: Sheet,
    blank: bool,
    faults: Faults,
    image: Canvas,
}

/// Makes the file of `draft`.
pub(crate) fn make(
    renderer: &mut Renderer<'_>,
    fonts: &Fonts<'_>,
    draft: &Draft,
    recipe: Recipe,
    chance: &Chance,
) -> Result<Made> {
    let mut own = chance.fork("office");
    let paper = recipe.format != Format::PdfBornDigital;
    let office = Office {
        seal: paper && own.happens(0.85),
        incoming: paper && draft.stamp != Some(Stamp::Secret) && own.happens(0.3),
    };
    let laid = form::lay(fonts, draft, office, recipe.pages, chance);
    if !paper {
        return born_digital(fonts, laid);
    }
    let sides = scan(renderer, &laid.sheets, recipe, chance);
    let lost = recipe.format.single_page() && sides.len() > 1;
    ensure!(!lost, "{} does not fit on one page", draft.notation);
    let pages = sides.iter().enumerate().map(|(index, side)| truth(index + 1, side)).collect();
    let stamp = stamp_lines(draft);
    let bytes = match recipe.format {
        Format::TiffG4 | Format::TiffJpeg | Format::TiffLzw => {
            let pages: Result<Vec<tiff::Page>> =
                sides.iter().map(|side| tiff_page(&side.image, recipe)).collect();
            tiff::write(&pages?)
        }
        Format::Jpeg => encode::jpeg(&sides[0].image, recipe.dpi, recipe.damage.jpeg_quality())?,
        Format::Png => encode::png(&sides[0].image, recipe.dpi)?,
        _ => {
            let mut pages = Vec::new();
            for (index, side) in sides.iter().enumerate() {
                let mut own = chance.fork(&format!("layer {index}"));
                let layer = match recipe.format {
                    Format::PdfGoodLayer => Some(layer::good(&side.sheet)),
                    Format::PdfJunkLayer => Some(layer::junk(&side.sheet, &mut own)),
                    Format::PdfStampLayer if index == 0 => Some(layer::stamp(&stamp)),
                    _ => None,
                };
                pages.push(pdf_page(side, recipe, layer)?);
            }
            pdf::write(fonts, &pages, "Sohoa sample scanner")?
        }
    };
    Ok(Made {
        bytes,
        pages,
        seal: office.seal,
        incoming: laid.incoming,
        stamp_text: (recipe.format == Format::PdfStampLayer).then(|| stamp.join("\n")),
    })
}

fn born_digital(fonts: &Fonts<'_>, laid: Laid) -> Result<Made> {
    let truth = |(index, sheet): (usize, &Sheet)| {
        json!({
            "page": index + 1, "blank": false, "upside_down": false, "cropped": false,
            "faults": {}, "text": sheet.text(0.0),
        })
    };
    let truths = laid.sheets.iter().enumerate().map(truth).collect();
    let pages: Vec<pdf::Page> = laid
        .sheets
        .into_iter()
        .map(|sheet| pdf::Page {
            picture: None,
            layer: Some(pdf::Layer { runs: sheet.runs, rules: sheet.rules, visible: true }),
        })
        .collect();
    let bytes = pdf::write(fonts, &pages, "Sohoa sample writer")?;
    Ok(Made { bytes, pages: truths, seal: false, incoming: None, stamp_text: None })
}

fn scan(
    renderer: &mut Renderer<'_>,
    sheets: &[Sheet],
    recipe: Recipe,
    chance: &Chance,
) -> Vec<Side> {
    let dpi = recipe.dpi as f32;
    let drawn: Vec<Canvas> = sheets
        .iter()
        .enumerate()
        .map(|(index, sheet)| renderer.draw(sheet, dpi, &chance.fork(&format!("ink {index}"))))
        .collect();
    let mut sides = Vec::new();
    for (index, sheet) in sheets.iter().enumerate() {
        let mut own = chance.fork(&format!("scan {index}"));
        let mut faults = Faults::draw(recipe.damage, &mut own);
        if recipe.format == Format::PdfGoodLayer {
            // A layer made from the page lies over its words, so this page cannot be turned or moved.
            faults.upside_down = false;
            faults.crop = 0.0;
            faults.skew = faults.skew.clamp(-0.3, 0.3);
        }
        let other = drawn.get(index + 1).or_else(|| drawn.get(index.wrapping_sub(1)));
        let image = faults.apply(&drawn[index], other, dpi, &mut own);
        sides.push(Side { sheet: sheet.clone(), blank: false, faults, image });
        if !recipe.format.single_page() && own.happens(recipe.damage.blanks()) {
            let mut faults = Faults::draw(recipe.damage, &mut own);
            faults.crop = 0.0;
            let white = Canvas::white(drawn[index].width, drawn[index].height);
            let image = faults.apply(&white, Some(&drawn[index]), dpi, &mut own);
            sides.push(Side { sheet: Sheet::default(), blank: true, faults, image });
        }
    }
    sides
}

fn truth(number: usize, side: &Side) -> Value {
    json!({
        "page": number,
        "blank": side.blank,
        "upside_down": side.faults.upside_down && !side.blank,
        "cropped": side.faults.crop > 0.0,
        "faults": side.faults.truth(),
        "text": side.sheet.text(side.faults.crop * MM),
    })
}

fn tiff_page(image: &Canvas, recipe: Recipe) -> Result<tiff::Page> {
    let height = image.height as u32;
    let (coding, rows_per_strip, strips) = match recipe.format {
        Format::TiffG4 => (tiff::Coding::Group4, height, vec![encode::group4(image)]),
        Format::TiffLzw => {
            // Several strips, as the format's authors advise.
            (tiff::Coding::LzwGrey, 256, encode::lzw_grey(image, 256)?)
        }
        _ => {
            let jpeg = encode::jpeg(image, recipe.dpi, recipe.damage.jpeg_quality())?;
            (tiff::Coding::Jpeg, height, vec![jpeg])
        }
    };
    let (width, dpi) = (image.width as u32, recipe.dpi);
    Ok(tiff::Page { coding, width, height, rows_per_strip, dpi, strips })
}

fn pdf_page(side: &Side, recipe: Recipe, layer: Option<pdf::Layer>) -> Result<pdf::Page> {
    let image = &side.image;
    let picture = if recipe.format == Format::PdfG4 {
        Picture::Group4(encode::group4(image))
    } else {
        Picture::Jpeg(encode::jpeg(image, recipe.dpi, recipe.damage.jpeg_quality())?)
    };
    Ok(pdf::Page { picture: Some((picture, image.width, image.height)), layer })
}

fn stamp_lines(draft: &Draft) -> Vec<String> {
    vec![
        format!("Ký bởi: {}", draft.agency.name),
        format!("Cơ quan: {}", draft.agency.parent.as_deref().unwrap_or(&draft.agency.name)),
        format!("Thời gian ký: {} 09:31:06 +07:00", draft.date.later(1).short()),
    ]
}
