//! Step scores: what the network says of each step, and by which frame the step is named.

use super::step_grid::StepGrid;
use avar_base::time::{FrameIndex, MediaTime};
use avar_labels::{AnomalyClass, CLASS_COUNT, Evidence, anomaly_score};
use avar_model::Modalities;

/// The frame by which a step is named: the one on screen when the step starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepFrame {
    pub index: FrameIndex,
    /// In the video stream's time base.
    pub pts: i64,
    pub time: MediaTime,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepScore {
    pub step: usize,
    /// `None` in a file without a picture.
    pub frame: Option<StepFrame>,
    /// When the step starts.
    pub start: MediaTime,
    /// Softmax over the ten classes, in the order of [`AnomalyClass::ALL`]. Not calibrated: a score, not a probability of being right.
    pub class_scores: [f32; CLASS_COUNT],
    /// What picture and sound say alone: they need not add up to what they say together.
    pub evidence: Evidence,
}

impl StepScore {
    /// 1 - P(normal).
    pub fn anomaly(&self) -> f32 {
        anomaly_score(&self.class_scores)
    }

    /// The class with the highest score; the first of equals.
    pub fn top_class(&self) -> AnomalyClass {
        top(self, |_| true)
    }

    /// The class with the highest score among the nine that are anomalies.
    pub fn top_anomaly(&self) -> AnomalyClass {
        top(self, |class| class != AnomalyClass::Normal)
    }

    pub fn score_of(&self, class: AnomalyClass) -> f32 {
        self.class_scores[class.index()]
    }
}

fn top(step: &StepScore, wanted: impl Fn(AnomalyClass) -> bool) -> AnomalyClass {
    let classes = AnomalyClass::ALL.into_iter().filter(|class| wanted(*class));
    classes.rev().max_by(|a, b| step.score_of(*a).total_cmp(&step.score_of(*b))).unwrap_or(AnomalyClass::Normal)
}

/// What a whole clip is called, from the scores of its steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipScores {
    /// In the order of [`AnomalyClass::ALL`], adding up to 1.
    pub scores: [f32; CLASS_COUNT],
    /// The class with the highest of them; the first of equals.
    pub predicted: AnomalyClass,
}

/// Steps over which a clip's scores are averaged: an event shorter than this, 1.5 s at four steps a second, is not
/// told from a moment's confusion.
pub const CLIP_SCORE_STEPS: usize = 6;

/// A clip is what its most anomalous [`CLIP_SCORE_STEPS`] neighbouring steps are on average: the mean over all steps
/// would drown an event of two seconds in a clip of twenty.
pub fn clip_scores(steps: &[[f32; CLASS_COUNT]]) -> ClipScores {
    let width = CLIP_SCORE_STEPS.clamp(1, steps.len().max(1));
    let mean = |steps: &[[f32; CLASS_COUNT]]| -> [f32; CLASS_COUNT] {
        std::array::from_fn(|class| steps.iter().map(|step| step[class]).sum::<f32>() / steps.len() as f32)
    };
    let most_anomalous = steps.windows(width).map(mean).max_by(|a, b| anomaly_score(a).total_cmp(&anomaly_score(b)));
    let nothing = || std::array::from_fn(|class| f32::from(u8::from(class == AnomalyClass::Normal.index())));
    let scores = most_anomalous.unwrap_or_else(nothing);
    let best = AnomalyClass::ALL.into_iter().rev().max_by(|a, b| scores[a.index()].total_cmp(&scores[b.index()]));
    ClipScores { scores, predicted: best.unwrap_or(AnomalyClass::Normal) }
}

/// Scores for the first `steps.len()` steps of a grid; fewer than the grid has while the analysis is under way.
#[derive(Clone, Debug, PartialEq)]
pub struct StepScores {
    pub grid: StepGrid,
    pub modalities: Modalities,
    pub steps: Vec<StepScore>,
}

impl StepScores {
    pub fn is_complete(&self) -> bool {
        self.steps.len() == self.grid.len()
    }

