//! The top line: the desk's mode, what is open, and the actions that concern the whole desk.

use eframe::egui::{Align, Button, Label, Layout, RichText, Role, Ui, WidgetInfo, vec2};
use egui_material_icons::icons;

use crate::command::{Action, Command};
use crate::keymap::KeyMap;
use crate::state::{Mode, State};
use crate::theme;
use crate::widgets::action_button::{self, action_icon};

pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.horizontal_centered(|ui| {
        ui.label(RichText::new("AVAR Desk").strong());
        ui.add_space(theme::WIDE_GAP);
        modes(ui, state.mode(), commands);
        ui.add_space(theme::WIDE_GAP);
        let theme_icon = if state.view.is_dark { icons::ICON_LIGHT_MODE } else { icons::ICON_DARK_MODE };
        let hand_over = (state.mode() == Mode::Review).then_some((icons::ICON_IOS_SHARE, Action::HandOver));
        let always = [
            (icons::ICON_FOLDER_OPEN, Action::Open),
            (theme_icon, Action::ToggleTheme),
            (icons::ICON_ARTICLE, Action::ShowLog),
            (icons::ICON_KEYBOARD, Action::KeySheet),
        ];
        let actions: Vec<_> = hand_over.into_iter().chain(always).collect();
        // With this an icon's button is as wide as it is high.
        ui.spacing_mut().button_padding.x = 4.0;
        let gap = ui.spacing().item_spacing.x;
        let name_width = ui.available_width() - actions.len() as f32 * (action_button::SIDE + gap);
        let name_size = vec2(name_width.max(0.0), ui.available_height());
        ui.allocate_ui_with_layout(name_size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_size(name_size);
            // Evaluate names its runs itself.
            if let Some(recording) = state.recording().filter(|_| state.mode() != Mode::Evaluate) {
                let name = RichText::new(recording.name()).color(theme::palette(ui).weak_text);
                ui.add(Label::new(name).truncate()).on_hover_text(recording.path.display().to_string());
            }
        });
        // From left to right, as the keyboard goes through them.
        for (icon, action) in actions {
            action_icon(ui, commands, icon, action, false);
        }
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
        response.on_hover_text(KeyMap::of(ui.ctx()).tooltip(action));
    }
}
