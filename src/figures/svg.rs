//! A drawing as SVG: the same drawing gives the same bytes.

use std::collections::HashMap;
use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use unicode_width::UnicodeWidthChar;

use super::drawing::{Anchor, Drawing, Outline, PlacedPicture, RgbPicture, Shape, Style, Text};
use super::font::{FACES, FAMILIES, Weight};

/// The family of letters that the bundled font lacks.
pub(super) type Families = HashMap<char, String>;

impl Drawing {
    /// On white, with its font, and with title and description for those who cannot see it.
    pub fn to_svg(&self) -> String {
        self.on_white(&format!("<style>{}</style>\n", *FACES))
    }

    /// As [`Self::to_svg`], for a page that brings the font ([`page::style`](crate::page::style)).
    pub fn to_inline_svg(&self) -> String {
        self.on_white("")
    }

    fn on_white(&self, style: &str) -> String {
        let background = "<rect class=\"background\" width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
        let pictures: String = self.pictures.iter().map(picture_element).collect();
        self.document(&format!("{style}{background}{pictures}"), &Families::new())
    }

    /// Without background and pictures, which are painted below it by other means, and with the family named for each
    /// letter that the bundled font lacks: a viewer finds one by itself.
    pub(super) fn shapes_to_svg(&self, families: &Families) -> String {
        self.document("", families)
    }

    fn document(&self, below: &str, families: &Families) -> String {
        let (width, height) = (number(self.width_px), number(self.height_px));
        let (title, description) = (escaped(&self.title), escaped(&self.description));
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"{FAMILIES}\">\n\
             <title>{title}</title>\n<desc>{description}</desc>\n{below}"
        );
        for shape in &self.shapes {
            write_shape(&mut text, shape, families);
        }
        text.push_str("</svg>\n");
        text
    }
}

fn picture_element(PlacedPicture { picture, at, label }: &PlacedPicture) -> String {
    format!(
        "<image class=\"picture\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
         href=\"data:image/png;base64,{}\"><title>{}</title></image>\n",
        number(at.left),
        number(at.top),
        number(at.width),
        number(at.height),
        BASE64_STANDARD.encode(png_bytes(picture)),
        escaped(label)
    )
}

fn png_bytes(picture: &RgbPicture) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(&picture.rgb, picture.width_px, picture.height_px, ExtendedColorType::Rgb8)
        .expect("a picture has as many bytes as pixels, and memory takes them");
    bytes
}

// Writing to a String cannot fail.
fn write_shape(text: &mut String, Shape { role, outline, style }: &Shape, families: &Families) {
    let points = |points: &[(f64, f64)]| {
        points.iter().map(|(x, y)| format!("{},{}", number(*x), number(*y))).collect::<Vec<_>>().join(" ")
    };
    let paint = attributes(style);
    _ = match outline {
        Outline::Rectangle(area) => writeln!(
            text,
            "<rect class=\"{role}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{paint}/>",
            number(area.left),
            number(area.top),
            number(area.width),
            number(area.height)
        ),
        Outline::Line { from, to } => writeln!(
            text,
            "<line class=\"{role}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"{paint}/>",
            number(from.0),
            number(from.1),
            number(to.0),
            number(to.1)
        ),
        Outline::Polyline(line) => {
            writeln!(text, "<polyline class=\"{role}\" points=\"{}\"{paint} stroke-linejoin=\"round\"/>", points(line))
        }
        Outline::Polygon(corners) => {
            writeln!(text, "<polygon class=\"{role}\" points=\"{}\"{paint}/>", points(corners))
        }
        Outline::Circle { center, radius } => writeln!(
            text,
            "<circle class=\"{role}\" cx=\"{}\" cy=\"{}\" r=\"{}\"{paint}/>",
            number(center.0),
            number(center.1),
            number(*radius)
        ),
        Outline::Text(line) => writeln!(text, "{}", text_element(role, line, &paint, families)),
    };
}

fn text_element(role: &str, line: &Text, paint: &str, families: &Families) -> String {
    let (x, y) = (number(line.at.0), number(line.at.1));
    let anchor = match line.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let weight = if line.weight == Weight::Bold { " font-weight=\"700\"" } else { "" };
    let turn = match line.turned_deg {
        0.0 => String::new(),
        turned => format!(" transform=\"rotate({} {x} {y})\"", number(turned)),
    };
    let size = number(line.size_px);
    let content = in_families(&line.text, families);
    format!(
        "<text class=\"{role}\" x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{weight}{anchor}{turn}{paint}>{content}</text>"
    )
}

/// Each letter in its family, and what is written above it or below with it.
fn in_families(text: &str, families: &Families) -> String {
    let mut runs: Vec<(Option<&str>, String)> = Vec::new();
    for letter in text.chars() {
        let family = families.get(&letter).map(String::as_str);
        match runs.last_mut() {
            Some((last, run)) if *last == family || letter.width() == Some(0) => run.push(letter),
            _ => runs.push((family, letter.to_string())),
        }
    }
    let Some(first) = runs.iter().find_map(|(family, _)| *family) else { return escaped(text) };
    let span = |family: &str, run: &str| format!("<tspan font-family=\"'{}'\">{run}</tspan>", escaped(family));
    // The renderer shapes the whole line in each family and takes over what differs from the first one letter by
    // letter, so the first one must be that of the script in which letters join.
    let lead = span(first, "\u{200b}");
    let rest = runs.iter().map(|(family, run)| match family {
        Some(family) => span(family, &escaped(run)),
        None => escaped(run),
    });
    std::iter::once(lead).chain(rest).collect()
}

