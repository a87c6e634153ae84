//! Under the picture: the buttons for playing and stepping, position, speed and sound.

use eframe::egui::{Align, Layout, RichText, Role, Slider, Ui, WidgetInfo};
use egui_material_icons::icons;

use crate::command::{Action, Command};
use crate::state::State;
use crate::theme;
use crate::widgets::action_button::action_icon;
use crate::widgets::time_code::time_code;

pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let (Some(media), Some(player)) = (state.media(), &state.player) else { return };
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.spacing_mut().button_padding.x = 4.0;
        let play = if player.playing { icons::ICON_PAUSE } else { icons::ICON_PLAY_ARROW };
        action_icon(ui, commands, icons::ICON_FIRST_PAGE, Action::GoToStart, false);
        action_icon(ui, commands, icons::ICON_SKIP_PREVIOUS, Action::PreviousEvent, false);
        action_icon(ui, commands, icons::ICON_CHEVRON_LEFT, Action::FrameBack, false);
        action_icon(ui, commands, play, Action::PlayPause, false);
        action_icon(ui, commands, icons::ICON_CHEVRON_RIGHT, Action::FrameOn, false);
        action_icon(ui, commands, icons::ICON_SKIP_NEXT, Action::NextEvent, false);
        action_icon(ui, commands, icons::ICON_LAST_PAGE, Action::GoToEnd, false);
        ui.add_space(theme::GAP);
        let position = time_code(player.position - media.info.range.start);
        let duration = time_code(media.info.range.duration());
        let palette = theme::palette(ui);
        ui.label(RichText::new(position).font(theme::mono(theme::BODY_TEXT)).color(palette.text));
        // What a narrow window has no room for: the length first, then the volume.
        let room = ui.available_width();
        if room > 360.0 {
            let text = RichText::new(format!("/ {duration}")).font(theme::mono(theme::BODY_TEXT));
            ui.label(text.color(palette.weak_text));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let is_muted = state.transport.is_muted;
            // A recording without sound keeps their places: what stands beside them must not move under the pointer.
            let has_sound = media.info.audio.is_some();
            if room > 270.0 {
                let mut volume = state.transport.volume;
                let slider = Slider::new(&mut volume, 0.0..=1.0).show_value(false);
                ui.spacing_mut().slider_width = 64.0;
                let response = ui.add_enabled(has_sound && !is_muted, slider);
                response.widget_info(|| WidgetInfo::slider(has_sound && !is_muted, f64::from(volume), "Volume"));
                if response.on_hover_text("Volume").changed() {
                    commands.push(Command::SetVolume(volume));
                }
                let icon = if is_muted { icons::ICON_VOLUME_OFF } else { icons::ICON_VOLUME_UP };
                ui.add_enabled_ui(has_sound, |ui| action_icon(ui, commands, icon, Action::Mute, is_muted));
            }
            action_icon(ui, commands, icons::ICON_REPEAT, Action::LoopRange, state.transport.is_looping);
            action_icon(
                ui,
                commands,
                icons::ICON_FIT_SCREEN,
                Action::VideoZoom,
                state.view.picture_zoom.scale.is_some(),
            );
            action_icon(ui, commands, icons::ICON_VISIBILITY, Action::ToggleOverlay, state.view.has_overlay);
            speed_menu(ui, state.transport.speed, commands);
        });
    });
}

const SPEEDS: [f64; 7] = [0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0];

fn speed_menu(ui: &mut Ui, speed: f64, commands: &mut Vec<Command>) {
    let response = ui.menu_button(RichText::new(speed_text(speed)).font(theme::mono(theme::SMALL_TEXT)), |ui| {
        for choice in SPEEDS {
            if ui.selectable_label(choice == speed, speed_text(choice)).clicked() {
                commands.push(Command::SetSpeed(choice));
                ui.close();
            }
        }
    });
    let button = response.response;
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Speed, {}", speed_text(speed))));
    button.on_hover_text("Speed (J, K and L play backwards, stop and play forwards)");
}

fn speed_text(speed: f64) -> String {
    let sign = if speed < 0.0 { "−" } else { "" };
    format!("{sign}{}×", speed.abs())
}
