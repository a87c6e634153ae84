//! A name with a number between 0 and 1: the name, a bar in its colour, the number.

use eframe::egui::{self, Align2, Color32, FontId, Painter, Rect, vec2};

use crate::theme::{self, Palette};

/// The places of the three parts across a row, in points from its edges.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    pub name_at: f32,
    pub bar_from: f32,
    /// From the right edge.
    pub bar_to: f32,
    pub bar_height: f32,
}

/// Draws one row; without a value there is a dash and no bar.
pub fn draw(
    painter: &Painter,
    rect: Rect,
    columns: Columns,
    (name, bar_color): (&str, Color32),
    value: Option<f32>,
    (text_color, palette): (Color32, &Palette),
) {
    let font = FontId::proportional(theme::SMALL_TEXT);
    let name_at = rect.left_center() + vec2(columns.name_at, 0.0);
    painter.text(name_at, Align2::LEFT_CENTER, name, font, text_color);
    let mono = theme::mono(theme::SMALL_TEXT);
    painter.text(rect.right_center(), Align2::RIGHT_CENTER, text_of(value), mono, text_color);
    let margin = (rect.height() - columns.bar_height) / 2.0;
    let track = egui::Rect::from_min_max(
        rect.left_top() + vec2(columns.bar_from, margin),
        rect.right_bottom() - vec2(columns.bar_to, margin),
    );
    painter.rect_filled(track, 2, palette.lane);
    if let Some(value) = value {
        let mut bar = track;
        bar.set_width((track.width() * value).max(1.0));
        painter.rect_filled(bar, 2, bar_color);
    }
}

/// The number as it is shown, and read out.
pub fn text_of(value: Option<f32>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"))
}
