//! A vector drawing: shapes in pixels from the top left corner, text as text, pictures below everything else.
//!
//! Every shape has a role, which becomes its class in SVG: an editor can pick all cells, a test can find them.

use super::color::Color;
use super::font::Weight;

/// Shapes in the order in which they are painted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    /// In the drawing's own pixels, of which a PNG has two for one.
    pub width_px: f64,
    /// In the drawing's own pixels, as the width.
    pub height_px: f64,
    /// What it is, for those who cannot see it.
    pub title: String,
    /// What it shows, in sentences.
    pub description: String,
    /// Painted before all shapes.
    pub pictures: Vec<PlacedPicture>,
    /// In the order in which they are painted, above the pictures.
    pub shapes: Vec<Shape>,
}

/// Eight bits of red, green and blue a pixel, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RgbPicture {
    /// Pixels of a row.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// `height_px * width_px * 3` bytes from the top left.
    pub rgb: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PlacedPicture {
    pub picture: RgbPicture,
    pub at: Area,
    /// For those who cannot see it.
    pub label: String,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// From the left edge of the drawing, in its pixels.
    pub left: f64,
    /// From the top edge of the drawing, in its pixels.
    pub top: f64,
    /// To the right, in pixels of the drawing.
    pub width: f64,
    /// Downwards, in pixels of the drawing.
    pub height: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub role: &'static str,
    pub outline: Outline,
    pub style: Style,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Outline {
    Rectangle(Area),
    Line { from: (f64, f64), to: (f64, f64) },
    Polyline(Vec<(f64, f64)>),
    Polygon(Vec<(f64, f64)>),
    Circle { center: (f64, f64), radius: f64 },
    Text(Text),
}

/// One line of text; `at` is on its baseline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    pub at: (f64, f64),
    pub text: String,
    pub size_px: f64,
    pub weight: Weight,
    pub anchor: Anchor,
    /// Clockwise about `at`.
    pub turned_deg: f64,
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anchor {
    #[default]
    Start,
    Middle,
    End,
}

/// Nothing is painted where there is neither fill nor stroke.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    pub fill: Option<Color>,
    pub stroke: Option<Color>,
    pub stroke_px: f64,
    /// Lengths of dash and gap.
    pub dash_px: Option<(f64, f64)>,
    /// 0 unseen to 1 solid.
    pub opacity: f64,
}

impl Default for Style {
    fn default() -> Self {
        Self { fill: None, stroke: None, stroke_px: 1.0, dash_px: None, opacity: 1.0 }
    }
}

impl Style {
    pub fn filled(color: Color) -> Self {
        Self { fill: Some(color), ..Self::default() }
    }

    pub fn stroked(color: Color, stroke_px: f64) -> Self {
        Self { stroke: Some(color), stroke_px, ..Self::default() }
    }

    pub fn with_stroke(self, color: Color, stroke_px: f64) -> Self {
        Self { stroke: Some(color), stroke_px, ..self }
    }

    pub fn dashed(self, dash_px: f64, gap_px: f64) -> Self {
        Self { dash_px: Some((dash_px, gap_px)), ..self }
    }

    pub fn with_opacity(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }
}

impl Area {
    /// By its top left corner and its size, in pixels of the drawing.
    pub fn new(left: f64, top: f64, width: f64, height: f64) -> Self {
        Self { left, top, width, height }
    }

    /// Its right edge, from the left edge of the drawing.
    pub fn right(self) -> f64 {
        self.left + self.width
    }

    /// Its bottom edge, from the top edge of the drawing.
    pub fn bottom(self) -> f64 {
        self.top + self.height
    }

    /// Its middle, from the left and from the top edge of the drawing.
    pub fn center(self) -> (f64, f64) {
        (self.left + self.width / 2.0, self.top + self.height / 2.0)
    }
}

impl Drawing {
    /// An empty drawing.
    pub fn new(width_px: f64, height_px: f64) -> Self {
        Self { width_px, height_px, ..Self::default() }
    }

    /// Paints `outline` above all that is there; `role` becomes its class in SVG.
    pub fn add(&mut self, role: &'static str, outline: Outline, style: Style) {
        self.shapes.push(Shape { role, outline, style });
    }

    /// As [`Self::add`], of a rectangle.
    pub fn rectangle(&mut self, role: &'static str, area: Area, style: Style) {
        self.add(role, Outline::Rectangle(area), style);
    }

    /// As [`Self::add`], of a straight line.
    pub fn line(&mut self, role: &'static str, from: (f64, f64), to: (f64, f64), style: Style) {
        self.add(role, Outline::Line { from, to }, style);
    }

    /// As [`Self::add`], of a line of text in `color`.
    pub fn text(&mut self, role: &'static str, text: Text, color: Color) {
        self.add(role, Outline::Text(text), Style::filled(color));
    }
}

impl Text {
    pub fn new(at: (f64, f64), text: impl Into<String>, size_px: f64) -> Self {
        Self { at, text: text.into(), size_px, ..Self::default() }
    }

    pub fn bold(self) -> Self {
        Self { weight: Weight::Bold, ..self }
    }

    pub fn anchored(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub fn turned(self, turned_deg: f64) -> Self {
        Self { turned_deg, ..self }
    }
}

impl RgbPicture {
    /// `None` where the bytes are not those of a picture of this size.
    pub fn new(width_px: u32, height_px: u32, rgb: Vec<u8>) -> Option<Self> {
        let bytes = u64::from(width_px) * u64::from(height_px) * 3;
        (bytes > 0 && bytes == rgb.len() as u64).then_some(Self { width_px, height_px, rgb })
    }
}
