//! The keys of the mode on screen; those of the desk can be changed.

use eframe::egui::{Button, Context, Grid, RichText, Role, ScrollArea, Ui, WidgetInfo, vec2};

use super::window;
use crate::command::{Action, ActionGroup, Command, KeyEdit};
use crate::evaluate::command::EvaluateAction;
use crate::keymap::KeyMap;
use crate::state::{KeyChange, Mode, State};
use crate::theme;

/// Of the window's height, for the table.
const TABLE_SHARE: f32 = 0.72;
/// What is asked of whoever changes a key has its place from the first.
const CHANGE_HEIGHT: f32 = 26.0;
const KEY_PADDING: f32 = 4.0;

pub(super) fn show(ctx: &Context, state: &State, change: Option<KeyChange>, commands: &mut Vec<Command>) {
    let mut is_open = true;
    window("Keys").open(&mut is_open).show(ctx, |ui| {
        if state.mode() == Mode::Evaluate {
            return of_evaluate(ui, &state.keys);
        }
        changing(ui, &state.keys, change, commands);
        let height = ctx.content_rect().height() * TABLE_SHARE;
        ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
            ui.horizontal_top(|ui| {
                use ActionGroup::{Deciding, Desk, Jumping, Modes, Playing, Stepping, View};
                for column in [&[Playing, Stepping, Modes][..], &[Jumping, Deciding], &[View, Desk]] {
                    ui.vertical(|ui| column.iter().for_each(|group| of_group(ui, state, *group, change, commands)));
                    ui.add_space(theme::GAP);
                }
            });
            let palette = theme::palette(ui);
            let mouse = "Timeline: drag scrubs, wheel pans, Ctrl+wheel zooms, Shift+wheel scales the waveform, \
                         Alt+wheel steps frames, Shift+drag sets the loop.\n\
                         Video: drag scrubs, double click plays, Ctrl+wheel zooms, middle button pans.";
            ui.label(RichText::new(mouse).small().color(palette.weak_text));
        });
    });
    if !is_open {
        commands.push(Action::KeySheet.into());
    }
}

/// How a key is changed, and what stands in the way of it.
fn changing(ui: &mut Ui, keys: &KeyMap, change: Option<KeyChange>, commands: &mut Vec<Command>) {
    let size = vec2(ui.available_width(), CHANGE_HEIGHT);
    ui.allocate_ui(size, |ui| {
        ui.set_min_height(CHANGE_HEIGHT);
        ui.horizontal_centered(|ui| {
            let mut button = |ui: &mut Ui, text: &str, edit: KeyEdit| {
                if ui.button(RichText::new(text).small()).clicked() {
                    commands.push(Command::EditKeys(edit));
                }
            };
            match change {
                None => {
                    let how = "A click on a key changes it.";
                    ui.label(RichText::new(how).small().color(theme::palette(ui).weak_text));
                    if !keys.is_as_at_first() {
                        button(ui, "All as at first", KeyEdit::RestoreAll);
                    }
                }
                Some(KeyChange { action, offered: None }) => {
                    ui.label(RichText::new(format!("Press the new key for “{}”.", action.label())).small());
                    button(ui, "No key", KeyEdit::TakeAway(action));
                    button(ui, "As at first", KeyEdit::Restore(action));
                    button(ui, "Leave it", KeyEdit::Leave);
                }
                Some(KeyChange { action, offered: Some(shortcut) }) => {
                    let holders = keys.holders(action, shortcut);
                    let taken = holders.iter().map(|holder| format!("“{}”", holder.label())).collect::<Vec<_>>();
                    let text = format!("{} means {} already.", shortcut.text(), taken.join(" and "));
                    ui.label(RichText::new(text).small().color(theme::palette(ui).error));
                    // Those of Evaluate alone come first there, and are not the desk's to give.
                    if holders.iter().any(|holder| !holder.is_of_evaluate()) {
                        button(ui, "Take it from there", KeyEdit::Give(action, shortcut));
                    }
                    button(ui, "Another key", KeyEdit::Ask(action));
                    button(ui, "Leave it", KeyEdit::Leave);
                }
            }
        });
    });
}

/// Its own keys, and those that mean the same in every mode.
fn of_evaluate(ui: &mut Ui, keys: &KeyMap) {
    let own = EvaluateAction::ALL.into_iter().map(|action| (action.shortcut().text(), action.label()));
    let everywhere = Action::ALL.into_iter().filter(|action| action.is_of_every_mode());
    let everywhere = everywhere.map(|action| (keys.key_text(action), action.label()));
    Grid::new("Evaluate").num_columns(2).spacing([theme::WIDE_GAP, 3.0]).show(ui, |ui| {
        for (keys, label) in own.chain(everywhere) {
            ui.label(RichText::new(keys).font(theme::mono(theme::SMALL_TEXT)));
            ui.label(RichText::new(label).small());
            ui.end_row();
        }
    });
}

fn of_group(ui: &mut Ui, state: &State, group: ActionGroup, change: Option<KeyChange>, commands: &mut Vec<Command>) {
    ui.label(RichText::new(group.label()).strong());
    Grid::new(group.label()).num_columns(2).spacing([theme::GAP, 0.0]).show(ui, |ui| {
        let is_class = |action: &Action| matches!(action, Action::AssignClass(_));
        let listed = Action::ALL.into_iter().filter(|action| action.group() == group && !is_class(action));
        for action in listed {
            let is_changing = change.is_some_and(|change| change.action == action);
            key_of(ui, &state.keys, action, is_changing, commands);
            ui.label(RichText::new(action.label()).small());
            ui.end_row();
        }
        if group == ActionGroup::Deciding {
            fixed(ui, "1 to 9, 0");
            ui.label(RichText::new("Call the event by one of the ten classes, in their order").small());
            ui.end_row();
        }
    });
    ui.add_space(theme::GAP);
}

/// Keys that cannot be changed, where those that can begin.
fn fixed(ui: &mut Ui, keys: &str) {
    ui.horizontal(|ui| {
        ui.add_space(KEY_PADDING);
        ui.label(RichText::new(keys).font(theme::mono(theme::SMALL_TEXT)));
    });
}

fn key_of(ui: &mut Ui, keys: &KeyMap, action: Action, is_changing: bool, commands: &mut Vec<Command>) {
    // Closed by one press whatever else is open, and so not to be had by anything else.
    if action == Action::Close {
        return fixed(ui, &keys.key_text(action));
    }
    let text = match keys.key_text(action) {
        none if none.is_empty() => "–".to_owned(),
        keys => keys,
    };
    ui.spacing_mut().button_padding = vec2(KEY_PADDING, 0.0);
    let label = RichText::new(&text).font(theme::mono(theme::SMALL_TEXT));
    let response = ui.add(Button::new(label).selected(is_changing).frame_when_inactive(is_changing));
    response
        .widget_info(|| WidgetInfo::selected(Role::Button, true, is_changing, format!("{}: {text}", action.label())));
    if response.on_hover_text("Change the key").clicked() {
        commands.push(Command::EditKeys(KeyEdit::Ask(action)));
    }
}
