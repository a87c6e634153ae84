//! Ten classes over time as a heat strip: colour strips beat lines for finding where a class runs high
//! (Correll et al. 2012). One row a class, in the classes' own order; stronger means a higher score.

use eframe::egui::{Align2, FontId, Mesh, Rect, Sense, Ui, pos2};

use super::kept_cells;
use crate::state::State;
use crate::theme;
use crate::widgets::time_axis::TimeAxis;
use avar_analysis::StepScores;
use avar_labels::AnomalyClass;

pub fn draw(ui: &Ui, rect: Rect, axis: &TimeAxis, state: &State) {
    let palette = theme::palette(ui);
    ui.painter().rect_filled(rect, 0, palette.lane);
    let height = rect.height() / AnomalyClass::ALL.len() as f32;
    let recording = state.recording();
    let mut mesh = Mesh::default();
    for class in AnomalyClass::ALL {
        let top = rect.top() + class.index() as f32 * height;
        let row = Rect::from_min_max(pos2(rect.left(), top + 0.5), pos2(rect.right(), top + height - 0.5));
        let name_at = pos2(rect.left() - theme::GAP, row.center().y);
        ui.painter().text(
            name_at,
            Align2::RIGHT_CENTER,
            class.label(),
            FontId::proportional(height.min(10.5)),
            palette.weak_text,
        );
        if let Some(recording) = recording {
            for (span, score) in kept_cells(ui, class, recording, axis, |step| step.score_of(class)).iter() {
                // The root makes differences among low scores visible; it keeps their order.
                let color = palette.lane.lerp_to_gamma(palette.class_color(class), score.clamp(0.0, 1.0).sqrt());
                mesh.add_colored_rect(Rect::from_x_y_ranges(span.clone(), row.y_range()), color);
            }
        }
    }
    ui.painter().with_clip_rect(rect).add(mesh);
    if let Some(scores) = recording.and_then(|recording| recording.review.scores.as_ref()) {
        describe_pointed(ui, rect, axis, scores);
    }
}

fn describe_pointed(ui: &Ui, rect: Rect, axis: &TimeAxis, scores: &StepScores) {
    let response = ui.interact(rect, ui.scope_id().with("class strip"), Sense::hover());
    let Some(pointer) = response.hover_pos() else { return };
    let Some(step) = scores.at(axis.time_at(pointer.x)) else { return };
    let row = (pointer.y - rect.top()) / rect.height() * AnomalyClass::ALL.len() as f32;
    if let Some(class) = AnomalyClass::from_index(row.max(0.0) as usize) {
        response.on_hover_text_at_pointer(format!(
            "{}: score {:.2} at step {}",
            class.label(),
            step.score_of(class),
            step.step
        ));
    }
}
