//! How undecided the ten scores are, as a thin lane: light where many classes share a step.

use eframe::egui::{Mesh, Rect, Sense, Ui, vec2};

use super::{kept_cells, lane_name};
use crate::state::State;
use crate::theme;
use crate::widgets::time_axis::TimeAxis;
use avar_analysis::StepScore;

pub fn draw(ui: &Ui, rect: Rect, axis: &TimeAxis, state: &State) {
    let palette = theme::palette(ui);
    lane_name(ui, rect.translate(vec2(0.0, -4.0)), "Entropy");
    ui.painter().rect_filled(rect, 0, palette.lane);
    let Some(recording) = state.recording() else { return };
    let Some(scores) = &recording.review.scores else { return };
    let entropy = |step: &StepScore| step.class_scores.entropy() as f32;
    let mut mesh = Mesh::default();
    for (span, entropy) in kept_cells(ui, "entropy", recording, axis, entropy).iter() {
        let color = palette.lane.lerp_to_gamma(palette.weak_text, *entropy);
        mesh.add_colored_rect(Rect::from_x_y_ranges(span.clone(), rect.y_range()), color);
    }
    ui.painter().with_clip_rect(rect).add(mesh);
    let response = ui.interact(rect, ui.scope_id().with("entropy"), Sense::hover());
    let pointed = response.hover_pos().and_then(|pointer| scores.at(axis.time_at(pointer.x)));
    if let Some(step) = pointed {
        response.on_hover_text_at_pointer(format!(
            "Entropy {:.2} at step {}: 0 where one class has all of the score, 1 where all ten have the same",
            entropy(step),
            step.step
        ));
    }
}
