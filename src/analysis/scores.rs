//! Step scores: what the network says of each step, and by which frame the step is named.

use super::step_grid::StepGrid;
use avar_base::time::{FrameIndex, MediaTime};
use avar_labels::{AnomalyClass, ClassScores, Evidence, Modalities};

/// The frame by which a step is named: the one on screen when the step starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepFrame {
    /// Its ordinal in presentation order, from 0.
    pub index: FrameIndex,
    /// In the video stream's time base.
    pub pts: i64,
    /// When it is shown, on the file's own axis.
    pub time: MediaTime,
}

/// Why the picture that a step was judged by is not to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PictureDamage {
    /// Since the last key frame the decoder has filled in what was missing, or left frames out: what follows is built on
    /// that.
    Suspect,
    /// The frame on screen when the step starts did not come out of the decoder; an earlier one stands in for it.
    Missing,
}

impl PictureDamage {
    /// In files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Suspect => "suspect",
            Self::Missing => "missing",
        }
    }
}

/// What the network says of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepScore {
    /// Its number in the grid, from 0.
    pub step: usize,
    /// `None` in a file without a picture.
    pub frame: Option<StepFrame>,
    /// `None`: nothing was found to be wrong with the picture.
    pub damage: Option<PictureDamage>,
    /// When the step starts.
    pub start: MediaTime,
    /// Softmax over the ten classes, the mean over all windows that hold the step.
    pub class_scores: ClassScores,
    /// What picture and sound say alone: they need not add up to what they say together.
    pub evidence: Evidence,
}

impl StepScore {
    /// 1 - P(normal).
    pub fn anomaly(&self) -> f32 {
        self.class_scores.anomaly()
    }

    /// The class with the highest score; the first of equals.
    pub fn top_class(&self) -> AnomalyClass {
        self.class_scores.top()
    }

    /// The class with the highest score among the nine that are anomalies.
    pub fn top_anomaly(&self) -> AnomalyClass {
        self.class_scores.top_anomaly()
    }

    /// In `0..=1`; those of all classes add up to 1.
    pub fn score_of(&self, class: AnomalyClass) -> f32 {
        self.class_scores.of(class)
    }
}

/// Steps over which a clip's scores are averaged: an event shorter than this, 1.5 s at four steps a second, is not
/// told from a moment's confusion.
pub const CLIP_SCORE_STEPS: usize = 6;

/// A clip is what its most anomalous [`CLIP_SCORE_STEPS`] neighbouring steps are on average: the mean over all steps
/// would drown an event of two seconds in a clip of twenty. Without steps it is normal.
pub fn clip_scores(steps: &[ClassScores]) -> ClassScores {
    let width = CLIP_SCORE_STEPS.clamp(1, steps.len().max(1));
    let mean = |steps: &[ClassScores]| -> ClassScores {
        ClassScores(std::array::from_fn(|class| {
            steps.iter().map(|step| step.0[class]).sum::<f32>() / steps.len() as f32
        }))
    };
    let most_anomalous = steps.windows(width).map(mean).max_by(|a, b| a.anomaly().total_cmp(&b.anomaly()));
    let nothing = || AnomalyClass::ALL.map(|class| f32::from(u8::from(class == AnomalyClass::Normal)));
    most_anomalous.unwrap_or_else(|| ClassScores(nothing()))
}

/// Scores for the first `steps.len()` steps of a grid; fewer than the grid has while the analysis is under way.
#[derive(Clone, Debug, PartialEq)]
pub struct StepScores {
    /// All steps of the file.
    pub grid: StepGrid,
    /// What the network was given of the file.
    pub modalities: Modalities,
    /// In order, from step 0.
    pub steps: Vec<StepScore>,
}

impl StepScores {
    /// Whether every step of the grid has its score.
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
    use avar_labels::CLASS_COUNT;

    fn step(class_scores: [f32; CLASS_COUNT]) -> StepScore {
        let class_scores = ClassScores(class_scores);
        StepScore {
            step: 0,
            frame: None,
            damage: None,
            start: MediaTime::ZERO,
            class_scores,
            evidence: Evidence::default(),
        }
    }

    #[test]
    fn a_short_event_makes_a_long_clip_anomalous() {
        let row = |anomaly: f32| {
            let mut row = [0.0; CLASS_COUNT];
            row[AnomalyClass::Normal.index()] = 1.0 - anomaly;
            row[AnomalyClass::Crash.index()] = anomaly;
            ClassScores(row)
        };
        let mut steps = vec![row(0.1); 80];
        steps[30..36].fill(row(0.9));
        let clip = clip_scores(&steps);
        assert_eq!(clip.top(), AnomalyClass::Crash);
        assert!((clip.of(AnomalyClass::Crash) - 0.9).abs() < 1e-5);
        assert_eq!(clip_scores(&steps[..30]).top(), AnomalyClass::Normal);
        assert_eq!(clip_scores(&steps[34..36]).top(), AnomalyClass::Crash, "a clip shorter than the mean");
        assert_eq!(clip_scores(&[]).top(), AnomalyClass::Normal);
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
}
