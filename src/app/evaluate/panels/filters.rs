//! The threshold, and which clips are looked at.

use eframe::egui::{DragValue, Response, RichText, Role, Slider, TextEdit, Ui, WidgetInfo};

use super::controls::{tab, threshold_text};
use super::matrix::DECISION;
use crate::evaluate::command::{EvaluateAction, EvaluateCommand};
use crate::evaluate::state::{EvaluateState, Slot};
use crate::theme;
use avar_labels::{AnomalyClass, Split};
use avar_metrics::BinaryCounts;
use avar_metrics::alarms::level_of;
use avar_metrics::inspection::filter::{Bounds, Filter};

pub(super) fn show(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    threshold(ui, state, commands);
    ui.separator();
    let Some(run) = state.open(Slot::A) else { return };
    let mut filter = state.filter.clone();
    heading(ui, state, run.index.run.clips.len(), &mut filter);
    splits(ui, &run.index.extent.splits, &mut filter);
    classes(ui, &mut filter);
    text(ui, "Source", "camera, film or place", &mut filter.source, "Clips whose source has this in its name");
    text(ui, "Text", "path, note or tag", &mut filter.text, "Clips with this in their path, note or tags");
    let extent = &run.index.extent;
    bounds(ui, "Duration", "s", extent.duration_s, &mut filter.duration_s);
    bounds(ui, "Loudness", "dB", extent.loudness_dbfs, &mut filter.loudness_dbfs);
    bounds(ui, "Darkness", "", extent.darkness, &mut filter.darkness);
    if filter != state.filter {
        commands.push(EvaluateCommand::SetFilter(filter));
    }
}

fn threshold(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    ui.horizontal(|ui| {
        ui.label(RichText::new("Decide by").strong());
        let key = EvaluateAction::TopClass.shortcut().text();
        for (is_top_class, name) in [(true, "Top class"), (false, "Threshold")] {
            let tooltip = format!("{DECISION} ({key})");
            if tab(ui, state.is_by_threshold != is_top_class, name, &tooltip).clicked() {
                commands.push(EvaluateCommand::DecideByTopClass(is_top_class));
            }
        }
    });
    let mut value = state.threshold();
    let tooltip = format!("{DECISION}\nFrame curves and false alarms go by it either way. (Alt+Up, Alt+Down)");
    ui.horizontal(|ui| {
        ui.spacing_mut().slider_width = 176.0;
        let slider = ui.add(Slider::new(&mut value, 0.0..=1.0).step_by(0.01).show_value(false));
        slider.widget_info(|| WidgetInfo::slider(true, state.threshold(), "Threshold of the anomaly score"));
        let mut is_changed = slider.changed();
        slider.on_hover_text(&tooltip);
        // Between hundredths, where a curve was clicked, only the number is exact.
        let mut exact = if is_changed { value } else { state.threshold() };
        let number = DragValue::new(&mut exact).speed(0.002).range(0.0..=1.0);
        let number = ui.add(number.custom_formatter(|value, _| threshold_text(level_of(value))));
        number.widget_info(|| WidgetInfo::labeled(Role::SpinButton, true, "Threshold as a number"));
        is_changed |= number.changed();
        number.on_hover_text("Drag, or click and type");
        if is_changed && level_of(exact) != state.level {
            commands.push(EvaluateCommand::SetLevel(level_of(exact)));
        }
    });
    if let Some((_, _, outcome)) = state.shown(Slot::A) {
        let BinaryCounts { true_positives, false_positives, false_negatives, true_negatives } = outcome.binary;
        let text = format!(
            "Anomalous: {true_positives} found, {false_negatives} missed\nNormal: {false_positives} alarmed, {true_negatives} \
             left alone"
        );
        ui.label(RichText::new(text).small().color(theme::palette(ui).weak_text))
            .on_hover_text("Clips, anomalous against normal, whichever anomaly it is");
    }
}

