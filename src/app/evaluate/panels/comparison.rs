//! Run B minus run A, class by class, with the 95 % interval of each difference.

use eframe::egui::{Align2, FontId, Rect, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::controls::nothing;
use crate::evaluate::state::EvaluateState;
use crate::theme;
use avar_base::wording::counted;
use avar_metrics::difference::{Difference, Differences};

const NAMES_WIDTH: f32 = 84.0;
/// Left of its number a difference is drawn on a scale from −WIDEST to WIDEST.
const WIDEST: f64 = 0.5;

pub(super) fn show(ui: &mut Ui, state: &EvaluateState) {
    let Some(differences) = state.comparison.differences.as_deref() else {
        return nothing(ui, "Drawing a thousand samples of both runs …");
    };
    let palette = theme::palette(ui);
    let Differences { clips, groups, .. } = differences;
    let working = if state.comparison.is_working { ", working …" } else { "" };
    let text = format!("{} of {} in both{working}", counted(*clips, "clip"), counted(*groups, "source"));
    ui.label(RichText::new(text).small().color(palette.weak_text)).on_hover_text(
        "B − A on the shown clips that both have. Lines are 95 % intervals of the difference over a thousand samples of \
         sources, the same for both runs; where one leaves out zero it is strong.",
    );
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, Sense::hover());
    let rows = differences.classes.len() as f32 + 2.0;
    let height = (area.height() / rows).min(22.0);
    let width = (area.width() - NAMES_WIDTH) / 3.0;
    for (column, name) in ["Δ recall", "Δ F1", "Δ AP"].into_iter().enumerate() {
        let at = pos2(area.left() + NAMES_WIDTH + (column as f32 + 1.0) * width, area.top() + height / 2.0);
        ui.painter().text(at, Align2::RIGHT_CENTER, name, FontId::proportional(11.0), palette.weak_text);
    }
    let mut row = |place: usize, name: &str, cells: [(&str, Option<&Difference>); 3]| {
        let top = area.top() + (place as f32 + 1.0) * height;
        let font = FontId::proportional(theme::SMALL_TEXT.min(height - 2.0));
        ui.painter().text(pos2(area.left(), top + height / 2.0), Align2::LEFT_CENTER, name, font, palette.text);
        for (column, (metric, difference)) in cells.into_iter().enumerate() {
            let left = area.left() + NAMES_WIDTH + column as f32 * width;
            let rect = Rect::from_min_size(pos2(left, top), vec2(width, height));
            if let Some(difference) = difference {
                cell(ui, rect, &format!("{name}, {metric}"), difference);
            }
        }
    };
    for (place, of) in differences.classes.iter().enumerate() {
        let cells = [("recall", Some(&of.recall)), ("F1", Some(&of.f1)), ("AP", Some(&of.average_precision))];
        row(place, of.class.label(), cells);
    }
    let means = [("recall", Some(&differences.balanced_accuracy)), ("F1", Some(&differences.macro_f1)), ("AP", None)];
    row(differences.classes.len(), "Mean", means);
}

fn cell(ui: &mut Ui, rect: Rect, name: &str, difference: &Difference) {
    let palette = theme::palette(ui);
    let text = difference.value.value().map_or("–".to_owned(), signed);
    let color = if difference.is_clear() { palette.text } else { palette.weak_text };
    let font = theme::mono(theme::SMALL_TEXT.min(rect.height() - 2.0));
    ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, &text, font, color);
    let scale = Rect::from_min_max(rect.min + vec2(10.0, 0.0), rect.max - vec2(40.0, 0.0));
    let x = |value: f64| scale.center().x + (value / WIDEST).clamp(-1.0, 1.0) as f32 * scale.width() / 2.0;
    if scale.width() > 12.0 {
        ui.painter().vline(x(0.0), rect.y_range(), Stroke::new(1.0, palette.hairline));
        let bounds = (difference.interval.low.value(), difference.interval.high.value());
        if let (Some(low), Some(high), Some(value)) = (bounds.0, bounds.1, difference.value.value()) {
            let stroke = Stroke::new(if difference.is_clear() { 2.0 } else { 1.0 }, color);
            ui.painter().hline(x(low)..=x(high), rect.center().y, stroke);
            ui.painter().circle_filled(pos2(x(value), rect.center().y), 2.5, color);
        }
    }
    let response = ui.interact(rect, ui.scope_id().with(name), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name}: B − A {text}")));
    if response.hovered() {
        response.on_hover_text(words(name, difference));
    }
}

fn words(name: &str, difference: &Difference) -> String {
    let two = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.2}"));
    let interval = match (difference.interval.low.value(), difference.interval.high.value()) {
        (Some(low), Some(high)) => format!("95 % interval {} to {}", signed(low), signed(high)),
        _ => {
            let reason = difference.interval.low.reason().map(|reason| reason.to_string()).unwrap_or_default();
            format!("No interval: {reason}")
        }
    };
    let reason = difference.value.reason().map(|reason| format!("\nNo value: {reason}")).unwrap_or_default();
    format!("{name}: A {}, B {}\n{interval}{reason}", two(difference.first.value()), two(difference.second.value()))
}

fn signed(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    let sign = if rounded < 0.0 { "−" } else { "+" };
    format!("{sign}{:.2}", rounded.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_always_has_a_sign() {
        assert_eq!([0.123, -0.5, 0.0, -0.001].map(signed), ["+0.12", "−0.50", "+0.00", "+0.00"]);
    }
}
