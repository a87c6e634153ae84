//! The list of events of the recording on screen: what the model found and what was decided of it.

use eframe::egui::{self, Align2, ComboBox, FontId, Pos2, Rect, Role, Sense, TextEdit, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons;

use super::sidebar::{ROW_HEIGHT, fill_row};
use crate::command::{Action, Command};
use crate::decisions::ListView;
use crate::keymap::KeyMap;
use crate::state::{Recording, State};
use crate::theme;
use crate::widgets::event_words::{description, icon_font, mark};
use crate::widgets::following::following_rows;
use crate::widgets::time_code::ruler_code;
use avar_base::time::MediaTime;
use avar_labels::{Verdict, reaches};
use avar_review::layers::{Basis, ListedEvent};
use avar_review::list::SortBy;

/// The columns of an event: where the class begins, from the left; where start, length and score end, from the right.
const CLASS_AT: f32 = 20.0;
const START_TO: f32 = 94.0;
const DURATION_TO: f32 = 38.0;
const SCORE_TO: f32 = 4.0;
const NUMBER_TEXT: f32 = 11.0;

const SORTS: [(SortBy, &str); 5] = [
    (SortBy::Start, "By time"),
    (SortBy::Class, "By class"),
    (SortBy::Verdict, "By state"),
    (SortBy::Duration, "By length"),
    (SortBy::Peak, "By score"),
];

pub fn show(ui: &mut Ui, state: &State, recording: &Recording, commands: &mut Vec<Command>) {
    let decisions = &recording.decisions;
    if !decisions.listed.is_empty() {
        list_controls(ui, &state.view.list, commands);
    }
    let shown = state.view.list.shown(&decisions.listed);
    let origin = recording.media().map_or(MediaTime::ZERO, |media| media.info.range.start);
    let position = state.position();
    let is_here = |event: &ListedEvent| position.is_some_and(|position| event.stretch.times().contains(position));
    let row_of = |place: Option<usize>| shown.iter().position(|shown| Some(*shown) == place);
    // The chosen one; without one that at the playhead, or the last before it.
    let begun = || {
        let before =
            |place: &&usize| position.is_some_and(|position| decisions.listed[**place].stretch.start.time <= position);
        shown.iter().filter(before).max().copied()
    };
    let current = row_of(decisions.chosen.or_else(begun));
    following_rows(ui, "events", ROW_HEIGHT, shown.len(), current, |ui, rows| {
        for place in &shown[rows] {
            let event = &decisions.listed[*place];
            let is_chosen = decisions.is_chosen(*place);
            let is_alarm = event.peak.is_some_and(|peak| reaches(peak.into(), state.hysteresis.onset.into()));
            event_row(ui, event, origin, (is_chosen, is_here(event), is_alarm), *place, commands);
        }
    });
}

/// Which are shown, in which order.
fn list_controls(ui: &mut Ui, view: &ListView, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        let mut filter = view.filter.clone();
        let width = ui.available_width() - 124.0;
        let field = TextEdit::singleline(&mut filter).hint_text("Filter").desired_width(width);
        let response = ui.add(field);
        response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Filter the events"));
        let tip = "Words of the class, the state (unreviewed, accepted, …) or the note";
        if response.on_hover_text(tip).changed() {
            commands.push(Command::SetListView(ListView { filter, ..view.clone() }));
        }
        let name = |by: SortBy| SORTS.iter().find(|(sort, _)| *sort == by).map_or("", |(_, name)| name);
        let menu = ComboBox::from_id_salt("sort events").width(76.0).selected_text(name(view.sort_by));
        let response = menu.show_ui(ui, |ui| {
            for (sort_by, name) in SORTS {
                if ui.selectable_label(view.sort_by == sort_by, name).clicked() {
                    commands.push(Command::SetListView(ListView { sort_by, ..view.clone() }));
                }
            }
        });
        response.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, "Order of the events"));
        let icon = if view.is_descending { icons::ICON_ARROW_UPWARD } else { icons::ICON_ARROW_DOWNWARD };
        let turn = ui.add(egui::Button::new(icon.rich_text().size(14.0)).frame_when_inactive(false));
        turn.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Turn the order of the events round"));
        if turn.on_hover_text("Turn the order round").clicked() {
            commands.push(Command::SetListView(ListView { is_descending: !view.is_descending, ..view.clone() }));
        }
    });
}