fn heading(ui: &mut Ui, state: &EvaluateState, of: usize, filter: &mut Filter) {
    ui.horizontal(|ui| {
        ui.label(RichText::new("Clips").strong());
        if let Some((_, selection, _)) = state.shown(Slot::A) {
            let text = format!("{} of {of}", selection.places.len());
            ui.label(RichText::new(text).small().color(theme::palette(ui).weak_text));
        }
        let reset = ui.add_enabled(!filter.is_open(), eframe::egui::Button::new(RichText::new("Show all").small()));
        if reset.on_hover_text("Take all filters away").clicked() {
            *filter = Filter::default();
        }
    });
}

fn splits(ui: &mut Ui, present: &[Split], filter: &mut Filter) {
    if present.is_empty() {
        return;
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        if tab(ui, filter.split.is_none(), "every split", "Clips of every split, and of none").clicked() {
            filter.split = None;
        }
        for split in present {
            let tooltip = format!("Clips of the {} split", split.name());
            if tab(ui, filter.split == Some(*split), split.name(), &tooltip).clicked() {
                filter.split = Some(*split);
            }
        }
    });
}

/// Chips of true classes: a click hides or shows one, a double click shows it alone.
fn classes(ui: &mut Ui, filter: &mut Filter) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = eframe::egui::vec2(2.0, 2.0);
        ui.spacing_mut().button_padding = eframe::egui::vec2(5.0, 1.0);
        for class in AnomalyClass::ALL {
            let is_on = filter.classes[class.index()];
            let tooltip = "Click to hide or show clips that are truly of this class; double click for it alone";
            let chip = tab(ui, is_on, class.label(), tooltip);
            chip.widget_info(|| {
                WidgetInfo::selected(Role::CheckBox, true, is_on, format!("Clips of {}", class.label()))
            });
            if chip.double_clicked() {
                filter.classes = AnomalyClass::ALL.map(|other| other == class);
            } else if chip.clicked() {
                filter.toggle(class);
            }
        }
    });
}

fn text(ui: &mut Ui, name: &str, hint: &str, value: &mut String, tooltip: &str) {
    ui.horizontal(|ui| {
        label(ui, name);
        let field = ui.add(TextEdit::singleline(value).hint_text(hint).desired_width(f32::INFINITY));
        field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, format!("{name} filter")));
        field.on_hover_text(tooltip);
    });
}

/// From and to; at its end a bound is taken away, so that what is not known passes again.
fn bounds(ui: &mut Ui, name: &str, unit: &str, extent: Option<(f64, f64)>, bounds: &mut Bounds) {
    let Some((least, most)) = extent else { return };
    let span = (most - least).max(1e-9);
    let digits = if span > 20.0 {
        0
    } else if span > 2.0 {
        1
    } else {
        2
    };
    // Outwards, so that at both ends all pass.
    let scale = 10f64.powi(digits);
    let (least, most) = ((least * scale).floor() / scale, (most * scale).ceil() / scale);
    ui.horizontal(|ui| {
        label(ui, name);
        let bound = |ui: &mut Ui, which: &str, bound: &mut Option<f64>, open: f64| {
            let mut value = bound.unwrap_or(open);
            let drag = DragValue::new(&mut value).speed(span / 200.0).range(least..=most);
            let response: Response = ui.add(drag.fixed_decimals(digits as usize));
            response.widget_info(|| WidgetInfo::labeled(Role::SpinButton, true, format!("{name} {which}")));
            if response.on_hover_text(format!("Drag, or click and type: clips {which} this {name}")).changed() {
                *bound = Some(value).filter(|value| *value != open);
            }
        };
        bound(ui, "from", &mut bounds.low, least);
        ui.label(RichText::new("to").small());
        bound(ui, "to", &mut bounds.high, most);
        ui.label(RichText::new(unit).small());
    });
}

fn label(ui: &mut Ui, name: &str) {
    let text = RichText::new(name).small().color(theme::palette(ui).weak_text);
    ui.add_sized([56.0, 16.0], eframe::egui::Label::new(text).halign(eframe::egui::Align::Min));
}
