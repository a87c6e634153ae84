//! A drawing as a PNG picture, at twice its size, in the bundled font: the same pixels on every machine. Letters that
//! it lacks, as in the name of a recording, are drawn in the system's fonts.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{FilterQuality, Pixmap, PixmapPaint, Transform};
use resvg::usvg::{FontResolver, Options, Tree, fontdb};

use super::drawing::{Drawing, Outline, PlacedPicture, RgbPicture};
use super::font::{BOLD, FAMILY, REGULAR, is_bundled};
use super::svg::Families;
use avar_fonts::SystemFonts;

/// Pixels of the picture for each of the drawing.
pub(crate) const SCALE: f32 = 2.0;

/// No figure is wider or taller, in its own pixels: memory for larger ones may not be there.
const LONGEST_PX: f64 = 8192.0;

/// Of the system's fonts for one picture.
const MOST_FONT_BYTES: u64 = 96 << 20;

/// Why a drawing has no picture.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum RasterError {
    /// Wider or taller than any figure.
    #[error("the drawing of {width_px:.0} x {height_px:.0} pixels is too large for a picture; save it as SVG")]
    TooLarge { width_px: f64, height_px: f64 },
    /// It cannot be rendered or encoded.
    #[error("the drawing cannot be made a picture ({reason}); save it as SVG")]
    Drawing { reason: String },
}

impl Drawing {
    /// The bytes of a PNG file.
    pub fn to_png(&self) -> Result<Vec<u8>, RasterError> {
        let canvas = self.raster(SCALE, Some(resvg::tiny_skia::Color::WHITE))?;
        canvas.encode_png().map_err(|error| RasterError::Drawing { reason: error.to_string() })
    }

    /// So many pixels for each of the drawing, on a ground or on none.
    pub(super) fn raster(&self, scale: f32, ground: Option<resvg::tiny_skia::Color>) -> Result<Pixmap, RasterError> {
        let failed = |reason: String| RasterError::Drawing { reason };
        let too_large = || RasterError::TooLarge { width_px: self.width_px, height_px: self.height_px };
        if self.width_px.max(self.height_px) > LONGEST_PX {
            return Err(too_large());
        }
        let size = |length_px: f64| (length_px * f64::from(scale)).ceil() as u32;
        let mut canvas = Pixmap::new(size(self.width_px), size(self.height_px)).ok_or_else(too_large)?;
        ground.into_iter().for_each(|color| canvas.fill(color));
        for placed in &self.pictures {
            paint(&mut canvas, placed, scale);
        }
        let (fontdb, families) = self.fonts();
        // Each letter's family is named: a font found for one must not draw the whole line.
        let font_resolver = FontResolver { select_fallback: Box::new(|_, _, _| None), ..FontResolver::default() };
        let options = Options { font_family: FAMILY.to_owned(), fontdb, font_resolver, ..Options::default() };
        let svg = self.shapes_to_svg(&families);
        let tree = Tree::from_str(&svg, &options).map_err(|error| failed(error.to_string()))?;
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut canvas.as_mut());
        Ok(canvas)
    }

    /// The bundled fonts, and of the system's those that are needed besides.
    fn fonts(&self) -> (Arc<fontdb::Database>, Families) {
        let texts = self.shapes.iter().filter_map(|shape| match &shape.outline {
            Outline::Text(line) => Some(&line.text),
            _ => None,
        });
        let letters = texts.flat_map(|text| text.chars());
        let lacking: BTreeSet<char> = letters.filter(|letter| !is_bundled(*letter) && !letter.is_control()).collect();
        let (mut fonts, mut families) = (bundled_fonts(), Families::new());
        if lacking.is_empty() {
            return (fonts, families);
        }
        for (face, letters) in SystemFonts::shared().cover(&lacking, MOST_FONT_BYTES).faces {
            Arc::make_mut(&mut fonts).load_font_source(fontdb::Source::Binary(face.file));
            families.extend(letters.into_iter().map(|letter| (letter, face.family.clone())));
        }
        (fonts, families)
    }
}

fn bundled_fonts() -> Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let load = || {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(REGULAR.to_vec());
        fonts.load_font_data(BOLD.to_vec());
        Arc::new(fonts)
    };
    FONTS.get_or_init(load).clone()
}

