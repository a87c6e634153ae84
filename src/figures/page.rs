//! What the HTML pages of this program share: one HTML file each, with no script, and with no font and no picture from
//! elsewhere; light or dark as the reader's system is; to be printed on A4.

use std::sync::LazyLock;

use super::font::FACES;

pub use super::svg::XmlEscaper;

/// The fonts and the style sheet, for a `style` element.
pub fn style() -> &'static str {
    static STYLE: LazyLock<String> = LazyLock::new(|| format!("{}{}", *FACES, include_str!("report.css")));
    &STYLE
}
