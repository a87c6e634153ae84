//! The precision-recall and ROC curves with the operating point, which can be dragged.

use eframe::egui::{Align, Layout, Pos2, Rect, RichText, Role, Sense, Stroke, Ui, WidgetInfo, vec2};

use super::chart::{Chart, SHARES, curve_color};
use super::controls::{nothing, share, threshold_text};
use crate::evaluate::command::EvaluateCommand;
use crate::evaluate::state::{EvaluateState, Slot, Unit};
use crate::theme;
use avar_metrics::Metric;
use avar_metrics::alarms::level_of;
use avar_metrics::inspection::selection::{CurvePair, OperatingPoint, Selection};

pub(super) fn show(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    let Some((_, selection, _)) = state.shown(Slot::A) else { return };
    let first = pair_of(state.unit, selection);
    if first.pr.is_empty() {
        let sentence = match state.unit {
            Unit::Frames if first.scores.positives + first.scores.negatives == 0 => {
                "No step scores among these clips. Rank by clips, or evaluate again to get them."
            }
            _ => "No anomalous clip is let through. Open the filter.",
        };
        return nothing(ui, sentence);
    }
    let second = state.shown(Slot::B).map(|(_, selection, _)| pair_of(state.unit, selection));
    let area = ui.available_rect_before_wrap();
    let width = (area.width() - theme::GAP) / 2.0;
    for (place, kind) in [Kind::Pr, Kind::Roc].into_iter().enumerate() {
        let left = area.left() + place as f32 * (width + theme::GAP);
        let rect = Rect::from_min_size(eframe::egui::pos2(left, area.top()), vec2(width, area.height()));
        ui.scope_builder(eframe::egui::UiBuilder::new().max_rect(rect).id_salt(kind.name()), |ui| {
            curve(ui, kind, state, first, second, commands);
        });
    }
    ui.allocate_rect(area, Sense::hover());
}

fn pair_of(unit: Unit, selection: &Selection) -> &CurvePair {
    match unit {
        Unit::Clips => &selection.by_clip,
        Unit::Frames => &selection.by_frame,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Pr,
    Roc,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Pr => "PR",
            Self::Roc => "ROC",
        }
    }

    /// The points to draw, and the threshold of each.
    fn points(self, pair: &CurvePair) -> Vec<(f64, f64, f64)> {
        match self {
            Self::Pr => pair.pr.iter().map(|point| (point.recall, point.precision, point.threshold)).collect(),
            Self::Roc => pair
                .roc
                .iter()
                .map(|point| (point.false_positive_rate, point.true_positive_rate, point.threshold))
                .collect(),
        }
    }

    fn position(self, point: OperatingPoint) -> Option<(f64, f64)> {
        match self {
            Self::Pr => Some((point.recall.value()?, point.precision.value()?)),
            Self::Roc => Some((point.false_positive_rate.value()?, point.recall.value()?)),
        }
    }

    fn area(self, pair: &CurvePair) -> Metric {
        match self {
            Self::Pr => pair.scores.average_precision,
            Self::Roc => pair.scores.roc_auc,
        }
    }

    /// The title, and where the decision stands, in words.
    fn texts(self, first: &CurvePair, second: Option<&CurvePair>, point: OperatingPoint) -> (String, String) {
        let area = share(self.area(first));
        let of_second = second.map(|second| format!(", B {}", share(self.area(second)))).unwrap_or_default();
        let OperatingPoint { precision, recall, false_positive_rate } = point;
        match self {
            Self::Pr => {
                (format!("AP {area}{of_second}"), format!("precision {}, recall {}", share(precision), share(recall)))
            }
            Self::Roc => (
                format!("AUC {area}{of_second}"),
                format!("FPR {}, recall {}", share(false_positive_rate), share(recall)),
            ),
        }
    }
}

fn curve(
    ui: &mut Ui,
    kind: Kind,
    state: &EvaluateState,
    first: &CurvePair,
    second: Option<&CurvePair>,
    commands: &mut Vec<EvaluateCommand>,
) {
    let palette = theme::palette(ui);
    let Some(point) = state.operating_point(Slot::A) else { return };
    let (title, standing) = kind.texts(first, second, point);
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.label(RichText::new(title).small().strong());
        ui.label(RichText::new(&standing).small().color(palette.weak_text));
    });
    let rect = ui.available_rect_before_wrap();
    let (names, prevalence) = match kind {
        Kind::Pr => (("recall", "precision"), first.prevalence().value()),
        Kind::Roc => (("false positive rate", "recall"), None),
    };
    let chart = Chart::new(ui, rect, 1.0, &SHARES, names);
    if let Some(prevalence) = prevalence {
        let y = chart.at(0.0, prevalence).y;
        let line = [eframe::egui::pos2(chart.frame.left(), y), eframe::egui::pos2(chart.frame.right(), y)];
        ui.painter().extend(eframe::egui::Shape::dashed_line(&line, Stroke::new(1.0, palette.weak_text), 3.0, 3.0));
        let text = format!("guessing {prevalence:.2}");
        let (at, anchor) = match prevalence > 0.15 {
            true => (line[0] + vec2(4.0, 2.0), eframe::egui::Align2::LEFT_TOP),
            false => (line[0] + vec2(4.0, -2.0), eframe::egui::Align2::LEFT_BOTTOM),
        };
        let font = eframe::egui::FontId::proportional(11.0);
        ui.painter().text(at, anchor, text, font, palette.weak_text);
    } else {
        chart.line(ui, [(0.0, 0.0), (1.0, 1.0)].into_iter(), palette.hairline, true);
    }
    let start = if kind == Kind::Pr { (0.0, 1.0) } else { (0.0, 0.0) };
    if let Some(second) = second {
        let points = kind.points(second);
        let points = std::iter::once(start).chain(points.iter().map(|(x, y, _)| (*x, *y)));
        chart.line(ui, points, curve_color(ui, true), true);
    }
    let points = kind.points(first);
    chart.line(
        ui,
        std::iter::once(start).chain(points.iter().map(|(x, y, _)| (*x, *y))),
        curve_color(ui, false),
        false,
    );
    if let Some((x, y)) = state.operating_point(Slot::B).and_then(|point| kind.position(point)) {
        chart.mark(ui, x, y, palette.alarm, false);
    }
    if let Some((x, y)) = kind.position(point) {
        chart.mark(ui, x, y, palette.alarm, true);
    }
    let response = ui.interact(chart.frame, ui.scope_id().with("curve"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{} curve: {standing}", kind.name())));
    if let Some(pointer) = response.interact_pointer_pos()
        && let Some(threshold) = nearest(&chart, &points, pointer)
    {
        commands.push(EvaluateCommand::SetLevel(level_of(threshold)));
    }
    let at = threshold_text(state.level);
    response.on_hover_text(format!(
        "{standing} at {at}\nClick or drag along the curve to move the threshold (Alt+Up, Alt+Down)"
    ));
}

/// The threshold of the point of a curve that is nearest to the pointer.
fn nearest(chart: &Chart, points: &[(f64, f64, f64)], pointer: Pos2) -> Option<f64> {
    let distance = |(x, y, _): &(f64, f64, f64)| chart.at(*x, *y).distance_sq(pointer);
    let nearest = points.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    Some(nearest.2)
}
