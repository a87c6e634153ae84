//! The bottom: the whole recording in one line, and below it ruler, waveform, score curve with the threshold, the events,
//! a strip of ten classes and their entropy, all on one time axis.

use eframe::egui::{
    self, Align2, CursorIcon, PointerButton, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use super::picture::wheel_steps;
use crate::command::Command;
use crate::lanes;
use crate::state::{OpeningStage, State};
use crate::theme;
use crate::widgets::time_axis::{TimeAxis, panned, zoomed};
use crate::widgets::time_code::ruler_code;
use avar_base::time::{FrameIndex, MediaTime, TimeRange};
use avar_playback::SeekPrecision;

/// Left of every lane stands its name.
const GUTTER: f32 = 92.0;
/// Right of it, the numbers of the score.
const NUMBERS: f32 = 30.0;
const OVERVIEW: f32 = 12.0;
const RULER: f32 = 18.0;
const WAVEFORM: f32 = 40.0;
const SCORE: f32 = 68.0;
const COMPARED: f32 = 8.0;
const MODEL: f32 = 8.0;
const DECIDED: f32 = 16.0;
const CLASS_ROW: f32 = 11.0;
const ENTROPY: f32 = 8.0;
const LANE_GAP: f32 = 4.0;
/// Of what the panel has beyond its usual height.
const WAVEFORM_SHARE: f32 = 0.25;
const SCORE_SHARE: f32 = 0.4;
const CLASSES_SHARE: f32 = 0.35;
/// All lanes together, with room around.
pub const USUAL_HEIGHT: f32 = OVERVIEW
    + RULER
    + WAVEFORM
    + SCORE
    + COMPARED
    + MODEL
    + DECIDED
    + 10.0 * CLASS_ROW
    + ENTROPY
    + 8.0 * LANE_GAP
    + 12.0;

/// In a low window all lanes are lower alike.
pub const LEAST_HEIGHT: f32 = 0.7 * USUAL_HEIGHT;

pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let Some((visible, whole)) = state.timeline() else {
        ui.centered_and_justified(|ui| {
            let text = match state.recording().map(|recording| &recording.stage) {
                Some(OpeningStage::Failed(_)) => "",
                _ => "Waveform, scores and classes appear here.",
            };
            let text = egui::RichText::new(text).small();
            ui.label(text.color(theme::palette(ui).weak_text));
        });
        return;
    };
    let area = ui.max_rect().shrink2(vec2(0.0, 4.0));
    let axis = TimeAxis { visible, left: area.left() + GUTTER, width: (area.width() - GUTTER - NUMBERS).max(1.0) };
    let mut top = area.top();
    let share = (ui.max_rect().height() / USUAL_HEIGHT).min(1.0);
    let mut lane = |height: f32| {
        let rect = Rect::from_min_max(pos2(axis.left, top), pos2(axis.left + axis.width, top + share * height));
        top = rect.bottom() + LANE_GAP;
        rect
    };
    let overview = lane(OVERVIEW);
    let ruler = lane(RULER - LANE_GAP);
    let beyond = (ui.max_rect().height() - USUAL_HEIGHT).max(0.0);
    let waveform = lane(WAVEFORM + WAVEFORM_SHARE * beyond);
    let score = lane(SCORE + SCORE_SHARE * beyond);
    let compared = lane(COMPARED);
    let model = lane(MODEL);
    let decided = lane(DECIDED);
    let classes = lane(10.0 * CLASS_ROW + CLASSES_SHARE * beyond);
    let entropy = lane(ENTROPY);
    let whole_area = Rect::from_min_max(ruler.min, entropy.max);

    let response = ui.interact(whole_area, ui.scope_id().with("timeline"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, "Timeline"));
    draw_ruler(ui, ruler, &axis, whole.start);
    lanes::waveform::draw(ui, waveform, &axis, state);
    lanes::score::draw(ui, score, &axis, state);
    lanes::decided::draw_compared(ui, compared, &axis, state);
    lanes::decided::draw_model(ui, model, &axis, state);
    lanes::class_strip::draw(ui, classes, &axis, state);
    lanes::entropy::draw(ui, entropy, &axis, state);
    draw_missing(ui, ruler, &axis, state);
    draw_faults(ui, ruler, &axis, state);
    draw_unindexed(ui, waveform.union(score), &axis, state);
    draw_loop(ui, whole_area, &axis, state);
    let is_on_event = lanes::decided::decided(ui, decided, &axis, state, commands);
    draw_playhead(ui, whole_area, &axis, state);
    let all = TimeAxis { visible: whole, ..axis };
    if let Some(response) = lanes::overview::overview(ui, overview, &all, visible, state, commands) {
        pointer(ui, &response, &all, visible, whole, commands);
    }

    let handles = lanes::score::threshold_handles(ui, score, state, commands);
    if let Some(clicked) = handles.clicked_at {
        commands.push(Command::Seek(whole.clamp(axis.time_at(clicked.x)), SeekPrecision::Exact));
    }
    if !handles.is_dragged && !is_on_event {
        pointer(ui, &response, &axis, visible, whole, commands);
    }
}

