//! The panels of Evaluate: each draws one view of the state and pushes commands.

mod alarms;
mod chart;
mod classes;
mod clip;
mod comparison;
mod controls;
mod curves;
mod exports;
mod filters;
mod gallery;
mod matrix;
mod reliability;
mod remarks;
mod runs;

use eframe::egui::{self, CentralPanel, Frame, Margin, Panel, RichText, ScrollArea, Ui};

use self::controls::{action_button, tab};
use super::command::{EvaluateAction, EvaluateCommand, Request};
use super::state::{CurveView, EvaluateState, RunSlot, Slot, TableView};
use crate::theme;
use crate::widgets::notices;

/// Below this height the panels are as low as they can be read.
const LOW: f32 = 700.0;
/// Below this width matrix and class table share their place.
const NARROW: f32 = 1000.0;

pub(super) fn show(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    let whole = ui.available_rect_before_wrap();
    panels(ui, state, commands);
    commands.extend(notices::show(ui, whole, &state.notices).map(EvaluateCommand::DismissNotice));
}

fn panels(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    let side = Frame::side_top_panel(ui.style()).inner_margin(Margin::same(theme::GAP as i8));
    Panel::left("evaluate side").exact_size(theme::SIDE_WIDTH).frame(side).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            runs::show(ui, state, commands);
            exports::show(ui, state, commands);
            ui.separator();
            if state.open(Slot::A).is_some() {
                filters::show(ui, state, commands);
            }
        });
    });
    if state.shown(Slot::A).is_none() {
        CentralPanel::default().frame(side).show(ui, |ui| empty(ui, state, commands));
        return;
    }
    let is_low = ui.available_height() < LOW;
    let (views_height, clip_height) = if is_low { (232.0, 148.0) } else { (318.0, 198.0) };
    Panel::top("evaluate views").exact_size(views_height).frame(side).show(ui, |ui| views(ui, state, commands));
    Panel::bottom("evaluate clip").exact_size(clip_height).frame(side).show(ui, |ui| clip::show(ui, state, commands));
    CentralPanel::default().frame(side).show(ui, |ui| gallery::show(ui, state, commands, is_low));
}

fn views(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    let area = ui.available_rect_before_wrap();
    let is_narrow = area.width() < NARROW;
    let shares: &[f32] = if is_narrow { &[0.5, 0.5] } else { &[0.34, 0.38, 0.28] };
    let gaps = theme::WIDE_GAP * (shares.len() - 1) as f32;
    let mut left = area.left();
    for (place, share) in shares.iter().enumerate() {
        let width = (area.width() - gaps) * share;
        let rect = egui::Rect::from_min_size(egui::pos2(left, area.top()), egui::vec2(width, area.height()));
        left += width + theme::WIDE_GAP;
        ui.scope_builder(egui::UiBuilder::new().max_rect(rect).id_salt(("view", place)), |ui| {
            match (place, is_narrow) {
                (0, true) => {
                    table_tabs(ui, state, commands, &[TableView::Matrix, TableView::Classes, TableView::Comparison])
                }
                (0, false) => matrix::show(ui, state, commands),
                (1, _) => curve_tabs(ui, state, commands),
                _ => table_tabs(ui, state, commands, &[TableView::Classes, TableView::Comparison]),
            }
        });
    }
    ui.allocate_rect(area, egui::Sense::hover());
}

fn table_tabs(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>, tabs: &[TableView]) {
    let shown = if tabs.contains(&state.table) { state.table } else { tabs[0] };
    ui.horizontal(|ui| {
        for view in tabs {
            let (name, tooltip) = match view {
                TableView::Matrix => ("Matrix", "True classes against predicted ones"),
                TableView::Classes => ("Classes", "Precision, recall, F1 and average precision of each class"),
                TableView::Comparison => ("B − A", "What run B does better or worse, with 95 % intervals"),
            };
            if *view == TableView::Comparison && state.open(Slot::B).is_none() {
                continue;
            }
            if tab(ui, *view == shown, name, tooltip).clicked() {
                commands.push(EvaluateCommand::ShowTable(*view));
            }
        }
    });
    match shown {
        TableView::Matrix => matrix::show(ui, state, commands),
        TableView::Comparison if state.open(Slot::B).is_some() => comparison::show(ui, state),
        TableView::Classes | TableView::Comparison => classes::show(ui, state),
    }
}

fn curve_tabs(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    let tabs = [
        (CurveView::PrAndRoc, "PR, ROC", "Precision and recall, and the receiver operating characteristic"),
        (CurveView::Alarms, "False alarms", "False alarms an hour against the recall of events"),
        (
            CurveView::Reliability,
            "Reliability",
            "Whether scores mean what they say, before and after temperature scaling",
        ),
    ];
    ui.horizontal(|ui| {
        for (view, name, tooltip) in tabs {
            if tab(ui, state.curves == view, name, tooltip).clicked() {
                commands.push(EvaluateCommand::ShowCurves(view));
            }
        }
        if state.curves == CurveView::PrAndRoc {
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| controls::unit(ui, state, commands));
        }
    });
    match state.curves {
        CurveView::PrAndRoc => curves::show(ui, state, commands),
        CurveView::Alarms => alarms::show(ui, state, commands),
        CurveView::Reliability => reliability::show(ui, state),
    }
}

/// Before there is anything to show: what to do, or what is being waited for.
fn empty(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    let palette = theme::palette(ui);
    let weak = |text: &str| RichText::new(text.to_owned()).color(palette.weak_text);
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.3);
        match state.slot(Slot::A) {
            RunSlot::Empty => {
                ui.label(RichText::new("Open a run").heading());
                ui.label(weak(
                    "A run is the folder that an evaluation writes: weights, manifest, scores of every clip.",
                ));
                ui.add_space(theme::WIDE_GAP);
                action_button(ui, commands, "Open a run…", EvaluateAction::OpenFirst);
                let start = ui.button("Start an evaluation…");
                if start.on_hover_text("Score the clips of a manifest in the background").clicked() {
                    commands.push(EvaluateCommand::Ask(Request::StartEvaluation));
                }
                ui.add_space(theme::WIDE_GAP);
                controls::path_field(ui, state, commands);
            }
            RunSlot::Reading { .. } => {
                ui.label(RichText::new("Reading the run …").heading());
                ui.label(weak("Metrics and clips appear once all steps are read."));
            }
            RunSlot::Failed { sentence, .. } => {
                ui.label(RichText::new("The run cannot be opened").heading());
                ui.label(RichText::new(sentence).color(palette.error));
                ui.add_space(theme::WIDE_GAP);
                action_button(ui, commands, "Open another run…", EvaluateAction::OpenFirst);
                controls::path_field(ui, state, commands);
            }
            RunSlot::Open(_) => {
                ui.label(RichText::new("Working out the metrics …").heading());
                ui.label(weak("Steps are being sorted by their scores."));
            }
        }
    });
}
