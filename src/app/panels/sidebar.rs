//! The left side: the queue of recordings, and the events of the one on screen.

use eframe::egui::{
    self, Align, Button, Label, Layout, ProgressBar, Response, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2,
};
use egui_material_icons::icons;

use crate::command::{Action, Command};
use crate::state::{OpeningStage, Recording, ScoreStatus, State, Waveform};
use crate::theme;
use crate::widgets::action_button::action_button;
use crate::widgets::elided::elided;
use crate::widgets::following::{following_rows, has_changed};
use crate::widgets::time_code::{ruler_code, time_code, time_left};
use avar_analysis::Event;
use avar_base::job::Progress;
use avar_base::time::MediaTime;
use avar_base::wording::counted;
use avar_playback::SeekPrecision;

const ROW_HEIGHT: f32 = 24.0;
/// The columns of an event: where the class begins, from the left; where start, length and score end, from the right.
const CLASS_AT: f32 = 20.0;
const START_TO: f32 = 94.0;
const DURATION_TO: f32 = 38.0;
const SCORE_TO: f32 = 4.0;
const NUMBER_TEXT: f32 = 11.0;

pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    heading(ui, "Queue", &counted(state.queue.len(), "file"));
    let queue_height = (ui.available_height() * 0.4).min(state.queue.len().max(1) as f32 * 44.0);
    let has_changed = has_changed(ui, "recording on screen", state.current);
    ScrollArea::vertical().id_salt("queue").max_height(queue_height).auto_shrink([false, true]).show(ui, |ui| {
        for (place, recording) in state.queue.iter().enumerate() {
            let is_current = state.current == Some(place);
            let row = queue_row(ui, recording, is_current, place, commands);
            if is_current && has_changed {
                row.scroll_to_me(None);
            }
        }
    });
    if state.queue.is_empty() {
        weak(ui, "Nothing open yet.");
    }
    ui.add_space(theme::GAP);
    ui.separator();
    let Some(recording) = state.recording() else { return };
    heading(ui, "Events", &format!("score at least {:.2}", state.hysteresis.onset));
    analysis_line(ui, state, recording, commands);
    notes(ui, recording);
    event_list(ui, state, recording, commands);
}

fn heading(ui: &mut Ui, title: &str, detail: &str) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(title).strong());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| weak(ui, detail));
    });
}

fn queue_row(
    ui: &mut Ui,
    recording: &Recording,
    is_current: bool,
    place: usize,
    commands: &mut Vec<Command>,
) -> Response {
    let palette = theme::palette(ui);
    let (detail, color) = match (&recording.stage, &recording.review.status) {
        (OpeningStage::Waiting, _) => ("waiting".to_owned(), palette.weak_text),
        (OpeningStage::Opening(progress), _) => (percent("opening", progress.map(|p| p.fraction)), palette.weak_text),
        (OpeningStage::Failed(_), _) => ("cannot be opened".to_owned(), palette.error),
        (OpeningStage::Ready(media), _) if !media.is_whole() => {
            (percent("indexing", recording.indexing.map(|p| p.fraction)), palette.weak_text)
        }
        (_, ScoreStatus::Queued) => ("waiting to be analysed".to_owned(), palette.weak_text),
        (_, ScoreStatus::Running(progress)) => (percent("analysing", progress.map(|p| p.fraction)), palette.accent),
        (_, ScoreStatus::Done) => (counted(recording.review.events.len(), "event"), palette.weak_text),
        (_, ScoreStatus::Cancelled) => ("analysis cancelled".to_owned(), palette.weak_text),
        (_, ScoreStatus::Failed(_)) => ("analysis failed".to_owned(), palette.error),
    };
    ui.horizontal(|ui| {
        let name = recording.name();
        let size = vec2(ui.available_width() - ROW_HEIGHT - 2.0 * theme::GAP, 36.0);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        fill_row(ui, rect, &response, is_current);
        let painter = ui.painter();
        let font = egui::FontId::proportional(theme::BODY_TEXT);
        let short = elided(painter, &name, &font, rect.width() - 2.0 * theme::GAP);
        let lines = [(short, 10.0, theme::BODY_TEXT, palette.text), (detail, 26.0, theme::SMALL_TEXT, color)];
        for (line, y, size, color) in lines {
            let at = rect.left_top() + vec2(theme::GAP, y);
            painter.text(at, egui::Align2::LEFT_CENTER, line, egui::FontId::proportional(size), color);
        }
        response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, is_current, format!("Show {name}")));
        if response.on_hover_text(recording.path.display().to_string()).clicked() {
            commands.push(Command::ShowFile(place));
        }
        let close = ui.add(
            Button::new(icons::ICON_CLOSE.rich_text().size(14.0))
                .min_size(vec2(ROW_HEIGHT, ROW_HEIGHT))
                .frame_when_inactive(false),
        );
        close.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Remove {name} from the queue")));
        if close.on_hover_text("Remove from the queue; the file stays where it is").clicked() {
            commands.push(Command::RemoveFile(place));
        }
    })
    .response
}