fn draw_ruler(ui: &Ui, rect: Rect, axis: &TimeAxis, origin: MediaTime) {
    let palette = theme::palette(ui);
    let (step_s, ticks) = axis.ticks(72.0, origin);
    for tick in ticks {
        let x = axis.x_of(tick);
        ui.painter().vline(x, rect.bottom() - 4.0..=rect.bottom(), Stroke::new(1.0, palette.weak_text));
        // A number that would run over the edge is left out; its tick stays.
        if x + 52.0 <= rect.right() {
            let at = pos2(x + 3.0, rect.center().y - 1.0);
            let text = ruler_code(tick - origin, step_s);
            ui.painter().text(at, Align2::LEFT_CENTER, text, theme::mono(11.0), palette.weak_text);
        }
    }
}

/// Where the file has no picture: a bar along the ruler that says why.
fn draw_missing(ui: &Ui, ruler: Rect, axis: &TimeAxis, state: &State) {
    let missing = state.recording().and_then(|recording| recording.ingest.as_ref()).map(|report| &report.missing);
    let mut drawn_to = f32::NEG_INFINITY;
    for (number, stretch) in missing.into_iter().flatten().enumerate() {
        let time = MediaTime::from_seconds;
        let Some(span) = axis.span(TimeRange::new(time(stretch.start_s), time(stretch.end_s))) else { continue };
        // A point of the screen shows one of them; on a long recording thousands may share it.
        let (left, right) = (*span.start(), span.end().max(span.start() + 2.0));
        if right <= drawn_to + 1.0 {
            continue;
        }
        drawn_to = right;
        let bar = Rect::from_x_y_ranges(left..=right, ruler.bottom() - 3.0..=ruler.bottom());
        ui.painter().rect_filled(bar, 0, theme::palette(ui).error);
        let length_s = stretch.end_s - stretch.start_s;
        let text = format!("No picture for {length_s:.2} s: {}", stretch.reason);
        let response =
            ui.interact(bar.expand2(vec2(2.0, 4.0)), ui.scope_id().with(("missing", number)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
        response.on_hover_text(text);
    }
}

/// Frames that turned out damaged when they were decoded, above the ruler's ticks: as far as has been looked at.
fn draw_faults(ui: &Ui, ruler: Rect, axis: &TimeAxis, state: &State) {
    let (Some(player), Some(frames)) = (&state.player, state.media().and_then(|media| media.frames.as_ref())) else {
        return;
    };
    let palette = theme::palette(ui);
    let kinds = [
        (player.faults.concealed(), palette.error.gamma_multiply(0.6), "the decoder filled in what is damaged"),
        (player.faults.undecodable(), palette.error, "cannot be decoded"),
    ];
    for (ranges, color, reason) in kinds {
        let mut drawn_to = f32::NEG_INFINITY;
        for (number, range) in ranges.iter().enumerate() {
            let time = |ordinal: usize| frames.entry(FrameIndex(ordinal)).map(|entry| entry.time);
            let Some(start) = time(range.start) else { continue };
            let end = time(range.end).unwrap_or(frames.range().end);
            let Some(span) = axis.span(TimeRange::new(start, end)) else { continue };
            let (left, right) = (*span.start(), span.end().max(span.start() + 2.0));
            if right <= drawn_to + 1.0 {
                continue;
            }
            drawn_to = right;
            let bar = Rect::from_x_y_ranges(left..=right, ruler.top()..=ruler.top() + 3.0);
            ui.painter().rect_filled(bar, 0, color);
            let text = match range.len() {
                1 => format!("Frame {}: {reason}", range.start),
                _ => format!("Frames {} to {}: {reason}", range.start, range.end - 1),
            };
            let id = ui.scope_id().with((reason, number));
            let response = ui.interact(bar.expand2(vec2(2.0, 4.0)), id, Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
            response.on_hover_text(text);
        }
    }
}

/// Where one cannot go yet.
fn draw_unindexed(ui: &Ui, rect: Rect, axis: &TimeAxis, state: &State) {
    let Some(media) = state.media() else { return };
    let Some(frames) = media.frames.as_ref().filter(|frames| !frames.is_whole()) else { return };
    if let Some(span) = axis.span(TimeRange::new(frames.range().end, media.info.range.end)) {
        lanes::waveform::hatched(ui, Rect::from_x_y_ranges(span, rect.y_range()), "being indexed");
    }
}

fn draw_loop(ui: &Ui, rect: Rect, axis: &TimeAxis, state: &State) {
    let transport = state.transport;
    if transport.in_point.is_none() && transport.out_point.is_none() {
        return;
    }
    let whole = state.media().map(|media| media.info.range).unwrap_or_default();
    let range = TimeRange::new(transport.in_point.unwrap_or(whole.start), transport.out_point.unwrap_or(whole.end));
    if let Some(span) = axis.span(range) {
        let accent = theme::palette(ui).accent;
        let strength = if transport.is_looping { 0.9 } else { 0.4 };
        let bar = Rect::from_x_y_ranges(span, rect.top() - 1.0..=rect.top() + 2.0);
        ui.painter().rect_filled(bar, 0, accent.gamma_multiply(strength));
    }
}

fn draw_playhead(ui: &Ui, rect: Rect, axis: &TimeAxis, state: &State) {
    let Some(position) = state.position() else { return };
    let x = axis.x_of(position);
    if !(rect.left()..=rect.right()).contains(&x) {
        return;
    }
    let color = theme::palette(ui).playhead;
    ui.painter().vline(x, rect.y_range(), Stroke::new(1.0, color));
    let top = rect.top();
    let head = vec![pos2(x - 5.0, top), pos2(x + 5.0, top), pos2(x, top + 7.0)];
    ui.painter().add(Shape::convex_polygon(head, color, Stroke::NONE));
}

/// Drag scrubs, a click seeks, Shift+drag sets the loop, the wheel pans, zooms, scales or steps.
fn pointer(
    ui: &Ui,
    response: &Response,
    axis: &TimeAxis,
    visible: TimeRange,
    whole: TimeRange,
    commands: &mut Vec<Command>,
) {
    let (modifiers, origin) = ui.input(|input| (input.modifiers, input.pointer.press_origin()));
    if let Some(pointer) = response.interact_pointer_pos() {
        let time = whole.clamp(axis.time_at(pointer.x));
        if modifiers.shift && response.dragged_by(PointerButton::Primary) {
            let from = origin.map_or(time, |origin| whole.clamp(axis.time_at(origin.x)));
            let range = TimeRange::new(from.min(time), from.max(time));
            commands.push(Command::SetLoop((range.start < range.end).then_some(range)));
        } else if response.clicked() || response.drag_stopped_by(PointerButton::Primary) {
            commands.push(Command::Seek(time, SeekPrecision::Exact));
        } else if response.dragged_by(PointerButton::Primary) {
            commands.push(Command::Seek(time, SeekPrecision::KeyFrame));
        }
    }
    // The threshold lines lie on top and take no wheel.
    let hovered = response.contains_pointer().then(|| ui.input(|input| input.pointer.hover_pos())).flatten();
    let Some(hovered) = hovered else { return };
    if response.hovered() {
        ui.ctx().set_cursor_icon(CursorIcon::PointingHand);
    }
    let (zoom, scroll, wheel) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta(), wheel_steps(input)));
    if zoom != 1.0 {
        let view = zoomed(visible, f64::from(zoom), axis.time_at(hovered.x), whole);
        commands.push(Command::SetTimelineView(view));
    } else if modifiers.alt {
        if wheel != 0 {
            commands.push(Command::StepFrames(-wheel));
        }
    } else if modifiers.shift {
        if wheel != 0 {
            commands.push(Command::ScaleWaveform(1.25f32.powi(wheel as i32)));
        }
    } else if scroll != egui::Vec2::ZERO {
        let points = f64::from(-(scroll.x + scroll.y));
        let offset = MediaTime::from_seconds(points / f64::from(axis.width) * visible.duration_s());
        commands.push(Command::SetTimelineView(panned(visible, offset, whole)));
    }
}
