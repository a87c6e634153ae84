//! The one ribbon: the anomaly score over the whole recording, events in the colour of their class, the playhead.

use eframe::egui::{CursorIcon, Mesh, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2};

use super::{TEXT, WEAK_TEXT};
use crate::command::Command;
use crate::state::{Chapter, State};
use crate::theme;
use crate::widgets::time_axis::TimeAxis;
use crate::widgets::time_code::time_code;
use avar_analysis::StepScores;
use avar_playback::SeekPrecision;

pub(super) const HEIGHT: f32 = 84.0;

pub(super) fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    let (Some(whole), Some(scores)) =
        (state.media().map(|media| media.info.range), state.recording().and_then(|r| r.review.scores.as_ref()))
    else {
        return;
    };
    let axis = TimeAxis { visible: whole, left: rect.left(), width: rect.width().max(1.0) };
    let response = ui.interact(rect, ui.scope_id().with("ribbon"), Sense::click_and_drag());
    let position = state.position().unwrap_or(whole.start);
    let spoken = format!("{} of {}", time_code(position - whole.start), time_code(whole.duration()));
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, format!("Anomaly score over time, {spoken}")));
    ui.painter().rect_filled(rect, 4, theme::DARK.lane);
    let chapters = state.chapters().unwrap_or_default();
    ui.painter().add(area(scores, chapters, &axis, rect));
    let threshold_y = height_of(state.hysteresis.onset, rect);
    ui.painter().hline(rect.x_range(), threshold_y, Stroke::new(1.0, theme::DARK.alarm.gamma_multiply(0.7)));
    let x = axis.x_of(position);
    ui.painter().vline(x, rect.y_range(), Stroke::new(3.0, TEXT));
    let mut seek = |precision| {
        if let Some(pointer) = response.interact_pointer_pos() {
            commands.push(Command::Seek(whole.clamp(axis.time_at(pointer.x)), precision));
        }
    };
    if response.dragged() && response.drag_delta().x != 0.0 {
        seek(SeekPrecision::KeyFrame);
    } else if response.clicked() || response.drag_stopped() {
        seek(SeekPrecision::Exact);
    }
    response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text("Anomaly score; click or drag to go there");
}

fn height_of(score: f32, rect: Rect) -> f32 {
    rect.bottom() - score.clamp(0.0, 1.0) * rect.height()
}

/// One column a point of the screen, as high as its highest step: a peak of one step never vanishes.
fn area(scores: &StepScores, chapters: &[Chapter], axis: &TimeAxis, rect: Rect) -> Shape {
    let mut mesh = Mesh::default();
    let columns = axis.width as usize;
    let mut next = 0;
    for column in 0..columns {
        let (left, right) = (axis.left + column as f32, axis.left + column as f32 + 1.0);
        let (from, to) = (axis.time_at(left), axis.time_at(right));
        let (Some(first), Some(last)) = (scores.grid.step_at(from), scores.grid.step_at(to)) else { continue };
        let steps = scores.steps.get(first..=last.min(scores.steps.len().saturating_sub(1))).unwrap_or_default();
        let Some(highest) = steps.iter().map(|step| step.anomaly()).max_by(f32::total_cmp) else { continue };
        while chapters.get(next).is_some_and(|chapter| chapter.range.end <= from) {
            next += 1;
        }
        let chapter = chapters.get(next).filter(|chapter| chapter.range.start < to);
        let color = chapter.map_or(WEAK_TEXT.gamma_multiply(0.6), |chapter| theme::DARK.class_color(chapter.class));
        let bar = Rect::from_min_max(pos2(left, height_of(highest, rect)), Pos2::new(right, rect.bottom()));
        mesh.add_colored_rect(bar, color);
    }
    Shape::mesh(mesh)
}
