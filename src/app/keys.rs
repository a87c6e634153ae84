//! What the keys pressed since the last frame ask for.

use eframe::egui::{Context, Event, Key};

use super::command::{Action, Command};
use super::evaluate::commands_of_keys;
use super::state::{Mode, State};

/// The commands of the keys pressed since the last frame, in the mode that is shown. In Evaluate its own keys come
/// first, and of the others only those that mean the same everywhere.
pub fn commands_of_mode(ctx: &Context, state: &State) -> Vec<Command> {
    let actions = actions_of_keys(ctx);
    match state.mode() {
        Mode::Review | Mode::Present => actions.into_iter().map(Command::Act).collect(),
        Mode::Evaluate => {
            let is_heard = |action: &Action| {
                let closes_sheet = *action == Action::Close && state.sheet.is_some();
                closes_sheet || (action.is_of_every_mode() && *action != Action::ShowEvaluate)
            };
            let own = commands_of_keys(ctx).into_iter().map(Command::Evaluate);
            own.chain(actions.into_iter().filter(is_heard).map(Command::Act)).collect()
        }
    }
}

/// The actions of the keys pressed since the last frame. A widget that has the focus keeps the keys by which it is
/// worked: typing never moves the playhead, Space presses the focused button, arrows move the focused slider.
fn actions_of_keys(ctx: &Context) -> Vec<Action> {
    let is_typing = ctx.text_edit_focused();
    let has_focus = ctx.memory(|memory| memory.focused().is_some());
    let pressed = |event: &Event| match event {
        Event::Key { key, pressed: true, modifiers, .. } => {
            let is_widgets_own = has_focus && modifiers.is_none() && WIDGET_KEYS.contains(key);
            let action = Action::of_key(*modifiers, *key)?;
            let is_heard = action == Action::Close || !(is_typing || is_widgets_own);
            is_heard.then_some(action)
        }
        _ => None,
    };
    ctx.input(|input| input.events.iter().filter_map(pressed).collect())
}

const WIDGET_KEYS: [Key; 6] = [Key::Space, Key::Enter, Key::ArrowLeft, Key::ArrowRight, Key::ArrowUp, Key::ArrowDown];
