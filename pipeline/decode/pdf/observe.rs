//! What a page draws, in order: images, paint, text; first its content, then its annotations.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps,
    InterpreterCache, InterpreterSettings, InterpreterWarning, Paint, RenderContent, SoftMask,
    TransformExt,
    font::{Glyph, GlyphRun},
    hayro_cmap::BfString,
    interpret_page,
    kurbo::{Affine, BezPath, ParamCurveArclen, Point, Rect, Shape, Vec2},
};
use hayro_syntax::{
    object::{ObjectIdentifier, Stream},
    page::Page,
};

use super::claims::check_image;
use crate::{error::DecodeError, limits::Limits};

/// Bounds the memory a hostile page can take; a page of dense tables has 20,000 glyphs.
const MOST_MARKS: usize = 400_000;
/// A page full of dotted lines to write on has 20,000.
const MOST_DASHES: f64 = 500_000.0;
/// Glyph space has 1000 units to the em.
const EM: f64 = 1000.0;
/// Ascent and descent of a text face, for boxes around glyphs.
const ASCENT: f64 = 760.0;
const DESCENT: f64 = -220.0;

/// One image as drawn.
#[derive(Debug, Clone)]
pub(super) struct ImageMark {
    /// Its number among all images the page draws, which identifies it in a second pass.
    pub number: usize,
    pub width: u32,
    pub height: u32,
    /// Width and height of the finest of its samples and its masks: a scanner that parts a page in
    /// layers keeps the letters in the mask of a coarse colour.
    pub finest: (u32, u32),
    /// From image pixels (y down) to points.
    pub transform: Affine,
    /// Opaque, unmasked, unclipped: what its stream holds is what is seen.
    pub plain: bool,
}

#[derive(Debug, Clone)]
pub(super) enum MarkKind {
    Image(ImageMark),
    /// A path, a shading or an inline pattern; `ink` is false for white paint.
    Paint {
        ink: bool,
    },
    Text,
}

/// One visible mark within the page.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub kind: MarkKind,
    pub bounds: Rect,
}

/// One glyph with its meaning.
#[derive(Debug, Clone)]
pub(super) struct GlyphMark {
    pub text: String,
    pub start: Point,
    pub end: Point,
    pub bounds: Rect,
    /// Height of the em in points.
    pub em: f64,
    /// Painted, and not only there to be selected.
    pub visible: bool,
    /// Marks drawn before it.
    pub order: usize,
}

/// All that a page draws.
#[derive(Debug, Default)]
pub(super) struct Observed {
    /// Width and height in points.
    pub size: (f64, f64),
    pub marks: Vec<Mark>,
    /// Marks from here on belong to annotations and form widgets.
    pub annotations_from: usize,
    pub glyphs: Vec<GlyphMark>,
    /// Images drawn, also those out of sight.
    pub images: usize,
}

/// Interprets a page without rasterising it.
///
/// # Errors
/// What an image of the page, or a dashed line, would cost to decode or to draw.
pub(super) fn observe<'a>(
    page: &'a Page<'a>,
    cache: &InterpreterCache<'a>,
    limits: &Limits,
) -> Result<Observed, DecodeError> {
    let area = area(page);
    let mut observer = Observer {
        observed: Observed { size: (area.x1, area.y1), ..Observed::default() },
        clips: vec![area],
        groups: Vec::new(),
        limits: *limits,
        checked: HashSet::new(),
        dashes: 0.0,
        fault: None,
    };
    let broken = AtomicBool::new(false);
    run(page, cache, &mut observer, RenderContent::PAGE, &Arc::new(broken));
    observer.observed.annotations_from = observer.observed.marks.len();
    observer.clips.truncate(1);
    observer.groups.clear();
    run(page, cache, &mut observer, RenderContent::ANNOTATIONS, &Arc::new(AtomicBool::new(false)));
    observer.fault.map_or(Ok(observer.observed), Err)
}

/// Units of length that are believed, in points: to a page of the largest size a PDF may have.
const UNITS: std::ops::RangeInclusive<f64> = 0.01..=75_000.0;

/// Points of a page's unit of length: one of a large plan may be more than a point.
pub(super) fn user_unit(page: &Page<'_>) -> f64 {
    let unit = page.raw().get::<f64>("UserUnit");
    unit.filter(|unit| UNITS.contains(unit)).unwrap_or(1.0)
}