fn attributes(style: &Style) -> String {
    let mut text = match style.fill {
        Some(fill) => format!(" fill=\"{}\"", fill.hex()),
        None => " fill=\"none\"".to_owned(),
    };
    if let Some(stroke) = style.stroke {
        _ = write!(text, " stroke=\"{}\" stroke-width=\"{}\"", stroke.hex(), number(style.stroke_px));
    }
    if let Some((dash, gap)) = style.dash_px {
        _ = write!(text, " stroke-dasharray=\"{} {}\"", number(dash), number(gap));
    }
    if style.opacity < 1.0 {
        _ = write!(text, " opacity=\"{}\"", number(style.opacity));
    }
    text
}

/// At most two decimals: a hundredth of a pixel is not seen.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// As text or attribute of XML; control characters, which XML cannot hold, become a sign that something was there, and so
/// do marks that turn the order of letters around: a name would read as what it is not.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' | '\r' => safe.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => safe.push('\u{fffd}'),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            letter => safe.push(letter),
        }
    }
    safe
}

/// Escapes text for the templates of pages, and shows what would hide in it.
#[derive(Clone, Copy)]
pub struct XmlEscaper;

impl askama::filters::Escaper for XmlEscaper {
    fn write_escaped_str<W: std::fmt::Write>(&self, mut dest: W, text: &str) -> std::fmt::Result {
        dest.write_str(&escaped(text))
    }
}

#[cfg(test)]
mod tests {
    use super::super::color::Color;
    use super::super::drawing::Area;
    use super::*;

    fn drawing() -> Drawing {
        let mut drawing = Drawing { title: "A & B".to_owned(), ..Drawing::new(100.0, 50.5) };
        drawing.rectangle("cell", Area::new(1.0, 2.0, 3.25, 4.0), Style::filled(Color([1, 2, 255])));
        drawing.line("axis", (0.0, 0.0), (9.0, -0.001), Style::stroked(Color::INK, 1.5).dashed(4.0, 2.0));
        drawing.add("curve", Outline::Polyline(vec![(0.0, 1.0), (2.0, 3.0)]), Style::stroked(Color::CURVE, 2.0));
        let line = Text::new((5.0, 6.0), "<clip> \"é\" & \u{7}", 12.0).bold().anchored(Anchor::End).turned(-90.0);
        drawing.text("label", line, Color::INK);
        let picture = RgbPicture::new(2, 1, vec![255, 0, 0, 0, 255, 0]).unwrap();
        drawing.pictures.push(PlacedPicture {
            picture,
            at: Area::new(0.0, 0.0, 20.0, 10.0),
            label: "frame 7".to_owned(),
        });
        drawing
    }

    #[test]
    fn text_stays_text_and_what_xml_reserves_is_escaped() {
        let svg = drawing().to_svg();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let text = document.descendants().find(|node| node.has_tag_name("text")).unwrap();
        assert_eq!(text.text(), Some("<clip> \"é\" & \u{fffd}"));
        assert_eq!(text.attribute("transform"), Some("rotate(-90 5 6)"));
        assert_eq!(document.root_element().first_element_child().unwrap().text(), Some("A & B"));
    }

    #[test]
    fn a_mark_in_a_name_does_not_turn_its_letters_around() {
        assert_eq!(escaped("invoice\u{202e}4pm.exe"), "invoice\u{fffd}4pm.exe");
        assert_eq!(escaped("تسجيل.mp4"), "تسجيل.mp4");
    }

    #[test]
    fn shapes_keep_their_places_and_colours() {
        let svg = drawing().to_svg();
        assert!(svg.contains("<rect class=\"cell\" x=\"1\" y=\"2\" width=\"3.25\" height=\"4\" fill=\"#0102ff\"/>"));
        assert!(
            svg.contains("y2=\"0\" fill=\"none\" stroke=\"#1c1c1c\" stroke-width=\"1.5\" stroke-dasharray=\"4 2\"")
        );
        assert!(svg.contains("points=\"0,1 2,3\"") && svg.contains("viewBox=\"0 0 100 50.5\""));
    }

    #[test]
    fn a_picture_is_a_png_within_the_file_and_says_what_it_is() {
        let svg = drawing().to_svg();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let image = document.descendants().find(|node| node.has_tag_name("image")).unwrap();
        let data = image.attribute("href").unwrap().strip_prefix("data:image/png;base64,").unwrap();
        let decoded = image::load_from_memory(&BASE64_STANDARD.decode(data).unwrap()).unwrap().to_rgb8();
        assert_eq!(decoded.into_raw(), [255, 0, 0, 0, 255, 0]);
        assert_eq!(image.first_element_child().unwrap().text(), Some("frame 7"));
    }

    #[test]
    fn letters_of_another_family_say_so_for_the_renderer_alone() {
        let mut drawing = Drawing::new(100.0, 50.0);
        drawing.text("label", Text::new((0.0, 0.0), "1 กี 2", 12.0), Color::INK);
        let families = Families::from([('ก', "Noto Sans Thai".to_owned())]);
        let svg = drawing.shapes_to_svg(&families);
        assert!(svg.contains("</tspan>1 <tspan font-family=\"'Noto Sans Thai'\">กี</tspan> 2</text>"), "{svg}");
        assert!(drawing.to_svg().contains(">1 กี 2</text>"));
    }

    #[test]
    fn the_same_drawing_gives_the_same_bytes() {
        assert_eq!(drawing().to_svg(), drawing().to_svg());
    }
}
