//! The top line: the desk's mode, what is open, and the actions that concern the whole desk.

use eframe::egui::{Align, Layout, RichText, Ui};
use egui_material_icons::icons;

use crate::app::command::{Action, Command};
use crate::app::state::State;
use crate::app::theme;
use crate::app::widgets::action_button::action_icon;

pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.horizontal_centered(|ui| {
        ui.label(RichText::new("AVAR Desk").strong());
        ui.add_space(theme::WIDE_GAP);
        // The first of three modes; Evaluate and Present will stand beside it.
        ui.label(RichText::new("Review").color(theme::palette(ui).accent));
        ui.add_space(theme::WIDE_GAP);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let theme_icon = if state.view.is_dark { icons::ICON_LIGHT_MODE } else { icons::ICON_DARK_MODE };
            action_icon(ui, commands, icons::ICON_KEYBOARD, Action::KeySheet, false);
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
