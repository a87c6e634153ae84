//! What the keys pressed since the last frame ask for.

use eframe::egui::{Context, Key};

use super::command::{Action, Command, KeyEdit};
use super::evaluate::commands_of_keys;
use super::shortcut::{KeyPress, Shortcut, key_presses};
use super::state::{KeyChange, Mode, Sheet, State};

/// The commands of the keys pressed since the last frame, in the mode that is shown. In Evaluate its own keys come
/// first, and of the others only those that mean the same everywhere.
pub(crate) fn commands_of_mode(ctx: &Context, state: &State) -> Vec<Command> {
    if let Some(Sheet::Keys(Some(KeyChange { offered: None, .. }))) = state.sheet
        && let Some(press) = key_presses(ctx).into_iter().next()
        && press.key != Key::Escape
    {
        return vec![Command::EditKeys(KeyEdit::Offer(Shortcut::of_press(press.modifiers, press.key)))];
    }
    let actions = actions_of_keys(ctx, state);
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

/// The actions of the keys pressed since the last frame.
fn actions_of_keys(ctx: &Context, state: &State) -> Vec<Action> {
    let action = |press: KeyPress| {
        let action = state.keys.of_key(state.mode(), press.modifiers, press.key)?;
        (action == Action::Close || !press.is_for_widget).then_some(action)
    };
    key_presses(ctx).into_iter().filter_map(action).collect()
}
