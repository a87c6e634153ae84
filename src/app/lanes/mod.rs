//! The lanes of the timeline: each draws one kind of data in its rectangle, on the time axis that all share.

pub mod class_strip;
pub mod decided;
pub mod entropy;
pub mod overview;
pub mod score;
pub mod waveform;

use std::fmt::Debug;
use std::hash::Hash;
use std::ops::RangeInclusive;
use std::sync::Arc;

use eframe::egui::{Align2, FontId, Id, Rect, Ui, pos2};

use super::state::Recording;
use super::theme;
use super::widgets::time_axis::TimeAxis;
use avar_analysis::{StepScore, StepScores};
use avar_base::time::TimeRange;

/// The name of a lane, in the gutter.
fn lane_name(ui: &Ui, lane: Rect, text: &str) {
    let at = pos2(lane.left() - theme::GAP, lane.top() + 1.0);
    let color = theme::palette(ui).weak_text;
    ui.painter().text(
        at,
        Align2::RIGHT_TOP,
        text,
        FontId::proportional(theme::SMALL_TEXT.min(lane.height() + 4.0)),
        color,
    );
}

/// From and to which point, and the highest of the steps there.
type Cell = (RangeInclusive<f32>, f32);

/// As [`cells`], computed only where the scores or the axis are others than in the last frame: an hour has 14,400 steps.
/// `lane` names the value.
fn kept_cells(
    ui: &Ui,
    lane: impl Hash + Debug,
    recording: &Recording,
    axis: &TimeAxis,
    value: impl Fn(&StepScore) -> f32,
) -> Arc<Vec<Cell>> {
    let Some(scores) = &recording.review.scores else { return Arc::default() };
    let key = (recording.review.revision, scores.steps.len(), axis.visible, axis.left.to_bits(), axis.width.to_bits());
    let memory = Id::unique(("cells of a lane", lane));
    type Kept = ((u64, usize, TimeRange, u32, u32), Arc<Vec<Cell>>);
    let kept: Option<Kept> = ui.data(|data| data.get_temp(memory));
    match kept {
        Some((of, cells)) if of == key => cells,
        _ => {
            let cells = Arc::new(cells(scores, axis, value));
            ui.data_mut(|data| data.insert_temp::<Kept>(memory, (key, Arc::clone(&cells))));
            cells
        }
    }
}

/// What is said of each step, as cells of a row: at least a point wide, with the highest of the steps that share them.
fn cells(scores: &StepScores, axis: &TimeAxis, value: impl Fn(&StepScore) -> f32) -> Vec<Cell> {
    let grid = scores.grid;
    let (Some(first), Some(last)) = (grid.step_at(axis.visible.start), grid.step_at(axis.visible.end)) else {
        return Vec::new();
    };
    let last = (last + 1).min(scores.steps.len());
    let steps = scores.steps.get(first.min(last)..last).unwrap_or_default();
    let per_cell = (steps.len() as f32 / axis.width).ceil().max(1.0) as usize;
    let cell = |group: &[StepScore]| {
        let (start, end) = (group.first()?, group.last()?);
        let highest = group.iter().map(&value).fold(0.0, f32::max);
        let from = axis.x_of(start.start);
        Some((from..=axis.x_of(grid.start_of(end.step + 1)), highest))
    };
    steps.chunks(per_cell).filter_map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_analysis::StepGrid;
    use avar_base::time::MediaTime;
    use avar_labels::{AnomalyClass, ClassScores, Evidence, Modalities};

    #[test]
    fn a_cell_that_many_steps_share_shows_the_highest_score() {
        let range = TimeRange::new(MediaTime::ZERO, MediaTime::from_seconds(1000.0));
        let grid = StepGrid::new(range, 4.0).unwrap();
        let steps = (0..grid.len()).map(|step| {
            let mut class_scores = [0.1; 10];
            class_scores[AnomalyClass::Crash.index()] = if step == 1234 { 0.9 } else { 0.1 };
            let class_scores = ClassScores(class_scores);
            StepScore {
                step,
                frame: None,
                damage: None,
                start: grid.start_of(step),
                class_scores,
                evidence: Evidence::default(),
            }
        });
        let scores = StepScores { grid, modalities: Modalities::SoundOnly, steps: steps.collect() };
        let axis = TimeAxis { visible: range, left: 0.0, width: 100.0 };
        let cells = cells(&scores, &axis, |step| step.score_of(AnomalyClass::Crash));
        assert_eq!(cells.len(), 100);
        assert_eq!(cells.iter().filter(|(_, score)| *score == 0.9).count(), 1);
    }
}
