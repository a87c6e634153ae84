//! Reliability diagrams before and after temperature scaling (Guo et al. 2017).

use eframe::egui::{Align, Layout, Rect, RichText, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::chart::{Chart, SHARES};
use super::controls::{nothing, share};
use crate::evaluate::state::{EvaluateState, Slot};
use crate::theme;
use avar_base::wording::counted;
use avar_metrics::calibration::ProbabilityScores;
use avar_metrics::inspection::selection::Calibrated;

pub(super) fn show(ui: &mut Ui, state: &EvaluateState) {
    let Some((_, selection, _)) = state.shown(Slot::A) else { return };
    let calibration = &selection.calibration;
    if calibration.raw.brier.value().is_none() {
        return nothing(ui, "No clip is let through. Open the filter.");
    }
    let (words, is_warning) = of_temperature(calibration);
    let palette = theme::palette(ui);
    let color = if is_warning { palette.text } else { palette.weak_text };
    let tooltip = "Temperature scaling divides all logits by one number. It changes no ranking and no top class, only how \
                   sure the scores sound.";
    ui.add(eframe::egui::Label::new(RichText::new(words).small().color(color)).truncate()).on_hover_text(tooltip);
    let area = ui.available_rect_before_wrap();
    let width = (area.width() - theme::GAP) / 2.0;
    let diagrams = [("as scored", Some(&calibration.raw)), ("scaled", calibration.scaled.as_ref())];
    for (place, (name, scores)) in diagrams.into_iter().enumerate() {
        let left = area.left() + place as f32 * (width + theme::GAP);
        let rect = Rect::from_min_size(pos2(left, area.top()), vec2(width, area.height()));
        ui.scope_builder(eframe::egui::UiBuilder::new().max_rect(rect).id_salt(name), |ui| match scores {
            Some(scores) => diagram(ui, name, scores),
            None => nothing(ui, "No temperature"),
        });
    }
    ui.allocate_rect(area, Sense::hover());
}

/// What the scores were scaled by, and whether that flatters them.
fn of_temperature(calibration: &Calibrated) -> (String, bool) {
    let fitted = calibration.temperature;
    let clips = counted(fitted.clips, "clip");
    match (fitted.value, fitted.is_of_validation) {
        (Err(reason), _) => (format!("No temperature: {reason}."), true),
        (Ok(value), false) => (format!("T {value:.2} from the {clips} themselves, as none is val: it flatters"), true),
        (Ok(value), true) if calibration.is_optimistic => {
            (format!("T {value:.2} from {clips} of val, shown here too: it flatters"), true)
        }
        (Ok(value), true) => (format!("T {value:.2} from {clips} of val, none of them shown"), false),
    }
}

fn diagram(ui: &mut Ui, name: &str, scores: &ProbabilityScores) {
    let palette = theme::palette(ui);
    let words = format!("{name}: ECE {}", digits(scores.top_class.expected_error.value()));
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        ui.label(RichText::new(&words).small().strong()).on_hover_text(format!(
            "Expected calibration error of the top class {}\nof anomalous against normal {}\nBrier score {}, log loss {}",
            digits(scores.top_class.expected_error.value()),
            digits(scores.anomaly.expected_error.value()),
            digits(scores.brier.value()),
            digits(scores.log_loss.value()),
        ));
    });
    let chart = Chart::new(ui, ui.available_rect_before_wrap(), 1.0, &SHARES, ("top score", "share right"));
    let response = ui.interact(chart.frame, ui.scope_id().with("reliability"), Sense::hover());
    let brier = share(scores.brier);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Reliability {words}, Brier {brier}")));
    let most = scores.top_class.bins.iter().map(|bin| bin.count).max().unwrap_or(1).max(1);
    for bin in &scores.top_class.bins {
        let (Some(confidence), Some(frequency)) = (bin.confidence, bin.frequency) else { continue };
        let bar = Rect::from_two_pos(chart.at(bin.lower, 0.0), chart.at(bin.upper, frequency)).shrink2(vec2(0.5, 0.0));
        // Bins of few clips are pale.
        let weight = 0.25 + 0.6 * (bin.count as f32 / most as f32).sqrt();
        ui.painter().rect_filled(bar, 0, palette.waveform_rms.gamma_multiply(weight));
        let gap = Rect::from_two_pos(chart.at(bin.lower, confidence), chart.at(bin.upper, frequency));
        let outline = Stroke::new(1.0, palette.accent);
        ui.painter().rect_stroke(gap.shrink2(vec2(0.5, 0.0)), 0, outline, StrokeKind::Inside);
        let column = Rect::from_two_pos(chart.at(bin.lower, 0.0), chart.at(bin.upper, 1.0));
        let response = ui.interact(column, ui.scope_id().with(("bin", bin.upper.to_bits())), Sense::hover());
        response.on_hover_text(format!(
            "{} with a top score of {:.2} to {:.2}\n{confidence:.2} on average, {frequency:.2} right",
            counted(bin.count as usize, "clip"),
            bin.lower,
            bin.upper
        ));
    }
    chart.line(ui, [(0.0, 0.0), (1.0, 1.0)].into_iter(), palette.text.gamma_multiply(0.6), true);
}

fn digits(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}
