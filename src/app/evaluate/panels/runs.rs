//! Which runs are open, what they were made from, and what has to be known of them.

use eframe::egui::{self, Align, CollapsingHeader, Label, Layout, ProgressBar, RichText, Ui};
use egui_material_icons::icons;

use super::controls::icon_button;
use crate::evaluate::command::{EvaluateAction, EvaluateCommand, Request};
use crate::evaluate::state::{EvaluateState, OpenRun, RunSlot, Slot};
use crate::theme;
use avar_base::wording::counted;
use avar_metrics::runs::{About, Failure};

pub(super) fn show(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    for slot in Slot::BOTH {
        heading(ui, state, slot, commands);
        match state.slot(slot) {
            RunSlot::Empty => {}
            RunSlot::Reading { progress, .. } => {
                let fraction = progress.map_or(0.0, |progress| progress.fraction);
                ui.add(ProgressBar::new(fraction).desired_height(6.0));
                small(ui, "Reading the run …");
            }
            // Where there is nothing else to show, the sentence stands in the middle.
            RunSlot::Failed { .. } if slot == Slot::A => {}
            RunSlot::Failed { sentence, .. } => {
                ui.label(RichText::new(sentence).small().color(theme::palette(ui).error));
            }
            RunSlot::Open(run) => about(ui, slot, run),
        }
        ui.add_space(4.0);
    }
    if let Some(paired) = &state.comparison.paired {
        let color = theme::palette(ui).weak_text;
        for note in paired.pairing.notes() {
            ui.label(RichText::new(note).small().color(color));
        }
    }
    evaluation(ui, state, commands);
}

fn heading(ui: &mut Ui, state: &EvaluateState, slot: Slot, commands: &mut Vec<EvaluateCommand>) {
    let palette = theme::palette(ui);
    let action = [EvaluateAction::OpenFirst, EvaluateAction::OpenSecond][slot as usize];
    ui.horizontal(|ui| {
        ui.set_min_height(24.0);
        let is_a = slot == Slot::A;
        ui.label(RichText::new(slot.name()).strong());
        // As the curves are drawn.
        let (rect, _) = ui.allocate_exact_size(egui::vec2(20.0, 12.0), egui::Sense::hover());
        let line = [rect.left_center(), rect.right_center()];
        let stroke = egui::Stroke::new(1.5, super::chart::curve_color(ui, !is_a));
        match is_a {
            true => drop(ui.painter().line_segment(line, stroke)),
            false => ui.painter().extend(egui::Shape::dashed_line(&line, stroke, 5.0, 3.0)),
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if !matches!(state.slot(slot), RunSlot::Empty) {
                let name = format!("Close run {}", slot.name());
                if icon_button(ui, icons::ICON_CLOSE, &name, &name).clicked() {
                    commands.push(EvaluateCommand::CloseRun(slot));
                }
                if slot == Slot::B && icon_button(ui, icons::ICON_SWAP_VERT, "Swap A and B", "Swap A and B").clicked() {
                    commands.push(EvaluateCommand::SwapRuns);
                }
            }
            if icon_button(ui, icons::ICON_FOLDER_OPEN, action.label(), &action.tooltip()).clicked() {
                commands.push(action.into());
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| match state.slot(slot).folder() {
                Some(folder) => {
                    let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
                    ui.add(Label::new(name).truncate()).on_hover_text(folder.display().to_string());
                }
                None => drop(ui.label(RichText::new("no run").color(palette.weak_text))),
            });
        });
    });
}

