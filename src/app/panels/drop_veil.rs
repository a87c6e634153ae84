//! While files are held over the window: what letting go of them would do.

use eframe::egui::{Align2, Color32, Context, FontId, Id, LayerId, Order, Stroke, StrokeKind};

use crate::state::Mode;
use crate::theme;
use avar_base::wording::counted;

pub fn show(ctx: &Context, mode: Mode) {
    let held = ctx.input(|input| input.raw.hovered_files.len());
    if held == 0 {
        return;
    }
    let files = counted(held, "file");
    let text = match mode {
        Mode::Review | Mode::Present => {
            format!("Let go to open {files}: recordings, folders, reviews, annotations, runs")
        }
        Mode::Evaluate => format!("Let go to open {files}: runs, or manifests to be evaluated"),
    };
    let painter = ctx.layer_painter(LayerId::new(Order::Foreground, Id::unique("drop veil")));
    let rect = ctx.content_rect();
    painter.rect_filled(rect, 0, Color32::from_black_alpha(0xa0));
    let accent = theme::DARK.accent;
    painter.rect_stroke(rect.shrink(8.0), 8, Stroke::new(2.0, accent), StrokeKind::Inside);
    painter.text(rect.center(), Align2::CENTER_CENTER, text, FontId::proportional(theme::HEADING_TEXT), Color32::WHITE);
}