/// From the page's own coordinates to the page as displayed, in points.
pub(super) fn display(page: &Page<'_>) -> Affine {
    Affine::scale(user_unit(page)) * page.initial_transform(true).to_kurbo()
}

/// The page as displayed, in points.
fn area(page: &Page<'_>) -> Rect {
    let (width, height) = page.render_dimensions();
    let unit = user_unit(page);
    Rect::new(0.0, 0.0, f64::from(width) * unit, f64::from(height) * unit)
}

/// Interprets the chosen parts of a page into a device; `broken` is set when an image fails.
pub(super) fn run<'a>(
    page: &'a Page<'a>,
    cache: &InterpreterCache<'a>,
    device: &mut impl Device<'a>,
    content: RenderContent,
    broken: &Arc<AtomicBool>,
) {
    let transform = display(page);
    let settings = settings(content, broken);
    let mut context = Context::new(transform, area(page), cache, page.xref(), settings);
    interpret_page(page, &mut context, device);
}

/// The interpreter's settings; `broken` is set when an image cannot be decoded.
pub(super) fn settings(content: RenderContent, broken: &Arc<AtomicBool>) -> InterpreterSettings {
    let broken = Arc::clone(broken);
    InterpreterSettings {
        render_content: content,
        warning_sink: Arc::new(move |warning| {
            if matches!(warning, InterpreterWarning::ImageDecodeFailure) {
                broken.store(true, Ordering::Relaxed);
            }
        }),
        ..InterpreterSettings::default()
    }
}

/// The larger of an image and its masks.
fn finest(image: &Stream<'_>, own: (u32, u32)) -> (u32, u32) {
    let masks = ["SMask", "Mask"].into_iter().filter_map(|key| image.dict().get::<Stream<'_>>(key));
    let side = |mask: &Stream<'_>, key: &str| mask.dict().get::<u32>(key).unwrap_or(0);
    masks.fold(own, |(width, height), mask| {
        (width.max(side(&mask, "Width")), height.max(side(&mask, "Height")))
    })
}

struct Observer {
    observed: Observed,
    /// Innermost last; the page itself first.
    clips: Vec<Rect>,
    /// Whether each open group paints opaquely.
    groups: Vec<bool>,
    limits: Limits,
    /// Images that were checked: one may be drawn a thousand times.
    checked: HashSet<ObjectIdentifier>,
    dashes: f64,
    /// The first thing found that must not be decoded or drawn.
    fault: Option<DecodeError>,
}

impl Observer {
    fn clip(&self) -> Rect {
        self.clips.last().copied().unwrap_or(Rect::ZERO)
    }

    fn mark(&mut self, kind: MarkKind, bounds: Rect) {
        let seen = bounds.intersect(self.clip());
        if seen.width() > 0.0 && seen.height() > 0.0 && self.observed.marks.len() < MOST_MARKS {
            self.observed.marks.push(Mark { kind, bounds: seen });
        }
    }

    fn check(&mut self, outcome: Result<(), DecodeError>) {
        if let Err(error) = outcome {
            self.fault.get_or_insert(error);
        }
    }

    fn check_image(&mut self, stream: &Stream<'_>) {
        let id = stream.obj_id();
        let is_object = id != ObjectIdentifier::new(0, 0);
        if self.fault.is_some() || (is_object && !self.checked.insert(id)) {
            return;
        }
        self.check(check_image(stream, &self.limits));
        for key in ["SMask", "Mask"] {
            if let Some(mask) = stream.dict().get::<Stream<'_>>(key) {
                self.check(check_image(&mask, &self.limits));
            }
        }
    }

    /// Each dash becomes a path of its own when it is drawn.
    fn count_dashes(&mut self, path: &BezPath, mode: &DrawMode) {
        let (DrawMode::Stroke(stroke) | DrawMode::FillAndStroke(_, stroke)) = mode else { return };
        let period: f32 = stroke.dash_array.iter().sum();
        if stroke.dash_array.is_empty() || period <= 0.0 {
            return;
        }
        let length: f64 = path.segments().map(|segment| segment.arclen(1.0)).sum();
        self.dashes += length / f64::from(period) * stroke.dash_array.len() as f64;
        if self.dashes > MOST_DASHES {
            let limit = MOST_DASHES as u64;
            let found = self.dashes as u64;
            self.check(Err(DecodeError::TooLarge { found, limit, unit: "dashes on a page" }));
        }
    }

    fn painted(&mut self, path_bounds: Rect, props: &DrawProps<'_>, mode: &DrawMode) {
        if matches!(mode, DrawMode::Invisible) {
            return;
        }
        let ink = match &props.paint {
            Paint::Color(colour) => {
                let [r, g, b, a] = colour.to_rgba().to_rgba8();
                if a == 0 {
                    return;
                }
                r < 250 || g < 250 || b < 250
            }
            Paint::Pattern(_) => true,
        };
        let stroke = match mode {
            DrawMode::Stroke(stroke) | DrawMode::FillAndStroke(_, stroke) => {
                f64::from(stroke.line_width) / 2.0
            }
            _ => 0.0,
        };
        // A hairline has an empty box of its own.
        let bounds = props.transform.transform_rect_bbox(path_bounds.inflate(stroke, stroke));
        self.mark(MarkKind::Paint { ink }, bounds.inflate(0.05, 0.05));
    }

    fn glyph(&mut self, glyph: &Glyph<'_>, transform: Affine, visible: bool) -> Rect {
        let advance = match glyph {
            Glyph::Outline(outline) => outline.advance_width(),
            Glyph::Type3(drawn) => drawn.advance_width(),
        };
        let advance = f64::from(advance.unwrap_or(500.0));
        let bounds = transform.transform_rect_bbox(Rect::new(0.0, DESCENT, advance, ASCENT));
        let text = match glyph.as_unicode() {
            Some(BfString::Char(c)) => c.to_string(),
            Some(BfString::String(text)) => text,
            None => '\u{fffd}'.to_string(),
        };
        if self.observed.glyphs.len() < MOST_MARKS && bounds.overlaps(self.clip()) {
            let [a, b, c, d, ..] = transform.as_coeffs();
            let em = Vec2::new(c, d).length().max(Vec2::new(a, b).length() / 4.0) * EM;
            self.observed.glyphs.push(GlyphMark {
                text,
                start: transform * Point::ZERO,
                end: transform * Point::new(advance, 0.0),
                bounds,
                em,
                visible,
                order: self.observed.marks.len(),
            });
        }
        bounds
    }
}

