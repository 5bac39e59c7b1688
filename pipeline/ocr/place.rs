//! Where a box of the upright page lies on the scanner's own raster.

use sohoa_document::Rect;

/// Left, top, width and height in pixels; `None` where the box lies off the raster.
///
/// `turned` is the clockwise turn that made the page upright, `size` its width and height in points.
pub(crate) fn on_raster(
    raster: (u32, u32),
    turned: u16,
    size: (f32, f32),
    bbox: Rect,
) -> Option<(u32, u32, u32, u32)> {
    // Where the page lay before recognition turned it upright.
    let lain = bbox.turned((360 - turned) % 360, size);
    let across = if turned.is_multiple_of(180) { size } else { (size.1, size.0) };
    let scale = (raster.0 as f32 / across.0, raster.1 as f32 / across.1);
    // A hostile size leaves no number, and no number is zero here.
    let (x, y) = ((lain.x0 * scale.0) as u32, (lain.y0 * scale.1) as u32);
    let width = ((lain.width() * scale.0) as u32).min(raster.0.saturating_sub(x));
    let height = ((lain.height() * scale.1) as u32).min(raster.1.saturating_sub(y));
    (width > 0 && height > 0).then_some((x, y, width, height))
}
