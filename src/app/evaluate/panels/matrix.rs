//! The confusion matrix. A cell opens its clips in the gallery.

use eframe::egui::{self, Align2, Color32, FontId, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::controls::tab;
use crate::evaluate::command::{EvaluateAction, EvaluateCommand};
use crate::evaluate::state::{Cells, EvaluateState, Gallery, Slot};
use crate::theme;
use avar_base::wording::counted;
use avar_labels::{AnomalyClass, CLASS_COUNT};
use avar_metrics::classification::Classification;

const NAMES_WIDTH: f32 = 82.0;
const HEAD_HEIGHT: f32 = 16.0;

pub(super) fn show(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    let Some((_, _, outcome)) = state.shown(Slot::A) else { return };
    ui.horizontal(|ui| {
        for cells in Cells::ALL {
            let tooltip = match cells {
                Cells::Counts => "Clips",
                Cells::ByTruth => "Of the clips of a class, the share taken for each class; the diagonal is recall",
                Cells::ByPrediction => {
                    "Of the clips taken for a class, the share of each true class; the diagonal is precision"
                }
            };
            let tooltip = format!("{tooltip} ({} shows the next)", EvaluateAction::NextCells.shortcut().text());
            if tab(ui, state.cells == cells, cells.label(), &tooltip).clicked() {
                commands.push(EvaluateCommand::SetCells(cells));
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let accuracy = outcome.classification.accuracy;
            let text = accuracy.value().map_or("no clips".to_owned(), |value| format!("{:.1} % right", value * 100.0));
            let label = egui::Label::new(egui::RichText::new(text).small().color(theme::palette(ui).weak_text));
            let tooltip = format!("Accuracy over ten classes, {}.\n{DECISION}", decision_text(state));
            ui.add(label).on_hover_text(tooltip);
        });
    });
    let rect = ui.available_rect_before_wrap();
    ui.allocate_rect(rect, Sense::hover());
    heads(ui, rect);
    let cell_size = vec2(
        (rect.width() - NAMES_WIDTH) / CLASS_COUNT as f32,
        ((rect.height() - HEAD_HEIGHT) / CLASS_COUNT as f32).min(30.0),
    );
    for (row, truth) in AnomalyClass::ALL.into_iter().enumerate() {
        for (column, predicted) in AnomalyClass::ALL.into_iter().enumerate() {
            let at = rect.min + vec2(NAMES_WIDTH, HEAD_HEIGHT) + cell_size * vec2(column as f32, row as f32);
            let place = Rect::from_min_size(at, cell_size).shrink(0.5);
            cell(ui, place, (truth, predicted), state, &outcome.classification, commands);
        }
        let palette = theme::palette(ui);
        let y = rect.top() + HEAD_HEIGHT + (row as f32 + 0.5) * cell_size.y;
        let at = pos2(rect.left() + NAMES_WIDTH - 4.0, y);
        let font = FontId::proportional(theme::SMALL_TEXT.min(cell_size.y - 2.0));
        ui.painter().text(at, Align2::RIGHT_CENTER, truth.label(), font, palette.text);
    }
}

/// Said wherever the decision shows.
pub(super) const DECISION: &str = "By the top class a clip is what its highest score says, as in the report. By the threshold a \
                            clip whose anomaly score (1 − score of normal) is below it is normal; from it on it is the \
                            anomaly with the highest score.";

pub(super) fn decision_text(state: &EvaluateState) -> String {
    match state.is_by_threshold {
        true => format!("by the threshold {}", super::controls::threshold_text(state.level)),
        false => "by the top class".to_owned(),
    }
}

fn heads(ui: &Ui, rect: Rect) {
    let palette = theme::palette(ui);
    let width = (rect.width() - NAMES_WIDTH) / CLASS_COUNT as f32;
    let font = FontId::proportional(11.0);
    ui.painter().text(rect.min, Align2::LEFT_TOP, "true \\ called", font.clone(), palette.weak_text);
    for (column, class) in AnomalyClass::ALL.into_iter().enumerate() {
        let at = pos2(rect.left() + NAMES_WIDTH + (column as f32 + 0.5) * width, rect.top());
        ui.painter().text(at, Align2::CENTER_TOP, short(class), font.clone(), palette.text);
    }
}

fn cell(
    ui: &mut Ui,
    rect: Rect,
    (truth, predicted): (AnomalyClass, AnomalyClass),
    state: &EvaluateState,
    of: &Classification,
    commands: &mut Vec<EvaluateCommand>,
) {
    let palette = theme::palette(ui);
    let place = |matrix: &avar_metrics::confusion::NormalizedMatrix| matrix[truth.index()][predicted.index()];
    let count = of.confusion.counts()[truth.index()][predicted.index()];
    let (of_row, of_column) = (place(&of.confusion_by_truth), place(&of.confusion_by_prediction));
    let percent = |value: f64| format!("{:.0}", value * 100.0);
    let (share, text) = match state.cells {
        Cells::Counts => (of_row.value(), count.to_string()),
        Cells::ByTruth => (of_row.value(), of_row.value().map_or("–".to_owned(), percent)),
        Cells::ByPrediction => (of_column.value(), of_column.value().map_or("–".to_owned(), percent)),
    };
    let response = ui.interact(rect, ui.scope_id().with(("cell", truth, predicted)), Sense::click());
    let name = || cell_name(truth, predicted, count as usize);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_open(state, truth, predicted), name()));
    if response.clicked() {
        commands.push(EvaluateCommand::ShowGallery(Gallery::Cell(truth, predicted)));
    }
    // The root makes differences among few clips visible; it keeps their order.
    let fill = palette.lane.lerp_to_gamma(RAMP, share.unwrap_or(0.0).sqrt() as f32);
    ui.painter().rect_filled(rect, 1, fill);
    // Zeros stay in the background.
    let color = if count == 0 { palette.weak_text.gamma_multiply(0.6) } else { readable_on(fill) };
    let font = theme::mono(theme::SMALL_TEXT.min(rect.height() - 3.0));
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, text, font, color);
    if response.hovered() || response.has_focus() || is_open(state, truth, predicted) {
        ui.painter().rect_stroke(rect, 1, Stroke::new(2.0, palette.accent), egui::StrokeKind::Inside);
    }
    if response.hovered() {
        let share = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{:.1} %", value * 100.0));
        let row = share(of_row.value());
        let column = share(of_column.value());
        let name = name();
        response.on_hover_text(format!("{name}\n{row} of the row, {column} of the column\nClick to see them (Enter)"));
    }
}