    /// The step that a frame shows: the first one named by this frame, else the newest one named by an earlier
    /// frame. A function of the frame alone, so that a frame never carries the score of a later one.
    pub fn at_frame(&self, frame: FrameIndex) -> Option<&StepScore> {
        let index_of = |step: &StepScore| step.frame.map(|named| named.index);
        let at = self.steps.partition_point(|step| index_of(step) < Some(frame));
        match self.steps.get(at) {
            Some(step) if index_of(step) == Some(frame) => Some(step),
            // Past the last scored step the analysis has not come yet.
            None if !self.is_complete() => None,
            _ => self.steps.get(at.checked_sub(1)?),
        }
    }

    /// The step that holds `time`; `None` where none has been scored yet.
    pub fn at(&self, time: MediaTime) -> Option<&StepScore> {
        self.steps.get(self.grid.step_at(time)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_base::time::TimeRange;

    fn step(class_scores: [f32; CLASS_COUNT]) -> StepScore {
        StepScore { step: 0, frame: None, start: MediaTime::ZERO, class_scores, evidence: Evidence::default() }
    }

    #[test]
    fn a_short_event_makes_a_long_clip_anomalous() {
        let row = |anomaly: f32| {
            let mut row = [0.0; CLASS_COUNT];
            row[AnomalyClass::Normal.index()] = 1.0 - anomaly;
            row[AnomalyClass::Crash.index()] = anomaly;
            row
        };
        let mut steps = vec![row(0.1); 80];
        steps[30..36].fill(row(0.9));
        let clip = clip_scores(&steps);
        assert_eq!(clip.predicted, AnomalyClass::Crash);
        assert!((clip.scores[AnomalyClass::Crash.index()] - 0.9).abs() < 1e-5);
        assert_eq!(clip_scores(&steps[..30]).predicted, AnomalyClass::Normal);
        assert_eq!(clip_scores(&steps[34..36]).predicted, AnomalyClass::Crash, "a clip shorter than the mean");
        assert_eq!(clip_scores(&[]).predicted, AnomalyClass::Normal);
    }

    #[test]
    fn the_anomaly_score_is_what_normal_leaves() {
        let mut scores = [0.0; CLASS_COUNT];
        scores[AnomalyClass::Normal.index()] = 0.75;
        scores[AnomalyClass::Crash.index()] = 0.25;
        assert_eq!(step(scores).anomaly(), 0.25);
        assert_eq!(step(scores).top_class(), AnomalyClass::Normal);
        assert_eq!(step(scores).top_anomaly(), AnomalyClass::Crash);
    }

    fn named_by(frames: &[usize], grid_steps: usize) -> StepScores {
        let range = TimeRange::new(MediaTime::ZERO, MediaTime::from_seconds(grid_steps as f64 / 4.0));
        let steps = frames.iter().enumerate().map(|(i, frame)| {
            let frame = StepFrame { index: FrameIndex(*frame), pts: 0, time: MediaTime::ZERO };
            StepScore { step: i, frame: Some(frame), ..step([0.1; CLASS_COUNT]) }
        });
        let grid = StepGrid::new(range, 4.0).unwrap();
        StepScores { grid, modalities: Modalities::PictureOnly, steps: steps.collect() }
    }

    #[test]
    fn a_frame_shows_the_step_that_is_named_by_it_or_the_one_before() {
        let scores = named_by(&[0, 7, 14], 3);
        let shown = |frame| scores.at_frame(FrameIndex(frame)).map(|step| step.step);
        assert_eq!([0, 6, 7, 13, 14, 99].map(shown), [Some(0), Some(0), Some(1), Some(1), Some(2), Some(2)]);
    }

    #[test]
    fn a_frame_that_stands_for_several_steps_shows_the_first_of_them() {
        let scores = named_by(&[0, 0, 0, 1, 1], 5);
        assert_eq!(scores.at_frame(FrameIndex(0)).map(|step| step.step), Some(0));
        assert_eq!(scores.at_frame(FrameIndex(1)).map(|step| step.step), Some(3));
    }

    #[test]
    fn a_frame_that_the_analysis_has_not_reached_shows_nothing() {
        assert_eq!(named_by(&[0, 7], 9).at_frame(FrameIndex(8)), None);
    }

    #[test]
    fn of_equal_scores_the_first_class_leads() {
        assert_eq!(step([0.1; CLASS_COUNT]).top_class(), AnomalyClass::Abuse);
    }
}
