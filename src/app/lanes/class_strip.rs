//! Ten classes over time as a heat strip: colour strips beat lines for finding where a class runs high
//! (Correll et al. 2012). One row a class, in the classes' own order; stronger means a higher score.

use eframe::egui::{Align2, FontId, Mesh, Rect, Sense, Ui, pos2};

use crate::state::State;
use crate::theme;
use crate::widgets::time_axis::TimeAxis;
use avar_analysis::StepScores;
use avar_labels::AnomalyClass;

pub fn draw(ui: &Ui, rect: Rect, axis: &TimeAxis, state: &State) {
    let palette = theme::palette(ui);
    ui.painter().rect_filled(rect, 0, palette.lane);
    let height = rect.height() / AnomalyClass::ALL.len() as f32;
    let scores = state.recording().and_then(|recording| recording.review.scores.as_ref());
    let mut mesh = Mesh::default();
    for class in AnomalyClass::ALL {
        let top = rect.top() + class.index() as f32 * height;
        let row = Rect::from_min_max(pos2(rect.left(), top + 0.5), pos2(rect.right(), top + height - 0.5));
        let name_at = pos2(rect.left() - theme::GAP, row.center().y);
        ui.painter().text(name_at, Align2::RIGHT_CENTER, class.label(), FontId::proportional(10.5), palette.weak_text);
        if let Some(scores) = scores {
            for (span, score) in cells(scores, axis, class) {
                // The root makes differences among low scores visible; it keeps their order.
                let color = palette.lane.lerp_to_gamma(palette.class_color(class), score.clamp(0.0, 1.0).sqrt());
                mesh.add_colored_rect(Rect::from_x_y_ranges(span, row.y_range()), color);
            }
        }
    }
    ui.painter().with_clip_rect(rect).add(mesh);
    if let Some(scores) = scores {
        describe_pointed(ui, rect, axis, scores);
    }
}

/// The cells of one row: at least a point wide, with the highest score of the steps that share them.
fn cells(scores: &StepScores, axis: &TimeAxis, class: AnomalyClass) -> Vec<(std::ops::RangeInclusive<f32>, f32)> {
    let grid = scores.grid;
    let (Some(first), Some(last)) = (grid.step_at(axis.visible.start), grid.step_at(axis.visible.end)) else {
        return Vec::new();
    };
    let last = (last + 1).min(scores.steps.len());
    let steps = scores.steps.get(first.min(last)..last).unwrap_or_default();
    let per_cell = (steps.len() as f32 / axis.width).ceil().max(1.0) as usize;
    let cell = |group: &[avar_analysis::StepScore]| {
        let (start, end) = (group.first()?, group.last()?);
        let score = group.iter().map(|step| step.score_of(class)).fold(0.0, f32::max);
        let from = axis.x_of(start.start);
        Some((from..=axis.x_of(grid.start_of(end.step + 1)), score))
    };
    steps.chunks(per_cell).filter_map(cell).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use avar_analysis::{StepGrid, StepScore};
    use avar_base::time::{MediaTime, TimeRange};
    use avar_labels::{ClassScores, Evidence, Modalities};

    #[test]
    fn a_cell_that_many_steps_share_shows_the_highest_score() {
        let range = TimeRange::new(MediaTime::ZERO, MediaTime::from_seconds(1000.0));
        let grid = StepGrid::new(range, 4.0).unwrap();
        let steps = (0..grid.len()).map(|step| {
            let mut class_scores = [0.1; 10];
            class_scores[AnomalyClass::Crash.index()] = if step == 1234 { 0.9 } else { 0.1 };
            let class_scores = ClassScores(class_scores);
            StepScore { step, frame: None, start: grid.start_of(step), class_scores, evidence: Evidence::default() }
        });
        let scores = StepScores { grid, modalities: Modalities::SoundOnly, steps: steps.collect() };
        let axis = TimeAxis { visible: range, left: 0.0, width: 100.0 };
        let cells = cells(&scores, &axis, AnomalyClass::Crash);
        assert_eq!(cells.len(), 100);
        assert_eq!(cells.iter().filter(|(_, score)| *score == 0.9).count(), 1);
    }
}
