//! What the keys pressed since the last frame ask for.

use eframe::egui::Context;

use super::command::{Action, Command};
use super::evaluate::commands_of_keys;
use super::shortcut::{KeyPress, key_presses};
use super::state::{Mode, State};

/// The commands of the keys pressed since the last frame, in the mode that is shown. In Evaluate its own keys come
/// first, and of the others only those that mean the same everywhere.
pub(crate) fn commands_of_mode(ctx: &Context, state: &State) -> Vec<Command> {
    let actions = actions_of_keys(ctx, state.mode());
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
fn actions_of_keys(ctx: &Context, mode: Mode) -> Vec<Action> {
    let action = |press: KeyPress| {
        let action = Action::of_key(mode, press.modifiers, press.key)?;
        (action == Action::Close || !press.is_for_widget).then_some(action)
    };
    key_presses(ctx).into_iter().filter_map(action).collect()
}
