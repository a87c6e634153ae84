//! What the picture on screen is called, large enough for the last row.

use eframe::egui::{Align2, FontId, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::TEXT;
use crate::state::State;
use crate::theme;
use avar_labels::AnomalyClass;

pub(super) const HEIGHT: f32 = 92.0;
const CLASS_TEXT: f32 = 44.0;
const DETAIL_TEXT: f32 = 20.0;

pub(super) fn show(ui: &mut Ui, state: &State) {
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    let step = state.step_on_screen();
    let (class, score) = match step {
        Some(step) => (state.class_called(step), format!("anomaly score {:.2}", step.anomaly())),
        None => (AnomalyClass::Normal, String::new()),
    };
    let is_alarm = step.is_some_and(|step| state.is_above_threshold(step));
    let title = if class == AnomalyClass::Normal { "Nothing unusual" } else { class.label() };
    let doubt = doubt(state, class, is_alarm);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{title}, {score}. {doubt}")));
    let painter = ui.painter();
    let swatch = Rect::from_center_size(pos2(rect.left() + 6.0, rect.center().y), vec2(12.0, 56.0));
    painter.rect_filled(swatch, 3, theme::DARK.class_color(class));
    let color = if is_alarm { theme::DARK.alarm } else { TEXT };
    let title_at = pos2(swatch.right() + 16.0, rect.center().y);
    painter.text(title_at, Align2::LEFT_CENTER, title, FontId::proportional(CLASS_TEXT), color);
    let font = FontId::proportional(DETAIL_TEXT);
    painter.text(rect.right_center() - vec2(0.0, 14.0), Align2::RIGHT_CENTER, score, font.clone(), TEXT);
    painter.text(rect.right_center() + vec2(0.0, 14.0), Align2::RIGHT_CENTER, doubt, font, TEXT);
}

/// Why the room should not believe the caption; empty where there is no reason.
fn doubt(state: &State, class: AnomalyClass, is_alarm: bool) -> &'static str {
    match (state.weights_warning(), state.card()) {
        ("", Some(card)) if is_alarm && !card.validation_of(class).is_on_real_recordings() => {
            card.validation_of(class).label()
        }
        (warning, _) => warning,
    }
}
