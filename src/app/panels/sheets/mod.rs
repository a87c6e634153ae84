//! Windows over the desk: the keys, all actions by name, "go to", a note, a path, and the log.

mod hand_over;
mod keys;
mod palette;

use eframe::egui::{Align2, Context, Key, Label, RichText, Role, ScrollArea, TextEdit, WidgetInfo, Window};

use crate::command::{Action, Command};
use crate::state::{LogView, Sheet, State, Wanted};
use crate::theme;

pub fn show(ctx: &Context, state: &State, commands: &mut Vec<Command>) {
    match &state.sheet {
        None => {}
        Some(Sheet::Keys(change)) => keys::show(ctx, state, *change, commands),
        Some(Sheet::Palette { text, chosen }) => palette::show(ctx, state, text, *chosen, commands),
        Some(Sheet::HandOver(sheet)) => hand_over::show(ctx, state, sheet, commands),
        Some(Sheet::GoTo { text, problem }) => go_to(ctx, text, problem.as_deref(), commands),
        Some(Sheet::Log(view)) => log(ctx, view, commands),
        Some(Sheet::Note { text, is_on_event }) => note(ctx, text, *is_on_event, commands),
        Some(Sheet::Path { wanted, text }) => path(ctx, *wanted, text, commands),
    }
}

fn go_to(ctx: &Context, text: &str, problem: Option<&str>, commands: &mut Vec<Command>) {
    let mut is_open = true;
    window("Go to").open(&mut is_open).show(ctx, |ui| {
        let mut edited = text.to_owned();
        let field =
            TextEdit::singleline(&mut edited).hint_text("frame (120) or time (0:04.5, 4.5s)").desired_width(240.0);
        let response = ui.add(field);
        response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Frame or time"));
        let is_entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if is_entered {
            commands.push(Command::GoToText(edited));
        } else if response.changed() {
            commands.push(Command::EditGoTo(edited));
        } else {
            response.request_focus();
        }
        if let Some(problem) = problem {
            ui.label(RichText::new(problem).small().color(theme::palette(ui).error));
        }
    });
    if !is_open {
        commands.push(Action::Close.into());
    }
}

/// A line of text: on the event that is chosen, or at the playhead.
fn note(ctx: &Context, text: &str, is_on_event: bool, commands: &mut Vec<Command>) {
    let title = if is_on_event { "Note on the event" } else { "Note at this frame" };
    let mut is_open = true;
    window(title).open(&mut is_open).show(ctx, |ui| {
        ui.set_width(PATH_WIDTH);
        let mut edited = text.to_owned();
        let field = TextEdit::singleline(&mut edited).hint_text("What is to be said").desired_width(f32::INFINITY);
        let response = ui.add(field);
        response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Text of the note"));
        let is_entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if is_entered {
            commands.push(Command::WriteNote(edited.trim().to_owned()));
        } else if response.changed() {
            commands.push(Command::EditNote(edited));
        } else {
            response.request_focus();
        }
        let how = if is_on_event { "Enter saves it; an empty note takes it away." } else { "Enter saves it." };
        ui.label(RichText::new(how).small().color(theme::palette(ui).weak_text));
    });
    if !is_open {
        commands.push(Action::Close.into());
    }
}

/// Its last lines, and a way to take them along.
fn log(ctx: &Context, view: &LogView, commands: &mut Vec<Command>) {
    let mut is_open = true;
    window("Log").open(&mut is_open).show(ctx, |ui| match view {
        LogView::Reading => {
            ui.label("Reading the log …");
        }
        LogView::Problem(sentence) => {
            ui.label(sentence);
        }
        LogView::Lines { path, text } => {
            ui.horizontal(|ui| {
                let copy = ui.button("Copy").on_hover_text("Copy these lines, to send them to somebody");
                if copy.clicked() {
                    ui.ctx().copy_text(text.clone());
                }
                let path = RichText::new(path.display().to_string()).small().color(theme::palette(ui).weak_text);
                ui.add(Label::new(path).selectable(true));
            });
            ui.add_space(theme::GAP);
            let size = ctx.content_rect().size() * LOG_SHARE;
            let lines = ScrollArea::both().max_width(size.x).max_height(size.y).auto_shrink([false, false]);
            lines.stick_to_bottom(true).show(ui, |ui| {
                let text = RichText::new(text).font(theme::mono(theme::SMALL_TEXT));
                ui.add(Label::new(text).selectable(true).extend());
            });
        }
    });
    if !is_open {
        commands.push(Action::Close.into());
    }
}

/// Of the window, in both directions.
const LOG_SHARE: f32 = 0.7;

/// In place of the system's file dialog.
fn path(ctx: &Context, wanted: Wanted, text: &str, commands: &mut Vec<Command>) {
    let (title, hint) = match wanted {
        Wanted::Recordings => ("Open a recording", "path of a recording"),
        Wanted::Run(_) => ("Open a run", "folder of a run"),
        Wanted::Manifest => ("Evaluate a manifest", "path of a manifest"),
        Wanted::ReviewFolder => ("Keep the review in another folder", "a folder that can be written"),
    };
    let mut is_open = true;
    window(title).open(&mut is_open).show(ctx, |ui| {
        ui.set_width(PATH_WIDTH);
        let mut edited = text.to_owned();
        let response = ui.add(TextEdit::singleline(&mut edited).hint_text(hint).desired_width(f32::INFINITY));
        response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, hint));
        let is_entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if is_entered && !edited.trim().is_empty() {
            commands.push(Command::OpenTyped(wanted, edited.trim().into()));
        } else if response.changed() {
            commands.push(Command::EditSheetPath(edited));
        } else {
            response.request_focus();
        }
        let why = "This system has no file dialog: type a path and press Enter, or drop the file on the window. \
                   A desktop portal or the program zenity would show a dialog.";
        ui.label(RichText::new(why).small().color(theme::palette(ui).weak_text));
    });
    if !is_open {
        commands.push(Action::Close.into());
    }
}

/// Of the sheet for a path, in points: most paths are seen whole.
const PATH_WIDTH: f32 = 480.0;

fn window(title: &str) -> Window<'_> {
    Window::new(title).collapsible(false).resizable(false).anchor(Align2::CENTER_CENTER, [0.0, 0.0])
}
