//! The table of classes: precision, recall, F1, average precision, support.

use eframe::egui::{Align2, FontId, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::controls::{reason, share};
use super::matrix::{DECISION, decision_text};
use crate::evaluate::state::{EvaluateState, Slot};
use crate::theme;
use avar_labels::AnomalyClass;
use avar_metrics::Metric;
use avar_metrics::classification::ClassMetrics;

/// Right edges of the columns, as shares of the width.
const COLUMNS: [(&str, f32); 5] = [("clips", 0.45), ("prec.", 0.6), ("recall", 0.74), ("F1", 0.87), ("AP", 1.0)];
const ROWS: f32 = AnomalyClass::ALL.len() as f32 + 2.0;

pub(super) fn show(ui: &mut Ui, state: &EvaluateState) {
    let Some((index, selection, outcome)) = state.shown(Slot::A) else { return };
    let palette = theme::palette(ui);
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, Sense::hover());
    let height = (area.height() / ROWS).min(22.0);
    let row =
        |place: f32| Rect::from_min_size(pos2(area.left(), area.top() + place * height), vec2(area.width(), height));
    let heading = row(0.0);
    for (name, right) in COLUMNS {
        let at = pos2(heading.left() + right * heading.width(), heading.center().y);
        ui.painter().text(at, Align2::RIGHT_CENTER, name, FontId::proportional(11.0), palette.weak_text);
    }
    let is_validated = |class: AnomalyClass| !index.run.about.not_validated.iter().any(|name| name == class.name());
    for (place, scores) in outcome.classification.classes.iter().enumerate() {
        let place_rect = row(place as f32 + 1.0);
        let average_precision = selection.average_precision[scores.class.index()];
        class_row(ui, place_rect, scores, average_precision, is_validated(scores.class));
    }
    let last = row(ROWS - 1.0);
    ui.painter().hline(last.x_range(), last.top(), Stroke::new(1.0, palette.hairline));
    let of = &outcome.classification;
    let mean = Metric::mean(selection.average_precision, avar_metrics::Undefined::NoPositives);
    let total = of.confusion.total();
    cells(
        ui,
        last,
        "Mean",
        &[total.to_string(), share(of.macro_precision), share(of.balanced_accuracy), share(of.macro_f1), share(mean)],
    );
    let name = format!(
        "Mean of the classes: precision {}, recall {}, F1 {}, AP {}",
        share(of.macro_precision),
        share(of.balanced_accuracy),
        share(of.macro_f1),
        share(mean)
    );
    let response = ui.interact(last, ui.scope_id().with("mean"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
    response.on_hover_text(format!(
        "{name}\nOver the classes that occur among these clips, {}.\n{DECISION}",
        decision_text(state)
    ));
}

fn class_row(ui: &mut Ui, rect: Rect, scores: &ClassMetrics, average_precision: Metric, is_validated: bool) {
    let palette = theme::palette(ui);
    let ClassMetrics { class, support, predicted, precision, recall, f1 } = *scores;
    let swatch = Rect::from_center_size(rect.left_center() + vec2(4.0, 0.0), vec2(8.0, 8.0));
    if is_validated {
        ui.painter().rect_filled(swatch, 2, palette.class_color(class));
    } else {
        ui.painter().circle(swatch.center(), 3.5, palette.class_color(class), Stroke::new(1.5, palette.text));
    }
    cells(
        ui,
        rect,
        class.label(),
        &[support.to_string(), share(precision), share(recall), share(f1), share(average_precision)],
    );
    let response = ui.interact(rect, ui.scope_id().with(class), Sense::hover());
    let name = format!(
        "{}: {support} clips, precision {}, recall {}, F1 {}, AP {}",
        class.label(),
        share(precision),
        share(recall),
        share(f1),
        share(average_precision)
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
    if response.hovered() {
        let missing = [precision, recall, f1, average_precision].into_iter().find(|metric| metric.value().is_none());
        let mark =
            if is_validated { "" } else { "\nWith a ring: these weights were never checked on real recordings of it" };
        let why = missing.map(reason).unwrap_or_default();
        response.on_hover_text(format!("{name}\n{predicted} clips are taken for it{mark}{why}"));
    }
}

fn cells(ui: &Ui, rect: Rect, name: &str, values: &[String; COLUMNS.len()]) {
    let palette = theme::palette(ui);
    let size = theme::SMALL_TEXT.min(rect.height() - 2.0);
    let at = rect.left_center() + vec2(14.0, 0.0);
    ui.painter().text(at, Align2::LEFT_CENTER, name, FontId::proportional(size), palette.text);
    for ((_, right), value) in COLUMNS.into_iter().zip(values) {
        let at = pos2(rect.left() + right * rect.width(), rect.center().y);
        let color = if value == "–" { palette.weak_text } else { palette.text };
        ui.painter().text(at, Align2::RIGHT_CENTER, value, theme::mono(size), color);
    }
}
