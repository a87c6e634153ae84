//! Where the bundle and the annotations of a recording are to be written.

use std::ops::Range;
use std::path::Path;

use eframe::egui::{Button, ComboBox, Context, Label, ProgressBar, RichText, Role, TextEdit, Ui, WidgetInfo};

use super::{PATH_WIDTH, window};
use crate::command::{Action, Command};
use crate::state::{HandOverSheet, Recording, State};
use crate::theme;
use crate::widgets::time_code::time_left;
use avar_base::time::FrameIndex;
use avar_base::wording::counted;
use avar_interchange::Format;
use avar_labels::Verdict;

pub(super) fn show(ctx: &Context, state: &State, sheet: &HandOverSheet, commands: &mut Vec<Command>) {
    let Some(recording) = state.recording() else { return };
    let mut is_open = true;
    window("Hand over").open(&mut is_open).show(ctx, |ui| {
        ui.set_width(PATH_WIDTH);
        ui.label(RichText::new("Bundle").strong());
        weak(ui, &contents(recording));
        path(ui, "Path of the bundle", &sheet.bundle, |bundle| {
            commands.push(Command::EditHandOver(HandOverSheet { bundle, ..sheet.clone() }));
        });
        let is_free = state.writing.is_none();
        let tip = "A zip file with events, scores, stills, notes, the trail of decisions and a page to be printed, \
                   which avar verify checks";
        if ui.add_enabled(is_free, Button::new("Write the bundle")).on_hover_text(tip).clicked() {
            commands.push(Command::WriteBundle(sheet.bundle.trim().into()));
        }
        heading(ui, "Clip");
        let stretch = state.clip_stretch();
        weak(ui, &clip_in_words(stretch.clone(), state));
        path(ui, "Path of the clip", &sheet.clip, |clip| {
            commands.push(Command::EditHandOver(HandOverSheet { clip, ..sheet.clone() }));
        });
        ui.horizontal(|ui| {
            let button = ui.add_enabled(is_free && stretch.is_some(), Button::new("Write the clip"));
            let tip = "NAME.mp4 is H.264, to be looked at; NAME.mkv is lossless, each frame as the desk decodes it";
            if button.on_hover_text(tip).clicked() {
                commands.push(Command::WriteClip(sheet.clip.trim().into(), sheet.has_words));
            }
            let mut has_words = sheet.has_words;
            if ui.checkbox(&mut has_words, "with class, score and time in the picture").changed() {
                commands.push(Command::EditHandOver(HandOverSheet { has_words, ..sheet.clone() }));
            }
        });
        heading(ui, "Annotations for other programs");
        ui.horizontal(|ui| {
            let menu = ComboBox::from_id_salt("annotation format").width(200.0).selected_text(sheet.format.label());
            let response = menu.show_ui(ui, |ui| {
                for format in Format::ALL.into_iter().filter(|format| format.can_write()) {
                    if ui.selectable_label(format == sheet.format, format.label()).clicked() {
                        commands.push(Command::EditHandOver(in_format(sheet, format)));
                    }
                }
            });
            response.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, "Format of the annotations"));
        });
        path(ui, "Path of the annotations", &sheet.annotations, |annotations| {
            commands.push(Command::EditHandOver(HandOverSheet { annotations, ..sheet.clone() }));
        });
        if ui.button("Write the annotations").clicked() {
            commands.push(Command::WriteAnnotations(sheet.format, sheet.annotations.trim().into()));
        }
        ui.separator();
        progress(ui, state, commands);
    });
    if !is_open {
        commands.push(Action::Close.into());
    }
}

fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(theme::GAP);
    ui.separator();
    ui.label(RichText::new(text).strong());
}

/// Of what is being written; its place stays where nothing is.
fn progress(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.set_min_height(24.0);
        let Some(progress) = state.writing else {
            return weak(ui, "What is there already under a name is written over.");
        };
        let fraction = progress.map_or(0.0, |progress| progress.fraction);
        let left = progress.and_then(|progress| progress.time_left()).map(time_left);
        let text = RichText::new(left.unwrap_or_else(|| "starting".to_owned())).small();
        let bar = ui.add(ProgressBar::new(fraction).desired_height(16.0).desired_width(300.0).text(text));
        bar.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, "Progress of what is written"));
        if ui.button("Cancel").clicked() {
            commands.push(Command::CancelWriting);
        }
    });
}

fn clip_in_words(stretch: Option<Range<FrameIndex>>, state: &State) -> String {
    match stretch {
        Some(stretch) => {
            let of = if state.transport.in_point.zip(state.transport.out_point).is_some() {
                "in to out point"
            } else {
                "the chosen event"
            };
            format!("Frames {} to {}, {of}, with their sound.", stretch.start.0, stretch.end.0 - 1)
        }
        None => {
            let [from, to] = [Action::InPoint, Action::OutPoint].map(|action| state.keys.key_text(action));
            format!("Choose an event, or set in and out point ({from}, {to}).")
        }
    }
}

fn in_format(sheet: &HandOverSheet, format: Format) -> HandOverSheet {
    let annotations = Path::new(&sheet.annotations).with_extension(format.extension()).display().to_string();
    HandOverSheet { annotations, format, ..sheet.clone() }
}

/// What the bundle will say.
fn contents(recording: &Recording) -> String {
    let events = &recording.decisions.listed;
    let count = |verdict: Option<Verdict>| events.iter().filter(|event| event.verdict == verdict).count();
    if recording.decisions.begun().is_none() {
        return format!("Nothing is decided yet: it holds {} that the network found.", counted(events.len(), "event"));
    }
    let open = count(None);
    let is_left = if open > 0 { format!(", {open} not reviewed") } else { String::new() };
    let (accepted, rejected) = (count(Some(Verdict::Accepted)), count(Some(Verdict::Rejected)));
    format!("{accepted} accepted, with stills and curve; {rejected} rejected{is_left}.")
}

fn path(ui: &mut Ui, name: &str, path: &str, edit: impl FnOnce(String)) {
    let mut edited = path.to_owned();
    let response = ui.add(TextEdit::singleline(&mut edited).desired_width(f32::INFINITY));
    response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, name));
    if response.changed() {
        edit(edited);
    }
}

fn weak(ui: &mut Ui, text: &str) {
    ui.add(Label::new(RichText::new(text).small().color(theme::palette(ui).weak_text)).wrap());
}
