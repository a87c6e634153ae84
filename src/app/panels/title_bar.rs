//! The top line: the desk's mode, what is open, and the actions that concern the whole desk.

use eframe::egui::{Align, Button, Layout, RichText, Role, Ui, WidgetInfo};
use egui_material_icons::icons;

use crate::command::{Action, Command};
use crate::state::{Mode, State};
use crate::theme;
use crate::widgets::action_button::action_icon;

pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.horizontal_centered(|ui| {
        ui.label(RichText::new("AVAR Desk").strong());
        ui.add_space(theme::WIDE_GAP);
        modes(ui, state.mode(), commands);
        ui.add_space(theme::WIDE_GAP);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let theme_icon = if state.view.is_dark { icons::ICON_LIGHT_MODE } else { icons::ICON_DARK_MODE };
            action_icon(ui, commands, icons::ICON_KEYBOARD, Action::KeySheet, false);
            action_icon(ui, commands, icons::ICON_ARTICLE, Action::ShowLog, false);
            action_icon(ui, commands, theme_icon, Action::ToggleTheme, false);
            action_icon(ui, commands, icons::ICON_FOLDER_OPEN, Action::Open, false);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                if let Some(recording) = state.recording() {
                    let name = RichText::new(recording.name()).color(theme::palette(ui).weak_text);
                    ui.add(eframe::egui::Label::new(name).truncate())
                        .on_hover_text(recording.path.display().to_string());
                }
            });
        });
    });
}

/// The three modes as tabs.
pub fn modes(ui: &mut Ui, current: Mode, commands: &mut Vec<Command>) {
    let tabs = [
        (Mode::Review, Action::ShowReview),
        (Mode::Evaluate, Action::ShowEvaluate),
        (Mode::Present, Action::ShowPresent),
    ];
    for (mode, action) in tabs {
        let is_current = mode == current;
        let palette = theme::palette(ui);
        let text = RichText::new(action.label()).color(if is_current { palette.accent } else { palette.weak_text });
        let response = ui.add(Button::new(text).frame(false));
        response.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_current, action.label()));
        if response.clicked() {
            commands.push(action.into());
        }
        response.on_hover_text(action.tooltip());
    }
}