/// Behind the row of what is on screen, and of what the pointer or the focus is on.
fn fill_row(ui: &Ui, rect: egui::Rect, response: &egui::Response, is_current: bool) {
    let visuals = ui.visuals();
    let fill = match (is_current, response.hovered() || response.has_focus()) {
        (true, _) => visuals.selection.bg_fill,
        (false, true) => visuals.widgets.hovered.weak_bg_fill,
        (false, false) => egui::Color32::TRANSPARENT,
    };
    ui.painter().rect_filled(rect, 3, fill);
}

/// What a reader of the scores should know of the file: cut short, without sound, and the like.
fn notes(ui: &mut Ui, recording: &Recording) {
    let of_file = recording.ingest.iter().flat_map(|report| &report.warnings);
    let of_audio = audio_notes(recording);
    let of_analysis = recording.review.analysis.iter().flat_map(|analysis| &analysis.notes);
    said_once(of_file.chain(&of_audio).chain(of_analysis)).into_iter().for_each(|note| weak(ui, note));
}

/// Without what another note says as well: "The file has no sound." beside "Analysed on picture only: the file has no
/// sound."
fn said_once<'a>(notes: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let notes: Vec<&str> = notes.map(String::as_str).collect();
    let words = |note: &str| note.trim_end_matches('.').to_lowercase();
    let is_within = |place: usize, other: usize| {
        let (note, other_note) = (words(notes[place]), words(notes[other]));
        other_note.contains(&note) && (note != other_note || other < place)
    };
    let places =
        (0..notes.len()).filter(|place| !(0..notes.len()).any(|other| other != *place && is_within(*place, other)));
    places.map(|place| notes[place]).collect()
}

/// What drawing the waveform has shown of the audio so far.
fn audio_notes(recording: &Recording) -> Vec<String> {
    match (&recording.waveform, &recording.stage) {
        (Waveform::Known(waveform), OpeningStage::Ready(media)) => waveform.faults().notes(media.info.range.start),
        _ => Vec::new(),
    }
}

