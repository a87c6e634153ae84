//! The whole recording in one line: its score, and which part of it the lanes below show.

use eframe::egui::{
    Color32, CursorIcon, Mesh, PointerButton, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2,
};

use super::{kept_cells, lane_name};
use crate::command::Command;
use crate::state::State;
use crate::theme;
use crate::widgets::time_axis::{TimeAxis, panned};
use avar_analysis::StepScore;
use avar_base::time::{MediaTime, TimeRange};
use avar_labels::reaches;

/// `axis` has all of the recording. The answer of the pointer is given back where all of it is on screen: then a click
/// there means what it means on the lanes.
pub fn overview(
    ui: &Ui,
    rect: Rect,
    axis: &TimeAxis,
    visible: TimeRange,
    state: &State,
    commands: &mut Vec<Command>,
) -> Option<Response> {
    let palette = theme::palette(ui);
    lane_name(ui, rect.translate(vec2(0.0, -3.0)), "Overview");
    ui.painter().rect_filled(rect, 0, palette.lane);
    if let Some(recording) = state.recording() {
        let mut mesh = Mesh::default();
        for (span, score) in kept_cells(ui, "overview", recording, axis, StepScore::anomaly).iter() {
            let is_above = reaches((*score).into(), state.hysteresis.onset.into());
            let color = if is_above { palette.alarm } else { palette.waveform_rms };
            let top = rect.bottom() - score.clamp(0.0, 1.0) * rect.height();
            mesh.add_colored_rect(Rect::from_x_y_ranges(span.clone(), top..=rect.bottom()), color);
        }
        ui.painter().with_clip_rect(rect).add(mesh);
    }
    if let Some(position) = state.position() {
        ui.painter().vline(axis.x_of(position), rect.y_range(), Stroke::new(1.0, palette.playhead));
    }
    let response = ui.interact(rect, ui.scope_id().with("overview"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, "Overview"));
    let whole = axis.visible;
    if visible == whole {
        return Some(response);
    }
    if let Some(span) = axis.span(visible) {
        let shown = Rect::from_x_y_ranges(*span.start()..=span.end().max(span.start() + 3.0), rect.y_range());
        let veil = Color32::from_black_alpha(if ui.visuals().dark_mode { 0x80 } else { 0x30 });
        for beside in [rect.with_max_x(shown.left()), rect.with_min_x(shown.right())] {
            ui.painter().rect_filled(beside, 0, veil);
        }
        ui.painter().rect_stroke(shown, 0, Stroke::new(1.0, palette.accent), StrokeKind::Inside);
    }
    let is_moving = response.clicked() || response.dragged_by(PointerButton::Primary);
    if let Some(pointer) = response.interact_pointer_pos().filter(|_| is_moving) {
        let middle = visible.start + MediaTime::from_seconds(visible.duration_s() / 2.0);
        commands.push(Command::SetTimelineView(panned(visible, axis.time_at(pointer.x) - middle, whole)));
    }
    response.on_hover_cursor(CursorIcon::Grab).on_hover_text("A click or a drag moves what the lanes show");
    None
}
