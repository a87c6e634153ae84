//! The bottom line: which frame is on screen, and what decoded and scored it.

use eframe::egui::{Align, Color32, Label, Layout, Response, RichText, Ui};

use super::picture::is_preview;
use crate::command::Action;
use crate::state::{ScoreStatus, State};
use crate::theme;
use crate::widgets::time_code::time_left;
use avar_base::time::FrameIndex;
use avar_base::wording::counted;

pub fn show(ui: &mut Ui, state: &State) {
    let palette = theme::palette(ui);
    let mono = |text: String| Label::new(RichText::new(text).font(theme::mono(theme::SMALL_TEXT)).color(palette.text));
    let weak = |text: &str| Label::new(RichText::new(text).small().color(palette.weak_text)).truncate();
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = theme::WIDE_GAP;
        let Some(media) = state.media() else {
            let why = if state.queue.is_empty() { "Open a recording to begin." } else { state.absence_of_scores() };
            ui.add(weak(why));
            return;
        };
        if let Some(player) = &state.player {
            if let (Some(frame), Some(frames)) = (&player.frame, &media.frames) {
                let so_far = if frames.is_whole() { "" } else { " so far" };
                let ordinal = |index: usize| format!("frame {index} of {}{so_far}", frames.len());
                let stamp = |pts: i64| format!("PTS {pts}");
                let last = FrameIndex(frames.len().saturating_sub(1));
                let last_pts = frames.entry(last).map_or(frame.pts, |entry| entry.pts);
                in_place(ui, mono(ordinal(frame.index.0)), &ordinal(last.0))
                    .on_hover_text("Ordinal of the decoded picture, from 0");
                let time_base = frames.time_base();
                in_place(ui, mono(stamp(frame.pts)), &stamp(last_pts)).on_hover_text(format!(
                    "Presentation time stamp in units of {}/{} s: {:.6} s",
                    time_base.numerator(),
                    time_base.denominator(),
                    frame.time.seconds()
                ));
                let (word, color, tip) = match () {
                    _ if frame.is_concealed => {
                        ("damaged", palette.error, "The file is damaged here; the decoder filled in what is missing")
                    }
                    _ if is_preview(player) => ("preview", palette.text, "The exact frame is on its way"),
                    _ if frame.is_key => ("key frame", palette.weak_text, "It is decoded without any other"),
                    _ => ("", palette.weak_text, ""),
                };
                let word = Label::new(RichText::new(word).font(theme::mono(theme::SMALL_TEXT)).color(color));
                in_place(ui, word, "key frame").on_hover_text(tip);
            }
            let latency_ms = state.transport.extra_latency_ms;
            if latency_ms != 0 {
                let word = if latency_ms > 0 { "later" } else { "earlier" };
                ui.add(weak(&format!("picture {} ms {word}", latency_ms.abs()))).on_hover_text(format!(
                    "Shown {word} than the sound device's own latency asks for; {} and {} change it",
                    state.keys.key_text(Action::PictureEarlier),
                    state.keys.key_text(Action::PictureLater)
                ));
            }
            let problem = player.error.as_ref().or(player.note.as_ref());
            if let Some(problem) = problem {
                let color = if player.error.is_some() { palette.error } else { palette.weak_text };
                ui.add(Label::new(RichText::new(problem).small().color(color)).truncate());
            }
        }
        let saved =
            state.recording().and_then(|recording| recording.decisions.view.as_ref()).map_or(0, |view| view.saved);
        if saved > 0 {
            ui.add(weak(&format!("{} saved", counted(saved, "step"))))
                .on_hover_text("Steps of the review that are on the disk");
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

/// As wide as the widest text that may stand there, so that what follows stays where it is.
fn in_place(ui: &mut Ui, label: Label, widest: &str) -> Response {
    let font = theme::mono(theme::SMALL_TEXT);
    let size = ui.painter().layout_no_wrap(widest.to_owned(), font, Color32::PLACEHOLDER).size();
    ui.add_sized(size, label.halign(Align::Min))
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
