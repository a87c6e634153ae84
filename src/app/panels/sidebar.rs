//! The left side: the queue of recordings, and below it the events of the one on screen.

use eframe::egui::containers::menu::MenuButton;
use eframe::egui::{
    self, Align, Button, Label, Layout, ProgressBar, Response, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2,
};
use egui_material_icons::icons;

use crate::command::{Action, Command};
use crate::keymap::KeyMap;
use crate::state::{OpeningStage, QueueOrder, Recording, ScoreStatus, State, Waveform};
use crate::theme;
use crate::widgets::action_button::action_button;
use crate::widgets::elided::elided;
use crate::widgets::following::has_changed;
use crate::widgets::time_code::time_left;
use avar_base::job::Progress;
use avar_base::wording::counted;

pub(in crate::panels) const ROW_HEIGHT: f32 = 24.0;
const QUEUE_ROW: f32 = 44.0;

pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    queue_heading(ui, state, commands);
    let events = state.recording().map_or(0, |recording| recording.decisions.listed.len());
    let queue_height = queue_height(ui.available_height(), state.queue.len(), events);
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
    let title = format!("Events from {:.2}", state.hysteresis.onset);
    let reviewed =
        if recording.decisions.listed.is_empty() { String::new() } else { recording.decisions.count().to_string() };
    heading(ui, &title, &reviewed);
    analysis_line(ui, state, recording, commands);
    notes(ui, recording);
    super::events::show(ui, state, recording, commands);
}

/// A queue and a list of events share the height: each has what it needs as long as there is enough, and two fifths at
/// least.
fn queue_height(available: f32, recordings: usize, events: usize) -> f32 {
    const BETWEEN: f32 = 150.0;
    let needed = recordings.max(1) as f32 * QUEUE_ROW;
    let left_over = available - BETWEEN - events as f32 * (ROW_HEIGHT + 4.0);
    needed.min(left_over.max(0.4 * available))
}

/// How far the queue is, and what can be done with it as a whole.
fn queue_heading(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let all = state.queue.len();
    let analysed = state.queue.iter().filter(|recording| matches!(recording.review.status, ScoreStatus::Done)).count();
    let detail = match (state.is_paused, analysed == all) {
        (true, false) => format!("paused, {analysed} of {all} analysed"),
        (false, false) if all > 1 => format!("{analysed} of {all} analysed"),
        _ => counted(all, "file"),
    };
    ui.horizontal(|ui| {
        ui.label(RichText::new("Queue").strong());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().button_padding.x = 4.0;
            let menu = MenuButton::from_button(Button::new(icons::ICON_MORE_VERT.rich_text().size(16.0)));
            let (button, _) = menu.ui(ui, |ui| queue_menu(ui, state, commands));
            button.widget_info(|| WidgetInfo::labeled(Role::Button, true, "What to do with the queue"));
            button.on_hover_text("Order, pause, remove all");
            weak(ui, &detail);
        });
    });
}

fn queue_menu(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let mut entry = |ui: &mut Ui, text: &str, command: Command| {
        if ui.button(text).clicked() {
            commands.push(command);
            ui.close();
        }
    };
    entry(ui, "Order as added", Command::SortQueue(QueueOrder::Added));
    entry(ui, "Highest score first", Command::SortQueue(QueueOrder::Peak));
    entry(ui, "Most unreviewed events first", Command::SortQueue(QueueOrder::Unreviewed));
    ui.separator();
    for action in [Action::MoveUp, Action::MoveDown] {
        entry(ui, &KeyMap::of(ui.ctx()).tooltip(action), action.into());
    }
    ui.separator();
    let pause = if state.is_paused { "Go on with the analyses" } else { "Pause the analyses" };
    let key = state.keys.key_text(Action::PauseAnalyses);
    entry(ui, &format!("{pause} ({key})"), Action::PauseAnalyses.into());
    entry(ui, Action::ClearQueue.label(), Action::ClearQueue.into());
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
        (_, ScoreStatus::Done) => {
            let count = recording.decisions.count();
            let text = if count.reviewed > 0 { count.to_string() } else { counted(count.all, "event") };
            (text, palette.weak_text)
        }
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
pub(in crate::panels) fn fill_row(ui: &Ui, rect: egui::Rect, response: &egui::Response, is_current: bool) {
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
        (OpeningStage::Ready(_), ScoreStatus::Queued) if state.is_paused => {
            ui.horizontal(|ui| {
                weak(ui, "The analyses are paused.");
                action_button(ui, commands, "Go on", Action::PauseAnalyses);
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
        (OpeningStage::Ready(_), ScoreStatus::Done) if recording.decisions.listed.is_empty() => {
            let lower = state.keys.key_text(Action::ThresholdDown);
            weak(ui, &format!("No step reaches the threshold. {lower} lowers it."));
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
