//! The bottom line: which frame is on screen, and what decoded and scored it.

use eframe::egui::{Align, Label, Layout, RichText, Ui};

use super::picture::is_preview;
use crate::command::Action;
use crate::state::{ScoreStatus, State};
use crate::theme;
use crate::widgets::time_code::time_left;

pub fn show(ui: &mut Ui, state: &State) {
    let palette = theme::palette(ui);
    let mono = |text: String| Label::new(RichText::new(text).font(theme::mono(theme::SMALL_TEXT)).color(palette.text));
    let weak = |text: &str| Label::new(RichText::new(text).small().color(palette.weak_text)).truncate();
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = theme::WIDE_GAP;
        let Some(media) = state.media() else {
            ui.add(weak("Open a recording to begin."));
            return;
        };
        if let Some(player) = &state.player {
            if let (Some(frame), Some(frames)) = (&player.frame, &media.frames) {
                let so_far = if frames.is_whole() { "" } else { " so far" };
                ui.add(mono(format!("frame {} of {}{so_far}", frame.index.0, frames.len())))
                    .on_hover_text("Ordinal of the decoded picture, from 0");
                let time_base = frames.time_base();
                ui.add(mono(format!("PTS {}", frame.pts))).on_hover_text(format!(
                    "Presentation time stamp in units of {}/{} s: {:.6} s",
                    time_base.numerator(),
                    time_base.denominator(),
                    frame.time.seconds()
                ));
                if frame.is_key {
                    ui.add(weak("key frame"));
                }
                if frame.is_concealed {
                    ui.add(Label::new(RichText::new("damaged").small().color(palette.error)))
                        .on_hover_text("The file is damaged here; the decoder filled in what is missing");
                }
                if is_preview(player) {
                    ui.add(Label::new(RichText::new("preview").small().color(palette.text)))
                        .on_hover_text("The exact frame is on its way");
                }
            }
            let latency_ms = state.transport.extra_latency_ms;
            if latency_ms != 0 {
                let word = if latency_ms > 0 { "later" } else { "earlier" };
                ui.add(weak(&format!("picture {} ms {word}", latency_ms.abs()))).on_hover_text(format!(
                    "Shown {word} than the sound device's own latency asks for; {} and {} change it",
                    Action::PictureEarlier.key_text(),
                    Action::PictureLater.key_text()
                ));
            }
            let problem = player.error.as_ref().or(player.note.as_ref());
            if let Some(problem) = problem {
                let color = if player.error.is_some() { palette.error } else { palette.weak_text };
                ui.add(Label::new(RichText::new(problem).small().color(color)).truncate());
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add(weak(&media.info.decoder)).on_hover_text("The decoder of every frame, shown or analysed");
            ui.add(weak(state.network.device.name())).on_hover_text("Where the networks run");
            ui.add(weak(&network_text(state))).on_hover_text("The network and its weights");
            if let Some(text) = work_elsewhere(state) {
                ui.add(weak(&text));
            }
            if let Some(note) = &state.letters_note {
                ui.add(weak(note)).on_hover_text(
                    "They are shown as boxes. A font that is installed is found when the window is opened again; \
                     Debian's are fonts-noto-core and fonts-noto-cjk.",
                );
            }
        });
    });
}

fn network_text(state: &State) -> String {
    let trained = if state.is_untrained() { ", untrained" } else { "" };
    format!("{}{trained}", state.network.preset.label())
}

/// An analysis that runs for a recording which is not on screen.
fn work_elsewhere(state: &State) -> Option<String> {
    state.queue.iter().enumerate().filter(|(place, _)| state.current != Some(*place)).find_map(|(_, recording)| {
        match &recording.review.status {
            ScoreStatus::Running(progress) => {
                let left = progress.and_then(|progress| progress.time_left()).map(time_left).unwrap_or_default();
                Some(format!("analysing {} {left}", recording.name()))
            }
            _ => None,
        }
    })
}
