//! Where the bundle and the annotations of a recording are to be written.

use std::path::Path;

use eframe::egui::{ComboBox, Context, Label, ProgressBar, RichText, Role, TextEdit, Ui, WidgetInfo};

use super::{PATH_WIDTH, window};
use crate::command::{Action, Command};
use crate::state::{HandOverSheet, Recording, State};
use crate::theme;
use crate::widgets::time_code::time_left;
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
        ui.horizontal(|ui| match state.bundling {
            Some(progress) => {
                let fraction = progress.map_or(0.0, |progress| progress.fraction);
                let left = progress.and_then(|progress| progress.time_left()).map(time_left);
                let text = RichText::new(left.unwrap_or_else(|| "starting".to_owned())).small();
                let bar = ui.add(ProgressBar::new(fraction).desired_height(16.0).desired_width(300.0).text(text));
                bar.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, "Progress of the bundle"));
                if ui.button("Cancel").clicked() {
                    commands.push(Command::CancelBundle);
                }
            }
            None => {
                let button = ui.button("Write the bundle");
                let tip = "A zip file with events, scores, stills, notes, the trail of decisions and a page to be printed, \
                           which avar verify checks";
                if button.on_hover_text(tip).clicked() {
                    commands.push(Command::WriteBundle(sheet.bundle.trim().into()));
                }
            }
        });
        ui.add_space(theme::GAP);
        ui.separator();
        ui.label(RichText::new("Annotations for other programs").strong());
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
    });
    if !is_open {
        commands.push(Action::Close.into());
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
    if recording.decisions.view.as_ref().is_none_or(|view| view.saved == 0) {
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