impl<'a> Device<'a> for Observer {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        self.count_dashes(path, mode);
        self.painted(path.bounding_box(), &props, mode);
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        let clip = clip.path.bounding_box().intersect(self.clip());
        self.clips.push(clip);
    }

    fn push_transparency_group(
        &mut self,
        opacity: f32,
        mask: Option<SoftMask<'a>>,
        blend: BlendMode,
    ) {
        self.groups.push(opacity > 0.99 && mask.is_none() && blend == BlendMode::Normal);
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        let visible = !matches!(mode, DrawMode::Invisible);
        let mut bounds: Option<Rect> = None;
        for glyph in run.glyphs() {
            let place = self.glyph(glyph, props.transform * glyph.transform(), visible);
            let blank = matches!(glyph.as_unicode(), Some(BfString::Char(c)) if c.is_whitespace());
            if !blank {
                bounds = Some(bounds.map_or(place, |held| held.union(place)));
            }
        }
        if let Some(bounds) = bounds.filter(|_| visible) {
            self.mark(MarkKind::Text, bounds);
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let number = self.observed.images;
        self.observed.images += 1;
        let (width, height) = (image.width(), image.height());
        let whole = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
        let bounds = props.transform.transform_rect_bbox(whole);
        let stream = match &image {
            Image::Raster(raster) => raster.stream(),
            Image::Stencil(stencil) => stencil.stream(),
        };
        self.check_image(stream);
        let dict = stream.dict();
        let finest = finest(stream, (width, height));
        let masked = ["SMask", "Mask"].iter().any(|key| dict.contains_key(key))
            || dict.get::<i32>("SMaskInData").unwrap_or(0) != 0;
        // Two points of slack: clips are often rounded to whole points.
        let clipped = self.clips.iter().skip(1).any(|clip| {
            let shown = bounds.intersect(self.clips[0]);
            !clip.inflate(2.0, 2.0).contains_rect(shown)
        });
        let plain = !masked
            && !clipped
            && props.soft_mask.is_none()
            && props.blend_mode == BlendMode::Normal
            && self.groups.iter().all(|opaque| *opaque);
        let mark = ImageMark { number, width, height, finest, transform: props.transform, plain };
        self.mark(MarkKind::Image(mark), bounds);
    }

    fn pop_clip(&mut self) {
        if self.clips.len() > 1 {
            self.clips.pop();
        }
    }

    fn pop_transparency_group(&mut self) {
        self.groups.pop();
    }
}
