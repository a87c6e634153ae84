//! What is decided of the event that is chosen, and whether it is saved.

use eframe::egui::{Button, ComboBox, Label, RichText, Role, Ui, WidgetInfo, vec2};
use egui_material_icons::icons;

use crate::command::{Action, Command};
use crate::deciding::obstacle;
use crate::decisions::{Decision, Decisions};
use crate::keymap::KeyMap;
use crate::state::{Recording, State, file_name};
use crate::theme;
use crate::widgets::action_button::action_icon;
use crate::widgets::time_code::time_code;
use avar_base::time::MediaTime;
use avar_base::wording::counted;
use avar_labels::{AnomalyClass, Verdict};
use avar_review::layers::ListedEvent;

pub fn show(ui: &mut Ui, state: &State, recording: &Recording, commands: &mut Vec<Command>) {
    ui.label(RichText::new("Decision").strong());
    let decisions = &recording.decisions;
    let event = decisions.chosen();
    ui.add_enabled_ui(decisions.is_writable(), |ui| {
        what(ui, recording, event);
        verdicts(ui, event, commands);
        edits(ui, decisions, event, commands);
    });
    note(ui, event);
    saved(ui, state, recording);
}

/// What is chosen: its place in the list, its frames and its times. Two lines, so that nothing jumps.
fn what(ui: &mut Ui, recording: &Recording, event: Option<&ListedEvent>) {
    let weak = theme::palette(ui).weak_text;
    let small = |text: String| Label::new(RichText::new(text).small().color(weak)).truncate();
    let decisions = &recording.decisions;
    let Some(event) = event else {
        let keys = KeyMap::of(ui.ctx());
        let text = match decisions.listed.is_empty() {
            true => format!("No event; {} adds one at the playhead.", keys.key_text(Action::AddEvent)),
            false => format!("{} goes to the next event.", keys.key_text(Action::NextEvent)),
        };
        ui.add(small(text));
        ui.add(small(" ".to_owned()));
        return;
    };
    let origin = recording.media().map_or(MediaTime::ZERO, |media| media.info.range.start);
    let code = |time: MediaTime| time_code(time - origin);
    let place = decisions.chosen.map_or(0, |chosen| chosen + 1);
    let score = event.class_score.map(|score| format!(", its score {score:.2} on average")).unwrap_or_default();
    if !decisions.also.is_empty() {
        let count = decisions.also.len() + 1;
        ui.add(small(format!("{count} of {} events: verdict and class are for all.", decisions.listed.len())));
        ui.add(small(format!("{} chooses one again.", KeyMap::of(ui.ctx()).key_text(Action::Close))));
        return;
    }
    ui.add(small(format!("Event {place} of {}{score}", decisions.listed.len())));
    let (start, end) = (event.stretch.start, event.stretch.end);
    let of = if recording.media().is_some_and(|media| media.frames.is_some()) { "frames" } else { "steps" };
    let last = end.frame.0.saturating_sub(1);
    ui.add(small(format!("{of} {} to {last}, {} – {}", start.frame.0, code(start.time), code(end.time))));
}

fn verdicts(ui: &mut Ui, event: Option<&ListedEvent>, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.spacing_mut().button_padding.x = 6.0;
        for (verdict, word) in [
            (Verdict::Accepted, "Accept"),
            (Verdict::Rejected, "Reject"),
            (Verdict::Unsure, "Unsure"),
            (Verdict::Reviewed, "Seen"),
        ] {
            let action = Action::Judge(verdict);
            let is_on = event.is_some_and(|event| event.verdict == Some(verdict));
            let button = Button::new(RichText::new(word).small()).selected(is_on).min_size(vec2(54.0, 24.0));
            let response = ui.add_enabled(event.is_some(), button);
            let is_enabled = ui.is_enabled() && event.is_some();
            response.widget_info(|| WidgetInfo::selected(Role::Button, is_enabled, is_on, action.label()));
            if response.clicked() {
                commands.push(action.into());
            }
            let tip = KeyMap::of(ui.ctx()).tooltip(action);
            response.on_hover_text(&tip).on_disabled_hover_text(tip);
        }
    });
}