fn about(ui: &mut Ui, slot: Slot, run: &OpenRun) {
    let (palette, about) = (theme::palette(ui), &run.index.run.about);
    for sentence in warnings(about).into_iter().chain(run.notes.problem.clone()) {
        ui.label(RichText::new(sentence).small().strong());
    }
    let manifest = about.manifest.rsplit(['/', '\\']).next().unwrap_or_default();
    row(ui, "manifest", manifest, &about.manifest);
    let digest = about.weights_sha256.get(..12).unwrap_or(&about.weights_sha256);
    let of_weights = format!("{}\nSHA-256 {}", about.weights, about.weights_sha256);
    row(ui, "weights", &format!("{} {digest}", about.network), &of_weights);
    let clips = counted(run.index.run.clips.len(), "clip");
    let steps: usize = run.index.run.scored().map(|clip| clip.steps.len()).sum();
    row(ui, "holds", &format!("{clips}, {}", counted(steps, "step")), "Clips that can be used, and their scored steps");
    let sentences = |failures: &[Failure]| failures.iter().map(|failure| failure.error.clone()).collect::<Vec<_>>();
    let lists = [
        ("could not be scored", sentences(&about.failures)),
        ("set aside", sentences(&run.index.run.set_aside)),
        ("notes", about.notes.clone()),
    ];
    for (what, sentences) in lists.into_iter().filter(|(_, sentences)| !sentences.is_empty()) {
        let title = match what {
            "notes" => counted(sentences.len(), "note"),
            _ => format!("{} {what}", counted(sentences.len(), "clip")),
        };
        let title = RichText::new(title).small().color(palette.weak_text);
        CollapsingHeader::new(title).id_salt((slot, what)).show(ui, |ui| {
            for sentence in sentences.iter().take(MOST_SENTENCES) {
                ui.add(Label::new(RichText::new(sentence).small()).wrap());
            }
            if sentences.len() > MOST_SENTENCES {
                small(ui, &format!("and {} more in run.json", sentences.len() - MOST_SENTENCES));
            }
        });
    }
    if run.is_selecting {
        small(ui, "Working out the metrics …");
    }
}

const MOST_SENTENCES: usize = 100;

/// What has to be known before a score is believed.
fn warnings(about: &About) -> Vec<String> {
    let mut warnings = Vec::new();
    if !about.warning.is_empty() {
        warnings.push(about.warning.clone());
    }
    if about.weights_sha256.is_empty() && about.weights.is_empty() {
        warnings.push("Nothing is known of the weights.".to_owned());
    } else if !about.is_trained && about.warning.is_empty() {
        warnings.push("Untrained weights: scores mean nothing.".to_owned());
    }
    for (label, rows) in &about.unknown_labels {
        warnings.push(format!("{} are labelled \"{label}\", which is none of the ten classes.", counted(*rows, "row")));
    }
    warnings
}

fn evaluation(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    let Some(evaluation) = &state.evaluation else {
        let tooltip = "Score the clips of a manifest in the background; the run opens when it is done";
        if state.open(Slot::A).is_some() && ui.button("Start an evaluation…").on_hover_text(tooltip).clicked() {
            commands.push(EvaluateCommand::Ask(Request::StartEvaluation));
        }
        return;
    };
    let fraction = evaluation.progress.map_or(0.0, |progress| progress.fraction);
    ui.add(ProgressBar::new(fraction).desired_height(6.0));
    ui.horizontal(|ui| {
        let left = evaluation.progress.and_then(avar_base::job::Progress::time_left);
        let left = left.map(|left| format!(", {}", crate::widgets::time_code::time_left(left))).unwrap_or_default();
        small(ui, &format!("Evaluating {} {:.0} %{left}", evaluation.name, fraction * 100.0));
        if icon_button(ui, icons::ICON_CLOSE, "Cancel the evaluation", "Cancel the evaluation").clicked() {
            commands.push(EvaluateCommand::Ask(Request::CancelEvaluation));
        }
    });
}

fn row(ui: &mut Ui, name: &str, value: &str, tooltip: &str) {
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.add_sized([52.0, 14.0], Label::new(RichText::new(name).small().color(palette.weak_text)).halign(Align::Min));
        ui.add(Label::new(RichText::new(value).small()).truncate()).on_hover_text(tooltip);
    });
}

fn small(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).small().color(theme::palette(ui).weak_text));
}
