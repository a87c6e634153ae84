//! Every action of the mode on screen by its name: some letters of it are enough.

use eframe::egui::{Align2, Context, FontId, Key, Role, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, vec2};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};

use super::window;
use crate::command::{Action, Command};
use crate::evaluate::command::EvaluateAction;
use crate::keymap::{AnyAction, KeyMap};
use crate::panels::sidebar::{ROW_HEIGHT, fill_row};
use crate::state::{Mode, State};
use crate::theme;

const WIDTH: f32 = 440.0;
/// As many rows as are seen at once.
const ROWS: f32 = 12.0;

pub(super) fn show(ctx: &Context, state: &State, text: &str, chosen: usize, commands: &mut Vec<Command>) {
    let mut is_open = true;
    window("What to do").open(&mut is_open).show(ctx, |ui| {
        ui.set_width(WIDTH);
        let found = found(text, state.mode());
        let chosen = chosen.min(found.len().saturating_sub(1));
        let mut edited = text.to_owned();
        let field = TextEdit::singleline(&mut edited).hint_text("Some letters of an action").desired_width(WIDTH);
        let response = ui.add(field);
        response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Name of an action"));
        let pressed = |key| ui.input(|input| input.key_pressed(key));
        let moved = match (pressed(Key::ArrowUp), pressed(Key::ArrowDown)) {
            (true, false) => Some(chosen.saturating_sub(1)),
            (false, true) => Some((chosen + 1).min(found.len().saturating_sub(1))),
            _ => None,
        };
        match found.get(chosen) {
            Some(action) if response.lost_focus() && pressed(Key::Enter) => commands.push(Command::Run(*action)),
            _ if response.changed() => commands.push(Command::EditPalette { text: edited, chosen: 0 }),
            _ => response.request_focus(),
        }
        if let Some(chosen) = moved {
            commands.push(Command::EditPalette { text: text.to_owned(), chosen });
        }
        let height = ROWS * ROW_HEIGHT;
        ScrollArea::vertical().max_height(height).min_scrolled_height(height).auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (place, action) in found.iter().enumerate() {
                row(ui, &state.keys, *action, (place == chosen, moved.is_some()), commands);
            }
            if found.is_empty() {
                ui.label("No action is called so.");
            }
        });
    });
    if !is_open {
        commands.push(Action::Close.into());
    }
}

fn row(
    ui: &mut Ui,
    keys: &KeyMap,
    action: AnyAction,
    (is_chosen, has_moved): (bool, bool),
    commands: &mut Vec<Command>,
) {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    fill_row(ui, rect, &response, is_chosen);
    let (body, small) = (FontId::proportional(theme::BODY_TEXT), theme::mono(theme::SMALL_TEXT));
    let left = rect.left_center() + vec2(theme::GAP, 0.0);
    ui.painter().text(left, Align2::LEFT_CENTER, action.label(), body, palette.text);
    let right = rect.right_center() - vec2(theme::WIDE_GAP, 0.0);
    ui.painter().text(right, Align2::RIGHT_CENTER, action.key_text(keys), small, palette.weak_text);
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, is_chosen, action.label()));
    if is_chosen && has_moved {
        response.scroll_to_me(None);
    }
    if response.clicked() {
        commands.push(Command::Run(action));
    }
}

/// Those that the letters fit, the best first; without letters all, in the order of the key sheet.
fn found(text: &str, mode: Mode) -> Vec<AnyAction> {
    struct Named(AnyAction);
    impl AsRef<str> for Named {
        fn as_ref(&self) -> &str {
            self.0.label()
        }
    }
    let is_heard = |action: &Action| match mode {
        Mode::Evaluate => action.is_of_every_mode(),
        Mode::Review | Mode::Present => action.is_heard_in(mode),
    };
    // It is open already, and closing it runs nothing.
    let is_to_choose = |action: &Action| is_heard(action) && !matches!(action, Action::Palette | Action::Close);
    let of_evaluate = EvaluateAction::ALL.into_iter().filter(|_| mode == Mode::Evaluate).map(AnyAction::Evaluate);
    let of_desk = Action::ALL.into_iter().filter(is_to_choose).map(AnyAction::Desk);
    let pattern = Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart);
    let matched = pattern.match_list(of_evaluate.chain(of_desk).map(Named), &mut Matcher::new(Config::DEFAULT));
    matched.into_iter().map(|(Named(action), _)| action).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_letters_find_an_action_and_none_find_all_of_the_mode() {
        assert_eq!(found("undo", Mode::Review)[0], AnyAction::Desk(Action::Undo));
        assert_eq!(found("fullscr", Mode::Present)[0], AnyAction::Desk(Action::FullScreen));
        assert_eq!(found("xyzzy", Mode::Review), []);
        let all = found("", Mode::Review);
        assert!(all.contains(&AnyAction::Desk(Action::SplitEvent)) && all.len() > 60);
        assert!(!found("", Mode::Present).contains(&AnyAction::Desk(Action::SplitEvent)));
        assert!(found("", Mode::Evaluate).contains(&AnyAction::Evaluate(EvaluateAction::Review)));
    }
}
