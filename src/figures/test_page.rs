//! A figure as a reader of its SVG finds it, for the tests.

use roxmltree::{Document, Node};

use super::color::Color;
use super::drawing::Area;
use super::figure::Figure;
use super::font::{Weight, text_width_px};

pub(crate) struct Page {
    svg: String,
}

impl Page {
    pub(crate) fn of(figure: &Figure) -> Self {
        Self { svg: figure.drawing.to_svg() }
    }

    /// Saves the figure where `AVAR_FIGURES` says, to be looked at.
    pub(crate) fn keep(figure: &Figure, name: &str) {
        if let Some(folder) = std::env::var_os("AVAR_FIGURES") {
            figure.save(&std::path::Path::new(&folder).join(name)).unwrap();
        }
    }

    /// The texts of a role, in the order in which they are painted.
    pub(crate) fn texts(&self, role: &str) -> Vec<String> {
        self.each(role, |node| node.text().unwrap_or_default().to_owned())
    }

    pub(crate) fn all_text(&self) -> String {
        let document = self.document();
        let texts = document.descendants().filter(|node| node.has_tag_name("text"));
        texts.filter_map(|node| node.text()).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn attributes(&self, role: &str, name: &str) -> Vec<String> {
        self.each(role, |node| node.attribute(name).unwrap_or_default().to_owned())
    }

    pub(crate) fn count(&self, role: &str) -> usize {
        self.each(role, |_| ()).len()
    }

    /// Rectangles of a role.
    pub(crate) fn areas(&self, role: &str) -> Vec<Area> {
        self.each(role, |node| {
            let [left, top, width, height] = ["x", "y", "width", "height"].map(|name| number(node, name));
            Area::new(left, top, width, height)
        })
    }

    /// Where texts of a role stand.
    pub(crate) fn places(&self, role: &str) -> Vec<(f64, f64)> {
        self.each(role, |node| (number(node, "x"), number(node, "y")))
    }

    pub(crate) fn color(hex: &str) -> Color {
        let channel = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        Color([channel(1), channel(3), channel(5)])
    }

    /// Measures every text in the bundled font, turned ones along their own direction.
    #[track_caller]
    pub(crate) fn assert_text_within(&self) {
        let document = self.document();
        let root = document.root_element();
        let (width, height) = (number(root, "width"), number(root, "height"));
        for node in root.children().filter(|node| node.has_tag_name("text")) {
            let text = node.text().unwrap_or_default();
            let (x, y) = (number(node, "x"), number(node, "y"));
            let weight = if node.attribute("font-weight").is_some() { Weight::Bold } else { Weight::Regular };
            let length = text_width_px(text, number(node, "font-size"), weight);
            let before = match node.attribute("text-anchor") {
                None => 0.0,
                Some("middle") => length / 2.0,
                Some(_) => length,
            };
            let turned: f64 = node
                .attribute("transform")
                .map_or(0.0, |turn| turn.trim_start_matches("rotate(").split(' ').next().unwrap().parse().unwrap());
            let (sin, cos) = turned.to_radians().sin_cos();
            for along in [-before, length - before] {
                let (end_x, end_y) = (x + along * cos, y + along * sin);
                let is_within = (0.0..=width).contains(&end_x) && (0.0..=height).contains(&end_y);
                assert!(is_within, "\"{text}\" reaches {end_x:.0}, {end_y:.0} of {width} x {height}");
            }
        }
    }

    fn document(&self) -> Document<'_> {
        Document::parse(&self.svg).unwrap()
    }

    fn each<T>(&self, role: &str, of: impl Fn(Node) -> T) -> Vec<T> {
        let document = self.document();
        document.descendants().filter(|node| node.attribute("class") == Some(role)).map(of).collect()
    }
}

fn number(node: Node, name: &str) -> f64 {
    node.attribute(name).unwrap_or("0").parse().unwrap()
}
