//! Problems that concern nothing on screen in particular, over the foot of what is shown: nothing moves for them.

use eframe::egui::{self, Color32, Label, Rect, RichText, Ui, UiBuilder, vec2};

const HEIGHT: f32 = 36.0;
const TEXT: Color32 = Color32::from_rgb(0xf4, 0x8a, 0x7d);

/// Draws them and returns the place of the one that was put aside.
pub fn show(ui: &mut Ui, over: Rect, notices: &[String]) -> Option<usize> {
    let height = HEIGHT * notices.len() as f32;
    let rect = Rect::from_min_size(over.left_bottom() - vec2(0.0, height), vec2(over.width(), height));
    let mut dismissed = None;
    ui.scope_builder(UiBuilder::new().max_rect(rect).id_salt("notices"), |ui| {
        for (place, notice) in notices.iter().enumerate() {
            egui::Frame::new().fill(Color32::from_black_alpha(0xd0)).inner_margin(6).show(ui, |ui| {
                ui.horizontal(|ui| {
                    if ui.small_button("Dismiss").on_hover_text("Put this message aside").clicked() {
                        dismissed = Some(place);
                    }
                    ui.add(Label::new(RichText::new(notice).color(TEXT)).truncate()).on_hover_text(notice);
                });
            });
        }
    });
    dismissed
}
