//! The lanes of the timeline: each draws one kind of data in its rectangle, on the time axis that all share.

pub mod class_strip;
pub mod decided;
pub mod score;
pub mod waveform;

use eframe::egui::{Align2, FontId, Rect, Ui, pos2};

use super::theme;

/// The name of a lane, in the gutter.
fn lane_name(ui: &Ui, lane: Rect, text: &str) {
    let at = pos2(lane.left() - theme::GAP, lane.top() + 1.0);
    let color = theme::palette(ui).weak_text;
    ui.painter().text(at, Align2::RIGHT_TOP, text, FontId::proportional(theme::SMALL_TEXT), color);
}
