//! A ring about what the keyboard is on: every widget has it, also one that shows nothing of its own.

use eframe::egui::{Context, CornerRadius, Stroke, StrokeKind};

use super::theme;

const WIDTH: f32 = 2.0;

/// Drawn when everything else of the frame has been.
pub fn draw(ctx: &Context, palette: &theme::Palette) {
    let focused = ctx.memory(|memory| memory.focused()).and_then(|id| ctx.read_response(id));
    let Some(response) = focused.filter(|response| response.rect.is_positive()) else { return };
    let painter = ctx.layer_painter(response.layer_id);
    // Within its place where that is cut off, as by the edge of a list.
    let rect = response.rect.intersect(response.interact_rect.expand(WIDTH));
    painter.rect_stroke(rect, CornerRadius::same(3), Stroke::new(WIDTH, palette.accent), StrokeKind::Outside);
}