fn event_row(
    ui: &mut Ui,
    event: &ListedEvent,
    origin: MediaTime,
    (is_chosen, is_here, is_alarm): (bool, bool, bool),
    place: usize,
    commands: &mut Vec<Command>,
) {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    let description = description(event, origin);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &description));
    fill_row(ui, rect, &response, is_chosen);
    let painter = ui.painter();
    if is_here {
        let bar = Rect::from_min_max(rect.left_top(), pos2(rect.left() + 2.0, rect.bottom()));
        painter.rect_filled(bar, 0, palette.accent);
    }
    draw_mark(ui, rect.left_center() + vec2(9.0, 0.0), event);
    let mono = theme::mono(NUMBER_TEXT);
    let body = FontId::proportional(theme::BODY_TEXT);
    let middle = rect.center().y;
    let text = |x: f32, align, text: String, font: &FontId, color| {
        painter.text(pos2(x, middle), align, text, font.clone(), color)
    };
    let is_out = event.verdict == Some(Verdict::Rejected);
    let color = if is_out || event.basis == Basis::Lost { palette.weak_text } else { palette.text };
    let name = text(rect.left() + CLASS_AT, Align2::LEFT_CENTER, event.class.label().to_owned(), &body, color);
    if is_out {
        painter.hline(name.x_range(), middle, egui::Stroke::new(1.0, color));
    }
    if !event.note.is_empty() {
        painter.hline(name.x_range(), name.bottom(), egui::Stroke::new(1.0, palette.accent));
    }
    let start = short_start(event.stretch.start.time - origin);
    let duration = short_duration(event.stretch.duration_s());
    text(rect.right() - START_TO, Align2::RIGHT_CENTER, start, &mono, color);
    text(rect.right() - DURATION_TO, Align2::RIGHT_CENTER, duration, &mono, palette.weak_text);
    let peak = event.peak.map_or_else(|| "–".to_owned(), |peak| format!("{peak:.2}"));
    let color = if is_alarm && !is_out { palette.alarm } else { palette.weak_text };
    text(rect.right() - SCORE_TO, Align2::RIGHT_CENTER, peak, &mono, color);
    let keys = KeyMap::of(ui.ctx());
    let tooltip = format!(
        "{description}.\nClick to go there; {} and {} go from event to event.\n\
         Ctrl+click and Shift+click choose several, {} all.",
        keys.key_text(Action::PreviousEvent),
        keys.key_text(Action::NextEvent),
        keys.key_text(Action::ChooseAll)
    );
    if response.on_hover_text(tooltip).clicked() {
        let held = ui.input(|input| input.modifiers);
        commands.push(match (held.command, held.shift) {
            (true, _) => Command::ChooseAlso(place),
            (false, true) => Command::ChooseUpTo(place),
            (false, false) => Command::ChooseEvent(place),
        });
    }
}

/// In the colour of the class: a swatch where nothing is decided yet, else what was.
fn draw_mark(ui: &Ui, at: Pos2, event: &ListedEvent) {
    let palette = theme::palette(ui);
    let color = palette.class_color(event.class);
    match event.verdict {
        None => {
            ui.painter().rect_filled(Rect::from_center_size(at, vec2(8.0, 12.0)), 2, color);
        }
        Some(verdict) => {
            let icon = mark(verdict);
            ui.painter().text(at, Align2::CENTER_CENTER, icon.codepoint, icon_font(15.0), color);
        }
    }
}

/// As [`crate::widgets::time_code::time_code`]; from ten minutes on in tenths of a second and from an hour on in whole ones: never wider than its
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
            let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
                width = ui.painter().layout_no_wrap(text.to_owned(), font.clone(), egui::Color32::WHITE).size().x;
            });
            // Nothing is drawn here.
            output.textures_delta.clear();
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
}