fn is_open(state: &EvaluateState, truth: AnomalyClass, predicted: AnomalyClass) -> bool {
    state.gallery == Gallery::Cell(truth, predicted)
}

fn cell_name(truth: AnomalyClass, predicted: AnomalyClass, count: usize) -> String {
    format!("{}: {}", Gallery::Cell(truth, predicted).label(), counted(count, "clip"))
}

/// The one hue of the cells.
const RAMP: Color32 = Color32::from_rgb(0x4a, 0x90, 0xd9);

/// Black or white, whichever stands out: one of them does by 4.5 to 1 on every colour.
fn readable_on(fill: Color32) -> Color32 {
    if theme::luminance(fill) > 0.179 { Color32::BLACK } else { Color32::WHITE }
}

fn short(class: AnomalyClass) -> &'static str {
    match class {
        AnomalyClass::Abuse => "Abu",
        AnomalyClass::BabyCry => "Cry",
        AnomalyClass::Crash => "Cra",
        AnomalyClass::Brawling => "Bra",
        AnomalyClass::Explosion => "Exp",
        AnomalyClass::Intruder => "Int",
        AnomalyClass::Normal => "Nor",
        AnomalyClass::Pain => "Pai",
        AnomalyClass::PoliceSiren => "Sir",
        AnomalyClass::Vandalism => "Van",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stands_out_from_every_shade() {
        for lane in [Color32::from_gray(0x16), Color32::from_gray(0xfa)] {
            for share in 0..=20 {
                let fill = lane.lerp_to_gamma(RAMP, share as f32 / 20.0);
                let (a, b) = (theme::luminance(fill), theme::luminance(readable_on(fill)));
                let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                assert!(contrast >= 4.5, "{contrast} on {fill:?}");
            }
        }
    }
}
