//! A picture being drawn, in whatever unit its transform states: pixels for the scene, metres for what
//! stands in it. X points right, Y down.

use tiny_skia::{
    BlendMode, Color, FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Paint, Path, PathBuilder, Pixmap,
    PixmapPaint, Point, RadialGradient, Rect, Shader, SpreadMode, Stroke, Transform,
};

/// A colour, 0xRRGGBB, and how much of it is laid on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ink {
    pub rgb: u32,
    pub alpha: f32,
    /// Light brightens what is below it, paint covers it.
    pub is_light: bool,
}

impl Ink {
    pub(crate) const fn paint(rgb: u32) -> Self {
        Self { rgb, alpha: 1.0, is_light: false }
    }

    pub(crate) const fn light(rgb: u32) -> Self {
        Self { rgb, alpha: 1.0, is_light: true }
    }

    /// The same ink, darker (`share` below 1).
    pub(crate) fn shade(self, share: f32) -> Self {
        let [_, red, green, blue] = self.rgb.to_be_bytes().map(|channel| (f32::from(channel) * share) as u8);
        Self { rgb: u32::from_be_bytes([0, red, green, blue]), ..self }
    }

    pub(crate) const fn alpha(self, alpha: f32) -> Self {
        Self { alpha, ..self }
    }

    fn color(self) -> Color {
        let [_, red, green, blue] = self.rgb.to_be_bytes();
        let alpha = (self.alpha.clamp(0.0, 1.0) * 255.0).round() as u8;
        Color::from_rgba8(red, green, blue, alpha)
    }

    fn shaded(self, shader: Shader<'static>) -> Paint<'static> {
        let blend_mode = if self.is_light { BlendMode::Screen } else { BlendMode::SourceOver };
        Paint { shader, blend_mode, ..Paint::default() }
    }

    fn solid(self) -> Paint<'static> {
        self.shaded(Shader::SolidColor(self.color()))
    }
}

pub(crate) type Position = (f32, f32);

pub(crate) struct Canvas<'a> {
    pixels: &'a mut Pixmap,
    transform: Transform,
}

impl<'a> Canvas<'a> {
    /// In pixels of `pixels`.
    pub(crate) fn new(pixels: &'a mut Pixmap) -> Self {
        Self { pixels, transform: Transform::identity() }
    }

    /// The same picture with its origin at `(x, y)`, one unit `scale` long, turned clockwise by `turn_rad`.
    pub(crate) fn placed(&mut self, (x, y): Position, scale: f32, turn_rad: f32) -> Canvas<'_> {
        let local = Transform::from_rotate(turn_rad.to_degrees()).post_scale(scale, scale).post_translate(x, y);
        Canvas { transform: self.transform.pre_concat(local), pixels: &mut *self.pixels }
    }

    pub(crate) fn fill(&mut self, path: &Path, ink: Ink) {
        self.pixels.fill_path(path, &ink.solid(), FillRule::Winding, self.transform, None);
    }

    pub(crate) fn polygon(&mut self, corners: &[Position], ink: Ink) {
        if let Some(path) = outline(corners, true) {
            self.fill(&path, ink);
        }
    }

    pub(crate) fn rect(&mut self, (x, y): Position, width: f32, height: f32, ink: Ink) {
        if let Some(rect) = Rect::from_xywh(x, y, width, height) {
            self.fill(&PathBuilder::from_rect(rect), ink);
        }
    }

    pub(crate) fn ellipse(&mut self, (x, y): Position, radius_x: f32, radius_y: f32, ink: Ink) {
        let bounds = Rect::from_xywh(x - radius_x, y - radius_y, 2.0 * radius_x, 2.0 * radius_y);
        if let Some(path) = bounds.and_then(PathBuilder::from_oval) {
            self.fill(&path, ink);
        }
    }

    /// A line through `points` with round ends and corners.
    pub(crate) fn line(&mut self, points: &[Position], width: f32, ink: Ink) {
        if let Some(path) = outline(points, false) {
            self.stroke(&path, width, ink);
        }
    }

    pub(crate) fn stroke(&mut self, path: &Path, width: f32, ink: Ink) {
        let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
        self.pixels.stroke_path(path, &ink.solid(), &stroke, self.transform, None);
    }

    /// A rectangle whose colour runs from the top through `stops` (position 0 to 1, ink) to the bottom.
    pub(crate) fn vertical_gradient(&mut self, (x, y): Position, width: f32, height: f32, stops: &[(f32, Ink)]) {
        let corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)];
        self.gradient(&corners, (x, y), (x, y + height), stops);
    }

    /// A polygon whose colour runs from one point to another.
    pub(crate) fn gradient(&mut self, corners: &[Position], from: Position, to: Position, stops: &[(f32, Ink)]) {
        if let Some(path) = outline(corners, true) {
            self.fill_gradient(&path, from, to, stops);
        }
    }

    pub(crate) fn fill_gradient(&mut self, path: &Path, from: Position, to: Position, stops: &[(f32, Ink)]) {
        let colors = stops.iter().map(|(at, ink)| GradientStop::new(*at, ink.color())).collect();
        let (from, to) = (Point::from_xy(from.0, from.1), Point::from_xy(to.0, to.1));
        let shader = LinearGradient::new(from, to, colors, SpreadMode::Pad, Transform::identity());
        if let (Some(shader), Some((_, ink))) = (shader, stops.first()) {
            self.pixels.fill_path(path, &ink.shaded(shader), FillRule::Winding, self.transform, None);
        }
    }

    /// Another picture of the same size over this one.
    pub(crate) fn lay(&mut self, over: &Pixmap) {
        self.pixels.draw_pixmap(0, 0, over.as_ref(), &PixmapPaint::default(), Transform::identity(), None);
    }

    /// A soft ellipse that fades to nothing at its edge: a light's halo, a puff of smoke, a shadow.
    pub(crate) fn glow(&mut self, center: Position, radius_x: f32, radius_y: f32, ink: Ink) {
        let stops = [(0.0, 1.0), (0.25, 0.62), (0.5, 0.28), (0.75, 0.07), (1.0, 0.0)];
        let stops = stops.map(|(at, share)| GradientStop::new(at, ink.alpha(ink.alpha * share).color()));
        let origin = Point::from_xy(0.0, 0.0);
        let unit = Transform::from_scale(radius_x, radius_y).post_translate(center.0, center.1);
        let shader = RadialGradient::new(origin, 0.0, origin, 1.0, stops.to_vec(), SpreadMode::Pad, unit);
        let bounds = Rect::from_xywh(center.0 - radius_x, center.1 - radius_y, 2.0 * radius_x, 2.0 * radius_y);
        if let (Some(shader), Some(path)) = (shader, bounds.and_then(PathBuilder::from_oval)) {
            self.pixels.fill_path(&path, &ink.shaded(shader), FillRule::Winding, self.transform, None);
        }
    }
}

fn outline(points: &[Position], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    let (first, rest) = points.split_first()?;
    path.move_to(first.0, first.1);
    rest.iter().for_each(|point| path.line_to(point.0, point.1));
    if closed {
        path.close();
    }
    path.finish()
}