/// How the analysis stands: progress with the time left, or why there are no scores.
fn analysis_line(ui: &mut Ui, state: &State, recording: &Recording, commands: &mut Vec<Command>) {
    let palette = theme::palette(ui);
    match (&recording.stage, &recording.review.status) {
        (OpeningStage::Ready(media), _) if !media.is_whole() => {
            weak(ui, "The file is being indexed; the analysis follows.");
            progress_bar(ui, recording.indexing, ui.available_width(), "Indexing progress");
        }
        (OpeningStage::Ready(_), ScoreStatus::Running(progress)) => {
            ui.horizontal(|ui| {
                progress_bar(ui, *progress, ui.available_width() - 64.0, "Analysis progress");
                action_button(ui, commands, "Cancel", Action::CancelAnalyses);
            });
        }
        (OpeningStage::Ready(_), ScoreStatus::Queued) => match state.analysing() {
            Some(name) => weak(ui, &format!("Waiting for the analysis of {name} to end.")),
            None => weak(ui, "About to be analysed."),
        },
        (OpeningStage::Ready(_), ScoreStatus::Cancelled) => {
            let has_scores = recording.review.has_steps();
            weak(
                ui,
                match has_scores {
                    true => "The analysis was cancelled; what it found is kept.",
                    false => "The analysis was cancelled before it began.",
                },
            );
            let is_cancelled = |recording: &&Recording| matches!(recording.review.status, ScoreStatus::Cancelled);
            ui.horizontal(|ui| {
                action_button(ui, commands, "Go on", Action::Analyse);
                if state.queue.iter().filter(is_cancelled).count() > 1 {
                    action_button(ui, commands, "Go on with all", Action::AnalyseCancelled);
                }
            });
        }
        (OpeningStage::Ready(_), ScoreStatus::Failed(sentence)) => {
            ui.label(RichText::new(sentence).color(palette.error));
            action_button(ui, commands, "Analyse again", Action::Analyse);
        }
        (OpeningStage::Ready(_), ScoreStatus::Done) if recording.review.events.is_empty() => {
            weak(ui, "No step reaches the threshold. Alt+Down lowers it.");
        }
        _ => {}
    }
}

/// With the time left.
fn progress_bar(ui: &mut Ui, progress: Option<Progress>, width: f32, name: &str) {
    let fraction = progress.map_or(0.0, |progress| progress.fraction);
    let left = progress.and_then(|progress| progress.time_left()).map(time_left);
    let text = RichText::new(left.unwrap_or_else(|| "starting".to_owned())).small();
    let response = ui.add(ProgressBar::new(fraction).desired_height(16.0).desired_width(width).text(text));
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, name));
}

fn event_list(ui: &mut Ui, state: &State, recording: &Recording, commands: &mut Vec<Command>) {
    let origin = recording.media().map_or(MediaTime::ZERO, |media| media.info.range.start);
    let position = state.position();
    let events = &recording.review.events;
    // The one at the playhead, or the last before it.
    let begun = position.map_or(0, |position| events.partition_point(|event| event.range.start <= position));
    following_rows(ui, "events", ROW_HEIGHT, events.len(), begun.checked_sub(1), |ui, rows| {
        for event in &events[rows] {
            let is_current = position.is_some_and(|position| event.range.contains(position));
            event_row(ui, event, origin, is_current, commands);
        }
    });
}

fn event_row(ui: &mut Ui, event: &Event, origin: MediaTime, is_current: bool, commands: &mut Vec<Command>) {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    let label = event.class.label();
    let start = time_code(event.range.start - origin);
    let description = format!("{label} at {start} for {:.2} s, peak {:.2}", event.range.duration_s(), event.peak);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_current, &description));
    fill_row(ui, rect, &response, is_current);
    let painter = ui.painter();
    let swatch = egui::Rect::from_center_size(rect.left_center() + vec2(8.0, 0.0), vec2(8.0, 12.0));
    painter.rect_filled(swatch, 2, palette.class_color(event.class));
    let mono = theme::mono(NUMBER_TEXT);
    let body = egui::FontId::proportional(theme::BODY_TEXT);
    let middle = rect.center().y;
    let text = |x: f32, align, text: String, font: &egui::FontId, color| {
        painter.text(egui::pos2(x, middle), align, text, font.clone(), color);
    };
    text(rect.left() + CLASS_AT, egui::Align2::LEFT_CENTER, label.to_owned(), &body, palette.text);
    let (start, duration) = (short_start(event.range.start - origin), short_duration(event.range.duration_s()));
    text(rect.right() - START_TO, egui::Align2::RIGHT_CENTER, start, &mono, palette.text);
    text(rect.right() - DURATION_TO, egui::Align2::RIGHT_CENTER, duration, &mono, palette.weak_text);
    text(rect.right() - SCORE_TO, egui::Align2::RIGHT_CENTER, format!("{:.2}", event.peak), &mono, palette.alarm);
    let tooltip = format!("{description}.\nClick to go there; Up and Down go from event to event.");
    if response.on_hover_text(tooltip).clicked() {
        commands.push(Command::Seek(event.range.start, SeekPrecision::Exact));
    }
}

