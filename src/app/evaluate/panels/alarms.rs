//! False alarms an hour against the recall of events, over all thresholds.

use eframe::egui::{Align, Layout, RichText, Role, Sense, Ui, WidgetInfo};

use super::chart::{Chart, Tick, curve_color};
use super::controls::{nothing, reason, share, threshold_text};
use crate::evaluate::command::EvaluateCommand;
use crate::evaluate::state::{EvaluateState, Slot};
use crate::theme;
use avar_metrics::alarms::{AlarmCurve, AlarmPoint, level_of};

const TICKS: [Tick; 5] = [(0.0, "0"), (1.0, "1"), (10.0, "10"), (100.0, "100"), (1000.0, "1000")];

pub(super) fn show(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    let palette = theme::palette(ui);
    let Some((_, selection, _)) = state.shown(Slot::A) else { return };
    let curve = &selection.alarms;
    let point = curve.at(state.level);
    if position(point).is_none() {
        let sentence = match point.per_hour.value() {
            None => "No scored normal time among these clips, so that nothing can be alarmed in vain.",
            Some(_) => "No true event among these clips. Open the filter.",
        };
        return nothing(ui, sentence);
    }
    let second = state.shown(Slot::B).map(|(_, selection, _)| &selection.alarms);
    let standing = words(point);
    let of_second = second.map(|second| format!("; B {}", words(second.at(state.level)))).unwrap_or_default();
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        let text = format!("{standing}{of_second}");
        ui.label(RichText::new(text).small().strong()).on_hover_text(format!(
            "At the threshold {}: an event opens there and closes 0.1 below. A false alarm is an event that meets no \
             true one; normal time is scored time outside all true events.{}",
            threshold_text(state.level),
            reason(point.per_hour)
        ));
    });
    let most = highest(curve).max(second.map_or(0.0, highest)).max(10.0);
    let ticks: Vec<Tick> =
        TICKS.into_iter().filter(|(value, _)| *value <= most).map(|(value, text)| (scaled(value), text)).collect();
    let rect = ui.available_rect_before_wrap();
    let chart = Chart::new(ui, rect, scaled(most), &ticks, ("false alarms an hour", "recall of events"));
    if let Some(second) = second {
        chart.line(ui, second.points().filter_map(position), curve_color(ui, true), true);
        if let Some((x, y)) = position(second.at(state.level)) {
            chart.mark(ui, x, y, palette.alarm, false);
        }
    }
    chart.line(ui, curve.points().filter_map(position), curve_color(ui, false), false);
    if let Some((x, y)) = position(point) {
        chart.mark(ui, x, y, palette.alarm, true);
    }
    let response = ui.interact(chart.frame, ui.scope_id().with("alarms"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("False alarms: {standing}")));
    if let Some(pointer) = response.interact_pointer_pos() {
        let distance = |point: &AlarmPoint| {
            let (x, y) = position(*point).unwrap_or_default();
            chart.at(x, y).distance_sq(pointer)
        };
        if let Some(nearest) = curve.points().min_by(|a, b| distance(a).total_cmp(&distance(b))) {
            commands.push(EvaluateCommand::SetLevel(level_of(nearest.threshold)));
        }
    }
    let tooltip = "Click or drag along the curve to move the threshold (Alt+Up, Alt+Down)";
    response.on_hover_text(format!("{standing}\n{tooltip}"));
}

fn words(point: AlarmPoint) -> String {
    let per_hour = point.per_hour.value().map_or("–".to_owned(), |value| format!("{value:.1}"));
    format!("{per_hour} an hour, recall {}", share(point.recall))
}

/// None to a thousand an hour are to be told apart on one axis.
fn scaled(per_hour: f64) -> f64 {
    (1.0 + per_hour).log10()
}

fn position(point: AlarmPoint) -> Option<(f64, f64)> {
    Some((scaled(point.per_hour.value()?), point.recall.value()?))
}

fn highest(curve: &AlarmCurve) -> f64 {
    curve.points().filter_map(|point| point.per_hour.value()).fold(0.0, f64::max)
}
