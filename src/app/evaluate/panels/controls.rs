//! Controls that several panels share.

use eframe::egui::{Button, Key, Response, RichText, Role, TextEdit, Ui, WidgetInfo, vec2};
use egui_material_icons::MaterialIcon;

use crate::evaluate::command::{EvaluateAction, EvaluateCommand};
use crate::evaluate::state::{EvaluateState, Slot, Unit};
use crate::theme;
use avar_metrics::Metric;

/// A choice among views.
pub(super) fn tab(ui: &mut Ui, is_selected: bool, name: &str, tooltip: &str) -> Response {
    ui.selectable_label(is_selected, RichText::new(name).small()).on_hover_text(tooltip)
}

/// A button with words that pushes its action when clicked.
pub(super) fn action_button(
    ui: &mut Ui,
    commands: &mut Vec<EvaluateCommand>,
    text: &str,
    action: EvaluateAction,
) -> Response {
    let response = ui.button(text).on_hover_text(action.tooltip());
    if response.clicked() {
        commands.push(action.into());
    }
    response
}

/// An icon without words, named for those who do not see it.
pub(super) fn icon_button(ui: &mut Ui, icon: MaterialIcon, name: &str, tooltip: &str) -> Response {
    let response =
        ui.add(Button::new(icon.rich_text().size(16.0)).min_size(vec2(22.0, 22.0)).frame_when_inactive(false));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    response.on_hover_text(tooltip)
}

/// The folder of a run as text, for machines without a file dialog.
pub(super) fn path_field(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    let mut text = state.path_text.clone();
    let field =
        ui.add(TextEdit::singleline(&mut text).hint_text("or the folder of a run, then Enter").desired_width(320.0));
    field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Folder of a run"));
    let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if is_entered && !text.trim().is_empty() {
        commands.push(EvaluateCommand::OpenRun(Slot::A, text.trim().into()));
    } else if field.on_hover_text("The folder that `avar evaluate --out` wrote").changed() {
        commands.push(EvaluateCommand::EditPath(text));
    }
}

/// What the curves rank; a click changes it.
pub(super) fn unit(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    let (name, other) = match state.unit {
        Unit::Clips => ("by clips", Unit::Frames),
        Unit::Frames => ("by frames", Unit::Clips),
    };
    let button = ui.button(RichText::new(name).small()).on_hover_text(
        "Clips are ranked by their own anomaly scores; frames of all clips together, each by the score of its step. \
         Click to change.",
    );
    if button.clicked() {
        commands.push(EvaluateCommand::SetUnit(other));
    }
}

/// Two digits, or a dash.
pub(super) fn share(metric: Metric) -> String {
    metric.value().map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"))
}

/// Why there is no number, for the tooltip.
pub(super) fn reason(metric: Metric) -> String {
    metric.reason().map(|reason| format!("\nNo value: {reason}")).unwrap_or_default()
}

/// A sentence in place of a view that has nothing to show.
pub(super) fn nothing(ui: &mut Ui, sentence: &str) {
    ui.centered_and_justified(|ui| {
        ui.label(RichText::new(sentence).small().color(theme::palette(ui).weak_text));
    });
}

/// `0.50`, and `0.997` where the threshold stands between two hundredths.
pub(super) fn threshold_text(level: usize) -> String {
    if level.is_multiple_of(10) {
        format!("{:.2}", level as f64 / 1000.0)
    } else {
        format!("{:.3}", level as f64 / 1000.0)
    }
}
