//! What looking for barcodes costs on pages: `cost DPI IMAGE…`, one line a page and a sum.
//!
//! Prints times and counts, never what a barcode says.

use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let dpi: f32 = arguments.next().ok_or("give the resolution, then images")?.parse()?;
    let (mut pages, mut looking, mut whole, mut with_areas) = (0u32, 0.0, 0.0, 0u32);
    for path in arguments {
        let raster = image::open(&path)?;
        let start = Instant::now();
        let areas = sohoa_barcode::areas(&raster, dpi);
        let found_areas = start.elapsed().as_secs_f64() * 1e3;
        let start = Instant::now();
        let found = sohoa_barcode::read(&raster, dpi);
        let read = start.elapsed().as_secs_f64() * 1e3;
        println!(
            "{path} areas={} codes={} personal={} look={found_areas:.1}ms read={read:.1}ms {areas:?}",
            areas.len(),
            found.codes.len(),
            found.personal
        );
        (pages, looking, whole) = (pages + 1, looking + found_areas, whole + read);
        with_areas += u32::from(!areas.is_empty());
    }
    let mean = |sum: f64| sum / f64::from(pages.max(1));
    println!(
        "{pages} pages, {with_areas} with areas; looking {:.1} ms a page, reading {:.1} ms a page",
        mean(looking),
        mean(whole)
    );
    Ok(())
}
