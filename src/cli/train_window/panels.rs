//! The panels of the training's window.

use eframe::egui::{self, Align, Layout, ProgressBar, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};
use egui_material_icons::icons;
use egui_plot::{Corner, Legend, Line, LineStyle, Plot, PlotPoints, Points};

use super::TrainingCommand;
use super::state::{Ending, StageView, TrainingState, Validation};
use avar_app::theme;
use avar_app::widgets::class_bar;
use avar_app::widgets::time_code::time_left;

pub(super) fn title(ui: &mut Ui, state: &TrainingState, is_dark: bool, commands: &mut Vec<TrainingCommand>) {
    ui.horizontal_centered(|ui| {
        ui.label(RichText::new(format!("Training {}", state.name)).strong());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let icon = if is_dark { icons::ICON_LIGHT_MODE } else { icons::ICON_DARK_MODE };
            let theme = ui.button(icon.rich_text().size(18.0)).on_hover_text("Dark or light (Ctrl+D)");
            theme.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Dark or light"));
            if theme.clicked() {
                commands.push(TrainingCommand::ToggleTheme);
            }
            ui.add_enabled_ui(state.ending.is_none() && !state.is_stopping, |ui| {
                let tooltip = "Stop; what was computed is kept, and the same command goes on from it (Ctrl+.)";
                if ui.button("Stop").on_hover_text(tooltip).clicked() {
                    commands.push(TrainingCommand::Stop);
                }
            });
            let (text, color) = outcome(ui, state);
            ui.add(egui::Label::new(RichText::new(text).color(color)).truncate());
        });
    });
}

fn outcome(ui: &Ui, state: &TrainingState) -> (String, egui::Color32) {
    let palette = theme::palette(ui);
    match &state.ending {
        Some(Ending::Trained(weights)) => (format!("The weights are in {}", weights.display()), palette.accent),
        Some(Ending::Failed(_)) => ("It ended with an error".to_owned(), palette.error),
        Some(Ending::Stopped) => ("Stopped; the same command goes on from here".to_owned(), palette.text),
        None if state.is_stopping => ("Stopping after this step …".to_owned(), palette.text),
        None => (state.folder.display().to_string(), palette.weak_text),
    }
}

/// A row for each stage; a click shows its curves.
pub(super) fn stages(ui: &mut Ui, state: &TrainingState, commands: &mut Vec<TrainingCommand>) {
    let shown = state.shown_place();
    for (place, view) in state.stages.iter().enumerate() {
        let name = RichText::new(capitalised(view.stage.label())).strong();
        let row = ui.selectable_label(place == shown, name).on_hover_text("Show its curves (Up, Down)");
        if row.clicked() {
            commands.push(TrainingCommand::Show(place));
        }
        ui.add(ProgressBar::new(view.fraction()).desired_height(6.0));
        ui.label(RichText::new(how_far(view)).small().color(theme::palette(ui).weak_text));
        ui.add_space(theme::GAP);
    }
}

fn how_far(view: &StageView) -> String {
    match (view.finished_s, view.of) {
        (Some(seconds), _) => format!("finished, {:.0} min", (seconds / 60.0).max(1.0)),
        (None, 0) => "waiting".to_owned(),
        (None, of) if view.done >= of => format!("{of} of {of}"),
        (None, of) => {
            let left = view.time_left().map(|left| format!(", {}", time_left(left))).unwrap_or_default();
            format!("{} of {of}{left}", view.done)
        }
    }
}

/// Losses and accuracy of the stage that is shown, and the recall of each class after its last validation.
pub(super) fn curves(ui: &mut Ui, state: &TrainingState) {
    let palette = theme::palette(ui);
    let view = state.shown();
    ui.label(RichText::new(capitalised(view.stage.label())).heading());
    let Some(last) = view.validations.last() else {
        ui.centered_and_justified(|ui| {
            let text = "Curves appear with the first validation of a network.";
            ui.label(RichText::new(text).color(palette.weak_text));
        });
        return;
    };
    let recall_width = 220.0;
    ui.horizontal_top(|ui| {
        let size = vec2(ui.available_width() - recall_width - theme::WIDE_GAP, ui.available_height());
        ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
            let height = (size.y - 2.0 * 22.0) / 2.0;
            let of = |value: fn(&Validation) -> f32| {
                view.validations.iter().map(|point| [point.step as f64, f64::from(value(point))]).collect::<Vec<_>>()
            };
            let best = view.best();
            let best_at =
                |value: fn(&Validation) -> f32| best.map(|point| [point.step as f64, f64::from(value(point))]);
            ui.label(RichText::new("Loss").small());
            let losses = plot("loss", height).legend(Legend::default().position(Corner::RightTop));
            losses.show(ui, |plot| {
                let training = Line::new("training", of(|point| point.training_loss)).color(palette.waveform_peak);
                plot.line(training.style(LineStyle::dashed_dense()));
                plot.line(Line::new("validation", of(|point| point.validation_loss)).color(palette.accent));
                if let Some(best) = best_at(|point| point.validation_loss) {
                    plot.points(Points::new("best", PlotPoints::from(vec![best])).radius(4.0).color(palette.text));
                }
            });
            ui.label(RichText::new("Accuracy on validation clips, mean over the classes").small());
            plot("accuracy", height).include_y(0.0).include_y(1.0).show(ui, |plot| {
                plot.line(Line::new("accuracy", of(|point| point.accuracy)).color(palette.accent));
                if let Some(best) = best_at(|point| point.accuracy) {
                    plot.points(Points::new("best", PlotPoints::from(vec![best])).radius(4.0).color(palette.text));
                }
            });
        });
        ui.add_space(theme::WIDE_GAP);
        ui.vertical(|ui| recall(ui, last));
    });
}

fn plot(name: &str, height: f32) -> Plot<'_> {
    Plot::new(name.to_owned())
        .height(height)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .include_x(0.0)
        .x_axis_label("step")
}

const COLUMNS: class_bar::Columns = class_bar::Columns { name_at: 0.0, bar_from: 88.0, bar_to: 36.0, bar_height: 6.0 };

fn recall(ui: &mut Ui, last: &Validation) {
    let palette = theme::palette(ui);
    ui.label(RichText::new(format!("Recall at step {}", last.step)).small());
    for (class, recall) in &last.recall {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 18.0), Sense::hover());
        let text = class_bar::text_of(Some(*recall));
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{} {text}", class.label())));
        let named = (class.label(), palette.class_color(*class));
        class_bar::draw(ui.painter(), rect, COLUMNS, named, Some(*recall), (palette.text, palette));
    }
}

/// What was said, the latest last, and how it ended.
pub(super) fn told(ui: &mut Ui, state: &TrainingState) {
    let palette = theme::palette(ui);
    ScrollArea::vertical().auto_shrink([false, false]).stick_to_bottom(true).show(ui, |ui| {
        if state.told.is_empty() && state.ending.is_none() {
            ui.label(RichText::new("Reading the data …").small().color(palette.weak_text));
        }
        for sentence in &state.told {
            ui.label(RichText::new(capitalised(sentence)).small());
        }
        if let Some(Ending::Failed(sentence)) = &state.ending {
            ui.label(RichText::new(capitalised(sentence)).color(palette.error));
        }
    });
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
