//! Three lanes of events: what they are compared with, what the model found under the rule on screen, and what was decided. The edges of the event
//! that is chosen can be dragged, frame by frame.

use eframe::egui::{
    Align2, CursorIcon, Id, PointerButton, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::lane_name;
use crate::command::Command;
use crate::decisions::{Decision, edge_after, edge_at, edge_of};
use crate::state::{Recording, State};
use crate::theme;
use crate::widgets::event_words::{description, icon_font, mark};
use crate::widgets::time_axis::TimeAxis;
use avar_base::time::{FrameIndex, MediaTime};
use avar_labels::Verdict;
use avar_media::OpenedMedia;
use avar_playback::SeekPrecision;
use avar_review::layers::{Basis, ListedEvent};
use avar_review::{Edge, Stretch};

/// What the model found.
pub fn draw_model(ui: &Ui, rect: Rect, axis: &TimeAxis, state: &State) {
    let palette = theme::palette(ui);
    lane_name(ui, rect.translate(vec2(0.0, -2.0)), "Model");
    ui.painter().rect_filled(rect, 0, palette.lane);
    let Some(recording) = state.recording() else { return };
    let painter = ui.painter().with_clip_rect(rect);
    let mut drawn_to = f32::NEG_INFINITY;
    for event in &recording.decisions.model {
        let Some(bar) = bar(rect, axis, event.stretch, &mut drawn_to) else { continue };
        painter.rect_filled(bar, 1, palette.class_color(event.class).gamma_multiply(0.8));
    }
}

/// What it is compared with: annotations or another review.
pub fn draw_compared(ui: &Ui, rect: Rect, axis: &TimeAxis, state: &State) {
    let palette = theme::palette(ui);
    lane_name(ui, rect.translate(vec2(0.0, -2.0)), "Compared");
    ui.painter().rect_filled(rect, 0, palette.lane);
    let Some(recording) = state.recording() else { return };
    let painter = ui.painter().with_clip_rect(rect);
    let spans = recording.comparison.iter().flat_map(|comparison| &comparison.spans);
    let mut drawn_to = f32::NEG_INFINITY;
    for (number, span) in spans.enumerate() {
        let Some(bar) = bar(rect, axis, span.stretch, &mut drawn_to) else { continue };
        let color = span.class.map_or(palette.weak_text, |class| palette.class_color(class));
        match span.verdict {
            Some(Verdict::Rejected) => {
                painter.hline(bar.x_range(), bar.center().y, Stroke::new(1.0, palette.weak_text));
            }
            _ => {
                painter.rect_filled(bar, 1, color.gamma_multiply(0.8));
            }
        }
        let response =
            ui.interact(bar.expand2(vec2(0.0, 2.0)), ui.scope_id().with(("compared", number)), Sense::hover());
        let text =
            format!("{}, frames {} to {}", span.words(), span.stretch.start.frame.0, span.stretch.end.frame.0 - 1);
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
        response.on_hover_text(text);
    }
}

/// What was decided, and what is open; returns whether the pointer is at work here.
pub fn decided(ui: &mut Ui, rect: Rect, axis: &TimeAxis, state: &State, commands: &mut Vec<Command>) -> bool {
    let palette = theme::palette(ui);
    lane_name(ui, rect.translate(vec2(0.0, -1.0)), "Decided");
    ui.painter().rect_filled(rect, 0, palette.lane);
    let Some(recording) = state.recording() else { return false };
    let decisions = &recording.decisions;
    let mut drawn_to = f32::NEG_INFINITY;
    for (place, event) in decisions.listed.iter().enumerate() {
        let is_chosen = decisions.is_chosen(place);
        let mut anew = f32::NEG_INFINITY;
        let after = if is_chosen { &mut anew } else { &mut drawn_to };
        if let Some(mut bar) = bar(rect, axis, event.stretch, after) {
            // So that neighbours of one class are two.
            bar.max.x = (bar.max.x - 1.0).max(bar.min.x + 1.0);
            draw_event(ui, rect, bar, event, is_chosen);
        }
    }
    let flags = decisions.view.iter().flat_map(|view| view.state.notes());
    for note in flags.filter(|note| axis.visible.contains(note.at.time)) {
        let at = pos2(axis.x_of(note.at.time), rect.center().y);
        let flag = Rect::from_center_size(at, vec2(2.0, rect.height()));
        ui.painter().rect_filled(flag, 0, palette.accent);
        let id = ui.scope_id().with(("note", note.id.0));
        let response = ui.interact(flag.expand2(vec2(3.0, 0.0)), id, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Note: {}", note.text)));
        response.on_hover_text(&*note.text);
    }
    let is_over_event = choosing(ui, rect, axis, recording, commands);
    let is_dragging = decisions.is_writable() && edges(ui, rect, axis, recording, commands);
    let is_moving = decisions.is_writable() && body(ui, rect, axis, recording, commands);
    is_over_event || is_dragging || is_moving
}

/// An event on the lane; `None` where it lies outside, or on points of the screen that show one already.
fn bar(rect: Rect, axis: &TimeAxis, stretch: Stretch, drawn_to: &mut f32) -> Option<Rect> {
    let span = axis.span(stretch.times())?;
    let (left, right) = (*span.start(), span.end().max(span.start() + 2.0));
    if right <= *drawn_to + 1.0 {
        return None;
    }
    *drawn_to = right;
    Some(Rect::from_x_y_ranges(left..=right, rect.top() + 1.0..=rect.bottom() - 1.0))
}

fn draw_event(ui: &Ui, lane: Rect, bar: Rect, event: &ListedEvent, is_chosen: bool) {
    let palette = theme::palette(ui);
    let color = palette.class_color(event.class);
    let painter = ui.painter().with_clip_rect(lane.expand(2.0));
    match event.verdict {
        Some(Verdict::Accepted) => {
            painter.rect_filled(bar, 2, color);
        }
        Some(Verdict::Rejected) => {
            painter.hline(bar.x_range(), bar.center().y, Stroke::new(1.0, palette.weak_text));
        }
        Some(Verdict::Unsure | Verdict::Reviewed) => {
            painter.rect_filled(bar, 2, color.gamma_multiply(0.45));
        }
        None => {
            painter.rect_stroke(bar, 2, Stroke::new(1.0, color), StrokeKind::Inside);
        }
    }
    if event.basis == Basis::Lost {
        painter.rect_stroke(bar, 2, Stroke::new(1.0, palette.weak_text), StrokeKind::Inside);
    }
    if is_chosen {
        painter.rect_stroke(bar.expand(1.0), 2, Stroke::new(1.5, palette.accent), StrokeKind::Outside);
    }
    if let Some(verdict) = event.verdict.filter(|_| bar.width() >= 16.0) {
        let on = if verdict == Verdict::Accepted { palette.lane } else { palette.text };
        painter.text(bar.center(), Align2::CENTER_CENTER, mark(verdict).codepoint, icon_font(12.0), on);
    }
}

/// A click chooses an event, a double click loops it.
fn choosing(ui: &Ui, rect: Rect, axis: &TimeAxis, recording: &Recording, commands: &mut Vec<Command>) -> bool {
    let response = ui.interact(rect, ui.scope_id().with("decided"), Sense::click());
    let Some(pointer) = response.hover_pos() else { return false };
    let time = axis.time_at(pointer.x);
    let events = &recording.decisions.listed;
    let Some(place) = events.iter().rposition(|event| event.stretch.times().contains(time)) else { return false };
    if response.double_clicked() {
        commands.push(Command::SetLoop(Some(events[place].stretch.times())));
    } else if response.clicked() {
        commands.push(Command::ChooseEvent(place));
    }
    let origin = recording.media().map_or(MediaTime::ZERO, |media| media.info.range.start);
    let tip = description(&events[place], origin);
    response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(format!("{tip}.\nDouble click loops it."));
    true
}

/// The edges of the chosen event: the frame under the pointer is shown while one is dragged.
fn edges(ui: &Ui, rect: Rect, axis: &TimeAxis, recording: &Recording, commands: &mut Vec<Command>) -> bool {
    let (Some(event), Some(media)) = (recording.decisions.chosen(), recording.media()) else { return false };
    if media.frames.is_none() {
        return false;
    }
    let mut is_at_work = false;
    for (is_start, edge) in [(true, event.stretch.start), (false, event.stretch.end)] {
        let x = axis.x_of(edge.time);
        if !(rect.left() - 1.0..=rect.right() + 1.0).contains(&x) {
            continue;
        }
        let handle = Rect::from_center_size(pos2(x, rect.center().y), vec2(8.0, rect.height() + 4.0));
        let name = if is_start { "Start of the event" } else { "End of the event" };
        let response = ui.interact(handle, Id::unique(name), Sense::drag());
        response.widget_info(|| WidgetInfo::slider(true, edge.time.seconds(), name));
        is_at_work |= response.hovered() || response.dragged();
        if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.dragged_by(PointerButton::Primary)) {
            let under = edge_under(media, axis, pointer.x, is_start);
            let x = under.map_or(pointer.x, |edge| axis.x_of(edge.time));
            ui.painter().vline(x, rect.y_range(), Stroke::new(2.0, theme::palette(ui).accent));
            if let Some(shown) = shown_frame(media, axis, pointer.x) {
                commands.push(Command::Seek(shown.time, SeekPrecision::Exact));
            }
        }
        if response.drag_stopped_by(PointerButton::Primary)
            && let Some(pointer) = response.interact_pointer_pos()
            && let Some(to) = edge_under(media, axis, pointer.x, is_start)
            && to.frame != edge.frame
        {
            commands.push(Command::Decide(Decision::MoveEdge { is_start, to }));
        }
        let tip = format!("{name}: frame {}; drag to move it", edge.frame.0);
        response.on_hover_cursor(CursorIcon::ResizeHorizontal).on_hover_text(tip);
    }
    is_at_work
}

/// With Shift the chosen event is moved as a whole; the frame that becomes its first is shown.
fn body(ui: &mut Ui, rect: Rect, axis: &TimeAxis, recording: &Recording, commands: &mut Vec<Command>) -> bool {
    let id = Id::unique("Body of the event");
    let is_meant = ui.input(|input| input.modifiers.shift) || ui.ctx().is_being_dragged(id);
    let (Some(event), Some(media)) = (recording.decisions.chosen(), recording.media()) else { return false };
    let mut drawn_to = f32::NEG_INFINITY;
    let Some(bar) = bar(rect, axis, event.stretch, &mut drawn_to).filter(|_| is_meant) else { return false };
    let response = ui.interact(bar.shrink2(vec2(4.0, 0.0)), id, Sense::drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Move the event"));
    let pressed = ui.input(|input| input.pointer.press_origin());
    let moved = || {
        let offset = response.interact_pointer_pos()?.x - pressed?.x;
        moved_to(media, axis, event.stretch, offset)
    };
    if response.dragged_by(PointerButton::Primary)
        && let Some(to) = moved()
    {
        let ghost = Rect::from_x_y_ranges(axis.x_of(to.start.time)..=axis.x_of(to.end.time), bar.y_range());
        let stroke = Stroke::new(2.0, theme::palette(ui).accent);
        ui.painter().with_clip_rect(rect).rect_stroke(ghost, 2, stroke, StrokeKind::Inside);
        commands.push(Command::Seek(to.start.time, SeekPrecision::Exact));
        // Once the button is up, nothing knows where it went down.
        ui.data_mut(|data| data.insert_temp(id, to));
    }
    if response.drag_stopped_by(PointerButton::Primary)
        && let Some(to) = ui.data(|data| data.get_temp::<Stretch>(id)).filter(|to| *to != event.stretch)
    {
        commands.push(Command::Decide(Decision::Move(to)));
    }
    let is_at_work = response.hovered() || response.dragged();
    response.on_hover_cursor(CursorIcon::Grab).on_hover_text("Drag moves the event");
    is_at_work
}

/// A stretch of as many frames, this many points further on; within the recording.
fn moved_to(media: &OpenedMedia, axis: &TimeAxis, stretch: Stretch, offset: f32) -> Option<Stretch> {
    let frames = media.frames.as_ref()?;
    let wanted = shown_frame(media, axis, axis.x_of(stretch.start.time) + offset)?.frame;
    let first = FrameIndex(wanted.0.min(frames.len().checked_sub(stretch.frames())?));
    let end = FrameIndex(first.0 + stretch.frames());
    Some(Stretch { start: edge_of(frames, first), end: edge_of(frames, end) })
}

/// The frame at a point of the axis.
fn shown_frame(media: &OpenedMedia, axis: &TimeAxis, x: f32) -> Option<Edge> {
    edge_at(media, media.info.range.clamp(axis.time_at(x)))
}

/// The edge that makes the frame at a point the first, or the last.
fn edge_under(media: &OpenedMedia, axis: &TimeAxis, x: f32, is_start: bool) -> Option<Edge> {
    let frame = shown_frame(media, axis, x)?;
    if is_start { Some(frame) } else { edge_after(media, frame) }
}