/// As [`time_code`]; from ten minutes on in tenths of a second and from an hour on in whole ones: never wider than its
/// column.
fn short_start(start: MediaTime) -> String {
    let step_s = match start.seconds() {
        short if short < 600.0 => 0.001,
        minutes if minutes < 3600.0 => 0.1,
        _ => 1.0,
    };
    ruler_code(start, step_s)
}

/// Seconds to the hundredth, then minutes, then hours: never wider than its column.
fn short_duration(duration_s: f64) -> String {
    match duration_s {
        short if short < 99.995 => format!("{short:.2} s"),
        minutes if minutes < 597.0 => format!("{:.1} min", minutes / 60.0),
        minutes if minutes < 5970.0 => format!("{:.0} min", minutes / 60.0),
        hours => format!("{:.1} h", hours / 3600.0),
    }
}

fn weak(ui: &mut Ui, text: &str) {
    ui.add(Label::new(RichText::new(text).small().color(theme::palette(ui).weak_text)));
}

fn percent(what: &str, fraction: Option<f32>) -> String {
    fraction.map_or_else(|| what.to_owned(), |fraction| format!("{what} {:.0} %", fraction * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_room_for_events_that_are_late_or_long() {
        let start = |seconds: f64| short_start(MediaTime::from_seconds(seconds));
        let starts = [61.25, 599.999, 1800.0, 3599.9, 36_000.5].map(start);
        assert_eq!(starts, ["1:01.250", "9:59.999", "30:00.0", "59:59.9", "10:00:00"]);
        let durations = [4.5, 99.99, 99.996, 596.9, 597.0, 5969.0, 5970.0, 36_000.0].map(short_duration);
        assert_eq!(durations, ["4.50 s", "99.99 s", "1.7 min", "9.9 min", "10 min", "99 min", "1.7 h", "10.0 h"]);
    }

    #[test]
    fn the_columns_of_an_event_do_not_touch() {
        const GAP: f32 = 6.0;
        let ctx = egui::Context::default();
        let width = |text: &str, font: &egui::FontId| {
            let mut width = f32::NAN;
            drop(ctx.run_ui(egui::RawInput::default(), |ui| {
                width = ui.painter().layout_no_wrap(text.to_owned(), font.clone(), egui::Color32::WHITE).size().x;
            }));
            width
        };
        let number = |text: &str| width(text, &theme::mono(NUMBER_TEXT));
        assert!(number("0.00") + GAP <= DURATION_TO - SCORE_TO);
        assert!(number("99.99 s") + GAP <= START_TO - DURATION_TO);
        let row = theme::SIDE_WIDTH - 2.0 * theme::GAP;
        for class in avar_labels::AnomalyClass::ALL {
            let name = width(class.label(), &egui::FontId::proportional(theme::BODY_TEXT));
            assert!(CLASS_AT + name + GAP + number("10:00:00") <= row - START_TO, "{}", class.label());
        }
    }

    #[test]
    fn what_two_notes_say_is_said_once() {
        let notes = |sentences: &[&str]| sentences.iter().map(|sentence| sentence.to_string()).collect::<Vec<_>>();
        let all = notes(&[
            "The file has no sound.",
            "The recording is cut short.",
            "Analysed on picture only: the file has no sound.",
            "The recording is cut short.",
        ]);
        let expected = ["The recording is cut short.", "Analysed on picture only: the file has no sound."];
        assert_eq!(said_once(all.iter()), expected);
    }

    #[test]
    fn one_file_is_not_files() {
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(0, "event"), "0 events");
    }
}