fn edits(ui: &mut Ui, decisions: &Decisions, event: Option<&ListedEvent>, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.spacing_mut().button_padding.x = 2.0;
        ui.add_enabled_ui(event.is_some(), |ui| class_menu(ui, event, commands));
        ui.add_enabled_ui(event.is_some(), |ui| {
            action_icon(ui, commands, icons::ICON_LINE_START, Action::TrimStart, false);
            action_icon(ui, commands, icons::ICON_LINE_END, Action::TrimEnd, false);
            action_icon(ui, commands, icons::ICON_CONTENT_CUT, Action::SplitEvent, false);
        });
        let has_next = decisions.chosen.is_some_and(|chosen| chosen + 1 < decisions.listed.len());
        let has_next = has_next || !decisions.also.is_empty();
        ui.add_enabled_ui(has_next, |ui| action_icon(ui, commands, icons::ICON_MERGE, Action::MergeEvents, false));
        action_icon(ui, commands, icons::ICON_ADD, Action::AddEvent, false);
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.spacing_mut().button_padding.x = 2.0;
        ui.add_enabled_ui(event.is_some(), |ui| {
            action_icon(ui, commands, icons::ICON_EDIT_NOTE, Action::NoteOnEvent, false);
        });
        action_icon(ui, commands, icons::ICON_FLAG, Action::NoteHere, false);
        ui.add_enabled_ui(event.is_some(), |ui| {
            action_icon(ui, commands, icons::ICON_DELETE, Action::DeleteEvent, false);
        });
        let (undo, redo) = decisions.view.as_ref().map_or((None, None), |view| (view.undo, view.redo));
        for (icon, action, what) in [(icons::ICON_UNDO, Action::Undo, undo), (icons::ICON_REDO, Action::Redo, redo)] {
            ui.add_enabled_ui(what.is_some(), |ui| {
                let response = action_icon(ui, commands, icon, action, false);
                if let Some(what) = what {
                    response.on_hover_text(format!("{}: {what}", action.label()));
                }
            });
        }
    });
}

fn class_menu(ui: &mut Ui, event: Option<&ListedEvent>, commands: &mut Vec<Command>) {
    let class = event.map(|event| event.class);
    let text = class.map_or("–", AnomalyClass::label);
    let menu = ComboBox::from_id_salt("class of the event").width(96.0).selected_text(text);
    let keys = KeyMap::of(ui.ctx());
    let response = menu.show_ui(ui, |ui| {
        for choice in AnomalyClass::ALL {
            let label = ui.selectable_label(class == Some(choice), choice.label());
            if label.on_hover_text(keys.tooltip(Action::AssignClass(choice))).clicked() {
                commands.push(Command::Decide(Decision::SetClass(choice)));
            }
        }
    });
    response.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, "Class of the event"));
    response.response.on_hover_text("What the event is called (1 to 9, and 0 for the tenth)");
}

fn note(ui: &mut Ui, event: Option<&ListedEvent>) {
    if let Some(event) = event.filter(|event| !event.note.is_empty()) {
        ui.add(Label::new(RichText::new(format!("Note: {}", event.note)).small()).wrap());
    }
}

/// Where the decisions are, and whether all of them are on the disk.
fn saved(ui: &mut Ui, state: &State, recording: &Recording) {
    let palette = theme::palette(ui);
    let decisions = &recording.decisions;
    let saved = decisions.view.as_ref().map(|view| (view.saved, &view.path));
    let (text, color) = match (obstacle(recording), saved) {
        (Some(sentence), None) if decisions.stage.is_underway() => (sentence, palette.weak_text),
        (Some(sentence), _) => (sentence, palette.error),
        (None, Some((saved, path))) if saved > 0 => {
            (format!("{} saved in {}", counted(saved, "step"), file_name(path)), palette.weak_text)
        }
        (None, _) => ("Nothing is decided yet.".to_owned(), palette.weak_text),
    };
    let response = ui.add(Label::new(RichText::new(text).small().color(color)).truncate());
    let author = match state.author.as_str() {
        "" => "nobody in particular".to_owned(),
        name => name.to_owned(),
    };
    if let Some(view) = &decisions.view {
        let begun = if view.saved == 0 { "The first decision begins" } else { "Every step is one line of" };
        response.on_hover_text(format!("{begun} {}, in the name of {author}.", view.path.display()));
    }
}
