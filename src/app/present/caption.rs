//! What the picture on screen is called, large enough for the last row.

use eframe::egui::{Align2, FontId, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::TEXT;
use crate::state::{Chapter, State};
use crate::theme;
use avar_labels::AnomalyClass;

pub(super) const HEIGHT: f32 = 92.0;
const CLASS_TEXT: f32 = 44.0;
const DETAIL_TEXT: f32 = 20.0;

pub(super) fn show(ui: &mut Ui, state: &State) {
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    let (step, chapter) = (state.step_on_screen(), state.chapter());
    let score = step.map_or(String::new(), |step| format!("anomaly score {:.2}", step.anomaly()));
    let class = chapter.map_or(AnomalyClass::Normal, |chapter| chapter.class);
    // As the chapter is called, and no verdict where there is none: a score below the threshold proves nothing.
    let title = chapter.map_or_else(|| "No event".to_owned(), Chapter::name);
    let is_alarm = chapter.is_some();
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
