//! Problems that concern nothing on screen in particular, over the foot of what is shown: nothing moves for them.

use eframe::egui::{Align, Color32, FontId, Label, Layout, Rect, RichText, Ui, UiBuilder, pos2};

use crate::theme;

const MARGIN: f32 = 6.0;
/// Of the button, and of the gap beside it.
const BUTTON: f32 = 72.0;
const TEXT: Color32 = Color32::from_rgb(0xf4, 0x8a, 0x7d);

/// Draws them, the newest lowest, and returns the place of the one that was put aside.
pub fn show(ui: &mut Ui, over: Rect, notices: &[String]) -> Option<usize> {
    let font = FontId::proportional(theme::BODY_TEXT);
    let text_width = over.width() - BUTTON - 2.0 * MARGIN;
    let height = |notice: &String| {
        let text = ui.painter().layout(notice.clone(), font.clone(), TEXT, text_width);
        text.size().y.max(ui.spacing().interact_size.y) + 2.0 * MARGIN
    };
    let heights: Vec<f32> = notices.iter().map(height).collect();
    let mut top = over.bottom() - heights.iter().sum::<f32>();
    let mut dismissed = None;
    for (place, (notice, height)) in notices.iter().zip(heights).enumerate() {
        let rect = Rect::from_min_max(pos2(over.left(), top), pos2(over.right(), top + height));
        top = rect.bottom();
        ui.painter().rect_filled(rect, 0, Color32::from_black_alpha(0xd8));
        let inner = UiBuilder::new().max_rect(rect.shrink(MARGIN)).layout(Layout::left_to_right(Align::Center));
        ui.scope_builder(inner.id_salt(("notice", place)), |ui| {
            if ui.small_button("Dismiss").on_hover_text("Put this message aside").clicked() {
                dismissed = Some(place);
            }
            ui.add(Label::new(RichText::new(notice).color(TEXT)).wrap());
        });
    }
    dismissed
}