fn paint(canvas: &mut Pixmap, PlacedPicture { picture, at, .. }: &PlacedPicture, scale: f32) {
    let Some(pixels) = opaque(picture) else { return };
    let (across, down) = (at.width as f32 / picture.width_px as f32, at.height as f32 / picture.height_px as f32);
    let place = Transform::from_row(across, 0.0, 0.0, down, at.left as f32, at.top as f32).post_scale(scale, scale);
    let smooth = PixmapPaint { quality: FilterQuality::Bilinear, ..PixmapPaint::default() };
    canvas.draw_pixmap(0, 0, pixels.as_ref(), &smooth, place, None);
}

fn opaque(picture: &RgbPicture) -> Option<Pixmap> {
    let mut pixels = Pixmap::new(picture.width_px, picture.height_px)?;
    for (target, source) in pixels.data_mut().chunks_exact_mut(4).zip(picture.rgb.chunks_exact(3)) {
        target[..3].copy_from_slice(source);
        target[3] = 0xff;
    }
    Some(pixels)
}

#[cfg(test)]
mod tests {
    use super::super::color::Color;
    use super::super::drawing::{Area, Style, Text};
    use super::*;

    fn pixels(drawing: &Drawing) -> image::RgbImage {
        image::load_from_memory(&drawing.to_png().unwrap()).unwrap().to_rgb8()
    }

    #[test]
    fn shapes_and_pictures_lie_where_they_were_put() {
        let mut drawing = Drawing::new(40.0, 20.0);
        let picture = RgbPicture::new(1, 1, vec![0, 0, 255]).unwrap();
        let at = Area::new(20.0, 0.0, 20.0, 20.0);
        drawing.pictures.push(PlacedPicture { picture, at, label: String::new() });
        drawing.rectangle("cell", Area::new(0.0, 0.0, 10.0, 20.0), Style::filled(Color([255, 0, 0])));
        let picture = pixels(&drawing);
        assert_eq!(picture.dimensions(), (80, 40));
        assert_eq!(picture.get_pixel(10, 20).0, [255, 0, 0]);
        assert_eq!(picture.get_pixel(30, 20).0, [255, 255, 255]);
        assert_eq!(picture.get_pixel(60, 20).0, [0, 0, 255]);
    }

    #[test]
    fn text_is_drawn_in_the_bundled_font_as_wide_as_it_is_measured() {
        let mut drawing = Drawing::new(200.0, 30.0);
        drawing.text("label", Text::new((0.0, 20.0), "HHHHHHHH", 16.0).bold(), Color::INK);
        let picture = pixels(&drawing);
        let dark = picture.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] < 128).map(|(x, _, _)| x).max();
        let measured = super::super::font::text_width_px("HHHHHHHH", 16.0, super::super::font::Weight::Bold);
        let drawn = f64::from(dark.unwrap()) / f64::from(SCALE);
        assert!((drawn - measured).abs() < 3.0, "{drawn} {measured}");
    }

    fn of_text(text: &str) -> image::RgbImage {
        let mut drawing = Drawing::new(200.0, 30.0);
        drawing.text("label", Text::new((4.0, 20.0), text, 16.0), Color::INK);
        pixels(&drawing)
    }

    #[test]
    fn letters_that_the_bundled_font_lacks_are_drawn_with_the_system_s() {
        for (one, other) in [("א", "ב"), ("ع", "م"), ("ก", "ข"), ("क", "न"), ("停", "車"), ("감", "시")]
        {
            let letters: BTreeSet<char> = one.chars().chain(other.chars()).collect();
            if !SystemFonts::shared().cover(&letters, u64::MAX).missing.is_empty() {
                assert!(std::env::var_os("AVAR_REQUIRE").is_none_or(|value| value != "1"), "no font has {letters:?}");
                eprintln!("SKIPPED: no font of this system has {letters:?}");
                continue;
            }
            // As boxes both would be the same.
            assert!(of_text(one) != of_text(other), "{letters:?}");
            // Beside Latin letters too, which stay in the bundled font.
            let latin_px = |picture: &image::RgbImage| image::imageops::crop_imm(picture, 0, 0, 60, 60).to_image();
            let (name, latin) = (of_text(&format!("cam-1 {one}{other}.mp4")), of_text("cam-1"));
            assert!(latin_px(&name) == latin_px(&latin), "{letters:?}");
        }
    }

    #[test]
    fn a_drawing_that_no_memory_holds_is_refused_in_a_sentence() {
        let sentence = Drawing::new(1e6, 10.0).to_png().unwrap_err().to_string();
        assert!(sentence.contains("1000000 x 10") && sentence.contains("SVG"), "{sentence}");
    }
}
