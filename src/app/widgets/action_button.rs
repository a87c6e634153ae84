//! A button for an action: its name, tooltip and key come from the one list of actions.

use eframe::egui::{Button, Response, Role, Ui, WidgetInfo, vec2};
use egui_material_icons::MaterialIcon;

use crate::command::{Action, Command};
use crate::keymap::KeyMap;

/// Side of an icon button, in points.
pub const SIDE: f32 = 26.0;

/// An icon that pushes its action when clicked.
pub fn action_icon(
    ui: &mut Ui,
    commands: &mut Vec<Command>,
    icon: MaterialIcon,
    action: Action,
    is_on: bool,
) -> Response {
    let text = icon.rich_text().size(18.0);
    let response = ui.add(Button::new(text).min_size(vec2(SIDE, SIDE)).selected(is_on).frame_when_inactive(is_on));
    named(ui, commands, response, action)
}

/// A button with words that pushes its action when clicked.
pub fn action_button(ui: &mut Ui, commands: &mut Vec<Command>, text: &str, action: Action) -> Response {
    let response = ui.button(text);
    pushing(ui, commands, response, action)
}

/// An icon has no words of its own: the action's label is its accessible name.
fn named(ui: &Ui, commands: &mut Vec<Command>, response: Response, action: Action) -> Response {
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), action.label()));
    pushing(ui, commands, response, action)
}

fn pushing(ui: &Ui, commands: &mut Vec<Command>, response: Response, action: Action) -> Response {
    if response.clicked() {
        commands.push(action.into());
    }
    response.on_hover_text(KeyMap::of(ui.ctx()).tooltip(action))
}
